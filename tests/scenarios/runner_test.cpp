// The runner: how a scenario becomes a world, when a run ends, how it is judged, and that a runner
// which is used again does as a new one.
#include "scenarios/runner.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "tests/support/recorded_run.hpp"

namespace locklab {
namespace {

using test::library_scenario;
using test::RecordedRun;
using test::scenario_of;

/// One client with a plain Redis lock; `members` are further members of the scenario, or others.
Scenario small(std::string_view members = "") {
  std::string text = R"({"schema": "locklab-scenario/1", "name": "small",
                         "lock": {"algorithm": "simple_redis_lock"})";
  const auto given = [members](std::string_view key) {
    return members.find(fmt::format("\"{}\":", key)) != std::string_view::npos;
  };
  if (!given("workload")) text += R"(, "workload": {"resource": "r"})";
  if (!given("clients"))
    text += R"(, "clients": [{"name": "client-a",
                              "program": ["acquire", {"work": "5ms"}, "release"]}])";
  return scenario_of(fmt::format("{}{}{}}}", text, members.empty() ? "" : ", ", members));
}

// ---- how a run ends -----------------------------------------------------------------------------

TEST_CASE("a run in which nothing is left to do ends by itself") {
  const RecordedRun run(small());
  CHECK(run.result.stopped == StopReason::quiescent);
  CHECK(run.result.ended == Instant{7ms});  // 1 to acquire, 5 of work, 1 to release
  CHECK(run.result.verdict == Verdict::as_expected);
  CHECK(run.recording.stopped == "quiescent");
}

TEST_CASE("the horizon ends a run, and what it showed until then is judged") {
  const RecordedRun run(small(R"("horizon": "3ms")"));
  CHECK(run.result.stopped == StopReason::horizon);
  CHECK(run.result.ended <= Instant{3ms});
  CHECK(run.count<LockGranted>() == 1);
  CHECK(run.count<ReleaseBegan>() == 0);
  CHECK(run.result.verdict == Verdict::as_expected);
  CHECK(run.recording.stopped == "horizon");
}

TEST_CASE("a run that needs too many events is undecided, whatever it showed") {
  const RecordedRun run(small(R"("max_events": 3)"));
  CHECK(run.result.stopped == StopReason::event_limit);
  CHECK(run.result.verdict == Verdict::undecided);
  CHECK(run.recording.stopped == "event_limit");
  CHECK(run.recording.verdict == "undecided");
  const RecordedRun wrong(small(R"("max_events": 3, "expect": {"violates": ["stale_write"]})"));
  CHECK(wrong.result.verdict == Verdict::undecided);
}

// ---- the verdict --------------------------------------------------------------------------------

TEST_CASE("the verdict compares the set of violated invariants exactly") {
  Scenario scenario = library_scenario("doc-4");
  CHECK(RecordedRun(scenario).result.verdict == Verdict::as_expected);

  scenario.expect.violates = {};
  scenario.expect.findings.clear();
  const RecordedRun more(scenario);
  CHECK(more.result.verdict == Verdict::not_as_expected);
  CHECK(more.mismatches() ==
        "client_mutual_exclusion was violated from 5002ms on, which was not expected\n");

  scenario.expect.violates = {"client_mutual_exclusion", "stale_write"};
  const RecordedRun less(scenario);
  CHECK(less.result.verdict == Verdict::not_as_expected);
  CHECK(less.mismatches() == "stale_write was expected to be violated, and held\n");
}

TEST_CASE("who asks for no explanation gets the same verdict") {
  Scenario scenario = library_scenario("doc-4");
  scenario.expect = {};
  const RunResult result = run(scenario, {.explain_mismatches = false});
  CHECK(result.verdict == Verdict::not_as_expected);
  CHECK(result.mismatches.empty());
}

TEST_CASE("a check that is skipped finds nothing") {
  Scenario scenario = library_scenario("doc-4-unfenced");
  CHECK(run(scenario).findings.size() == 2);
  scenario.checks.enabled[*find_invariant("stale_write")] = false;
  scenario.expect.violates = {"client_mutual_exclusion"};
  scenario.expect.findings.clear();
  const RunResult result = run(scenario);
  CHECK(result.findings.size() == 1);
  CHECK(result.verdict == Verdict::as_expected);
}

TEST_CASE("what an invariant finds stands in the trace behind the event that shows it") {
  const RecordedRun run(library_scenario("doc-4-unfenced"));
  CHECK(run.count<ViolationBegan>() == 2);
  for (const auto& began : run.all<ViolationBegan>()) {
    const Finding& finding = run.result.findings[began.what->finding];
    CHECK(run.text(began.what->invariant) == finding.invariant);
    CHECK(began.at() == finding.from);
    REQUIRE_FALSE(finding.events.empty());
    CHECK(finding.events[finding.events.size() - 1] < began.event->seq);
  }
  for (const auto& ended : run.all<ViolationEnded>()) {
    const Finding& finding = run.result.findings[ended.what->finding];
    CHECK(ended.at() == finding.until);
    CHECK(ended.what->lasted == finding.until - finding.from);
  }
}

