// Redlock: the document's scenarios 1 to 3 by the numbers, the schedules that break it or famously
// do not, and what each library does in its own way [doc §3, §4; spec B and 4; corpus C].
#include "algorithms/redlock.hpp"

#include <initializer_list>
#include <utility>

#include "tests/support/lock_lab.hpp"

namespace locklab {
namespace {

LockLab::Options five(Beliefs::Mode beliefs = Beliefs::Mode::naive) {
  LockLab::Options options;
  options.nodes = 5;
  options.beliefs = beliefs;
  return options;
}

/// One try, all nodes at once, the document's margin.
constexpr std::string_view kSpec = "spec";
const Overrides kOneTry{{"retry_count", "0"}};

void cut_off(LockLab& lab, std::size_t client, std::initializer_list<std::size_t> nodes) {
  for (const std::size_t node : nodes) lab.cut(lab.client(client).id(), lab.node(node));
}
void rejoin(LockLab& lab, std::size_t client, std::initializer_list<std::size_t> nodes) {
  for (const std::size_t node : nodes) lab.heal(lab.client(client).id(), lab.node(node));
}

// ---- the document's scenarios -------------------------------------------------------------------

// Spec 4, scenario 1. Sequential: sent at i - 1, carried out at i - 0.5, answered at i. 22 ms of
// drift.
TEST_CASE("scenario 1: normal acquire and release") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", "document");
  Lock& b = lab.lock(lab.client(1), "redlock", "document");

  Try& first = lab.acquire(a);
  lab.run_until(5000ms);
  REQUIRE(first.ok());
  CHECK(lab.times<KeyStored>() == "0.5ms 1.5ms 2.5ms 3.5ms 4.5ms");
  for (std::size_t node = 1; node <= 5; ++node)
    CHECK(lab.held(node)->deadline_ms == 10000 + static_cast<std::int64_t>(node) - 1);
  CHECK(lab.times<CallEnded>() == "1ms 2ms 3ms 4ms 5ms");
  CHECK(first.when() == "5ms");
  CHECK(first.lease().votes == 5);
  CHECK(first.lease().validity == 9973ms);
  CHECK(to_string(lab.last<LockGranted>().promise_until) == "9978ms");

  Done& released = lab.release(a, first.lease());
  lab.run_until(5001ms);
  Try& second = lab.acquire(b);
  lab.run_until(5010ms);
  CHECK(lab.times<KeyRemoved>() == "5000.5ms 5001.5ms 5002.5ms 5003.5ms 5004.5ms");
  CHECK(released.when() == "5005ms");
  REQUIRE(second.ok());
  CHECK(second.when() == "5006ms");  // each SET 1 ms behind A's delete
  CHECK(second.lease().votes == 5);
  CHECK(second.lease().validity == 9973ms);
  CHECK(lab.grants_inside_a_promise() == 0);
}

// At 5001.5 R3, R4 and R5 still hold A's key; at 5003.5 R1, R2 and R3 are free for certain.
TEST_CASE("scenario 1: who asks all nodes at once is refused at 5001 and served at 5003") {
  for (const auto& [asks, gets_it] : {std::pair{5001ms, false}, std::pair{5003ms, true}}) {
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", "document");
    Lock& b = lab.lock(lab.client(1), "redlock", kSpec, kOneTry);
    Try& first = lab.acquire(a);
    lab.run_until(5000ms);
    lab.release(a, first.lease());
    lab.run_until(asks);
    Try& second = lab.acquire(b);
    lab.run_until(5020ms);
    CHECK(second.ok() == gets_it);
  }
}

TEST_CASE("a margin of one per cent leaves a validity of 9893 ms") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", "redlock-py");
  Try& first = lab.acquire(a);
  lab.run_until(10ms);
  CHECK(first.lease().validity == 9893ms);  // 10000 - 5 - 102
}

