// Does a run match what its scenario expects of it?
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/metrics.hpp"
#include "scenarios/scenario.hpp"
#include "sim/finding.hpp"
#include "sim/names.hpp"

namespace locklab {

/// Adds a sentence to `mismatches` for each difference; with none to add to, stops at the first.
/// Returns whether all is as expected. A scenario without expectation expects no violation.
bool matches(const Expectation& expected, std::span<const Finding> findings, const Metrics& metrics,
             ProcessNames processes, std::vector<std::string>* mismatches);

}  // namespace locklab
