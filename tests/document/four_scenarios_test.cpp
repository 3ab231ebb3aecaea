// The document's four scenarios, event by event, against the tables that work them out: a request
// takes 0.5 ms there and 0.5 ms back, and nothing else takes time, so each number below can be
// checked in the head. "[doc §4.1]" is the document's first scenario. Then the same scenarios
// changed a little, where the document leaves something open or is wrong.
#include <string>
#include <vector>

#include "tests/support/recorded_run.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

/// "10000ms 10001ms ...": the deadlines that nodes gave to an attempt's keys, by their own clocks.
std::string deadlines(const RecordedRun& run, AttemptId attempt) {
  std::string list;
  for (const Seen<KeyStored>& stored : run.all<KeyStored>())
    if (stored.what->attempt == attempt)
      list += (list.empty() ? "" : " ") + to_string(stored.what->expires_at.time_since_epoch());
  return list;
}

/// "redis-1 redis-2": where an attempt stored its key.
std::string nodes_of(const RecordedRun& run, AttemptId attempt) {
  std::string list;
  for (const Seen<KeyStored>& stored : run.all<KeyStored>())
    if (stored.what->attempt == attempt)
      list += (list.empty() ? "" : " ") +
              run.recording.processes[stored.event->process.number - 1].name;
  return list;
}

/// When calls of one kind were answered.
std::string replies(const RecordedRun& run, std::string_view client, std::string_view kind) {
  std::string list;
  for (const Seen<CallEnded>& ended : run.all<CallEnded>(client))
    if (run.text(ended.what->kind) == kind && ended.what->outcome == Errc::none)
      list += (list.empty() ? "" : " ") + to_string(ended.at());
  return list;
}

/// When calls of one kind began.
std::string calls(const RecordedRun& run, std::string_view client, std::string_view kind) {
  std::string list;
  for (const Seen<CallBegan>& began : run.all<CallBegan>(client))
    if (run.text(began.what->kind) == kind)
      list += (list.empty() ? "" : " ") + to_string(began.at());
  return list;
}

/// A client with a lock of its own, so that one may send in parallel and the other in sequence.
void set_lock_of(Scenario& scenario, std::string_view client, std::string_view parameter,
                 std::string_view value) {
  ClientSpec& spec = client_of(scenario, client);
  if (!spec.lock) spec.lock = scenario.lock;
  const auto set = spec.lock->settings.set(parameter, value);
  if (!set) FAIL(set.error());
}

/// What B is told: "5/5 at 5006ms", or "no: 0/5 at 5002ms".
std::string answer(const RecordedRun& run, std::string_view client = "client-b") {
  if (run.count<LockGranted>(client) > 0) {
    const auto granted = run.nth<LockGranted>(1, client);
    return std::to_string(granted.what->votes) + "/5 at " + to_string(granted.at());
  }
  const auto refused = run.nth<LockRefused>(1, client);
  return "no: " + std::to_string(refused.what->votes) + "/5 at " + to_string(refused.at());
}

/// Scenario 1 with a B that begins at `start` and asks as told.
std::string scenario_1_with_b(Duration start, std::string_view send) {
  Scenario scenario = library_scenario("doc-1");
  client_of(scenario, "client-b").start = start;
  set_lock_of(scenario, "client-b", "send", send);
  return answer(RecordedRun(scenario));
}

/// Scenario 2 with an A and a B that ask as told, and a B that does not try before `start`.
std::string scenario_2_with(std::string_view send_a, std::string_view send_b, Duration start) {
  Scenario scenario = library_scenario("doc-2");
  set_lock_of(scenario, "client-a", "send", send_a);
  set_lock_of(scenario, "client-b", "send", send_b);
  ClientSpec& b = client_of(scenario, "client-b");
  Step acquire;
  acquire.kind = Step::Kind::acquire;
  b.start = start;
  b.threads = {{acquire}};
  const RecordedRun run(scenario);
  CHECK(run.violated() == "");
  return answer(run);
}

}  // namespace

