#include "reports/markup.hpp"

#include <fmt/format.h>

#include "reports/plain_text.hpp"

namespace locklab {

std::string markup_text(std::string_view text) {
  std::string out;
  for (const char c : safe_text(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string script_literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (c == '\n')
      out += "\\n";
    else if (byte < 0x20 || byte == 0x7F || c == '<' || c == '>' || c == '&')
      out += fmt::format("\\u{:04x}", byte);
    else
      out += c;
  }
  return out += '"';
}

std::string dense_text(std::string_view bytes) {
  constexpr std::uint32_t kLetters = 91;
  std::string letters;
  for (char c = ' '; c <= '~'; ++c)
    if (c != '"' && c != '&' && c != '<' && c != '\\') letters += c;
  std::string out;
  out.reserve(bytes.size() * 16 / 13 + 4);
  std::uint32_t bits = 0;
  int count = 0;
  const auto write = [&](std::uint32_t value) {
    out += letters[value / kLetters];
    out += letters[value % kLetters];
  };
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    count += 8;
    if (count < 13) continue;
    count -= 13;
    write(bits >> count);
    bits &= (1u << count) - 1;
  }
  if (count > 0) write(bits << (13 - count));
  return out;
}

std::string pixels(std::int64_t hundredths) {
  const bool negative = hundredths < 0;
  const std::uint64_t size = static_cast<std::uint64_t>(negative ? -hundredths : hundredths);
  std::string out = fmt::format("{}{}", negative ? "-" : "", size / 100);
  if (size % 100 != 0) {
    out += fmt::format(".{:02}", size % 100);
    if (out.back() == '0') out.pop_back();
  }
  return out;
}

}  // namespace locklab
