// From what a user names to a scenario: a built-in one by its name, a file, or standard input; with
// the changes of --set. All mistakes of all of them are collected before anything is said.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scenarios/diagnostics.hpp"
#include "scenarios/located_json.hpp"
#include "scenarios/scenario.hpp"

namespace locklab {

struct LoadedScenario {
  std::string argument;  // as the user named it
  Node document;         // with --set
  Scenario scenario;
};

class ScenarioLoader {
 public:
  /// `sets` are "path=value"; they must outlive the loader.
  explicit ScenarioLoader(std::span<const std::string> sets = {}) : sets_(sets) {}

  /// "-" is standard input; then a built-in scenario of that name; then a file. Nothing after a
  /// mistake, which is then in errors().
  std::optional<LoadedScenario> load(const std::string& argument);

  /// The same for a text that the program made itself.
  std::optional<LoadedScenario> load_text(const std::string& argument, std::string_view text) {
    return read(argument, text, argument);
  }

  /// Lines for standard error, each with its newline; none of them twice.
  const std::string& errors() const { return errors_; }
  std::size_t mistakes() const { return mistakes_; }

 private:
  std::optional<LoadedScenario> read(const std::string& argument, std::string_view text,
                                     std::string_view source);
  void add(const std::string& line);
  void add(const Diagnostics& diagnostics);

  std::span<const std::string> sets_;
  std::string errors_;
  std::size_t mistakes_ = 0;
  bool input_was_read_ = false;
};

/// The twin of a built-in scenario: with the fix that it names, or without it.
struct Twin {
  std::string name;           // empty: it has none
  std::string scenario_json;  // in one line
};
Twin twin_of(const std::string& name);

/// "there is no ... \"doc_1\" (did you mean \"doc-1\"?)" and where to look for those there are.
std::string no_such(std::string_view what, std::string_view name,
                    std::span<const std::string_view> known, std::string_view look);

}  // namespace locklab
