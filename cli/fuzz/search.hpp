// The search of a campaign: its islands, and the threads that let them make their tries, a round at
// a time. In a round each island makes the same number of tries, and whether to go on is decided
// between rounds alone, so the tries are the same with any number of threads. What journals hold is
// repeated from there, not run again.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/fuzz/journal.hpp"
#include "cli/fuzz/plan.hpp"
#include "cli/fuzz/progress.hpp"
#include "cli/signals.hpp"
#include "faults/campaign.hpp"

namespace locklab {

enum class SearchEnd : std::uint8_t {
  complete,     // all tries are made that were asked for, or there are no others
  found,        // something was, and --until-found
  time,         // --time is over
  interrupted,  // Ctrl-C
  unfinished,   // the journals have no more, and nothing may be run
  failed,       // a journal cannot be read or written: `error` says why
};

enum class SearchMode : std::uint8_t {
  run,     // what the journal does not hold is run, and added to it
  repeat,  // nothing is run: the journals of all shards must hold all of it
};

class Search {
 public:
  using Clock = std::chrono::steady_clock;

  /// To run, there is one journal at most. Plan and journals outlive the search.
  Search(const CampaignPlan& plan, std::span<const std::unique_ptr<Journal>> journals,
         SearchMode mode, std::size_t jobs);

  SearchEnd run(Progress& progress, const GracefulInterrupt& interrupt);

  const Tally& tally() const { return tally_; }
  Clock::duration took() const { return took_; }
  /// A sentence, after SearchEnd::failed.
  const std::string& error() const { return error_; }
  /// Have all islands of the shard made their tries?
  bool is_complete(const Shard& shard) const;

 private:
  struct Seat {
    std::unique_ptr<Island> island;
    std::deque<JournalBlock> written;  // that are still to be repeated
    bool exhausted = false;            // its strategy has no more to offer
    bool missing = false;              // it has, and nothing is written of what came of it
  };

  bool is_ours(std::uint32_t island) const;
  std::uint64_t target(std::uint32_t island) const;
  bool is_done(std::uint32_t island) const;
  bool needs_more(const Journal& journal) const;
  void fetch();
  void round(Progress& progress, const GracefulInterrupt& interrupt);
  void work(Oracle* oracle, Progress& progress, const GracefulInterrupt& interrupt);
  bool repeat(std::uint32_t island, Progress& progress);
  void go_on(std::uint32_t island, Oracle& oracle, Progress& progress,
             const GracefulInterrupt& interrupt);
  void expect_end(std::uint32_t island);
  bool is_sound();
  Tally joined() const;
  std::optional<SearchEnd> end_after_round(const GracefulInterrupt& interrupt,
                                           Clock::time_point begin) const;

  const CampaignPlan& plan_;
  std::span<const std::unique_ptr<Journal>> journals_;
  SearchMode mode_;
  std::array<Seat, kIslands> seats_;
  std::vector<std::unique_ptr<Oracle>> oracles_;  // one a thread; null: nothing may be run
  std::uint64_t rounds_ = 0;
  std::atomic<std::uint32_t> next_seat_{0};
  std::atomic<bool> wrong_journal_{false};
  Tally tally_;
  Clock::duration took_{};
  std::string error_;
};

/// How many threads that is: 0 stands for as many as the machine has cores.
std::size_t threads_of(std::size_t jobs);

}  // namespace locklab
