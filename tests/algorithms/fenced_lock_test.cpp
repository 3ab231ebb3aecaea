// Fencing tokens: the document's scenario 4 with a token that comes with the lock, and what becomes
// of it when the token comes after the lock or from a counter that not all share [doc §3, §4; spec
// C; corpus 58-60, 66].
#include "algorithms/fenced_lock.hpp"

#include "tests/support/lock_lab.hpp"

namespace locklab {
namespace {

bool accepted(const Stored& write) {
  return write.ok() && (*write.result)->kind == storage::ReplyKind::accepted;
}

// Spec 4, scenario 4: TTL 5000, the counter stands at 99, A pauses from 1000 to 10000.
TEST_CASE("scenario 4: the token saves the day") {
  LockLab::Options options;
  options.counter_start = 99;
  LockLab lab(options);
  LabClient& client_a = lab.client(0);
  LabClient& client_b = lab.client(1);
  Lock& a = lab.lock(client_a, "fenced_lock", "script", {{"ttl", "5s"}});
  Lock& b = lab.lock(client_b, "fenced_lock", "script", {{"ttl", "5s"}});

  Try& held_a = lab.acquire(a);
  lab.run_until(1ms);
  REQUIRE(held_a.ok());
  CHECK(held_a.when() == "1ms");
  CHECK(held_a.lease().token == FencingToken{100});
  CHECK(lab.times<TokenIssued>() == "0.5ms");
  Stored& write_1 = lab.write(client_a, 1, held_a.lease());
  lab.run_until(1000ms);
  CHECK(accepted(write_1));
  CHECK(lab.times<WriteAccepted>() == "1.5ms");

  lab.world().pause(client_a.id());
  lab.run_until(5001ms);
  Try& held_b = lab.acquire(b);
  lab.run_until(5002ms);
  REQUIRE(held_b.ok());
  CHECK(held_b.when() == "5002ms");
  CHECK(held_b.lease().token == FencingToken{101});
  Stored& write_2 = lab.write(client_b, 2, held_b.lease());
  lab.run_until(10000ms);
  CHECK(accepted(write_2));
  CHECK(lab.both_believed() == 4998ms);  // dormant, from 5002 to 10000

  lab.world().resume(client_a.id());
  lab.run_until(10001ms);
  Stored& write_3 = lab.write(client_a, 3, held_a.lease());
  lab.run_until(10010ms);
  CHECK_FALSE(accepted(write_3));
  CHECK(lab.times<WriteRejected>() == "10001.5ms");
  CHECK(lab.last<WriteRejected>().why == Rejection::stale_token);
}

TEST_CASE("scenario 4: one millisecond earlier B is refused") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "fenced_lock", "script", {{"ttl", "5s"}});
  Lock& b = lab.lock(lab.client(1), "fenced_lock", "script", {{"ttl", "5s"}});
  lab.acquire(a);
  lab.run_until(5000ms);
  Try& refused = lab.acquire(b);
  lab.run_until(5001ms);
  CHECK(refused.error() == Errc::not_acquired);
  CHECK(lab.count<TokenIssued>() == 1);  // both or neither
}

// Corpus 58: A's SET is carried out at 0.5; A pauses from 0.6 to 9000, before the increment. A
// counter on Redis costs a round trip that the corpus' AtomicLong does not, so B has its token at
// 5003.
struct PausedBeforeToken {
  PausedBeforeToken(std::string_view algorithm, std::string_view preset) {
    LabClient& client_a = lab.client(0);
    LabClient& client_b = lab.client(1);
    Lock& a = lab.lock(client_a, algorithm, preset, {{"ttl", "5s"}});
    Lock& b = lab.lock(client_b, algorithm, preset, {{"ttl", "5s"}});
    held_a = &lab.acquire(a);
    lab.run_until(600us);
    lab.world().pause(client_a.id());
    lab.run_until(5001ms);
    held_b = &lab.acquire(b);
    lab.run_until(5003ms);
    REQUIRE(held_b->ok());
    write_b = &lab.write(client_b, 20, held_b->lease());
    lab.run_until(9000ms);
    lab.world().resume(client_a.id());
    lab.run_until(9001ms);
    REQUIRE(held_a->ok());
    write_a = &lab.write(client_a, 10, held_a->lease());
    lab.run_until(9002ms);
    write_b_again = &lab.write(client_b, 21, held_b->lease());
    lab.run_until(9010ms);
  }
  LockLab lab;
  Try* held_a = nullptr;
  Try* held_b = nullptr;
  Stored* write_b = nullptr;
  Stored* write_a = nullptr;
  Stored* write_b_again = nullptr;
};

TEST_CASE("a token that is counted after the lock is taken turns fencing upside down") {
  PausedBeforeToken story("fenced_lock_document", "shared-counter");
  CHECK(story.held_b->lease().token == FencingToken{1});
  CHECK(story.held_a->lease().token == FencingToken{2});
  CHECK(story.held_a->when() == "9001ms");
  CHECK(accepted(*story.write_b));
  CHECK(accepted(*story.write_a));              // whose lease ended at 5000
  CHECK_FALSE(accepted(*story.write_b_again));  // the legal holder, until 5001 + 4988 = 9989
}

