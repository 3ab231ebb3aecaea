#include "cli/fuzz/reporting.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "cli/files.hpp"
#include "scenarios/diagnostics.hpp"

namespace locklab {
namespace {

/// A campaign that goes on may have been killed while it wrote.
bool write(const std::string& path, const std::string& text, const FuzzCommand& command) {
  if (command.resume) remove_leftovers(path);
  const auto written = write_file(path, text);
  if (!written) complain(written.error().sentence);
  return written.has_value();
}

bool write_all(CampaignResult& result) {
  const FuzzCommand& command = result.plan.command;
  if (!command.out.empty()) {
    for (Counterexample& example : result.examples) {
      example.file = (std::filesystem::path(command.out) / (example.name + ".json")).string();
      if (!write(example.file, scenario_text(example), command)) return false;
    }
  }
  if (!command.junit.empty() && !write(command.junit, junit_text(result), command)) return false;
  return command.sarif.empty() || write(command.sarif, sarif_text(result), command);
}

}  // namespace

bool make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    complain(fmt::format("cannot make the folder {}: {}", in_quotes(folder, 400), error.message()));
  return !error;
}

ExitCode report_campaign(const CampaignPlan& plan, SearchEnd end, const Tally& tally,
                         std::optional<std::chrono::milliseconds> took,
                         const TerminalChoice& choice) {
  CampaignResult result{plan, end, tally,
                        counterexamples(tally.found, plan, standard_error(choice).is_terminal),
                        took};
  if (!write_all(result)) return ExitCode::bad_input;
  print(plan.command.json ? fuzz_result_json(result)
                          : result_text(result, standard_output(choice)));
  if (!result.examples.empty()) return ExitCode::not_as_expected;
  return tally.undecided > 0 ? ExitCode::undecided : ExitCode::ok;
}

}  // namespace locklab
