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
#include "cli/table.hpp"
#include "cli/verdict.hpp"
#include "invariants/registry.hpp"
#include "live/page.hpp"
#include "reports/causal_story.hpp"
#include "reports/escape.hpp"
#include "reports/plain_text.hpp"
#include "scenarios/explanation.hpp"

namespace locklab {
namespace {

std::string listed(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? fmt::format(" {} ", last) : ", ") + words[i];
  return out;
}

std::string invariants(const std::vector<std::string_view>& names) {
  std::vector<std::string> words;
  for (const std::string_view name : names) words.push_back(plain_words(name));
  return listed(words, "and");
}

/// "nothing is violated"
std::string fate_words(const Fate& fate) {
  switch (fate.kind) {
    case Fate::Kind::breaks:
      return "it breaks all the same";
    case Fate::Kind::other:
      return fmt::format("it does not break in this way, but {} {} violated",
                         invariants(fate.violated), fate.violated.size() == 1 ? "is" : "are");
    case Fate::Kind::holds:
      return "nothing is violated";
    case Fate::Kind::undecided:
      return "it is undecided: the event limit is spent";
  }
  return {};
}

/// What an explanation says, in the order in which it is said; drawn as text, Markdown or JSON.
class Words {
 public:
  Words(const Scenario& scenario, std::string_view check, const Recording& recording,
        const Explanation& explanation)
      : scenario_(scenario),
        check_(check),
        recording_(recording),
        explanation_(explanation),
        timeline_(make_timeline(recording)),
        narrator_(recording, timeline_) {
    if (explanation.finding)
      story_ = causal_story(recording, timeline_, narrator_, *explanation.finding);
  }

  const std::vector<StoryLine>& story() const { return story_; }

  std::string verdict() const {
    if (explanation_.finding) return explanation_.message;
    if (explanation_.result.findings.empty()) return "Nothing is violated.";
    return fmt::format("{} is not violated. What is: {}.", plain_words(check_),
                       violated_text(explanation_.result.findings));
  }

  /// One a fault.
  std::vector<std::string> faults() const {
    std::vector<std::string> out;
    for (const FaultPart& part : explanation_.faults) {
      std::string text = describe(scenario_.faults[part.fault]) + ": ";
      if (!part.struck) {
        text += "it never struck";
      } else if (part.needed()) {
        text += "needed; without it " + fate_words(part.without);
      } else {
        text += "not needed; without it it breaks all the same";
      }
      if (!part.silenced.empty()) text += fmt::format(" ({} then)", silenced(part));
      out.push_back(std::move(text));
    }
    return out;
  }

  /// What is to be said of several faults at once.
  std::vector<std::string> together() const {
    std::vector<std::string> out;
    for (const EitherFault& pair : explanation_.either)
      out.push_back(fmt::format("Of faults {} and {} one is needed: without both {}.", pair.a + 1,
                                pair.b + 1, fate_words(pair.without_both)));
    if (scenario_.faults.empty())
      out.emplace_back("There are no faults: the run breaks by itself.");
    else if (explanation_.without_faults.kind == Fate::Kind::breaks)
      out.emplace_back("No fault is needed: without any of them it breaks all the same.");
    return out;
  }

  std::string no_return() const {
    if (!explanation_.no_return) return {};
    const PointOfNoReturn& point = *explanation_.no_return;
    std::string out = fmt::format(
        "{}. With the faults called off before that, {}; called off at any later instant, it "
        "breaks.",
        at_words(point), fate_words(point.fate));
    if (!point.every_instant) out += " (The run is long: a selection of its instants was tried.)";
    return out;
  }

  std::string closest() const {
    if (!explanation_.closest) return "Nothing was granted whose protection ends.";
    const ClosestGrant& grant = *explanation_.closest;
    return fmt::format(
        "The closest it came: {} was protected until {} and relied on {} until {}, with {} to "
        "spare.",
        narrator_.process(grant.process), shown(grant.protected_until), narrator_.lock(grant.lock),
        shown(grant.relied), shown(grant.slack()));
  }

