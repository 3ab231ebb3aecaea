#include "reports/causal_story.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "reports/causality.hpp"
#include "reports/fields.hpp"

namespace locklab {
namespace {

using Tone = StoryLine::Tone;

class Cut {
 public:
  Cut(const Recording& recording, std::size_t finding)
      : recording_(recording), finding_(recording.findings[finding]), number_(finding) {
    waits_ = finding_.invariant == "bounded_wait" || finding_.invariant == "lost_release" ||
             finding_.invariant == "deadlock" || finding_.invariant == "fairness";
    const Causality causality(recording);
    for (const EventSeq seq : causality.slice(finding_)) {
      const std::size_t index = index_of(seq, recording.events);
      if (index >= recording.events.size()) continue;
      const TraceEvent& event = recording.events[index];
      slice_.insert(index);
      moments_.emplace(event.at, event.process);
      if (is_change_of_the_world(event.what)) changes_.insert(event.at);
    }
    end_ = began();
  }

  /// Does the line tell something that the violation depends on?
  bool keeps(const StoryLine& line) const {
    if (const auto* began = payload<ViolationBegan>(line)) return began->finding == number_;
    if (line.at > end_) return false;
    if (slice_.contains(line.event) || moments_.contains({line.at, line.who})) return true;
    // Several strokes of one fault are one line, which stands at the first of them.
    if (line.tone == Tone::fault && changes_.contains(line.at)) return true;
    // What nobody saw has no event: it matters to those who are concerned.
    if (line.tone == Tone::wrong && concerns(line.who)) return true;
    return waits_ && (line.tone == Tone::fault || had_the_lock(line));
  }

  /// Of two lines the one that weighs more stays: the violation, then what the faults did, what
  /// went wrong and the grants that the violation is about, then what was granted and refused.
  int weight(const StoryLine& line) const {
    switch (line.tone) {
      case Tone::violation:
        return 3;
      case Tone::fault:
      case Tone::wrong:
        return 2;
      case Tone::good:
        return is_grant_in_question(line) ? 2 : 1;
      case Tone::refused:
        return 1;
      case Tone::plain:
      case Tone::left_out:
        return 0;
    }
    return 0;
  }

 private:
  /// Of the event that the line tells, or before which it stands; null: another, or none.
  template <class Payload>
  const Payload* payload(const StoryLine& line) const {
    if (line.event >= recording_.events.size()) return nullptr;
    return std::get_if<Payload>(&recording_.events[line.event].what);
  }

  /// Who waits in vain has no part in what keeps it waiting: that is who had the lock.
  bool had_the_lock(const StoryLine& line) const {
    const auto about_it = [this](const auto* what) {
      return what != nullptr && what->lock == finding_.subject;
    };
    return about_it(payload<LockGranted>(line)) || about_it(payload<LockAssumed>(line)) ||
           about_it(payload<ReleaseBegan>(line)) || about_it(payload<LockReleased>(line));
  }

  bool is_grant_in_question(const StoryLine& line) const {
    const auto* granted = payload<LockGranted>(line);
    return granted != nullptr && std::find(finding_.attempts.begin(), finding_.attempts.end(),
                                           granted->attempt) != finding_.attempts.end();
  }

  static bool is_change_of_the_world(const TracePayload& what) {
    constexpr EventMask kChanges =
        events_of<FaultStruck, ProcessPaused, ProcessCrashed, ProcessRestarted, ServiceRecovered,
                  ClockChanged, LinkCut, LinkHealed, MessageLost, MessageDelayed, MessageDuplicated,
                  KeyRemoved>();
    return (kChanges >> what.index() & 1) != 0;
  }

  bool concerns(ProcessId who) const {
    return !who || std::find(finding_.processes.begin(), finding_.processes.end(), who) !=
                       finding_.processes.end();
  }

  /// A wait that is too long is found later than it began.
  Instant began() const {
    for (const TraceEvent& event : recording_.events)
      if (const auto* began = std::get_if<ViolationBegan>(&event.what))
        if (began->finding == number_) return event.at;
    return recording_.ended;
  }

  const Recording& recording_;
  const Finding& finding_;
  std::size_t number_;
  bool waits_ = false;  // somebody does, for too long
  Instant end_{};
  std::set<std::size_t> slice_;                      // indices of events
  std::set<std::pair<Instant, ProcessId>> moments_;  // when something in it happened to whom
  std::set<Instant> changes_;                        // when faults did something in it
};

}  // namespace

std::vector<StoryLine> causal_story(const Recording& recording, const Timeline& timeline,
                                    const Narrator& narrator, std::size_t finding,
                                    std::size_t most) {
  const Cut cut(recording, finding);
  std::vector<StoryLine> lines = tell_story(recording, timeline, narrator, Detail::brief);
  std::erase_if(lines, [&](const StoryLine& line) { return !cut.keeps(line); });
  if (lines.size() <= most) return lines;

  std::vector<std::size_t> order;  // what is dropped last comes first
  for (std::size_t i = 0; i < lines.size(); ++i) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(cut.weight(lines[a]), a) > std::pair(cut.weight(lines[b]), b);
  });
  order.resize(most);
  std::sort(order.begin(), order.end());
  std::vector<StoryLine> kept;
  for (const std::size_t i : order) kept.push_back(std::move(lines[i]));
  return kept;
}

}  // namespace locklab
