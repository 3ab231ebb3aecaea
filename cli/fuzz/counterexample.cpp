#include "cli/fuzz/counterexample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/schedule_json.hpp"
#include "cli/team.hpp"
#include "reports/causal_story.hpp"
#include "scenarios/explanation.hpp"
#include "scenarios/remedies.hpp"
#include "scenarios/smaller_scenario.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

std::string name_of(const Counterexample& example, const Scenario& scenario) {
  return fmt::format("{}--{}--{:08x}", example.shrunk.trial.invariant,
                     scenario.lock.algorithm->name,
                     hash_text(to_text(example.shrunk.schedule)) & 0xFFFFFFFFu);
}

SameBug same_bug(const Trial& shown) {
  return [signature = shown.signature](const Trial& trial) { return trial.signature == signature; };
}

/// How it came about.
std::vector<StoryLine> story_of(const Counterexample& example) {
  Scenario scenario = example.scenario;
  scenario.faults.insert(scenario.faults.end(), example.shrunk.schedule.begin(),
                         example.shrunk.schedule.end());
  Recording recording;
  RunOptions options;
  options.recording = &recording;
  options.explain_mismatches = false;
  const RunResult result = run(scenario, options);
  const auto finding = heaviest_finding(result.findings, example.shrunk.trial.invariant);
  if (!finding) return {};
  const Timeline timeline = make_timeline(recording);
  return causal_story(recording, timeline, Narrator(recording, timeline), *finding);
}

/// Many first sights are one bug: what they shrink to says which.
std::vector<Counterexample> one_each(std::vector<Counterexample> all) {
  std::vector<Counterexample> examples;
  std::set<std::uint64_t> known;
  for (Counterexample& one : all)
    if (known.insert(signature_of(one.shrunk.schedule, one.shrunk.trial)).second)
      examples.push_back(std::move(one));
  return examples;
}

/// Where a smaller counterexample is found on the way, it is the counterexample.
void prove(Counterexample& example, const FaultSpace& space, Oracle& oracle) {
  const SameBug same = same_bug(example.shrunk.trial);
  do {
    const FaultSchedule& schedule = example.shrunk.schedule;
    example.minimum = prove_minimum(schedule.size(), space, oracle, same);
    if (example.minimum->smaller)
      example.shrunk = shrink(*example.minimum->smaller, space, oracle, same);
  } while (example.minimum->smaller);
}

}  // namespace

Counterexample shrunk(const Found& found, const CampaignPlan& plan, ScenarioOracle& oracle) {
  Counterexample example;
  example.number = found.number;
  example.shrunk = shrink(found.schedule, plan.space, oracle, same_bug(found.trial));
  example.document = plan.loaded.document;
  example.scenario = plan.scenario();
  return example;
}

void examine(Counterexample& example, const CampaignPlan& plan) {
  const auto its_space = [&plan](const Scenario& scenario) { return space_of(scenario, plan); };
  if (!plan.command.whole) {
    SmallerScenario smaller = smaller_scenario(example.document, example.scenario,
                                               std::move(example.shrunk), plan.wanted, its_space);
    example.document = std::move(smaller.document);
    example.scenario = std::move(smaller.scenario);
    example.changes = std::move(smaller.changes);
    example.shrunk = std::move(smaller.shrunk);
  }
  const FaultSpace space = its_space(example.scenario);
  const FaultSchedule& schedule = example.shrunk.schedule;
  const Trial& trial = example.shrunk.trial;
  ScenarioOracle oracle(example.scenario, plan.wanted);
  if (plan.command.prove) prove(example, space, oracle);
  example.name = name_of(example, plan.scenario());
  example.envelope =
      envelope_verdict(example.scenario, envelope(example.scenario), schedule, trial.invariant);
  example.intervals = failing_ranges(schedule, space, oracle, same_bug(trial));
  example.remedies = remedies(example.scenario, schedule, trial, plan.wanted);
  oracle.run(schedule);
  example.findings = oracle.result().findings;
  example.sentence = oracle.heaviest_message();
  example.story = story_of(example);
}

std::vector<Counterexample> counterexamples(std::span<const Found> found, const CampaignPlan& plan,
                                            bool show_progress) {
  if (plan.command.until_found) found = found.first(std::min<std::size_t>(found.size(), 1));
  std::vector<Counterexample> all(found.size());
  work_together(all.size(), plan.command.jobs, "violations shrunk", show_progress,
                [&](std::size_t place, Runner&) {
                  ScenarioOracle oracle(plan.scenario(), plan.wanted);
                  all[place] = shrunk(found[place], plan, oracle);
                });
  std::vector<Counterexample> examples = one_each(std::move(all));
  work_together(examples.size(), plan.command.jobs, "counterexamples examined", show_progress,
                [&](std::size_t place, Runner&) { examine(examples[place], plan); });
  return one_each(std::move(examples));
}

std::string scenario_text(const Counterexample& example) {
  return json_text(
      with_schedule(example.document, example.name, example.shrunk.schedule, example.findings));
}

}  // namespace locklab
