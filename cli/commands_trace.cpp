// `locklab report` and `locklab replay`: a recording on disk, drawn again or run again.
#include <fmt/format.h>

#include <optional>
#include <string>

#include "cli/commands.hpp"
#include "cli/drawing.hpp"
#include "cli/loading.hpp"
#include "cli/recordings.hpp"
#include "cli/result_json.hpp"
#include "cli/verdict.hpp"
#include "live/page.hpp"
#include "scenarios/library.hpp"
#include "scenarios/runner.hpp"

namespace locklab {
namespace {

/// The scenario that was recorded, if it is a built-in one as it is: only then do its words belong
/// to the recording, and only then can it run again.
std::optional<LoadedScenario> recorded_scenario(const Recording& recording) {
  if (!library_text(recording.scenario)) return std::nullopt;
  ScenarioLoader loader;
  auto loaded = loader.load(recording.scenario);
  if (!loaded || loaded->scenario.hash != recording.scenario_hash) return std::nullopt;
  return loaded;
}

}  // namespace

ExitCode report_trace(const ReportCommand& command, const TerminalChoice& choice) {
  if (command.all && command.out.empty()) {
    complain("--all writes a folder: name it with --out DIR");
    return ExitCode::bad_input;
  }
  if (command.all) return report_site(command, choice);
  if (command.trace.empty()) {
    complain("name a recording, or say --all --out DIR for a site of all built-in scenarios");
    return ExitCode::bad_input;
  }
  const auto loaded = load_recording(command.trace);
  if (!loaded) return ExitCode::bad_input;
  const Recording& recording = loaded->recording;
  const auto scenario = recorded_scenario(recording);
  TextOptions options =
      report_options(recording, scenario ? &scenario->scenario : nullptr, {},
                     command.full ? Detail::full : Detail::brief, standard_output(choice));
  if (scenario) {
    std::optional<std::uint64_t> seed;
    if (recording.seed != scenario->scenario.seed) seed = recording.seed;
    options.command = run_command(recording.scenario, seed, {});
    options.scenario_json = compact_json(scenario->document);
    const Twin twin = twin_of(recording.scenario);
    options.twin_name = twin.name;
    options.twin_json = twin.scenario_json;
    if (command.format == "html") options.reason = page_reason(scenario->scenario, recording);
  }
  const ExitCode drawn = draw(recording, command.format, command.out, options, choice);
  // Worth a look all the same, but no script may take it for the run.
  say_doubts(*loaded, command.trace);
  return loaded->intact() ? drawn : ExitCode::bad_input;
}

ExitCode replay_trace(const ReplayCommand& command) {
  const auto loaded = load_recording(command.trace);
  if (!loaded) return ExitCode::bad_input;
  if (!loaded->intact()) {
    say_doubts(*loaded, command.trace);
    return ExitCode::bad_input;
  }
  const Recording& recording = loaded->recording;
  if (command.scenario.empty() && !library_text(recording.scenario)) {
    complain(
        fmt::format("{} records {}, which is no built-in scenario; name its file with "
                    "--scenario FILE",
                    in_quotes(command.trace, 400), in_quotes(recording.scenario)));
    return ExitCode::bad_input;
  }
  ScenarioLoader loader(command.sets);
  const auto scenario =
      loader.load(command.scenario.empty() ? recording.scenario : command.scenario);
  if (!scenario) {
    print_error(loader.errors());
    return ExitCode::bad_input;
  }

  RunOptions options;
  options.seed = recording.seed;
  const RunResult result = run(scenario->scenario, options);
  if (result.digest == recording.digest) {
    print(fmt::format("{}: the same run, seed {}, digest {}\n", printable(recording.scenario),
                      recording.seed, digest_text(recording.digest)));
    return ExitCode::ok;
  }
  std::string why = "scenario and seed are the same, so this is a bug in locklab";
  if (scenario->scenario.hash != recording.scenario_hash)
    why =
        "another scenario was recorded: name it with --scenario, and repeat the --set that it was "
        "run with";
  else if (recording.version != LOCKLAB_VERSION)
    why = fmt::format("locklab {} recorded it, and this is " LOCKLAB_VERSION,
                      printable(recording.version));
  complain(fmt::format("the replay of {} diverged: its digest is {}, the recording's {}; {}",
                       in_quotes(recording.scenario), digest_text(result.digest),
                       digest_text(recording.digest), why));
  return ExitCode::diverged;
}

}  // namespace locklab
