// Is there a smaller counterexample? Shrinking finds one that no single step makes smaller; this
// goes through all schedules of fewer faults that the space's list has, and so knows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "faults/oracle.hpp"
#include "faults/shrinker.hpp"
#include "faults/space.hpp"

namespace locklab {

struct Minimum {
  struct Round {
    std::uint64_t schedules = 0;  // of so many faults
    std::uint64_t symmetric = 0;  // of these, told by another one that was run
  };
  std::vector<Round> rounds;             // by number of faults, from none
  std::optional<FaultSchedule> smaller;  // the first that shows the bug; ends the search
  /// All schedules of fewer faults were gone through. Otherwise the next round had more of them
  /// than was allowed.
  bool exhausted = false;
};

/// Goes through all schedules [faults/enumerator.hpp] of fewer faults than `faults`, round by
/// round, as long as a round has no more than `most_schedules`.
Minimum prove_minimum(std::size_t faults, const FaultSpace& space, Oracle& oracle,
                      const SameBug& same, std::uint64_t most_schedules = 2'000'000);

}  // namespace locklab
