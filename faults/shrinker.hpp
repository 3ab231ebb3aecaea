// From a schedule that breaks something to the smallest one that breaks it in the same way: fewer
// faults, then fewer victims, plainer options, anchors instead of instants, rounder numbers. And
// then, for each number that is left, between which values the violation persists.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "faults/oracle.hpp"
#include "faults/space.hpp"

namespace locklab {

/// Does a trial show the bug that is being shrunk, and not another one?
using SameBug = std::function<bool(const Trial&)>;

struct Shrunk {
  FaultSchedule schedule;
  Trial trial;
  std::uint64_t tries = 0;
  /// No single step of the shrinker makes it smaller and keeps the bug.
  bool one_minimal = false;
};

/// `failing` shows the bug. Gives up on smaller ones after `most_tries` runs.
Shrunk shrink(const FaultSchedule& failing, const FaultSpace& space, Oracle& oracle,
              const SameBug& same, std::uint64_t most_tries = 5'000);

/// How big a schedule is; the shrinker makes it smaller, by the first number that differs.
struct Size {
  std::uint64_t faults = 0;
  std::uint64_t victims = 0;   // names in it
  std::uint64_t options = 0;   // that are not the plainest
  std::uint64_t instants = 0;  // triggers that name no event
  std::uint64_t digits = 0;    // of its numbers
  auto operator<=>(const Size&) const = default;
};
Size size_of(const FaultSchedule& schedule);

/// A number of a schedule, and between which values (both included) the bug persists when nothing
/// else changes. None: as far as the space goes in that direction.
struct FailingRange {
  std::size_t fault = 0;   // place in the schedule
  std::string_view field;  // "lasts", "by", "at", "plus", "rate_ppm"
  bool is_time = true;
  std::int64_t value = 0;  // as it stands: nanoseconds, or parts per million
  std::optional<std::int64_t> low;
  std::optional<std::int64_t> high;
};

/// By bisection, to the millisecond (below a millisecond to the microsecond), taking the values
/// around the present one that show the bug to be without a gap.
std::vector<FailingRange> failing_ranges(const FaultSchedule& failing, const FaultSpace& space,
                                         Oracle& oracle, const SameBug& same);

}  // namespace locklab
