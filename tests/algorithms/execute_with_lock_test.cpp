// executeWithLock: how it waits, what it overlooks [doc §6; spec F; corpus 4, 23, 114, 116].
#include "algorithms/execute_with_lock.hpp"

#include "tests/support/lock_lab.hpp"

namespace locklab {
namespace {

TEST_CASE("a free lock: one try, the work, the release") {
  LockLab lab;
  LabClient& client = lab.client(0);
  Lock& a = lab.lock(client, "simple_redis_lock", "document");
  TimedSection work(client.self, 100ms);
  Done& executed = lab.execute(a, work, {});
  lab.run_until(1000ms);
  CHECK(executed.ok());
  CHECK(executed.when() == "102ms");  // granted 1, worked until 101, released 102
  CHECK(to_string(work.began_at) == "1ms");
  CHECK(work.ended == 1);
  CHECK(lab.last<LockWaitBegan>().bounded);
  CHECK(lab.last<LockWaitEnded>().granted);
  CHECK(lab.last<LockWaitEnded>().tries == 1);
  CHECK(lab.held(1) == nullptr);
}

// Tries begin at 10 + 51 k (1 ms there and back, 50 ms of sleep), as long as that is before 5010:
// k = 0 … 98, 99 tries; the check after the last one is at 10 + 51 · 99 = 5059.
TEST_CASE("a taken lock: about 99 tries in 5 s") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  TimedSection work(lab.client(1).self, 100ms);
  lab.acquire(a);
  lab.run_until(10ms);
  Done& executed = lab.execute(b, work, {});
  lab.run_until(6000ms);
  CHECK(executed.error() == Errc::not_acquired);
  CHECK(executed.when() == "5059ms");
  CHECK(lab.last<LockWaitEnded>().tries == 99);
  CHECK_FALSE(lab.last<LockWaitEnded>().granted);
  CHECK(work.begun == 0);
}

// Checks at 10 + 51 k. Forward by 10 s at 100: the check at 112 is past. Back by 2 s: the first
// check at or after 7010 is 10 + 51 · 138 = 7048.
TEST_CASE("the wait follows the wall clock") {
  struct Case {
    Duration jump;
    ClockKind clock;
    std::string_view ends;
  };
  for (const Case& c : {Case{10s, ClockKind::wall, "112ms"}, Case{-2s, ClockKind::wall, "7048ms"},
                        Case{10s, ClockKind::mono, "5059ms"}}) {
    LockLab lab;
    Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
    Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
    lab.acquire(a);
    lab.run_until(10ms);
    Waiting waiting;
    waiting.clock = c.clock;
    Try& waited = lab.wait_for(b, waiting);
    lab.run_until(100ms);
    lab.world().jump_wall(lab.client(1).machine(), c.jump);
    lab.run_until(9000ms);
    CHECK(waited.when() == c.ends);
  }
}

// Corpus 114.
TEST_CASE("a time-out of zero does not try, however free the lock") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Waiting waiting;
  waiting.timeout = 0ms;
  Try& waited = lab.wait_for(a, waiting);
  lab.run_until(100ms);
  CHECK(waited.error() == Errc::not_acquired);
  CHECK(lab.count<LockRequested>() == 0);
  CHECK(lab.last<LockWaitEnded>().tries == 0);
}

TEST_CASE("without a time-out it waits for as long as it takes") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  lab.acquire(a);
  lab.run_until(10ms);
  lab.world().crash(lab.client(0).id());
  Waiting waiting;
  waiting.timeout = kForever;
  Try& waited = lab.wait_for(b, waiting);
  lab.run_until(12000ms);
  CHECK_FALSE(lab.last<LockWaitBegan>().bounded);
  // Tries at 10 + 51 k; the first at or after 10001 is 10 + 51 · 196 = 10006.
  REQUIRE(waited.ok());
  CHECK(waited.when() == "10007ms");
}

