#include "live/page.hpp"

#include <algorithm>
#include <string_view>

#include "invariants/message.hpp"
#include "live/explanation_words.hpp"
#include "scenarios/explanation.hpp"

namespace locklab {
namespace {

/// For a POSIX shell: as it is, or in single quotes.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out += '\'';
}

/// Fills `recording` with the run that it is about.
std::optional<PageReason> reason_of(const Scenario& scenario, Recording& recording) {
  const Explanation explanation = explain(scenario, {}, recording);
  const ExplanationWords words(scenario, {}, recording, explanation);
  PageReason reason;
  reason.runs = explanation.runs;
  if (!explanation.finding) {
    if (!explanation.closest) return std::nullopt;
    reason.closest = words.closest();
    return reason;
  }
  reason.violation = words.verdict();
  reason.steps = words.story();
  for (FaultWords& fault : words.faults())
    reason.faults.push_back({std::move(fault.what), std::move(fault.part), fault.needed});
  reason.together = words.together();
  reason.no_return = words.no_return();
  if (explanation.no_return) reason.lost = explanation.no_return->lost;
  reason.remedies = explanation.remedies;
  return reason;
}

}  // namespace

HtmlOptions page_options(const Recording& recording, const Scenario* scenario) {
  HtmlOptions options;
  std::vector<std::string_view> names;
  for (const RecordedProcess& process : recording.processes) names.push_back(process.name);
  for (const Finding& finding : recording.findings)
    options.finding_messages.push_back(message(finding, recording.names, names));
  if (scenario == nullptr) return options;
  options.story = scenario->story;
  options.remarks = scenario->remarks;
  options.sources = scenario->sources;
  return options;
}

std::optional<PageReason> page_reason(const Scenario& scenario, const Recording& recording) {
  Scenario recorded = scenario;
  recorded.seed = recording.seed;
  Recording again;
  std::optional<PageReason> reason = reason_of(recorded, again);
  if (again.digest != recording.digest) return std::nullopt;
  return reason;
}

std::string page_reason_markup(const Scenario& scenario) {
  Recording recording;
  const std::optional<PageReason> reason = reason_of(scenario, recording);
  if (!reason) return {};
  const Timeline timeline = make_timeline(recording);
  return reason_markup(*reason, recording, Narrator(recording, timeline));
}

std::string run_command(const std::string& argument, std::optional<std::uint64_t> seed,
                        const std::vector<std::string>& sets) {
  std::string out = "locklab run " + quoted(argument);
  if (seed) out += " --seed " + std::to_string(*seed);
  for (const std::string& set : sets) out += " --set " + quoted(set);
  return out;
}

}  // namespace locklab
