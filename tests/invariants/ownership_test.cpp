// FOREIGN-RELEASE and LOST-RELEASE [corpus B, C, D].
#include "tests/invariants/trial.hpp"

using namespace locklab;

TEST_CASE("a blind DEL removes the next holder's lock, and a third gets in [corpus 7]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(500us).stores("redis-1", 1, 10000ms);
  trial.run.at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(10001ms).requests("client-b", 2).at(10001500us);
  trial.run.removes("redis-1", 1, RemovalReason::expired).stores("redis-1", 2, 20001ms);
  trial.run.at(10002ms).granted("client-b", 2, 19979ms);  // 10001 + 9978
  trial.run.at(11000ms).begins_release("client-a", 1).at(11000500us);
  trial.run.removes("redis-1", 2, RemovalReason::deleted, 1).at(11001ms).released("client-a", 1);
  trial.run.requests("client-c", 3).at(11001500us).stores("redis-1", 3, 21001ms);
  trial.run.at(11002ms).granted("client-c", 3, 20979ms);
  trial.ends(25s);

  const Finding release = trial.only("foreign_release");
  CHECK(release.what == "deleted");
  CHECK(release.from == Instant{11000500us});
  CHECK(trial.sentence("foreign_release") ==
        "client-a deleted a key of inventory:item-123 that belonged to client-b, at 11000.5ms");
  const Finding service = trial.only("service_mutual_exclusion");
  CHECK(service.from == ms(11002));
  CHECK(service.until == ms(19979));
  CHECK(service.attempts[0] == AttemptId{2});
  CHECK(service.attempts[1] == AttemptId{3});
}

TEST_CASE("one value for two grants lets one release the other's lock [corpus 9]") {
  Trial trial;
  const Value shared = Value::unique(7, 7);
  const Symbol key = trial.run.names().intern("lock:inventory:item-123");
  const auto stores = [&](std::uint32_t attempt, Duration deadline) {
    trial.run.tell("redis-1",
                   KeyStored{key, shared, AttemptId{attempt}, true, WallInstant{deadline}});
  };
  trial.run.requests("client-a", 1).at(500us);
  stores(1, 10000ms);
  trial.run.at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(10001ms);

  SUBCASE("two threads of one object") {
    trial.run.requests("client-b", 2).removes("redis-1", 1, RemovalReason::expired);
    stores(2, 20001ms);
    trial.run.at(10002ms).granted("client-b", 2, 19979ms).at(11000ms);
    trial.run.tell("redis-1",
                   KeyRemoved{key, shared, AttemptId{2}, AttemptId{1}, RemovalReason::deleted});
    trial.ends(12s);
    CHECK(trial.only("foreign_release").processes[1] == trial.run.process("client-b"));
  }
  SUBCASE("a late unlock overtaken by the same client's next lock") {
    trial.run.stops_believing("client-a", 1).requests("client-a", 2);
    trial.run.removes("redis-1", 1, RemovalReason::expired);
    stores(2, 20001ms);
    trial.run.at(10002ms).granted("client-a", 2, 19979ms).at(11000ms);
    trial.run.tell("redis-1",
                   KeyRemoved{key, shared, AttemptId{2}, AttemptId{1}, RemovalReason::deleted});
    trial.ends(12s);
    CHECK(trial.sentence("foreign_release") ==
          "client-a deleted a key of inventory:item-123 that belonged to another of its own "
          "attempts, at 11000ms");
  }
}

TEST_CASE("overwriting or extending another's live lock is foreign as well") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).stores("redis-1", 1, 10000ms);
  trial.run.at(2ms).requests("client-b", 2).extends("redis-1", 1, 2, 20000ms);
  CHECK(trial.only("foreign_release").what == "extended");
  trial.run.at(3ms).removes("redis-1", 1, RemovalReason::overwritten, 2);
  trial.run.stores("redis-1", 2, 20000ms);
  CHECK(trial.found("foreign_release").back().what == "overwritten");
}

