#include "reports/timeline.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "sim/bits.hpp"

namespace locklab {
namespace {

/// Wrapping subtraction: the exact distance of two clock readings, first <= second.
template <class At>
std::uint64_t distance(At first, At second) {
  return static_cast<std::uint64_t>(second.time_since_epoch().count()) -
         static_cast<std::uint64_t>(first.time_since_epoch().count());
}

/// `at` plus `by` nanoseconds, or the end of time.
template <class At>
At later(At at, Uint128 by) {
  if (by > distance(at, At::max())) return At::max();
  return At{Duration{static_cast<std::int64_t>(
      static_cast<std::uint64_t>(at.time_since_epoch().count()) + static_cast<std::uint64_t>(by))}};
}

/// A node's wall clock, as its events show it: the last reading and the speed seen before it.
class SeenClock {
 public:
  /// The first instant up to `now` at which the clock showed more than `deadline`, if there was one
  /// since the last reading. `changed`: the clock was set or sped up just now, so `wall` says
  /// nothing about how it ran until now.
  std::optional<Instant> passed(WallInstant deadline, Instant now, WallInstant wall,
                                bool changed) const {
    if (!seen_) return wall >= deadline ? std::optional(now) : std::nullopt;
    if (wall_ >= deadline) return at_;
    Uint128 gained = Uint128{distance(at_, now)} * speed_wall_ / speed_true_;
    Uint128 elapsed = distance(at_, now);
    if (!changed && wall >= wall_) gained = distance(wall_, wall);
    const std::uint64_t needed = distance(wall_, deadline);
    if (gained >= needed) {  // it came to it on the way
      if (gained == 0) return at_;
      return std::min(later(at_, (elapsed * needed + gained - 1) / gained), now);
    }
    return wall >= deadline ? std::optional(now) : std::nullopt;
  }

  void see(Instant now, WallInstant wall) {
    if (seen_ && now > at_ && wall > wall_) {
      speed_wall_ = distance(wall_, wall);
      speed_true_ = distance(at_, now);
    }
    take(now, wall);
  }
  void see_change(Instant now, WallInstant wall, const ClockChanged& change) {
    constexpr std::int64_t kMillion = 1'000'000;
    if (change.change == ClockChange::rate && change.rate_ppm > -kMillion &&
        change.rate_ppm <= 1000 * kMillion) {
      speed_wall_ = static_cast<std::uint64_t>(kMillion + change.rate_ppm);
      speed_true_ = static_cast<std::uint64_t>(kMillion);
    }
    take(now, wall);
  }

  /// Where it will be at `end`, going on as before.
  WallInstant foreseen(Instant end) const {
    return later(wall_, Uint128{distance(at_, std::max(at_, end))} * speed_wall_ / speed_true_);
  }

 private:
  void take(Instant now, WallInstant wall) {
    seen_ = true;
    at_ = now;
    wall_ = wall;
  }

  bool seen_ = false;
  Instant at_{};
  WallInstant wall_{};
  std::uint64_t speed_wall_ = 1;  // so much wall time in so much true time
  std::uint64_t speed_true_ = 1;
};

/// A key on one node, on behalf of an attempt.
struct Holding {
  AttemptId attempt;
  Instant from{};
  bool expires = false;
  WallInstant dead_at{};  // first reading at which a command finds it gone
  Symbol store;
  std::uint64_t rank = 0;
};

WallInstant dead_at(WallInstant deadline) { return later(deadline, Uint128{1'000'000}); }

/// A node begins or ceases to hold a key for an attempt.
struct Step {
  Instant at{};
  bool begins = false;
  ProcessId node;
  RemovalReason why{};
  AttemptId taken_by;
  bool open = false;
};

/// The keys of one lock in a store that queues, by their place.
struct Line {
  std::map<std::uint64_t, std::pair<Symbol, AttemptId>> keys;
  AttemptId owner;
  Instant since{};
};

class Builder {
 public:
  explicit Builder(const Recording& recording) : recording_(recording) {
    timeline_.end = recording.ended;
    if (!recording.events.empty())
      timeline_.end = std::max(timeline_.end, recording.events.back().at);
  }

