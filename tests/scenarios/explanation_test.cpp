// Why runs broke: claims of necessity against the arithmetic of the published scenarios, and the
// point of no return against TTLs and instants that stand in their files.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "scenarios/explanation.hpp"
#include "tests/support/recorded_run.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

Explanation explained(const Scenario& scenario, std::string_view check = {}) {
  Recording recording;
  return explain(scenario, check, recording);
}

/// One client holds a lock of one node for a while and writes; another one wants it.
std::string pausing(std::string_view faults) {
  return R"({"schema": "locklab-scenario/1", "name": "pausing",
    "lock": {"algorithm": "simple_redis_lock", "ttl": "10s"},
    "storage": {"registers": {"data": "nothing"}},
    "workload": {"resource": "resource"},
    "clients": [
      {"name": "client-a", "program": [{"acquire": "resource"}, {"work": "100ms"},
        {"write": {"to": "data", "value": "A"}}, {"release": "resource"}]},
      {"name": "client-b", "start": "50ms", "program": [{"acquire": {"lock": "resource",
        "mode": "poll", "timeout": "30s"}}, {"write": {"to": "data", "value": "B"}}, {"work": "1s"},
        {"release": "resource"}]}],
    "faults": )" +
         std::string(faults) + "}";
}

}  // namespace

TEST_CASE("a run that breaks nothing has no story, but a distance from one [doc 4, scenario 1]") {
  const Explanation all = explained(library_scenario("doc-1"));
  CHECK_FALSE(all.finding.has_value());
  CHECK(all.faults.empty());
  CHECK_FALSE(all.no_return.has_value());
  CHECK(all.runs == 1);
  // B is granted at 5006, a millisecond behind A's release; A relied on it until it began that at
  // 5000.
  REQUIRE(all.closest.has_value());
  CHECK(all.closest->protected_until == Instant{5006ms});
  CHECK(all.closest->relied == Instant{5000ms});
  CHECK(all.closest->slack() == 6ms);
}

TEST_CASE("three clocks break Redlock, and the partition beside them does nothing") {
  const Explanation all = explained(library_scenario("doc-3-jump"));
  REQUIRE(all.finding.has_value());
  CHECK(all.result.findings[*all.finding].invariant == "service_mutual_exclusion");
  REQUIRE(all.faults.size() == 2);
  CHECK(all.faults[0].struck);
  CHECK_FALSE(all.faults[0].needed());
  CHECK(all.faults[1].needed());
  CHECK(all.faults[1].without.kind == Fate::Kind::holds);
  CHECK(all.either.empty());
  // Before the clocks jump at 4999 ms nothing is lost; what has jumped stays.
  REQUIRE(all.no_return.has_value());
  CHECK(all.no_return->safe == Instant{4999ms});
  CHECK(all.no_return->at_event);
  CHECK(all.no_return->every_instant);
  CHECK(all.no_return->fate.kind == Fate::Kind::holds);
}

TEST_CASE("one node's restart needs the partition of a minority, and both are shown to be needed") {
  const Explanation all = explained(library_scenario("corpus/redlock-crash-restart-no-delay"));
  REQUIRE(all.faults.size() == 2);
  CHECK(all.faults[0].needed());
  CHECK(all.faults[1].needed());
  CHECK(all.without_faults.kind == Fate::Kind::holds);
}

