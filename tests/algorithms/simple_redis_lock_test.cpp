// SimpleRedisLock: where one node suffices, and each of its lapses with the careful preset beside
// it [doc §3; spec A; corpus 9, 21-24].
#include "algorithms/simple_redis_lock.hpp"

#include "tests/support/lock_lab.hpp"

namespace locklab {
namespace {

// A SET that leaves at whole millisecond s is carried out at s + 0.5 and stored until s + TTL; the
// first SET that finds the key dead leaves at s + TTL + 1 [spec A, "expiry rule"].
TEST_CASE("a lock on one node excludes until it is released, or expired") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");

  Try& first = lab.acquire(a);
  lab.run_until(100ms);
  CHECK(lab.times<KeyStored>() == "0.5ms");
  CHECK(first.when() == "1ms");
  CHECK(to_string(lab.last<LockGranted>().promise_until) == "9978ms");  // 10000 - 20 - 2

  Try& refused = lab.acquire(b);
  lab.run_until(200ms);
  CHECK(refused.error() == Errc::not_acquired);

  Done& released = lab.release(a, first.lease());
  lab.run_until(201ms);
  CHECK(released.ok());
  CHECK(released.when() == "201ms");
  Try& second = lab.acquire(b);
  lab.run_until(202ms);
  CHECK(second.ok());
  CHECK(lab.both_believed() == 0ms);
}

TEST_CASE("the lock of a crashed holder is free one millisecond after its deadline") {
  for (const auto& [asks, gets_it] : {std::pair{10000ms, false}, std::pair{10001ms, true}}) {
    LockLab lab;
    Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
    Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
    lab.acquire(a);
    lab.run_until(1000ms);
    lab.world().crash(lab.client(0).id());
    CHECK(lab.last<BeliefEnded>().why == BeliefEnd::crashed);
    lab.run_until(asks);
    Try& later = lab.acquire(b);
    lab.run_until(asks + 1ms);
    CHECK(later.ok() == gets_it);
  }
}

// Corpus 9: one object, two threads. The second thread's lock carries the first one's value.
TEST_CASE("with a value per object one thread releases the other's lock") {
  LockLab lab;
  Lock& shared = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& c = lab.lock(lab.client(2), "simple_redis_lock", "document");
  Try& thread_1 = lab.acquire(shared);
  lab.run_until(10001ms);
  Try& thread_2 = lab.acquire(shared);
  lab.run_until(11000ms);
  REQUIRE(thread_2.ok());
  CHECK(thread_1.lease().owner == thread_2.lease().owner);
  Done& released = lab.release(shared, thread_1.lease());
  lab.run_until(11001ms);
  CHECK(released.ok());
  CHECK(lab.foreign_removals() == 1);
  Try& third = lab.acquire(c);
  lab.run_until(11002ms);
  CHECK(third.ok());
  CHECK(lab.grants_inside_a_promise() == 1);  // thread 2's, until 10001 + 9978
}

TEST_CASE("with a value per acquisition it does not") {
  LockLab lab;
  Lock& shared = lab.lock(lab.client(0), "simple_redis_lock", "careful");
  Lock& c = lab.lock(lab.client(2), "simple_redis_lock", "careful");
  Try& thread_1 = lab.acquire(shared);
  lab.run_until(10001ms);
  lab.acquire(shared);
  lab.run_until(11000ms);
  Done& released = lab.release(shared, thread_1.lease());
  lab.run_until(11001ms);
  CHECK(released.error() == Errc::lost);
  CHECK(lab.foreign_removals() == 0);
  Try& third = lab.acquire(c);
  lab.run_until(11002ms);
  CHECK(third.error() == Errc::not_acquired);
}

// Corpus 21: 9000 ms are left at 1000; extend(1000) sets them to 1000, so the key is dead from
// 2001.
TEST_CASE("extend(additional) shortens the document's lock") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  Try& held = lab.acquire(a);
  lab.run_until(1000ms);
  Done& extended = lab.extend(a, held, 1000ms);
  lab.run_until(2000ms);
  CHECK(extended.ok());
  CHECK(lab.last<KeyExtended>().expires_at == WallInstant{2000ms});
  Try& too_early = lab.acquire(b);
  lab.run_until(2001ms);
  CHECK_FALSE(too_early.ok());
  lab.acquire(b);
  lab.run_until(3000ms);
  CHECK(lab.both_believed() == 998ms);  // from 2002 on
}

TEST_CASE("an extension that adds does what its parameter says") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document", {{"extend_mode", "add"}});
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  Try& held = lab.acquire(a);
  lab.run_until(1000ms);
  Done& extended = lab.extend(a, held, 1000ms);
  lab.run_until(2001ms);
  CHECK(extended.ok());
  // 9000 left at 1000, and 1000 more: until 11000. Promised from 1000 on: 10000 - 22.
  CHECK(lab.last<KeyExtended>().expires_at == WallInstant{11000ms});
  CHECK(to_string(lab.last<LeaseExtended>().promise_until) == "10978ms");
  Try& refused = lab.acquire(b);
  lab.run_until(2002ms);
  CHECK_FALSE(refused.ok());
}