  Timeline build() {
    for (index_ = 0; index_ < recording_.events.size(); ++index_) {
      const TraceEvent& event = recording_.events[index_];
      watch_clock(event);
      std::visit([&](const auto& payload) { see(event, payload); }, event.what);
    }
    finish();
    return std::move(timeline_);
  }

 private:
  template <class Payload>
  void see(const TraceEvent&, const Payload&) {}  // the others say nothing that lasts

  // ---- processes and links ----

  void see(const TraceEvent& event, const ProcessPaused& what) {
    timeline_.standstills.push_back(
        {event.process,
         what.suspended ? StandstillSpan::Kind::suspended : StandstillSpan::Kind::paused,
         {event.at, timeline_.end},
         true});
  }
  void see(const TraceEvent& event, const ProcessResumed& what) {
    close_standstill(
        event, what.suspended ? StandstillSpan::Kind::suspended : StandstillSpan::Kind::paused);
  }
  void see(const TraceEvent& event, const ProcessCrashed&) {
    for (StandstillSpan& span : timeline_.standstills)
      if (span.open && span.process == event.process) close(span, event.at);
    timeline_.standstills.push_back(
        {event.process, StandstillSpan::Kind::crashed, {event.at, timeline_.end}, true});
    for (BeliefSpan& belief : timeline_.beliefs)
      if (belief.open && belief.client == event.process)
        end_belief(belief, event.at, BeliefEnd::crashed);
  }
  void see(const TraceEvent& event, const ProcessRestarted&) {
    close_standstill(event, StandstillSpan::Kind::crashed);
  }
  void see(const TraceEvent& event, const LinkCut& what) {
    timeline_.cuts.push_back({event.process, what.to, what.holds, {event.at, timeline_.end}, true});
  }
  void see(const TraceEvent& event, const LinkHealed& what) {
    for (CutSpan& cut : timeline_.cuts)
      if (cut.open && cut.from == event.process && cut.to == what.to) close(cut, event.at);
  }
  void see(const TraceEvent& event, const ClockChanged& what) {
    timeline_.clocks.push_back({event.process, event.at, what});
  }

  // ---- calls ----

  void see(const TraceEvent& event, const CallBegan& what) {
    open_calls_[{event.process, what.call}] = timeline_.calls.size();
    timeline_.calls.push_back(
        {event.process, what.to, what.kind, what.subject, index_, index_, true, {}, {}});
  }
  void see(const TraceEvent& event, const CallEnded& what) {
    const auto found = open_calls_.find({event.process, what.call});
    if (found == open_calls_.end()) return;
    CallSpan& call = timeline_.calls[found->second];
    call.ended = index_;
    call.open = false;
    call.outcome = what.outcome;
    open_calls_.erase(found);
  }
  void see(const TraceEvent& event, const MessageSent& what) {
    // The request of a call: it follows from the decision to call.
    const TraceEvent* cause = event_of(event.cause);
    const auto* began = cause == nullptr ? nullptr : std::get_if<CallBegan>(&cause->what);
    if (began == nullptr || cause->process != event.process || began->to != what.to) return;
    const auto call = open_calls_.find({event.process, began->call});
    if (call != open_calls_.end()) requests_[what.message] = call->second;
  }
  void see(const TraceEvent&, const MessageDuplicated& what) {
    const auto request = requests_.find(what.message);
    if (request != requests_.end()) requests_[what.copy] = request->second;
  }
  /// Something was done at a service: by the call whose request led to it.
  void note_effect(const TraceEvent& event, CallSpan::Effect effect) {
    constexpr int kFarthest =
        8;  // a script does a few things at once, one following from the other
    const TraceEvent* cause = &event;
    for (int step = 0; step < kFarthest; ++step) {
      cause = event_of(cause->cause);
      if (cause == nullptr || cause->process != event.process) return;
      const auto* delivered = std::get_if<MessageDelivered>(&cause->what);
      if (delivered == nullptr) continue;
      const auto request = requests_.find(delivered->message);
      if (request == requests_.end()) return;
      CallSpan& call = timeline_.calls[request->second];
      if (call.effect == CallSpan::Effect::none) call.effect = effect;
      timeline_.acts.push_back({event.seq, call.client});
      return;
    }
  }