// ---- scenario 1: normal acquire and release -----------------------------------------------------

TEST_CASE("scenario 1: SET executes at 0.5 to 4.5 ms and is answered at 1 to 5 ms [doc §4.1]") {
  const RecordedRun run(library_scenario("doc-1"));
  const AttemptId a = run.nth<LockRequested>(1, "client-a").what->attempt;
  CHECK(run.nth<LockRequested>(1, "client-a").at() == Instant{0ms});
  CHECK(run.nth<LockRequested>(1, "client-a").what->ttl == 10s);
  CHECK(run.nth<LockRequested>(1, "client-a").what->quorum == 3);  // 5 / 2 + 1

  // The i-th request leaves when the one before is answered, at i - 1.
  CHECK(run.nth<KeyStored>(1, "redis-1").at() == Instant{500us});
  CHECK(run.nth<KeyStored>(1, "redis-2").at() == Instant{1500us});
  CHECK(run.nth<KeyStored>(1, "redis-3").at() == Instant{2500us});
  CHECK(run.nth<KeyStored>(1, "redis-4").at() == Instant{3500us});
  CHECK(run.nth<KeyStored>(1, "redis-5").at() == Instant{4500us});
  CHECK(calls(run, "client-a", "SET") == "0ms 1ms 2ms 3ms 4ms");
  CHECK(replies(run, "client-a", "SET") == "1ms 2ms 3ms 4ms 5ms");
  // A node counts whole milliseconds: 0.5 is 0, and 0 + 10000 = 10000; ...; 4 + 10000 = 10004.
  CHECK(deadlines(run, a) == "10000ms 10001ms 10002ms 10003ms 10004ms");
}

TEST_CASE("scenario 1: at 5 ms A has a validity of 9973 ms, promised until 9978 ms [doc §4.1]") {
  const RecordedRun run(library_scenario("doc-1"));
  const auto granted = run.nth<LockGranted>(1, "client-a");
  CHECK(granted.at() == Instant{5ms});
  CHECK(granted.what->votes == 5);
  CHECK(granted.what->validity == 9973ms);                // 10000 - 5 - (10000 * 0.2 % + 2)
  CHECK(granted.what->promise_until == Instant{9978ms});  // 0 + 10000 - 22
  CHECK(granted.what->belief_until == Instant{9978ms});   // T1 + TTL - drift, by its own clock

  Scenario naive = library_scenario("doc-1");  // the document's code looks at no deadline
  client_of(naive, "client-a").belief = Beliefs::Mode::naive;
  CHECK(RecordedRun(naive).nth<LockGranted>(1, "client-a").what->belief_until == kEndOfTime);
}

TEST_CASE("scenario 1: the release of 5000 ms executes until 5004.5 and ends at 5005 [doc §4.1]") {
  const RecordedRun run(library_scenario("doc-1"));
  const AttemptId a = run.nth<LockRequested>(1, "client-a").what->attempt;
  CHECK(run.nth<ReleaseBegan>(1, "client-a").at() == Instant{5000ms});
  CHECK(run.nth<KeyRemoved>(1, "redis-1").at() == Instant{5000500us});
  CHECK(run.nth<KeyRemoved>(1, "redis-2").at() == Instant{5001500us});
  CHECK(run.nth<KeyRemoved>(1, "redis-3").at() == Instant{5002500us});
  CHECK(run.nth<KeyRemoved>(1, "redis-4").at() == Instant{5003500us});
  CHECK(run.nth<KeyRemoved>(1, "redis-5").at() == Instant{5004500us});
  for (const char* node : {"redis-1", "redis-2", "redis-3", "redis-4", "redis-5"}) {
    const KeyRemoved& removed = *run.nth<KeyRemoved>(1, node).what;
    CHECK(removed.why == RemovalReason::deleted);
    CHECK(removed.attempt == a);
    CHECK(removed.by == a);
  }
  // The sixth to tenth reply that A gets.
  const auto ended = run.all<CallEnded>("client-a");
  REQUIRE(ended.size() == 10);
  for (int i = 0; i < 5; ++i)
    CHECK(ended[static_cast<std::size_t>(5 + i)].at() == Instant{5001ms + i * 1ms});
  CHECK(run.nth<LockReleased>(1, "client-a").at() == Instant{5005ms});
  CHECK(run.nth<LockReleased>(1, "client-a").what->votes == 5);
  CHECK(run.nth<BeliefEnded>(1, "client-a").at() == Instant{5005ms});
}

