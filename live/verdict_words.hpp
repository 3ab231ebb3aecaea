// A run's outcome in words: what was violated, and whether that is what the scenario expected. Said
// alike by the program and by a page that runs the core itself.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"
#include "sim/finding.hpp"

namespace locklab {

/// The invariants that were violated, each once, in the order of the first finding.
std::vector<std::string> violated(std::span<const Finding> findings);

/// "as expected: stale write is violated", "not as expected: stale_write was expected to be
/// violated, and held".
std::string verdict_sentence(const Scenario& scenario, const RunResult& result);

}  // namespace locklab
