// `locklab explain`: why a run ended as it did. The causal story comes from the trace; what its
// faults have to do with it, until when it could have ended well and what would have helped come
// from running it otherwise.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/loading.hpp"
#include "cli/schedule_json.hpp"
#include "cli/search_words.hpp"
#include "cli/table.hpp"
#include "cli/verdict.hpp"
#include "invariants/registry.hpp"
#include "live/explanation_words.hpp"
#include "reports/causal_story.hpp"
#include "reports/escape.hpp"
#include "reports/plain_text.hpp"
#include "scenarios/explanation.hpp"

namespace locklab {
namespace {

// ---- drawn --------------------------------------------------------------------------------------

std::string heading(const Recording& recording) {
  return recording.title.empty() ? recording.scenario : recording.scenario + ": " + recording.title;
}

std::string text_of(const ExplanationWords& words, const Explanation& explanation,
                    const Recording& recording, const Terminal& terminal) {
  std::string out = paragraph(heading(recording), terminal) + '\n';
  out += paragraph(words.verdict(), terminal);
  if (!explanation.finding) return out + paragraph(words.closest(), terminal);

  out += "\nHow it came about:\n";
  Table story({{"", Table::Align::right}, {"", Table::Align::left, true}});
  for (const StoryLine& line : words.story()) story.add({shown(line.at), line.text});
  out += story.text(terminal, 2);

  out += "\nWhat it took:\n";
  Table faults({{"", Table::Align::right}, {"", Table::Align::left, true}});
  std::size_t number = 0;
  for (const FaultWords& fault : words.faults())
    faults.add({fmt::format("{}.", ++number), fault.what + ": " + fault.part});
  if (!faults.empty()) out += faults.text(terminal, 2);
  for (const std::string& line : words.together()) out += paragraph(line, terminal, 2);

  if (const std::string point = words.no_return(); !point.empty())
    out += "\nPoint of no return:\n" + paragraph(point, terminal, 2);
  if (!explanation.remedies.empty()) {
    out += "\nUnder the same faults it holds with:\n";
    for (const std::string& remedy : explanation.remedies) out += paragraph(remedy, terminal, 2);
  }
  return out;
}

std::string markdown_of(const ExplanationWords& words, const Explanation& explanation,
                        const Recording& recording) {
  std::string out = fmt::format("## {}\n\n{}\n", markdown_text(heading(recording)),
                                markdown_text(words.verdict()));
  if (!explanation.finding) return out + '\n' + markdown_text(words.closest()) + '\n';
  out += "\n### How it came about\n\n| time | |\n| ---: | --- |\n";
  for (const StoryLine& line : words.story())
    out += fmt::format("| {} | {} |\n", shown(line.at), markdown_text(line.text));
  out += "\n### What it took\n\n";
  std::size_t number = 0;
  for (const FaultWords& fault : words.faults())
    out += fmt::format("{}. {}\n", ++number, markdown_text(fault.what + ": " + fault.part));
  for (const std::string& line : words.together()) out += '\n' + markdown_text(line) + '\n';
  if (const std::string point = words.no_return(); !point.empty())
    out += "\n### Point of no return\n\n" + markdown_text(point) + '\n';
  if (!explanation.remedies.empty()) {
    out += "\n### Under the same faults it holds with\n\n";
    for (const std::string& remedy : explanation.remedies)
      out += "- " + markdown_text(remedy) + '\n';
  }
  return out;
}

Json nanoseconds(Instant at) { return at.time_since_epoch().count(); }

Json fate_json(const Fate& fate) {
  Json json;
  json["outcome"] = to_string(fate.kind);
  json["violated"] = fate.violated;
  return json;
}

Json json_of(const ExplanationWords& words, const Scenario& scenario,
             const Explanation& explanation, const Recording& recording) {
  Json json;
  json["schema"] = "locklab-explanation/1";
  json["scenario"] = scenario.name;
  json["scenario_hash"] = scenario.hash;
  json["seed"] = scenario.seed;
  json["digest"] = digest_text(explanation.result.digest);
  json["runs"] = explanation.runs;
  json["violation"] = nullptr;
  if (explanation.closest) {
    const ClosestGrant& grant = *explanation.closest;
    json["closest"] = {{"process", recording.processes[grant.process.number - 1].name},
                       {"lock", recording.names.text(grant.lock)},
                       {"protected_until_ns", nanoseconds(grant.protected_until)},
                       {"relied_until_ns", nanoseconds(grant.relied)},
                       {"slack_ns", grant.slack().count()}};
  } else {
    json["closest"] = nullptr;
  }
  if (!explanation.finding) return json;

  const Finding& finding = explanation.result.findings[*explanation.finding];
  json["violation"] = {{"finding", *explanation.finding},
                       {"invariant", finding.invariant},
                       {"what", finding.what},
                       {"at_ns", nanoseconds(finding.from)},
                       {"message", explanation.message}};
  json["story"] = Json::array();
  for (const StoryLine& line : words.story())
    json["story"].push_back({{"at_ns", nanoseconds(line.at)}, {"text", line.text}});
  json["faults"] = Json::array();
  for (const FaultPart& part : explanation.faults) {
    Json one;
    one["fault"] = to_json(scenario.faults[part.fault]);
    one["struck"] = part.struck;
    one["needed"] = part.struck && part.needed();
    one["without"] = fate_json(part.without);
    one["silenced"] = part.silenced;
    json["faults"].push_back(std::move(one));
  }
  json["either"] = Json::array();
  for (const EitherFault& pair : explanation.either)
    json["either"].push_back(
        {{"faults", {pair.a, pair.b}}, {"without_both", fate_json(pair.without_both)}});
  json["without_faults"] = fate_json(explanation.without_faults);
  json["point_of_no_return"] = nullptr;
  if (const auto& point = explanation.no_return)
    json["point_of_no_return"] = {{"safe_ns", nanoseconds(point->safe)},
                                  {"lost_ns", nanoseconds(point->lost)},
                                  {"at_event", point->at_event},
                                  {"every_instant", point->every_instant},
                                  {"ends", fate_json(point->fate)}};
  json["holds_with"] = explanation.remedies;
  return json;
}

}  // namespace

ExitCode explain_run(const ExplainCommand& command, const TerminalChoice& choice) {
  const auto check = find_invariant(command.check);
  if (!command.check.empty() && !check) {
    complain(invariants_named({command.check}).error());
    return ExitCode::bad_input;
  }
  ScenarioLoader loader(command.sets);
  auto loaded = loader.load(command.scenario);
  if (!loaded) {
    print_error(loader.errors());
    return ExitCode::bad_input;
  }
  Scenario& scenario = loaded->scenario;
  if (command.seed) scenario.seed = *command.seed;
  if (check) scenario.checks.enabled[*check] = true;
  Recording recording;
  recording.version = LOCKLAB_VERSION;
  const Explanation explanation = explain(scenario, command.check, recording);
  const ExplanationWords words(scenario, command.check, recording, explanation);
  if (command.json)
    print(json_text(json_of(words, scenario, explanation, recording)));
  else if (command.markdown)
    print(markdown_of(words, explanation, recording));
  else
    print(text_of(words, explanation, recording, standard_output(choice)));
  return explanation.result.verdict == Verdict::undecided ? ExitCode::undecided : ExitCode::ok;
}

}  // namespace locklab
