// Each kind of step once: what a client does, when, and what the trace says of it. One Redis node,
// a lock of ten seconds, and half a millisecond each way.
#include "scenarios/client.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "tests/support/recorded_run.hpp"

namespace locklab {
namespace {

using test::RecordedRun;
using test::scenario_of;

/// Client A with this program; `b` is client B's, if there is one; `more` are further members.
Scenario with(std::string_view a, std::string_view b = "", std::string_view more = "") {
  std::string clients = fmt::format(R"({{"name": "client-a", "program": [{}]}})", a);
  if (!b.empty())
    clients += fmt::format(R"(, {{"name": "client-b", "start": "10ms", "program": [{}]}})", b);
  return scenario_of(fmt::format(
      R"({{"schema": "locklab-scenario/1", "name": "steps",
          "lock": {{"algorithm": "simple_redis_lock", "ttl": "10s"}},
          "storage": {{"check": "plain", "registers":
            {{"stock": 3, "order": 0, "job": 0, "cluster": 0, "file": 0, "note": "none"}}}},
          "workload": {{"resource": "r"}},
          "clients": [{}]{}{}}})",
      clients, more.empty() ? "" : ", ", more));
}

/// When a client worked, and how long: "5ms+3ms 8ms+1ms".
std::string work(const RecordedRun& run, std::string_view client = "client-a") {
  std::string list;
  for (const auto& step : run.all<StepTaken>(client))
    if (run.text(step.what->step) == "work")
      list += fmt::format("{}{}+{}", list.empty() ? "" : " ", to_string(step.at()),
                          to_string(step.what->lasts));
  return list;
}

constexpr std::string_view kRedisIsDown =
    R"("faults": [{"at": "0s", "crash": {"who": "redis-1", "restart_after": "200ms"}}])";

// ---- time ---------------------------------------------------------------------------------------

TEST_CASE("'at' waits for a true time, and not for one that is past") {
  const RecordedRun run(with(R"({"at": "5ms"}, {"work": "3ms"}, {"at": "2ms"}, {"work": "1ms"})"));
  CHECK(work(run) == "5ms+3ms 8ms+1ms");
}

TEST_CASE("'sleep' and 'work' go by the client's own clock") {
  const RecordedRun run(with(R"({"sleep": "10ms"}, {"work": "20ms"}, {"work": "1ms"})", "",
                             R"("machines": [{"name": "client-a", "rate_ppm": 1000000}])"));
  CHECK(work(run) == "5ms+20ms 15ms+1ms");  // twice as fast
}

TEST_CASE("'repeat' does its steps so many times, 'stop' ends the program") {
  const RecordedRun run(with(
      R"({"repeat": {"times": 2, "do": [{"work": "1ms"}, {"repeat": {"times": 2, "do": [{"work": "2ms"}]}}]}},
         "stop", {"work": "9ms"})"));
  CHECK(work(run) == "0ms+1ms 1ms+2ms 3ms+2ms 5ms+1ms 6ms+2ms 8ms+2ms");
}

TEST_CASE("'stop' inside a repetition ends the whole program") {
  const RecordedRun run(
      with(R"({"repeat": {"times": 3, "do": [{"work": "1ms"}, "stop"]}}, {"work": "9ms"})"));
  CHECK(work(run) == "0ms+1ms");
}

TEST_CASE("a client begins at its start") {
  const RecordedRun run(with(R"({"work": "1ms"})", R"({"work": "1ms"})"));
  CHECK(work(run, "client-b") == "10ms+1ms");
}

// ---- locks --------------------------------------------------------------------------------------

TEST_CASE("'acquire' takes the workload's lock, 'release' gives back the one acquired last") {
  const RecordedRun run(with(R"("acquire", {"work": "3ms"}, "release")"));
  CHECK(run.text(run.only<LockGranted>().lock) == "r");
  CHECK(run.times<LockGranted>() == "1ms");
  CHECK(run.times<ReleaseBegan>() == "4ms");
  CHECK(run.times<LockReleased>() == "5ms");
  CHECK(run.times<LockWaitBegan>() == "0ms");
  CHECK(run.only<LockWaitEnded>().granted);
}

TEST_CASE("several locks are held at once, and released by name or in the order of a stack") {
  const RecordedRun run(with(
      R"({"acquire": "x"}, {"acquire": "y"}, {"acquire": "z"}, {"release": "x"}, "release", "release")"));
  std::string order;
  for (const auto& released : run.all<LockReleased>())
    order += std::string(run.text(released.what->lock)) + " ";
  CHECK(order == "x z y ");
}

TEST_CASE("after a refusal the program stops, if nothing else is said") {
  const RecordedRun run(with(R"("acquire", {"work": "1s"})", R"("acquire", {"work": "1ms"})"));
  CHECK(run.count<LockRefused>("client-b") == 1);
  CHECK(work(run, "client-b") == "");
}

TEST_CASE("a program that is stopped believes nothing any more, and releases nothing") {
  const auto last_belief = [](const RecordedRun& run) {
    CHECK(run.all<LockReleased>("client-a").empty());
    const auto ended = run.all<BeliefEnded>("client-a");
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].what->why == BeliefEnd::stopped);
    return to_string(ended[0].at());
  };
  SUBCASE("by itself") {
    const RecordedRun run(with(R"("acquire", {"work": "5ms"}, "stop", "release")"));
    CHECK(last_belief(run) == "6ms");
  }
  SUBCASE("by an error that nobody catches [corpus 106]") {
    const RecordedRun run(with(R"("acquire", {"at": "5ms"}, {"acquire": "q"}, "release")", "",
                               R"("faults": [{"at": "5.2ms", "reset":
                                   {"a": "client-a", "b": "redis-1"}}])"));
    CHECK(last_belief(run) == "5.2ms");
  }
  SUBCASE("but not one that comes to its end") {
    const RecordedRun run(with(R"("acquire")"));
    CHECK(run.all<BeliefEnded>("client-a").empty());
  }
}

