// executeWithAutoExtend: how renewal holds a lock, how the document's loses it without a word, and
// what each repair is worth [doc §6; spec F; corpus 50-52].
#include "algorithms/auto_extend.hpp"

#include "tests/support/lock_lab.hpp"

namespace locklab {
namespace {

/// A holds a lock of 9 s and works for a minute; ticks every 3 s. The first tick is 3000 after the
/// grant at 1, each further one 3000 after the reply of the one before: 3001, 6002, 9003 …
struct LongWork {
  explicit LongWork(const AutoExtend& policy, Duration work = 60s,
                    const Overrides& overrides = {{"ttl", "9s"}})
      : section(lab.client(0).self, work) {
    Lock& a = lab.lock(lab.client(0), "simple_redis_lock", "document", overrides);
    b = &lab.lock(lab.client(1), "simple_redis_lock", "document", {{"ttl", "9s"}});
    executed = &lab.auto_extend(a, section, policy);
  }
  /// B asks at `at`; did it get the lock?
  bool b_gets_it(Duration at) {
    lab.run_until(at);
    Try& asked = lab.acquire(*b);
    lab.run_until(at + 1ms);
    return asked.ok();
  }
  LockLab lab;
  TimedSection section;
  Lock* b = nullptr;
  Done* executed = nullptr;
};

AutoExtend notifying() {
  AutoExtend policy;
  policy.on_false = AutoExtend::OnFalse::notify;
  return policy;
}

TEST_CASE("renewal keeps a lock that is longer in use than its TTL") {
  LongWork story({});
  CHECK_FALSE(story.b_gets_it(20000ms));
  CHECK(story.lab.times<LeaseExtended>() == "3002ms 6003ms 9004ms 12005ms 15006ms 18007ms");
  story.lab.run_until(60100ms);
  CHECK(story.executed->ok());
  CHECK(story.executed->when() == "60002ms");
  CHECK(story.b_gets_it(60200ms));
  CHECK(story.lab.both_believed() == 0ms);
}

TEST_CASE("a lock that is taken is not waited for") {
  LongWork story({});
  story.lab.run_until(10ms);
  TimedSection other(story.lab.client(1).self, 1s);
  Done& refused = story.lab.auto_extend(*story.b, other, {});
  story.lab.run_until(20ms);
  CHECK(refused.error() == Errc::not_acquired);
  CHECK(refused.when() == "11ms");
  CHECK(other.begun == 0);
}

/// The node restarts empty at 4000 and B has the lock from 4101 on. A's tick at 6002 is answered
/// "no" at 6003.
void forget_at_4000(LongWork& story) {
  story.lab.run_until(4000ms);
  story.lab.world().crash(story.lab.node(1));
  story.lab.world().restart(story.lab.node(1));
  REQUIRE(story.b_gets_it(4100ms));
}

// Corpus 50.
TEST_CASE("the document's renewal stops without a word") {
  LongWork story({});
  forget_at_4000(story);
  story.lab.run_until(60001ms);
  CHECK(story.lab.times<ExtensionFailed>() == "6003ms");
  CHECK(story.section.ended == 1);
  CHECK(story.lab.both_believed() == 55900ms);  // 4101 to 60001
}

TEST_CASE("a holder that is told stops at the next tick") {
  LongWork story(notifying());
  forget_at_4000(story);
  story.lab.run_until(60001ms);
  CHECK(story.executed->error() == Errc::lost);
  CHECK(story.executed->when() == "6004ms");  // the release comes last, whatever happened
  CHECK(story.section.ended == 0);
  CHECK(story.lab.last<BeliefEnded>().why == BeliefEnd::told);
  CHECK(story.lab.both_believed() == 1902ms);  // 4101 to 6003
  CHECK(story.lab.foreign_removals() == 0);
}

const Overrides kImpatient{{"ttl", "9s"}, {"node_timeout", "50ms"}};

/// The link is cut just around the tick at 3001.
void miss_the_first_tick(LongWork& story) {
  story.lab.run_until(3000ms);
  story.lab.cut(story.lab.client(0).id(), story.lab.node(1));
  story.lab.run_until(3100ms);
  story.lab.heal(story.lab.client(0).id(), story.lab.node(1));
}

// Corpus 51: the key, never renewed, is dead from 9001.
TEST_CASE("one error ends the document's renewal for good") {
  LongWork story({}, 60s, kImpatient);
  miss_the_first_tick(story);
  CHECK_FALSE(story.b_gets_it(9000ms));
  CHECK(story.b_gets_it(9002ms));
  CHECK(story.lab.count<LeaseExtended>() == 0);
  CHECK(story.lab.times<ExtensionFailed>() == "3051ms");
}

// neg-transient-error-with-retry: again at 3051 + 3000.
TEST_CASE("a renewal that retries survives it") {
  AutoExtend policy;
  policy.on_error = AutoExtend::OnError::retry;
  LongWork story(policy, 60s, kImpatient);
  miss_the_first_tick(story);
  CHECK_FALSE(story.b_gets_it(9002ms));
  CHECK(story.lab.times<LeaseExtended>() == "6052ms");
}

TEST_CASE("it may retry sooner") {
  AutoExtend policy;
  policy.on_error = AutoExtend::OnError::retry;
  policy.retry_after = 100ms;
  LongWork story(policy, 60s, kImpatient);
  miss_the_first_tick(story);
  story.lab.run_until(5000ms);
  CHECK(story.lab.times<LeaseExtended>() == "3152ms");  // 3051 + 100, and there and back
}

// Cut off from 2000 on. The promise of the grant ends at 9000 - 18 - 2 = 8980; ticks fail at 3051,
// 6101 and 9151, which is the first after that.
TEST_CASE("retries end at the deadline") {
  AutoExtend policy = notifying();
  policy.on_error = AutoExtend::OnError::retry;
  LongWork story(policy, 60s, kImpatient);
  story.lab.run_until(2000ms);
  story.lab.cut(story.lab.client(0).id(), story.lab.node(1));
  REQUIRE(story.b_gets_it(9001ms));
  story.lab.run_until(20000ms);
  CHECK(story.lab.times<ExtensionFailed>() == "3051ms 6101ms 9151ms");
  CHECK(story.lab.times<BeliefEnded>() == "9151ms");
  CHECK(story.lab.both_believed() == 149ms);  // from 9002 on
}

TEST_CASE("a holder that stops at its deadline leaves no overlap") {
  AutoExtend policy;
  policy.stop_at_deadline = true;
  LongWork story(policy, 60s, kImpatient);
  story.lab.run_until(2000ms);
  story.lab.cut(story.lab.client(0).id(), story.lab.node(1));
  REQUIRE(story.b_gets_it(9001ms));
  story.lab.run_until(20000ms);
  CHECK(story.lab.times<BeliefEnded>() == "8980ms");
  CHECK(story.lab.last<BeliefEnded>().why == BeliefEnd::deadline);
  CHECK(story.executed->error() == Errc::lost);
  CHECK(story.section.ended == 0);
  CHECK(story.lab.both_believed() == 0ms);
}

// An extension moves the deadline: 57011 is the last tick's start, long after 8980.
TEST_CASE("a renewed lease has a later deadline") {
  AutoExtend policy;
  policy.stop_at_deadline = true;
  LongWork story(policy);
  story.lab.run_until(60100ms);
  CHECK(story.executed->ok());
  CHECK(story.section.ended == 1);
}

// The tick at 6002 is carried out at 6002.5: the key is dead from 15003. A pauses from 6100 to
// 16000 and looks at its clock only then.
TEST_CASE("a deadline is looked at only by those who run") {
  AutoExtend policy;
  policy.stop_at_deadline = true;
  LongWork story(policy);
  story.lab.run_until(6100ms);
  story.lab.world().pause(story.lab.client(0).id());
  REQUIRE(story.b_gets_it(15003ms));
  story.lab.run_until(16000ms);
  story.lab.world().resume(story.lab.client(0).id());
  story.lab.run_until(17000ms);
  CHECK(story.lab.times<BeliefEnded>() == "16000ms");
  CHECK(story.lab.both_believed() == 996ms);  // 15004 to 16000
}

// Corpus 52.
TEST_CASE("a hung holder is renewed for ever, unless the hold is bounded") {
  LongWork unbounded({}, 24h);
  CHECK_FALSE(unbounded.b_gets_it(3'600'000ms));

  AutoExtend policy;
  policy.max_hold = 30s;
  LongWork bounded(policy, 24h);
  CHECK_FALSE(bounded.b_gets_it(30000ms));
  CHECK(bounded.b_gets_it(30010ms));
  CHECK(bounded.executed->error() == Errc::cancelled);
  CHECK(bounded.executed->when() == "30002ms");  // cancelled at 1 + 30000
  CHECK(bounded.lab.both_believed() == 0ms);
}

// Spec F, slack 2·TTL/3 − RTT = 5999. The renewal of 3001 is carried out at 3001.5: alive through
// 12001. The next is due at 6002. Paused from 6001 on for 5999: it is carried out at 12000.5. For
// 6001: at 12002.5, too late.
TEST_CASE("a pause of 2·TTL/3 − RTT before a renewal is survived") {
  for (const auto& [pause, survives] : {std::pair{5999ms, true}, std::pair{6001ms, false}}) {
    LongWork story({});
    story.lab.run_until(6001ms);
    story.lab.world().pause(story.lab.client(0).id());
    story.lab.run_until(6001ms + pause);
    story.lab.world().resume(story.lab.client(0).id());
    story.lab.run_until(14000ms);
    CHECK((story.lab.count<ExtensionFailed>() == 0) == survives);
    CHECK(story.b_gets_it(14000ms) == !survives);
  }
}

// neg-extend-release-race: the work ends at 3001.3, with the renewal of 3001 on the wire.
TEST_CASE("a renewal under way does no harm to the release") {
  LongWork story({}, 3000300us);
  story.lab.run_until(3010ms);
  CHECK(story.executed->ok());
  CHECK(story.lab.times<KeyExtended>() == "3001.5ms");
  CHECK(story.lab.times<KeyRemoved>() == "3001.8ms");
  CHECK(story.b_gets_it(3010ms));
  CHECK(story.lab.foreign_removals() == 0);
}

TEST_CASE("a crash takes the extender and the work along") {
  for (const bool cancels : {false, true}) {
    LongWork story(cancels ? notifying() : AutoExtend{});
    story.lab.run_until(7000ms);
    story.lab.world().crash(story.lab.client(0).id());
    story.lab.run_until(20000ms);
    CHECK(story.lab.times<LeaseExtended>() == "3002ms 6003ms");
    CHECK(story.section.ended == 0);
    CHECK_FALSE(story.executed->done());
    CHECK(story.b_gets_it(20000ms));
  }
}

TEST_CASE("what does not expire is not renewed") {
  LockLab lab;
  Lock& a = lab.lock(lab.client(0), "naive_redis_lock", "no-ttl");
  TimedSection work(lab.client(0).self, 30s);
  Done& executed = lab.auto_extend(a, work, notifying());
  lab.run_until(31000ms);
  CHECK(executed.ok());
  CHECK(lab.count<ExtensionFailed>() == 0);
}

TEST_CASE("Redlock is renewed as well") {
  LockLab::Options options;
  options.nodes = 5;
  LockLab lab(options);
  Lock& a = lab.lock(lab.client(0), "redlock", "spec");
  Lock& b = lab.lock(lab.client(1), "redlock", "document");
  TimedSection work(lab.client(0).self, 30s);
  Done& executed = lab.auto_extend(a, work, {});
  lab.run_until(20000ms);
  Try& refused = lab.acquire(b);
  lab.run_until(20100ms);
  CHECK(refused.error() == Errc::not_acquired);
  lab.run_until(31000ms);
  CHECK(executed.ok());
  CHECK(lab.last<LockReleased>().votes == 5);
}

}  // namespace
}  // namespace locklab
