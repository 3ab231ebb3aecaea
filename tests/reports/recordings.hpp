// Recordings made by hand: the document's first and fourth scenario with the times of spec §4, and
// the means to make others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/recording.hpp"

namespace locklab::test {

/// 500us after zero: `ms(0.5)` without floating point.
inline Instant us(std::int64_t microseconds) {
  return Instant{std::chrono::microseconds{microseconds}};
}
inline Instant ms(std::int64_t milliseconds) {
  return Instant{std::chrono::milliseconds{milliseconds}};
}
inline WallInstant wall(Instant at) { return WallInstant{at.time_since_epoch()}; }

/// Collects events in any order; the finished recording has them by time.
class RecordingMaker {
 public:
  RecordingMaker(std::string scenario, std::string title) {
    recording.version = "0.1.0";
    recording.scenario = std::move(scenario);
    recording.title = std::move(title);
    recording.scenario_hash = "0123456789abcdef";
    recording.seed = 7;
    recording.stopped = "quiescent";
    recording.verdict = "as expected";
  }

  ProcessId process(std::string_view name, ProcessRole role) {
    recording.processes.push_back({std::string(name), std::string(name) + "-machine", role});
    return ProcessId{static_cast<std::uint32_t>(recording.processes.size())};
  }
  Symbol name(std::string_view text) { return recording.names.intern(text); }

  /// Clocks show true time. Returns a number for those that this event leads to.
  std::uint64_t event(Instant at, ProcessId process, TracePayload what, std::uint64_t cause = 0) {
    return event(at, process, wall(at), std::move(what), cause);
  }
  std::uint64_t event(Instant at, ProcessId process, WallInstant shows, TracePayload what,
                      std::uint64_t cause = 0) {
    // Until they are sorted, events are numbered as they come.
    const EventSeq number{recording.events.size() + 1};
    recording.events.push_back({number, EventSeq{cause}, at, process, shows, std::move(what)});
    return number.number;
  }

  /// A call of 1 ms: the server does `effect` after 500 us. None: it only answers.
  void call(Instant at, ProcessId client, ProcessId server, std::string_view kind,
            std::string_view subject, const TracePayload* effect = nullptr) {
    const CallId call{++calls_};
    const MessageId request{++messages_};
    const MessageId reply{++messages_};
    const Symbol what = name(kind);
    const Symbol answer = name(std::string(kind) + " reply");
    std::uint64_t last = event(at, client, CallBegan{call, server, what, name(subject)});
    last = event(at, client, MessageSent{request, server, what, name(subject)}, last);
    last = event(at + 500us, server, MessageDelivered{request, client, what}, last);
    if (effect != nullptr) last = event(at + 500us, server, *effect, last);
    last = event(at + 500us, server, MessageSent{reply, client, answer, name(subject)}, last);
    last = event(at + 1ms, client, MessageDelivered{reply, server, answer}, last);
    event(at + 1ms, client, CallEnded{call, server, what, Errc::none}, last);
  }

  /// A call that is never answered in time: the request is lost, the caller waits 50 ms.
  void lost_call(Instant at, ProcessId client, ProcessId server, std::string_view kind,
                 std::string_view subject) {
    const CallId call{++calls_};
    const MessageId request{++messages_};
    event(at, client, CallBegan{call, server, name(kind), name(subject)});
    event(at, client, MessageSent{request, server, name(kind), name(subject)});
    event(at, client, MessageLost{request, server, name(kind), LossReason::partition});
    event(at + 50ms, client, CallEnded{call, server, name(kind), Errc::timeout});
  }

  Recording finish(Instant ended) {
    std::stable_sort(recording.events.begin(), recording.events.end(),
                     [](const TraceEvent& a, const TraceEvent& b) { return a.at < b.at; });
    std::vector<EventSeq> place(recording.events.size() + 1);
    std::uint64_t seq = 0;
    for (const TraceEvent& event : recording.events) place[event.seq.number] = EventSeq{++seq};
    Digest digest;
    for (TraceEvent& event : recording.events) {
      event.seq = place[event.seq.number];
      event.cause = place[event.cause.number];
      std::visit(
          [&, &entry = event](const auto& payload) {
            digest.absorb(entry.at, entry.process, entry.cause, entry.wall, payload);
          },
          event.what);
    }
    recording.digest = digest.value();
    recording.ended = ended;
    recording.messages = messages_;
    return recording;
  }

  Recording recording;

