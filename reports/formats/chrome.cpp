// The JSON that chrome://tracing and Perfetto read. Each process of the run is one of theirs; the
// faults of the schedule and the findings have one too. Times are microseconds with three decimals,
// so nothing is rounded.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "reports/fields.hpp"
#include "reports/formats/formats.hpp"
#include "reports/json_writer.hpp"
#include "reports/narrator.hpp"
#include "reports/timeline.hpp"

namespace locklab {
namespace {

std::string in_microseconds(std::int64_t nanoseconds) {
  const std::string_view sign = nanoseconds < 0 ? "-" : "";
  const std::uint64_t size =
      nanoseconds < 0 ? 0 - static_cast<std::uint64_t>(nanoseconds) : std::uint64_t(nanoseconds);
  return fmt::format("{}{}.{:03}", sign, size / 1000, size % 1000);
}

class Trace {
 public:
  Trace(const Recording& recording, std::string& out)
      : recording_(recording),
        timeline_(make_timeline(recording)),
        narrator_(recording, timeline_),
        names_(unique_process_names(recording)),
        json_(out) {}

  void write() {
    json_.begin_object().key("traceEvents").begin_list();
    processes();
    beliefs();
    ownerships();
    standstills();
    cuts();
    calls();
    findings();
    lease_counters();
    for (const TraceEvent& event : recording_.events) one(event);
    json_.end_lines();
  }

 private:
  // The world and the locks have process numbers after all others.
  std::uint64_t pid(ProcessId process) const { return process ? process.number : world(); }
  std::uint64_t world() const { return recording_.processes.size() + 1; }
  std::uint64_t locks() const { return recording_.processes.size() + 2; }

  JsonWriter& begin(std::string_view phase, std::string_view name, std::uint64_t pid, Instant at) {
    json_.line().begin_object();
    json_.field("ph", phase).field("name", name).field("pid", pid).field("tid", pid);
    return json_.key("ts").raw(in_microseconds(at.time_since_epoch().count()));
  }

  void processes() {
    const auto named = [this](std::uint64_t pid, std::string_view name, std::uint64_t place) {
      for (const std::string_view what : {"process_name", "thread_name"}) {
        begin("M", what, pid, Instant{}).key("args").begin_object();
        json_.field("name", name).end_object().end_object();
      }
      begin("M", "process_sort_index", pid, Instant{}).key("args").begin_object();
      json_.field("sort_index", place).end_object().end_object();
    };
    named(world(), "faults and findings", 0);
    named(locks(), "owners of locks", 1);
    for (std::uint64_t number = 1; number <= names_.size(); ++number)
      named(number, names_[number - 1], number + 1);
  }

  /// An asynchronous slice: those of one process may overlap in any way.
  template <class Args>
  void slice(std::string_view category, std::string_view id, std::string_view name,
             std::uint64_t pid, Interval span, Args args) {
    begin("b", name, pid, span.from).field("cat", category).field("id", id);
    json_.key("args").begin_object();
    args();
    json_.end_object().end_object();
    begin("e", name, pid, span.until).field("cat", category).field("id", id).end_object();
  }

  void beliefs() {
    for (const BeliefSpan& belief : timeline_.beliefs) {
      const std::string id = fmt::format("belief-{}", belief.attempt.number);
      const std::string name =
          fmt::format("believes to hold {}", recording_.names.text(belief.lock));
      slice("belief", id, name, pid(belief.client), belief.span, [&] {
        json_.field("attempt", belief.attempt.number);
        if (belief.token) json_.field("token", belief.token.number);
        json_.field("promise_until_ns", belief.promise_until);
        json_.field("assumed", belief.assumed);
        json_.field("ended_by", belief.open ? "the end of the run" : to_string(belief.why));
      });
      for (const Interval& part : belief.wrong)
        slice("belief", id, "believes wrongly", pid(belief.client), part, [] {});
    }
  }

  void ownerships() {
    std::size_t number = 0;
    for (const OwnershipSpan& own : timeline_.ownerships)
      slice("ownership", fmt::format("ownership-{}", ++number),
            fmt::format("{}: {}", recording_.names.text(own.lock), client(own.client)), locks(),
            own.span, [&] { json_.field("attempt", own.attempt.number); });
  }

  std::string client(ProcessId process) const {
    return process && process.number <= names_.size() ? names_[process.number - 1]
                                                      : std::string("somebody");
  }

  void standstills() {
    std::size_t number = 0;
    for (const StandstillSpan& still : timeline_.standstills)
      slice("fault", fmt::format("standstill-{}", ++number),
            still.kind == StandstillSpan::Kind::crashed     ? "down"
            : still.kind == StandstillSpan::Kind::suspended ? "suspended"
                                                            : "paused",
            pid(still.process), still.span, [] {});
  }

  void cuts() {
    std::size_t number = 0;
    for (const CutSpan& cut : timeline_.cuts)
      slice("fault", fmt::format("cut-{}", ++number), "cut off from " + client(cut.to),
            pid(cut.from), cut.span, [&] { json_.field("holds_messages", cut.holds); });
  }

  void calls() {
    std::size_t number = 0;
    for (const CallSpan& call : timeline_.calls) {
      const Interval span{recording_.events[call.began].at,
                          call.open ? timeline_.end : recording_.events[call.ended].at};
      slice("call", fmt::format("call-{}", ++number),
            fmt::format("{} to {}", recording_.names.text(call.kind), client(call.to)),
            pid(call.client), span, [&] {
              json_.field("subject", recording_.names.text(call.subject));
              json_.field("outcome", call.open                    ? "not answered"
                                     : call.outcome == Errc::none ? "answered"
                                                                  : to_string(call.outcome));
            });
    }
  }