TEST_CASE("scenario 1: B follows each delete by 1 ms and has 5 of 5 at 5006 ms [doc §4.1]") {
  const RecordedRun run(library_scenario("doc-1"));
  const auto requested = run.nth<LockRequested>(1, "client-b");
  CHECK(requested.at() == Instant{5001ms});
  const char* nodes[] = {"redis-1", "redis-2", "redis-3", "redis-4", "redis-5"};
  for (const char* node : nodes) {
    CAPTURE(node);
    const auto removed = run.nth<KeyRemoved>(1, node);
    const auto stored = run.nth<KeyStored>(2, node);
    CHECK(stored.what->attempt == requested.what->attempt);
    CHECK(stored.at() == removed.at() + 1ms);  // 5001.5 to 5005.5
  }
  CHECK(run.nth<KeyStored>(2, "redis-1").at() == Instant{5001500us});
  CHECK(run.nth<KeyStored>(2, "redis-5").at() == Instant{5005500us});
  const auto granted = run.nth<LockGranted>(1, "client-b");
  CHECK(granted.at() == Instant{5006ms});
  CHECK(granted.what->votes == 5);
  CHECK(granted.what->validity == 9973ms);  // as A's: 10000 - 5 - 22
  CHECK(run.violated() == "");
  CHECK(run.result.verdict == Verdict::as_expected);
}

TEST_CASE("scenario 1: a parallel B fails at 5001 ms and wins for certain from 5003 ms") {
  // All five SETs execute at once, and A's deletes at 5000.5, 5001.5, ..., 5004.5.
  // At 5001.5 redis-3 to redis-5 still hold A's key: two votes at most. B gives them back, which
  // takes a millisecond more.
  const std::string at_5001 = scenario_1_with_b(5001ms, "parallel");
  CHECK((at_5001 == "no: 1/5 at 5003ms" || at_5001 == "no: 2/5 at 5003ms"));
  // At 5002.5 redis-3 is a tie, which the order of events decides: the same way every time.
  CHECK(scenario_1_with_b(5002ms, "parallel") == scenario_1_with_b(5002ms, "parallel"));
  // At 5003.5 three are free, and redis-4 is the tie.
  const std::string at_5003 = scenario_1_with_b(5003ms, "parallel");
  CHECK((at_5003 == "3/5 at 5004ms" || at_5003 == "4/5 at 5004ms"));
  // At 5005.5 all are free.
  CHECK(scenario_1_with_b(5005ms, "parallel") == "5/5 at 5006ms");
}

TEST_CASE("scenario 1: granted at 5004 ms, a parallel B believes 1 ms before A has let go") {
  // A's promise ended at 5000, when it began to release; a naive client believes until the release
  // has returned, at 5005.
  Scenario scenario = library_scenario("doc-1");
  client_of(scenario, "client-b").start = 5003ms;
  set_lock_of(scenario, "client-b", "send", "parallel");
  const RecordedRun run(scenario);
  CHECK(run.violated() == "client_mutual_exclusion");
  CHECK(run.finding("client_mutual_exclusion").from == Instant{5004ms});
  CHECK(run.finding("client_mutual_exclusion").until == Instant{5005ms});
}

