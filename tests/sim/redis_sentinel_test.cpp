// Sentinels [sheet A; redis/src/sentinel.c]: when they act, whom they promote, and that the set
// always finds back to one master.
#include "sim/services/redis/sentinel.hpp"

#include <doctest/doctest.h>

#include <map>

#include "tests/support/redis_set_lab.hpp"

namespace locklab::redis {
namespace {

using test::RedisSetLab;
using test::SetOptions;

SetOptions watched(Duration down_after = 5s) {
  SetOptions options;
  options.replicas = 2;
  options.sentinels = 3;
  options.sentinel.down_after = down_after;
  return options;
}

std::optional<Instant> promoted_at(const RedisSetLab& lab) {
  for (const auto& [event, role] : lab.all<RoleChanged>())
    if (role.role == ServerRole::master && role.term > 0) return event.at;
  return std::nullopt;
}

TEST_CASE("a master that is silent for down-after is replaced, soon after and not before") {
  RedisSetLab lab(watched());
  lab.run_until(1s);
  lab.world.crash(lab.nodes[0]);
  lab.run_until(20s);
  const auto when = promoted_at(lab);
  REQUIRE(when);
  // The last valid answer came between 0 and 1 s. Then five seconds; then at most a second for the
  // others' opinion, and a few timers of 100 ms at most.
  CHECK(*when > Instant{5s});
  CHECK(*when < Instant{8s});
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(lab.sentinel(i).master(0) != lab.nodes[0]);
    CHECK(lab.sentinel(i).master(0) == lab.sentinel(0).master(0));
    CHECK(lab.sentinel(i).config_epoch(0) == lab.sentinel(0).config_epoch(0));
  }
}

TEST_CASE("with the numbers as installed it takes thirty seconds [sheet A]") {
  RedisSetLab lab(watched(30s));
  lab.run_until(50ms);
  lab.world.crash(lab.nodes[0]);
  lab.run_until(29s);
  CHECK_FALSE(promoted_at(lab));
  lab.run_until(34s);
  CHECK(promoted_at(lab));
}

TEST_CASE("a pause that is shorter than down-after moves nobody") {
  RedisSetLab lab(watched());
  lab.run_until(1s);
  lab.world.pause(lab.nodes[0]);
  lab.run_until(5s);
  lab.world.resume(lab.nodes[0]);
  lab.run_until(30s);
  CHECK_FALSE(promoted_at(lab));
}

TEST_CASE("one Sentinel alone, or a minority, promotes nobody") {
  RedisSetLab lab(watched());
  lab.run_until(1s);
  lab.world.crash(lab.sentinels[1]);
  lab.world.crash(lab.sentinels[2]);
  lab.world.crash(lab.nodes[0]);
  lab.run_until(60s);
  CHECK_FALSE(promoted_at(lab));
}

TEST_CASE("one Sentinel that sees it alone does not make a master objectively down") {
  RedisSetLab lab(watched());
  lab.run_until(1s);
  lab.cut(lab.nodes[0], lab.sentinels[0]);
  lab.run_until(60s);
  CHECK_FALSE(promoted_at(lab));
}

TEST_CASE("a quorum of one still needs a majority of votes to act") {
  SetOptions options = watched();
  options.sentinel.quorum = 1;
  RedisSetLab lab(options);
  lab.run_until(1s);
  lab.cut(lab.nodes[0], lab.sentinels[0]);
  for (std::size_t i : {1u, 2u}) lab.cut(lab.sentinels[0], lab.sentinels[i]);
  lab.run_until(60s);
  CHECK_FALSE(promoted_at(lab));
}

TEST_CASE("the replica that has more is promoted") {
  RedisSetLab lab(watched());
  lab.run_until(1s);
  lab.cut(lab.nodes[0], lab.nodes[1]);  // the first of the list misses the key
  lab.set(0, "k", 60s);
  lab.run_until(2s);
  lab.world.crash(lab.nodes[0]);
  lab.run_until(15s);
  CHECK(lab.sentinel(0).master(0) == lab.nodes[2]);
  CHECK(lab.has(2, "k"));
  CHECK(lab.has(1, "k"));  // it follows the new master
}

TEST_CASE("but its priority comes first [corpus 26]") {
  SetOptions options = watched();
  options.priorities = {50, 100};
  RedisSetLab lab(options);
  lab.run_until(1s);
  lab.cut(lab.nodes[0], lab.nodes[1]);
  lab.set(0, "k", 60s);
  lab.run_until(2s);
  lab.world.crash(lab.nodes[0]);
  lab.run_until(15s);
  CHECK(lab.sentinel(0).master(0) == lab.nodes[1]);
  CHECK_FALSE(lab.has(1, "k"));
  CHECK_FALSE(lab.has(2, "k"));  // which was the only one to have it
}

TEST_CASE("a replica of priority zero is never promoted") {
  SetOptions options = watched();
  options.priorities = {0, 0};
  RedisSetLab lab(options);
  lab.run_until(1s);
  lab.world.crash(lab.nodes[0]);
  lab.run_until(60s);
  CHECK_FALSE(promoted_at(lab));
}

TEST_CASE("an old master that comes back is made a replica after four hellos") {
  RedisSetLab lab(watched());
  lab.run_until(1s);
  lab.world.crash(lab.nodes[0]);
  lab.run_until(20s);
  lab.world.restart(lab.nodes[0]);
  lab.run_until(24s);
  CHECK(lab.replication(0).is_master());  // it does not know better, and nobody tells it yet
  lab.run_until(60s);
  CHECK_FALSE(lab.replication(0).is_master());
  lab.set(lab.replication(1).is_master() ? 1 : 2, "k", 60s);
  lab.run_until(61s);
  CHECK(lab.has(0, "k"));
}

TEST_CASE("a failed election is tried again after twice the failover timeout") {
  SetOptions options = watched();
  options.sentinel.failover_timeout = 20s;
  RedisSetLab lab(options);
  lab.run_until(1s);
  // They agree about the master, but the votes do not arrive.
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      MessageRule rule;
      rule.from = lab.sentinels[i];
      rule.to = lab.sentinels[k];
      rule.kind = lab.name("master-down");
      rule.nth = 2;
      rule.times = 40;
      if (i != k) lab.world.network().add_rule(rule);
    }
  lab.world.crash(lab.nodes[0]);
  lab.run_until(30s);
  CHECK_FALSE(promoted_at(lab));
  lab.run_until(200s);
  CHECK(promoted_at(lab));
}

