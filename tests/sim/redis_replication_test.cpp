// A master and its replicas [sheet A "Replication and failover"].
#include "sim/services/redis/replication.hpp"

#include <doctest/doctest.h>

#include "tests/support/redis_set_lab.hpp"

namespace locklab::redis {
namespace {

using test::RedisSetLab;

Change stored(std::uint32_t key) {
  return {.kind = Change::Kind::stored, .key = Symbol{key}, .value = Value::integer(key)};
}

// ---- the history --------------------------------------------------------------------------------

TEST_CASE("who shares the history goes on from where he is, as long as the backlog reaches") {
  History history(std::pmr::get_default_resource(), 3);
  history.begin(7, 100);
  for (std::uint32_t key = 1; key <= 5; ++key) history.append(stored(key), true);
  CHECK(history.offset() == 105);
  CHECK(history.continues(7, 105));
  CHECK(history.continues(7, 102));
  CHECK_FALSE(history.continues(7, 101));  // effect 102 is no longer there
  CHECK_FALSE(history.continues(7, 106));  // nobody has that
  CHECK_FALSE(history.continues(8, 105));
  CHECK(history.effect(103).change.key == Symbol{3});
  CHECK(history.effect(105).change.key == Symbol{5});
}

TEST_CASE("after a promotion the old history counts up to where the two were the same") {
  History history(std::pmr::get_default_resource(), 10);
  history.begin(7, 0);
  history.append(stored(1), true);
  history.append(stored(2), true);
  history.fork(8);
  history.append(stored(3), true);
  CHECK(history.continues(8, 2));
  CHECK(history.continues(7, 2));
  CHECK(history.continues(7, 1));
  CHECK_FALSE(history.continues(7, 3));  // the old master's own third effect was another one
}

// ---- asynchronous replication -------------------------------------------------------------------

TEST_CASE("the answer does not wait for the replica [sheet A]") {
  RedisSetLab lab({.replication = {.delay = 100ms}});
  auto& set = lab.set(0, "k", 10s);
  lab.run_until(50ms);
  CHECK(set.ok());
  CHECK(set.at == Instant{1ms});
  CHECK(lab.has(0, "k"));
  CHECK_FALSE(lab.has(1, "k"));
  lab.run_until(101ms);  // executed at 0.5, sent at 100.5, there at 101
  CHECK(lab.has(1, "k"));
}

TEST_CASE("what lies in the output buffer dies with the master [corpus 13]") {
  RedisSetLab lab({.replication = {.delay = 100ms}});
  lab.set(0, "k", 10s);
  lab.run_until(50ms);
  lab.world.crash(lab.nodes[0]);
  lab.run_until(1s);
  CHECK_FALSE(lab.has(1, "k"));
}

TEST_CASE("an effect carries an absolute date, and a promoted replica judges it by its own clock") {
  // The replica's clock is 4 s ahead, and the master's date is 10000.
  RedisSetLab lab({.clock_offsets = {0s, 4s}});
  lab.set(0, "k", 10s);
  lab.run_until(10ms);
  lab.order(1, {});
  lab.run_until(5999ms);
  auto& alive = lab.get(1, "k");  // executes at 5999.5: its clock shows 9999
  lab.run_until(6001ms);
  auto& dead = lab.get(1, "k");  // executes at 6001.5: 10001
  lab.run_until(6003ms);
  CHECK(alive.ok());
  CHECK((**dead.result).kind == ReplyKind::nil);
}

TEST_CASE("a replica expires nothing by itself, but answers as if it had") {
  RedisSetLab lab;
  lab.set(0, "k", 100ms);
  lab.run_until(200ms);
  CHECK(lab.has(1, "k"));
  auto& read = lab.get(1, "k");
  lab.run_until(210ms);
  CHECK((**read.result).kind == ReplyKind::nil);
  CHECK(lab.has(1, "k"));
  lab.get(0, "k");  // the master looks, expires it, and says DEL
  lab.run_until(220ms);
  CHECK_FALSE(lab.has(1, "k"));
}

TEST_CASE("a replica refuses to write") {
  RedisSetLab lab;
  auto& refused = lab.set(1, "k", 10s);
  lab.run_until(10ms);
  CHECK(refused.error() == ReplyError::read_only);
}

TEST_CASE("the trace learns of a replica's keys when it is promoted") {
  RedisSetLab lab;
  lab.set(0, "k", 10s);
  lab.run_until(10ms);
  CHECK(lab.all<KeyStored>().size() == 1);
  lab.world.crash(lab.nodes[0]);
  lab.order(1, {});
  lab.run_until(20ms);
  const auto stored_keys = lab.all<KeyStored>();
  REQUIRE(stored_keys.size() == 2);
  CHECK(stored_keys[1].first.process == lab.nodes[1]);
  const auto lost = lab.all<KeyRemoved>();  // and what the dead master had is no longer counted
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].first.process == lab.nodes[0]);
  CHECK(lost[0].second.why == RemovalReason::lost);
}