TEST_CASE("after a refusal 'skip' leaves out the steps up to the next acquire, waits excepted") {
  const RecordedRun run(with(
      R"("acquire", {"work": "100ms"}, "release")",
      R"({"acquire": {"if_refused": "skip"}}, {"work": "1ms"}, {"write": {"to": "stock", "value": 9}},
         "release", {"at": "200ms"}, {"work": "2ms"}, "acquire", {"work": "3ms"}, "release")"));
  CHECK(work(run, "client-b") == "201ms+3ms");
  CHECK(run.count<WriteAccepted>() == 0);
  CHECK(run.count<ReleaseBegan>("client-b") == 1);
}

TEST_CASE("after a refusal 'go_on' works all the same, and believes") {
  const RecordedRun run(with(R"("acquire", {"work": "1s"}, "release")",
                             R"({"acquire": {"if_refused": "go_on"}}, {"work": "1ms"})"));
  CHECK(run.count<LockGranted>("client-b") == 0);
  CHECK(run.only<LockAssumed>("client-b").why == Errc::not_acquired);
  CHECK(work(run, "client-b") == "11ms+1ms");
  CHECK(run.violated().find("client_mutual_exclusion") != std::string::npos);
}

TEST_CASE("polling tries again until the lock is free") {
  // B tries at 10, 61 and 112; A's key goes at 101.5.
  const RecordedRun run(with(R"("acquire", {"work": "100ms"}, "release")",
                             R"({"acquire": {"mode": "poll"}}, "release")"));
  CHECK(run.times<LockRequested>("client-b") == "10ms 61ms 112ms");
  CHECK(run.times<LockGranted>("client-b") == "113ms");
  CHECK(run.only<LockWaitEnded>("client-b").tries == 3);
  CHECK(run.only<LockWaitBegan>("client-b").bounded);
}

TEST_CASE("polling ends with its timeout") {
  const RecordedRun run(with(
      R"("acquire", {"work": "1s"}, "release")",
      R"({"acquire": {"mode": "poll", "poll": "20ms", "timeout": "100ms"}}, {"work": "1ms"})"));
  CHECK_FALSE(run.only<LockWaitEnded>("client-b").granted);
  CHECK(run.nth<LockWaitEnded>(1, "client-b").at() <= Instant{131ms});
  CHECK(work(run, "client-b") == "");
}

TEST_CASE("a blocking acquire outlasts any timeout") {
  const RecordedRun run(
      with(R"("acquire", {"work": "9s"}, "release")",
           R"({"acquire": {"mode": "blocking", "timeout": "1ms"}}, {"work": "1ms"}, "release")"));
  CHECK(run.count<LockGranted>("client-b") == 1);
  CHECK(run.nth<LockGranted>(1, "client-b").at() > Instant{9s});
}

TEST_CASE("an error ends a wait, or is one more failed try, or lets the client go on without") {
  const auto b = [](std::string_view on_error) {
    return fmt::format(
        R"({{"acquire": {{"mode": "poll", "timeout": "1s", "on_error": "{}"}}}}, {{"work": "1ms"}})",
        on_error);
  };
  const RecordedRun escape(with(R"({"at": "1ms"})", b("escape"), kRedisIsDown));
  CHECK(escape.count<LockRequested>("client-b") == 1);
  CHECK(work(escape, "client-b") == "");

  const RecordedRun retry(with(R"({"at": "1ms"})", b("retry"), kRedisIsDown));
  CHECK(retry.count<LockRequested>("client-b") > 2);
  CHECK(retry.nth<LockGranted>(1, "client-b").at() > Instant{200ms});
  CHECK(work(retry, "client-b") != "");

  const RecordedRun open(with(R"({"at": "1ms"})", b("fail_open"), kRedisIsDown));
  CHECK(open.count<LockAssumed>("client-b") == 1);
  CHECK(open.nth<LockAssumed>(1, "client-b").at() < Instant{200ms});
  CHECK(work(open, "client-b") != "");
}

TEST_CASE("'check' goes on only while the lease is good by the client's own clock") {
  // The promise ends at 10000 - (10000 * 0.2 % + 2) = 9978.
  const RecordedRun run(
      with(R"("acquire", {"at": "9977ms"}, "check", {"at": "9978ms"}, "check", {"work": "1ms"})"));
  const auto checks = run.all<StepTaken>();
  REQUIRE(checks.size() == 2);
  CHECK(checks[0].at() == Instant{9977ms});
  CHECK(checks[0].what->passed);
  CHECK(checks[1].at() == Instant{9978ms});
  CHECK_FALSE(checks[1].what->passed);
  CHECK(work(run) == "");
}

TEST_CASE("'extend' asks for so much from now on, and what is lost is refused") {
  const RecordedRun run(with(
      R"("acquire", {"at": "5s"}, {"extend": "10s"}, {"work": "1ms"}, {"at": "16s"},
         {"extend": "10s"}, {"work": "2ms"})"));
  CHECK(run.times<KeyExtended>() == "5000.5ms");
  CHECK(run.only<KeyExtended>().expires_at == WallInstant{15000ms});
  CHECK(run.times<LeaseExtended>() == "5001ms");
  CHECK(run.count<ExtensionFailed>() == 1);
  CHECK(work(run) == "5001ms+1ms");
}

TEST_CASE("'with_lock' is the document's executeWithLock: acquire, work, release") {
  const RecordedRun run(with(R"({"with_lock": {"do": [{"work": "5ms"}]}}, {"work": "1ms"})"));
  CHECK(run.times<LockGranted>() == "1ms");
  CHECK(work(run) == "1ms+5ms 7ms+1ms");
  CHECK(run.times<LockReleased>() == "7ms");
}

TEST_CASE("'with_lock' that gets no lock does not do its steps") {
  const RecordedRun run(
      with(R"("acquire", {"work": "1s"}, "release")",
           R"({"with_lock": {"timeout": "100ms", "if_refused": "go_on", "do": [{"work": "5ms"}]}},
         {"work": "1ms"})"));
  CHECK(run.count<LockGranted>("client-b") == 0);
  CHECK(work(run, "client-b").ends_with("+1ms"));
  CHECK(work(run, "client-b").find("5ms+5ms") == std::string::npos);
}

TEST_CASE("'auto_extend' renews every third of the TTL while its steps run") {
  const RecordedRun run(with(R"({"auto_extend": {"do": [{"work": "12s"}]}}, {"work": "1ms"})"));
  const auto extended = run.all<LeaseExtended>();
  REQUIRE(extended.size() == 3);  // 12 s are less than four periods of 3333 ms
  CHECK(extended[0].at() >= Instant{3333ms});
  CHECK(extended[0].at() <= Instant{3336ms});
  CHECK(run.count<LockReleased>() == 1);
  CHECK(run.violated() == "");
}

TEST_CASE(
    "'auto_extend' with 'notify' stops the work when the lock is lost, silence lets it go on") {
  const auto lost = [](std::string_view on_false) {
    return with(
        fmt::format(
            R"({{"auto_extend": {{"on_false": "{}", "do": [{{"work": "9s"}}, {{"work": "1ms"}}]}}}},
               {{"work": "2ms"}})",
            on_false),
        "", R"("faults": [{"at": "1s", "lose_key": {"nodes": ["redis-1"]}}])");
  };
  const RecordedRun silent(lost("stop_silently"));
  CHECK(work(silent).starts_with("1ms+9000ms 9001ms+1ms"));
  const RecordedRun told(lost("notify"));
  CHECK(work(told) == "1ms+9000ms");  // and the refusal stops the program
  CHECK(told.nth<BeliefEnded>(1).what->why == BeliefEnd::told);
}

// ---- storage ------------------------------------------------------------------------------------

TEST_CASE("'write' is blind, or says which version it was computed from") {
  const RecordedRun run(with(
      R"({"write": {"to": "note", "value": "hello"}}, {"read": "stock"},
         {"write": {"to": "stock", "value": 7, "after_read": true}})"));
  const auto writes = run.all<WriteAccepted>();
  REQUIRE(writes.size() == 2);
  CHECK(run.text(writes[0].what->value) == "hello");
  CHECK_FALSE(writes[0].what->read_modify_write);
  CHECK(writes[1].what->value == Value::integer(7));
  CHECK(writes[1].what->read_modify_write);
  CHECK(writes[1].what->based_on == run.only<ReadServed>().version);
}

TEST_CASE("'compare_version' refuses a write that is based on what is no longer there") {
  const RecordedRun run(with(
      R"({"read": "stock"}, {"at": "100ms"},
         {"write": {"to": "stock", "value": 7, "after_read": true, "compare_version": true}})",
      R"({"write": {"to": "stock", "value": 5}})"));
  CHECK(run.only<WriteRejected>().why == Rejection::version);
  CHECK(run.only<WriteAccepted>().value == Value::integer(5));
}

TEST_CASE("writes carry the token of the lock acquired last, or of the one that they name") {
  Scenario scenario = with(
      R"({"acquire": "x"}, {"acquire": "y"}, {"write": {"to": "stock", "value": 1}},
         {"write": {"to": "stock", "value": 2, "lock": "x"}})",
      "",
      R"("redis": {"keys": [{"key": "token:x", "value": 10}, {"key": "token:y", "value": 20}]})");
  const Scenario fenced = scenario_of(
      R"({"schema": "locklab-scenario/1", "name": "f", "lock": {"algorithm": "fenced_lock"},
          "clients": ["a"], "workload": {"kind": "plain"}})");
  scenario.lock = fenced.lock;
  const RecordedRun run(scenario);
  CHECK(run.nth<WriteAccepted>(1).what->token == FencingToken{21});
  CHECK(run.nth<WriteAccepted>(2).what->token == FencingToken{11});
}