TEST_CASE("a Sentinel whose clock jumps, or who slept, stays passive for thirty seconds: TILT") {
  RedisSetLab lab(watched());
  lab.run_until(1s);
  for (const ProcessId sentinel : lab.sentinels)
    lab.world.jump_wall(lab.process(sentinel).machine(), 3s);
  lab.run_until(1200ms);
  for (std::size_t i = 0; i < 3; ++i) CHECK(lab.sentinel(i).tilted());
  lab.world.crash(lab.nodes[0]);
  lab.run_until(30s);
  CHECK_FALSE(promoted_at(lab));
  lab.run_until(45s);
  CHECK(promoted_at(lab));
}

TEST_CASE("a jump forward does not make a healthy master look dead: the TILT comes first") {
  RedisSetLab lab(watched());
  lab.run_until(10s);
  for (const ProcessId sentinel : lab.sentinels)
    lab.world.jump_wall(lab.process(sentinel).machine(), 1h);
  lab.run_until(120s);
  CHECK_FALSE(promoted_at(lab));
}

TEST_CASE("a manual failover promotes within about a second, with the old master alive") {
  RedisSetLab lab(watched(30s));
  lab.run_until(10s);
  lab.sentinel(0).fail_over(0);
  lab.run_until(12s);
  const auto when = promoted_at(lab);
  REQUIRE(when);
  CHECK(*when < Instant{11s});
  lab.run_until(60s);
  std::size_t masters = 0;
  for (std::size_t i = 0; i < 3; ++i) masters += lab.replication(i).is_master() ? 1 : 0;
  CHECK(masters == 1);
}

// ---- any order of faults ------------------------------------------------------------------------

TEST_CASE("any faults: no two masters share an epoch, and the set recovers with one master") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    SetOptions options = watched(2s);
    options.sentinel.failover_timeout = 10s;
    options.replication.timeout = 5s;
    options.seed = seed;
    RedisSetLab lab(options);
    Rng rng(seed, "sentinel test");
    std::vector<ProcessId> all = lab.nodes;
    all.insert(all.end(), lab.sentinels.begin(), lab.sentinels.end());
    std::vector<std::pair<ProcessId, ProcessId>> cuts;
    std::vector<ProcessId> paused;

    Duration now = 500ms;
    for (int step = 0; step < 40; ++step) {
      now += rng.between(100ms, 4s);
      lab.run_until(now);
      const ProcessId who = all[rng.below(all.size())];
      const ProcessId other = all[rng.below(all.size())];
      switch (rng.below(7)) {
        case 0:
          lab.world.crash(who);
          break;
        case 1:
        case 2:
          lab.world.restart(who);
          break;
        case 3:
          if (who == other) break;
          lab.cut(who, other);
          cuts.emplace_back(who, other);
          break;
        case 4:
          if (cuts.empty()) break;
          lab.heal(cuts.back().first, cuts.back().second);
          cuts.pop_back();
          break;
        case 5:
          if (!lab.process(who).alive() || !paused.empty()) break;
          lab.world.pause(who);
          paused.push_back(who);
          break;
        default:
          for (const ProcessId id : paused) lab.world.resume(id);
          paused.clear();
          lab.set(rng.below(3), "k" + std::to_string(step), 1h,
                  static_cast<std::uint32_t>(step + 1));
          break;
      }
    }
    for (const ProcessId id : paused) lab.world.resume(id);
    for (const auto& [a, b] : cuts) lab.heal(a, b);
    for (const ProcessId id : all) lab.world.restart(id);
    lab.run_until(now + 200s);

    std::map<std::uint64_t, ProcessId> master_of;
    for (const auto& [event, role] : lab.all<RoleChanged>()) {
      if (role.role != ServerRole::master || role.term == 0) continue;
      const auto [known, is_new] = master_of.emplace(role.term, event.process);
      CHECK((is_new || known->second == event.process));
    }
    const ProcessId master = lab.sentinel(0).master(0);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(lab.sentinel(i).master(0) == master);
      CHECK(lab.replication(i).is_master() == (lab.nodes[i] == master));
    }
    std::size_t place = 0;
    while (lab.nodes[place] != master) ++place;
    auto& last = lab.set(place, "the end", 1h, 1000);
    lab.run_until(now + 201s);
    CHECK(last.ok());
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(lab.has(i, "the end"));
      CHECK(lab.server(i).keys() == lab.server(place).keys());
    }
  }
}

}  // namespace
}  // namespace locklab::redis
