// Assumption envelopes: that every lock has one, that it reads as the sheets say, and that a search
// keeps to it.
#include "scenarios/envelope.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "algorithms/registry.hpp"
#include "faults/campaign.hpp"
#include "faults/draw.hpp"
#include "faults/enumerator.hpp"
#include "invariants/registry.hpp"
#include "scenarios/assumptions.hpp"
#include "scenarios/fencing.hpp"
#include "scenarios/lock_scenario.hpp"
#include "scenarios/search.hpp"
#include "tests/support/recorded_run.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

Scenario lock_scenario(std::string_view lock) {
  return scenario_of(lock_scenario_text(lock), lock);
}

std::string why(const FaultSpace& space, const Fault& fault) {
  return space.why_outside(fault).value_or("");
}

Scenario with_persistence(std::string_view lock, redis::PersistenceMode mode) {
  Scenario scenario = lock_scenario(lock);
  scenario.redis.options.persistence = mode;
  return scenario;
}

}  // namespace

TEST_CASE("every lock has one envelope, in the order of the registry, and promises what is known") {
  const auto all = envelopes();
  REQUIRE(all.size() == algorithms().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(std::string(all[i].lock));
    CHECK(all[i].lock == algorithms()[i].name);
    CHECK_FALSE(all[i].source.empty());
    CHECK_FALSE(all[i].promises.empty());
    for (const auto names : {all[i].promises, all[i].promises_guarded})
      for (const std::string_view name : names) CHECK(find_invariant(name).has_value());
    for (const Assumption& assumption : all[i].assumptions) CHECK(assumption.kinds != 0);
  }
  CHECK(find_envelope("no_such_lock") == nullptr);
}

TEST_CASE("Redlock assumes that nodes' clocks are not set and nodes do not forget [sheet B]") {
  const Scenario scenario = lock_scenario("redlock");
  const FaultSpace space = envelope(scenario);
  CHECK(why(space, WallJump{{"redis-1"}, 5s}) == "its nodes' clocks are not set");
  CHECK(why(space, WallJump{{"client-a"}, 5s}).empty());
  CHECK(why(space, LoseKey{{"redis-2"}, {}}) ==
        "its nodes do not evict keys, and nobody deletes them by hand");
  // Who stays away forgets nothing that anybody could be granted.
  CHECK(why(space, Crash{"redis-1", std::nullopt}).empty());
  CHECK(why(space, Crash{"redis-1", 1s}) ==
        "a node that was killed does not come back without its keys");
  CHECK(why(space, Crash{"client-a", 1s}).empty());
  CHECK(why(space, Partition{{"client-a"}, {"redis-1", "redis-2"}, {}, {}, 1s}).empty());
  CHECK(why(space, Pause{"client-a", 20s}).empty());
  // A search has a largest partition, and "for ever" is beyond it.
  CHECK_FALSE(why(space, Partition{{"client-a"}, {}, {}, {}, std::nullopt}).empty());
}

