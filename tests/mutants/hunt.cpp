#include "tests/mutants/hunt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "faults/campaign.hpp"
#include "scenarios/diagnostics.hpp"
#include "scenarios/envelope.hpp"
#include "scenarios/fencing.hpp"
#include "scenarios/library.hpp"
#include "scenarios/located_json.hpp"
#include "scenarios/lock_scenario.hpp"
#include "scenarios/scenario_json.hpp"
#include "scenarios/search.hpp"
#include "tests/mutants/mutant.hpp"

namespace locklab::mutants {
namespace {

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, end);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    names.emplace_back(name);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

/// Runs a schedule with the mutant and, if that breaks something, without.
class MutantOracle final : public Oracle {
 public:
  MutantOracle(const Scenario& scenario, const Mutant& mutant)
      : mutant_(mutant.number), wanted_(names_in(mutant.breaks)), oracle_(scenario, wanted_) {}

  Trial run(const FaultSchedule& schedule) override {
    active_mutant = mutant_;
    Trial trial = oracle_.run(schedule);
    events_ += trial.events;
    if (!trial.violated()) {
      active_mutant = 0;
      return trial;
    }
    const std::vector<std::string> broken = broken_invariants();
    active_mutant = 0;
    oracle_.run(schedule);
    const std::vector<std::string> without = broken_invariants();
    killed_by_.reset();
    for (const std::string& name : broken)
      if (std::ranges::find(without, name) == without.end()) killed_by_ = name;
    if (!killed_by_) trial.signature = 0;  // it breaks without the mutant too
    return trial;
  }

  const std::optional<std::string>& killed_by() const { return killed_by_; }
  /// Of all runs with the mutant.
  std::uint64_t events() const { return events_; }

 private:
  std::vector<std::string> broken_invariants() const {
    std::vector<std::string> names;
    for (const Finding& finding : oracle_.result().findings)
      if (std::ranges::find(wanted_, finding.invariant) != wanted_.end() &&
          finding.what != "while_releasing")
        names.emplace_back(finding.invariant);
    return names;
  }

  unsigned mutant_;
  std::vector<std::string> wanted_;
  ScenarioOracle oracle_;
  std::optional<std::string> killed_by_;
  std::uint64_t events_ = 0;
};

Scenario read_or_die(std::string_view text, std::string_view name) {
  const auto root = parse_located_json(text, name);
  Diagnostics diagnostics;
  auto scenario = root ? read_scenario(*root, diagnostics) : std::nullopt;
  if (scenario) return std::move(*scenario);
  fmt::print(stderr, "{}: {}\n", name, root ? to_string(diagnostics) : to_string(root.error()));
  std::exit(70);
}

}  // namespace

Scenario scenario_of(const Mutant& mutant) {
  if (!mutant.scenario.empty())
    return read_or_die(library_text(mutant.scenario).value_or(""), mutant.scenario);
  Scenario scenario = read_or_die(lock_scenario_text(mutant.lock), mutant.lock);
  return mutant.guard == "tokens" ? with_fencing(std::move(scenario)) : scenario;
}

Hunt hunt(const Mutant& mutant, std::uint64_t budget) {
  const Scenario scenario = scenario_of(mutant);
  active_mutant = 0;
  const FaultSpace space = mutant.search == "inside" ? envelope(scenario) : fault_space(scenario);
  MutantOracle oracle(scenario, mutant);
  std::vector<std::unique_ptr<Island>> islands;
  for (std::uint32_t number = 0; number < kIslands; ++number)
    islands.push_back(
        std::make_unique<Island>(space, CampaignSettings{1, find_strategy("portfolio")}, number));
  Hunt result;
  while (oracle.events() < budget) {
    Island& island = *islands[result.schedules++ % kIslands];
    island.step(oracle);
    if (!island.found()) continue;
    result.killed_by = oracle.killed_by();
    result.schedule = island.tally().found.front().schedule;
    break;
  }
  return result;
}

std::string page(const std::vector<Mutant>& mutants, const std::vector<Hunt>& hunts) {
  const auto killed =
      std::ranges::count_if(hunts, [](const Hunt& hunt) { return hunt.killed_by.has_value(); });
  std::string out = fmt::format(
      "<!-- LOCKLAB_REWRITE=1 build/release/test_mutants writes this page. -->\n"
      "# Mutants\n\n"
      "Mistakes put into copies of the locks and their services on purpose, one at a time, and the "
      "search let loose on each. A mutant is killed by a schedule under which it breaks an "
      "invariant that the unchanged program keeps under the very same schedule. The list with the "
      "patches is `tests/mutants/mutants.txt`; no shipped source is touched.\n\n"
      "{} of {} were killed within {} million simulated events each, by the `portfolio` strategy "
      "with seed 1. "
      "\"Inside\" means that the search kept to the lock's [assumption envelope](envelopes.md); "
      "\"beyond\", that the mistake shows only under faults that the lock does not promise to "
      "survive, or that liveness was looked at.\n\n"
      "| | mistake | file | search | killed by | schedules |\n|---:|---|---|---|---|---:|\n",
      killed, mutants.size(), kBudget / 1'000'000);
  for (std::size_t i = 0; i < mutants.size(); ++i)
    out += fmt::format("| {} | {} | `{}` | {} of `{}` | {} | {} |\n", mutants[i].number,
                       mutants[i].mistake, mutants[i].file, mutants[i].search,
                       mutants[i].lock.empty() ? mutants[i].scenario : mutants[i].lock,
                       hunts[i].killed_by ? fmt::format("`{}`", *hunts[i].killed_by) : "nothing",
                       hunts[i].schedules);
  out += "\n## Survivors\n\n";
  for (std::size_t i = 0; i < mutants.size(); ++i)
    if (!hunts[i].killed_by)
      out += fmt::format("* {}: {}. {}.\n", mutants[i].number, mutants[i].mistake,
                         mutants[i].survives);
  return out;
}

}  // namespace locklab::mutants