  // ---- beliefs ----

  void see(const TraceEvent& event, const LockRequested& what) {
    attempt_of(event, what.attempt, what.lock).quorum = std::max<std::uint32_t>(what.quorum, 1);
    attempt_of(event, what.attempt, what.lock).of = what.of;
  }
  void see(const TraceEvent& event, const LockGranted& what) {
    begin_belief(event, what.attempt, what.lock, what.token, what.promise_until);
  }
  void see(const TraceEvent& event, const LockRefused& what) {
    timeline_.refusals.push_back({event.process, what.lock, event.at});
  }
  void see(const TraceEvent& event, const LockAssumed& what) {
    begin_belief(event, what.attempt, what.lock, {}, event.at);  // nobody promised anything
    timeline_.beliefs.back().assumed = true;
  }
  void see(const TraceEvent&, const LeaseExtended& what) {
    BeliefSpan* belief = open_belief(what.attempt);
    if (belief == nullptr || belief->release_began != kEndOfTime) return;  // too late to promise
    belief->promise_until = what.promise_until;
  }
  void see(const TraceEvent& event, const BeliefEnded& what) {
    if (BeliefSpan* belief = open_belief(what.attempt)) end_belief(*belief, event.at, what.why);
  }
  void see(const TraceEvent& event, const ReleaseBegan& what) {
    if (BeliefSpan* belief = open_belief(what.attempt)) belief->release_began = event.at;
  }
  void see(const TraceEvent& event, const LockReleased& what) {
    if (BeliefSpan* belief = open_belief(what.attempt))
      end_belief(*belief, event.at, BeliefEnd::released);
  }

  // ---- keys ----

  void see(const TraceEvent& event, const KeyStored& what) {
    note_effect(event, CallSpan::Effect::stored);
    if (what.rank != 0) stand_in_line(event, what);
    const auto key = std::pair(place_of(event, what), what.key);
    const auto held = holdings_.find(key);
    if (held != holdings_.end()) {
      if (held->second.attempt == what.attempt) {  // stored anew: one holding goes on
        held->second.expires = what.expires;
        held->second.dead_at = dead_at(what.expires_at);
        return;
      }
      drop(held, event.at, RemovalReason::overwritten, what.attempt);
    }
    if (what.attempt)
      holdings_[key] = {what.attempt, event.at, what.expires, dead_at(what.expires_at),
                        what.store,   what.rank};
  }
  void see(const TraceEvent& event, const KeyExtended& what) {
    note_effect(event, CallSpan::Effect::extended);
    const auto held = holdings_.find({place_of(event, what), what.key});
    if (held == holdings_.end() || held->second.attempt != what.attempt) return;
    held->second.expires = true;
    held->second.dead_at = dead_at(what.expires_at);
  }
  void see(const TraceEvent& event, const KeyRemoved& what) {
    if (what.by) note_effect(event, CallSpan::Effect::removed);
    // Its owner writes it anew in this same instant: a renewal, not a loss.
    if (what.why == RemovalReason::overwritten && what.by == what.attempt) return;
    leave_line(event, what);
    const auto held = holdings_.find({place_of(event, what), what.key});
    if (held == holdings_.end() || held->second.attempt != what.attempt) return;
    drop(held, event.at, what.why, what.by == what.attempt ? AttemptId{} : what.by);
  }
  void see(const TraceEvent& event, const TokenIssued&) {
    note_effect(event, CallSpan::Effect::counted);
  }

  // ---- keys that stand in line ----

