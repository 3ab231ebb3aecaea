#include "reports/picture_words.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "reports/narrator.hpp"

namespace locklab {

std::string why_wrong(const Timeline& timeline, const BeliefSpan& belief, const Interval& part) {
  std::vector<Interval> shared;
  std::size_t most = 1;
  for (const BeliefSpan& other : timeline.beliefs) {
    if (other.lock != belief.lock || other.client == belief.client) continue;
    const Interval both{std::max(part.from, other.span.from),
                        std::min(part.until, other.span.until)};
    if (both.from < both.until) shared.push_back(both);
  }
  if (shared.empty()) return "nobody's lock for " + shown(part.until - part.from);
  Instant from = shared.front().from;
  Instant until = shared.front().until;
  for (const Interval& one : shared) {
    std::size_t count = 2;
    for (const Interval& other : shared)
      if (&one != &other && other.from <= one.from && one.from < other.until) ++count;
    most = std::max(most, count);
    from = std::min(from, one.from);
    until = std::max(until, one.until);
  }
  return fmt::format("{} holders for {}", most == 2 ? std::string("two") : std::to_string(most),
                     shown(until - from));
}

std::string clock_words(const ClockMark& mark) {
  switch (mark.change.change) {
    case ClockChange::jump:
      return fmt::format("clock {}{}", mark.change.by < Duration{} ? "" : "+",
                         shown(mark.change.by));
    case ClockChange::rate:
      return mark.change.rate_ppm == 0
                 ? std::string("clock runs true again")
                 : fmt::format(
                       "clock runs {} ppm {}",
                       mark.change.rate_ppm < 0 ? -mark.change.rate_ppm : mark.change.rate_ppm,
                       mark.change.rate_ppm < 0 ? "slow" : "fast");
    case ClockChange::slew:
      return fmt::format("clock slewed by {}", shown(mark.change.by));
    case ClockChange::frozen:
      return "clock stands still";
    case ClockChange::thawed:
      return "clock runs again";
  }
  return {};
}

}  // namespace locklab
