#include "faults/minimum.hpp"

#include <algorithm>

#include "faults/enumerator.hpp"

namespace locklab {

Minimum prove_minimum(std::size_t faults, const FaultSpace& space, Oracle& oracle,
                      const SameBug& same, std::uint64_t most_schedules) {
  constexpr std::size_t kMostFaults = 3;  // that the enumerator counts
  const Enumerator all(space);
  Minimum minimum;
  for (std::size_t fewer = 0; fewer < faults; ++fewer) {
    if (fewer > kMostFaults || all.count(fewer) > most_schedules) return minimum;
    Minimum::Round& round = minimum.rounds.emplace_back();
    for (std::uint64_t index = 0; index < all.count(fewer); ++index) {
      ++round.schedules;
      auto schedule = all.at(fewer, index);
      if (!schedule) {
        ++round.symmetric;
        continue;
      }
      if (!same(oracle.run(*schedule))) continue;
      minimum.smaller = std::move(schedule);
      return minimum;
    }
  }
  minimum.exhausted = true;
  return minimum;
}

}  // namespace locklab
