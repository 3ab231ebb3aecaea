// A strict reader of markup for tests: it knows just enough to say whether a text is well-formed
// XML (elements closed in order, attributes quoted, only the five references), and what it refers
// to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace locklab::test {

struct MarkupRead {
  std::string mistake;                  // empty: well-formed
  std::vector<std::string> elements;    // their names, in order
  std::vector<std::string> attributes;  // name=value
  std::string text;                     // between the elements
};

inline MarkupRead read_markup(std::string_view markup) {
  MarkupRead read;
  std::vector<std::string> open;
  std::size_t at = 0;
  const auto wrong = [&](std::string_view why) {
    read.mistake =
        std::string(why) + " at " + std::to_string(at) + ": " + std::string(markup.substr(at, 60));
    return read;
  };
  const auto plain = [](std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '<' || text[i] == '>') return false;
      if (text[i] != '&') continue;
      bool known = false;
      for (const std::string_view name : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&apos;"})
        known = known || text.substr(i).starts_with(name);
      if (!known) return false;
    }
    return true;
  };
  while (at < markup.size()) {
    const std::size_t next = std::min(markup.find('<', at), markup.size());
    const std::string_view text = markup.substr(at, next - at);
    if (open.empty() || open.back() != "style") {
      if (!plain(text)) return wrong("text that is not written out");
    }
    read.text += text;
    at = next;
    if (at == markup.size()) break;
    const std::size_t end = markup.find('>', at);
    if (end == std::string_view::npos) return wrong("an element without an end");
    std::string_view inside = markup.substr(at + 1, end - at - 1);
    if (inside.starts_with('/')) {
      if (open.empty() || open.back() != inside.substr(1)) return wrong("closes what is not open");
      open.pop_back();
      at = end + 1;
      continue;
    }
    const bool empty = inside.ends_with('/');
    if (empty) inside.remove_suffix(1);
    std::size_t cut = std::min(inside.find(' '), inside.size());
    const std::string name(inside.substr(0, cut));
    if (name.empty() ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz1234567890") != std::string::npos)
      return wrong("no name of an element");
    read.elements.push_back(name);
    inside.remove_prefix(cut);
    while (!inside.empty()) {
      if (inside.front() != ' ') return wrong("no space before an attribute");
      inside.remove_prefix(1);
      const std::size_t is = inside.find("=\"");
      const std::size_t quote = is == std::string_view::npos ? is : inside.find('"', is + 2);
      if (quote == std::string_view::npos) return wrong("an attribute that is not quoted");
      const std::string_view value = inside.substr(is + 2, quote - is - 2);
      if (!plain(value)) return wrong("a value that is not written out");
      read.attributes.push_back(std::string(inside.substr(0, is)) + "=" + std::string(value));
      inside.remove_prefix(quote + 1);
    }
    if (!empty) open.push_back(name);
    at = end + 1;
  }
  if (!open.empty()) return wrong("<" + open.back() + "> is never closed");
  return read;
}

}  // namespace locklab::test
