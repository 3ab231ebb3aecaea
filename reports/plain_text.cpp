#include "reports/plain_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace locklab {
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return {first, 1, true};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < bytes) return {first, 1, false};
  char32_t value = bytes == 4 ? first & 0x07u : bytes == 3 ? first & 0x0Fu : first & 0x1Fu;
  for (std::size_t i = at + 1; i < at + bytes; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return {first, 1, false};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  const char32_t least = bytes == 4 ? 0x10000 : bytes == 3 ? 0x800 : 0x80;
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
    return {first, 1, false};
  return {value, bytes, true};
}

namespace {

/// What a terminal obeys instead of showing, or what makes a text look like another: C0, DEL, C1,
/// soft hyphens, zero-width and bidirectional controls, line separators, tags.
bool is_dangerous(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F) || value == 0xAD || value == 0x061C ||
         (value >= 0x200B && value <= 0x200F) || (value >= 0x2028 && value <= 0x202E) ||
         (value >= 0x2060 && value <= 0x206F) || value == 0xFEFF ||
         (value >= 0xFFF9 && value <= 0xFFFB) || value == 0xFFFE || value == 0xFFFF ||
         (value >= 0xE0000 && value <= 0xE0FFF);
}

void append_escaped(std::string& out, Character character) {
  const auto value = static_cast<std::uint32_t>(character.value);
  if (!character.valid)
    out += fmt::format("\\x{:02x}", value);
  else if (value == '\n')
    out += "\\n";
  else if (value == '\t')
    out += "\\t";
  else if (value < 0x10000)
    out += fmt::format("\\u{:04x}", value);
  else
    out += fmt::format("\\U{:08x}", value);
}

struct StandIn {
  char32_t sign;
  std::string_view ascii;
};

constexpr std::array kStandIns{
    StandIn{U'…', "..."}, StandIn{U'·', "-"}, StandIn{U'≥', ">="}, StandIn{U'–', "-"},
    StandIn{U'✓', "+"},   StandIn{U'✗', "x"}, StandIn{U'→', "->"}, StandIn{U'×', "x"},
};

std::string_view stand_in_of(Character character) {
  for (const StandIn& candidate : kStandIns)
    if (character.valid && candidate.sign == character.value) return candidate.ascii;
  return {};
}

std::size_t columns_of(char32_t value) {
  if (value < 0x300) return 1;
  const auto within = [value](char32_t first, char32_t last) {
    return value >= first && value <= last;
  };
  if (within(0x300, 0x36F) || within(0x483, 0x489) || within(0x591, 0x5BD) ||
      within(0x610, 0x61A) || within(0x64B, 0x65F) || within(0x1AB0, 0x1AFF) ||
      within(0x1DC0, 0x1DFF) || within(0x20D0, 0x20FF) || within(0xFE00, 0xFE0F) ||
      within(0xFE20, 0xFE2F))
    return 0;
  if (within(0x1100, 0x115F) || within(0x2E80, 0xA4CF) || within(0xAC00, 0xD7A3) ||
      within(0xF900, 0xFAFF) || within(0xFE30, 0xFE6F) || within(0xFF00, 0xFF60) ||
      within(0xFFE0, 0xFFE6) || within(0x1F300, 0x1F64F) || within(0x1F680, 0x1F6FF) ||
      within(0x1F900, 0x1FAFF) || within(0x20000, 0x3FFFD))
    return 2;
  return 1;
}

}  // namespace

std::string safe_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (!character.valid || is_dangerous(character.value))
      append_escaped(out, character);
    else
      out += text.substr(at, character.bytes);
    at += character.bytes;
  }
  return out;
}

std::string ascii_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    at += character.bytes;
    const std::string_view stand_in = stand_in_of(character);
    if (!stand_in.empty())
      out += stand_in;
    else if (!character.valid || character.value >= 0x7F || is_dangerous(character.value))
      append_escaped(out, character);
    else
      out += static_cast<char>(character.value);
  }
  return out;
}

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    sum += columns_of(character.value);
    at += character.bytes;
  }
  return sum;
}

std::string_view first_columns(std::string_view text, std::size_t width) {
  std::size_t taken = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    taken += columns_of(character.value);
    if (taken > width) return text.substr(0, at);
    at += character.bytes;
  }
  return text;
}

std::string shortened(std::string_view text, std::size_t width, std::string_view ellipsis) {
  if (columns(text) <= width) return std::string(text);
  const std::size_t rest = width - std::min(width, columns(ellipsis));
  std::string out(first_columns(text, rest));
  return out.append(first_columns(ellipsis, width));
}

std::vector<std::string_view> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string_view> lines;
  width = std::max<std::size_t>(width, 1);
  while (true) {
    std::string_view line = first_columns(text, width);
    if (line.size() == text.size()) {
      lines.push_back(text);
      return lines;
    }
    if (line.empty()) line = text.substr(0, character_at(text, 0).bytes);  // wider than the width
    // A space that would begin the next line is as good a place as one in this line.
    const std::size_t space = text[line.size()] == ' ' ? line.size() : line.rfind(' ');
    if (space != std::string_view::npos && space > 0) line = text.substr(0, space);
    lines.push_back(line);
    text.remove_prefix(line.size());
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (text.empty()) return lines;
  }
}

}  // namespace locklab
