// `locklab verify`: every built-in scenario runs in a runner of its own and twice in one that has
// run others before. All three must give one digest, and the verdict must be as expected. Each
// scenario is independent of all others, so any number of threads prints the same bytes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/loading.hpp"
#include "cli/patterns.hpp"
#include "cli/result_json.hpp"
#include "cli/table.hpp"
#include "cli/team.hpp"
#include "cli/verdict.hpp"
#include "scenarios/runner.hpp"

namespace locklab {
namespace {

using Clock = std::chrono::steady_clock;

struct Verified {
  RunResult result;
  bool reproducible = false;
  Clock::duration took{};  // of the first run
};

bool is_same(const RunResult& a, const RunResult& b) {
  return a.digest == b.digest && a.verdict == b.verdict && a.traced == b.traced &&
         a.findings.size() == b.findings.size();
}

Verified verify(const Scenario& scenario, Runner& shared) {
  Verified verified;
  RunResult again;
  {
    Runner fresh;
    const Clock::time_point begin = Clock::now();
    fresh.run(scenario, {}, verified.result);
    verified.took = Clock::now() - begin;
  }
  verified.reproducible = true;
  for (int round = 0; round < 2; ++round) {
    shared.run(scenario, {}, again);
    verified.reproducible = verified.reproducible && is_same(verified.result, again);
  }
  return verified;
}

Json verified_json(const Scenario& scenario, const Verified& verified) {
  Json json;
  json["scenario"] = scenario.name;
  json["seed"] = verified.result.seed;
  json["verdict"] = to_string(verified.result.verdict);
  json["as_expected"] = verified.result.verdict == Verdict::as_expected;
  json["violated"] = violated(verified.result.findings);
  json["mismatches"] = verified.result.mismatches;
  json["digest"] = digest_text(verified.result.digest);
  json["reproducible"] = verified.reproducible;
  return json;
}

std::string in_ms(Clock::duration took) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  return fmt::format("{}.{:02}", micros / 1000, micros % 1000 / 10);
}

std::string table_text(const std::vector<LoadedScenario>& scenarios,
                       const std::vector<Verified>& results, bool times, const Terminal& terminal) {
  std::vector<Table::Column> columns{
      {"scenario"}, {"verdict"}, {"violated", Table::Align::left, true}, {"digest"}};
  if (times) columns.push_back({"ms", Table::Align::right});
  Table table(columns);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const RunResult& result = results[i].result;
    std::vector<std::string> cells{
        scenarios[i].argument, std::string(to_string(result.verdict)),
        violated_text(result.findings),
        results[i].reproducible ? digest_text(result.digest) : "differs"};
    if (times) cells.push_back(in_ms(results[i].took));
    table.add(std::move(cells));
  }
  return table.text(terminal);
}

/// What is wrong, a paragraph each, and the last line.
std::string summary_text(const std::vector<LoadedScenario>& scenarios,
                         const std::vector<Verified>& results, const Terminal& terminal) {
  std::string out;
  std::array<std::size_t, 3> counts{};
  std::size_t different = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const RunResult& result = results[i].result;
    ++counts[static_cast<std::size_t>(result.verdict)];
    if (result.verdict != Verdict::as_expected)
      out += paragraph(
          scenarios[i].argument + ": " + verdict_sentence(scenarios[i].scenario, result), terminal);
    if (results[i].reproducible) continue;
    ++different;
    out += paragraph(scenarios[i].argument + ": two runs of it differ, which is a bug in locklab",
                     terminal);
  }
  if (!out.empty()) out = '\n' + out;
  std::string last = fmt::format("{} scenarios: {} as expected, {} not as expected", results.size(),
                                 counts[0], counts[1]);
  if (counts[2] > 0) last += fmt::format(", {} undecided", counts[2]);
  last +=
      different == 0 ? "; every run was reproduced" : fmt::format("; {} not reproduced", different);
  return out + '\n' + paragraph(last, terminal);
}

}  // namespace

ExitCode verify_library(const VerifyCommand& command, const TerminalChoice& choice) {
  std::string error;
  const std::vector<std::string> names = matching_scenarios(command.patterns, error);
  if (!error.empty()) {
    complain(error);
    return ExitCode::bad_input;
  }
  ScenarioLoader loader;
  std::vector<LoadedScenario> scenarios;
  for (const std::string& name : names)
    if (auto loaded = loader.load(name)) scenarios.push_back(std::move(*loaded));
  if (loader.mistakes() > 0) {
    print_error(loader.errors());
    return ExitCode::bad_input;
  }

  const Terminal terminal = standard_output(choice);
  const Terminal errors = standard_error(choice);
  std::vector<Verified> results(scenarios.size());
  work_together(scenarios.size(), command.jobs, "scenarios", errors.is_terminal,
                [&](std::size_t task, Runner& runner) {
                  results[task] = verify(scenarios[task].scenario, runner);
                });

  ExitCode worst = ExitCode::ok;
  for (const Verified& verified : results) {
    worst = worse(worst, exit_code_of(verified.result.verdict));
    if (!verified.reproducible) worst = worse(worst, ExitCode::not_as_expected);
  }
  if (command.json) {
    Json json;
    json["schema"] = "locklab-verify/1";
    json["ok"] = worst == ExitCode::ok;
    json["scenarios"] = Json::array();
    for (std::size_t i = 0; i < results.size(); ++i)
      json["scenarios"].push_back(verified_json(scenarios[i].scenario, results[i]));
    print(json_text(json));
  } else {
    // Times differ from run to run: only people see them, or who asks.
    print(table_text(scenarios, results, command.times || terminal.is_terminal, terminal));
    print(summary_text(scenarios, results, terminal));
  }
  return worst;
}

}  // namespace locklab
