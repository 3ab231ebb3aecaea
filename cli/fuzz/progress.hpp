// What a campaign says of itself while it runs, on standard error: on a terminal one line that is
// written over, elsewhere a plain line every ten seconds. A short campaign that nobody watches says
// nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/terminal.hpp"
#include "faults/campaign.hpp"

namespace locklab {

struct ProgressNumbers {
  std::uint64_t tries = 0;                 // with those that a journal told of
  std::uint64_t tries_now = 0;             // by this program, as are all that follow
  std::uint64_t events_now = 0;            //
  std::optional<std::uint64_t> tries_all;  // that are wanted
  std::size_t found = 0;                   // distinct
  Duration least_slack = Duration::max();
  std::chrono::milliseconds took{};
  std::optional<std::chrono::milliseconds> time_all;  // that may be taken
};

/// "12800 of 100000 schedules, 25900/s, 12056129 events/s, 3 distinct violations, least slack 12ms,
/// 3 s left"
std::string progress_text(const ProgressNumbers& numbers);

class Progress {
 public:
  /// `runs` and `time` are what is wanted, if it is known.
  Progress(const Terminal& terminal, std::optional<std::uint64_t> runs,
           std::optional<std::chrono::nanoseconds> time);

  /// A run. Any thread.
  void count(const Trial& trial) {
    tries_now_.fetch_add(1, std::memory_order_relaxed);
    events_now_.fetch_add(trial.events, std::memory_order_relaxed);
  }
  /// Tries that a journal told of. Any thread.
  void repeated(std::size_t tries) { repeated_.fetch_add(tries, std::memory_order_relaxed); }
  /// Is it time to show something?
  bool is_due() const;
  /// Shows how far it is, with what was found by now, or with what is known of that from before.
  /// One thread, as all that follows.
  void show(const Tally& tally);
  void show();
  /// Takes the line away.
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  ProgressNumbers numbers() const;

  Terminal terminal_;
  std::optional<std::uint64_t> runs_;
  std::optional<std::chrono::nanoseconds> time_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point shown_ = begin_;
  bool line_stands_ = false;
  std::size_t found_ = 0;
  Duration least_slack_ = Duration::max();
  std::atomic<std::uint64_t> tries_now_{0};
  std::atomic<std::uint64_t> events_now_{0};
  std::atomic<std::uint64_t> repeated_{0};
};

}  // namespace locklab