TEST_CASE("a pause is fatal once it is too late to be done before the next holder") {
  // A's key expires at 10001 ms. B tries every 51 ms (a round trip and a poll) from 50 ms on, so at
  // 10046 ms, and is granted the lock at 10047 ms. A, paused in its work, has to write, which takes
  // a millisecond, and to begin its release by then: it must run again at 10046 ms.
  const std::string text = pausing(R"([{"at": "50ms", "pause": {"who": "client-a",
                                                               "lasts": "20s"}}])");
  const Explanation all = explained(scenario_of(text), "stale_write");
  REQUIRE(all.finding.has_value());
  REQUIRE(all.faults.size() == 1);
  CHECK(all.faults[0].needed());
  REQUIRE(all.no_return.has_value());
  CHECK(all.no_return->safe == Instant{10'046ms});
  CHECK(all.no_return->lost <= Instant{10'046ms + 1us});
  CHECK(all.no_return->every_instant);
  // The same from outside, by pauses that are that long.
  const auto breaks = [&](Duration lasts) {
    Scenario scenario = scenario_of(text);
    std::get<Pause>(scenario.faults[0].fault).lasts = lasts;
    const RunResult result = run(scenario);
    return std::ranges::any_of(
        result.findings, [](const Finding& finding) { return finding.what != "while_releasing"; });
  };
  CHECK_FALSE(breaks(all.no_return->safe - Instant{50ms}));
  CHECK(breaks(all.no_return->lost - Instant{50ms}));
}

TEST_CASE("of two faults that each suffice one is needed") {
  const Explanation all = explained(
      scenario_of(pausing(R"([{"at": "50ms", "pause": {"who": "client-a", "lasts": "20s"}},
                              {"at": "51ms", "pause": {"who": "client-a", "lasts": "20s"}},
                              {"at": "59s", "pause": {"who": "client-b", "lasts": "1s"}},
                              {"on": {"event": "process_crashed"},
                               "pause": {"who": "client-b", "lasts": "1s"}}])")),
      "stale_write");
  REQUIRE(all.faults.size() == 4);
  CHECK_FALSE(all.faults[0].needed());
  CHECK_FALSE(all.faults[1].needed());
  CHECK_FALSE(all.faults[3].struck);
  REQUIRE(all.either.size() == 1);
  CHECK(all.either[0].a == 0);
  CHECK(all.either[0].b == 1);
  CHECK(all.either[0].without_both.kind == Fate::Kind::holds);
}

TEST_CASE("a fault that waits for another one's effect is silenced without it") {
  const Explanation all = explained(
      scenario_of(pausing(R"([{"at": "50ms", "pause": {"who": "client-a", "lasts": "20s"}},
                              {"on": {"event": "process_paused"},
                               "wall_jump": {"machines": ["client-b"], "by": "1s"}}])")),
      "stale_write");
  REQUIRE(all.faults.size() == 2);
  CHECK(all.faults[0].silenced == std::vector<std::size_t>{1});
  CHECK(all.faults[1].silenced.empty());
}

TEST_CASE("what breaks without any fault is decided from the start") {
  const Explanation deadlock = explained(library_scenario("corpus/abba-deadlock"));
  REQUIRE(deadlock.finding.has_value());
  CHECK(deadlock.without_faults.kind == Fate::Kind::breaks);
  CHECK_FALSE(deadlock.no_return.has_value());
  // A writes at 10001 ms whether or not it was paused: the pause is not needed.
  const Explanation late = explained(library_scenario("doc-4-unfenced"));
  REQUIRE(late.faults.size() == 1);
  CHECK_FALSE(late.faults[0].needed());
  CHECK_FALSE(late.no_return.has_value());
}

TEST_CASE("the heaviest violation is explained, unless one is named") {
  const Scenario scenario = library_scenario("doc-3-jump");
  const Explanation heaviest = explained(scenario);
  CHECK(heaviest.result.findings[*heaviest.finding].invariant == "service_mutual_exclusion");
  const Explanation named = explained(scenario, "client_mutual_exclusion");
  CHECK(named.result.findings[*named.finding].invariant == "client_mutual_exclusion");
  CHECK_FALSE(explained(scenario, "token_order").finding.has_value());
}

TEST_CASE("an explanation is the same every time") {
  const Scenario scenario = library_scenario("corpus/zk-orphan-node-lost-create-reply");
  const Explanation one = explained(scenario);
  const Explanation other = explained(scenario);
  CHECK(one.runs == other.runs);
  CHECK(one.message == other.message);
  CHECK(one.remedies == other.remedies);
  REQUIRE(one.no_return.has_value());
  CHECK(one.no_return->safe == other.no_return->safe);
}
