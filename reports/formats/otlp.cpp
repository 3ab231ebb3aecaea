// The run as a distributed trace [OpenTelemetry protocol 1.x, JSON encoding]. Each process of the
// run is a service. A trace begins where a client asks for a lock, and holds what follows from
// that: its attempt, its belief, its calls, and what the servers did for them. What belongs to no
// attempt (the schedule's faults, findings, pauses) is in one trace of the run's own.
//
// Collectors refuse times near 1970, so the run is set on the first of January 2000, UTC. Ids are
// made from the run's digest, so the same run gives the same file.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "reports/fields.hpp"
#include "reports/formats/formats.hpp"
#include "reports/json_writer.hpp"
#include "reports/narrator.hpp"
#include "reports/timeline.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

constexpr std::uint64_t kStart = 946'684'800'000'000'000;  // 2000-01-01T00:00:00Z

/// Of OpenTelemetry's enumeration.
enum class SpanKind : int { internal = 1, server = 2, client = 3 };

struct SpanEvent {
  Instant at{};
  std::string name;
};

struct Span {
  std::uint64_t trace = 0;   // what its id is made of
  std::uint64_t number = 0;  // not zero; of the span
  std::uint64_t parent = 0;  // zero: none
  ProcessId process;         // none: the run itself
  SpanKind kind = SpanKind::internal;
  std::string name;
  Interval span{};
  bool failed = false;
  std::string message;  // why it failed
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<SpanEvent> events;
};

class Tracer {
 public:
  explicit Tracer(const Recording& recording)
      : recording_(recording),
        timeline_(make_timeline(recording)),
        narrator_(recording, timeline_),
        attempt_at_(recording.events.size()) {}

  std::vector<Span> spans() {
    follow_attempts();
    attempts();
    beliefs();
    calls();
    served();
    standstills();
    findings();
    return std::move(spans_);
  }

 private:
  // Span numbers by what they are for; each kind has a range of its own.
  static std::uint64_t number(std::uint64_t kind, std::uint64_t of) {
    return kind << 56 | (of + 1);
  }
  static std::uint64_t acquire_span(AttemptId attempt) { return number(1, attempt.number); }
  static std::uint64_t belief_span(AttemptId attempt) { return number(2, attempt.number); }
  static std::uint64_t call_span(std::size_t event) { return number(3, event); }

  /// For each event the attempt from whose request it follows by causes alone.
  void follow_attempts() {
    const std::vector<TraceEvent>& events = recording_.events;
    for (std::size_t index = 0; index < events.size(); ++index) {
      if (const auto* requested = std::get_if<LockRequested>(&events[index].what)) {
        attempt_at_[index] = requested->attempt;
        continue;
      }
      const std::size_t cause = index_of(events[index].cause, events);
      if (cause < index) attempt_at_[index] = attempt_at_[cause];
    }
  }

  std::string text(Symbol symbol) const { return std::string(recording_.names.text(symbol)); }

  void attempts() {
    std::map<AttemptId, std::size_t> open;
    const auto end = [&](AttemptId attempt, const TraceEvent& event, Errc why, bool granted) {
      const auto found = open.find(attempt);
      if (found == open.end()) return;
      Span& span = spans_[found->second];
      open.erase(found);
      span.span.until = event.at;
      span.failed = !granted;
      if (!granted) span.message = to_string(why);
      span.attributes.emplace_back("locklab.outcome", granted ? "granted" : "refused");
    };
    for (const TraceEvent& event : recording_.events) {
      if (const auto* requested = std::get_if<LockRequested>(&event.what)) {
        open[requested->attempt] = spans_.size();
        Span span;
        span.trace = requested->attempt.number;
        span.number = acquire_span(requested->attempt);
        span.process = event.process;
        span.name = "acquire " + text(requested->lock);
        span.span = {event.at, timeline_.end};
        span.attributes = {{"locklab.lock", text(requested->lock)},
                           {"locklab.attempt", fmt::format("{}", requested->attempt.number)},
                           {"locklab.ttl", to_string(requested->ttl)},
                           {"locklab.quorum", fmt::format("{}", requested->quorum)}};
        spans_.push_back(std::move(span));
      } else if (const auto* granted = std::get_if<LockGranted>(&event.what)) {
        end(granted->attempt, event, Errc::none, true);
      } else if (const auto* refused = std::get_if<LockRefused>(&event.what)) {
        end(refused->attempt, event, refused->why, false);
      }
    }
  }