// ---- resynchronisation --------------------------------------------------------------------------

TEST_CASE("a replica that missed an effect goes on from the backlog") {
  RedisSetLab lab;
  lab.run_until(10ms);
  lab.drop_next(lab.nodes[0], lab.nodes[1], "replicate");
  lab.set(0, "a", 60s);
  lab.run_until(20ms);
  CHECK_FALSE(lab.has(1, "a"));
  lab.set(0, "b", 60s);  // its number shows the gap
  lab.run_until(30ms);
  CHECK(lab.has(1, "a"));
  CHECK(lab.has(1, "b"));
  CHECK(lab.sent(lab.nodes[0], "FULLRESYNC") == 0);
  CHECK(lab.sent(lab.nodes[0], "CONTINUE") == 1);
}

TEST_CASE("a gap shows at the master's next ping at the latest") {
  RedisSetLab lab;
  lab.run_until(10ms);
  lab.drop_next(lab.nodes[0], lab.nodes[1], "replicate");
  lab.set(0, "a", 60s);
  lab.run_until(9s);
  CHECK_FALSE(lab.has(1, "a"));
  lab.run_until(11s);  // pings come every ten seconds
  CHECK(lab.has(1, "a"));
}

TEST_CASE("a replica that missed more than the backlog holds gets everything anew") {
  RedisSetLab lab({.replication = {.backlog = 2}});
  lab.run_until(10ms);
  lab.cut(lab.nodes[0], lab.nodes[1]);
  for (const char* key : {"a", "b", "c"}) lab.set(0, key, 60s);
  lab.run_until(100ms);
  lab.heal(lab.nodes[0], lab.nodes[1]);
  lab.set(0, "d", 60s);
  lab.run_until(2s);
  CHECK(lab.sent(lab.nodes[0], "FULLRESYNC") == 1);
  for (const char* key : {"a", "b", "c", "d"}) CHECK(lab.has(1, key));
}

TEST_CASE("an old master that is made a replica forgets what it alone had accepted [sheet A]") {
  RedisSetLab lab;
  lab.set(0, "shared", 60s);
  lab.run_until(10ms);
  lab.cut(lab.nodes[0], lab.nodes[1]);
  lab.order(1, {});
  lab.run_until(20ms);
  lab.set(0, "alone", 60s, 2);
  lab.set(1, "new", 60s, 3);
  lab.run_until(30ms);
  lab.heal(lab.nodes[0], lab.nodes[1]);
  lab.order(0, lab.nodes[1]);
  lab.run_until(2s);
  CHECK(lab.has(0, "shared"));
  CHECK(lab.has(0, "new"));
  CHECK_FALSE(lab.has(0, "alone"));
  CHECK(lab.server(0).keys() == lab.server(1).keys());
}

TEST_CASE("an old master that had accepted nothing more goes on without a full copy") {
  RedisSetLab lab;
  lab.set(0, "shared", 60s);
  lab.run_until(10ms);
  lab.order(1, {});
  lab.run_until(20ms);
  lab.set(1, "new", 60s, 2);
  lab.order(0, lab.nodes[1]);
  lab.run_until(2s);
  CHECK(lab.sent(lab.nodes[1], "FULLRESYNC") == 0);
  CHECK(lab.server(0).keys() == lab.server(1).keys());
}

TEST_CASE("a master that comes back empty empties its replicas too") {
  RedisSetLab lab;
  lab.set(0, "k", 60s);
  lab.run_until(10ms);
  CHECK(lab.has(1, "k"));
  lab.world.crash(lab.nodes[0]);
  lab.run_until(20ms);
  lab.world.restart(lab.nodes[0]);
  lab.run_until(3s);
  CHECK_FALSE(lab.has(1, "k"));
}

TEST_CASE("a unit of several effects arrives whole: lock and token, or neither") {
  RedisSetLab lab;
  Request request;
  request.command = Command::acquire_with_token;
  request.attempt = AttemptId{1};
  request.key = lab.name("lock");
  request.counter = lab.name("token");
  request.value = Value::unique(1, 1);
  request.ttl_ms = 60'000;
  lab.run_until(10ms);
  lab.call(0, request);
  lab.run_until(11ms);  // two messages arrive at this instant
  CHECK(lab.has(1, "lock"));
  CHECK(lab.has(1, "token"));
  CHECK(lab.server(0).keys() == lab.server(1).keys());
  lab.order(1, {});  // and the counter is no key of a lock for the trace
  lab.run_until(20ms);
  CHECK(lab.all<KeyStored>().size() == 2);
}