TEST_CASE("what expires, is evicted or is lost is nobody's release") {
  Trial trial;
  trial.run.quorum(3, 5).requests("client-a", 1).at(1ms);
  for (const auto* node : {"redis-1", "redis-2", "redis-3", "redis-4", "redis-5"})
    trial.run.stores(node, 1, 10000ms);
  trial.run.at(2ms).granted("client-a", 1, 9978ms);
  trial.run.removes("redis-1", 1, RemovalReason::expired);
  trial.run.removes("redis-2", 1, RemovalReason::evicted);
  trial.run.removes("redis-3", 1, RemovalReason::lost);
  trial.run.removes("redis-4", 1, RemovalReason::deleted);     // an operator
  trial.run.removes("redis-5", 1, RemovalReason::deleted, 1);  // its own
  trial.ends(3ms);
  CHECK(trial.all().empty());
}

TEST_CASE("clearing away what nobody counts on is no foreign release") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).stores_for_ever("redis-1", 1);
  trial.run.at(2ms).granted("client-a", 1, 9978ms).at(3ms).crashes("client-a");
  trial.run.at(20000ms).requests("client-b", 2);
  trial.run.removes("redis-1", 1, RemovalReason::deleted, 2).stores("redis-1", 2, 30000ms);
  trial.ends(20001ms);
  CHECK(trial.all().empty());
}

TEST_CASE("a lost SET reply leaves a lock that nobody knows of [corpus 23]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(500us).stores("redis-1", 1, 10000ms);
  trial.run.at(50ms).refused("client-a", 1);  // timed out, and goes away

  SUBCASE("another client is refused until it expires") {
    trial.run.at(5000ms).requests("client-b", 2).at(5001ms).refused("client-b", 2);
    trial.run.at(10001500us).requests("client-b", 3);
    trial.run.removes("redis-1", 1, RemovalReason::expired).stores("redis-1", 3, 20001ms);
    trial.run.at(10002ms).granted("client-b", 3, 19979ms);
    trial.ends(10003ms);
  }
  SUBCASE("nobody looks, and the key expires unnoticed") { trial.ends(15s); }
  SUBCASE("the run comes to rest at once, and the rest is known") { trial.ends(50ms, true); }

  const Finding lost = trial.only("lost_release");
  CHECK(lost.from == ms(50));
  CHECK(lost.until == ms(10001));  // dead from TTL + 1
  CHECK(lost.active == 9951ms);
  CHECK(trial.sentence("lost_release") ==
        "inventory:item-123 stays taken from 50ms to 10001ms (9951ms) by keys of client-a, who "
        "neither holds it nor wants it");
  CHECK(trial.violated() == Violated{"lost_release"});
}

TEST_CASE("a run cut off while the lock is left behind keeps the finding open") {
  Trial trial;
  trial.run.requests("client-a", 1).at(500us).stores_for_ever("redis-1", 1);
  trial.run.at(50ms).refused("client-a", 1);
  SUBCASE("cut off after the grace") {
    trial.ends(2050ms);
    CHECK(trial.only("lost_release").until == kEndOfTime);
    CHECK(trial.only("lost_release").active == 2000ms);
  }
  SUBCASE("cut off within the grace") {
    trial.ends(1050ms);
    CHECK(trial.all().empty());
  }
  SUBCASE("at rest: it will never be free") {
    trial.ends(60ms, true);
    CHECK(trial.only("lost_release").until == kEndOfTime);
  }
}

TEST_CASE("a crashed owner's keys are the TTL's business [neg-crash-before-reply-ttl]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(500us).stores("redis-1", 1, 10000ms);
  trial.run.at(700us).crashes("client-a").at(800us).restarts("client-a");
  trial.ends(20s);
  CHECK(trial.all().empty());
}

TEST_CASE("unlocking only the acquired nodes leaves three behind [corpus 38]") {
  InvariantSettings settings;
  bool all_nodes = false;
  SUBCASE("as in the document") { settings.bounded_wait_idle = 5s; }
  SUBCASE("unlock sent to all five [neg-release-all-nodes]") { all_nodes = true; }
  Trial trial(settings);
  trial.run.quorum(3, 5).requests("client-a", 1).at(500us);
  for (const auto* node : {"redis-1", "redis-2", "redis-3", "redis-4", "redis-5"})
    trial.run.stores(node, 1, 10000ms);
  trial.run.at(50500us).removes("redis-1", 1, RemovalReason::deleted, 1);
  trial.run.removes("redis-2", 1, RemovalReason::deleted, 1);
  if (all_nodes)
    for (const auto* node : {"redis-3", "redis-4", "redis-5"})
      trial.run.removes(node, 1, RemovalReason::deleted, 1);
  trial.run.at(51ms).refused("client-a", 1);
  trial.run.at(100ms).waits("client-b").requests("client-b", 2);
  if (!all_nodes) trial.run.at(102ms).refused("client-b", 2).at(10001ms).requests("client-b", 3);
  trial.run.granted("client-b", all_nodes ? 2 : 3, 20s).wait_over("client-b");
  trial.ends(11s);

  if (all_nodes) {
    CHECK(trial.all().empty());
  } else {
    CHECK(trial.only("lost_release").from == ms(51));
    CHECK(trial.only("lost_release").until == ms(10001));
    CHECK(trial.only("bounded_wait").active == 9901ms);  // 100 to 10001
    CHECK(trial.violated() == Violated{"bounded_wait", "lost_release"});
  }
}

