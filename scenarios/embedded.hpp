// The scenario files that are built into the program.
#pragma once

#include <span>
#include <string_view>

namespace locklab {

struct EmbeddedFile {
  std::string_view path;  // relative to scenarios/, e.g. "library/doc-1.json"
  std::string_view text;
};

/// Sorted by path.
std::span<const EmbeddedFile> embedded_files();

}  // namespace locklab
