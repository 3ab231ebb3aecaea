// The businesses that break without a working lock: each does what it should while the lock holds,
// comes to harm when a pause outlives the lease, and whether a fencing token saves it.
#include "scenarios/workload.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/recorded_run.hpp"

namespace locklab {
namespace {

using test::RecordedRun;
using test::scenario_of;

enum class Fencing { off, on };

/// Two clients do the workload; `more` are further members of the scenario.
Scenario shop(std::string_view kind, Fencing fencing, std::string_view more = "") {
  return scenario_of(fmt::format(
      R"({{"schema": "locklab-scenario/1", "name": "shop", "horizon": "120s",
          "lock": {{"algorithm": "{}", "ttl": "10s"}},
          "storage": {{"check": "{}"}},
          "workload": {{"kind": "{}", "work": "100ms", "timeout": "60s"}},
          "clients": ["client-a", {{"name": "client-b", "start": "10ms"}}]{}{}}})",
      fencing == Fencing::on ? "fenced_lock" : "simple_redis_lock",
      fencing == Fencing::on ? "document" : "plain", kind, more.empty() ? "" : ", ", more));
}

/// Client A is stopped in the middle of its work, for twice the life of its lease.
constexpr std::string_view kPauseAtWork =
    R"("faults": [{"on": {"event": "lock_granted", "process": "client-a", "plus": "50ms"},
                   "pause": {"who": "client-a", "lasts": "20s"}}])";

Damage damage_of(std::string_view name) {
  for (std::size_t i = 0; i < kDamages; ++i)
    if (to_string(static_cast<Damage>(i)) == name) return static_cast<Damage>(i);
  FAIL("no damage ", std::string(name));
  return {};
}

std::int64_t harm(std::string_view kind, Fencing fencing, std::string_view faults) {
  const RecordedRun run(shop(kind, fencing, faults));
  CHECK(run.result.stopped == StopReason::quiescent);
  return run.damage(damage_of(find_workload(kind)->damage));
}

TEST_CASE("the businesses are those that the document names, and one that does nothing") {
  std::string names;
  for (const Workload& workload : workloads()) {
    CHECK(find_workload(workload.name) == &workload);
    CHECK_FALSE(workload.description.empty());
    names += std::string(workload.name) + " ";
  }
  CHECK(names == "inventory payment job leader file plain ");
  CHECK(find_workload("bakery") == nullptr);
}

TEST_CASE("under a lock that holds, two clients do no damage") {
  for (const Workload& workload : workloads()) {
    CAPTURE(std::string(workload.name));
    for (const Fencing fencing : {Fencing::off, Fencing::on}) {
      const RecordedRun run(shop(workload.name, fencing));
      CHECK(run.violated() == "");
      CHECK(run.count<LockGranted>("client-a") == 1);
      CHECK(run.count<LockGranted>("client-b") == 1);  // it waited
      CHECK(run.count<LockReleased>() == 2);
      for (const std::int64_t damage : run.damages) CHECK(damage == 0);
    }
  }
}

TEST_CASE("each business happens: what is done is in the trace, once or as often as it should") {
  const auto acts = [](std::string_view kind) {
    const RecordedRun run(shop(kind, Fencing::off));
    return run.count<DomainEvent>();
  };
  CHECK(acts("inventory") == 1);  // one item, two who want it
  CHECK(acts("payment") == 1);    // one order
  CHECK(acts("job") == 1);        // the second finds it done
  CHECK(acts("leader") == 20);    // ten acts each, one after the other
  CHECK(acts("file") == 2);       // a block each
  CHECK(acts("plain") == 0);
}

TEST_CASE("a pause that outlives the lease: two sell the last item, unless a token stops one") {
  CHECK(harm("inventory", Fencing::off, kPauseAtWork) == 1);
  CHECK(harm("inventory", Fencing::on, kPauseAtWork) == 0);
}

TEST_CASE("a pause that outlives the lease: the order is charged twice, unless a token stops one") {
  CHECK(harm("payment", Fencing::off, kPauseAtWork) == 1);
  CHECK(harm("payment", Fencing::on, kPauseAtWork) == 0);
}

TEST_CASE("a pause that outlives the lease: the old leader acts on, unless a token stops it") {
  CHECK(harm("leader", Fencing::off, kPauseAtWork) > 0);
  CHECK(harm("leader", Fencing::on, kPauseAtWork) == 0);
}

TEST_CASE("a pause that outlives the lease: a block is lost, unless a token stops the writer") {
  CHECK(harm("file", Fencing::off, kPauseAtWork) == 1);
  CHECK(harm("file", Fencing::on, kPauseAtWork) == 0);
}