TEST_CASE("keys on fewer nodes than matter keep nothing taken") {
  Trial trial;
  trial.run.quorum(3, 5).requests("client-a", 1).at(500us);
  trial.run.stores("redis-1", 1, 10000ms).stores("redis-2", 1, 10000ms);
  trial.run.at(51ms).refused("client-a", 1);
  SUBCASE("two of five: three are free") {
    trial.ends(11s);
    CHECK(trial.all().empty());
  }
  SUBCASE("two and two of the next try: one is free") {
    trial.run.requests("client-a", 2).at(52ms).stores("redis-3", 2, 5000ms);
    trial.run.stores("redis-4", 2, 10052ms).at(53ms).refused("client-a", 2);
    trial.ends(11s);
    CHECK(trial.only("lost_release").from == ms(53));
    CHECK(trial.only("lost_release").until == ms(10001));  // redis-3 alone is not enough
    CHECK(trial.only("lost_release").attempts.size() == 2);
  }
}

TEST_CASE("who still waits for the lock has not given it up [corpus 43]") {
  Trial trial;
  trial.run.waits("client-a").requests("client-a", 1).at(500us).stores("redis-1", 1, 10000ms);
  trial.run.at(50ms).refused("client-a", 1);
  trial.run.at(3000ms).wait_over("client-a", false);
  trial.ends(20s);
  CHECK(trial.only("lost_release").from == ms(3000));
}

TEST_CASE("a release that finds nothing to delete leaves the lock taken [corpus 39]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(500us).stores("redis-1", 1, 10000ms);
  trial.run.at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(100ms).begins_release("client-a", 1).at(101ms).released("client-a", 1);
  trial.ends(20s);
  CHECK(trial.only("lost_release").from == ms(101));
  CHECK(trial.only("lost_release").until == ms(10001));
}

TEST_CASE("an ordinary life of a lock loses nothing") {
  Trial trial;
  trial.run.requests("client-a", 1).at(500us).stores("redis-1", 1, 10000ms);
  trial.run.at(1ms).granted("client-a", 1, 9978ms);
  SUBCASE("released") {
    trial.run.at(5000ms).begins_release("client-a", 1).at(5000500us);
    trial.run.removes("redis-1", 1, RemovalReason::deleted, 1);
    trial.run.at(5001ms).released("client-a", 1);
  }
  SUBCASE("the deadline lies a drift before the key's end") {
    trial.run.at(9978ms).stops_believing("client-a", 1);
  }
  SUBCASE("renewed by writing the key anew") {
    trial.run.at(3000ms).removes("redis-1", 1, RemovalReason::overwritten, 1);
    trial.run.stores("redis-1", 1, 13000ms).extended("client-a", 1, 12978ms);
  }
  trial.ends(12s);
  CHECK(trial.all().empty());
}

TEST_CASE("a node's clock decides when a key left behind is gone") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).stores("redis-1", 1, 10001ms);
  trial.run.at(2ms).refused("client-a", 1);
  SUBCASE("set back by four seconds") {
    trial.run.at(1000ms).wall_jumps("redis-1", -4s);
    trial.ends(20s);
    CHECK(trial.only("lost_release").until == ms(14002));  // 10001 + 1 + 4000
  }
  SUBCASE("twice as fast from 2002 on") {
    trial.run.at(2002ms).tell("redis-1", ClockChanged{ClockChange::rate, {}, 1'000'000});
    trial.ends(20s);
    CHECK(trial.only("lost_release").until == ms(6002));  // 2002 + (10002 - 2002) / 2
  }
}
