// The common mistakes and the old recipes, each by the schedule that breaks it [doc §7; corpus 6-8,
// 10-12].
#include "algorithms/naive_redis_lock.hpp"

#include "tests/support/lock_lab.hpp"

namespace locklab {
namespace {

// Corpus 7: A works until 11000 and then deletes what has been B's since 10001.
TEST_CASE("DEL without comparing removes the next holder's lock") {
  for (const std::string_view preset : {"shared-value", "blind-del"}) {
    CAPTURE(preset);
    LockLab lab;
    Lock& a = lab.lock(lab.client(0), "naive_redis_lock", preset);
    Lock& b = lab.lock(lab.client(1), "naive_redis_lock", preset);
    Lock& c = lab.lock(lab.client(2), "naive_redis_lock", preset);
    Try& held = lab.acquire(a);
    lab.run_until(10001ms);
    Try& next = lab.acquire(b);
    lab.run_until(11000ms);
    REQUIRE(next.ok());
    Done& released = lab.release(a, held.lease());
    lab.run_until(11001ms);
    CHECK(released.ok());
    CHECK(lab.foreign_removals() == 1);
    Try& third = lab.acquire(c);
    lab.run_until(11002ms);
    CHECK(third.ok());
    CHECK(lab.grants_inside_a_promise() == 1);  // B's, until 10001 + 9978 = 19979
  }
}

// Corpus 8: the GET at 9990 says "mine"; the DEL leaves at 10500, since the process paused in
// between.
TEST_CASE("GET and then DEL leaves room for a pause") {
  for (const auto& [release, foreign] :
       {std::pair{"get_then_del", 1}, std::pair{"compare_and_delete", 0}}) {
    const std::string_view with = release;
    CAPTURE(with);
    LockLab lab;
    Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "get-then-del", {{"release", release}});
    Lock& b = lab.lock(lab.client(1), "naive_redis_lock", "get-then-del");
    Try& held = lab.acquire(a);
    lab.run_until(9990ms);
    lab.release(a, held.lease());
    lab.run_until(9990ms + 700us);
    lab.world().pause(lab.client(0).id());
    lab.run_until(10001ms);
    Try& next = lab.acquire(b);
    lab.run_until(10500ms);
    REQUIRE(next.ok());
    lab.world().resume(lab.client(0).id());
    lab.run_until(10600ms);
    CHECK(lab.foreign_removals() == static_cast<std::size_t>(foreign));
    CHECK((lab.held(1) == nullptr) == (foreign == 1));
  }
}

TEST_CASE("a client that ignores the answer and deletes blindly takes the lock from its holder") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "shared-value");
  Lock& b = lab.lock(lab.client(1), "naive_redis_lock", "shared-value");
  lab.acquire(a);
  lab.run_until(100ms);
  Try& ignored = lab.acquire(b, IfRefused::ignore);
  lab.run_until(200ms);
  lab.release(b, ignored.lease());
  lab.run_until(201ms);
  CHECK(lab.foreign_removals() == 1);
  CHECK(lab.held(1) == nullptr);
}

// Corpus 10: SETNX is carried out at 0.5, the client dies at 0.7.
TEST_CASE("who dies between SETNX and PEXPIRE leaves a lock for ever") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "setnx-then-expire");
  Lock& b = lab.lock(lab.client(1), "naive_redis_lock", "setnx-then-expire");
  lab.acquire(a);
  lab.run_until(700us);
  lab.world().crash(lab.client(0).id());
  lab.run_until(3'600'000ms);
  Try& refused = lab.acquire(b);
  lab.run_until(3'600'001ms);
  CHECK_FALSE(refused.ok());
  REQUIRE(lab.held(1) != nullptr);
  CHECK_FALSE(lab.held(1)->expires());
}

TEST_CASE("SETNX and PEXPIRE make a lock that expires, if nobody dies in between") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "setnx-then-expire");
  Try& held = lab.acquire(a);
  lab.run_until(2ms);
  CHECK(held.when() == "2ms");
  // The life begins with the PEXPIRE, at 1.5.
  CHECK(lab.last<KeyExtended>().expires_at == WallInstant{10001ms});
}

TEST_CASE("a lock without a time to live outlives its holder") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "no-ttl");
  Lock& b = lab.lock(lab.client(1), "naive_redis_lock", "no-ttl");
  lab.acquire(a);
  lab.run_until(100ms);
  CHECK(lab.last<LockRequested>().ttl == 0ms);
  CHECK(lab.last<LockGranted>().promise_until == kEndOfTime);
  lab.world().crash(lab.client(0).id());
  lab.run_until(3'600'000ms);
  Try& refused = lab.acquire(b);
  lab.run_until(3'600'001ms);
  CHECK_FALSE(refused.ok());
}

