// Determinism: the same schedule twice, in a runner that has never run anything and in one that has
// run many others. Both must go the same way to the last event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "faults/oracle.hpp"
#include "faults/space.hpp"
#include "scenarios/scenario.hpp"
#include "sim/recording.hpp"
#include "sim/rng.hpp"

namespace locklab::longrun {

/// Two runs of one schedule that differ.
struct Divergence {
  FaultSchedule schedule;
  Trial first;
  Trial second;
};

/// Any schedule of the space, hung on the protocol's moments or struck blindly.
FaultSchedule random_schedule(const FaultSpace& space, Rng& rng);

/// Runs the schedule on both; nothing if they agree in all that a trial tells.
std::optional<Divergence> compare_runs(const FaultSchedule& schedule, Oracle& first,
                                       Oracle& second);

/// Which event is the first that differs, what it is in the one and in the other.
std::string first_difference(const Recording& first, const Recording& second);
/// The same schedule twice with recordings, and their first difference.
std::string explain(const Scenario& scenario, const Divergence& divergence);

struct DoubleRuns {
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  std::uint64_t digest = 0;  // of all first runs, in order
  std::optional<Divergence> divergence;
};
/// `runs` schedules of one lock, each run twice; ends with the first that diverges.
DoubleRuns run_twice(const Scenario& scenario, std::uint64_t runs, std::uint64_t seed);

}  // namespace locklab::longrun
