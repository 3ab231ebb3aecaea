// A program that shows a difference, made small.
#pragma once

#include <cstddef>

namespace locklab::conformance {

/// Drops each step without which the two still differ, from the last to the first. `differ` runs a
/// program and says whether they do; it keeps what it wants of a run that says yes.
template <class Steps, class Differ>
Steps shrunk(Steps steps, const Differ& differ) {
  for (std::size_t i = steps.size(); i-- > 0;) {
    Steps fewer = steps;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (differ(fewer)) steps = fewer;
  }
  return steps;
}

}  // namespace locklab::conformance
