#include "faults/minimum.hpp"

#include <optional>

#include "faults/enumerator.hpp"

namespace locklab {

Minimum prove_minimum(std::size_t faults, const FaultSpace& space, Oracle& oracle,
                      const SameBug& same, std::uint64_t most_schedules) {
  constexpr std::size_t kMostFaults = 3;  // that the enumerator counts
  const Enumerator all(enumeration_of(space));
  Minimum minimum;
  for (std::size_t fewer = 0; fewer < faults; ++fewer) {
    const auto count = fewer > kMostFaults ? std::nullopt : all.count(fewer);
    if (!count || *count > most_schedules) return minimum;
    Minimum::Round& round = minimum.rounds.emplace_back();
    for (std::uint64_t index = 0; index < *count; ++index) {
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