  void beliefs() {
    for (const BeliefSpan& belief : timeline_.beliefs) {
      Span span;
      span.trace = belief.attempt.number;
      span.number = belief_span(belief.attempt);
      span.parent = acquire_span(belief.attempt);
      span.process = belief.client;
      span.name = "believe to hold " + text(belief.lock);
      span.span = belief.span;
      span.attributes = {{"locklab.lock", text(belief.lock)},
                         {"locklab.attempt", fmt::format("{}", belief.attempt.number)},
                         {"locklab.ended_by",
                          std::string(belief.open ? "end of the run" : to_string(belief.why))}};
      if (belief.token)
        span.attributes.emplace_back("locklab.token", fmt::format("{}", belief.token.number));
      for (const Interval& part : belief.wrong) {
        span.events.push_back({part.from, "the belief is wrong from here on"});
        span.events.push_back({part.until, "the belief is no longer wrong"});
      }
      span.failed = !belief.wrong.empty();
      if (span.failed) span.message = "believed wrongly";
      // A belief without a request (in a recording that somebody cut) has no parent.
      if (timeline_.attempt(belief.attempt) == nullptr) span.parent = 0;
      spans_.push_back(std::move(span));
    }
  }

  void calls() {
    for (const CallSpan& call : timeline_.calls) {
      const TraceEvent& began = recording_.events[call.began];
      const AttemptId attempt = attempt_at_[call.began];
      Span span;
      span.trace = attempt.number;
      span.number = call_span(call.began);
      span.parent = attempt ? acquire_span(attempt) : 0;
      span.process = call.client;
      span.kind = SpanKind::client;
      span.name = text(call.kind);
      span.span = {began.at, call.open ? timeline_.end : recording_.events[call.ended].at};
      span.attributes = {{"peer.service", process_text(call.to, recording_)},
                         {"locklab.subject", text(call.subject)}};
      span.failed = call.open || call.outcome != Errc::none;
      if (span.failed)
        span.message =
            call.open ? std::string("not answered") : std::string(to_string(call.outcome));
      spans_.push_back(std::move(span));
    }
  }

  /// What a server did from the delivery of a request to its answer.
  void served() {
    const std::vector<TraceEvent>& events = recording_.events;
    for (std::size_t index = 0; index < events.size(); ++index) {
      if (!std::holds_alternative<MessageDelivered>(events[index].what)) continue;
      const std::size_t sent = index_of(events[index].cause, events);
      if (sent >= index) continue;
      const std::size_t began = index_of(events[sent].cause, events);
      if (began >= sent || !std::holds_alternative<CallBegan>(events[began].what)) continue;
      const auto& delivered = std::get<MessageDelivered>(events[index].what);
      Span span;
      span.trace = attempt_at_[began].number;
      span.number = number(4, index);
      span.parent = call_span(began);
      span.process = events[index].process;
      span.kind = SpanKind::server;
      span.name = text(delivered.kind);
      span.span = {events[index].at, events[index].at};
      std::size_t last = index;
      for (std::size_t next = index + 1; next < events.size() && next < index + 64; ++next) {
        if (events[next].process != span.process) continue;
        if (events[next].cause != events[last].seq) continue;
        last = next;
        span.span.until = events[next].at;
        if (std::holds_alternative<MessageSent>(events[next].what)) break;
        span.events.push_back({events[next].at, narrator_.sentence(events[next])});
      }
      spans_.push_back(std::move(span));
    }
  }

  void standstills() {
    std::uint64_t count = 0;
    for (const StandstillSpan& still : timeline_.standstills) {
      Span span;
      span.number = number(5, count++);
      span.process = still.process;
      span.name = still.kind == StandstillSpan::Kind::crashed     ? "down"
                  : still.kind == StandstillSpan::Kind::suspended ? "suspended"
                                                                  : "paused";
      span.span = still.span;
      spans_.push_back(std::move(span));
    }
  }

