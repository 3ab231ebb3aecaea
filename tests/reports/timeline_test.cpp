#include "reports/timeline.hpp"

#include <doctest/doctest.h>

#include "tests/reports/recordings.hpp"

namespace locklab {
namespace {

using test::document_scenario_1;
using test::document_scenario_4;
using test::ms;
using test::RecordingMaker;
using test::us;
using test::wall;

/// One node, one client with one grant; the test adds what then happens to the key.
struct OneNode {
  RecordingMaker run{"one-node", ""};
  ProcessId client = run.process("client-a", ProcessRole::client);
  ProcessId node = run.process("redis-1", ProcessRole::redis);
  Symbol lock = run.name("item");
  Symbol key = run.name("lock:item");

  OneNode() {
    run.event(ms(0), client, LockRequested{lock, AttemptId{1}, 1000ms, 1, 1, false});
    run.event(ms(1), node, stored(AttemptId{1}, ms(1000)));
    run.event(ms(2), client, granted(AttemptId{1}));
  }
  KeyStored stored(AttemptId attempt, Instant deadline) const {
    return {key, Value::integer(attempt.number), attempt, true, wall(deadline)};
  }
  LockGranted granted(AttemptId attempt) const {
    return {lock, attempt, {}, 1, {}, kEndOfTime, kEndOfTime};
  }
  Timeline timeline(Instant end) { return make_timeline(run.finish(end)); }
};

TEST_CASE(
    "scenario 1: belief from the grant to the release, ownership from the third key to the third "
    "delete") {
  const Timeline timeline = make_timeline(document_scenario_1());
  REQUIRE(timeline.beliefs.size() == 2);
  CHECK(timeline.beliefs[0].span == Interval{ms(5), ms(5005)});
  CHECK(timeline.beliefs[0].release_began == ms(5000));
  CHECK(timeline.beliefs[0].why == BeliefEnd::released);
  CHECK(timeline.beliefs[0].wrong.empty());
  CHECK(timeline.beliefs[1].wrong.empty());
  REQUIRE(timeline.ownerships.size() == 2);
  CHECK(timeline.ownerships[0].span == Interval{us(2500), us(5002'500)});
  CHECK(timeline.ownerships[1].span == Interval{us(5003'500), us(6008'500)});
  CHECK(timeline.calls.size() == 20);
  for (const CallSpan& call : timeline.calls) {
    CHECK(!call.open);
    CHECK(call.effect != CallSpan::Effect::none);
  }
}

TEST_CASE(
    "scenario 4: A is wrong from the moment its promise ends, though it sleeps and cannot know") {
  const Recording recording = document_scenario_4();
  const Timeline timeline = make_timeline(recording);
  REQUIRE(timeline.beliefs.size() == 2);
  CHECK(timeline.beliefs[0].span == Interval{ms(1), ms(10002)});
  CHECK(timeline.beliefs[0].wrong == std::vector<Interval>{{ms(5000), ms(10002)}});
  REQUIRE(timeline.standstills.size() == 1);
  CHECK(timeline.standstills[0].span == Interval{ms(1000), ms(10000)});
  REQUIRE(timeline.ownerships.size() == 2);
  CHECK(timeline.ownerships[0].span == Interval{us(500), ms(5001)});  // the first dead millisecond
  CHECK(timeline.ownerships[0].why == RemovalReason::expired);
  REQUIRE(timeline.writes.size() == 3);
  CHECK(timeline.writes[2].client == ProcessId{1});
  CHECK(!timeline.writes[2].accepted);
}

TEST_CASE("a key expires unseen when its node's clock passes the deadline's millisecond") {
  OneNode one;
  const Timeline timeline = one.timeline(ms(3000));
  REQUIRE(timeline.ownerships.size() == 1);
  CHECK(timeline.ownerships[0].span == Interval{ms(1), ms(1001)});
  CHECK(timeline.beliefs[0].open);
  CHECK(timeline.beliefs[0].wrong == std::vector<Interval>{{ms(1001), ms(3000)}});
}

TEST_CASE("a clock that jumps takes the key's life with it") {
  OneNode one;
  one.run.event(ms(500), one.node, wall(ms(5500)), ClockChanged{ClockChange::jump, 5000ms, 0});
  CHECK(one.timeline(ms(3000)).ownerships.at(0).span == Interval{ms(1), ms(500)});
}

TEST_CASE("a clock at double speed halves the key's life") {
  OneNode one;
  one.run.event(ms(1), one.node, ClockChanged{ClockChange::rate, {}, 1'000'000});
  // From 1ms at 1ms: 1001ms is shown half a second later.
  CHECK(one.timeline(ms(3000)).ownerships.at(0).span == Interval{ms(1), ms(501)});
}

TEST_CASE("a clock of unknown speed is judged by what its node's events show") {
  OneNode one;
  one.run.event(ms(101), one.node, wall(ms(201)), ReplyIgnored{});  // 200ms in 100ms
  CHECK(one.timeline(ms(3000)).ownerships.at(0).span == Interval{ms(1), ms(501)});
}

TEST_CASE("an extension moves the deadline, and the owner's rewriting is no loss") {
  OneNode one;
  one.run.event(ms(900), one.node,
                KeyExtended{one.key, {}, AttemptId{1}, AttemptId{1}, wall(ms(1900))});
  one.run.event(ms(1800), one.node,
                KeyRemoved{one.key, {}, AttemptId{1}, AttemptId{1}, RemovalReason::overwritten});
  one.run.event(ms(1800), one.node, one.stored(AttemptId{1}, ms(2800)));
  const Timeline timeline = one.timeline(ms(5000));
  REQUIRE(timeline.ownerships.size() == 1);
  CHECK(timeline.ownerships[0].span == Interval{ms(1), ms(2801)});
}

TEST_CASE("a key that another removes is known to have been taken away") {
  OneNode one;
  one.run.event(ms(10), one.client, LockRequested{one.lock, AttemptId{2}, 1000ms, 1, 1, false});
  one.run.event(ms(20), one.node,
                KeyRemoved{one.key, {}, AttemptId{1}, AttemptId{2}, RemovalReason::deleted});
  const Timeline timeline = one.timeline(ms(30));
  CHECK(timeline.ownerships.at(0).taken_by == AttemptId{2});
  CHECK(timeline.beliefs.at(0).wrong == std::vector<Interval>{{ms(20), ms(30)}});
}

TEST_CASE("who assumes the lock is wrong from the first moment") {
  OneNode one;
  one.run.event(ms(10), one.client, LockAssumed{one.lock, AttemptId{2}, Errc::timeout});
  const Timeline timeline = one.timeline(ms(20));
  REQUIRE(timeline.beliefs.size() == 2);
  CHECK(timeline.beliefs[1].wrong == std::vector<Interval>{{ms(10), ms(20)}});
}

TEST_CASE("giving the lock back is no error, even when the keys are gone already") {
  OneNode one;
  one.run.event(ms(900), one.client, ReleaseBegan{one.lock, AttemptId{1}});
  one.run.event(ms(1500), one.client, LockReleased{one.lock, AttemptId{1}, 0, Errc::lost});
  const Timeline timeline = one.timeline(ms(2000));
  CHECK(timeline.beliefs.at(0).span.until == ms(1500));
  CHECK(timeline.beliefs.at(0).wrong.empty());
}

TEST_CASE("a crash ends belief and pause, and a restart the crash") {
  OneNode one;
  one.run.event(ms(100), one.client, ProcessPaused{false});
  one.run.event(ms(200), one.client, ProcessCrashed{false});
  one.run.event(ms(300), one.client, ProcessRestarted{});
  const Timeline timeline = one.timeline(ms(400));
  CHECK(timeline.beliefs.at(0).span == Interval{ms(2), ms(200)});
  CHECK(timeline.beliefs.at(0).why == BeliefEnd::crashed);
  REQUIRE(timeline.standstills.size() == 2);
  CHECK(timeline.standstills[0].span == Interval{ms(100), ms(200)});
  CHECK(timeline.standstills[1].span == Interval{ms(200), ms(300)});
  CHECK(!timeline.standstills[1].open);
}

TEST_CASE("a write is blamed if it is the one that a finding is about") {
  Recording recording = document_scenario_4();
  Finding finding;
  for (const TraceEvent& event : recording.events)
    if (std::holds_alternative<WriteAccepted>(event.what)) finding.events.add(event.seq);
  recording.findings.push_back(finding);
  const Timeline timeline = make_timeline(recording);
  CHECK(!timeline.writes[0].blamed);
  CHECK(timeline.writes[1].blamed);
  CHECK(!timeline.writes[2].blamed);
}

TEST_CASE("an empty recording has an empty timeline") {
  const Recording nothing;
  const Timeline timeline = make_timeline(nothing);
  CHECK(timeline.beliefs.empty());
  CHECK(timeline.end == Instant{});
}

TEST_CASE(
    "in a store that queues, each key has its place in line, and the first one owns the lock") {
  RecordingMaker run{"line", ""};
  const ProcessId a = run.process("client-a", ProcessRole::client);
  const ProcessId b = run.process("client-b", ProcessRole::client);
  const ProcessId server = run.process("zookeeper-1", ProcessRole::zookeeper);
  run.process("zookeeper-2", ProcessRole::zookeeper);
  const Symbol lock = run.name("item");
  const Symbol store = run.name("zookeeper");
  std::uint64_t rank = 0;
  for (const ProcessId client : {a, b}) {
    ++rank;
    const AttemptId attempt{static_cast<std::uint32_t>(rank)};
    const Instant at = ms(static_cast<std::int64_t>(rank) * 10);
    const Symbol key = run.name("/locks/item/lock-" + std::to_string(rank));
    run.event(at, client, LockRequested{lock, attempt, {}, 1, 1, false});
    run.event(at, server,
              KeyStored{key, Value::integer(1), attempt, false, {}, store, 4'294'967'296 + rank});
    KeyRemoved removed{};
    removed.key = key;
    removed.attempt = attempt;
    removed.by = attempt;
    removed.store = store;
    run.event(at + 100ms, server, removed);
  }
  const Timeline timeline = make_timeline(run.finish(ms(200)));
  REQUIRE(timeline.keys.size() == 2);
  CHECK(timeline.keys[0].client == a);
  CHECK(timeline.keys[0].rank == 4'294'967'297);
  CHECK(timeline.keys[0].span == Interval{ms(10), ms(110)});
  CHECK(timeline.keys[1].span == Interval{ms(20), ms(120)});
  REQUIRE(timeline.ownerships.size() == 2);
  CHECK(timeline.ownerships[0].span == Interval{ms(10), ms(110)});
  CHECK(timeline.ownerships[1].client == b);
  CHECK(timeline.ownerships[1].span == Interval{ms(110), ms(120)});
}

}  // namespace
}  // namespace locklab
