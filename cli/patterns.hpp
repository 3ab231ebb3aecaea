// Choosing among the built-in scenarios by patterns with * and ?, or by parts of their names.
#pragma once

#include <string>
#include <vector>

namespace locklab {

/// In the library's order, none twice; all where there are no patterns. A pattern that fits none
/// gives a sentence in `error`.
std::vector<std::string> matching_scenarios(const std::vector<std::string>& patterns,
                                            std::string& error);

}  // namespace locklab