TEST_CASE("a token that comes with the lock does not") {
  PausedBeforeToken story("fenced_lock", "script");
  CHECK(story.held_a->lease().token == FencingToken{1});
  CHECK(story.held_b->lease().token == FencingToken{2});
  CHECK(accepted(*story.write_b));
  CHECK_FALSE(accepted(*story.write_a));
  CHECK(accepted(*story.write_b_again));
}

TEST_CASE("the document's increment is a step of its own, even within the process") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "fenced_lock_document", "document");
  Try& held = lab.acquire(a);
  lab.run_until(1ms);
  // The reply and the increment happen at the same instant, but not as one event.
  CHECK(held.when() == "1ms");
  CHECK(lab.times<TokenIssued>() == "1ms");
  CHECK(held.lease().token == FencingToken{1});
}

// Corpus 59: P's counter stands at 7, Q's at 0.
TEST_CASE("a counter in each process refuses the legal holder") {
  LockLab lab;
  LabClient& p = lab.client(0);
  LabClient& q = lab.client(1);
  Lock& a =
      lab.lock(p, "fenced_lock_document", "document", {{"ttl", "5s"}, {"counter_start", "7"}});
  Lock& b = lab.lock(q, "fenced_lock_document", "document", {{"ttl", "5s"}});
  Try& held_a = lab.acquire(a);
  lab.run_until(10ms);
  CHECK(held_a.lease().token == FencingToken{8});
  Stored& write_a = lab.write(p, 1, held_a.lease());
  lab.run_until(5001ms);
  CHECK(accepted(write_a));
  Try& held_b = lab.acquire(b);
  lab.run_until(5010ms);
  CHECK(held_b.lease().token == FencingToken{1});
  Stored& write_b = lab.write(q, 2, held_b.lease());
  lab.run_until(5020ms);
  CHECK_FALSE(accepted(write_b));
  Stored& stale = lab.write(p, 3, held_a.lease());
  lab.run_until(5030ms);
  CHECK(accepted(stale));
}

// Corpus 60, and the crash that makes it: memory is lost with the process.
TEST_CASE("two counters, or one that crashed, give out the same token twice") {
  LockLab lab;
  LabClient& p = lab.client(0);
  LabClient& q = lab.client(1);
  Lock& a = lab.lock(p, "fenced_lock_document", "document", {{"ttl", "5s"}});
  Lock& b = lab.lock(q, "fenced_lock_document", "document", {{"ttl", "5s"}});
  Try& held_a = lab.acquire(a);
  lab.run_until(5001ms);
  Try& held_b = lab.acquire(b);
  lab.run_until(5010ms);
  CHECK(held_a.lease().token == held_b.lease().token);
  Stored& write_b = lab.write(q, 2, held_b.lease());
  lab.run_until(5020ms);
  CHECK(accepted(write_b));
  Stored& late = lab.write(p, 1, held_a.lease());
  lab.run_until(5030ms);
  CHECK(accepted(late));  // 1 is not smaller than 1

  lab.world().crash(q.id());
  lab.world().restart(q.id());
  lab.run_until(10100ms);
  Try& reborn = lab.acquire(b);
  lab.run_until(10200ms);
  CHECK(reborn.lease().token == FencingToken{1});
}

// Corpus 66.
TEST_CASE("a node that restarts empty loses the counter with the lock") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "fenced_lock", "script");
  Lock& b = lab.lock(lab.client(1), "fenced_lock", "script");
  Try& held_a = lab.acquire(a);
  lab.run_until(2000ms);
  lab.world().crash(lab.node(1));
  lab.run_until(2100ms);
  lab.world().restart(lab.node(1));
  lab.run_until(2200ms);
  Try& held_b = lab.acquire(b);
  lab.run_until(2300ms);
  CHECK(held_a.lease().token == held_b.lease().token);
  CHECK(lab.grants_inside_a_promise() == 1);
}

// The increment that throws leaves the inner lock taken: unlock() is never reached.
TEST_CASE("an increment that fails leaves the document's lock behind") {
  LockLab lab;
  Lock& a =
      lab.lock(lab.client(0), "fenced_lock_document", "shared-counter", {{"node_timeout", "50ms"}});
  lab.drop(lab.client(0).id(), lab.node(1), "INCR");
  Try& tried = lab.acquire(a);
  lab.run_until(100ms);
  CHECK(tried.error() == Errc::timeout);
  CHECK(tried.when() == "51ms");
  CHECK(lab.held(1) != nullptr);
}

TEST_CASE("an extension keeps the token") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "fenced_lock", "script");
  Try& held = lab.acquire(a);
  lab.run_until(1000ms);
  lab.extend(a, held, 10s);
  lab.run_until(1001ms);
  CHECK(held.lease().extensions == 1);
  CHECK(held.lease().token == FencingToken{1});
}

}  // namespace
}  // namespace locklab
