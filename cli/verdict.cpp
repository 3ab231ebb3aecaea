#include "cli/verdict.hpp"

#include <fmt/format.h>

#include <string_view>

#include "invariants/message.hpp"
#include "reports/narrator.hpp"
#include "reports/text_report.hpp"

namespace locklab {

ExitCode exit_code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::as_expected:
      return ExitCode::ok;
    case Verdict::not_as_expected:
      return ExitCode::not_as_expected;
    case Verdict::undecided:
      return ExitCode::undecided;
  }
  return ExitCode::internal;
}

std::string violated_text(std::span<const Finding> findings) {
  const std::vector<std::string> names = violated(findings);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

TextOptions report_options(const Recording& recording, const Scenario* scenario,
                           const std::string& verdict, Detail detail, const Terminal& terminal) {
  TextOptions options;
  options.width = terminal.width;
  options.colour = terminal.color;
  options.ascii = terminal.ascii;
  options.detail = detail;
  options.verdict = verdict;
  if (scenario != nullptr) {
    options.story = scenario->story;
    options.remarks = scenario->remarks;
    options.sources = scenario->sources;
  }
  std::vector<std::string_view> names;
  for (const RecordedProcess& process : recording.processes) names.push_back(process.name);
  for (const Finding& finding : recording.findings)
    options.finding_messages.push_back(message(finding, recording.names, names));
  return options;
}

std::string report_text(const Recording& recording, const Scenario* scenario,
                        const std::string& verdict, Detail detail, const Terminal& terminal) {
  return text_report(recording, report_options(recording, scenario, verdict, detail, terminal));
}

}  // namespace locklab