// Spec 4, scenario 2. Deadlines of a sequential A: 10000 … 10004; of a parallel A: 10000 on all.
TEST_CASE("scenario 2: after a crash the TTL frees the lock") {
  struct Case {
    bool a_at_once, b_at_once;
    Duration asks;
    std::uint32_t votes;
  };
  for (const Case& c :
       {Case{false, false, 5000ms, 0}, Case{false, false, 10002ms, 5}, Case{true, true, 10000ms, 0},
        Case{true, true, 10001ms, 5}, Case{true, false, 10002ms, 5}, Case{false, true, 10002ms, 2},
        Case{false, true, 10003ms, 3}}) {
    CAPTURE(to_string(c.asks));
    LockLab lab(five());
    Lock& a = c.a_at_once ? lab.lock(lab.client(0), "redlock", kSpec, kOneTry)
                          : lab.lock(lab.client(0), "redlock", "document");
    Lock& b = c.b_at_once ? lab.lock(lab.client(1), "redlock", kSpec, kOneTry)
                          : lab.lock(lab.client(1), "redlock", "document");
    lab.acquire(a);
    lab.run_until(1000ms);
    lab.world().crash(lab.client(0).id());
    lab.run_until(c.asks);
    Try& probe = lab.acquire(b);
    lab.run_until(c.asks + 20ms);
    CHECK(probe.ok() == (c.votes >= 3));
    if (c.votes >= 3)
      CHECK(probe.lease().votes == c.votes);
    else
      CHECK(lab.last<LockRefused>().votes == c.votes);
    CHECK(lab.grants_inside_a_promise() == 0);
  }
}

// Spec 4, scenario 3. neg-partition-only-document-s3: a partition expires nothing.
TEST_CASE("scenario 3 as it is told: B gets no node at all") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", kSpec, kOneTry);
  Lock& b = lab.lock(lab.client(1), "redlock", kSpec, kOneTry);
  lab.acquire(a);
  lab.run_until(1000ms);
  cut_off(lab, 0, {3, 4, 5});
  lab.run_until(5001ms);
  lab.acquire(b);
  lab.run_until(5100ms);
  CHECK(lab.last<LockRefused>().votes == 0);
}

// Corpus 32: the clocks of R3, R4 and R5 step by 5 s.
TEST_CASE("scenario 3 with a clock step: both believe for 4976 ms") {
  LockLab lab(five(Beliefs::Mode::deadline_aware));
  Lock& a = lab.lock(lab.client(0), "redlock", kSpec, kOneTry);
  Lock& b = lab.lock(lab.client(1), "redlock", kSpec, kOneTry);
  lab.acquire(a);
  lab.run_until(1000ms);
  cut_off(lab, 0, {3, 4, 5});
  lab.run_until(4999ms);
  for (const std::size_t node : {3, 4, 5}) lab.world().jump_wall(lab.machine(lab.node(node)), 5s);
  lab.run_until(5001ms);
  Try& second = lab.acquire(b);
  lab.run_until(12000ms);
  REQUIRE(second.ok());
  CHECK(second.when() == "5002ms");
  CHECK(second.lease().votes == 3);
  CHECK(lab.grants_inside_a_promise() == 1);
  CHECK(lab.both_believed() == 4976ms);  // 9978 - 5002
}

// Corpus 33: TTL 5000; the extension at 1667 reaches R1 and R2, the others end at 5000.
TEST_CASE("scenario 3 with an extension that reached a minority") {
  struct Case {
    std::string_view accept;
    Errc outcome;
    Duration both;
  };
  for (const Case& c :
       {Case{"quorum_in_validity", Errc::lost, 0ms},  // belief ended at 5000 - 12 = 4988
        Case{"any", Errc::none, 1653ms}}) {           // 1667 + 4988 = 6655; less 5002
    CAPTURE(c.accept);
    LockLab lab(five(Beliefs::Mode::deadline_aware));
    const Overrides overrides{{"retry_count", "0"}, {"ttl", "5s"}, {"extend_accept", c.accept}};
    Lock& a = lab.lock(lab.client(0), "redlock", kSpec, overrides);
    Lock& b = lab.lock(lab.client(1), "redlock", kSpec, overrides);
    Try& first = lab.acquire(a);
    lab.run_until(1000ms);
    cut_off(lab, 0, {3, 4, 5});
    lab.run_until(1667ms);
    Done& extended = lab.extend(a, first, 5s);
    lab.run_until(5001ms);
    CHECK(extended.error() == c.outcome);
    Try& second = lab.acquire(b);
    lab.run_until(9000ms);
    REQUIRE(second.ok());
    CHECK(second.when() == "5002ms");
    CHECK(lab.both_believed() == c.both);
    CHECK(lab.grants_inside_a_promise() == (c.both > 0ms ? 1u : 0u));
  }
}

