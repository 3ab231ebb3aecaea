#include "cli/patterns.hpp"

#include <fnmatch.h>

#include <string_view>

#include "cli/loading.hpp"
#include "scenarios/library.hpp"

namespace locklab {
namespace {

bool matches_pattern(std::string_view name, const std::string& pattern) {
  if (pattern.find_first_of("*?[") == std::string::npos)
    return name.find(pattern) != std::string_view::npos;
  return ::fnmatch(pattern.c_str(), std::string(name).c_str(), 0) == 0;
}

}  // namespace

std::vector<std::string> matching_scenarios(const std::vector<std::string>& patterns,
                                            std::string& error) {
  const std::vector<std::string_view> names = library_names();
  std::vector<bool> wanted(names.size(), patterns.empty());
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!matches_pattern(names[i], pattern)) continue;
      wanted[i] = any = true;
    }
    if (!any && error.empty())
      error = no_such("built-in scenario", pattern, names, "locklab list scenarios");
  }
  std::vector<std::string> chosen;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (wanted[i]) chosen.emplace_back(names[i]);
  return chosen;
}

}  // namespace locklab
