// Redisson's locks [sheet F "Redisson watchdog"; RedissonLock.java]. Calls take 1 ms.
#include "algorithms/redisson_lock.hpp"

#include <doctest/doctest.h>

#include "tests/support/lock_lab.hpp"

namespace locklab {
namespace {

TEST_CASE("tryLock takes a free lock, and is refused one that somebody else has") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current");
  Lock& b = lab.lock(lab.client(1), "redisson_lock", "current");
  Try& first = lab.acquire(a);
  lab.run_until(10ms);
  Try& second = lab.acquire(b);
  lab.run_until(20ms);
  CHECK(first.ok());
  CHECK(first.when() == "1ms");
  CHECK(second.error() == Errc::not_acquired);
  CHECK(lab.held(1)->deadline_ms == 30'000);
}

TEST_CASE("free or mine: a second lock() is let in and counted, and it takes two unlocks") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current");
  Try& outer = lab.acquire(a);
  lab.run_until(10ms);
  Try& inner = lab.acquire(a);
  lab.run_until(20ms);
  REQUIRE(inner.ok());
  Done& once = lab.release(a, inner.lease());
  lab.run_until(30ms);
  CHECK(once.ok());
  CHECK(lab.held(1) != nullptr);
  lab.release(a, outer.lease());
  lab.run_until(40ms);
  CHECK(lab.held(1) == nullptr);
  CHECK(lab.foreign_removals() == 0);
}

TEST_CASE("a waiter is woken by the release, and has the lock two milliseconds later") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current");
  Lock& b = lab.lock(lab.client(1), "redisson_lock", "current", {{"wait", "10s"}});
  Try& first = lab.acquire(a);
  lab.run_until(10ms);
  Try& second = lab.acquire(b);
  lab.run_until(100ms);
  lab.release(a, first.lease());
  lab.run_until(200ms);
  REQUIRE(second.ok());
  CHECK(second.when() == "102ms");  // executed at 100.5, the word at 101, one more round trip
}

TEST_CASE("without a word it tries again when the time to live has passed") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current", {{"lease", "5s"}});
  Lock& b = lab.lock(lab.client(1), "redisson_lock", "current", {{"method", "lock"}});
  lab.acquire(a);
  lab.run_until(10ms);
  Try& second = lab.acquire(b);
  lab.run_until(20ms);
  lab.world().crash(lab.client(0).id());
  lab.run_until(10s);
  REQUIRE(second.ok());
  // Asked at 12 and told 4987 of a deadline of 5000 (executed at 12.5: 12): it wakes at 5001 and
  // asks at the first moment at which the key is gone.
  CHECK(second.at > Instant{5000ms});
  CHECK(second.at < Instant{5010ms});
}

TEST_CASE("a wait has an end, and then the client subscribes no longer") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current");
  Lock& b = lab.lock(lab.client(1), "redisson_lock", "current", {{"wait", "2s"}});
  lab.acquire(a);
  lab.run_until(10ms);
  Try& second = lab.acquire(b);
  lab.run_until(5s);
  CHECK(second.error() == Errc::not_acquired);
  CHECK(second.at >= Instant{2010ms});
  CHECK(second.at < Instant{2015ms});
}

TEST_CASE("the watchdog renews every third of 30 s, for as long as it takes") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current");
  Try& held = lab.acquire(a);
  lab.run_until(100s);
  CHECK(lab.held(1) != nullptr);
  CHECK(lab.times<LeaseExtended>() ==
        "10002ms 20003ms 30004ms 40005ms 50006ms 60007ms 70008ms 80009ms 90010ms");
  lab.release(a, held.lease());
  lab.run_until(130s);
  CHECK(lab.count<LeaseExtended>() == 9);
}

TEST_CASE("with a lease time nothing is renewed") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current", {{"lease", "5s"}});
  lab.acquire(a);
  lab.run_until(60s);
  CHECK(lab.count<LeaseExtended>() == 0);
}

TEST_CASE("a renewal that fails is tried again at the next tick; historically it was the last") {
  const auto renewals = [](std::string_view preset) {
    LockLab lab;
    Lock& a = lab.lock(lab.client(0), "redisson_lock", preset);
    lab.acquire(a);
    lab.run_until(1s);
    lab.drop(lab.client(0).id(), lab.node(1), "redisson-renew");
    lab.run_until(60s);
    return lab.count<LeaseExtended>();
  };
  CHECK(renewals("current") > 0);
  CHECK(renewals("historic") == 0);  // [#2515]
}

