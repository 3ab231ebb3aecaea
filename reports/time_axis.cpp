#include "reports/time_axis.hpp"

#include <algorithm>
#include <map>

#include "sim/bits.hpp"

namespace locklab {
namespace {

using Weight = std::uint64_t;

std::uint64_t nanoseconds(Instant from, Instant until) {
  return static_cast<std::uint64_t>((until - from).count());
}

/// How wide a gap is drawn, in nanoseconds of the even stretches: itself up to `even`, and from
/// there half of `even` more with every doubling.
Weight drawn(std::uint64_t gap, std::uint64_t even) {
  if (gap <= even || even == 0) return gap;
  Weight weight = even;
  std::uint64_t reached = even;
  while (gap / 2 >= reached) {
    reached *= 2;
    weight += even / 2;
  }
  return weight + static_cast<Weight>(Uint128{even / 2} * (gap - reached) / reached);
}

/// What servers say among themselves, their heartbeats above all, goes on all the time and would
/// keep every gap open.
bool among_servers(const Recording& recording, const TraceEvent& event) {
  const auto serves = [&](ProcessId process) {
    return process && process.number <= recording.processes.size() &&
           is_lock_service(recording.processes[process.number - 1].role);
  };
  if (!serves(event.process)) return false;
  if (const auto* sent = std::get_if<MessageSent>(&event.what)) return serves(sent->to);
  if (const auto* lost = std::get_if<MessageLost>(&event.what)) return serves(lost->to);
  if (const auto* taken = std::get_if<MessageDelivered>(&event.what)) return serves(taken->from);
  return false;
}

/// All instants at which something is to be seen, each once.
std::vector<Instant> moments(const std::vector<const Recording*>& recordings,
                             const std::vector<const Timeline*>& timelines) {
  std::vector<Instant> all;
  Instant end{};
  for (const Timeline* timeline : timelines) end = std::max(end, timeline->end);
  for (const Recording* recording : recordings)
    for (const TraceEvent& event : recording->events)
      if (!among_servers(*recording, event)) all.push_back(event.at);
  for (const Timeline* timeline : timelines) {
    for (const OwnershipSpan& own : timeline->ownerships)
      all.insert(all.end(), {own.span.from, own.span.until});
    for (const BeliefSpan& belief : timeline->beliefs) {
      all.insert(all.end(), {belief.span.until, std::min(belief.promise_until, end)});
      for (const Interval& part : belief.wrong) all.push_back(part.from);
    }
  }
  all.push_back(end);
  std::sort(all.begin(), all.end());
  // A run that begins with the scenario is drawn from its zero.
  if (all.front() <= Instant{end.time_since_epoch() / 2})
    all.insert(all.begin(), std::min(Instant{}, all.front()));
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.size() == 1) all.push_back(all.front() + Duration{1});
  return all;
}

/// What a message usually takes; zero where none arrived.
std::uint64_t usual_way(const std::vector<const Recording*>& recordings) {
  std::vector<std::uint64_t> ways;
  for (const Recording* recording : recordings) {
    std::map<MessageId, Instant> sent;
    for (const TraceEvent& event : recording->events) {
      if (among_servers(*recording, event)) continue;
      if (const auto* what = std::get_if<MessageSent>(&event.what)) sent[what->message] = event.at;
      if (const auto* what = std::get_if<MessageDelivered>(&event.what)) {
        const auto found = sent.find(what->message);
        if (found != sent.end()) ways.push_back(nanoseconds(found->second, event.at));
      }
    }
  }
  if (ways.empty()) return 0;
  const auto middle = ways.begin() + static_cast<std::ptrdiff_t>(ways.size() / 2);
  std::nth_element(ways.begin(), middle, ways.end());
  return *middle;
}

}  // namespace

TimeAxis::TimeAxis(const std::vector<const Recording*>& recordings,
                   const std::vector<const Timeline*>& timelines, std::int64_t width)
    : width_(std::max<std::int64_t>(width, 1)) {
  constexpr std::int64_t kSeenWay = 1'200;  // so wide a message's way shall be, if possible
  constexpr std::uint64_t kLeastEven = 4;   // usual ways: no gap up to that is shortened
  const std::vector<Instant> at = moments(recordings, timelines);
  const std::uint64_t way = usual_way(recordings);

  const auto total_of = [&](std::uint64_t even) {
    Weight total = 0;
    for (std::size_t i = 1; i < at.size(); ++i) total += drawn(nanoseconds(at[i - 1], at[i]), even);
    return total;
  };
  std::uint64_t even = nanoseconds(at.front(), at.back());
  Weight total = total_of(even);
  while (way > 0 && even > kLeastEven * way &&
         Uint128{way} * static_cast<std::uint64_t>(width_) <
             Uint128{total} * static_cast<std::uint64_t>(kSeenWay)) {
    even = std::max(even / 2, kLeastEven * way);
    total = total_of(even);
  }

  // Where something happens all the time, shortening a hundred gaps only hides how long they are.
  constexpr std::ptrdiff_t kMostGaps = 40;
  std::ptrdiff_t gaps = 0;
  for (std::size_t i = 1; i < at.size(); ++i) gaps += nanoseconds(at[i - 1], at[i]) > even ? 1 : 0;
  if (gaps > kMostGaps) {
    even = nanoseconds(at.front(), at.back());
    total = total_of(even);
  }

  Weight before = 0;
  bool before_even = false;
  const auto place = [&](Weight weight) {
    return static_cast<std::int64_t>(Uint128{weight} * static_cast<std::uint64_t>(width_) / total);
  };
  for (std::size_t i = 1; i < at.size(); ++i) {
    const std::uint64_t gap = nanoseconds(at[i - 1], at[i]);
    const Weight weight = drawn(gap, even);
    const bool shortened = gap / 2 > weight;
    const std::int64_t x = place(before);
    before += weight;
    // Gaps that are drawn evenly make one stretch.
    if (gap <= even && before_even) {
      pieces_.back().until = at[i];
      pieces_.back().width = place(before) - pieces_.back().x;
    } else {
      pieces_.push_back({at[i - 1], at[i], x, place(before) - x, shortened});
    }
    before_even = gap <= even;
  }
}

std::int64_t TimeAxis::x(Instant at) const {
  if (at <= first()) return 0;
  if (at >= last()) return width_;
  const auto piece =
      std::upper_bound(pieces_.begin(), pieces_.end(), at,
                       [](Instant wanted, const Piece& p) { return wanted < p.until; });
  return piece->x + static_cast<std::int64_t>(Uint128{nanoseconds(piece->from, at)} *
                                              static_cast<std::uint64_t>(piece->width) /
                                              nanoseconds(piece->from, piece->until));
}

}  // namespace locklab
