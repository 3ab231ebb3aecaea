// Several locks at once [doc §8 anti-pattern 3; spec L]: in which order they are taken, what is
// given back after a no, and after an error. Times are those of document mode: a request takes half
// a millisecond there and half a millisecond back.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "tests/support/recorded_run.hpp"

namespace locklab {
namespace {

using test::RecordedRun;

/// Client A holds Y from 1 to 1001 ms; client B runs `step` from 100 ms on.
Scenario contested(const std::string& step, const std::string& faults = {}) {
  return test::scenario_of(fmt::format(R"({{
    "schema": "locklab-scenario/1", "name": "several", "horizon": "10s", "redis": {{"nodes": 1}},
    "lock": {{"algorithm": "simple_redis_lock"}},
    "clients": [
      {{"name": "client-a", "program": [{{"acquire": "Y"}}, {{"work": "1s"}}, {{"release": "Y"}}]}},
      {{"name": "client-b", "start": "100ms", "program": [{}]}}
    ],
    "faults": [{}] }})",
                                       step, faults));
}

/// "X granted 101ms", "X released 103ms", ... of one client, in order.
std::vector<std::string> story(const RecordedRun& run, std::string_view client) {
  std::vector<std::string> lines;
  const ProcessId who = run.process(client);
  for (const TraceEvent& event : run.recording.events) {
    if (event.process != who) continue;
    const std::string at = to_string(event.at);
    if (const auto* granted = std::get_if<LockGranted>(&event.what))
      lines.push_back(fmt::format("{} granted {}", run.text(granted->lock), at));
    if (const auto* refused = std::get_if<LockRefused>(&event.what))
      lines.push_back(fmt::format("{} refused {}", run.text(refused->lock), at));
    if (const auto* released = std::get_if<LockReleased>(&event.what))
      lines.push_back(fmt::format("{} released {}", run.text(released->lock), at));
    if (const auto* step = std::get_if<StepTaken>(&event.what))
      lines.push_back(fmt::format("{} {}", run.text(step->step), at));
  }
  return lines;
}

using Story = std::vector<std::string>;

TEST_CASE("locks are taken as they are listed, and given back the other way round") {
  const RecordedRun run(
      contested(R"({"with_locks": {"locks": ["Z", "X"], "do": [{"work": "10ms"}]}})"));
  CHECK(story(run, "client-b") == Story{"Z granted 101ms", "X granted 102ms", "work 102ms",
                                        "X released 113ms", "Z released 114ms"});
}

TEST_CASE("a global order is by name, however they are listed") {
  const RecordedRun run(contested(
      R"({"with_locks": {"locks": ["Z", "X"], "order": "global", "do": [{"work": "10ms"}]}})"));
  CHECK(story(run, "client-b") == Story{"X granted 101ms", "Z granted 102ms", "work 102ms",
                                        "Z released 113ms", "X released 114ms"});
}

TEST_CASE("blocking waits for the second lock with the first one in hand") {
  const RecordedRun run(contested(
      R"({"with_locks": {"locks": ["X", "Y"], "poll": "499ms", "do": [{"work": "10ms"}]}})"));
  // Refused at 102, 602 and, since A's release runs at 1001.5, no more at 1102.
  CHECK(story(run, "client-b") == Story{"X granted 101ms", "Y refused 102ms", "Y refused 602ms",
                                        "Y granted 1102ms", "work 1102ms", "Y released 1113ms",
                                        "X released 1114ms"});
}

TEST_CASE("with a time-out the first lock is given back when the second one cannot be had") {
  const RecordedRun run(contested(
      R"({"with_locks": {"locks": ["X", "Y"], "wait": "poll", "timeout": "60ms", "if_refused": "skip",
                         "do": [{"work": "10ms"}]}})"));
  // Asked at 101 and 152; at 203 the 60 ms are over.
  CHECK(story(run, "client-b") ==
        Story{"X granted 101ms", "Y refused 102ms", "Y refused 153ms", "X released 204ms"});
}

