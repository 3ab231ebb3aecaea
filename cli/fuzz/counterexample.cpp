#include "cli/fuzz/counterexample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/files.hpp"
#include "cli/schedule_json.hpp"
#include "cli/terminal.hpp"
#include "scenarios/diagnostics.hpp"
#include "scenarios/remedies.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

std::string name_of(const Counterexample& example, const Scenario& scenario) {
  return fmt::format("{}--{}--{:08x}", example.shrunk.trial.invariant,
                     scenario.lock.algorithm->name,
                     hash_text(to_text(example.shrunk.schedule)) & 0xFFFFFFFFu);
}

}  // namespace

Counterexample counterexample(const Found& found, const CampaignPlan& plan,
                              ScenarioOracle& oracle) {
  const SameBug same = [&](const Trial& trial) {
    return trial.signature == found.trial.signature;
  };
  Counterexample example;
  example.number = found.number;
  example.shrunk = shrink(found.schedule, plan.space, oracle, same);
  const FaultSchedule& schedule = example.shrunk.schedule;
  example.name = name_of(example, plan.scenario());
  example.intervals = failing_ranges(schedule, plan.space, oracle, same);
  example.remedies = remedies(plan.scenario(), schedule, example.shrunk.trial, plan.wanted);
  oracle.run(schedule);
  example.findings = oracle.result().findings;
  example.sentence = oracle.heaviest_message();
  return example;
}

std::vector<Counterexample> counterexamples(std::span<const Found> found,
                                            const CampaignPlan& plan) {
  std::vector<Counterexample> examples;
  std::vector<std::uint64_t> shrunk_to;
  ScenarioOracle oracle(plan.scenario(), plan.wanted);
  for (const Found& one : found) {
    Counterexample example = counterexample(one, plan, oracle);
    // Many first sights are one bug: what they shrink to says which.
    const std::uint64_t smallest = signature_of(example.shrunk.schedule, example.shrunk.trial);
    if (std::ranges::find(shrunk_to, smallest) != shrunk_to.end()) continue;
    shrunk_to.push_back(smallest);
    examples.push_back(std::move(example));
    if (plan.command.until_found) break;
  }
  return examples;
}

std::string scenario_text(const Counterexample& example, const CampaignPlan& plan) {
  return json_text(with_schedule(plan.loaded.document, example.name, example.shrunk.schedule,
                                 example.findings));
}

bool write_counterexamples(std::vector<Counterexample>& examples, const CampaignPlan& plan,
                           const std::string& folder) {
  for (Counterexample& example : examples) {
    example.file = (std::filesystem::path(folder) / (example.name + ".json")).string();
    const auto written = write_file(example.file, scenario_text(example, plan));
    if (written) continue;
    complain(written.error().sentence);
    return false;
  }
  return true;
}

}  // namespace locklab
