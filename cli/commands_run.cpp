// `locklab run`: all scenarios are read before the first one runs, so that a typing mistake in the
// last name costs nothing and a list of results is never half a list.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/drawing.hpp"
#include "cli/files.hpp"
#include "cli/loading.hpp"
#include "cli/pages.hpp"
#include "cli/result_json.hpp"
#include "cli/table.hpp"
#include "cli/verdict.hpp"
#include "live/page.hpp"
#include "reports/recording_json.hpp"
#include "reports/registry.hpp"
#include "scenarios/runner.hpp"

namespace locklab {
namespace {

std::optional<std::vector<LoadedScenario>> load_all(const RunCommand& command) {
  ScenarioLoader loader(command.sets);
  std::vector<LoadedScenario> all;
  for (const std::string& argument : command.scenarios)
    if (auto loaded = loader.load(argument)) all.push_back(std::move(*loaded));
  if (loader.mistakes() == 0) return all;
  print_error(loader.errors());
  if (command.scenarios.size() > 1) complain("nothing was run");
  return std::nullopt;
}

bool write(const std::string& path, const std::string& text) {
  const auto written = write_file(path, text);
  if (!written) complain(written.error().sentence);
  return written.has_value();
}

bool write_trace(const std::string& path, const Recording& recording) {
  std::string text;
  write_recording_json(recording, text);
  return write(path, text);
}

/// Runs one after another, and prints each before the next begins.
class Session {
 public:
  Session(const RunCommand& command, const TerminalChoice& choice)
      : command_(command), choice_(choice), terminal_(standard_output(choice)) {}

  ExitCode run(const std::vector<LoadedScenario>& scenarios) {
    ExitCode worst = ExitCode::ok;
    for (const LoadedScenario& loaded : scenarios) {
      worst = worse(worst, run(loaded));
      if (output_failed()) return worst;
    }
    if (command_.json) {
      print(json_text(scenarios.size() == 1 ? results_.front() : results_));
    } else if (command_.quiet || !command_.out.empty()) {
      print(summary_.text(terminal_));
    } else if (scenarios.size() > 1) {
      print('\n' + summary_.text(terminal_));
    }
    return worst;
  }

 private:
  ExitCode run(const LoadedScenario& loaded) {
    const Scenario& scenario = loaded.scenario;
    const bool report = !command_.json && (!command_.quiet || !command_.out.empty());
    Recording recording;
    recording.version = LOCKLAB_VERSION;
    RunOptions options;
    options.seed = command_.seed;
    options.measure_slack = true;
    if (report || !command_.trace.empty() || !command_.html.empty()) options.recording = &recording;
    RunResult result;
    runner_.run(scenario, options, result);

    if (command_.json) {
      results_.push_back(result_json(scenario, loaded.document.find("expect"), result, runner_));
    } else {
      summary_.add({scenario.name, std::string(to_string(result.verdict)),
                    violated_text(result.findings), fmt::format("{}", result.seed),
                    digest_text(result.digest)});
    }
    ExitCode code = exit_code_of(result.verdict);
    if (report) {
      if (any_report_) print("\n");
      any_report_ = true;
      TextOptions shown = report_options(recording, &scenario,
                                         verdict_sentence(scenario, result) + slack_text(result),
                                         command_.full ? Detail::full : Detail::brief, terminal_);
      shown.command = run_command(loaded.argument, command_.seed, command_.sets);
      shown.scenario_json = compact_json(loaded.document);
      const Twin twin = twin_of(loaded.scenario.name);
      shown.twin_name = twin.name;
      shown.twin_json = twin.scenario_json;
      if (command_.format == "html") shown.reason = page_reason(scenario, recording);
      code = worse(code, draw(recording, command_.format, command_.out, shown, choice_));
    }
    if (!command_.trace.empty() && !write_trace(command_.trace, recording))
      return worse(code, ExitCode::bad_input);
    if (!command_.html.empty() &&
        !write(command_.html, html_report(recording, page_of(loaded, recording, result,
                                                             command_.seed, command_.sets))))
      return worse(code, ExitCode::bad_input);
    return code;
  }

  /// How close the run came to breaking something, as far as anything was granted.
  std::string slack_text(const RunResult& result) const {
    const Duration slack = runner_.robustness().slack(result.ended);
    return slack == Duration::max() ? std::string() : "; slack " + to_string(slack);
  }

  const RunCommand& command_;
  const TerminalChoice& choice_;
  Terminal terminal_;
  Runner runner_;
  Json results_ = Json::array();
  Table summary_{{{"scenario"},
                  {"verdict"},
                  {"violated", Table::Align::left, true},
                  {"seed", Table::Align::right},
                  {"digest"}}};
  bool any_report_ = false;
};

}  // namespace

ExitCode run_scenarios(const RunCommand& command, const TerminalChoice& terminal) {
  for (const auto& [option, file] :
       {std::pair("--trace", &command.trace), std::pair("--html", &command.html)})
    if (!file->empty() && command.scenarios.size() != 1) {
      complain(fmt::format("{} records one run, but {} scenarios are given", option,
                           command.scenarios.size()));
      return ExitCode::bad_input;
    }
  const bool several = command.scenarios.size() != 1;
  if (several && !command.out.empty()) {
    complain(
        fmt::format("--out takes one run, but {} scenarios are given", command.scenarios.size()));
    return ExitCode::bad_input;
  }
  if (several && !find_format(command.format)->for_terminals) {
    complain(fmt::format("a file of {} holds one run, but {} scenarios are given", command.format,
                         command.scenarios.size()));
    return ExitCode::bad_input;
  }
  const auto scenarios = load_all(command);
  if (!scenarios) return ExitCode::bad_input;
  return Session(command, terminal).run(*scenarios);
}

}  // namespace locklab
