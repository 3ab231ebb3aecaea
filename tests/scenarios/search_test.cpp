// Scenarios as oracles: known bugs are found, and found again the same way.
#include <doctest/doctest.h>

#include "faults/campaign.hpp"
#include "faults/shrinker.hpp"
#include "scenarios/lock_scenario.hpp"
#include "scenarios/remedies.hpp"
#include "scenarios/search.hpp"
#include "scenarios/smaller_scenario.hpp"
#include "tests/support/recorded_run.hpp"

using namespace locklab;
using namespace locklab::test;

TEST_CASE("every lock of the registry has a scenario that runs cleanly without faults") {
  for (const Algorithm& algorithm : algorithms()) {
    CAPTURE(std::string(algorithm.name));
    const Scenario scenario = scenario_of(lock_scenario_text(algorithm.name), algorithm.name);
    ScenarioOracle oracle(scenario, {});
    const Trial trial = oracle.run({});
    CHECK_FALSE(trial.undecided);
  }
  CHECK(lock_scenario_text("no_such_lock").empty());
  CHECK(lock_scenario_text("redlock:no-such-preset").empty());
  CHECK_FALSE(lock_scenario_text("redlock:spec").empty());
}

TEST_CASE(
    "a jump of three of five clocks is found to break Redlock, and shrunk to that [corpus 32]") {
  const Scenario scenario = scenario_of(lock_scenario_text("redlock"));
  FaultSpace space = fault_space(scenario);
  space.kinds = kind_bit(SearchKind::clock_jump) | kind_bit(SearchKind::partition);
  ScenarioOracle oracle(scenario, {"service_mutual_exclusion"});
  std::optional<Found> found;
  for (std::uint32_t number = 0; number < kIslands && !found; ++number) {
    Island island(space, {1, find_strategy("portfolio")}, number);
    for (int i = 0; i < 200 && !island.found(); ++i) island.step(oracle);
    if (island.found()) found = island.tally().found.front();
  }
  REQUIRE(found.has_value());
  const SameBug same = [&](const Trial& trial) {
    return trial.signature == found->trial.signature;
  };
  const Shrunk shrunk = shrink(found->schedule, space, oracle, same);
  CHECK(shrunk.one_minimal);
  REQUIRE(shrunk.schedule.size() == 1);
  // A holds five keys: three of them must be forgotten before B has its three [sheet B].
  REQUIRE(std::holds_alternative<WallJump>(shrunk.schedule[0].fault));
  CHECK(std::get<WallJump>(shrunk.schedule[0].fault).machines.size() == 3);
}

TEST_CASE("a trial does not depend on what its oracle ran before") {
  const Scenario scenario = scenario_of(lock_scenario_text("simple_redis_lock"));
  const FaultSchedule pause{{AtTime{10ms}, Pause{"client-a", 12s}}};
  ScenarioOracle fresh(scenario, {});
  ScenarioOracle used(scenario, {});
  used.run({{AtTime{5ms}, Crash{"redis-1", 1s}}});
  const Trial one = fresh.run(pause);
  const Trial other = used.run(pause);
  CHECK(one.digest == other.digest);
  CHECK(one.slack == other.slack);
  CHECK(one.shape == other.shape);
  CHECK(one.struck == 1);
}

TEST_CASE("slack is what was left of the promise when the holder relied on it last") {
  // A is granted at 1 (its SET left at 0, TTL 10 s, margin 22 ms: promised until 9978), reads,
  // works 100 ms and writes; it begins to release when the write is answered, at 1 + 1 + 100 + 1 =
  // 103: 9875 ms were left. A pause of 9 s in its work takes as much away.
  Scenario scenario = scenario_of(lock_scenario_text("simple_redis_lock"));
  scenario.clients.resize(1);
  scenario.workload.rounds = 1;
  scenario.clients[0].threads.clear();
  ScenarioOracle quiet(scenario_of(R"({"schema": "locklab-scenario/1", "name": "one",
    "lock": {"algorithm": "simple_redis_lock"},
    "workload": {"kind": "inventory", "resource": "item", "work": "100ms"},
    "clients": ["client-a"]})"),
                       {});
  CHECK(quiet.run({}).slack == 9875ms);
  CHECK(quiet.run({{AtTime{50ms}, Pause{"client-a", 9000ms}}}).slack ==
        927ms);  // awake at 9050, where the work is long over: write 9050.5, release at 9051
}

TEST_CASE("remedies are changes under which the same faults break nothing") {
  const Scenario scenario = scenario_of(lock_scenario_text("simple_redis_lock"));
  const FaultSchedule jump{{AtTime{50ms}, WallJump{{"redis-1"}, 12s}}};
  const WantedInvariants wanted{"service_mutual_exclusion"};
  ScenarioOracle oracle(scenario, wanted);
  const Trial broken = oracle.run(jump);
  REQUIRE(broken.violated());
  const std::vector<std::string> all = remedies(scenario, jump, broken, wanted);
  CHECK(std::ranges::find(all, "Redis expiry by a monotonic clock") != all.end());
  CHECK(std::ranges::find(all, "a TTL of 15000ms") != all.end());  // 12 s forward leave 3
  CHECK(std::ranges::find(all, "Redis with appendfsync always") == all.end());
}

TEST_CASE(
    "a counterexample's scenario loses what the bug does not need, and its file still shows it") {
  // A pause beyond the TTL costs one client the lock and lets another one in [doc §4 scenario 1]:
  // for that two clients, one node and one round are enough.
  const std::string text = R"({
    "schema": "locklab-scenario/1", "name": "big", "title": "More than is needed",
    "horizon": "60s", "network": {"latency": "3ms"}, "redis": {"nodes": 1},
    "lock": {"algorithm": "simple_redis_lock", "ttl": "10s"},
    "workload": {"kind": "inventory", "resource": "item", "work": "2s", "rounds": 3,
                 "timeout": "30s"},
    "storage": {"registers": {"stock": 100}},
    "clients": ["client-a", {"name": "client-b", "start": "20ms"},
                {"name": "client-c", "start": "40ms"}, {"name": "client-d", "start": "60ms"}]})";
  const auto document = parse_located_json(text, "big");
  REQUIRE(document.has_value());
  const Scenario scenario = scenario_of(text);
  const WantedInvariants wanted{"client_mutual_exclusion"};
  ScenarioOracle oracle(scenario, wanted);
  Shrunk shrunk;
  shrunk.schedule = {{AtTime{1s}, Pause{"client-a", 15s}}};
  shrunk.trial = oracle.run(shrunk.schedule);
  REQUIRE(shrunk.trial.violated());

  const SmallerScenario smaller = smaller_scenario(
      *document, scenario, shrunk, wanted, [](const Scenario& its) { return fault_space(its); });
  CHECK(smaller.scenario.clients.size() == 2);
  CHECK(smaller.scenario.workload.rounds == 1);
  CHECK(smaller.scenario.horizon < 60s);
  CHECK(smaller.document.find("network") == nullptr);
  CHECK(smaller.shrunk.trial.signature == shrunk.trial.signature);
  ScenarioOracle again(smaller.scenario, wanted);
  CHECK(again.run(smaller.shrunk.schedule).digest == smaller.shrunk.trial.digest);
}
