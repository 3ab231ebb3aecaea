// MX-SERVICE and MX-BELIEF, with the numbers of the document's scenarios and of the corpus. Drift
// at a TTL of 10 s is 10000 * 2 / 1000 + 2 = 22 ms, so what is asked for at T1 is promised until T1
// + 9978.
#include "tests/invariants/trial.hpp"

using namespace locklab;

namespace {

/// client-a holds redis-1 to redis-5 since 1 ms, asked for at 0.
void a_holds_five(Trial& trial, Duration ttl, Duration promise_until) {
  trial.run.ttl(ttl).quorum(3, 5).at(0ms).requests("client-a", 1).at(500us);
  for (const auto* node : {"redis-1", "redis-2", "redis-3", "redis-4", "redis-5"})
    trial.run.stores(node, 1, ttl);
  trial.run.at(1ms).granted("client-a", 1, promise_until);
}

/// client-b asks at 5001 ms, finds the keys dead on redis-3 to redis-5, and holds at 5002 ms.
void b_gets_three(Trial& trial, Duration deadline, Duration promise_until) {
  trial.run.at(5001ms).requests("client-b", 2).at(5001500us);
  for (const auto* node : {"redis-3", "redis-4", "redis-5"})
    trial.run.removes(node, 1, RemovalReason::expired).stores(node, 2, deadline);
  trial.run.at(5002ms).granted("client-b", 2, promise_until);
}

}  // namespace

TEST_CASE("a clock step on three nodes gives 4976 ms of two holders [doc 4.3; corpus 32]") {
  Trial trial;
  a_holds_five(trial, 10s, 9978ms);
  trial.run.at(4999ms);
  for (const auto* node : {"redis-3", "redis-4", "redis-5"}) trial.run.wall_jumps(node, 5000ms);
  b_gets_three(trial, 20001ms, 14979ms);
  trial.run.at(9978ms).stops_believing("client-a", 1);
  trial.run.at(9990ms).begins_release("client-b", 2).at(9991ms).released("client-b", 2);
  trial.ends(10s);

  const Finding belief = trial.only("client_mutual_exclusion");
  CHECK(belief.from == ms(5002));
  CHECK(belief.until == ms(9978));
  CHECK(belief.active == 4976ms);  // 9978 - 5002
  CHECK(belief.dormant == 0ms);
  CHECK(
      trial.sentence("client_mutual_exclusion") ==
      "client-a and client-b both believe that they hold inventory:item-123 from 5002ms to 9978ms "
      "(4976ms, 0ms of it while one was paused)");
  const Finding service = trial.only("service_mutual_exclusion");
  CHECK(service.what == "two_promises");
  CHECK(service.from == ms(5002));
  CHECK(service.until == ms(9978));
  CHECK(trial.sentence("service_mutual_exclusion") ==
        "client-b was granted inventory:item-123 while it was still promised to client-a: two "
        "promises from 5002ms to 9978ms (4976ms)");
  CHECK(trial.violated() == Violated{"client_mutual_exclusion", "service_mutual_exclusion"});
  CHECK(trial.announced() ==
        std::vector<std::string>{"began 0 service_mutual_exclusion",
                                 "began 1 client_mutual_exclusion",
                                 "ended 0 service_mutual_exclusion after 4976ms",
                                 "ended 1 client_mutual_exclusion after 4976ms"});
}

TEST_CASE("a minority extension taken as success overlaps for 1653 ms [doc 4.3; corpus 33]") {
  Trial trial;
  a_holds_five(trial, 5s, 4988ms);  // drift 5000 * 2 / 1000 + 2 = 12
  trial.run.at(1667500us).extends("redis-1", 1, 1, 6667ms).extends("redis-2", 1, 1, 6667ms);
  trial.run.at(1668ms).extended("client-a", 1, 6655ms);  // 1667 + 5000 - 12
  b_gets_three(trial, 10001ms, 9989ms);
  trial.run.at(6655ms).stops_believing("client-a", 1);
  trial.ends(9s);
  const Finding belief = trial.only("client_mutual_exclusion");
  CHECK(belief.from == ms(5002));
  CHECK(belief.until == ms(6655));
  CHECK(belief.active == 1653ms);  // 6655 - 5002
}

TEST_CASE("an extension that counts only at a majority keeps the lock safe [doc 4.3; corpus 33]") {
  Trial trial;
  a_holds_five(trial, 5s, 4988ms);
  trial.run.at(1667500us).extends("redis-1", 1, 1, 6667ms).extends("redis-2", 1, 1, 6667ms);
  trial.run.at(1718ms).tell("client-a",
                            ExtensionFailed{trial.run.lock_name(), AttemptId{1}, {}, 2});
  trial.run.at(4988ms).stops_believing("client-a", 1);
  b_gets_three(trial, 10001ms, 9989ms);
  trial.ends(9s);
  CHECK(trial.all().empty());
}

