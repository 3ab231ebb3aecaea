#include "cli/option_mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/option_values.hpp"
#include "scenarios/diagnostics.hpp"

namespace locklab {

namespace {

std::string missing_argument(const CLI::App& used) {
  for (const CLI::Option* option : used.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    const std::vector<std::string> choices = split_choices(option->get_type_name());
    std::string needed = choices.empty() ? "a " + option->get_type_name() : listed(choices);
    for (char& letter : needed)
      if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    std::string sentence = fmt::format("{} needs {}; `locklab {} --help` shows examples",
                                       used.get_name(), needed, used.get_name());
    if (option->get_type_name() == "RUN")
      sentence = fmt::format(
          "{} needs two runs: recordings or scenarios; `locklab {} --help` "
          "shows examples",
          used.get_name(), used.get_name());
    if (option->get_type_name() == "SCENARIO")
      sentence += ", `locklab list scenarios` what there is to run";
    return sentence;
  }
  return {};
}

}  // namespace

std::string mistake_text(const CLI::ParseError& error, const CLI::App& app, const CLI::App* used) {
  const std::string name = used == nullptr ? "locklab" : used->get_name();
  const std::string look =
      used == nullptr ? "`locklab --help`" : fmt::format("`locklab {} --help`", name);
  if (used != nullptr && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return missing_argument(*used);
  const std::vector<std::string> rest = app.remaining(true);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !rest.empty()) {
    const auto option = std::find_if(rest.begin(), rest.end(), [](const std::string& word) {
      return word.size() > 1 && word.starts_with('-');
    });
    if (option == rest.end())
      return fmt::format("{} has no use for the argument {}; {} shows examples", name,
                         in_quotes(rest.front()), look);
    const std::string word = option->substr(0, option->find('='));
    std::vector<std::string> known;
    for (const CLI::Option* candidate : (used == nullptr ? &app : used)->get_options())
      for (const std::string& long_name : candidate->get_lnames())
        known.push_back("--" + long_name);
    return fmt::format("{} has no option {}{}; {} lists them", name, in_quotes(word),
                       did_you_mean(word, known), look);
  }
  std::string what = error.what();
  // An argument has a name only here; to the user it is the command's.
  if (const std::size_t colon = what.find(": "); !what.starts_with('-') && colon < what.find('"'))
    what.replace(0, colon, name);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return fmt::format("{} needs a value; {} shows examples", what.substr(0, what.find(':')), look);
  if (const std::size_t at = what.find(" excludes "); at != std::string::npos)
    return fmt::format("{} and {} cannot be combined", what.substr(0, at), what.substr(at + 10));
  return fmt::format("{}; {} shows examples", what, look);
}

}  // namespace locklab
