#include "cli/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "invariants/message.hpp"
#include "reports/narrator.hpp"

namespace locklab {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

/// "client mutual exclusion and stale write": names of invariants as a part of a sentence.
std::string in_words(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += plain_words(names[i]);
  }
  return out;
}

}  // namespace

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

std::vector<std::string> violated(std::span<const Finding> findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings)
    if (std::find(names.begin(), names.end(), finding.invariant) == names.end())
      names.emplace_back(finding.invariant);
  return names;
}

std::string violated_text(std::span<const Finding> findings) {
  const std::vector<std::string> names = violated(findings);
  return names.empty() ? "none" : joined(names, ", ");
}

std::string verdict_sentence(const Scenario& scenario, const RunResult& result) {
  switch (result.verdict) {
    case Verdict::as_expected: {
      const std::vector<std::string> names = violated(result.findings);
      if (names.empty()) return "as expected: nothing is violated";
      return fmt::format("as expected: {} {} violated", in_words(names),
                         names.size() == 1 ? "is" : "are");
    }
    case Verdict::not_as_expected:
      return "not as expected: " + joined(result.mismatches, "; ");
    case Verdict::undecided:
      return fmt::format("undecided: stopped at the scenario's limit of {} events (max_events)",
                         scenario.max_events);
  }
  return {};
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