TEST_CASE("the document's margin allows clocks that are fast by 1.0022 [sheet B, node rate r]") {
  const FaultSpace space = envelope(lock_scenario("redlock:document"));
  CHECK(why(space, SetRate{{"redis-1"}, 2'000, std::nullopt}).empty());
  CHECK_FALSE(why(space, SetRate{{"redis-1"}, 2'300, std::nullopt}).empty());
  CHECK(why(space, SetRate{{"client-a"}, 500'000, std::nullopt}).empty());
  // One percent and 2 ms: 1.0103, less the millisecond that a key may live too short.
  const FaultSpace wide = envelope(lock_scenario("redlock:node-redlock-v4"));
  CHECK(why(wide, SetRate{{"redis-1"}, 10'100, std::nullopt}).empty());
  CHECK_FALSE(why(wide, SetRate{{"redis-1"}, 10'400, std::nullopt}).empty());
  const FaultSpace none = envelope(lock_scenario("redlock:redisson-redlock"));
  CHECK_FALSE(why(none, SetRate{{"redis-1"}, 1, std::nullopt}).empty());
}

TEST_CASE(
    "ShedLock's row is owned by a host: what it sent before it died counts after [corpus 92]") {
  // Found by a search: an unlock of client-b is on its way for 20 s; client-b
  // loses power, comes back, takes the lock again, and its late unlock gives that one to client-a.
  const auto on = [](std::string event, std::string process, std::uint32_t nth, Duration plus,
                     std::string kind) {
    OnEvent at;
    at.event = std::move(event);
    at.process = std::move(process);
    at.nth = nth;
    at.plus = plus;
    at.kind = std::move(kind);
    return at;
  };
  MessageFault late;
  late.action = MessageAction::delay;
  late.from = "client-b";
  late.nth = 3;
  late.by = 20s;
  const FaultSchedule schedule{
      {on("lock_granted", "client-b", 2, 0ms, ""), Pause{"client-b", 30s}},
      {on("lock_requested", "client-b", 1, 0ms, ""), Pause{"database", 20s}},
      {on("lock_released", "client-a", 1, 0ms, ""), Suspend{"client-a", 20s, WallOnWake::stale}},
      {AtTime{2s}, late},
      {on("call_ended", "client-b", 1, 10s, "write"), PowerLoss{"client-b", 300ms}}};

  Scenario scenario = lock_scenario("shedlock_jdbc:using_db_time");
  const auto outside = first_outside(schedule, envelope(scenario));
  REQUIRE(outside.has_value());
  CHECK(outside->fault == 4);
  CHECK(outside->because ==
        "no host that died comes back while an unlock of its is still on its way");
  const WantedInvariants wanted{"service_mutual_exclusion"};
  CHECK(ScenarioOracle(scenario, wanted).run(schedule).violated());

  // Rows that are owned by an acquisition are not fooled [sheet E, ShedLock].
  REQUIRE(scenario.lock.settings.set("owner", "acquisition").has_value());
  CHECK(inside(schedule, envelope(scenario)));
  CHECK_FALSE(ScenarioOracle(scenario, wanted).run(schedule).violated());
}

TEST_CASE("what a restarted Redis remembers decides which deaths it survives [sheet A]") {
  using Mode = redis::PersistenceMode;
  const auto survives = [](Mode mode, const Fault& fault) {
    return envelope(with_persistence("simple_redis_lock", mode)).contains(fault);
  };
  const Crash killed{"redis-1", 1s};
  const PowerLoss dark{"redis-1", 1s};
  const DiskStall stalled{"redis-1", 1s};
  CHECK_FALSE(survives(Mode::none, killed));
  CHECK_FALSE(survives(Mode::rdb, killed));
  CHECK(survives(Mode::aof_everysec, killed));
  CHECK_FALSE(survives(Mode::aof_everysec, dark));
  CHECK_FALSE(survives(Mode::aof_everysec, stalled));  // a reply may come before the write
  CHECK(survives(Mode::aof_always, killed));
  CHECK(survives(Mode::aof_always, dark));
  CHECK(survives(Mode::aof_always, stalled));
  Scenario guarded = lock_scenario("redlock");
  guarded.redis.options.restart_guard = 11s;  // longer than the TTL
  CHECK(envelope(guarded).contains(Crash{"redis-1", 1s}));
  CHECK(envelope(guarded).contains(PowerLoss{"redis-1", 1s}));
  guarded.redis.options.restart_guard = 9s;
  CHECK_FALSE(envelope(guarded).contains(Crash{"redis-1", 1s}));
}

TEST_CASE(
    "a consensus service survives crashes, power losses and jumps; its sessions do the rest") {
  for (const std::string_view lock : {"zk_lock", "curator_mutex", "etcd_mutex"}) {
    CAPTURE(std::string(lock));
    const Scenario scenario = lock_scenario(lock);
    const FaultSpace space = envelope(scenario);
    for (const Target& target : space.targets) {
      CHECK(space.contains(Crash{target.name, 1s}));
      CHECK(space.contains(PowerLoss{target.machine, 1s}));
      CHECK(space.contains(WallJump{{target.machine}, 10s}));
      CHECK(space.contains(Pause{target.name, 30s}));
    }
  }
}

TEST_CASE("what guards the data decides what is promised of them") {
  const Scenario plain = lock_scenario("zk_lock");
  const auto promises = [](const Scenario& scenario, std::string_view invariant) {
    const auto all = promised_invariants(scenario);
    return std::ranges::find(all, invariant) != all.end();
  };
  CHECK(promises(plain, "service_mutual_exclusion"));
  CHECK(promises(plain, "token_order"));
  CHECK_FALSE(promises(plain, "lost_update"));
  CHECK(promises(with_fencing(plain), "lost_update"));
  CHECK_FALSE(promises(plain, "client_mutual_exclusion"));
  CHECK_FALSE(promises(with_fencing(lock_scenario("redlock")), "lost_update"));
}

TEST_CASE("draws and enumerated schedules keep to the envelope, for every lock") {
  for (const Algorithm& algorithm : algorithms()) {
    CAPTURE(std::string(algorithm.name));
    const FaultSpace space = envelope(lock_scenario(algorithm.name));
    Rng rng(7, "test/envelope", 0);
    Draw draw(space, rng);
    FaultSchedule schedule;
    std::size_t outside = 0;
    SearchKinds drawn = 0;
    for (int i = 0; i < 3000; ++i) {
      schedule = draw.mutate(i % 8 == 0 ? FaultSchedule{} : schedule, kEveryKind);
      if (!inside(schedule, space)) ++outside;
      for (const ScheduledFault& scheduled : schedule)
        drawn |= kind_bit(*search_kind(scheduled.fault));
    }
    CHECK(outside == 0);
    CHECK((drawn & kind_bit(SearchKind::pause)) != 0);
    CHECK((drawn & kind_bit(SearchKind::partition)) != 0);
    CHECK((drawn & kind_bit(SearchKind::duplicate)) == 0);  // as TCP does
    const Enumerator all(enumeration_of(space));
    CHECK(all.atoms() > 0);
    std::size_t outside_atoms = 0;
    for (std::size_t i = 0; i < all.atoms(); ++i)
      outside_atoms += space.contains(all.atom(i).fault) ? 0 : 1;
    CHECK(outside_atoms == 0);
  }
}

TEST_CASE("without exclusions nothing is left out: the whole space draws every kind") {
  const FaultSpace space = fault_space(lock_scenario("redlock"));
  CHECK(space.exclusions.empty());
  Rng rng(7, "test/envelope", 0);
  Draw draw(space, rng);
  SearchKinds drawn = 0;
  for (int i = 0; i < 2000; ++i)
    drawn |= kind_bit(*search_kind(draw.fault(draw.kind(kEveryKind)).fault));
  CHECK(drawn == kEveryKind);
}

TEST_CASE("a finding says whether the envelope was left, and which assumption was broken") {
  const Scenario scenario = lock_scenario("redlock");
  const FaultSpace space = envelope(scenario);
  const FaultSchedule jump{{AtTime{1ms}, Pause{"client-a", 1s}},
                           {AtTime{5ms}, WallJump{{"redis-1"}, 30s}}};
  const auto left = envelope_verdict(scenario, space, jump, "service_mutual_exclusion");
  REQUIRE(left.outside.has_value());
  CHECK(left.outside->fault == 1);
  CHECK_FALSE(left.is_broken_promise());
  CHECK(left.sentence ==
        "outside the assumption envelope of redlock, which assumes that its nodes' clocks are not "
        "set");
  const FaultSchedule pause{{AtTime{1ms}, Pause{"client-a", 20s}}};
  const auto kept = envelope_verdict(scenario, space, pause, "service_mutual_exclusion");
  CHECK(kept.is_broken_promise());
  CHECK(kept.sentence == "inside the assumption envelope of redlock");
  CHECK(envelope_verdict(scenario, space, pause, "client_mutual_exclusion").sentence ==
        "inside the assumption envelope of redlock, which does not promise "
        "client_mutual_exclusion");
}

TEST_CASE("mistakes are found inside the envelope of what they claim to be") {
  // DEL without comparing [doc mistake; corpus 7], and ZooKeeper's naive recipe, whose node has one
  // name for all: a delete that is sent again on a new connection removes the next holder's.
  for (const auto& [name, tries] :
       {std::pair{"naive_redis_lock:blind-del", 200}, std::pair{"zk_herd_lock:careful", 1000}}) {
    const std::string lock = name;
    CAPTURE(lock);
    const Scenario scenario = lock_scenario(lock);
    const FaultSpace space = envelope(scenario);
    const auto promised = promised_invariants(scenario);
    ScenarioOracle oracle(scenario, {promised.begin(), promised.end()});
    std::optional<Found> found;
    for (std::uint32_t number = 0; number < kIslands && !found; ++number) {
      Island island(space, {1, find_strategy("portfolio")}, number);
      for (int i = 0; i < tries && !island.found(); ++i) island.step(oracle);
      if (island.found()) found = island.tally().found.front();
    }
    REQUIRE(found.has_value());
    CHECK(envelope_verdict(scenario, space, found->schedule, found->trial.invariant)
              .is_broken_promise());
  }
}