// ---- the result ---------------------------------------------------------------------------------

TEST_CASE("a recording has all that is needed to read it without the scenario") {
  Scenario scenario = library_scenario("doc-3-jump");
  scenario.hash = "0123456789abcdef";
  const RecordedRun run(scenario, {.seed = 7});
  const Recording& recording = run.recording;
  CHECK(recording.schema == "locklab-trace/1");
  CHECK(recording.scenario == "doc-3-jump");
  CHECK(recording.title == scenario.title);
  CHECK(recording.scenario_hash == "0123456789abcdef");
  CHECK(recording.seed == 7);
  CHECK(run.result.seed == 7);
  CHECK(recording.digest == run.result.digest);
  CHECK(recording.messages == run.result.messages);
  CHECK(recording.ended == run.result.ended);
  CHECK(recording.findings.size() == run.result.findings.size());
  CHECK(recording.verdict == "as expected");
  CHECK(recording.events.size() == run.result.traced);

  REQUIRE(recording.processes.size() == 8);
  CHECK(recording.processes[0].name == "client-a");
  CHECK(recording.processes[0].machine == "client-a");
  CHECK(recording.processes[0].role == ProcessRole::client);
  CHECK(recording.processes[2].name == "redis-1");
  CHECK(recording.processes[6].name == "redis-5");
  CHECK(recording.processes[6].role == ProcessRole::redis);
  CHECK(recording.processes[7].name == "storage");
  CHECK(recording.processes[7].role == ProcessRole::storage);

  REQUIRE(recording.faults.size() == 2);
  CHECK(recording.faults[0].sentence == describe(scenario.faults[0]));
  CHECK(recording.faults[1].sentence.find("redis-3") != std::string::npos);
}

TEST_CASE("events are numbered from 1, in the order of time, and point back to their causes") {
  const RecordedRun run(library_scenario("doc-2"));
  std::uint64_t number = 0;
  Instant before{};
  for (const TraceEvent& event : run.recording.events) {
    CHECK(event.seq.number == ++number);
    CHECK(event.at >= before);
    CHECK(event.cause < event.seq);
    before = event.at;
  }
}

TEST_CASE("a seed given with the run stands for the scenario's") {
  Scenario scenario = library_scenario("doc-1");
  const std::uint64_t own = run(scenario).digest;
  const std::uint64_t other = run(scenario, {.seed = 99}).digest;
  CHECK(own != other);
  scenario.seed = 99;
  CHECK(run(scenario).digest == other);
}

TEST_CASE("a recording changes no digest") {
  for (const char* name : {"doc-1", "doc-3-restart", "doc-4-storage-restart"}) {
    CAPTURE(name);
    const Scenario scenario = library_scenario(name);
    CHECK(run(scenario).digest == RecordedRun(scenario).result.digest);
  }
}

// ---- a runner that is used again ----------------------------------------------------------------

TEST_CASE("a runner that has run something else does as a new one, and forgets what was before") {
  const Scenario violated = library_scenario("doc-4-unfenced");
  const Scenario calm = library_scenario("doc-1");
  const std::uint64_t digest = run(calm).digest;

  Runner runner;
  RunResult result;
  Scenario wrong = violated;
  wrong.expect = {};
  runner.run(wrong, {}, result);
  CHECK_FALSE(result.findings.empty());
  CHECK_FALSE(result.mismatches.empty());
  CHECK(runner.metrics().writes().size() == 3);

  runner.run(calm, {}, result);
  CHECK(result.digest == digest);
  CHECK(result.findings.empty());
  CHECK(result.mismatches.empty());
  CHECK(runner.metrics().writes().empty());
  CHECK(runner.metrics().grants().size() == 2);
  CHECK(runner.process_names().size() == 8);
  CHECK(runner.names().find("inventory:item-123") != Symbol{});
}

TEST_CASE("a recording that is used again holds the last run alone") {
  Recording recording;
  Runner runner;
  RunResult result;
  runner.run(library_scenario("doc-1"), {.recording = &recording}, result);
  const std::size_t events = recording.events.size();
  Recording other;
  runner.run(library_scenario("doc-1"), {.recording = &other}, result);
  CHECK(other.events.size() == events);
  CHECK(other.processes.size() == recording.processes.size());
}

