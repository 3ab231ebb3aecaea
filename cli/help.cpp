#include "cli/help.hpp"

#include <fmt/format.h>

#include <string_view>

#include "cli/table.hpp"

namespace locklab {
namespace {

Terminal help_terminal() { return standard_output({}); }

/// Two columns: what to type, and what it does.
class Entries {
 public:
  void add(std::string what, std::string help) { table_.add({std::move(what), std::move(help)}); }
  std::string text() const { return table_.empty() ? "" : table_.text(help_terminal(), 2); }

 private:
  Table table_{{{"", Table::Align::left, false}, {"", Table::Align::left, true}}};
};

std::string shown_names(const OptionRow& option) {
  // Long names stand under one another, whether or not there is a short one.
  std::string out = option.names.size() > 1 ? "" : "    ";
  for (const std::string& name : option.names) {
    if (!out.empty() && out != "    ") out += ", ";
    out += name;
  }
  if (!option.value.empty()) out += " " + option.value;
  return out;
}

std::string examples(std::string_view lines) {
  std::string out = "\nExamples:\n";
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    out += fmt::format("  {}\n", lines.substr(0, end));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return out;
}

std::string exit_codes() {
  Entries codes;
  codes.add("0", "everything was as expected");
  codes.add(
      "1",
      "not as expected: a violation was found, or an expected one was not; verify: or two runs "
      "of one scenario differed");
  codes.add("2", "a mistake in the command line or in a file, or a file cannot be read or written");
  codes.add("3", "undecided: a run reached its limit of events");
  codes.add("4", "a replay gave another run than the recording");
  codes.add("70", "a bug in locklab");
  codes.add("130", "interrupted");
  return '\n' +
         paragraph("Exit codes (of several scenarios the worst counts, in the order 2, 1, 3, 0):",
                   help_terminal()) +
         codes.text();
}

std::string environment() {
  Entries rows;
  rows.add("NO_COLOR", "no colours, unless --color says otherwise");
  rows.add("CLICOLOR_FORCE", "colours, also where standard output is no terminal");
  rows.add("COLUMNS", "how many columns to use, unless --width says otherwise");
  rows.add("LC_ALL, LC_CTYPE, LANG", "the first that is set says whether UTF-8 is understood");
  return "\nEnvironment:\n" + rows.text();
}

}  // namespace

std::string short_help(const CommandTable&) {
  Entries first;
  first.add("locklab run doc-1", "run a scenario and read what happens");
  first.add("locklab list scenarios", "what there is to run");
  first.add("locklab init", "write a scenario of your own");
  first.add("locklab verify", "run every built-in scenario and check the results");
  return "locklab " LOCKLAB_VERSION ": a deterministic simulator of distributed locks\n\n" +
         first.text() + "\n`locklab --help` lists all commands.\n";
}

std::string long_help(const CommandTable& table) {
  std::string out =
      "A deterministic simulator of distributed locks.\n\nUsage: locklab COMMAND [OPTIONS]\n\n"
      "Commands:\n";
  Entries commands;
  for (const CommandRow& command : table.commands) commands.add(command.name, command.help);
  out += commands.text() + "\nOptions:\n";
  Entries options;
  for (const OptionRow& option : table.options) options.add(shown_names(option), option.help);
  out += options.text();
  out += "\n`locklab COMMAND --help` says more about one of them, with examples.\n";
  return out + exit_codes() + environment();
}

std::string command_help(const CommandRow& command) {
  std::string usage = "locklab " + command.name;
  Entries arguments;
  for (const OptionRow& argument : command.arguments) {
    const std::string shown = argument.value + (argument.repeats ? "..." : "");
    usage += argument.required ? " " + shown : " [" + shown + "]";
    arguments.add(argument.value, argument.help);
  }
  std::string out = fmt::format("{}.\n\nUsage: {} [OPTIONS]\n", command.help, usage);
  if (!command.arguments.empty()) out += "\nArguments:\n" + arguments.text();
  Entries options;
  for (const OptionRow& option : command.options)
    options.add(shown_names(option),
                option.help + (option.repeats ? "; may be given several times" : ""));
  out += "\nOptions:\n" + options.text();
  out += examples(command.examples);
  if (command.name == "run" || command.name == "verify" || command.name == "replay")
    out += exit_codes();
  return out;
}

}  // namespace locklab