// ---- WAIT and min-replicas-to-write -------------------------------------------------------------

TEST_CASE("WAIT answers as soon as enough replicas have acknowledged") {
  RedisSetLab lab({.replicas = 2});
  lab.set(0, "k", 60s);
  auto& waited = lab.wait(0, 2, 1s);
  lab.run_until(2s);
  REQUIRE(waited.result);
  CHECK((**waited.result).number == 2);
  // SET and WAIT at 0.5, effect and GETACK at the replicas at 1, their answers back at 1.5.
  CHECK(waited.at == Instant{2ms});
}

TEST_CASE("WAIT answers how many there are when its time is up, and undoes nothing [sheet A]") {
  RedisSetLab lab({.replicas = 2});
  lab.run_until(10ms);
  lab.cut(lab.nodes[0], lab.nodes[2]);
  lab.set(0, "k", 60s);
  auto& waited = lab.wait(0, 2, 1s);
  lab.run_until(3s);
  REQUIRE(waited.result);
  CHECK((**waited.result).number == 1);
  CHECK(waited.at == Instant{1011ms});  // 10.5 + 1000, and half a millisecond back
  CHECK(lab.has(0, "k"));
}

TEST_CASE("who has written nothing waits for nobody") {
  RedisSetLab lab({.replicas = 1, .replication = {.delay = 100ms}});
  auto& waited = lab.wait(0, 1, 1s);
  lab.run_until(10ms);
  REQUIRE(waited.result);
  CHECK((**waited.result).number == 1);
  CHECK(waited.at == Instant{1ms});
}

TEST_CASE("min-replicas-to-write bounds how long a lonely master goes on: about ten seconds") {
  RedisSetLab lab({.replication = {.min_replicas_to_write = 1}});
  lab.run_until(10ms);
  lab.cut(lab.nodes[0], lab.nodes[1]);
  lab.run_until(10'500ms);
  auto& accepted = lab.set(0, "a", 60s);
  lab.run_until(12s);
  auto& refused = lab.set(0, "b", 60s, 2);
  lab.run_until(13s);
  CHECK(accepted.ok());
  CHECK(refused.error() == ReplyError::not_enough_replicas);
  lab.heal(lab.nodes[0], lab.nodes[1]);
  lab.run_until(15s);
  auto& again = lab.set(0, "b", 60s, 2);
  lab.run_until(16s);
  CHECK(again.ok());
}

// ---- what a change of role does to clients ------------------------------------------------------

TEST_CASE("a master that is made a replica drops its clients' connections") {
  RedisSetLab lab;
  lab.set(0, "k", 60s);
  lab.run_until(10ms);
  lab.order(1, {});
  lab.run_until(20ms);
  auto& waiting = lab.wait(0, 5, 0s);  // for ever
  lab.run_until(21ms);
  lab.order(0, lab.nodes[1]);
  lab.run_until(40ms);
  REQUIRE(waiting.result);
}

// ---- any order of faults ------------------------------------------------------------------------

TEST_CASE("whatever is lost on the way, a replica ends up with what its master has") {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    CAPTURE(seed);
    RedisSetLab lab({.replicas = 2, .replication = {.backlog = 8}, .seed = seed});
    Rng rng(seed, "replication test");
    Duration now{};
    for (int step = 0; step < 60; ++step) {
      now += rng.between(1ms, 300ms);
      lab.run_until(now);
      const std::size_t replica = 1 + rng.below(2);
      switch (rng.below(6)) {
        case 0:
          lab.drop_next(lab.nodes[0], lab.nodes[replica], "replicate");
          break;
        case 1:
          lab.world.network().reset_connection(lab.nodes[0], lab.nodes[replica]);
          break;
        case 2:
          lab.world.crash(lab.nodes[replica]);
          lab.world.restart(lab.nodes[replica]);
          break;
        default: {
          const std::string key = "key-" + std::to_string(rng.below(6));
          if (rng.chance_ppm(600'000))
            lab.set(0, key, rng.between(1ms, 5s), static_cast<std::uint32_t>(step + 1));
          else
            lab.get(0, key);
          break;
        }
      }
    }
    lab.run_until(now + 25s);  // two pings of the master
    CHECK(lab.replication(1).history().offset() == lab.replication(0).history().offset());
    CHECK(lab.server(1).keys() == lab.server(0).keys());
    CHECK(lab.server(2).keys() == lab.server(0).keys());
  }
}

}  // namespace
}  // namespace locklab::redis
