#include "reports/escape.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "reports/plain_text.hpp"

namespace locklab {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Bytes above ASCII are parts of letters of some language, and harmless after safe_text().
bool is_foreign(char c) { return static_cast<unsigned char>(c) >= 0x80; }

std::uint32_t code(char c) { return static_cast<unsigned char>(c); }

std::string in_quotes_escaping(std::string_view text, std::string_view special) {
  std::string out = "\"";
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    at += character.bytes;
    const std::uint32_t value = character.valid ? std::uint32_t{character.value} : 0xFFFD;
    if (value == '"' || value == '\\')
      out.append(1, '\\').append(1, static_cast<char>(value));
    else if (value == '\n')
      out += "\\n";
    else if (value >= 0x20 && value < 0x7F)
      out += static_cast<char>(value);
    else if (value < 0x10000)
      out += fmt::format("\\u{:04x}", value);
    else
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((value - 0x10000) >> 10),
                         0xDC00 + (value & 0x3FF));
  }
  return out + '"';
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : safe_text(text)) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string csv_cell(std::string_view text) {
  std::string cell = safe_text(text);
  if (!cell.empty() && std::string_view("=+-@").find(cell.front()) != std::string_view::npos)
    cell.insert(cell.begin(), '\'');
  if (cell.find_first_of("\",;'") == std::string::npos && !cell.starts_with(' ') &&
      !cell.ends_with(' '))
    return cell;
  std::string out = "\"";
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string dot_string(std::string_view text) {
  std::string plain;
  for (const char c : safe_text(text)) {
    plain += c;
    if (c == '&') plain += "amp;";  // Graphviz replaces entities also here
  }
  return in_quotes_escaping(plain, "\"\\");
}

std::string edn_string(std::string_view text) {
  return in_quotes_escaping(safe_text(text), "\"\\");
}

std::string markdown_text(std::string_view text) {
  std::string out;
  const std::string plain = safe_text(text);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const char c = plain[i];
    const bool inside_word = i > 0 && i + 1 < plain.size() && is_alphanumeric(plain[i - 1]) &&
                             is_alphanumeric(plain[i + 1]);
    if (c == '<' || c == '>' || c == '&' || c == '@')
      out += fmt::format("&#{};", code(c));
    else if (std::string_view("\\`*{}[]#|~!$").find(c) != std::string_view::npos ||
             (c == '_' && !inside_word) || (c == ':' && plain.substr(i).starts_with("://")) ||
             (c == '.' && i >= 3 && plain.substr(i - 3, 3) == "www"))
      out.append(1, '\\').append(1, c);
    else
      out += c;
  }
  return out;
}

std::string mermaid_text(std::string_view text) {
  std::string out;
  for (const char c : safe_text(text)) {
    const bool plain = is_alphanumeric(c) || is_foreign(c) ||
                       std::string_view(" .,()/_'").find(c) != std::string_view::npos;
    // A single hyphen or colon means nothing; what stands beside it is never another sign.
    const bool joins = (c == '-' || c == ':' || c == '=') && !out.empty() &&
                       (is_alphanumeric(out.back()) || out.back() == ' ');
    if (plain || joins)
      out += c;
    else
      out += fmt::format("#{};", code(c));
  }
  return out;
}

std::string plantuml_text(std::string_view text) {
  std::string out;
  for (const char c : safe_text(text)) {
    const bool plain = is_alphanumeric(c) || is_foreign(c) ||
                       std::string_view(" .,():").find(c) != std::string_view::npos;
    // Markup is a sign twice.
    const bool joins = (c == '-' || c == '_' || c == '/') && !out.empty() &&
                       (is_alphanumeric(out.back()) || out.back() == ' ');
    if (plain || joins)
      out += c;
    else
      out += fmt::format("<U+{:04X}>", code(c));
  }
  return out;
}

}  // namespace locklab
