#include "reports/narrator.hpp"

#include <doctest/doctest.h>

#include "tests/reports/recordings.hpp"

namespace locklab {
namespace {

using test::document_scenario_1;
using test::document_scenario_4;
using test::ms;
using test::us;

/// The sentences of all events of one kind.
template <class Payload>
std::vector<std::string> told(const Recording& recording) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  std::vector<std::string> sentences;
  for (const TraceEvent& event : recording.events)
    if (std::holds_alternative<Payload>(event.what)) sentences.push_back(narrator.sentence(event));
  return sentences;
}

std::string told(test::RecordingMaker& run, const TracePayload& what) {
  run.recording.events.clear();
  run.event(ms(5), ProcessId{1}, what);
  const Recording recording = run.finish(ms(9));
  const Timeline timeline = make_timeline(recording);
  return Narrator(recording, timeline).sentence(recording.events.front());
}

TEST_CASE("the document's events read like the document") {
  const Recording first = document_scenario_1();
  CHECK(told<MessageSent>(first).at(0) == "client-a sends SET lock:inventory:item-123 to redis-1");
  CHECK(told<MessageDelivered>(first).at(0) == "redis-1 receives SET from client-a");
  CHECK(told<LockRequested>(first).at(0) ==
        "client-a tries to take the lock (TTL 10000ms, needs 3 of 5)");
  CHECK(told<LockGranted>(first).at(0) ==
        "lock granted to client-a with 5 of 5: valid for 9973ms, promised until 9978ms");
  CHECK(told<KeyStored>(first).at(0) ==
        "redis-1 stores lock:inventory:item-123 for client-a, to expire at 10000.5ms of its clock");
  CHECK(told<LockReleased>(first).at(0) == "client-a has given the lock back: 5 of 5 removed");

  const Recording fourth = document_scenario_4();
  CHECK(told<ProcessPaused>(fourth).at(0) == "client-a pauses (9000ms)");
  CHECK(told<ProcessResumed>(fourth).at(0) ==
        "client-a runs again after 9000ms; 1 wake-up waited for it");
  CHECK(told<LockGranted>(fourth).at(0) ==
        "lock granted to client-a: token 100, promised until 5000ms");
  CHECK(told<WriteAccepted>(fourth).at(1) ==
        "storage accepts the write of client-b to item-123: token 101 > 100");
  CHECK(told<WriteRejected>(fourth).at(0) ==
        "storage REJECTS the write of client-a: token 100 < 101");
  CHECK(told<FaultStruck>(fourth).at(0) == "fault: at 1000ms: client-a pauses for 9000ms");
}

TEST_CASE("every other kind of event has its sentence") {
  test::RecordingMaker run("all", "");
  const ProcessId a = run.process("client-a", ProcessRole::client);
  const ProcessId b = run.process("redis-1", ProcessRole::redis);
  const Symbol lock = run.name("item");
  const Symbol set = run.name("SET");
  const AttemptId attempt{1};
  CHECK(told(run, MessageLost{{}, b, set, LossReason::partition}) ==
        "SET of client-a to redis-1 is lost: the link is cut");
  CHECK(told(run, MessageHeld{{}, b, set}) ==
        "SET of client-a to redis-1 is held until the link heals");
  CHECK(told(run, MessageDelayed{{}, b, set, 70ms}) ==
        "SET of client-a to redis-1 is delayed by 70ms");
  CHECK(told(run, MessageDuplicated{{}, {}, b, set}) ==
        "SET of client-a to redis-1 will arrive twice");
  CHECK(told(run, CallEnded{{}, b, set, Errc::timeout}) ==
        "client-a has no answer of redis-1 to SET: timeout; it may have been carried out");
  CHECK(told(run, CallEnded{{}, b, set, Errc::connection_refused}) ==
        "client-a has no answer of redis-1 to SET: connection refused");
  CHECK(told(run, ClockChanged{ClockChange::jump, -5000ms, 0}) ==
        "the clock of client-a jumps backwards by 5000ms");
  CHECK(told(run, ClockChanged{ClockChange::rate, {}, -200}) ==
        "the clock of client-a now runs 200 ppm too slow");
  CHECK(told(run, ClockChanged{ClockChange::slew, 100ms, 500}) ==
        "the clock of client-a is slewed forwards by 100ms, at 500 ppm");
  CHECK(told(run, ServiceRecovered{1, 2, 0ms}) == "client-a is back: it kept 1 entry and lost 2");
  CHECK(told(run, StepTaken{run.name("check"), {}, false}) ==
        "client-a checks whether it still has the lock: no");
  CHECK(told(run, LockWaitEnded{lock, false, 1}) == "client-a gives up on the lock after 1 try");
  CHECK(told(run, LockRefused{lock, attempt, Errc::not_acquired, 2, {}}) ==
        "client-a does not get the lock: not acquired, 2 votes");
  CHECK(told(run, BeliefEnded{lock, attempt, BeliefEnd::deadline}) ==
        "client-a no longer believes that it holds the lock: its own deadline has come");
  CHECK(told(run, KeyRemoved{lock, {}, attempt, AttemptId{2}, RemovalReason::deleted}) ==
        "item of the client of attempt 1 is deleted on client-a, BY the client of attempt 2");
  CHECK(told(run, DomainEvent{DomainAct::sold, lock, 1, {}}) == "client-a sells 1 of item");
  CHECK(told(run, ViolationBegan{0, run.name("stale_write")}) == "VIOLATION of stale_write");
  CHECK(told(run, LockGranted{lock, attempt, {}, 3, {}, kEndOfTime, kEndOfTime}) ==
        "lock granted to client-a with 3 of 1: promised until it is given back");
  CHECK(told(run, WriteRejected{lock, {}, {}, {}, FencingToken{3}, Rejection::missing_token}) ==
        "client-a REJECTS the write of somebody: it carries no token");
  static_cast<void>(a);
}

TEST_CASE("who gives back what it no longer has is told so") {
  for (const std::uint32_t of : {1u, 5u}) {
    CAPTURE(of);
    test::RecordingMaker run("late", "");
    const ProcessId a = run.process("client-a", ProcessRole::client);
    const Symbol lock = run.name("item");
    const AttemptId attempt{1};
    run.event(ms(0), a, LockRequested{lock, attempt, 5s, of / 2 + 1, of, false});
    run.event(ms(1), a, LockReleased{lock, attempt, 0, Errc::lost});
    run.event(ms(2), a, LockReleased{lock, attempt, 0, Errc::timeout});
    if (of > 1) run.event(ms(3), a, LockReleased{lock, attempt, 2, Errc::lost});
    const std::vector<std::string> said = told<LockReleased>(run.finish(ms(9)));
    if (of == 1) {
      CHECK(said.at(0) ==
            "client-a gives back nothing: its key was gone already, or another's (0 of 1 removed)");
      CHECK(said.at(1) == "client-a could not give the lock back: timeout, 0 of 1 removed");
    } else {
      CHECK(said.at(0) ==
            "client-a gives back nothing: its keys were gone already, another's, or out of reach "
            "(0 of 5 removed)");
      CHECK(said.at(2) ==
            "client-a gives back too little: its other keys were gone already, another's, or out "
            "of reach (2 of 5 removed)");
    }
  }
}

TEST_CASE("a token and the highest before it are compared in a sign") {
  CHECK(Narrator::comparison(FencingToken{100}, FencingToken{101}) == "100 < 101");
  CHECK(Narrator::comparison(FencingToken{101}, FencingToken{101}) == "101 = 101");
  CHECK(Narrator::comparison(FencingToken{102}, FencingToken{101}) == "102 > 101");
  CHECK(Narrator::comparison(FencingToken{100}, {}) == "100, the first it knows of");
}

TEST_CASE("neighbours are told by the first and the last of them") {
  const Recording recording = document_scenario_1();
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const auto ids = [](std::initializer_list<std::uint32_t> numbers) {
    std::vector<ProcessId> out;
    for (const std::uint32_t number : numbers) out.push_back(ProcessId{number});
    return out;
  };
  CHECK(narrator.list(ids({7, 3, 4, 5, 6})) == "redis-1 … redis-5");
  CHECK(narrator.list(ids({3, 4, 7})) == "redis-1, redis-2, redis-5");
  CHECK(narrator.list(ids({1, 2, 3})) == "client-a, client-b, redis-1");
  CHECK(narrator.list(ids({3, 3})) == "redis-1");
  CHECK(narrator.list(ids({99})) == "process 99");
  CHECK(narrator.list({}).empty());
}

TEST_CASE("names cannot command the terminal") {
  test::RecordingMaker run("evil", "");
  run.process("client\x1b[31m\n", ProcessRole::client);
  CHECK(told(run, LockWaitBegan{run.name("a\r\x07"), false}) ==
        "client\\u001b[31m\\n wants the lock");
  CHECK(told(run, MessageSent{{}, {}, run.name("S\x1b"), run.name("\u202ekey")}) ==
        "client\\u001b[31m\\n sends S\\u001b \\u202ekey to the world");
}

TEST_CASE("times are cut to microseconds, but never to nothing") {
  CHECK(shown(9973ms) == "9973ms");
  CHECK(shown(Duration{1'234'567}) == "1.234ms");
  CHECK(shown(Duration{15}) == "15ns");
  CHECK(shown(us(500)) == "0.5ms");
  CHECK(shown(Duration::min()) == to_string(Duration::min() + Duration{808}));
}

}  // namespace
}  // namespace locklab