// ---- what breaks the algorithm, and what does not
// ------------------------------------------------

// neg-kleppmann-pause-in-acquire-round: the elapsed time includes the pause.
TEST_CASE("a pause before the replies are read is found out") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", kSpec, kOneTry);
  Lock& b = lab.lock(lab.client(1), "redlock", kSpec, kOneTry);
  Try& first = lab.acquire(a);
  lab.run_until(600us);
  lab.world().pause(lab.client(0).id());
  lab.run_until(10001ms);
  Try& second = lab.acquire(b);
  lab.run_until(12000ms);
  CHECK(second.when() == "10002ms");
  lab.world().resume(lab.client(0).id());
  lab.run_until(12100ms);
  CHECK(first.error() == Errc::no_validity);
  CHECK(lab.last<LockRefused>().votes == 5);
  CHECK(lab.last<LockRefused>().validity == -2022ms);  // 10000 - 12000 - 22
  for (std::size_t node = 1; node <= 5; ++node) CHECK(lab.held(node)->attempt == AttemptId{2});
  CHECK(lab.both_believed() == 0ms);
}

// Corpus 35: the same, but the machine is suspended and its monotonic clock stands still.
TEST_CASE("a frozen clock does not find a suspension out") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", kSpec, kOneTry);
  Lock& b = lab.lock(lab.client(1), "redlock", kSpec, kOneTry);
  Try& first = lab.acquire(a);
  lab.run_until(600us);
  lab.world().suspend(lab.client(0).machine());
  lab.run_until(10001ms);
  lab.acquire(b);
  lab.run_until(12000ms);
  lab.world().wake(lab.client(0).machine(), true);
  lab.run_until(12100ms);
  REQUIRE(first.ok());
  CHECK(first.lease().validity == 9977400us);  // 10000 - 0.6 - 22
  CHECK(lab.both_believed() == 100ms);
}

// Corpus 36: R5's reply comes at 12000, and the wall clock has gone back by as much.
TEST_CASE("an elapsed time by the wall clock can be turned back") {
  for (const auto& [clock, gets_it] : {std::pair{"wall", true}, std::pair{"mono", false}}) {
    const std::string_view with = clock;
    CAPTURE(with);
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", "document", {{"clock", clock}});
    Lock& b = lab.lock(lab.client(1), "redlock", "document");
    lab.delay(lab.node(5), lab.client(0).id(), "SET reply", 11995ms);
    Try& first = lab.acquire(a);
    lab.run_until(6000ms);
    lab.world().jump_wall(lab.client(0).machine(), -12s);
    lab.run_until(10010ms);
    Try& second = lab.acquire(b);
    lab.run_until(12100ms);
    CHECK(second.when() == "10015ms");
    CHECK(second.lease().votes == 5);
    CHECK(first.when() == (gets_it ? "12000ms" : "12005ms"));  // refused: 5 unlocks more
    CHECK(first.ok() == gets_it);
    if (gets_it) CHECK(first.lease().validity == 9978ms);
    CHECK(lab.both_believed() == (gets_it ? 100ms : 0ms));
  }
}

