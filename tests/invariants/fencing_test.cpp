// STALE-WRITE, TOKEN-ORDER and LOST-UPDATE [corpus A, E].
#include "tests/invariants/trial.hpp"

using namespace locklab;

namespace {

/// On one node: client-a holds since 1 ms, paused; its key dies at 10001 ms, and client-b holds
/// since 10002 ms.
void lease_passes_on(Trial& trial, std::uint64_t token_a, std::uint64_t token_b) {
  trial.run.requests("client-a", 1).at(500us).stores("redis-1", 1, 10000ms);
  trial.run.at(1ms).granted("client-a", 1, 9978ms, token_a);
  trial.run.at(9000ms).pauses("client-a");
  trial.run.at(10001ms).requests("client-b", 2).at(10001500us);
  trial.run.removes("redis-1", 1, RemovalReason::expired).stores("redis-1", 2, 20001ms);
  trial.run.at(10002ms).granted("client-b", 2, 19979ms, token_b);
}

}  // namespace

TEST_CASE("a paused holder's write lands after its successor's [corpus 1]") {
  Trial trial;
  lease_passes_on(trial, 0, 0);
  trial.run.at(10002500us).accepts("storage", 2);
  trial.run.at(20000ms).resumes("client-a").at(20000500us).accepts("storage", 1);
  const EventSeq stale = trial.run.last();
  trial.ends(25s);

  const Finding write = trial.only("stale_write");
  CHECK(write.what == "after_later_write");
  CHECK(write.from == Instant{20000500us});
  CHECK(write.until == write.from);
  CHECK(write.attempts[0] == AttemptId{1});
  CHECK(write.attempts[1] == AttemptId{2});
  CHECK(write.events[write.events.size() - 1] == stale);
  CHECK(
      trial.sentence("stale_write") ==
      "a write of client-a to stock was accepted at 20000.5ms, after one under the later grant of "
      "client-b");
  const Finding belief = trial.only("client_mutual_exclusion");
  CHECK(belief.from == ms(10002));
  CHECK(belief.dormant == 9998ms);  // to 20000
  CHECK(belief.active == 5000ms);   // to the end
  CHECK(trial.violated() == Violated{"client_mutual_exclusion", "stale_write"});
}

TEST_CASE("a write delayed in the network is stale without any pause [corpus 2]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(9978ms).stops_believing("client-a", 1);
  trial.run.at(10001ms).requests("client-b", 2).at(10002ms).granted("client-b", 2, 19979ms);
  trial.run.at(10500ms).accepts("storage", 2).at(12000ms).accepts("storage", 1);
  trial.ends(13s);
  CHECK(trial.violated() == Violated{"stale_write"});
}

TEST_CASE(
    "before the new holder's first write the old one still gets through [doc 4.4 mutation b]") {
  Trial trial;
  lease_passes_on(trial, 100, 101);
  trial.run.at(15000ms).resumes("client-a").at(15000500us).accepts("storage", 1, 100);
  trial.ends(16s);
  CHECK(trial.only("stale_write").what == "after_promise");
  CHECK(
      trial.sentence("stale_write") ==
      "a write of client-a (token 100) to stock was accepted at 15000.5ms, when its lease was over "
      "and the lock was client-b's (token 101)");
}

TEST_CASE("a late write harms nobody while nobody else has the lock") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(12000ms).accepts("storage", 1);
  trial.run.at(12001ms).requests("client-b", 2).at(12002ms).granted("client-b", 2, 22000ms);
  trial.run.at(12003ms).accepts("storage", 2).at(12004ms).accepts("storage", 2);
  trial.run.stops_believing("client-a", 1);
  trial.ends(13s);
  CHECK(trial.found("stale_write").empty());
}

TEST_CASE("a write under no grant is nobody's stale write") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(2ms).accepts("storage", 1).at(3ms).accepts("storage", 0);
  trial.run.requests("client-b", 2).at(4ms).refused("client-b", 2).accepts("storage", 2);
  trial.ends(5ms);
  CHECK(trial.all().empty());
}

TEST_CASE("a token taken after the lock turns fencing upside down [corpus 58]") {
  Trial trial;
  trial.run.ttl(5s).requests("client-a", 1).at(500us).stores("redis-1", 1, 5000ms);
  trial.run.at(600us).pauses("client-a");
  trial.run.at(5001ms).requests("client-b", 2).at(5001500us);
  trial.run.removes("redis-1", 1, RemovalReason::expired).stores("redis-1", 2, 10001ms);
  trial.run.at(5002ms).granted("client-b", 2, 9989ms, 1).at(5002500us).accepts("storage", 2, 1);
  trial.run.at(9000ms).resumes("client-a").at(9001ms).granted("client-a", 1, 4988ms, 2);
  trial.run.at(9001500us).accepts("storage", 1, 2).at(9002500us).rejects("storage", 2, 1);
  trial.ends(9003ms);

  const Finding order = trial.only("token_order");
  CHECK(order.what == "inversion");
  CHECK(order.from == ms(9001));
  CHECK(order.attempts[0] == AttemptId{1});  // first at the service
  CHECK(order.tokens[0] == FencingToken{2});
  CHECK(order.tokens[1] == FencingToken{1});
  CHECK(
      trial.sentence("token_order") ==
      "client-a had inventory:item-123 before client-b, but its token is 2 and the later one is 1 "
      "(noticed at 9001ms)");
  CHECK(trial.only("stale_write").from == Instant{9001500us});
  CHECK(trial.violated() == Violated{"client_mutual_exclusion", "stale_write", "token_order"});
}

