// All small schedules of a space, one after the other: every single fault at every anchor, then
// every two. What it goes through is a declared, finite set, so that "none of them breaks it" is a
// proof about that set, and its counting can be checked by somebody else.
//
// The atoms: at each anchor each allowed kind, on each target or on each run of servers from either
// end, with each of a few sizes. A schedule of two is an unordered pair of different atoms. Of
// schedules that differ only by exchanging interchangeable processes one is tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "faults/schedule.hpp"
#include "faults/space.hpp"

namespace locklab {

class Enumerator {
 public:
  /// `sizes`: how hard each fault may strike; empty: a few that are spread over the space's own.
  explicit Enumerator(const FaultSpace& space, std::vector<Duration> sizes = {});

  std::span<const ScheduledFault> atoms() const { return atoms_; }
  std::span<const Duration> sizes() const { return sizes_; }
  /// Schedules of exactly `faults` faults, symmetric ones counted each.
  std::uint64_t count(std::size_t faults) const;
  /// The `index`-th of them, index < count(faults); nothing if it is not the representative of its
  /// symmetric kin. `faults` is 0, 1, 2 or 3.
  std::optional<FaultSchedule> at(std::size_t faults, std::uint64_t index) const;

 private:
  void add_atoms(const Anchor& anchor);
  void add(const Anchor& anchor, Fault fault);

  const FaultSpace& space_;
  std::vector<Duration> sizes_;
  std::vector<std::vector<std::string>> server_sets_;  // by name
  std::vector<std::vector<std::string>> machine_sets_;
  std::vector<ScheduledFault> atoms_;
};

}  // namespace locklab