// Corpus 29 and 30: A held three nodes only, so one that forgets is enough (k - (N - q) = 1).
TEST_CASE("one node that jumps or forgets breaks a lock on three") {
  for (const bool restarts : {false, true}) {
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", kSpec, kOneTry);
    Lock& b = lab.lock(lab.client(1), "redlock", kSpec, kOneTry);
    cut_off(lab, 0, {4, 5});
    Try& first = lab.acquire(a);
    lab.run_until(1000ms);
    CHECK(first.when() == "50ms");
    CHECK(first.lease().validity == 9928ms);  // 10000 - 50 - 22
    if (restarts) {
      lab.world().crash(lab.node(3));
      lab.run_until(1200ms);
      lab.world().restart(lab.node(3));
    } else {
      lab.world().jump_wall(lab.machine(lab.node(3)), 10s);
    }
    rejoin(lab, 0, {4, 5});
    lab.run_until(2000ms);
    Try& second = lab.acquire(b);
    lab.run_until(2100ms);
    REQUIRE(second.ok());
    CHECK(second.when() == "2001ms");
    CHECK(second.lease().votes == 3);
    CHECK(lab.grants_inside_a_promise() == 1);
  }
}

// neg-one-of-five-restart.
TEST_CASE("one node of five that forgets does not") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", kSpec, kOneTry);
  Lock& b = lab.lock(lab.client(1), "redlock", kSpec, kOneTry);
  lab.acquire(a);
  lab.run_until(1000ms);
  lab.world().crash(lab.node(3));
  lab.world().restart(lab.node(3));
  lab.run_until(2000ms);
  lab.acquire(b);
  lab.run_until(2100ms);
  CHECK(lab.last<LockRefused>().votes == 1);
}

// Clocks that run at 1.005: a key of 10001 ms is dead after 10001 / 1.005 = 9951.2 true ms. The
// document promises until 9978, a margin of one per cent until 9898 (neg-one-percent-margin).
TEST_CASE("a drift beyond the margin breaks the promise") {
  for (const auto& [permille, broken] : {std::pair{"2", 1u}, std::pair{"10", 0u}}) {
    LockLab lab(five());
    const Overrides overrides{{"retry_count", "0"}, {"drift_permille", permille}};
    Lock& a = lab.lock(lab.client(0), "redlock", kSpec, overrides);
    Lock& b = lab.lock(lab.client(1), "redlock", kSpec, overrides);
    for (std::size_t node = 1; node <= 5; ++node)
      lab.world().set_rate(lab.machine(lab.node(node)), 5000);
    lab.acquire(a);
    lab.run_until(9950ms);
    Try& too_early = lab.acquire(b);
    lab.run_until(9951ms);
    CHECK_FALSE(too_early.ok());
    lab.run_until(9953ms);  // its unlocking is over
    Try& second = lab.acquire(b);
    lab.run_until(9960ms);
    CHECK(second.when() == "9954ms");
    CHECK(lab.grants_inside_a_promise() == broken);
  }
}

// Sheet B: five nodes of which two are silent, 50 ms each: elapsed 103.
TEST_CASE("in turn, silent nodes cost their time-outs") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", "document", {{"node_timeout", "50ms"}});
  cut_off(lab, 0, {2, 4});
  Try& first = lab.acquire(a);
  lab.run_until(200ms);
  CHECK(first.when() == "103ms");
  CHECK(first.lease().validity == 9875ms);
}

TEST_CASE("in turn and without time-outs, a silent node stalls the round for ever") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", "document");
  cut_off(lab, 0, {1});
  Try& first = lab.acquire(a);
  lab.run_until(3'600'000ms);
  CHECK_FALSE(first.done());
}

