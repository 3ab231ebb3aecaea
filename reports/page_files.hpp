// The files of reports/page/, built into the program: the page's template, its styles and scripts.
#pragma once

#include <span>
#include <string_view>

namespace locklab {

struct PageFile {
  std::string_view name;  // "page.css"
  std::string_view text;
};

/// Sorted by name.
std::span<const PageFile> page_files();

/// The text of a file of reports/page/; it must exist.
std::string_view page_file(std::string_view name);

/// The core as WebAssembly, gzipped, for pages that can run their scenario again; empty where the
/// program was built without.
std::string_view page_core();

}  // namespace locklab