  void findings() {
    std::size_t number = 0;
    for (const Finding& finding : recording_.findings)
      slice("finding", fmt::format("finding-{}", ++number), finding.invariant, world(),
            {finding.from, std::min(finding.until, std::max(timeline_.end, finding.from))}, [&] {
              json_.field("what", finding.what);
              json_.field("subject", recording_.names.text(finding.subject));
            });
  }

  // ---- counters ----

  template <class Number>
  void counter(std::string_view name, std::string_view unit, std::uint64_t pid, Instant at,
               Number value) {
    begin("C", name, pid, at).key("args").begin_object();
    json_.field(unit, value).end_object().end_object();
  }

  /// What is left of the promise, as a staircase of fifty steps.
  void lease_counters() {
    constexpr std::int64_t kSteps = 50;
    for (const BeliefSpan& belief : timeline_.beliefs) {
      const std::string name = fmt::format("lease left of attempt {}", belief.attempt.number);
      std::vector<std::pair<Instant, Instant>> promised;  // from when on, until when
      for (const TraceEvent& event : recording_.events) {
        if (const auto* granted = std::get_if<LockGranted>(&event.what))
          if (granted->attempt == belief.attempt)
            promised.emplace_back(event.at, granted->promise_until);
        if (const auto* extended = std::get_if<LeaseExtended>(&event.what))
          if (extended->attempt == belief.attempt)
            promised.emplace_back(event.at, extended->promise_until);
      }
      for (std::size_t i = 0; i < promised.size(); ++i) {
        const auto [from, until] = promised[i];
        if (until == kEndOfTime) continue;  // it lasts until it is released
        Instant last = std::min(until, belief.span.until);
        if (i + 1 < promised.size()) last = std::min(last, promised[i + 1].first);
        const std::int64_t step = std::max<std::int64_t>((until - from).count() / kSteps, 1);
        for (std::int64_t at = 0; at <= kSteps + 1; ++at) {
          const Instant moment = std::min(from + Duration{at * step}, last);
          const bool over = i + 1 == promised.size() && moment == last;
          counter(name, "us", pid(belief.client), moment,
                  over ? std::int64_t{0} : (until - moment).count() / 1000);
          if (moment == last) break;
        }
      }
    }
  }

  void tokens(const TraceEvent& event, FencingToken token, FencingToken highest, bool accepted) {
    if (!token && !highest) return;
    counter("token presented", "token", pid(event.process), event.at, token.number);
    counter("highest token", "token", pid(event.process), event.at,
            accepted ? std::max(token, highest).number : highest.number);
  }

  // ---- every event ----

  void one(const TraceEvent& event) {
    if (const auto* sent = std::get_if<MessageSent>(&event.what)) {
      moment(event, fmt::format("send {}", recording_.names.text(sent->kind)));
      flow("s", event, sent->kind, sent->message);
    } else if (const auto* delivered = std::get_if<MessageDelivered>(&event.what)) {
      moment(event, fmt::format("receive {}", recording_.names.text(delivered->kind)));
      flow("f", event, delivered->kind, delivered->message);
    } else if (const auto* doubled = std::get_if<MessageDuplicated>(&event.what)) {
      moment(event, fmt::format("duplicate {}", recording_.names.text(doubled->kind)));
      flow("s", event, doubled->kind, doubled->copy);
    } else {
      begin("i", narrator_.sentence(event), pid(event.process), event.at);
      json_.field("cat", payload_name(event.what));
      json_.field("s", event.process ? "t" : "g");
      arguments(event);
      json_.end_object();
      if (const auto* write = std::get_if<WriteAccepted>(&event.what))
        tokens(event, write->token, write->highest, true);
      if (const auto* write = std::get_if<WriteRejected>(&event.what))
        tokens(event, write->token, write->highest, false);
      if (const auto* issued = std::get_if<TokenIssued>(&event.what))
        counter("token issued", "token", pid(event.process), event.at, issued->token.number);
    }
  }

  /// A flow is bound to the slice in which it begins or ends: one of a nanosecond, the shortest.
  void moment(const TraceEvent& event, std::string_view name) {
    begin("X", name, pid(event.process), event.at).key("dur").raw("0.001");
    json_.field("cat", "message");
    arguments(event);
    json_.end_object();
  }
  void flow(std::string_view phase, const TraceEvent& event, Symbol kind, MessageId message) {
    begin(phase, recording_.names.text(kind), pid(event.process), event.at);
    json_.field("cat", "message").field("id", message.number);
    if (phase == "f") json_.field("bp", "e");
    json_.end_object();
  }

  void arguments(const TraceEvent& event) {
    json_.key("args").begin_object();
    json_.field("seq", event.seq.number);
    if (event.cause) json_.field("cause", event.cause.number);
    for (const Field& field : fields_of(event, recording_))
      if (field.kind != Field::Kind::none) json_.field(field.name, field.text);
    json_.end_object();
  }

  const Recording& recording_;
  Timeline timeline_;
  Narrator narrator_;
  std::vector<std::string> names_;
  JsonWriter json_;
};

}  // namespace

void write_chrome(const Recording& recording, const TextOptions&, std::string& out) {
  Trace(recording, out).write();
  std::string rest;
  JsonWriter json(rest);
  json.begin_object();
  json.field("scenario", recording.scenario).field("title", recording.title);
  json.field("seed", fmt::format("{}", recording.seed));
  json.field("digest", fmt::format("{:016x}", recording.digest));
  json.field("locklab", recording.version).end_object();
  out += fmt::format(",\n\"displayTimeUnit\":\"ms\",\"otherData\":{}}}\n", rest);
}

}  // namespace locklab
