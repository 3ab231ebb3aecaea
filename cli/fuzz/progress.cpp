#include "cli/fuzz/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace locklab {
namespace {

using std::chrono::milliseconds;

std::uint64_t a_second(std::uint64_t count, milliseconds took) {
  return count * 1000 / static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 1));
}

/// Until the tries are made, or the time is over; the sooner of the two. Nothing: nobody knows.
std::optional<milliseconds> left(const ProgressNumbers& numbers) {
  std::optional<milliseconds> left;
  if (numbers.time_all) left = std::max(*numbers.time_all - numbers.took, milliseconds{0});
  const std::uint64_t speed = a_second(numbers.tries_now, numbers.took);
  if (numbers.tries_all && speed > 0) {
    const std::uint64_t tries = *numbers.tries_all - std::min(numbers.tries, *numbers.tries_all);
    const milliseconds needed{static_cast<std::int64_t>(tries / speed * 1000)};
    left = left ? std::min(*left, needed) : needed;
  }
  return left;
}

/// "42 s", "3 min", "7 h"
std::string rough_text(milliseconds time) {
  const std::int64_t seconds = (time.count() + 999) / 1000;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

}  // namespace

std::string progress_text(const ProgressNumbers& numbers) {
  std::string out = fmt::format("{}", numbers.tries);
  if (numbers.tries_all) out += fmt::format(" of {}", *numbers.tries_all);
  out += fmt::format(" schedules, {}/s, {} events/s, {} distinct violation{}",
                     a_second(numbers.tries_now, numbers.took),
                     a_second(numbers.events_now, numbers.took), numbers.found,
                     numbers.found == 1 ? "" : "s");
  if (numbers.least_slack != Duration::max())
    out += fmt::format(", least slack {}", to_string(numbers.least_slack));
  if (const auto rest = left(numbers)) out += fmt::format(", {} left", rough_text(*rest));
  return out;
}

Progress::Progress(const Terminal& terminal, std::optional<std::uint64_t> runs,
                   std::optional<std::chrono::nanoseconds> time)
    : terminal_(terminal), runs_(runs), time_(time) {}

ProgressNumbers Progress::numbers() const {
  ProgressNumbers numbers;
  numbers.tries_now = tries_now_.load(std::memory_order_relaxed);
  numbers.tries = numbers.tries_now + repeated_.load(std::memory_order_relaxed);
  numbers.events_now = events_now_.load(std::memory_order_relaxed);
  numbers.tries_all = runs_;
  numbers.found = found_;
  numbers.least_slack = least_slack_;
  numbers.took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin_);
  if (time_) numbers.time_all = std::chrono::duration_cast<milliseconds>(*time_);
  return numbers;
}

bool Progress::is_due() const {
  return Clock::now() - shown_ >=
         (terminal_.is_terminal ? milliseconds(200) : milliseconds(10'000));
}

void Progress::show(const Tally& tally) {
  found_ = tally.found.size();
  least_slack_ = tally.least_slack;
  show();
}

void Progress::show() {
  shown_ = Clock::now();
  const std::string text = progress_text(numbers());
  if (!terminal_.is_terminal) {
    print_error(text + '\n');
    return;
  }
  // A line that wraps could not be written over.
  print_error("\r\033[K" + text.substr(0, terminal_.width - 1));
  line_stands_ = true;
}

void Progress::end() {
  if (line_stands_) print_error("\r\033[K");
  line_stands_ = false;
}

}  // namespace locklab