  void stand_in_line(const TraceEvent& event, const KeyStored& what) {
    const Attempt* attempt = timeline_.attempt(what.attempt);
    if (attempt == nullptr) return;
    Line& line = lines_[{what.store, attempt->lock}];
    line.keys[what.rank] = {what.key, what.attempt};
    settle(line, event.at, {}, {});
  }
  void leave_line(const TraceEvent& event, const KeyRemoved& what) {
    const Attempt* attempt = timeline_.attempt(what.attempt);
    if (attempt == nullptr) return;
    const auto line = lines_.find({what.store, attempt->lock});
    if (line == lines_.end()) return;
    std::erase_if(line->second.keys, [&](const auto& each) {
      return each.second == std::pair(what.key, what.attempt);
    });
    settle(line->second, event.at, what.why, what.by == what.attempt ? AttemptId{} : what.by);
  }
  /// The first in line owns the lock.
  void settle(Line& line, Instant now, RemovalReason why, AttemptId taken_by, bool open = false) {
    const AttemptId first =
        line.keys.empty() || open ? AttemptId{} : line.keys.begin()->second.second;
    if (first == line.owner) return;
    if (line.owner && now > line.since) {
      steps_[line.owner].push_back({line.since, true, {}, {}, {}, false});
      steps_[line.owner].push_back({now, false, {}, why, taken_by, open});
    }
    line.owner = first;
    line.since = now;
  }

  // ---- storage ----

  void see(const TraceEvent& event, const WriteAccepted& what) {
    note_effect(event, CallSpan::Effect::written);
    add_write(event, what, true);
  }
  void see(const TraceEvent& event, const WriteRejected& what) {
    note_effect(event, CallSpan::Effect::refused);
    add_write(event, what, false);
  }
  void see(const TraceEvent& event, const ReadServed&) {
    note_effect(event, CallSpan::Effect::read);
  }
  template <class Write>
  void add_write(const TraceEvent& event, const Write& what, bool accepted) {
    const bool blamed =
        accepted && std::any_of(recording_.findings.begin(), recording_.findings.end(),
                                [&](const Finding& f) { return accused(f) == event.seq; });
    ProcessId client = timeline_.client_of(what.attempt);
    if (!client) client = timeline_.client_of(event.seq);
    timeline_.writes.push_back({index_, event.at, event.process, client, what.subject, what.token,
                                what.highest, accepted, blamed});
  }

  /// The write that a finding is about: of those among its proof, the last. The others are what it
  /// should have come before.
  EventSeq accused(const Finding& finding) const {
    EventSeq last;
    for (const EventSeq seq : finding.events) {
      const TraceEvent* proof = event_of(seq);
      if (proof != nullptr && std::holds_alternative<WriteAccepted>(proof->what))
        last = std::max(last, seq);
    }
    return last;
  }

  // ---- helpers ----

  const TraceEvent* event_of(EventSeq seq) const {
    const std::vector<TraceEvent>& events = recording_.events;
    const std::size_t guess = static_cast<std::size_t>(seq.number - 1);  // none wraps around
    if (guess < events.size() && events[guess].seq == seq) return &events[guess];
    const auto place = std::lower_bound(
        events.begin(), events.end(), seq,
        [](const TraceEvent& event, EventSeq wanted) { return event.seq < wanted; });
    return place == events.end() || place->seq != seq ? nullptr : &*place;
  }

  template <class Span>
  static void close(Span& span, Instant at) {
    span.span.until = at;
    span.open = false;
  }
  void close_standstill(const TraceEvent& event, StandstillSpan::Kind kind) {
    for (StandstillSpan& span : timeline_.standstills)
      if (span.open && span.process == event.process && span.kind == kind) close(span, event.at);
  }

  Attempt& attempt_of(const TraceEvent& event, AttemptId id, Symbol lock) {
    std::vector<Attempt>& attempts = timeline_.attempts;
    auto place = std::lower_bound(
        attempts.begin(), attempts.end(), id,
        [](const Attempt& attempt, AttemptId wanted) { return attempt.id < wanted; });
    if (place == attempts.end() || place->id != id)
      place = attempts.insert(place, Attempt{id, event.process, lock});
    return *place;
  }

  void begin_belief(const TraceEvent& event, AttemptId attempt, Symbol lock, FencingToken token,
                    Instant promise_until) {
    attempt_of(event, attempt, lock);
    if (BeliefSpan* before = open_belief(attempt)) end_belief(*before, event.at, BeliefEnd::told);
    BeliefSpan belief;
    belief.client = event.process;
    belief.lock = lock;
    belief.attempt = attempt;
    belief.token = token;
    belief.span = {event.at, timeline_.end};
    belief.open = true;
    belief.promise_until = promise_until;
    timeline_.beliefs.push_back(std::move(belief));
  }

