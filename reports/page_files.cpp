#include "reports/page_files.hpp"

#include "sim/assert.hpp"

namespace locklab {

std::string_view page_file(std::string_view name) {
  for (const PageFile& file : page_files())
    if (file.name == name) return file.text;
  LOCKLAB_ASSERT(false);
  return {};
}

}  // namespace locklab
