#include "tests/longrun/determinism.hpp"

#include <fmt/format.h>

#include "faults/draw.hpp"
#include "reports/difference.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/search.hpp"
#include "sim/bits.hpp"

namespace locklab::longrun {

FaultSchedule random_schedule(const FaultSpace& space, Rng& rng) {
  Draw draw(space, rng, rng.below(2) == 0 ? Taste::informed : Taste::blind);
  FaultSchedule schedule;
  const std::size_t faults = draw.how_many();
  while (schedule.size() < faults) schedule.push_back(draw.fault(draw.kind(kEveryKind)));
  return schedule;
}

std::optional<Divergence> compare_runs(const FaultSchedule& schedule, Oracle& first,
                                       Oracle& second) {
  const Trial one = first.run(schedule);
  const Trial other = second.run(schedule);
  if (one.digest == other.digest && one.events == other.events && one.slack == other.slack &&
      one.shape == other.shape && one.struck == other.struck && one.signature == other.signature)
    return std::nullopt;
  return Divergence{schedule, one, other};
}

std::string first_difference(const Recording& first, const Recording& second) {
  const Difference difference = compare(first, second);
  if (!difference.diverges)
    return fmt::format(
        "The recordings of {} events are equal: only what was computed from them "
        "differs.\n",
        first.events.size());
  return fmt::format("The first {} events are the same.\n", difference.common) +
         difference_text(difference, first, second, 100, true);
}

std::string explain(const Scenario& scenario, const Divergence& divergence) {
  Scenario struck = scenario;
  struck.faults.insert(struck.faults.end(), divergence.schedule.begin(), divergence.schedule.end());
  // The second runner has run something else before, as it had when the difference was seen.
  Recording first;
  Recording second;
  RunOptions options;
  options.recording = &first;
  RunResult result;
  Runner().run(struck, options, result);
  Runner used;
  options.recording = nullptr;
  used.run(scenario, options, result);
  options.recording = &second;
  used.run(struck, options, result);
  return fmt::format("{}digests {:016x} and {:016x}\n{}", to_text(divergence.schedule),
                     divergence.first.digest, divergence.second.digest,
                     first_difference(first, second));
}

DoubleRuns run_twice(const Scenario& scenario, std::uint64_t runs, std::uint64_t seed) {
  const FaultSpace space = fault_space(scenario);
  Rng rng(seed, "longrun/determinism", 0);
  ScenarioOracle used(scenario, {});
  DoubleRuns all;
  while (all.runs < runs && !all.divergence) {
    ScenarioOracle fresh(scenario, {});
    const FaultSchedule schedule = random_schedule(space, rng);
    all.divergence = compare_runs(schedule, fresh, used);
    ++all.runs;
    all.events += used.result().events;
    all.digest = fold_multiply(all.digest ^ used.result().digest, 0x9E3779B97F4A7C15u) + all.runs;
  }
  return all;
}

}  // namespace locklab::longrun