// The holder C is dead and its stamp (10000) is past. A and B ask at 10001: SETNX 10001.5, GET
// 10002.5. A goes on at once; the third call of B is held up for 5 ms, until A has the lock.
struct TwoHeirs {
  explicit TwoHeirs(std::string_view preset, std::string_view third_call) {
    Lock& a = lab.lock(lab.client(0), "naive_redis_lock", preset);
    Lock& b = lab.lock(lab.client(1), "naive_redis_lock", preset);
    Lock& c = lab.lock(lab.client(2), "naive_redis_lock", preset);
    lab.acquire(c);
    lab.run_until(100ms);
    lab.world().crash(lab.client(2).id());
    lab.delay(lab.client(1).id(), lab.node(1), third_call, 5ms);
    lab.run_until(10001ms);
    heir_a = &lab.acquire(a);
    heir_b = &lab.acquire(b);
    lab.run_until(10100ms);
  }
  LockLab lab;
  Try* heir_a = nullptr;
  Try* heir_b = nullptr;
};

// Corpus 11: A: DEL 10003.5, SETNX 10004.5. B: DEL 10008.5 removes A's lock, SETNX 10009.5.
TEST_CASE("two who delete a stale stamp both get the lock") {
  TwoHeirs heirs("setnx-stamp", "DEL");
  CHECK(heirs.heir_a->when() == "10005ms");
  CHECK(heirs.heir_b->when() == "10010ms");
  CHECK(heirs.heir_a->ok());
  CHECK(heirs.heir_b->ok());
  CHECK(heirs.lab.foreign_removals() == 2);  // C's by A, A's by B
  CHECK(heirs.lab.grants_inside_a_promise() == 1);
  CHECK(heirs.lab.both_believed() == 90ms);
}

// A: GETSET 10003.5 gets C's stamp. B: GETSET 10008.5 gets A's, which is not past.
TEST_CASE("GETSET lets one of the two have it") {
  TwoHeirs heirs("getset-stamp", "GETSET");
  CHECK(heirs.heir_a->ok());
  CHECK(heirs.heir_a->when() == "10004ms");
  CHECK(heirs.heir_b->error() == Errc::not_acquired);
  CHECK(heirs.lab.grants_inside_a_promise() == 0);
  // The loser has written its own stamp over the winner's all the same.
  CHECK(heirs.lab.held(1)->value == Value::integer(20001));
}

// Corpus 12: A's stamp is 10000 by a right clock. B's clock is 6 s ahead and B reads it when the
// GET has answered, 2 ms after it asked: 10001 if it asks at 3999.
TEST_CASE("stamps of one clock, read by another") {
  for (const auto& [asks, gets_it] : {std::pair{3998ms, false}, std::pair{3999ms, true}}) {
    LockLab lab;
    Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "getset-stamp");
    Lock& b = lab.lock(lab.client(1), "naive_redis_lock", "getset-stamp");
    lab.acquire(a);
    lab.run_until(10ms);
    lab.world().jump_wall(lab.client(1).machine(), 6000ms);
    lab.run_until(asks);
    Try& other = lab.acquire(b);
    lab.run_until(asks + 10ms);
    CHECK(other.ok() == gets_it);
    CHECK(lab.grants_inside_a_promise() == (gets_it ? 1u : 0u));
  }
}

TEST_CASE("a holder of a stamped lock leaves it alone once its own time is over") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "getset-stamp");
  Try& held = lab.acquire(a);
  lab.run_until(10000ms);
  Done& released = lab.release(a, held.lease());
  lab.run_until(10001ms);
  CHECK(released.error() == Errc::lost);
  CHECK(lab.held(1) != nullptr);
}

TEST_CASE("what has no time to live cannot be extended") {
  for (const std::string_view preset : {"no-ttl", "setnx-stamp", "getset-stamp"}) {
    LockLab lab;
    Lock& a = lab.lock(lab.client(0), "naive_redis_lock", preset);
    Try& held = lab.acquire(a);
    lab.run_until(10ms);
    Done& extended = lab.extend(a, held, 10s);
    lab.run_until(20ms);
    CHECK(extended.error() == Errc::invalid);
  }
}

TEST_CASE("PEXPIRE without comparing extends whoever's lock is there") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "shared-value");
  Lock& b = lab.lock(lab.client(1), "naive_redis_lock", "shared-value");
  Try& held = lab.acquire(a);
  lab.run_until(10001ms);
  lab.acquire(b);
  lab.run_until(11000ms);
  Done& extended = lab.extend(a, held, 60s);
  lab.run_until(11001ms);
  CHECK(extended.ok());
  CHECK(lab.last<KeyExtended>().attempt == AttemptId{2});
  CHECK(lab.last<KeyExtended>().by == AttemptId{1});
}

}  // namespace
}  // namespace locklab