// Corpus 22.
TEST_CASE("extend(0) says yes and gives the lock away") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  Try& held = lab.acquire(a);
  lab.run_until(1000ms);
  Done& extended = lab.extend(a, held, 0ms);
  lab.run_until(1001ms);
  CHECK(extended.ok());
  CHECK(lab.held(1) == nullptr);
  Try& taken = lab.acquire(b);
  lab.run_until(1002ms);
  CHECK(taken.ok());
  lab.run_until(1100ms);
  CHECK(lab.both_believed() == 98ms);
}

TEST_CASE("a careful client does not ask for an extension by nothing") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "careful");
  Try& held = lab.acquire(a);
  lab.run_until(1000ms);
  Done& extended = lab.extend(a, held, 0ms);
  lab.run_until(1001ms);
  CHECK(extended.error() == Errc::invalid);
  CHECK(lab.held(1) != nullptr);
}

// Corpus 23: the SET is carried out at 0.5, its reply is lost, the client gives up at 50.
TEST_CASE("a lost reply leaves an orphan until the TTL") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document", {{"node_timeout", "50ms"}});
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  lab.drop(lab.node(1), lab.client(0).id(), "SET reply");
  Try& tried = lab.acquire(a);
  lab.run_until(10000ms);
  CHECK(tried.error() == Errc::timeout);
  CHECK(tried.when() == "50ms");
  Try& refused = lab.acquire(b);
  lab.run_until(10001ms);
  CHECK_FALSE(refused.ok());
  Try& granted = lab.acquire(b);
  lab.run_until(10002ms);
  CHECK(granted.ok());
}

TEST_CASE("a careful client cleans up after an unknown outcome") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "careful");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "careful");
  lab.drop(lab.node(1), lab.client(0).id(), "SET reply");
  Try& tried = lab.acquire(a);
  lab.run_until(60ms);
  CHECK(tried.error() == Errc::timeout);
  CHECK(lab.times<KeyRemoved>() == "50.5ms");
  Try& granted = lab.acquire(b);
  lab.run_until(61ms);
  CHECK(granted.ok());
}

// neg-fifo-connection: the SET is late (100.5), but the clean-up cannot overtake it on its
// connection. A client that gives the connection up with the call has no such order: the SET comes
// last, to stay.
TEST_CASE("clean-up works because a connection keeps its order") {
  for (const bool reconnects : {false, true}) {
    LockLab lab;
    Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "careful",
                       {{"reconnect_on_timeout", reconnects ? "true" : "false"}});
    Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "careful");
    lab.delay(lab.client(0).id(), lab.node(1), "SET", 100ms);
    lab.acquire(a);
    lab.run_until(200ms);
    CHECK(lab.times<KeyStored>() == "100.5ms");
    Try& granted = lab.acquire(b);
    lab.run_until(201ms);
    CHECK(granted.ok() == !reconnects);
  }
}

// Corpus 24: the library sends the same SET NX again after the connection broke, and is refused by
// the key that the first one stored.
TEST_CASE("a client that retries SET NX is refused by its own key") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Waiting retrying;
  retrying.on_error = Waiting::OnError::retry;
  Try& tried = lab.wait_for(a, retrying);
  lab.run_until(700us);
  lab.world().network().reset_connection(lab.client(0).id(), lab.node(1));
  lab.run_until(9000ms);
  CHECK(tried.error() == Errc::not_acquired);
  REQUIRE(lab.held(1) != nullptr);
  CHECK(lab.held(1)->attempt == AttemptId{1});
  CHECK(lab.count<LockGranted>() == 0);
}

TEST_CASE("a request that Redis does not understand is not a lock taken by others") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document", {{"ttl", "500us"}});
  Try& tried = lab.acquire(a);  // PX 0: "invalid expire time"
  lab.run_until(1ms);
  CHECK(tried.error() == Errc::invalid);
}

// Corpus 6, and the client of mistake 3: the answer is not looked at.
TEST_CASE("a client that ignores the answer works without the lock") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  lab.acquire(a);
  lab.run_until(100ms);
  Try& ignored = lab.acquire(b, IfRefused::ignore);
  lab.run_until(200ms);
  REQUIRE(ignored.ok());
  CHECK(lab.count<LockRefused>() == 1);
  CHECK(ignored.lease().votes == 0);
  CHECK_FALSE(ignored.lease().token);
  CHECK(lab.count<LockGranted>() == 1);  // nobody granted the second
  CHECK(lab.last<LockAssumed>().why == Errc::not_acquired);
  CHECK(lab.both_believed() == 99ms);  // from 101 on
  lab.release(b, ignored.lease());
  lab.run_until(201ms);
  CHECK(lab.foreign_removals() == 0);  // it compares, at least
  CHECK(lab.held(1) != nullptr);
}

}  // namespace
}  // namespace locklab
