// What a search asks of a run: one schedule in, one trial out. The search knows nothing of
// scenarios, locks or worlds, so it can be tested on toys.
#pragma once

#include <cstdint>
#include <string_view>

#include "faults/schedule.hpp"
#include "sim/time.hpp"

namespace locklab {

/// The outcome of one run, as far as a search cares.
struct Trial {
  /// What broke first, as a number that stays the same while it is the same bug: the invariant, its
  /// way of being violated, and the roles of those who were part of it. Zero: nothing broke.
  std::uint64_t signature = 0;
  std::string_view invariant;
  std::string_view what;
  /// How much time was left between safe and not: the least, over the run, of what still protected
  /// a holder. Negative: it was violated by so much.
  Duration slack = Duration::max();
  /// Which sorts of events the run showed: runs that differ here went different ways.
  std::uint64_t shape = 0;
  std::uint64_t digest = 0;
  std::uint64_t events = 0;
  /// Bit i: fault i of the schedule struck (of the first 64).
  std::uint64_t struck = 0;
  bool undecided = false;  // the event limit was spent

  bool violated() const { return signature != 0; }
};

class Oracle {
 public:
  virtual ~Oracle() = default;
  /// Runs it. The same schedule gives the same trial, on every oracle of the same scenario.
  virtual Trial run(const FaultSchedule& schedule) = 0;
};

}  // namespace locklab
