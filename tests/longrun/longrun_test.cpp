// A small sample of the long runs, and that they would tell.
#include <doctest/doctest.h>

#include "scenarios/search.hpp"
#include "tests/longrun/determinism.hpp"
#include "tests/longrun/false_alarms.hpp"
#include "tests/longrun/record.hpp"

using namespace locklab;
using namespace locklab::longrun;

namespace {

// Schedules of a lock; sanitizers make each ten times as long.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSample = 32;
#else
constexpr std::uint64_t kSample = 320;
#endif

/// Tells the truth but for its n-th run.
class Liar final : public Oracle {
 public:
  Liar(const Scenario& scenario, int lies_at) : honest_(scenario, {}), lies_at_(lies_at) {}
  Trial run(const FaultSchedule& schedule) override {
    Trial trial = honest_.run(schedule);
    if (++runs_ == lies_at_) trial.digest ^= 1;
    return trial;
  }

 private:
  ScenarioOracle honest_;
  int lies_at_;
  int runs_ = 0;
};

Recording recorded(Scenario scenario, const FaultSchedule& schedule) {
  scenario.faults = schedule;
  Recording recording;
  RunOptions options;
  options.recording = &recording;
  run(scenario, options);
  return recording;
}

}  // namespace

TEST_CASE("correct locks keep what they promise inside their envelopes: a sample") {
  for (const Subject& subject : correct_locks()) {
    const QuietRun quiet = search_quietly(subject, kSample, 11, 1);
    CAPTURE(quiet.label);
    CHECK(quiet.tally.tries == kSample);
    CHECK(quiet.tally.violations == 0);
    CHECK_FALSE(quiet.promises.empty());
    for (const std::string& finding : quiet.findings) MESSAGE(finding);
  }
}

TEST_CASE("a search inside the envelope is the same for one thread and for three") {
  const Subject& subject = correct_locks().front();
  const QuietRun one = search_quietly(subject, 200, 3, 1);
  const QuietRun three = search_quietly(subject, 200, 3, 3);
  CHECK(one.tally.digest == three.tally.digest);
  CHECK(one.tally.least_slack == three.tally.least_slack);
}

TEST_CASE("a lock with a mistake is not quiet inside its envelope") {
  // DEL without comparing removes the next holder's key [corpus 7].
  const QuietRun loud = search_quietly({"naive_redis_lock:blind-del"}, 3200, 1, 1);
  CHECK(loud.tally.violations > 0);
  CHECK_FALSE(loud.findings.empty());
}

TEST_CASE("random schedules run twice the same way, for every lock and preset: a sample") {
  for (const std::string& lock : all_locks()) {
    CAPTURE(lock);
    const DoubleRuns runs = run_twice(scenario_of(lock), 20, 5);
    CHECK(runs.runs == 20);
    CHECK_FALSE(runs.divergence.has_value());
  }
}

TEST_CASE("a run that differs is noticed, at the schedule where it does") {
  const Scenario scenario = scenario_of("simple_redis_lock:careful");
  const FaultSpace space = fault_space(scenario);
  Rng rng(1, "test/longrun", 0);
  ScenarioOracle honest(scenario, {});
  Liar liar(scenario, 4);
  for (int i = 1; i <= 6; ++i) {
    const FaultSchedule schedule = random_schedule(space, rng);
    const auto divergence = compare_runs(schedule, honest, liar);
    CHECK(divergence.has_value() == (i == 4));
    if (!divergence) continue;
    CHECK(divergence->schedule == schedule);
    // The run itself was as before, and that is what is said.
    CHECK(explain(scenario, *divergence).find("are equal") != std::string::npos);
  }
}

TEST_CASE("where two recordings part is told by their first different event") {
  const Scenario scenario = scenario_of("simple_redis_lock:careful");
  const Recording quiet = recorded(scenario, {});
  const Recording paused = recorded(scenario, {{AtTime{50ms}, Pause{"client-a", 1s}}});
  CHECK(first_difference(quiet, quiet).find("are equal") != std::string::npos);
  const std::string told = first_difference(quiet, paused);
  CHECK(told.find("The first ") == 0);
  CHECK(told.find("50ms") != std::string::npos);
}

TEST_CASE("the records have a row for each lock, and say when and where") {
  QuietRun run;
  run.label = "redlock:spec";
  run.promises = {"service_mutual_exclusion"};
  run.tally.tries = 1000;
  run.milliseconds = 500;
  run.tally.least_slack = -12ms;
  const Occasion occasion{"2026-01-02", "a machine", "./dev bench false-alarms"};
  const std::string page = false_alarms_page(std::vector{run}, occasion);
  CHECK(page.find("2026-01-02, on a machine.") != std::string::npos);
  CHECK(page.find("| redlock:spec | `service_mutual_exclusion` | 1000 | 0 | 0 | -12 ms | 2000 |") !=
        std::string::npos);
  DeterminismRow row{"redlock:spec", {}};
  row.runs.runs = 7;
  const std::string twice = determinism_page(std::vector{row}, occasion);
  CHECK(twice.find("7 schedules") != std::string::npos);
  CHECK(twice.find("| redlock:spec | 7 | 0 | 0 |") != std::string::npos);
}
