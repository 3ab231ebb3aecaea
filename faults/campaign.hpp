// A campaign: many tries by islands that search side by side. Each island has its own random stream
// and its own strategy, and learns from its own tries alone, so the outcome is the same for any
// number of threads and for any way of sharing the islands among machines.
#pragma once

#include <cstdint>
#include <map>
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

/// The part of a campaign that one process works at: islands are dealt out in turn.
struct Shard {
  std::uint32_t number = 1;  // from 1 to `of`
  std::uint32_t of = 1;      // from 1 to kIslands

  bool has(std::uint32_t island) const { return island % of == number - 1; }
  bool operator==(const Shard&) const = default;
};

/// How many of `runs` tries in all are the island's.
std::uint64_t share_of(std::uint64_t runs, std::uint32_t island);

/// The first try that showed a bug of this signature.
struct Found {
  std::uint64_t number = 0;  // of the try, counted over all islands in turn, from 1
  std::uint64_t signature = 0;
  FaultSchedule schedule;
  Trial trial;
};

/// How often a strategy was asked, and what came of it.
struct StrategyTally {
  std::uint64_t tries = 0;
  std::uint64_t violations = 0;
  bool operator==(const StrategyTally&) const = default;
};

/// How many faults were hung on an anchor, and how many of them struck. What was hung and did not
/// strike waited for an event that did not come, or that came too late in the run.
struct AnchorTally {
  std::uint64_t hung = 0;
  std::uint64_t struck = 0;
  bool operator==(const AnchorTally&) const = default;
};

/// What an island, or several, have to report.
struct Tally {
  std::uint64_t tries = 0;
  std::uint64_t events = 0;
  std::uint64_t violations = 0;  // tries that violated something, of the same bug or others
  std::uint64_t undecided = 0;
  std::uint64_t digest = 0;  // of all runs, in order
  Duration least_slack = Duration::max();
  FaultSchedule closest;             // the schedule of least slack that violated nothing
  std::vector<Found> found;          // one a signature, in order of number
  std::vector<AnchorTally> anchors;  // by place in the space
  std::map<std::string_view, StrategyTally> strategies;  // by name

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
  const Tally& tally() const { return tally_; }

  // An island that was interrupted begins anew, with an oracle that repeats what its tries gave.
  // Strategies learn nothing from a trial's digest and its number of events, so such an oracle may
  // leave them out; what they had come to is set afterwards.

  struct Totals {
    std::uint64_t events = 0;
    std::uint64_t digest = 0;
    bool operator==(const Totals&) const = default;
  };
  Totals totals() const { return {tally_.events, tally_.digest}; }
  void set_totals(const Totals& totals);
  /// A number that differs, but for chance, after other proposals than these.
  std::uint64_t fingerprint() const;

 private:
  void count_anchors(const FaultSchedule& schedule, const Trial& trial);

  const FaultSpace& space_;
  std::uint32_t number_;
  std::string_view strategy_name_;
  Rng rng_;
  StrategyPtr strategy_;
  Tally tally_;
};

}  // namespace locklab