TEST_CASE("scenario 1: a B that starts with A's release ties on every node, by order of events") {
  Scenario scenario = library_scenario("doc-1");
  client_of(scenario, "client-b").start = 5000ms;
  const RecordedRun run(scenario);
  const AttemptId b = run.nth<LockRequested>(1, "client-b").what->attempt;
  const auto order = [&run](std::string_view node, std::string_view from) {
    for (const Seen<MessageDelivered>& seen : run.all<MessageDelivered>(node))
      if (seen.at() >= Instant{5000ms} && seen.what->from == run.process(from))
        return seen.event->seq.number;
    return std::uint64_t{0};
  };
  std::size_t votes = 0;
  for (const char* node : {"redis-1", "redis-2", "redis-3", "redis-4", "redis-5"}) {
    CAPTURE(node);
    const bool b_second = order(node, "client-a") < order(node, "client-b");
    const bool b_stored = nodes_of(run, b).find(node) != std::string::npos;
    CHECK(b_stored == b_second);
    votes += b_stored ? 1 : 0;
  }
  const std::string said = answer(run);
  CHECK(said.find(std::to_string(votes) + "/5") != std::string::npos);
  CHECK(run.result.digest == RecordedRun(scenario).result.digest);
}

TEST_CASE("scenario 1 with a drift of 1 % has a validity of 9893 ms") {
  Scenario scenario = library_scenario("doc-1");
  set_lock(scenario, "drift_permille", "10");
  const RecordedRun run(scenario);
  CHECK(run.nth<LockGranted>(1, "client-a").what->validity == 9893ms);  // 10000 - 5 - (100 + 2)
}

// ---- scenario 2: the holder crashes -------------------------------------------------------------

TEST_CASE("scenario 2: A crashes at 1000 ms, and nobody releases its keys [doc §4.2]") {
  const RecordedRun run(library_scenario("doc-2"));
  const auto requested = run.nth<LockRequested>(1, "client-a");
  CHECK(requested.at() == Instant{0ms});
  CHECK(deadlines(run, requested.what->attempt) == "10000ms 10001ms 10002ms 10003ms 10004ms");
  CHECK(run.nth<LockGranted>(1, "client-a").what->votes == 5);
  CHECK(run.nth<LockGranted>(1, "client-a").what->promise_until == Instant{9978ms});
  CHECK(run.times<ProcessCrashed>() == "1000ms");
  CHECK(run.nth<BeliefEnded>(1, "client-a").at() == Instant{1000ms});
  CHECK(run.nth<BeliefEnded>(1, "client-a").what->why == BeliefEnd::crashed);
  CHECK(run.count<ReleaseBegan>("client-a") == 0);
}

TEST_CASE("scenario 2: B's probe at 5000 ms gets no vote, at 10002 ms it gets all [doc §4.2]") {
  const RecordedRun run(library_scenario("doc-2"));
  CHECK(run.nth<LockRequested>(1, "client-b").at() == Instant{5000ms});
  CHECK(run.nth<LockRefused>(1, "client-b").what->votes == 0);
  CHECK(run.nth<LockRefused>(1, "client-b").what->why == Errc::not_acquired);

  CHECK(run.nth<LockRequested>(2, "client-b").at() == Instant{10002ms});
  const auto granted = run.nth<LockGranted>(1, "client-b");
  CHECK(granted.at() == Instant{10007ms});  // five calls of 1 ms
  CHECK(granted.what->votes == 5);
  // Lazy expiry: each key goes when B's SET looks at it, at 10002.5, 10003.5, ...
  const char* nodes[] = {"redis-1", "redis-2", "redis-3", "redis-4", "redis-5"};
  Instant at{10002500us};
  for (const char* node : nodes) {
    CAPTURE(node);
    const auto removed = run.nth<KeyRemoved>(1, node);
    CHECK(removed.what->why == RemovalReason::expired);
    CHECK(removed.at() == at);
    at += 1ms;
  }
  CHECK(run.violated() == "");
  CHECK(run.result.verdict == Verdict::as_expected);
}