// Corpus 38 and neg-release-all-nodes. A asks R1, R2 (yes), R3 at 2, R4 at 52, R5 at 102: all
// carried out, the replies lost. Two votes are not enough.
TEST_CASE("unlocking only what was acquired leaves orphans") {
  for (const auto& [release, gets_it] : {std::pair{"acquired_only", false}, std::pair{"all", true},
                                         std::pair{"acquired_and_unknown", true}}) {
    const std::string_view with = release;
    CAPTURE(with);
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", "document",
                       {{"node_timeout", "50ms"}, {"release_on_failure", release}});
    Lock& b = lab.lock(lab.client(1), "redlock", "document");
    for (const std::size_t node : {3, 4, 5})
      lab.drop(lab.node(node), lab.client(0).id(), "SET reply");
    Try& first = lab.acquire(a);
    lab.run_until(5000ms);
    CHECK(first.error() == Errc::not_acquired);
    CHECK(lab.last<LockRefused>().votes == 2);
    Try& second = lab.acquire(b);
    lab.run_until(5100ms);
    CHECK(second.ok() == gets_it);
    CHECK(lab.grants_inside_a_promise() == 0);  // liveness fails, safety never
  }
}

// Corpus 39.
TEST_CASE("a second tryLock on the document's object makes the first unreleasable") {
  for (const auto& [shared, released_votes] : {std::pair{"true", 0u}, std::pair{"false", 5u}}) {
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", "document", {{"shared_value", shared}});
    Try& first = lab.acquire(a);
    lab.run_until(1000ms);
    Try& again = lab.acquire(a);
    lab.run_until(2000ms);
    CHECK(again.error() == Errc::not_acquired);
    lab.release(a, first.lease());
    lab.run_until(2100ms);
    CHECK(lab.last<LockReleased>().votes == released_votes);
    CHECK((lab.held(1) != nullptr) == (released_votes == 0));
  }
}

// Corpus 40: A meets R1, R2 first, B R3, R4, C R5; all try again after the same 200 ms.
TEST_CASE("equal delays and no jitter split the vote again and again") {
  for (const auto& [jitter, somebody] : {std::pair{"0ms", false}, std::pair{"100ms", true}}) {
    LockLab lab(five());
    const Overrides overrides{{"retry_count", "20"}, {"retry_jitter", jitter}};
    const std::size_t favourite[] = {0, 0, 1, 1, 2};
    for (std::size_t client = 0; client < 3; ++client) {
      for (std::size_t node = 1; node <= 5; ++node)
        lab.world().network().set_latency(
            lab.client(client).id(), lab.node(node),
            Latency::constant(favourite[node - 1] == client ? 500us : 600us));
    }
    for (std::size_t client = 0; client < 3; ++client)
      lab.acquire(lab.lock(lab.client(client), "redlock", kSpec, overrides));
    lab.run_until(6000ms);
    CHECK((lab.count<LockGranted>() > 0) == somebody);
    if (!somebody) CHECK(lab.count<LockRefused>() == 3);
  }
}

// ---- the libraries ------------------------------------------------------------------------------

/// A pauses from 0.6 to 12000, all replies queued; B has the lock from 10002.
struct PausedInRound {
  explicit PausedInRound(std::string_view preset) : lab(five()) {
    Lock& a = lab.lock(lab.client(0), "redlock", preset, kOneTry);
    Lock& b = lab.lock(lab.client(1), "redlock", kSpec, kOneTry);
    first = &lab.acquire(a);
    lab.run_until(600us);
    lab.world().pause(lab.client(0).id());
    lab.run_until(10001ms);
    lab.acquire(b);
    lab.run_until(12000ms);
    lab.world().resume(lab.client(0).id());
    lab.run_until(12100ms);
  }
  LockLab lab;
  Try* first = nullptr;
};

// Corpus 42.
TEST_CASE("node-redlock 5 hands out a lock that expired long ago") {
  PausedInRound story("node-redlock-v5");
  REQUIRE(story.first->ok());
  CHECK(story.first->lease().validity < 0ms);
  CHECK(to_string(story.lab.all<LockGranted>().back()->at) == "12000ms");
  CHECK(to_string(story.lab.last<LockGranted>().promise_until) == "9898ms");  // 10000 - 102
  CHECK(story.lab.both_believed() == 100ms);
}