TEST_CASE("without an answer from storage the program ends, unless told to ignore that") {
  const auto storage_is_down = R"("faults": [{"at": "0s", "crash": {"who": "storage"}}])";
  const RecordedRun stops(
      with(R"({"at": "1ms"}, {"read": "stock"}, {"work": "1ms"})", "", storage_is_down));
  CHECK(work(stops) == "");
  const RecordedRun goes_on(with(
      R"({"at": "1ms"}, {"read": {"from": "stock", "ignore_errors": true}},
         {"write": {"to": "stock", "value": 1, "ignore_errors": true}}, {"work": "1ms"})",
      "", storage_is_down));
  CHECK(work(goes_on) != "");
}

TEST_CASE("'sell' reads, sells if there is enough, and writes the rest") {
  const RecordedRun run(with(
      R"({"sell": {"from": "stock", "amount": 2, "think": "5ms"}}, {"sell": {"from": "stock", "amount": 2}})"));
  CHECK(run.only<DomainEvent>().act == DomainAct::sold);
  CHECK(run.only<DomainEvent>().amount == 2);
  CHECK(run.only<WriteAccepted>().value == Value::integer(1));
  CHECK(run.times<WriteAccepted>() == "6.5ms");  // read 1, think 5, half a millisecond
  CHECK(run.damage(Damage::oversold) == 0);
}