TEST_CASE("who takes again what he has has it from then on, not from when he hears of it") {
  // Redisson stores no second key: the script of the second try prolongs the first one's.
  Trial trial;
  trial.run.ttl(5s).requests("client-a", 1).at(500us).stores("redis-1", 1, 5000ms);
  trial.run.at(600us).pauses("client-a");  // the answer, token 1, is lost; the second try is sent
  trial.run.requests("client-a", 2).at(700us).extends("redis-1", 1, 2, 5001ms);
  trial.run.at(5001ms).requests("client-b", 3).at(5002500us);
  trial.run.removes("redis-1", 1, RemovalReason::expired).stores("redis-1", 3, 10001ms);
  trial.run.at(5003ms).granted("client-b", 3, 9989ms, 3).stops_believing("client-b", 3);
  trial.run.at(12000ms).resumes("client-a").at(12001ms).granted("client-a", 2, 4988ms, 2);
  trial.ends(12002ms);
  CHECK(trial.found("token_order").empty());  // 2 was before 3, and is smaller
}

TEST_CASE("process-local counters run against the order of grants [corpus 59]") {
  Trial trial;
  lease_passes_on(trial, 8, 1);
  trial.run.at(10003ms).rejects("storage", 2, 1);
  trial.run.at(10004ms).resumes("client-a").accepts("storage", 1, 8);
  trial.ends(11s);
  CHECK(trial.only("token_order").what == "inversion");
  CHECK(trial.only("token_order").from == ms(10002));
  CHECK(trial.only("stale_write").what == "after_promise");
}

TEST_CASE("two holders that share a token pass the same check [corpus 60]") {
  Trial trial;
  lease_passes_on(trial, 1, 1);
  trial.run.at(10003ms).accepts("storage", 2, 1);
  trial.run.at(10004ms).resumes("client-a").accepts("storage", 1, 1);
  trial.ends(11s);
  CHECK(trial.only("token_order").what == "shared_token");
  CHECK(trial.only("stale_write").what == "after_later_write");
}

TEST_CASE("tokens that rise with the grants are in order, heard of in any order") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).stores("redis-1", 1, 10000ms);
  trial.run.at(10001ms).requests("client-b", 2).removes("redis-1", 1, RemovalReason::expired);
  trial.run.stores("redis-1", 2, 20001ms).at(10002ms).granted("client-b", 2, 19979ms, 34);
  trial.run.stops_believing("client-b", 2);
  // Its reply took ten seconds: later for the client, but the first at the service.
  trial.run.at(10003ms).granted("client-a", 1, 9978ms, 33);
  trial.run.lock("y").requests("client-c", 3).granted("client-c", 3, 20s, 1);  // a lock of its own
  trial.ends(11s);
  CHECK(trial.found("token_order").empty());
}

TEST_CASE("until the new holder writes, the old one's update is read over and lost [corpus 62]") {
  Trial trial;
  lease_passes_on(trial, 33, 34);
  trial.run.tell("storage", ReadServed{});  // version 0: 100
  trial.run.at(10003ms).resumes("client-a").accepts_update("storage", 1, 0, 33);
  const EventSeq lost = trial.run.last();
  trial.run.at(10004ms).accepts_update("storage", 2, 0, 34);
  const EventSeq overwriting = trial.run.last();
  trial.ends(11s);

  const Finding update = trial.only("lost_update");
  CHECK(update.from == ms(10004));
  CHECK(update.events[0] == lost);
  CHECK(update.events[1] == overwriting);
  CHECK(update.attempts[0] == AttemptId{2});
  CHECK(update.attempts[1] == AttemptId{1});
  CHECK(trial.sentence("lost_update") ==
        "a write of client-b (token 34) to stock at 10004ms undid an update of client-a (token 33) "
        "that it had not read");
  CHECK(trial.violated() == Violated{"client_mutual_exclusion", "lost_update", "stale_write"});
}

TEST_CASE("a forced update over an unlocked one loses it [corpus 107]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.accepts_update("storage", 1, 0);
  trial.run.at(2ms).accepts_update("storage", 0, 1);  // optimistic, under no lock
  trial.run.at(3ms).accepts_update("storage", 1, 1);
  trial.ends(4ms);
  CHECK(trial.violated() == Violated{"lost_update"});
}

TEST_CASE("updates built on one another lose nothing [neg-hybrid-with-version]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.accepts_update("storage", 1, 0).accepts_update("storage", 1, 1);
  trial.run.accepts("storage", 1);  // a blind write
  trial.run.accepts_update("storage", 1, 3);
  trial.ends(4ms);
  CHECK(trial.all().empty());
}

TEST_CASE("an update built on what the register has forgotten is found as well [corpus 61]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.accepts_update("storage", 1, 6);  // version 1 again, after a restart
  trial.ends(4ms);
  CHECK(trial.sentence("lost_update") ==
        "a write of client-a to stock at 1ms was worked out from a version that is gone");
}

TEST_CASE("a silent re-acquisition stands in the order where it happened [corpus 47]") {
  Trial trial;
  lease_passes_on(trial, 0, 0);
  trial.run.at(10500ms).accepts_update("storage", 2, 0);
  trial.run.at(11000ms).begins_release("client-b", 2).at(11000500us);
  trial.run.removes("redis-1", 2, RemovalReason::deleted, 2).at(11001ms).released("client-b", 2);
  trial.run.at(12000ms).resumes("client-a").at(12000500us).stores("redis-1", 1, 22000ms);
  trial.run.at(12001ms).extended("client-a", 1, 21978ms);
  trial.run.at(12002ms).accepts_update("storage", 1, 0);  // read at 4000
  trial.ends(13s);
  CHECK(trial.violated() == Violated{"client_mutual_exclusion", "lost_update"});
  CHECK(trial.only("client_mutual_exclusion").dormant == 999ms);  // 10002 to 11001
}
