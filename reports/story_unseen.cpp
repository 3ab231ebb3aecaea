#include "reports/story_unseen.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace locklab {
namespace {

using Tone = StoryLine::Tone;

class UnseenStory {
 public:
  UnseenStory(const Recording& recording, const Timeline& timeline, const Narrator& narrator)
      : recording_(recording), timeline_(timeline), narrator_(narrator) {}

  std::vector<UnseenLine> tell() {
    std::set<std::pair<AttemptId, Instant>> told;
    for (const OwnershipSpan& own : timeline_.ownerships) {
      const bool given_back = own.why == RemovalReason::deleted && !own.taken_by;
      if (own.open || given_back) continue;
      told.emplace(own.attempt, own.span.until);
      add_unseen(own.span.until, own.client, own.attempt, loss(own),
                 own.why != RemovalReason::expired);
    }
    for (const BeliefSpan& belief : timeline_.beliefs) {
      for (const Interval& part : belief.wrong) {
        if (belief.assumed || part.from < belief.promise_until) continue;
        const std::string whom = narrator_.process(belief.client);
        if (part.from == belief.span.from)
          add_unseen(part.from, belief.client, belief.attempt,
                     fmt::format("the promise to {} was over at {}, before it came", whom,
                                 shown(belief.promise_until)),
                     true);
        else if (!key_dies_soon(told, belief, part.from))
          add_unseen(part.from, belief.client, belief.attempt,
                     fmt::format("the promise to {} is over", whom));
      }
      if (belief.open || belief.why == BeliefEnd::released || belief.why == BeliefEnd::crashed)
        continue;
      std::string text =
          fmt::format("{} no longer believes that it holds {}: {}",
                      narrator_.process(belief.client), narrator_.lock(belief.lock),
                      belief.why == BeliefEnd::told      ? "it was told so"
                      : belief.why == BeliefEnd::stopped ? "its program has stopped"
                                                         : "its own deadline has come");
      const bool by_event = belief.why != BeliefEnd::deadline;
      lines_.push_back(
          {line_at(belief.span.until, belief.client, Tone::plain, std::move(text), by_event),
           !by_event});
    }
    return std::move(lines_);
  }

 private:
  /// The end of a promise needs no line of its own where the end of the lock itself follows at
  /// once.
  static bool key_dies_soon(const std::set<std::pair<AttemptId, Instant>>& told,
                            const BeliefSpan& belief, Instant at) {
    constexpr Duration kSoon = 50ms;
    const auto death = told.lower_bound({belief.attempt, at});
    return death != told.end() && death->first == belief.attempt && death->second - at < kSoon &&
           death->second < belief.span.until;
  }

  std::string loss(const OwnershipSpan& own) const {
    const Attempt* attempt = timeline_.attempt(own.attempt);
    std::string text = narrator_.lock(own.lock) + " of " + narrator_.process(own.client);
    if (own.taken_by)
      text += " is taken away by " + thief(own);
    else if (own.why == RemovalReason::expired)
      text += " expires";
    else if (own.why == RemovalReason::session)
      text += " goes with its session";
    else
      text += fmt::format(" is {} at the service", to_string(own.why));
    if (attempt == nullptr || attempt->of == 1) return text;
    return text + fmt::format(": only {} of {} nodes still {} its key", own.nodes_left, attempt->of,
                              own.nodes_left == 1 ? "has" : "have");
  }

  std::string thief(const OwnershipSpan& own) const {
    const bool itself = timeline_.client_of(own.taken_by) == own.client;
    return itself ? "another attempt of its own" : narrator_.client(own.taken_by);
  }

  /// `seen`: it follows from the events of that instant; otherwise it may be their reason.
  void add_unseen(Instant at, ProcessId client, AttemptId attempt, std::string text,
                  bool seen = false) {
    Tone tone = Tone::plain;
    for (const BeliefSpan& belief : timeline_.beliefs) {
      if (belief.attempt != attempt || belief.span.from > at || belief.span.until <= at ||
          belief.release_began <= at)
        continue;
      text += fmt::format("; {} {} that it holds it", narrator_.process(client),
                          stands_still(client, at) ? "is paused and believes" : "still believes");
      tone = Tone::wrong;
    }
    lines_.push_back({line_at(at, client, tone, std::move(text), seen), !seen});
  }

  bool stands_still(ProcessId process, Instant at) const {
    return std::any_of(timeline_.standstills.begin(), timeline_.standstills.end(),
                       [&](const StandstillSpan& still) {
                         return still.process == process && still.span.from <= at &&
                                at < still.span.until;
                       });
  }

  /// A line before the events of that instant; or after them, though before what is said of them.
  StoryLine line_at(Instant at, ProcessId who, Tone tone, std::string text, bool after) const {
    const std::vector<TraceEvent>& events = recording_.events;
    const auto next = std::partition_point(
        events.begin(), events.end(),
        [&](const TraceEvent& event) { return after ? event.at <= at : event.at < at; });
    auto index = static_cast<std::size_t>(next - events.begin());
    if (after && index > 0) --index;
    if (after)
      for (std::size_t i = index; i > 0 && events[i].at == at; --i)
        if (std::holds_alternative<ViolationBegan>(events[i].what)) index = i - 1;
    return {at, index, who, tone, std::move(text)};
  }

  const Recording& recording_;
  const Timeline& timeline_;
  const Narrator& narrator_;
  std::vector<UnseenLine> lines_;
};

}  // namespace

std::vector<UnseenLine> tell_unseen(const Recording& recording, const Timeline& timeline,
                                    const Narrator& narrator) {
  return UnseenStory(recording, timeline, narrator).tell();
}

}  // namespace locklab
