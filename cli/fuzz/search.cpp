#include "cli/fuzz/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "scenarios/diagnostics.hpp"
#include "scenarios/search.hpp"

namespace locklab {
namespace {

constexpr std::uint64_t kTriesARound = 32;

/// Runs, and writes down what came of it.
class WritingOracle final : public Oracle {
 public:
  WritingOracle(Oracle& oracle, Progress& progress) : oracle_(oracle), progress_(progress) {}
  Trial run(const FaultSchedule& schedule) override {
    trials.push_back(oracle_.run(schedule));
    progress_.count(trials.back());
    return trials.back();
  }
  std::vector<Trial> trials;

 private:
  Oracle& oracle_;
  Progress& progress_;
};

/// Gives what was written down, in order.
class RepeatingOracle final : public Oracle {
 public:
  explicit RepeatingOracle(const std::vector<Trial>& trials) : trials_(trials) {}
  Trial run(const FaultSchedule&) override { return trials_[next_++]; }

 private:
  const std::vector<Trial>& trials_;
  std::size_t next_ = 0;
};

/// Is asked only if there is a schedule that nobody has run.
class MissingOracle final : public Oracle {
 public:
  Trial run(const FaultSchedule&) override {
    asked = true;
    return {};
  }
  bool asked = false;
};

}  // namespace

std::size_t threads_of(std::size_t jobs) {
  return jobs > 0 ? jobs : std::max(std::thread::hardware_concurrency(), 1U);
}

Search::Search(const CampaignPlan& plan, std::span<const std::unique_ptr<Journal>> journals,
               SearchMode mode, std::size_t jobs)
    : plan_(plan), journals_(journals), mode_(mode) {
  for (std::uint32_t number = 0; number < kIslands; ++number)
    seats_[number].island = std::make_unique<Island>(plan.space, plan.settings, number);
  for (std::size_t i = 0; i < threads_of(jobs); ++i)
    oracles_.push_back(mode == SearchMode::run
                           ? std::make_unique<ScenarioOracle>(plan.scenario(), plan.wanted)
                           : nullptr);
}

// ---- how far ------------------------------------------------------------------------------------

bool Search::is_ours(std::uint32_t island) const {
  return mode_ == SearchMode::repeat || plan_.shard.has(island);
}

/// How many tries the island has made after this round.
std::uint64_t Search::target(std::uint32_t island) const {
  const std::uint64_t by_now = (rounds_ + 1) * kTriesARound;
  return plan_.command.runs ? std::min(by_now, share_of(*plan_.command.runs, island)) : by_now;
}

bool Search::is_done(std::uint32_t island) const {
  const Seat& seat = seats_[island];
  return !is_ours(island) || seat.exhausted ||
         (plan_.command.runs && seat.island->tries() == share_of(*plan_.command.runs, island));
}

bool Search::is_complete(const Shard& shard) const {
  for (std::uint32_t island = 0; island < kIslands; ++island)
    if (shard.has(island) && (!is_done(island) || seats_[island].missing)) return false;
  return true;
}

// ---- journals -----------------------------------------------------------------------------------

/// Does an island of the journal's shard need more of it for this round?
bool Search::needs_more(const Journal& journal) const {
  const Shard shard = shard_of_header(journal.header());
  for (std::uint32_t island = 0; island < kIslands; ++island) {
    if (!shard.has(island) || is_done(island)) continue;
    const Seat& seat = seats_[island];
    const std::uint64_t known = seat.written.empty()
                                    ? seat.island->tries()
                                    : seat.written.back().first + seat.written.back().trials.size();
    if (known < target(island)) return true;
  }
  return false;
}

void Search::fetch() {
  for (const std::unique_ptr<Journal>& journal : journals_) {
    while (needs_more(*journal)) {
      auto block = journal->next();
      if (!block) break;
      seats_[block->island].written.push_back(std::move(*block));
    }
  }
}

/// All that is written of the island up to this round. False: it is not what the island would do.
bool Search::repeat(std::uint32_t island, Progress& progress) {
  Seat& seat = seats_[island];
  while (!seat.written.empty() && seat.island->tries() < target(island)) {
    const JournalBlock block = std::move(seat.written.front());
    seat.written.pop_front();
    if (block.first != seat.island->tries() ||
        block.trials.size() > target(island) - seat.island->tries())
      return false;
    RepeatingOracle oracle(block.trials);
    for (std::size_t i = 0; i < block.trials.size(); ++i)
      if (!seat.island->step(oracle)) return false;
    if (seat.island->fingerprint() != block.fingerprint) return false;
    seat.island->set_totals(block.totals);
    progress.repeated(block.trials.size());
  }
  return true;
}

/// Nothing may be run, and nothing more is written: has the island no more to offer, or is it that
/// its shard was stopped?
void Search::expect_end(std::uint32_t island) {
  Seat& seat = seats_[island];
  if (seat.island->tries() >= target(island)) return;
  if (!plan_.command.runs) {
    seat.missing = true;
    return;
  }
  MissingOracle oracle;
  seat.exhausted = !seat.island->step(oracle);
  seat.missing = oracle.asked;
}

// ---- tries --------------------------------------------------------------------------------------

void Search::go_on(std::uint32_t island, Oracle& oracle, Progress& progress,
                   const GracefulInterrupt& interrupt) {
  Seat& seat = seats_[island];
  JournalBlock block;
  block.island = island;
  block.first = seat.island->tries();
  WritingOracle writing(oracle, progress);
  while (seat.island->tries() < target(island) && !interrupt.requested()) {
    if (seat.island->step(writing)) continue;
    seat.exhausted = true;
    break;
  }
  if (journals_.empty() || writing.trials.empty()) return;
  block.totals = seat.island->totals();
  block.fingerprint = seat.island->fingerprint();
  block.trials = std::move(writing.trials);
  journals_.front()->append(block);
}

void Search::work(Oracle* oracle, Progress& progress, const GracefulInterrupt& interrupt) {
  for (std::uint32_t mine = next_seat_++; mine < kIslands; mine = next_seat_++) {
    if (is_done(mine)) continue;
    if (!repeat(mine, progress))
      wrong_journal_ = true;
    else if (oracle != nullptr)
      go_on(mine, *oracle, progress, interrupt);
    else
      expect_end(mine);
  }
}

void Search::round(Progress& progress, const GracefulInterrupt& interrupt) {
  next_seat_ = 0;
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t working = oracles_.size();
  std::vector<std::thread> threads;
  for (const std::unique_ptr<Oracle>& oracle : oracles_)
    threads.emplace_back([&, mine = oracle.get()] {
      work(mine, progress, interrupt);
      const std::scoped_lock lock(mutex);
      --working;
      ended.notify_one();
    });
  std::unique_lock lock(mutex);
  // A round of a great scenario takes long: what was found before it still stands.
  while (!ended.wait_for(lock, std::chrono::milliseconds(100), [&] { return working == 0; }))
    if (progress.is_due()) progress.show();
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
}

// ---- rounds -------------------------------------------------------------------------------------

bool Search::is_sound() {
  for (const std::unique_ptr<Journal>& journal : journals_) {
    if (const auto failure = journal->failure()) {
      error_ = failure->sentence;
      return false;
    }
  }
  if (!wrong_journal_) return true;
  error_ = fmt::format(
      "{} does not tell of the schedules that this build of locklab tries: it was written by "
      "another one",
      journals_.empty() ? "the journal" : in_quotes(journals_.front()->path(), 400));
  return false;
}

Tally Search::joined() const {
  Tally all;
  for (const Seat& seat : seats_) all.join(seat.island->tally());
  return all;
}

std::optional<SearchEnd> Search::end_after_round(const GracefulInterrupt& interrupt,
                                                 Clock::time_point begin) const {
  const auto is_missing = [](const Seat& seat) { return seat.missing; };
  if (std::ranges::any_of(seats_, is_missing)) return SearchEnd::unfinished;
  if (is_complete(Shard{})) return SearchEnd::complete;
  if (interrupt.requested()) return SearchEnd::interrupted;
  const auto has_found = [](const Seat& seat) { return seat.island->found(); };
  if (plan_.command.until_found && std::ranges::any_of(seats_, has_found)) return SearchEnd::found;
  if (plan_.command.time && Clock::now() - begin >= *plan_.command.time) return SearchEnd::time;
  return std::nullopt;
}

SearchEnd Search::run(Progress& progress, const GracefulInterrupt& interrupt) {
  const Clock::time_point begin = Clock::now();
  std::optional<SearchEnd> end;
  for (; !end; ++rounds_) {
    fetch();
    if (is_sound()) round(progress, interrupt);
    if (progress.is_due()) progress.show(joined());
    end = is_sound() ? end_after_round(interrupt, begin) : SearchEnd::failed;
  }
  progress.end();
  tally_ = joined();
  if (mode_ == SearchMode::run)
    for (const std::unique_ptr<Journal>& journal : journals_) journal->sync();
  took_ = Clock::now() - begin;
  return *end;
}

}  // namespace locklab