TEST_CASE("a job that has begun runs a second time, and no token can take that back") {
  // Storage is asked when the job is done; by then it has run twice.
  CHECK(harm("job", Fencing::off, kPauseAtWork) == 1);
  CHECK(harm("job", Fencing::on, kPauseAtWork) == 1);
  // A pause before the job begins does no harm: who wakes up finds it done.
  const std::string_view before =
      R"("faults": [{"on": {"event": "call_began", "process": "client-a", "kind": "read"},
                     "pause": {"who": "client-a", "lasts": "20s"}}])";
  CHECK(harm("job", Fencing::off, before) == 0);
  CHECK(harm("job", Fencing::on, before) == 0);
}

TEST_CASE("a client that pauses while it touches nothing does no damage") {
  const RecordedRun run(shop("plain", Fencing::off, kPauseAtWork));
  CHECK(run.violated() == "client_mutual_exclusion");
  CHECK(run.count<WriteAccepted>() == 0);
  for (const std::int64_t damage : run.damages) CHECK(damage == 0);
}

TEST_CASE("a payment provider that checks no token charges twice, whatever storage says") {
  Scenario scenario = shop("payment", Fencing::on, kPauseAtWork);
  for (ClientSpec& client : scenario.clients)
    for (Program& program : client.threads)
      for (Step& step : program)
        if (step.kind == Step::Kind::charge) step.external = true;
  const RecordedRun run(scenario);
  CHECK(run.count<WriteRejected>() == 1);
  CHECK(run.damage(Damage::double_charges) == 1);
}

// ---- the workload's own numbers -----------------------------------------------------------------

TEST_CASE("rounds repeat the whole of it, with a pause between") {
  Scenario scenario = scenario_of(R"({
    "schema": "locklab-scenario/1", "name": "rounds",
    "lock": {"algorithm": "simple_redis_lock"},
    "workload": {"kind": "file", "work": "10ms", "rounds": 3, "pause": "100ms"},
    "clients": ["client-a"]})");
  const RecordedRun run(scenario);
  // Acquire 1, read 1, work 10, write 1, release 1: 14 ms a round, and 100 between.
  CHECK(run.times<LockRequested>() == "0ms 114ms 228ms");
  CHECK(run.times<LockReleased>() == "14ms 128ms 242ms");
  CHECK(run.count<DomainEvent>() == 3);
  CHECK(run.damage(Damage::lost_blocks) == 0);
}

TEST_CASE("how the workload waits: once, by polling, or for ever") {
  const auto scenario = [](std::string_view members) {
    return scenario_of(fmt::format(R"({{
      "schema": "locklab-scenario/1", "name": "waiting", "lock": {{"algorithm": "simple_redis_lock"}},
      "workload": {{"kind": "plain", "work": "300ms", {}}},
      "clients": ["client-a", {{"name": "client-b", "start": "10ms"}}]}})",
                                   members));
  };
  const RecordedRun once(scenario(R"("mode": "once")"));
  CHECK(once.count<LockRequested>("client-b") == 1);
  CHECK(once.count<LockGranted>("client-b") == 0);

  const RecordedRun poll(scenario(R"("mode": "poll", "poll": "20ms", "timeout": "100ms")"));
  CHECK(poll.count<LockRequested>("client-b") > 3);
  CHECK(poll.count<LockGranted>("client-b") == 0);
  CHECK_FALSE(poll.only<LockWaitEnded>("client-b").granted);
  CHECK(poll.nth<LockWaitEnded>(1, "client-b").at() <= Instant{130ms});

  const RecordedRun blocking(scenario(R"("mode": "blocking", "poll": "20ms", "timeout": "100ms")"));
  CHECK(blocking.count<LockGranted>("client-b") == 1);
  CHECK_FALSE(blocking.only<LockWaitBegan>("client-b").bounded);
}

TEST_CASE("a client that was refused leaves the round out, and takes part in the next") {
  // A works from 1 to 103; B asks at 10 and again at 1011; A asks again at 1104, and B holds.
  const RecordedRun run(scenario_of(R"({
    "schema": "locklab-scenario/1", "name": "left-out", "lock": {"algorithm": "simple_redis_lock"},
    "workload": {"kind": "file", "work": "100ms", "mode": "once", "rounds": 2, "pause": "1s"},
    "clients": ["client-a", {"name": "client-b", "start": "10ms"}]})"));
  CHECK(run.times<LockRefused>("client-b") == "11ms");
  CHECK(run.times<LockRequested>("client-b") == "10ms 1011ms");
  CHECK(run.count<DomainEvent>("client-b") == 1);
  CHECK(run.times<LockRequested>("client-a") == "0ms 1104ms");
  CHECK(run.count<LockRefused>("client-a") == 1);
  CHECK(run.count<DomainEvent>("client-a") == 1);
}

}  // namespace
}  // namespace locklab