TEST_CASE("and a later lock of the same name was not renewed either [#3194]") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "historic");
  Try& held = lab.acquire(a);
  lab.run_until(1s);
  lab.drop(lab.client(0).id(), lab.node(1), "redisson-renew");
  lab.run_until(40s);  // expired at 30
  Try& again = lab.acquire(a);
  lab.run_until(41s);
  CHECK(held.ok());
  REQUIRE(again.ok());
  lab.run_until(100s);
  CHECK(lab.count<LeaseExtended>() == 0);
}

TEST_CASE("a lost key is dropped from the watchdog's list without a word to the application") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current");
  lab.acquire(a);
  lab.run_until(1s);
  lab.world().process(lab.node(1)).actor()->on_key_lost(lab.key());
  lab.run_until(60s);
  CHECK(lab.count<LeaseExtended>() == 0);
  CHECK(lab.count<BeliefEnded>() == 0);  // #4698
}

TEST_CASE("an unlock whose answer is lost is sent again, and the latch tells it what it did") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_lock", "current");
  Try& held = lab.acquire(a);
  lab.run_until(10ms);
  lab.drop(lab.node(1), lab.client(0).id(), "redisson-unlock reply");
  Done& released = lab.release(a, held.lease());
  lab.run_until(20s);
  CHECK(released.ok());
  CHECK(released.when() == "4511ms");  // 10 + 3 s of patience + 1.5 s, and one round trip
}

TEST_CASE("the fenced lock's token rises with every grant, and on re-entry too") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "redisson_fenced_lock", "current");
  Try& outer = lab.acquire(a);
  lab.run_until(10ms);
  Try& inner = lab.acquire(a);
  lab.run_until(20ms);
  CHECK(outer.lease().token == FencingToken{1});
  CHECK(inner.lease().token == FencingToken{2});
  lab.release(a, inner.lease());
  lab.release(a, outer.lease());
  lab.run_until(30ms);
  Try& next = lab.acquire(lab.lock(lab.client(1), "redisson_fenced_lock", "current"));
  lab.run_until(40ms);
  CHECK(next.lease().token == FencingToken{3});
}

TEST_CASE("the fair lock serves in the order of arrival, and a tryLock does not overtake") {
  LockLab lab({.clients = 4});
  Lock& holder = lab.lock(lab.client(0), "redisson_fair_lock", "current");
  Try& held = lab.acquire(holder);
  lab.run_until(10ms);
  Lock& first = lab.lock(lab.client(1), "redisson_fair_lock", "current", {{"method", "lock"}});
  Lock& second = lab.lock(lab.client(2), "redisson_fair_lock", "current", {{"method", "lock"}});
  Try& one = lab.acquire(first);
  lab.run_until(20ms);
  Try& two = lab.acquire(second);
  lab.run_until(100ms);
  lab.release(holder, held.lease());
  Try& hasty = lab.acquire(lab.lock(lab.client(3), "redisson_fair_lock", "current"));
  lab.run_until(200ms);
  CHECK(hasty.error() == Errc::not_acquired);
  CHECK(one.ok());
  CHECK_FALSE(two.done());
  lab.release(first, one.lease());
  lab.run_until(300ms);
  CHECK(two.ok());
}

TEST_CASE("a fair waiter that gives up leaves the queue, and the next one moves up") {
  LockLab lab({.clients = 3});
  Lock& holder = lab.lock(lab.client(0), "redisson_fair_lock", "current");
  Try& held = lab.acquire(holder);
  lab.run_until(10ms);
  Try& one =
      lab.acquire(lab.lock(lab.client(1), "redisson_fair_lock", "current", {{"wait", "1s"}}));
  lab.run_until(20ms);
  Try& two =
      lab.acquire(lab.lock(lab.client(2), "redisson_fair_lock", "current", {{"method", "lock"}}));
  lab.run_until(2s);
  CHECK(one.error() == Errc::not_acquired);
  lab.release(holder, held.lease());
  lab.run_until(3s);
  CHECK(two.ok());
}

}  // namespace
}  // namespace locklab