TEST_CASE(
    "'charge' charges an order once; a provider of its own has charged before storage knows") {
  const RecordedRun run(with(R"({"charge": "order"}, {"charge": "order"})"));
  CHECK(run.only<DomainEvent>().act == DomainAct::charged);
  CHECK(run.times<DomainEvent>() == "2ms");  // read, write
  const RecordedRun external(with(R"({"charge": {"order": "order", "external": true}})"));
  CHECK(external.times<DomainEvent>() == "1ms");  // read
}

TEST_CASE("'run_job' runs a job unless it is marked as done") {
  const RecordedRun run(with(
      R"({"run_job": {"job": "job", "lasts": "10ms"}}, {"run_job": {"job": "job", "lasts": "10ms"}})"));
  CHECK(run.only<DomainEvent>().act == DomainAct::job_ran);
  CHECK(work(run) == "1ms+10ms");
  CHECK(run.only<WriteAccepted>().value == Value::integer(1));
}

TEST_CASE("'lead' acts as leader again and again") {
  const RecordedRun run(
      with(R"({"lead": {"cluster": "cluster", "lasts": "10ms", "every": "5ms"}})"));
  CHECK(run.times<DomainEvent>() == "1ms 7ms");
  CHECK(run.nth<DomainEvent>(1).what->act == DomainAct::led);
  CHECK(run.text(run.nth<WriteAccepted>(1).what->value) == "client-a");
}

