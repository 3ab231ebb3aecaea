// All small schedules of a space, one after the other: every single fault at every anchor, then
// every two, then every three. What it goes through is a declared, finite set, so that "none of
// them breaks it" is a proof about that set, and its counting can be checked by somebody else.
//
// The atoms: at each anchor each allowed kind, on each target or on each of the declared sets of
// servers, in each of the declared sizes. A schedule of two is an unordered pair of different
// atoms. Of schedules that only an exchange of interchangeable processes tells apart, one is tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "faults/schedule.hpp"
#include "faults/space.hpp"

namespace locklab {

/// What is enumerated, in full: two of these that are equal have the same schedules in the same
/// order.
struct Enumeration {
  FaultSpace space;  // its kinds, targets, anchors and limits
  /// Sets of servers that one fault strikes together, by process name; each holds at least one.
  std::vector<std::vector<std::string>> server_sets;

  // Sizes. None beyond the space's limits is used.
  std::vector<Duration> lasts;      // of pauses, suspensions, partitions and stalls; of delays
  std::vector<Duration> restarts;   // the dead come back after so long; they also stay dead
  std::vector<Duration> jumps;      // of clocks, forwards and backwards
  std::vector<std::int64_t> rates;  // of clocks in ppm, faster and slower
};

/// Of a search: all runs of servers from either end, and five sizes that are spread over the
/// space's own.
Enumeration enumeration_of(const FaultSpace& space);

/// Each one, and each run of two or more from either end.
std::vector<std::vector<std::string>> runs_of(const std::vector<std::string>& names);

class Enumerator {
 public:
  /// Of a group whose members can change places in more ways than this, only exchanges of two are
  /// considered: more schedules are run then, none less.
  static constexpr std::size_t kMostPermutations = 720;

  explicit Enumerator(Enumeration what, std::size_t most_permutations = kMostPermutations);

  const Enumeration& what() const { return what_; }
  /// By anchor, and for each in the same order.
  std::size_t atoms() const { return what_.space.anchors.size() * faults_.size(); }
  ScheduledFault atom(std::size_t index) const;
  /// How many exchanges of processes are considered, the one that changes nothing left out.
  std::size_t permutations() const { return permutations_.size(); }

  /// Schedules of exactly `faults` faults (0 to 3), symmetric ones counted each. No more than
  /// 2^63, else nothing.
  std::optional<std::uint64_t> count(std::size_t faults) const;
  /// The places of the atoms of the `index`-th schedule, in order; index < count(faults).
  std::vector<std::size_t> atoms_at(std::size_t faults, std::uint64_t index) const;
  /// False: an exchange of interchangeable processes makes an earlier schedule of it.
  ///
  /// That an exchange makes another run of the same kind is the space's claim (Target::group). An
  /// anchor that counts ("the third SET of client-a") counts through the servers in their order, so
  /// it tells them apart: schedules with one are always representatives.
  bool is_representative(std::span<const std::size_t> atoms) const;
  /// The first atom that an exchange makes of this one.
  std::size_t representative(std::size_t atom) const;
  FaultSchedule schedule(std::span<const std::size_t> atoms) const;

  /// The `index`-th schedule; nothing if it is no representative.
  std::optional<FaultSchedule> at(std::size_t faults, std::uint64_t index) const;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  /// What becomes of each anchor and of each fault; kNone: something outside of the enumeration.
  struct Permutation {
    std::vector<std::uint32_t> anchors;
    std::vector<std::uint32_t> faults;
  };
  using Renaming = std::vector<std::pair<std::string, std::string>>;

  void add(Fault fault);
  void add_faults_on(const Target& target);
  void add_faults_on_sets();
  void add_permutations(std::size_t most);
  void add_permutation(const Renaming& renaming);
  std::size_t image(const Permutation& permutation, std::size_t atom) const;

  Enumeration what_;
  std::vector<std::vector<std::string>> machine_sets_;
  std::vector<Fault> faults_;  // at each anchor
  std::vector<Permutation> permutations_;
};

}  // namespace locklab
