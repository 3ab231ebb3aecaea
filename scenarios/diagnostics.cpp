// Printing mistakes. User text passes through printable(), since a terminal obeys what it is sent.
#include "scenarios/diagnostics.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

namespace locklab {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;  // 1 for a byte that is not UTF-8
  bool valid = false;
};

/// The code point that begins at `at`; overlong forms, surrogates and values past U+10FFFF are not
/// UTF-8. [RFC 3629]
CodePoint decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return {first, 1, true};
  std::size_t bytes = 0;
  char32_t value = 0;
  char32_t least = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    bytes = 2, value = first & 0x1Fu, least = 0x80;
  } else if (first >= 0xE0 && first <= 0xEF) {
    bytes = 3, value = first & 0x0Fu, least = 0x800;
  } else if (first >= 0xF0 && first <= 0xF4) {
    bytes = 4, value = first & 0x07u, least = 0x10000;
  } else {
    return {first, 1, false};
  }
  if (text.size() - at < bytes) return {first, 1, false};
  for (std::size_t index = at + 1; index < at + bytes; ++index) {
    if ((byte(index) & 0xC0u) != 0x80u) return {first, 1, false};
    value = (value << 6u) | (byte(index) & 0x3Fu);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least || value > 0x10FFFF || surrogate) return {first, 1, false};
  return {value, bytes, true};
}

/// Characters that a terminal obeys instead of showing: C0, DEL, C1, line separators, and the
/// bidirectional controls, with which a text can pretend to be another.
bool must_be_escaped(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F) || value == 0x061C ||
         (value >= 0x200B && value <= 0x200F) || (value >= 0x2028 && value <= 0x202E) ||
         (value >= 0x2066 && value <= 0x2069) || value == 0xFEFF;
}

void append_shown(std::string& out, std::string_view text, std::size_t at, CodePoint point) {
  if (!point.valid) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned>(point.value));
  } else if (!must_be_escaped(point.value)) {
    out += text.substr(at, point.bytes);
  } else if (point.value == '\n') {
    out += "\\n";
  } else if (point.value == '\r') {
    out += "\\r";
  } else if (point.value == '\t') {
    out += "\\t";
  } else {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(point.value));
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode(text, at);
    append_shown(out, text, at, point);
    at += point.bytes;
  }
  return out;
}

std::string in_quotes(std::string_view text, std::size_t most) {
  std::string out = "\"";
  std::size_t shown = 0;
  for (std::size_t at = 0; at < text.size(); ++shown) {
    if (shown == most) {
      out += "...";
      break;
    }
    const CodePoint point = decode(text, at);
    if (point.value == '"' || point.value == '\\') out += '\\';
    append_shown(out, text, at, point);
    at += point.bytes;
  }
  return out + '"';
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode(text, at);
    if (!point.valid) return false;
    at += point.bytes;
  }
  return true;
}

std::string to_string(const Place& place) {
  if (place.line == 0) return printable(place.source);
  return fmt::format("{}:{}:{}", printable(place.source), place.line, place.column);
}

std::string to_string(const Diagnostic& diagnostic) {
  std::string out = to_string(diagnostic.place);
  if (!out.empty()) out += ": ";
  if (!diagnostic.pointer.empty()) out += printable(diagnostic.pointer) + ": ";
  out += printable(diagnostic.message);
  if (!diagnostic.suggestion.empty()) {
    out += " (did you mean " + in_quotes(diagnostic.suggestion) + "?)";
  }
  return out;
}

void Diagnostics::add(const Place& place, std::string_view pointer, std::string message,
                      std::string_view suggestion) {
  all_.push_back({place, std::string(pointer), std::move(message), std::string(suggestion)});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> all = all_;
  std::stable_sort(all.begin(), all.end(), [](const Diagnostic& left, const Diagnostic& right) {
    const Place& a = left.place;
    const Place& b = right.place;
    if (a.line == 0 || b.line == 0) return a.line != 0 && b.line == 0;
    return std::tie(a.source, a.line, a.column) < std::tie(b.source, b.line, b.column);
  });
  return all;
}

std::string to_string(const Diagnostics& diagnostics, std::size_t most) {
  const std::vector<Diagnostic> all = diagnostics.sorted();
  std::string out;
  for (std::size_t index = 0; index < std::min(most, all.size()); ++index) {
    out += to_string(all[index]) + '\n';
  }
  if (all.size() > most) out += fmt::format("and {} more\n", all.size() - most);
  return out;
}

}  // namespace locklab
