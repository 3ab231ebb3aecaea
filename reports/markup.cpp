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

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte = [&](std::size_t at) {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : std::uint32_t{0};
  };
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::uint32_t three = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    for (int digit = 0; digit < 4; ++digit)
      out += bytes.size() - at < static_cast<std::size_t>(digit)
                 ? '='
                 : kDigits[three >> (18 - 6 * digit) & 63u];
  }
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
