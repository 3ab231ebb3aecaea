// `locklab live`: a scenario in real time against real servers, and what came of it beside what the
// simulation says.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/fuzz/reporting.hpp"
#include "cli/loading.hpp"
#include "cli/result_json.hpp"
#include "cli/signals.hpp"
#include "cli/table.hpp"
#include "live/page.hpp"
#include "real/live/plan.hpp"
#include "real/live/run.hpp"
#include "reports/difference.hpp"
#include "reports/difference_page.hpp"
#include "reports/recording_json.hpp"

namespace locklab {
namespace {

using real::LiveResult;
using real::Outcome;

// Half of the shortest time between two steps whose order a built-in scenario rests on, and half of
// what is left of it where messages take half a millisecond: a step that comes later than this can
// change the story.
constexpr Duration kDelayed = 500us;
constexpr Duration kDelayedAtDistance = 200us;

/// A live run, and what is to be thought of it.
struct Judged {
  const LiveResult& result;
  bool distances;

  bool agrees() const { return result.differences.empty(); }
  bool was_delayed() const { return result.latest > (distances ? kDelayedAtDistance : kDelayed); }
  std::string_view word() const {
    if (agrees()) return "agrees";
    return was_delayed() ? "undecided" : "differs";
  }
  ExitCode code() const {
    if (agrees()) return ExitCode::ok;
    return was_delayed() ? ExitCode::undecided : ExitCode::not_as_expected;
  }
};

Duration tenths(Duration late) { return real::rounded(Instant{late}).time_since_epoch(); }

Json json_of(const std::vector<Outcome::Line>& lines) {
  Json list = Json::array();
  for (const Outcome::Line& line : lines) {
    Json one{{"process", line.process},
             {"what", line.what},
             {"at_ns", line.at.time_since_epoch().count()}};
    list.push_back(std::move(one));
  }
  return list;
}

Json json_of(const Outcome& outcome) {
  Json violations = Json::array();
  for (const Outcome::Line& line : outcome.violations) {
    Json one{{"invariant", line.process},
             {"sentence", line.what},
             {"from_ns", line.at.time_since_epoch().count()}};
    one["until_ns"] =
        line.until == kEndOfTime ? Json(nullptr) : Json(line.until.time_since_epoch().count());
    violations.push_back(std::move(one));
  }
  return {{"violated", outcome.violated},      {"violations", std::move(violations)},
          {"grants", json_of(outcome.grants)}, {"refusals", json_of(outcome.refusals)},
          {"writes", json_of(outcome.writes)}, {"damage", outcome.damage}};
}

/// The same lines of both, beside one another: by process, each the n-th of its own.
void add_rows(Table& table, const std::string& sort, const std::vector<Outcome::Line>& simulated,
              const std::vector<Outcome::Line>& live) {
  std::vector<bool> shown(live.size());
  const auto cell = [](const Outcome::Line& line) {
    return fmt::format("{} {}", to_string(real::rounded(line.at)), line.what);
  };
  for (const Outcome::Line& line : simulated) {
    std::size_t other = 0;
    while (other < live.size() && (shown[other] || live[other].process != line.process)) ++other;
    const bool found = other < live.size();
    if (found) shown[other] = true;
    table.add({sort, line.process, cell(line), found ? cell(live[other]) : "none"});
  }
  for (std::size_t i = 0; i < live.size(); ++i)
    if (!shown[i]) table.add({sort, live[i].process, "none", cell(live[i])});
}

std::vector<Outcome::Line> spans(const std::vector<Outcome::Line>& violations) {
  std::vector<Outcome::Line> lines;
  for (const Outcome::Line& line : violations)
    lines.push_back({line.process,
                     line.until == kEndOfTime ? std::string("to the end")
                     : line.until == line.at  ? std::string()
                                              : "to " + to_string(real::rounded(line.until)),
                     line.at, line.until});
  return lines;
}

std::string outcome_text(const Scenario& scenario, const Judged& judged, const Terminal& terminal) {
  const LiveResult& result = judged.result;
  Table table({{""}, {""}, {"simulated"}, {"live"}});
  add_rows(table, "grant", result.simulated_outcome.grants, result.real_outcome.grants);
  add_rows(table, "refusal", result.simulated_outcome.refusals, result.real_outcome.refusals);
  add_rows(table, "write", result.simulated_outcome.writes, result.real_outcome.writes);
  add_rows(table, "violation", spans(result.simulated_outcome.violations),
           spans(result.real_outcome.violations));
  std::string text = table.text(terminal);
  if (!text.empty()) text += '\n';
  for (const std::string& difference : result.differences)
    text += paragraph("- " + difference, terminal);
  const std::string_view word = judged.word();
  text += paragraph(
      fmt::format("{}: live {} the simulation; a step or an answer came up to {} late",
                  scenario.name,
                  word == "agrees"    ? "agrees with"
                  : word == "differs" ? "differs from"
                                      : "differs, which decides nothing since it was delayed, from",
                  to_string(tenths(result.latest))),
      terminal);
  return text;
}

bool write(const std::string& path, const std::string& text) {
  const auto written = write_file(path, text);
  if (!written) complain(written.error().sentence);
  return written.has_value();
}

bool keep(const LiveCommand& command, const LiveResult& result) {
  if (!command.html.empty()) {
    const Difference difference = compare(result.simulated, result.recording);
    if (!write(command.html,
               difference_page(difference, result.simulated, result.recording,
                               page_options(result.simulated, nullptr).finding_messages,
                               page_options(result.recording, nullptr).finding_messages)))
      return false;
  }
  if (command.keep.empty()) return true;
  if (!make_folder(command.keep)) return false;
  for (const auto& [file, recording] : {std::pair("simulated.jsonl", &result.simulated),
                                        std::pair("live.jsonl", &result.recording)}) {
    std::string text;
    write_recording_json(*recording, text);
    if (!write(command.keep + "/" + file, text)) return false;
  }
  return true;
}

}  // namespace

ExitCode run_live_scenario(const LiveCommand& command, const TerminalChoice& choice) {
  ScenarioLoader loader(command.sets);
  const auto loaded = loader.load(command.scenario);
  if (!loaded) {
    print_error(loader.errors());
    return ExitCode::bad_input;
  }
  const Scenario& scenario = loaded->scenario;
  if (const auto why = real::why_not_live(scenario)) {
    complain(fmt::format("{} cannot be run live: {}", scenario.name, *why));
    return ExitCode::bad_input;
  }
  if (const auto missing = real::missing_for(scenario)) {
    complain(fmt::format("{} was not run live: {}", scenario.name, *missing));
    return ExitCode::undecided;
  }

  const GracefulInterrupt interrupt;
  real::LiveOptions options;
  options.distances = command.distances;
  options.interrupted = [&interrupt] { return interrupt.requested(); };
  if (!command.json)
    options.say = [&](const std::string& line) { print_error(scenario.name + ": " + line + '\n'); };
  std::optional<LiveResult> tried;
  std::size_t tries = 0;
  for (;;) {
    tried.emplace();
    tried->recording.version = tried->simulated.version = LOCKLAB_VERSION;
    if (const auto done = real::run_live(scenario, options, *tried); !done) {
      if (interrupt.requested()) return ExitCode::interrupted;
      complain(fmt::format("{} was not run live: {}", scenario.name, done.error().sentence));
      return ExitCode::undecided;
    }
    ++tries;
    const Judged judged{*tried, command.distances};
    if (judged.agrees() || !judged.was_delayed() || tries == command.tries) break;
    if (options.say)
      options.say(fmt::format("it differs, and the machine was {} late: once more",
                              to_string(tenths(tried->latest))));
  }
  const LiveResult& result = *tried;
  const Judged judged{result, command.distances};

  if (!keep(command, result)) return ExitCode::bad_input;
  if (command.json)
    print(json_text({{"scenario", scenario.name},
                     {"verdict", judged.word()},
                     {"differences", result.differences},
                     {"tries", tries},
                     {"latest_ns", result.latest.count()},
                     {"tolerance_ns", real::kLiveTolerance.count()},
                     {"simulated", json_of(result.simulated_outcome)},
                     {"live", json_of(result.real_outcome)}}));
  else
    print(outcome_text(scenario, judged, standard_output(choice)));
  return judged.code();
}

}  // namespace locklab