TEST_CASE("who only tries gives all back after a no, pauses, and begins anew") {
  const RecordedRun run(contested(
      R"({"with_locks": {"locks": ["X", "Y"], "wait": "try_all", "back_off": "500ms",
                         "do": [{"work": "10ms"}]}})"));
  CHECK(story(run, "client-b") == Story{"X granted 101ms", "Y refused 102ms", "X released 103ms",
                                        "X granted 604ms", "Y refused 605ms", "X released 606ms",
                                        "X granted 1107ms", "Y granted 1108ms", "work 1108ms",
                                        "Y released 1119ms", "X released 1120ms"});
}

TEST_CASE("tries are counted, and after the last one nothing is held") {
  const RecordedRun run(contested(
      R"({"with_locks": {"locks": ["X", "Y"], "wait": "try_all", "back_off": "50ms", "tries": 2,
                         "do": [{"work": "10ms"}]}})"));
  CHECK(story(run, "client-b") == Story{"X granted 101ms", "Y refused 102ms", "X released 103ms",
                                        "X granted 154ms", "Y refused 155ms", "X released 156ms"});
  CHECK(run.result.findings.empty());
}

TEST_CASE("the pause is longer by a random part, which the seed decides") {
  const std::string step =
      R"({"with_locks": {"locks": ["X", "Y"], "wait": "try_all", "back_off": "50ms",
                         "back_off_jitter": "50ms", "tries": 2, "do": [{"work": "10ms"}]}})";
  const RecordedRun one(contested(step), {.seed = 1});
  const RecordedRun other(contested(step), {.seed = 2});
  CHECK(story(one, "client-b") != story(other, "client-b"));
  for (const RecordedRun* run : {&one, &other}) {
    const auto again = run->nth<LockRequested>(4).at();  // A's, then B's X, Y, X
    CHECK(again >= Instant{153ms});
    CHECK(again <= Instant{203ms});
  }
}

TEST_CASE(
    "an error half-way leaves nothing behind in finally, and the first lock without [corpus 106]") {
  const std::string reset = R"({"at": "101.2ms", "reset": {"a": "client-b", "b": "redis-1"}})";
  const RecordedRun finally(
      contested(R"({"with_locks": {"locks": ["X", "Z"], "do": [{"work": "10ms"}]}})", reset));
  CHECK(story(finally, "client-b") ==
        Story{"X granted 101ms", "Z refused 101.2ms", "X released 102.2ms"});
  CHECK(finally.result.findings.empty());
  const RecordedRun without(contested(
      R"({"with_locks": {"locks": ["X", "Z"], "finally": false, "do": [{"work": "10ms"}]}})",
      reset));
  CHECK(story(without, "client-b") == Story{"X granted 101ms", "Z refused 101.2ms"});
  REQUIRE(without.result.findings.size() == 1);
  CHECK(without.result.findings[0].invariant == "lost_release");
}

TEST_CASE("a section that stops gives the locks back in finally only") {
  const auto stops = [](const char* finally) {
    return RecordedRun(contested(fmt::format(
        R"({{"with_locks": {{"locks": ["X", "Z"], "finally": {}, "do": ["stop"]}}}})", finally)));
  };
  CHECK(story(stops("true"), "client-b") ==
        Story{"X granted 101ms", "Z granted 102ms", "Z released 103ms", "X released 104ms"});
  CHECK(story(stops("false"), "client-b") == Story{"X granted 101ms", "Z granted 102ms"});
}

TEST_CASE("two transfers in opposite order get on when neither waits with a lock in hand") {
  // Whatever the seed: the jitter parts them sooner or later.
  const Scenario scenario = test::scenario_of(R"({
    "schema": "locklab-scenario/1", "name": "transfers", "horizon": "60s", "redis": {"nodes": 1},
    "lock": {"algorithm": "simple_redis_lock"},
    "clients": [
      {"name": "client-a", "program": [{"with_locks": {"locks": ["X", "Y"], "wait": "try_all",
        "back_off": "10ms", "back_off_jitter": "50ms", "do": [{"work": "10ms"}]}}]},
      {"name": "client-b", "program": [{"with_locks": {"locks": ["Y", "X"], "wait": "try_all",
        "back_off": "10ms", "back_off_jitter": "50ms", "do": [{"work": "10ms"}]}}]}
    ]})");
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const RecordedRun run(scenario, {.seed = seed});
    CHECK(run.result.findings.empty());
    CHECK(run.count<StepTaken>() == 2);
    CHECK(run.result.stopped == StopReason::quiescent);
  }
}

}  // namespace
}  // namespace locklab