TEST_CASE("node-redlock 4, redsync and pottery do not") {
  for (const std::string_view preset : {"node-redlock-v4", "redsync", "pottery"}) {
    CAPTURE(preset);
    PausedInRound story(preset);
    CHECK(story.first->error() == Errc::no_validity);
    CHECK(story.lab.both_believed() == 0ms);
  }
}

/// R5 is down; C holds R3 and R4 from 0 until 100; A tries from 60 on, without jitter.
struct HalfTaken {
  explicit HalfTaken(std::string_view preset) : lab(five()) {
    lab.world().crash(lab.node(5));
    cut_off(lab, 2, {1, 2});
    Lock& a = lab.lock(lab.client(0), "redlock", preset, {{"retry_jitter", "0ms"}});
    Lock& c = lab.lock(lab.client(2), "redlock", kSpec, {{"retry_count", "0"}, {"quorum", "2"}});
    Try& held = lab.acquire(c);
    lab.run_until(60ms);
    REQUIRE(held.ok());
    first = &lab.acquire(a);
    lab.run_until(100ms);
    lab.release(c, held.lease());
    lab.run_until(5000ms);
  }
  LockLab lab;
  Try* first = nullptr;
};

// Corpus 43: tries 201 ms apart. 60: R1, R2. 261: R3, R4, but R1 and R2 refuse their own key. From
// 462 on nobody says yes. The eleventh try is at 60 + 10 · 201 = 2070, and then all is unlocked.
TEST_CASE("node-redlock 5 stands in its own way") {
  HalfTaken story("node-redlock-v5");
  CHECK(story.first->error() == Errc::not_acquired);
  CHECK(story.first->when() == "2072ms");
  CHECK(story.lab.last<LockRefused>().votes == 0);
  std::string stored;
  for (const TraceEvent* event : story.lab.all<KeyStored>())
    if (std::get<KeyStored>(event->what).attempt == AttemptId{2})
      stored += to_string(event->at) + " ";
  CHECK(stored == "60.5ms 60.5ms 261.5ms 261.5ms ");
}

// It unlocks between tries (62) and has R1 to R4 at the second one, 200 ms later.
TEST_CASE("node-redlock 4 does not") {
  HalfTaken story("node-redlock-v4");
  REQUIRE(story.first->ok());
  CHECK(story.first->when() == "263ms");
  CHECK(story.first->lease().votes == 4);
}

// Corpus 44: of two nodes one says yes and one no.
TEST_CASE("node-redlock 5 never settles when neither side has a quorum") {
  for (const auto& [preset, settles] :
       {std::pair{"node-redlock-v5", false}, std::pair{"node-redlock-v4", true},
        std::pair{"pottery", true}}) {
    const std::string_view with = preset;
    CAPTURE(with);
    LockLab::Options options;
    options.nodes = 2;
    LockLab lab(options);
    cut_off(lab, 1, {2});
    Lock& a = lab.lock(lab.client(0), "redlock", preset, kOneTry);
    Lock& b = lab.lock(lab.client(1), "redlock", kSpec, {{"retry_count", "0"}, {"quorum", "1"}});
    lab.acquire(b);
    lab.run_until(100ms);
    Try& first = lab.acquire(a);
    lab.run_until(9000ms);
    CHECK(first.done() == settles);
    CHECK_FALSE(first.ok());
  }
}

