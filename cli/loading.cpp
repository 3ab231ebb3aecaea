#include "cli/loading.hpp"

#include <fmt/format.h>

#include <utility>

#include "cli/files.hpp"
#include "cli/result_json.hpp"
#include "scenarios/library.hpp"
#include "scenarios/scenario_json.hpp"
#include "scenarios/suggest.hpp"

namespace locklab {

Twin twin_of(const std::string& name) {
  constexpr std::string_view kFixed = "+fixed";
  const std::string twin = name.ends_with(kFixed) ? name.substr(0, name.size() - kFixed.size())
                                                  : name + std::string(kFixed);
  if (!library_text(twin)) return {};
  const auto loaded = ScenarioLoader().load(twin);
  return loaded ? Twin{twin, compact_json(loaded->document)} : Twin{};
}

std::string no_such(std::string_view what, std::string_view name,
                    std::span<const std::string_view> known, std::string_view look) {
  std::string sentence = fmt::format("there is no {} {}", what, in_quotes(name));
  if (const auto meant = closest(name, known))
    sentence += fmt::format(" (did you mean {}?)", in_quotes(*meant));
  return sentence + fmt::format("; `{}` lists them", look);
}

void ScenarioLoader::add(const std::string& line) {
  ++mistakes_;
  const std::string whole = line + '\n';
  // The same --set is wrong for every scenario.
  if (errors_.starts_with(whole) || errors_.find('\n' + whole) != std::string::npos) return;
  errors_ += whole;
}

void ScenarioLoader::add(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics.sorted()) add(to_string(diagnostic));
}

std::optional<LoadedScenario> ScenarioLoader::load(const std::string& argument) {
  if (argument == "-") {
    if (std::exchange(input_was_read_, true)) {
      add("locklab: standard input can be read only once, but \"-\" is given twice");
      return std::nullopt;
    }
    const auto text = read_file("-");
    if (text) return read(argument, *text, "<stdin>");
    add("locklab: " + text.error().sentence);
    return std::nullopt;
  }

  if (const auto text = library_text(argument)) return read(argument, *text, argument);

  const std::vector<std::string_view> names = library_names();
  if (!argument.ends_with(".json") && !is_existing_path(argument)) {
    add("locklab: " +
        no_such("file and no built-in scenario", argument, names, "locklab list scenarios"));
    return std::nullopt;
  }
  const auto text = read_file(argument);
  if (text) return read(argument, *text, argument);
  std::string sentence = text.error().sentence;
  const std::string_view stem =
      std::string_view(argument).substr(0, argument.size() - (argument.ends_with(".json") ? 5 : 0));
  if (const auto meant = closest(stem, names); meant && !is_existing_path(argument))
    sentence += fmt::format(" (did you mean the built-in scenario {}?)", in_quotes(*meant));
  add("locklab: " + sentence);
  return std::nullopt;
}

std::optional<LoadedScenario> ScenarioLoader::read(const std::string& argument,
                                                   std::string_view text, std::string_view source) {
  auto document = parse_located_json(text, source);
  if (!document) {
    add(document.error());
    return std::nullopt;
  }
  const std::size_t before = mistakes_;
  for (const std::string& set : sets_) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      add(fmt::format("locklab: --set {} needs a path and a value, as in --set lock.ttl=5s",
                      in_quotes(set)));
      continue;
    }
    const auto done = set_path(*document, std::string_view(set).substr(0, equals),
                               std::string_view(set).substr(equals + 1));
    if (!done) add(to_string(done.error()));
  }
  if (mistakes_ > before) return std::nullopt;

  Diagnostics diagnostics;
  std::optional<Scenario> scenario = read_scenario(*document, diagnostics);
  add(diagnostics);
  if (!scenario) return std::nullopt;
  return LoadedScenario{argument, std::move(*document), std::move(*scenario)};
}

}  // namespace locklab