TEST_CASE("a warm runner asks for no more memory") {
  const Scenario scenario = library_scenario("doc-3-restart");
  Runner runner;
  RunResult result;
  runner.run(scenario, {}, result);
  runner.run(scenario, {}, result);
  const std::size_t reserved = runner.bytes_reserved();
  const std::size_t used = runner.bytes_used();
  for (int i = 0; i < 20; ++i) runner.run(scenario, {}, result);
  CHECK(runner.bytes_reserved() == reserved);
  CHECK(runner.bytes_used() == used);
  CHECK(used <= reserved);
}

// ---- the deployment -----------------------------------------------------------------------------

TEST_CASE("clients on one machine share its fate") {
  const RecordedRun run(small(R"("clients": [
    {"name": "client-a", "machine": "host", "program": [{"sleep": "10ms"}, {"work": "1ms"}]},
    {"name": "client-b", "machine": "host", "program": [{"sleep": "10ms"}, {"work": "1ms"}]},
    {"name": "client-c", "program": [{"sleep": "10ms"}, {"work": "1ms"}]}],
    "faults": [{"at": "5ms", "suspend": {"machine": "host", "lasts": "100ms", "wall": "stale"}}])"));
  CHECK(run.recording.processes[1].machine == "host");
  CHECK(run.nth<StepTaken>(1, "client-c").at() == Instant{10ms});
  CHECK(run.nth<StepTaken>(1, "client-a").at() == Instant{110ms});
  CHECK(run.nth<StepTaken>(1, "client-b").at() == Instant{110ms});
}

TEST_CASE("a client may have a lock of its own") {
  const RecordedRun run(small(R"("clients": [
    {"name": "client-a", "program": [{"acquire": "x"}]},
    {"name": "client-b", "lock": {"ttl": "2s"}, "program": [{"acquire": "y"}]}])"));
  CHECK(run.nth<LockRequested>(1, "client-a").what->ttl == 10s);
  CHECK(run.nth<LockRequested>(1, "client-b").what->ttl == 2s);
}

TEST_CASE("a key that is there from the start keeps the lock from everybody") {
  const RecordedRun everywhere(
      small(R"("redis": {"keys": [{"key": "lock:r", "value": "nobody"}]})"));
  CHECK(everywhere.only<LockRefused>().why == Errc::not_acquired);
  const RecordedRun other(small(R"("redis": {"keys": [{"key": "lock:s", "value": "nobody"}]})"));
  CHECK(other.count<LockGranted>() == 1);
}

TEST_CASE("a seeded key may lie on one node of several") {
  Scenario scenario = library_scenario("doc-1");
  scenario.redis.keys = {{"lock:inventory:item-123", Datum{true, 1, {}}, "redis-2"}};
  scenario.expect = {};
  const RecordedRun run(scenario);
  CHECK(run.nth<LockGranted>(1, "client-a").what->votes == 4);
  CHECK(run.nth<KeyStored>(1, "redis-1").what->attempt == AttemptId{1});
  CHECK(run.count<KeyStored>("redis-2") == 0);
}

TEST_CASE("a link is as slow as it is told, in one direction or both") {
  const RecordedRun both(
      small(R"("network": {"links": [{"from": "client-a", "to": "redis-1", "latency": "4ms"}]})"));
  CHECK(both.times<LockGranted>() == "8ms");
  const RecordedRun one_way(small(
      R"("network": {"links": [{"from": "client-a", "to": "redis-1", "latency": "4ms", "one_way": true}]})"));
  CHECK(one_way.times<LockGranted>() == "4.5ms");
}

TEST_CASE("a machine's clock may be wrong from the start, and its Redis counts by it") {
  const RecordedRun run(small(R"("machines": [{"name": "redis-1", "clock_offset": "-4s"}])"));
  CHECK(run.only<KeyStored>().expires_at == WallInstant{6000ms});  // 0 - 4000 + 10000
  CHECK(run.nth<KeyStored>(1).event->wall == WallInstant{-3999500us});
}

TEST_CASE("without an own program a client does the workload, in every client the same") {
  const RecordedRun run(small(R"("workload": {"kind": "inventory"}, "clients": ["a", "b", "c"])"));
  CHECK(run.count<LockGranted>() >= 1);
  CHECK(run.damage(Damage::oversold) == 0);
}

TEST_CASE("verdicts and ends have names") {
  CHECK(to_string(Verdict::as_expected) == "as expected");
  CHECK(to_string(Verdict::not_as_expected) == "not as expected");
  CHECK(to_string(Verdict::undecided) == "undecided");
  CHECK(to_string(StopReason::quiescent) == "quiescent");
  CHECK(to_string(StopReason::horizon) == "horizon");
  CHECK(to_string(StopReason::event_limit) == "event_limit");
}

}  // namespace
}  // namespace locklab