TEST_CASE("scenario 2: A's keys are dead from 10001 to 10005 ms, one node after the other") {
  // A key of deadline d is there throughout the millisecond d, and gone from d + 1 on. A parallel B
  // that starts at t looks at all nodes at t + 0.5 and is told at t + 1; what it got without a
  // majority it gives back first, until t + 2.
  CHECK(scenario_2_with("sequential", "parallel", 10000ms) == "no: 0/5 at 10001ms");
  CHECK(scenario_2_with("sequential", "parallel", 10001ms) == "no: 1/5 at 10003ms");
  CHECK(scenario_2_with("sequential", "parallel", 10002ms) == "no: 2/5 at 10004ms");
  CHECK(scenario_2_with("sequential", "parallel", 10003ms) == "3/5 at 10004ms");
  CHECK(scenario_2_with("sequential", "parallel", 10004ms) == "4/5 at 10005ms");
  CHECK(scenario_2_with("sequential", "parallel", 10005ms) == "5/5 at 10006ms");
}

TEST_CASE("scenario 2: after a parallel A all keys die at once, at 10001 ms") {
  CHECK(scenario_2_with("parallel", "parallel", 10000ms) == "no: 0/5 at 10001ms");
  CHECK(scenario_2_with("parallel", "parallel", 10001ms) == "5/5 at 10002ms");
  CHECK(scenario_2_with("parallel", "parallel", 10002ms) == "5/5 at 10003ms");
  CHECK(scenario_2_with("parallel", "sequential", 10002ms) == "5/5 at 10007ms");
  CHECK(scenario_2_with("sequential", "sequential", 10002ms) == "5/5 at 10007ms");
  // 9001 ms after the crash at 1000; and as early as B can ask in sequence, too.
  CHECK(scenario_2_with("sequential", "sequential", 10001ms) == "5/5 at 10006ms");
}

// ---- scenario 3: a partition while the lock is held ---------------------------------------------

TEST_CASE("scenario 3 as told: B gets 0 of 5 at 5002 ms, and nothing is violated [doc §4.3]") {
  for (const char* name : {"doc-3", "doc-3-as-is"}) {
    CAPTURE(name);
    const RecordedRun run(library_scenario(name));
    const AttemptId a = run.nth<LockRequested>(1, "client-a").what->attempt;
    // A asks all at once: all SETs execute at 0.5.
    CHECK(deadlines(run, a) == "10000ms 10000ms 10000ms 10000ms 10000ms");
    CHECK(run.nth<LockGranted>(1, "client-a").at() == Instant{1ms});
    CHECK(run.nth<LockGranted>(1, "client-a").what->validity == 9977ms);  // 10000 - 1 - 22
    CHECK(run.nth<LockGranted>(1, "client-a").what->promise_until == Instant{9978ms});
    CHECK(run.times<LinkCut>("client-a") == "1000ms 1000ms 1000ms");
    CHECK(answer(run) == "no: 0/5 at 5002ms");
    CHECK(run.count<KeyRemoved>() == 0);  // a partition expires no key
    CHECK(run.violated() == "");
    CHECK(run.result.verdict == Verdict::as_expected);
  }
}

TEST_CASE("scenario 3: the partition keeps A from releasing on three nodes, until 10001 ms") {
  Scenario scenario = library_scenario("doc-3");
  client_of(scenario, "client-a").threads[0][1].time = 2s;  // works until 2001, then releases
  ClientSpec& b = client_of(scenario, "client-b");
  const auto b_at = [&](Duration start) {
    b.start = start;
    const RecordedRun run(scenario);
    CHECK(run.nth<ReleaseBegan>(1, "client-a").at() == Instant{2001ms});
    CHECK(run.nth<LockReleased>(1, "client-a").what->votes == 2);
    return answer(run);
  };
  CHECK(b_at(5001ms) == "no: 2/5 at 5003ms");
  CHECK(b_at(10000ms) == "no: 2/5 at 10002ms");
  CHECK(b_at(10001ms) == "5/5 at 10002ms");
}