  BeliefSpan* open_belief(AttemptId attempt) {
    std::vector<BeliefSpan>& beliefs = timeline_.beliefs;
    const auto found = std::find_if(beliefs.rbegin(), beliefs.rend(), [&](const BeliefSpan& b) {
      return b.open && b.attempt == attempt;
    });
    return found == beliefs.rend() ? nullptr : &*found;
  }
  static void end_belief(BeliefSpan& belief, Instant at, BeliefEnd why) {
    close(belief, at);
    belief.why = why;
  }

  void watch_clock(const TraceEvent& event) {
    if (!event.process) return;
    SeenClock& clock = clocks_[event.process];
    const auto* change = std::get_if<ClockChanged>(&event.what);
    expire(event.process, clock, event.at, event.wall, change != nullptr);
    if (change != nullptr)
      clock.see_change(event.at, event.wall, *change);
    else
      clock.see(event.at, event.wall);
  }

  void expire(ProcessId node, const SeenClock& clock, Instant now, WallInstant wall, bool changed) {
    auto held = holdings_.lower_bound({node, Symbol{}});
    while (held != holdings_.end() && held->first.first == node) {
      const auto next = std::next(held);
      if (held->second.expires)
        if (const auto at = clock.passed(held->second.dead_at, now, wall, changed))
          drop(held, std::max(*at, held->second.from), RemovalReason::expired, {});
      held = next;
    }
  }

  /// A replicated store's keys are on none of its servers in particular.
  template <class KeyEvent>
  static ProcessId place_of(const TraceEvent& event, const KeyEvent& what) {
    return what.store ? ProcessId{} : event.process;
  }

  using Holdings = std::map<std::pair<ProcessId, Symbol>, Holding>;

  void drop(Holdings::iterator held, Instant at, RemovalReason why, AttemptId taken_by,
            bool open = false) {
    const Holding& holding = held->second;
    std::vector<Step>& steps = steps_[holding.attempt];
    // What came and went at once was never to be seen.
    if (at > holding.from) {
      timeline_.keys.push_back({held->first.first,
                                holding.store,
                                held->first.second,
                                holding.attempt,
                                timeline_.client_of(holding.attempt),
                                {holding.from, at},
                                open,
                                why,
                                holding.rank});
      if (holding.rank == 0) {  // who is the first in line is settled where the line is kept
        steps.push_back({holding.from, true, held->first.first, {}, {}, false});
        steps.push_back({at, false, held->first.first, why, taken_by, open});
      }
    }
    holdings_.erase(held);
  }

  void finish() {
    for (auto& [node, clock] : clocks_)
      expire(node, clock, timeline_.end, clock.foreseen(timeline_.end), false);
    for (auto& [place, line] : lines_) settle(line, timeline_.end, {}, {}, true);
    while (!holdings_.empty()) drop(holdings_.begin(), timeline_.end, {}, {}, true);
    std::stable_sort(timeline_.keys.begin(), timeline_.keys.end(),
                     [](const KeySpan& a, const KeySpan& b) { return a.span.from < b.span.from; });
    for (auto& [attempt, steps] : steps_) add_ownerships(attempt, steps);
    std::stable_sort(
        timeline_.ownerships.begin(), timeline_.ownerships.end(),
        [](const OwnershipSpan& a, const OwnershipSpan& b) { return a.span.from < b.span.from; });
    for (BeliefSpan& belief : timeline_.beliefs) belief.wrong = wrong_parts(belief);
  }