// Corpus 45.
TEST_CASE("node-redlock 5 releases an expired lock for ever, if told to retry for ever") {
  for (const auto& [preset, ends] :
       {std::pair{"node-redlock-v5", false}, std::pair{"node-redlock-v4", true}}) {
    const std::string_view with = preset;
    CAPTURE(with);
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", preset, {{"retry_count", "-1"}});
    Try& first = lab.acquire(a);
    lab.run_until(10001ms);
    Done& released = lab.release(a, first.lease());
    lab.run_until(600'000ms);
    CHECK(released.done() == ends);
    CHECK_FALSE(released.ok());
  }
}

// Corpus 46: R5 is down, the others say yes.
TEST_CASE("redlock-py raises after it has won, and leaves the keys") {
  LockLab lab(five());
  lab.world().crash(lab.node(5));
  Lock& a = lab.lock(lab.client(0), "redlock", "redlock-py");
  Try& first = lab.acquire(a);
  lab.run_until(9000ms);
  CHECK(first.error() == Errc::connection_lost);
  CHECK(first.when() == "5ms");
  CHECK(lab.last<LockRefused>().votes == 4);
  for (std::size_t node = 1; node <= 4; ++node) CHECK(lab.held(node) != nullptr);
}

TEST_CASE("the others are content with four of five") {
  for (const std::string_view preset : {"spec", "document", "node-redlock-v4", "node-redlock-v5",
                                        "redlock-rb", "redsync", "pottery", "redisson-redlock"}) {
    CAPTURE(preset);
    LockLab lab(five());
    lab.world().crash(lab.node(5));
    Lock& a = lab.lock(lab.client(0), "redlock", preset);
    Try& first = lab.acquire(a);
    lab.run_until(100ms);
    CHECK(first.ok());
  }
}

/// A has the lock, pauses from 5000 to 12000 and then extends it. B had it from 10010 on, by five
/// calls in turn, and gave it back at 11000.
struct LateExtension {
  LateExtension(std::string_view preset, const Overrides& overrides) : lab(five()) {
    Lock& a = lab.lock(lab.client(0), "redlock", preset, overrides);
    Lock& b = lab.lock(lab.client(1), "redlock", "document");
    Try& first = lab.acquire(a);
    lab.run_until(5000ms);
    lab.world().pause(lab.client(0).id());
    lab.run_until(10010ms);
    Try& second = lab.acquire(b);
    lab.run_until(11000ms);
    REQUIRE(second.ok());
    lab.release(b, second.lease());
    lab.run_until(12000ms);
    lab.world().resume(lab.client(0).id());
    extended = &lab.extend(a, first, 10s);
    lab.run_until(12100ms);
  }
  LockLab lab;
  Done* extended = nullptr;
};

// Corpus 47. B believed from 10015 to 11005.
TEST_CASE("an extension that takes a lost key again hides that it was lost") {
  for (const std::string_view preset : {"redlock-rb", "redsync-setnx"}) {
    CAPTURE(preset);
    LateExtension story(preset, {});
    CHECK(story.extended->ok());
    CHECK(story.lab.last<LeaseExtended>().votes == 5);
    CHECK(story.lab.both_believed() == 990ms);
  }
}

TEST_CASE("an extension of what is there only says that it was lost") {
  LateExtension rb("redlock-rb", {{"extend_missing", "refuse"}});
  CHECK(rb.extended->error() == Errc::lost);
  for (const std::string_view preset :
       {"redsync", "spec", "pottery", "node-redlock-v4", "node-redlock-v5"}) {
    CAPTURE(preset);
    LateExtension story(preset, {});
    CHECK(story.extended->error() == Errc::lost);
    CHECK(story.lab.count<KeyExtended>() == 0);
  }
}

TEST_CASE("node-redlock does not even ask once its own deadline has passed") {
  for (const std::string_view preset : {"node-redlock-v4", "node-redlock-v5"}) {
    LateExtension story(preset, {});
    CHECK(story.extended->when() == "12000ms");
  }
}

// A lost R3, R4 and R5; the extension gets two votes.
TEST_CASE("a failed extension of redlock-rb gives up what was left") {
  for (const auto& [preset, left] : {std::pair{"redlock-rb", false}, std::pair{"spec", true}}) {
    const std::string_view with = preset;
    CAPTURE(with);
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", preset);
    Try& first = lab.acquire(a);
    lab.run_until(1000ms);
    cut_off(lab, 0, {3, 4, 5});
    Done& extended = lab.extend(a, first, 10s);
    lab.run_until(2000ms);
    CHECK(extended.error() == Errc::lost);
    CHECK((lab.held(1) != nullptr) == left);
  }
}

// Corpus 48: the five grants are there when the process pauses, at 4.7; B's calls at 10006 get 5/5.
TEST_CASE("Redisson's Redlock looks at no clock at all") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", "redisson-redlock");
  Lock& b = lab.lock(lab.client(1), "redlock", "document");
  Try& first = lab.acquire(a);
  lab.run_until(4700us);
  lab.world().pause(lab.client(0).id());
  lab.run_until(10006ms);
  Try& second = lab.acquire(b);
  lab.run_until(12000ms);
  CHECK(second.lease().votes == 5);
  lab.world().resume(lab.client(0).id());
  lab.run_until(12100ms);
  REQUIRE(first.ok());
  CHECK(first.when() == "12001ms");
  CHECK(lab.count<KeyExtended>() == 0);  // every one of the last calls said no
  CHECK(lab.both_believed() == 99ms);
}