TEST_CASE("a partition alone breaks nothing [doc 4.3; neg-partition-only-document-s3]") {
  Trial trial;
  a_holds_five(trial, 10s, 9978ms);
  trial.run.at(5001ms).requests("client-b", 2).at(5002ms).refused("client-b", 2);
  trial.run.at(9978ms).stops_believing("client-a", 1);
  trial.ends(10s);
  CHECK(trial.all().empty());
}

TEST_CASE("an overlap is dormant while the first holder sleeps: 4998 ms [doc 4.4]") {
  Trial trial;
  trial.run.ttl(5s).requests("client-a", 1).at(500us).stores("redis-1", 1, 5000ms);
  trial.run.at(1ms).granted("client-a", 1, 5000ms, 100).at(1500us).accepts("storage", 1, 100);
  trial.run.at(1000ms).pauses("client-a");
  trial.run.at(5001ms).requests("client-b", 2).at(5001500us);
  trial.run.removes("redis-1", 1, RemovalReason::expired).stores("redis-1", 2, 10001ms);
  trial.run.at(5002ms).granted("client-b", 2, 10001ms, 101);
  trial.run.at(5002500us).accepts("storage", 2, 101);
  trial.run.at(10000ms).resumes("client-a");
  trial.run.at(10001500us).rejects("storage", 1, 100);

  SUBCASE("both go on to the end") {
    trial.ends(10100ms);
    const Finding belief = trial.only("client_mutual_exclusion");
    CHECK(belief.from == ms(5002));
    CHECK(belief.until == kEndOfTime);
    CHECK(belief.dormant == 4998ms);  // 10000 - 5002
    CHECK(belief.active == 100ms);
    CHECK(trial.sentence("client_mutual_exclusion") ==
          "client-a and client-b both believe that they hold inventory:item-123 from 5002ms to the "
          "end of the run (5098ms, 4998ms of it while one was paused)");
  }
  SUBCASE("client-a learns it from the rejection") {
    trial.run.at(10002ms).stops_believing("client-a", 1, BeliefEnd::told);
    trial.ends(10100ms);
    CHECK(trial.only("client_mutual_exclusion").until == ms(10002));
    CHECK(trial.only("client_mutual_exclusion").dormant == 4998ms);
    CHECK(trial.only("client_mutual_exclusion").active == 2ms);
  }
  SUBCASE("client-a crashes: it believes nothing any more") {
    trial.run.at(10005ms).crashes("client-a");
    trial.ends(10100ms);
    CHECK(trial.only("client_mutual_exclusion").until == ms(10005));
  }
  // Fencing saved the storage, not the lock: MX-BELIEF is reported, STALE-WRITE is not.
  CHECK(trial.violated() == Violated{"client_mutual_exclusion"});
}

TEST_CASE("a wall clock that jumps ahead breaks the service's promise [corpus 17]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(500us).stores("redis-1", 1, 10000ms);
  trial.run.at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(2000ms).wall_jumps("redis-1", 10s);
  trial.run.at(2001ms).requests("client-b", 2).at(2001500us);
  trial.run.removes("redis-1", 1, RemovalReason::expired).stores("redis-1", 2, 22001ms);
  trial.run.at(2002ms).granted("client-b", 2, 11979ms);

  SUBCASE("the promise ends without an event of its own") {
    trial.run.at(9990ms).stops_believing("client-a", 1);
    CHECK(trial.only("service_mutual_exclusion").until == ms(9978));
  }
  SUBCASE("the run ends later") { trial.ends(11s); }
  SUBCASE("nothing is left to happen, so the rest is known") { trial.ends(3s, true); }
  CHECK(trial.only("service_mutual_exclusion").from == ms(2002));
  CHECK(trial.only("service_mutual_exclusion").until == ms(9978));
}

TEST_CASE("two promises that still overlap when the run is cut off stay open") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(2ms).requests("client-b", 2).at(3ms).granted("client-b", 2, 9980ms);
  trial.ends(5s);
  CHECK(trial.only("service_mutual_exclusion").until == kEndOfTime);
  CHECK(trial.only("service_mutual_exclusion").active == 4997ms);
}

TEST_CASE("a release ends a promise early") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(5000ms).begins_release("client-a", 1).at(5001ms).released("client-a", 1);
  trial.run.requests("client-b", 2).at(5002ms).granted("client-b", 2, 14979ms);
  trial.ends(20s);
  CHECK(trial.all().empty());
}