TEST_CASE("'append' writes one block behind those that it found") {
  const RecordedRun run(with(R"({"append": "file"}, {"append": {"to": "file", "think": "5ms"}})"));
  CHECK(run.count<DomainEvent>() == 2);
  CHECK(run.nth<WriteAccepted>(2).what->value == Value::integer(2));
  CHECK(run.damage(Damage::lost_blocks) == 0);
}

TEST_CASE("'optimistic' needs no lock: it compares the version and tries again") {
  const std::string_view adds = R"({"at": "20ms"}, {"optimistic": {"to": "stock", "add": 2}})";
  const RecordedRun run(with(adds, adds));
  CHECK(run.count<WriteRejected>() == 1);
  CHECK(run.count<WriteAccepted>() == 2);
  CHECK(run.nth<WriteAccepted>(2).what->value == Value::integer(7));  // 3 + 2 + 2
  const std::string_view once =
      R"({"at": "20ms"}, {"optimistic": {"to": "stock", "add": 2, "tries": 1}})";
  CHECK(RecordedRun(with(once, once)).count<WriteAccepted>() == 1);
}

// ---- life ---------------------------------------------------------------------------------------

TEST_CASE("a client that restarts begins anew, and what it held it holds no more") {
  const RecordedRun run(
      with(R"("acquire", {"work": "50ms"}, "release")", "",
           R"("faults": [{"at": "10ms", "crash": {"who": "client-a", "restart_after": "10ms"}}])"));
  CHECK(run.nth<BeliefEnded>(1).what->why == BeliefEnd::crashed);
  CHECK(work(run) == "1ms+50ms");
  CHECK(run.count<LockRefused>("client-a") == 1);  // by the key that its first life left behind
}

TEST_CASE("two threads of a client share its lock objects") {
  // The lock draws one value an object: the second thread releases what the first acquired.
  Scenario scenario = scenario_of(R"({
    "schema": "locklab-scenario/1", "name": "threads",
    "lock": {"algorithm": "simple_redis_lock", "value_scope": "object"},
    "clients": [{"name": "client-a", "threads": [
      [{"acquire": "r"}, {"at": "20s"}, {"release": "r"}],
      [{"at": "11s"}, {"acquire": "r"}, {"at": "30s"}, {"release": "r"}]]}]})");
  const RecordedRun object(scenario);
  CHECK(object.nth<KeyStored>(1).what->value == object.nth<KeyStored>(2).what->value);
  CHECK(object.nth<LockReleased>(1).what->votes == 1);  // at 20 s, of a key of 11 s
  CHECK(object.violated().find("foreign_release") != std::string::npos);

  test::set_lock(scenario, "value_scope", "acquisition");
  const RecordedRun acquisition(scenario);
  CHECK(acquisition.nth<KeyStored>(1).what->value != acquisition.nth<KeyStored>(2).what->value);
  CHECK(acquisition.violated().find("foreign_release") == std::string::npos);
}

}  // namespace
}  // namespace locklab