TEST_CASE("jitter breaks the step of equal starters") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  Lock& c = lab.lock(lab.client(2), "simple_redis_lock", "document");
  lab.acquire(a);
  lab.run_until(10ms);
  Waiting waiting;
  waiting.poll_jitter = 20ms;
  lab.wait_for(b, waiting);
  lab.wait_for(c, waiting);
  lab.run_until(5000ms);
  const auto of_b = lab.all<LockRequested>(lab.client(1).id());
  const auto of_c = lab.all<LockRequested>(lab.client(2).id());
  CHECK(of_b[0]->at == of_c[0]->at);
  CHECK(of_b[3]->at != of_c[3]->at);
  for (std::size_t i = 1; i < of_b.size(); ++i) {
    CHECK(of_b[i]->at - of_b[i - 1]->at >= 51ms);
    CHECK(of_b[i]->at - of_b[i - 1]->at <= 71ms);
  }
}

/// The reply to the first SET is lost; the client waits 50 ms for it.
struct LostReply {
  explicit LostReply(Waiting::OnError on_error) : work(lab.client(0).self, 100ms) {
    Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document", {{"node_timeout", "50ms"}});
    lab.drop(lab.node(1), lab.client(0).id(), "SET reply");
    Waiting waiting;
    waiting.on_error = on_error;
    executed = &lab.execute(a, work, waiting);
    lab.run_until(9000ms);
  }
  LockLab lab;
  TimedSection work;
  Done* executed = nullptr;
};

// Corpus 23.
TEST_CASE("an error escapes and leaves an orphan") {
  LostReply story(Waiting::OnError::escape);
  CHECK(story.executed->error() == Errc::timeout);
  CHECK(story.executed->when() == "50ms");
  CHECK(story.work.begun == 0);
  CHECK(story.lab.held(1) != nullptr);
}

TEST_CASE("who retries is kept out by its own orphan") {
  LostReply story(Waiting::OnError::retry);
  CHECK(story.executed->error() == Errc::not_acquired);
  CHECK(story.work.begun == 0);
  CHECK(story.lab.last<LockWaitEnded>().tries > 90);
}

// Corpus 116.
TEST_CASE("who fails open works without the lock") {
  LostReply story(Waiting::OnError::fail_open);
  CHECK(story.executed->ok());
  CHECK(story.work.ended == 1);
  CHECK(story.work.votes == 0);
  CHECK(to_string(story.work.began_at) == "50ms");
  CHECK_FALSE(story.lab.last<LockWaitEnded>().granted);
  // It gave back what it asked for, so here the orphan is gone.
  CHECK(story.lab.held(1) == nullptr);
}

TEST_CASE("in a partition all who fail open work at once") {
  LockLab lab;
  Waiting waiting;
  waiting.on_error = Waiting::OnError::fail_open;
  TimedSection work_a(lab.client(0).self, 100ms);
  TimedSection work_b(lab.client(1).self, 100ms);
  for (std::size_t i : {0, 1}) lab.cut(lab.client(i).id(), lab.node(1));
  lab.execute(lab.lock(lab.client(0), "simple_redis_lock", "careful"), work_a, waiting);
  lab.execute(lab.lock(lab.client(1), "simple_redis_lock", "careful"), work_b, waiting);
  lab.run_until(1000ms);
  CHECK(work_a.ended == 1);
  CHECK(work_b.ended == 1);
  CHECK(lab.both_believed() > 100ms);
}

TEST_CASE("a \"no\" is not an error to fail open on") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document");
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document");
  lab.acquire(a);
  lab.run_until(10ms);
  Waiting waiting;
  waiting.on_error = Waiting::OnError::fail_open;
  Try& waited = lab.wait_for(b, waiting);
  lab.run_until(6000ms);
  CHECK(waited.error() == Errc::not_acquired);
}

// Corpus 4: TTL 100, work 500. B's SET at 101 succeeds; A believes until its release has returned,
// 502.
TEST_CASE("nobody compares the work with the TTL") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document", {{"ttl", "100ms"}});
  Lock& b = lab.lock(lab.client(1), "simple_redis_lock", "document", {{"ttl", "100ms"}});
  TimedSection work(lab.client(0).self, 500ms);
  Done& executed = lab.execute(a, work, {});
  lab.run_until(101ms);
  Try& second = lab.acquire(b);
  lab.run_until(1000ms);
  CHECK(second.ok());
  CHECK(executed.ok());  // what the release said is of no interest
  CHECK(lab.last<LockReleased>().outcome == Errc::lost);
  CHECK(lab.both_believed() == 400ms);
}

}  // namespace
}  // namespace locklab