TEST_CASE("a renewal answered after the release began promises nothing [neg-extend-release-race]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(3000ms).begins_release("client-a", 1).at(3001ms).extended("client-a", 1, 12978ms);
  trial.run.released("client-a", 1).at(3002ms).requests("client-b", 2);
  trial.run.at(3003ms).granted("client-b", 2, 12980ms);
  trial.ends(20s);
  CHECK(trial.all().empty());
}

TEST_CASE("an extension that revives a lapsed promise meets the next one [corpus 47]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(10001ms).requests("client-b", 2).at(10002ms).granted("client-b", 2, 19979ms);
  trial.run.at(12000ms).extended("client-a", 1, 21978ms);
  trial.ends(30s);
  CHECK(trial.only("service_mutual_exclusion").from == ms(12000));
  CHECK(trial.only("service_mutual_exclusion").until == ms(19979));
}

TEST_CASE(
    "a grant whose promise is over before it arrives wrongs the client only [corpus 36, 42]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(10001ms).requests("client-b", 2);
  trial.run.at(10002ms).granted("client-b", 2, 19979ms);
  trial.run.at(12000ms).granted("client-a", 1, 9978ms);
  trial.ends(13s);
  CHECK(trial.violated() == Violated{"client_mutual_exclusion"});
}

TEST_CASE("two quorums of live keys are two owners, even before anybody is told [corpus 110]") {
  Trial trial;
  trial.run.quorum(1, 1).requests("client-a", 1).at(1ms).stores("redis-1", 1, 10000ms);
  trial.run.requests("client-b", 2).at(2ms).stores("redis-2", 2, 10000ms);
  trial.run.at(7ms).removes("redis-1", 1, RemovalReason::deleted, 1).refused("client-a", 1);
  trial.ends(8ms);
  const Finding service = trial.only("service_mutual_exclusion");
  CHECK(service.what == "two_owners");
  CHECK(service.from == ms(2));
  CHECK(service.until == ms(7));
}

TEST_CASE("keys that expired unnoticed own nothing") {
  Trial trial;
  trial.run.quorum(1, 1).requests("client-a", 1).at(1ms).stores("redis-1", 1, 100ms);
  trial.run.at(2ms).granted("client-a", 1, 99ms);
  trial.run.at(150ms).requests("client-b", 2).stores("redis-2", 2, 10000ms);
  trial.ends(151ms);
  CHECK(trial.found("service_mutual_exclusion").empty());
}

TEST_CASE("a client that gets the lock again wrongs nobody") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(500ms).crashes("client-a").at(600ms).restarts("client-a");
  trial.run.requests("client-a", 2).at(601ms).granted("client-a", 2, 10578ms);
  trial.ends(1s);
  CHECK(trial.all().empty());
}

TEST_CASE("holders of different locks do not meet") {
  Trial trial;
  trial.run.lock("x").requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.lock("y").requests("client-b", 2).at(2ms).granted("client-b", 2, 9978ms);
  trial.ends(1s);
  CHECK(trial.all().empty());
}

TEST_CASE("a holder that wakes while the other sleeps stays dormant until both run") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 10ms);
  trial.run.at(5ms).pauses("client-a").at(20ms).requests("client-b", 2);
  trial.run.at(21ms).granted("client-b", 2, 100ms);
  trial.run.at(30ms).pauses("client-b").pauses("client-b");  // paused, then its machine suspended
  trial.run.at(40ms).resumes("client-a").at(50ms).resumes("client-b");
  trial.run.at(57ms).stops_believing("client-a", 1);
  trial.ends(60ms);
  CHECK(trial.only("client_mutual_exclusion").dormant == 29ms);  // 21 to 50
  CHECK(trial.only("client_mutual_exclusion").active == 7ms);    // 50 to 57
}

TEST_CASE("who ignores the answer believes on nobody's word [corpus 6, 116]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  const EventSeq grant = trial.run.last();
  trial.run.at(100ms).requests("client-b", 2).at(101ms).refused("client-b", 2);
  trial.run.assumes("client-b", 2);
  const EventSeq assumption = trial.run.last();
  trial.run.at(201ms).stops_believing("client-b", 2, BeliefEnd::released);
  trial.ends(300ms);
  const Finding belief = trial.only("client_mutual_exclusion");
  CHECK(belief.from == ms(101));
  CHECK(belief.until == ms(201));
  CHECK(belief.events[0] == grant);
  CHECK(belief.events[1] == assumption);
  CHECK(trial.violated() == Violated{"client_mutual_exclusion"});  // the service is not to blame
}

TEST_CASE("an assumption on a free lock wrongs nobody") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).refused("client-a", 1).assumes("client-a", 1);
  trial.run.at(2ms).accepts("storage", 1).at(3ms).stops_believing("client-a", 1);
  trial.ends(300ms);
  CHECK(trial.all().empty());
}
