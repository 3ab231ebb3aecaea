// Hunting mutants: the search that looks for bugs of locks looks for mistakes that were put into
// them on purpose. A mutant is killed by a schedule under which it breaks an invariant that the
// unchanged program keeps under the very same schedule.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "faults/schedule.hpp"
#include "scenarios/scenario.hpp"
#include "tests/mutants/tool/patch.hpp"

namespace locklab::mutants {

/// Events that a mutant may survive: a number, not a time, so that the outcome is the same
/// everywhere. A core simulates them in ten seconds.
inline constexpr std::uint64_t kBudget = 60'000'000;

struct Hunt {
  std::uint64_t schedules = 0;           // until it was killed, or all
  std::optional<std::string> killed_by;  // the invariant; none: it lives
  FaultSchedule schedule;
};

/// Its two clients and one stock, or its built-in scenario.
Scenario scenario_of(const Mutant& mutant);

Hunt hunt(const Mutant& mutant, std::uint64_t budget = kBudget);

/// docs/mutants.md, from the outcome of every hunt.
std::string page(const std::vector<Mutant>& mutants, const std::vector<Hunt>& hunts);

}  // namespace locklab::mutants
