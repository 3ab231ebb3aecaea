// The files of reports/page/ and reports/site/, built into the program: templates, styles, scripts.
#pragma once

#include <span>
#include <string_view>

namespace locklab {

struct PageFile {
  std::string_view name;  // "page/page.css"
  std::string_view text;
};

/// Sorted by name.
std::span<const PageFile> page_files();

/// The text of one of these files; it must exist.
std::string_view page_file(std::string_view name);

/// The core as WebAssembly, packed as LZMA, for pages that can run their scenario again; empty
/// where the program was built without.
std::string_view page_core();

}  // namespace locklab
