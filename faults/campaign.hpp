// A campaign: many tries by islands that search side by side. Each island has its own random stream
// and its own strategy, and learns from its own tries alone, so the outcome is the same for any
// number of threads and for any way of sharing the islands among machines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faults/oracle.hpp"
#include "faults/space.hpp"
#include "faults/strategy.hpp"

namespace locklab {

inline constexpr std::uint32_t kIslands = 16;

struct CampaignSettings {
  std::uint64_t seed = 1;
  const StrategyKind* strategy = nullptr;
};

/// The first try that showed a bug of this signature.
struct Found {
  std::uint64_t number = 0;  // of the try, counted over all islands in turn, from 1
  std::uint64_t signature = 0;
  FaultSchedule schedule;
  Trial trial;
};

/// What an island, or several, have to report.
struct Tally {
  std::uint64_t tries = 0;
  std::uint64_t events = 0;
  std::uint64_t violations = 0;  // tries that violated something, of the same bug or others
  std::uint64_t undecided = 0;
  std::uint64_t digest = 0;  // of all runs, in order
  Duration least_slack = Duration::max();
  FaultSchedule closest;                 // the schedule of least slack that violated nothing
  std::vector<Found> found;              // one a signature, in order of number
  std::vector<std::uint32_t> unreached;  // anchors that no fault struck at, by place

  /// Adds what other islands found. The order in which tallies are joined makes no difference.
  void join(const Tally& other);
};

/// A bug by what broke, for whom, and by which kinds of faults.
std::uint64_t signature_of(const FaultSchedule& schedule, const Trial& trial);

class Island {
 public:
  /// `number` in [0, kIslands). The space outlives the island.
  Island(const FaultSpace& space, const CampaignSettings& settings, std::uint32_t number);

  /// One try. False: the strategy has nothing more to offer.
  bool step(Oracle& oracle);

  std::uint32_t number() const { return number_; }
  std::uint64_t tries() const { return tally_.tries; }
  bool found() const { return !tally_.found.empty(); }
  Tally tally() const;

 private:
  const FaultSpace& space_;
  std::uint32_t number_;
  Rng rng_;
  StrategyPtr strategy_;
  Tally tally_;
  std::vector<bool> reached_;  // by anchor
};

}  // namespace locklab