TEST_CASE("redsync waits for all nodes, five per cent of the TTL at most") {
  for (const auto& [ttl, ends] : {std::pair{"8s", "400ms"}, std::pair{"10s", "500ms"}}) {
    LockLab lab(five());
    cut_off(lab, 0, {5});
    Lock& a = lab.lock(lab.client(0), "redlock", "redsync", {{"ttl", ttl}});
    Try& first = lab.acquire(a);
    lab.run_until(1000ms);
    CHECK(first.when() == ends);
    CHECK(first.lease().votes == 4);
  }
}

TEST_CASE("who returns at a majority leaves the other requests on their way") {
  LockLab lab(five());
  for (const std::size_t node : {4, 5}) lab.delay(lab.client(0).id(), lab.node(node), "SET", 10ms);
  Lock& a = lab.lock(lab.client(0), "redlock", "pottery");
  Try& first = lab.acquire(a);
  lab.run_until(100ms);
  CHECK(first.when() == "1ms");
  CHECK(first.lease().votes == 3);
  CHECK(lab.held(5) != nullptr);
}

TEST_CASE("pottery extends three times") {
  LockLab lab(five());
  Lock& a = lab.lock(lab.client(0), "redlock", "pottery");
  Try& first = lab.acquire(a);
  for (int i = 1; i <= 4; ++i) {
    lab.run_until(i * 1000ms);
    Done& extended = lab.extend(a, first, 10s);
    lab.run_until(i * 1000ms + 10ms);
    CHECK(extended.error() == (i <= 3 ? Errc::none : Errc::invalid));
  }
}

TEST_CASE("the document and redlock-py cannot extend") {
  for (const std::string_view preset : {"document", "redlock-py"}) {
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", preset);
    Try& first = lab.acquire(a);
    lab.run_until(1000ms);
    Done& extended = lab.extend(a, first, 10s);
    lab.run_until(1100ms);
    CHECK(extended.error() == Errc::invalid);
  }
}

// #296, #299: start is read once, before the first of the tries. C holds all nodes until 100.
TEST_CASE("node-redlock 5 counts the deadline from its first try") {
  for (const auto& [preset, until] : {std::pair{"node-redlock-v5", "9948ms"},      // 50 + 9898
                                      std::pair{"node-redlock-v4", "10150ms"}}) {  // 252 + 9898
    const std::string_view with = preset;
    CAPTURE(with);
    LockLab lab(five());
    Lock& a = lab.lock(lab.client(0), "redlock", preset, {{"retry_jitter", "0ms"}});
    Lock& c = lab.lock(lab.client(2), "redlock", kSpec, kOneTry);
    Try& held = lab.acquire(c);
    lab.run_until(50ms);
    Try& first = lab.acquire(a);
    lab.run_until(100ms);
    lab.release(c, held.lease());
    lab.run_until(1000ms);
    REQUIRE(first.ok());
    CHECK(to_string(lab.last<LockGranted>().promise_until) == until);
  }
}

}  // namespace
}  // namespace locklab