  void findings() {
    Span run;
    run.number = number(7, 0);
    run.name = "run of " + recording_.scenario;
    run.span = {Instant{}, timeline_.end};
    for (const TraceEvent& event : recording_.events)
      if (!event.process) run.events.push_back({event.at, narrator_.sentence(event)});
    std::uint64_t count = 0;
    for (const Finding& finding : recording_.findings) {
      Span span;
      span.number = number(6, count++);
      span.parent = run.number;
      span.name = "violation of " + std::string(finding.invariant);
      span.span = {finding.from, std::max(finding.from, std::min(finding.until, timeline_.end))};
      span.failed = true;
      span.message = narrator_.sentence(finding);
      spans_.push_back(std::move(span));
    }
    spans_.push_back(std::move(run));
  }

  const Recording& recording_;
  Timeline timeline_;
  Narrator narrator_;
  std::vector<AttemptId> attempt_at_;
  std::vector<Span> spans_;
};

class Writer {
 public:
  Writer(const Recording& recording, std::string& out) : recording_(recording), json_(out) {}

  void write(const std::vector<Span>& spans) {
    json_.begin_object().key("resourceSpans").begin_list();
    for (std::uint32_t number = 0; number <= recording_.processes.size(); ++number) {
      const ProcessId process{number};
      const bool any = std::any_of(spans.begin(), spans.end(),
                                   [&](const Span& span) { return span.process == process; });
      if (!any) continue;
      json_.line().begin_object().key("resource").begin_object().key("attributes").begin_list();
      attribute("service.name", process ? recording_.processes[number - 1].name : "locklab");
      if (process) attribute("host.name", recording_.processes[number - 1].machine);
      attribute("locklab.scenario", recording_.scenario);
      attribute("locklab.seed", fmt::format("{}", recording_.seed));
      json_.end_list().end_object();
      json_.key("scopeSpans").begin_list().begin_object();
      json_.key("scope").begin_object().field("name", "locklab");
      json_.field("version", recording_.version).end_object();
      json_.key("spans").begin_list();
      for (const Span& span : spans)
        if (span.process == process) one(span);
      json_.end_list().end_object().end_list().end_object();
    }
    json_.end_lines().end_object();
  }

 private:
  /// 16 digits, never all zero.
  std::string id(std::uint64_t of) const {
    Digest digest;
    digest.absorb(recording_.digest);
    digest.absorb(of);
    return fmt::format("{:016x}", std::max<std::uint64_t>(digest.value(), 1));
  }

  static std::string time(Instant at) {
    return fmt::format("{}", kStart + static_cast<std::uint64_t>(at.time_since_epoch().count()));
  }

  void attribute(std::string_view key, std::string_view text) {
    json_.begin_object().field("key", key).key("value").begin_object();
    json_.field("stringValue", text).end_object().end_object();
  }

  void one(const Span& span) {
    json_.line().begin_object();
    json_.field("traceId", fmt::format("{:016x}{}", recording_.digest, id(~span.trace)));
    json_.field("spanId", id(span.number));
    json_.field("parentSpanId", span.parent == 0 ? std::string() : id(span.parent));
    json_.field("name", span.name).field("kind", static_cast<int>(span.kind));
    json_.field("startTimeUnixNano", time(span.span.from));
    json_.field("endTimeUnixNano", time(span.span.until));
    json_.key("attributes").begin_list();
    for (const auto& [key, text] : span.attributes) attribute(key, text);
    json_.end_list().key("events").begin_list();
    for (const SpanEvent& event : span.events) {
      json_.begin_object().field("timeUnixNano", time(event.at));
      json_.field("name", event.name).end_object();
    }
    json_.end_list().key("status").begin_object();
    if (span.failed) json_.field("code", 2).field("message", span.message);
    json_.end_object().end_object();
  }

  const Recording& recording_;
  JsonWriter json_;
};

}  // namespace

void write_otlp(const Recording& recording, const TextOptions&, std::string& out) {
  Writer(recording, out).write(Tracer(recording).spans());
  out += '\n';
}

}  // namespace locklab