 private:
  std::uint64_t calls_ = 0;
  std::uint64_t messages_ = 0;
};

/// Normal acquisition and release: five nodes, Redlock, TTL 10000ms [doc §4 scenario 1].
inline Recording document_scenario_1() {
  RecordingMaker run("doc-1", "normal lock acquisition and release");
  const ProcessId a = run.process("client-a", ProcessRole::client);
  const ProcessId b = run.process("client-b", ProcessRole::client);
  std::vector<ProcessId> nodes;
  for (int i = 1; i <= 5; ++i)
    nodes.push_back(run.process("redis-" + std::to_string(i), ProcessRole::redis));
  const std::string_view key_text = "lock:inventory:item-123";
  const Symbol lock = run.name("inventory:item-123");
  const Symbol key = run.name(key_text);

  const auto acquire = [&](ProcessId client, AttemptId attempt, Instant start) {
    const Value value = Value::unique(0x1234 + attempt.number, attempt.number);
    run.event(start, client, LockWaitBegan{lock, false});
    run.event(start, client, LockRequested{lock, attempt, 10000ms, 3, 5, false});
    Instant at = start;
    for (const ProcessId node : nodes) {
      const TracePayload stored = KeyStored{key, value, attempt, true, wall(at + 10000ms + 500us)};
      run.call(at, client, node, "SET", key_text, &stored);
      at += 1ms;
    }
    run.event(at, client, LockGranted{lock, attempt, {}, 5, 9973ms, start + 9978ms, kEndOfTime});
    run.event(at, client, LockWaitEnded{lock, true, 1});
  };
  const auto release = [&](ProcessId client, AttemptId attempt, Instant start) {
    const Value value = Value::unique(0x1234 + attempt.number, attempt.number);
    run.event(start, client, ReleaseBegan{lock, attempt});
    Instant at = start;
    for (const ProcessId node : nodes) {
      const TracePayload removed = KeyRemoved{key, value, attempt, attempt, RemovalReason::deleted};
      run.call(at, client, node, "compare-and-delete", key_text, &removed);
      at += 1ms;
    }
    run.event(at, client, LockReleased{lock, attempt, 5, Errc::none});
    run.event(at, client, BeliefEnded{lock, attempt, BeliefEnd::released});
  };

  acquire(a, AttemptId{1}, ms(0));
  run.event(ms(5), a, StepTaken{run.name("work"), 4995ms, true});
  release(a, AttemptId{1}, ms(5000));
  acquire(b, AttemptId{2}, ms(5001));
  run.event(ms(5006), b, StepTaken{run.name("work"), 1000ms, true});
  release(b, AttemptId{2}, ms(6006));
  return run.finish(ms(6011));
}

/// The fencing token saves the day: one node, TTL 5000ms, A pauses for 9000ms [doc §4 scenario 4].
inline Recording document_scenario_4() {
  RecordingMaker run("doc-4", "fencing token saves the day");
  const ProcessId a = run.process("client-a", ProcessRole::client);
  const ProcessId b = run.process("client-b", ProcessRole::client);
  const ProcessId node = run.process("redis-1", ProcessRole::redis);
  const ProcessId storage = run.process("storage", ProcessRole::storage);
  const std::string_view key_text = "lock:inventory:item-123";
  const Symbol lock = run.name("inventory:item-123");
  const Symbol key = run.name(key_text);
  const Symbol item = run.name("item-123");
  run.recording.faults.emplace_back().sentence = "at 1000ms: client-a pauses for 9000ms";

  const auto acquire = [&](ProcessId client, AttemptId attempt, FencingToken token, Instant start) {
    run.event(start, client, LockWaitBegan{lock, false});
    run.event(start, client, LockRequested{lock, attempt, 5000ms, 1, 1, false});
    const Instant deadline{
        std::chrono::floor<std::chrono::milliseconds>((start + 500us).time_since_epoch() + 5000ms)};
    const TracePayload stored =
        KeyStored{key, Value::unique(9, attempt.number), attempt, true, wall(deadline)};
    run.event(start + 500us, node, TokenIssued{run.name("tokens"), token, attempt});
    run.call(start, client, node, "acquire-with-token", key_text, &stored);
    run.event(start + 1ms, client,
              LockGranted{lock, attempt, token, 1, {}, start + 5000ms, kEndOfTime});
    run.event(start + 1ms, client, LockWaitEnded{lock, true, 1});
  };

  acquire(a, AttemptId{1}, FencingToken{100}, ms(0));
  const TracePayload first = WriteAccepted{
      item, Value::name(run.name("A")), AttemptId{1}, FencingToken{100}, {}, 1, 0, false};
  run.call(ms(1), a, storage, "write", "item-123", &first);
  run.event(ms(1000), {}, WallInstant{}, FaultStruck{0, run.name("pause")});
  run.event(ms(1000), a, ProcessPaused{false});

  run.event(us(5001'500), node,
            KeyRemoved{key, Value::unique(9, 1), AttemptId{1}, {}, RemovalReason::expired});
  acquire(b, AttemptId{2}, FencingToken{101}, ms(5001));
  run.event(ms(5002), {}, WallInstant{}, ViolationBegan{0, run.name("client_mutual_exclusion")});
  const TracePayload second = WriteAccepted{
      item, Value::name(run.name("B")), AttemptId{2}, FencingToken{101}, FencingToken{100}, 2, 1,
      false};
  run.call(ms(5002), b, storage, "write", "item-123", &second);

  run.event(ms(10000), a, ProcessResumed{9000ms, false, 1});
  const TracePayload third = WriteRejected{item,
                                           Value::name(run.name("A")),
                                           AttemptId{1},
                                           FencingToken{100},
                                           FencingToken{101},
                                           Rejection::stale_token};
  run.call(ms(10001), a, storage, "write", "item-123", &third);
  run.event(ms(10002), a, BeliefEnded{lock, AttemptId{1}, BeliefEnd::told});
  run.event(ms(10002), {}, WallInstant{},
            ViolationEnded{0, run.name("client_mutual_exclusion"), 5000ms});

  Finding overlap;
  overlap.invariant = "client_mutual_exclusion";
  overlap.what = "two_believers";
  overlap.subject = lock;
  overlap.from = ms(5002);
  overlap.until = ms(10002);
  overlap.dormant = 4998ms;
  overlap.active = 2ms;
  overlap.processes.add(a);
  overlap.processes.add(b);
  overlap.tokens.add(FencingToken{100});
  overlap.tokens.add(FencingToken{101});
  run.recording.findings.push_back(overlap);
  return run.finish(ms(10002));
}

}  // namespace locklab::test