  void add_ownerships(AttemptId id, std::vector<Step>& steps) {
    const Attempt* attempt = timeline_.attempt(id);
    if (attempt == nullptr) return;
    // What ends goes before what begins: two nodes that change at once are never both counted.
    std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
      return std::pair(a.at, a.begins) < std::pair(b.at, b.begins);
    });
    std::map<ProcessId, std::uint32_t> keys;  // on a node: an attempt may have several
    std::uint32_t nodes = 0;
    Instant since{};
    bool owns = false;
    for (const Step& step : steps) {
      std::uint32_t& held = keys[step.node];
      if (step.begins)
        nodes += held++ == 0 ? 1u : 0u;
      else
        nodes -= --held == 0 ? 1u : 0u;
      if (!owns && nodes >= attempt->quorum) {
        owns = true;
        since = step.at;
      }
      if (!owns || nodes >= attempt->quorum) continue;
      owns = false;
      timeline_.ownerships.push_back({attempt->lock,
                                      id,
                                      attempt->client,
                                      {since, step.at},
                                      step.open,
                                      step.why,
                                      step.taken_by,
                                      nodes});
    }
  }

  std::vector<Interval> wrong_parts(const BeliefSpan& belief) const {
    const Instant last = std::min(belief.span.until, belief.release_began);
    std::vector<Interval> parts{{belief.span.from, last}};
    // A lock whose keys the trace does not show can only be judged by its promise.
    if (steps_.contains(belief.attempt)) {
      for (const OwnershipSpan& own : timeline_.ownerships)
        if (own.attempt == belief.attempt) cut_out(parts, own.span);
    } else {
      cut_out(parts, {belief.span.from, last});
    }
    if (belief.promise_until < last)
      add(parts, {std::max(belief.promise_until, belief.span.from), last});
    for (const OwnershipSpan& own : timeline_.ownerships)
      if (own.lock == belief.lock && own.attempt != belief.attempt)
        add(parts, {std::max(own.span.from, belief.span.from), std::min(own.span.until, last)});
    return merged(std::move(parts));
  }

  static void cut_out(std::vector<Interval>& parts, Interval hole) {
    std::vector<Interval> rest;
    for (const Interval& part : parts) {
      add(rest, {part.from, std::min(part.until, hole.from)});
      add(rest, {std::max(part.from, hole.until), part.until});
    }
    parts = std::move(rest);
  }
  static void add(std::vector<Interval>& parts, Interval part) {
    if (part.from < part.until) parts.push_back(part);
  }
  static std::vector<Interval> merged(std::vector<Interval> parts) {
    std::sort(parts.begin(), parts.end(),
              [](const Interval& a, const Interval& b) { return a.from < b.from; });
    std::vector<Interval> out;
    for (const Interval& part : parts) {
      if (!out.empty() && part.from <= out.back().until)
        out.back().until = std::max(out.back().until, part.until);
      else
        out.push_back(part);
    }
    return out;
  }

  const Recording& recording_;
  Timeline timeline_;
  std::size_t index_ = 0;
  std::map<std::pair<ProcessId, CallId>, std::size_t> open_calls_;
  std::map<MessageId, std::size_t> requests_;  // the call that a message belongs to
  std::map<ProcessId, SeenClock> clocks_;
  Holdings holdings_;
  std::map<std::pair<Symbol, Symbol>, Line> lines_;  // by store and lock
  std::map<AttemptId, std::vector<Step>> steps_;
};

}  // namespace

const Attempt* Timeline::attempt(AttemptId id) const {
  const auto place = std::lower_bound(
      attempts.begin(), attempts.end(), id,
      [](const Attempt& candidate, AttemptId wanted) { return candidate.id < wanted; });
  return place == attempts.end() || place->id != id ? nullptr : &*place;
}

ProcessId Timeline::client_of(AttemptId id) const {
  const Attempt* found = attempt(id);
  return found == nullptr ? ProcessId{} : found->client;
}

ProcessId Timeline::client_of(EventSeq service_event) const {
  const auto place =
      std::lower_bound(acts.begin(), acts.end(), service_event,
                       [](const ServiceAct& act, EventSeq wanted) { return act.event < wanted; });
  return place == acts.end() || place->event != service_event ? ProcessId{} : place->client;
}

const BeliefSpan* Timeline::belief_of(AttemptId attempt) const {
  for (const BeliefSpan& belief : beliefs)
    if (belief.attempt == attempt) return &belief;
  return nullptr;
}

Timeline make_timeline(const Recording& recording) { return Builder(recording).build(); }

}  // namespace locklab