 private:
  std::string silenced(const FaultPart& part) const {
    std::vector<std::string> numbers;
    for (const std::size_t fault : part.silenced) numbers.push_back(fmt::format("{}", fault + 1));
    return numbers.size() == 1 ? fmt::format("fault {} does not strike", numbers.front())
                               : fmt::format("faults {} do not strike", listed(numbers, "and"));
  }

  /// "4999ms, when the clock of redis-3 jumps forwards"
  std::string at_words(const PointOfNoReturn& point) const {
    if (!point.at_event)
      return fmt::format("{}: nothing happens then, but what the faults do has lasted too long",
                         shown(point.lost));
    std::string what;
    bool by_fault = false;
    for (const StoryLine& line : tell_story(recording_, timeline_, narrator_, Detail::brief)) {
      const bool fault = line.tone == StoryLine::Tone::fault;
      if (line.at != point.safe || (!what.empty() && (by_fault || !fault))) continue;
      what = line.text;
      by_fault = fault;
    }
    if (what.empty()) what = narrator_.sentence(event_at(point.safe));
    return shown(point.safe) + ": " + what;
  }

  /// The first event of that instant, which has one: the first to those whom it concerns, if any.
  const TraceEvent& event_at(Instant at) const {
    const auto& concerned = explanation_.result.findings[*explanation_.finding].processes;
    const TraceEvent* first = nullptr;
    for (const TraceEvent& event : recording_.events) {
      if (event.at != at) continue;
      if (std::find(concerned.begin(), concerned.end(), event.process) != concerned.end())
        return event;
      if (first == nullptr) first = &event;
    }
    return first == nullptr ? recording_.events.front() : *first;
  }

  const Scenario& scenario_;
  std::string_view check_;
  const Recording& recording_;
  const Explanation& explanation_;
  Timeline timeline_;
  Narrator narrator_;
  std::vector<StoryLine> story_;
};

// ---- drawn --------------------------------------------------------------------------------------

std::string heading(const Recording& recording) {
  return recording.title.empty() ? recording.scenario : recording.scenario + ": " + recording.title;
}

std::string text_of(const Words& words, const Explanation& explanation, const Recording& recording,
                    const Terminal& terminal) {
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
  for (const std::string& fault : words.faults()) faults.add({fmt::format("{}.", ++number), fault});
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

std::string markdown_of(const Words& words, const Explanation& explanation,
                        const Recording& recording) {
  std::string out = fmt::format("## {}\n\n{}\n", markdown_text(heading(recording)),
                                markdown_text(words.verdict()));
  if (!explanation.finding) return out + '\n' + markdown_text(words.closest()) + '\n';
  out += "\n### How it came about\n\n| time | |\n| ---: | --- |\n";
  for (const StoryLine& line : words.story())
    out += fmt::format("| {} | {} |\n", shown(line.at), markdown_text(line.text));
  out += "\n### What it took\n\n";
  std::size_t number = 0;
  for (const std::string& fault : words.faults())
    out += fmt::format("{}. {}\n", ++number, markdown_text(fault));
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

Json json_of(const Words& words, const Scenario& scenario, const Explanation& explanation,
             const Recording& recording) {
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
    std::vector<std::string_view> known;
    for (const InvariantRow& row : invariant_rows()) known.push_back(row.name);
    complain(no_such("invariant", command.check, known, "locklab list invariants"));
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
  const Words words(scenario, command.check, recording, explanation);
  if (command.json)
    print(json_text(json_of(words, scenario, explanation, recording)));
  else if (command.markdown)
    print(markdown_of(words, explanation, recording));
  else
    print(text_of(words, explanation, recording, standard_output(choice)));
  return explanation.result.verdict == Verdict::undecided ? ExitCode::undecided : ExitCode::ok;
}

}  // namespace locklab