TEST_CASE("scenario 3 with an honest cause: B has 3 of 5 at 5002 ms, both believe for 4976 ms") {
  for (const char* name : {"doc-3-jump", "doc-3-rate", "doc-3-restart", "doc-3-loss"}) {
    CAPTURE(name);
    const RecordedRun run(library_scenario(name));
    CHECK(answer(run) == "3/5 at 5002ms");
    const AttemptId b = run.nth<LockRequested>(1, "client-b").what->attempt;
    CHECK(nodes_of(run, b) == "redis-3 redis-4 redis-5");
    CHECK(run.nth<LockGranted>(1, "client-a").what->promise_until == Instant{9978ms});
    CHECK(run.nth<BeliefEnded>(1, "client-a").at() == Instant{9978ms});
    CHECK(run.nth<BeliefEnded>(1, "client-a").what->why == BeliefEnd::deadline);

    const Finding& both = run.finding("client_mutual_exclusion");
    CHECK(both.from == Instant{5002ms});
    CHECK(both.until == Instant{9978ms});
    CHECK(both.active == 4976ms);  // 9978 - 5002
    CHECK(both.dormant == 0ms);    // both run
    CHECK(run.finding("service_mutual_exclusion").from == Instant{5002ms});
    CHECK(run.result.findings.size() == 2);
    CHECK(run.result.verdict == Verdict::as_expected);
  }
}

TEST_CASE("scenario 3: the clocks have to jump by 5000 ms, one millisecond less is not enough") {
  Scenario scenario = library_scenario("doc-3-jump");
  const auto jump_by = [&](Duration by) {
    for (ScheduledFault& fault : scenario.faults)
      if (auto* jump = std::get_if<WallJump>(&fault.fault)) jump->by = by;
    return answer(RecordedRun(scenario));
  };
  // B's SET executes at 5001.5; a key of deadline 10000 is dead from 10001 on by the node's clock.
  CHECK(jump_by(4999ms) == "no: 0/5 at 5002ms");  // 10000.5
  CHECK(jump_by(5000ms) == "3/5 at 5002ms");      // 10001.5
  CHECK(jump_by(5001ms) == "3/5 at 5002ms");
}

