// The commands about scenario files, and what is printed as it is: a built-in scenario, the schema,
// completions.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/completions.hpp"
#include "cli/files.hpp"
#include "cli/loading.hpp"
#include "cli/result_json.hpp"
#include "scenarios/library.hpp"
#include "scenarios/scenario_json.hpp"

namespace locklab {
namespace {

/// Where a value's text begins in a document of lines; columns count characters, not bytes.
std::size_t offset_of(std::string_view text, const Place& place) {
  std::size_t at = 0;
  for (std::uint32_t line = 1; line < place.line; ++line) at = text.find('\n', at) + 1;
  for (std::uint32_t column = 1; column < place.column; ++column) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  }
  return at;
}

/// The text with its "name" changed and nothing else, comments included.
std::string renamed(std::string_view text, const std::string& name) {
  std::string out(text);
  const auto document = parse_located_json(text, "starter.json");
  const Node* old = document ? document->find("name") : nullptr;
  if (old == nullptr || !old->is_text()) return out;
  const std::size_t begin = offset_of(text, old->place);
  std::size_t end = begin + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  out.replace(begin, end + 1 - begin,
              Json(name).dump(-1, ' ', false, Json::error_handler_t::replace));
  return out;
}

std::string mistakes_in(const std::string& text, const std::string& source) {
  const auto document = parse_located_json(text, source);
  if (!document) return to_string(document.error());
  Diagnostics diagnostics;
  read_scenario(*document, diagnostics);
  return to_string(diagnostics);
}

}  // namespace

ExitCode check_files(const CheckCommand& command) {
  ExitCode worst = ExitCode::ok;
  ScenarioLoader loader;
  for (const std::string& file : command.files) {
    if (loader.load(file))
      print(fmt::format("{}: ok\n", file == "-" ? "<stdin>" : printable(file)));
    else
      worst = ExitCode::bad_input;
  }
  print_error(loader.errors());
  return worst;
}

ExitCode init_scenario(const InitCommand& command) {
  constexpr std::string_view kEnding = ".json";
  std::string stem = command.name;
  if (stem.ends_with(kEnding)) stem.resize(stem.size() - kEnding.size());
  const std::string name = stem.substr(stem.rfind('/') + 1);
  if (name.empty()) {
    complain(
        fmt::format("{} names no file; try `locklab init my-scenario`", in_quotes(command.name)));
    return ExitCode::bad_input;
  }
  const std::string path = stem + std::string(kEnding);
  const std::string text = renamed(starter_text(), name);
  if (const std::string mistakes = mistakes_in(text, path); !mistakes.empty()) {
    print_error(mistakes);
    complain(fmt::format("{} cannot be a scenario's name; nothing was written", in_quotes(name)));
    return ExitCode::bad_input;
  }
  const auto written =
      write_file(path, text, command.force ? Overwrite::allowed : Overwrite::refused);
  if (!written) {
    const bool taken = !command.force && is_existing_path(path);
    complain(written.error().sentence + (taken ? "; --force overwrites it" : ""));
    return ExitCode::bad_input;
  }
  print(fmt::format("Wrote {0}. Next: locklab run {0}\n", printable(path)));
  return ExitCode::ok;
}

ExitCode show_scenario(const ShowCommand& command) {
  if (const auto text = library_text(command.name)) {
    print(*text);
    return ExitCode::ok;
  }
  complain(no_such("built-in scenario", command.name, library_names(), "locklab list scenarios"));
  return ExitCode::bad_input;
}

ExitCode print_schema() {
  print(schema_text());
  return ExitCode::ok;
}

ExitCode print_completions(const CompletionsCommand& command) {
  const CommandTable table = command_table();
  const std::vector<std::string_view> scenarios = library_names();
  if (command.shell == "zsh")
    print(zsh_completions(table, scenarios));
  else if (command.shell == "fish")
    print(fish_completions(table, scenarios));
  else
    print(bash_completions(table, scenarios));
  return ExitCode::ok;
}

}  // namespace locklab
