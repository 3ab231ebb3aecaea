#include "reports/page_parts.hpp"

#include <algorithm>

#include "reports/markup.hpp"
#include "reports/page_files.hpp"

namespace locklab {
namespace {

/// A script without its indentation and the lines that are nothing but comment: a page is mailed
/// more often than its source is read in it.
void append_script(std::string_view text, std::string& out) {
  bool comment = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.starts_with("/**")) comment = true;
    const bool shown = !comment && !line.empty() && !line.starts_with("//");
    if (comment && line.ends_with("*/")) comment = false;
    if (shown) out.append(line).append("\n");
  }
}

}  // namespace

std::string filled(std::string_view form, const PageParts& parts) {
  std::string out;
  while (true) {
    const std::size_t open = form.find("{{");
    if (open == std::string_view::npos) return out.append(form);
    const std::size_t close = form.find("}}", open);
    const auto part = parts.find(form.substr(open + 2, close - open - 2));
    out.append(form.substr(0, open));
    if (part != parts.end()) out += part->second;
    form.remove_prefix(close + 2);
  }
}

std::string page_styles() {
  return std::string(page_file("page/picture.css")).append(page_file("page/page.css"));
}

std::string page_scripts() {
  std::string out = "\"use strict\";\n(() => {\n";
  for (const PageFile& file : page_files())  // in the order of their names
    if (file.name.starts_with("page/") && file.name.ends_with(".js")) append_script(file.text, out);
  return out + "})();\n";
}

std::string page_core_script() {
  if (page_core().empty()) return {};
  return "globalThis.locklabCore = \"" + dense_text(page_core()) + "\";\n";
}

}  // namespace locklab