TEST_CASE("scenario 3: the clocks have to run at twice their speed") {
  Scenario scenario = library_scenario("doc-3-rate");
  const auto at_rate = [&](std::int64_t ppm) {
    for (MachineSpec& machine : scenario.machines) machine.rate_ppm = ppm;
    return answer(RecordedRun(scenario));
  };
  // The key's deadline is floor(0.5 * rate) + 10000 by the node's clock. At 2.0 B's SET sees
  // 5001.5 * 2 = 10003 > 10001; at 1.9 it sees 9502.85.
  CHECK(at_rate(1'000'000) == "3/5 at 5002ms");
  CHECK(at_rate(900'000) == "no: 0/5 at 5002ms");
}

TEST_CASE("scenario 3: an extension that reached two nodes and counts: both believe 1653 ms") {
  const RecordedRun run(library_scenario("doc-3-extend"));
  const AttemptId a = run.nth<LockRequested>(1, "client-a").what->attempt;
  CHECK(deadlines(run, a) == "5000ms 5000ms 5000ms 5000ms 5000ms");
  CHECK(run.nth<LockGranted>(1, "client-a").what->promise_until == Instant{4988ms});  // 5000 - 12
  // At 1667, a third of the TTL, A asks for 5000 ms more; two nodes hear it at 1667.5.
  CHECK(run.times<KeyExtended>() == "1667.5ms 1667.5ms");
  for (const char* node : {"redis-1", "redis-2"})
    CHECK(run.only<KeyExtended>(node).expires_at == WallInstant{6667ms});  // 1667 + 5000
  CHECK(run.only<LeaseExtended>("client-a").votes == 2);
  CHECK(run.only<LeaseExtended>("client-a").promise_until == Instant{6655ms});  // 1667 + 5000 - 12
  CHECK(run.nth<BeliefEnded>(1, "client-a").at() == Instant{6655ms});

  CHECK(answer(run) == "3/5 at 5002ms");
  const Finding& both = run.finding("client_mutual_exclusion");
  CHECK(both.from == Instant{5002ms});
  CHECK(both.until == Instant{6655ms});
  CHECK(both.active == 1653ms);  // 6655 - 5002
  CHECK(run.result.findings.size() == 2);
}

TEST_CASE("scenario 3: an extension counted at a majority fails, and nothing is violated") {
  const RecordedRun run(library_scenario("doc-3-extend-majority"));
  CHECK(run.count<LeaseExtended>() == 0);
  CHECK(run.only<ExtensionFailed>("client-a").votes == 2);
  CHECK(run.nth<BeliefEnded>(1, "client-a").at() == Instant{4988ms});  // 5000 - 12
  CHECK(answer(run) == "3/5 at 5002ms");
  CHECK(run.violated() == "");
}

// ---- scenario 4: fencing saves the day ----------------------------------------------------------

TEST_CASE("scenario 4, row by row: tokens 100 and 101, and 100 refused at 10001.5 ms [doc §4.4]") {
  const RecordedRun run(library_scenario("doc-4"));

  // 0: A asks; executes at 0.5; the counter stood at 99.
  CHECK(run.nth<LockRequested>(1, "client-a").at() == Instant{0ms});
  CHECK(run.nth<KeyStored>(1, "redis-1").at() == Instant{500us});
  CHECK(run.nth<KeyStored>(1, "redis-1").what->expires_at == WallInstant{5000ms});  // TTL 5000
  CHECK(run.nth<TokenIssued>(1).at() == Instant{500us});
  CHECK(run.nth<TokenIssued>(1).what->token == FencingToken{100});
  CHECK(run.nth<LockGranted>(1, "client-a").at() == Instant{1ms});
  CHECK(run.nth<LockGranted>(1, "client-a").what->token == FencingToken{100});

  // 1: its write executes at 1.5.
  const auto first = run.nth<WriteAccepted>(1, "storage");
  CHECK(first.at() == Instant{1500us});
  CHECK(first.what->token == FencingToken{100});
  CHECK(run.text(first.what->value) == "A");

  // 1000 to 10000: paused.
  CHECK(run.times<ProcessPaused>() == "1000ms");
  CHECK(run.times<ProcessResumed>() == "10000ms");
  CHECK(run.only<ProcessResumed>("client-a").after == 9000ms);

  // 5001: the first millisecond in which a key of deadline 5000 is dead; executes at 5001.5.
  CHECK(run.nth<LockRequested>(1, "client-b").at() == Instant{5001ms});
  CHECK(run.nth<KeyRemoved>(1, "redis-1").at() == Instant{5001500us});
  CHECK(run.nth<KeyRemoved>(1, "redis-1").what->why == RemovalReason::expired);
  CHECK(run.nth<KeyStored>(2, "redis-1").at() == Instant{5001500us});
  CHECK(run.nth<KeyStored>(2, "redis-1").what->expires_at == WallInstant{10001ms});  // 5001 + 5000
  CHECK(run.nth<TokenIssued>(2).what->token == FencingToken{101});
  CHECK(run.nth<LockGranted>(1, "client-b").at() == Instant{5002ms});
  CHECK(run.nth<LockGranted>(1, "client-b").what->token == FencingToken{101});

  // 5002: B's write executes at 5002.5; storage had seen 100.
  const auto second = run.nth<WriteAccepted>(2, "storage");
  CHECK(second.at() == Instant{5002500us});
  CHECK(second.what->token == FencingToken{101});
  CHECK(second.what->highest == FencingToken{100});
  CHECK(run.text(second.what->value) == "B");

  // 10001: A's write executes at 10001.5: 100 < 101.
  CHECK(calls(run, "client-a", "write") == "1ms 10001ms");
  const auto refused = run.nth<WriteRejected>(1, "storage");
  CHECK(refused.at() == Instant{10001500us});
  CHECK(refused.what->token == FencingToken{100});
  CHECK(refused.what->highest == FencingToken{101});
  CHECK(refused.what->why == Rejection::stale_token);
  CHECK(run.count<WriteAccepted>() == 2);
  CHECK(run.count<WriteRejected>() == 1);
}

TEST_CASE("scenario 4: both believe, dormant for 4998 ms, active since 10000 ms [doc §4.4]") {
  const RecordedRun run(library_scenario("doc-4"));
  const Finding& both = run.finding("client_mutual_exclusion");
  CHECK(both.from == Instant{5002ms});
  CHECK(both.dormant == 4998ms);  // 10000 - 5002: A is paused
  // B's release begins at 11000, and a naive client believes until it is answered: 11001.
  CHECK(run.nth<BeliefEnded>(1, "client-b").at() == Instant{11001ms});
  CHECK(both.until == Instant{11001ms});
  CHECK(both.active == 1001ms);  // 11001 - 10000
  CHECK(run.violated() == "client_mutual_exclusion");
  CHECK(run.result.verdict == Verdict::as_expected);
}

TEST_CASE("scenario 4: B cannot have the lock at 5000 ms, the deadline's own millisecond") {
  Scenario scenario = library_scenario("doc-4");
  client_of(scenario, "client-b").start = 5000ms;
  const RecordedRun run(scenario);
  CHECK(run.count<LockGranted>("client-b") == 0);
  CHECK(run.violated() == "");
}

TEST_CASE("scenario 4 without fencing: A's stale write is accepted at 10001.5 ms") {
  const RecordedRun run(library_scenario("doc-4-unfenced"));
  CHECK(run.times<WriteAccepted>("storage") == "1.5ms 5002.5ms 10001.5ms");
  CHECK(run.text(run.nth<WriteAccepted>(3, "storage").what->value) == "A");  // over B's
  CHECK(run.finding("stale_write").from == Instant{10001500us});
  CHECK(run.finding("client_mutual_exclusion").dormant == 4998ms);
}

TEST_CASE("scenario 4 with a B that has not written yet: A's stale write is accepted") {
  const RecordedRun run(library_scenario("doc-4-late-writer"));
  CHECK(run.times<WriteAccepted>("storage") == "1.5ms 10001.5ms 10500.5ms");
  CHECK(run.nth<WriteAccepted>(2, "storage").what->highest == FencingToken{100});
  CHECK(run.finding("stale_write").from == Instant{10001500us});
}

TEST_CASE("scenario 4 with a token taken after a pause: the later grant has the lower token") {
  const RecordedRun run(library_scenario("corpus/token-inversion-after-acquire"));
  CHECK_FALSE(run.finding("token_order").events.empty());
}

TEST_CASE("scenario 4 with a storage that restarts at 7000 ms and forgets: 100 is accepted") {
  const RecordedRun run(library_scenario("doc-4-storage-restart"));
  CHECK(run.nth<ProcessCrashed>(1, "storage").at() == Instant{7000ms});
  CHECK(run.times<WriteAccepted>("storage") == "1.5ms 5002.5ms 10001.5ms");
  CHECK(run.nth<WriteAccepted>(3, "storage").what->highest == FencingToken{});
  CHECK(run.finding("stale_write").from == Instant{10001500us});
}
