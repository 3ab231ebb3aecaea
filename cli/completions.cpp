// What may stand for a value follows from the word that --help shows for it: a|b|c are choices,
// FILE is a file, SCENARIO and RUN a built-in scenario or a file, anything else is the user's own.
#include "cli/completions.hpp"

#include <fmt/format.h>

#include <vector>

namespace locklab {
namespace {

bool names_a_scenario(const OptionRow& row) {
  return row.value == "SCENARIO" || row.value == "RUN";
}

bool is_long(std::string_view name) { return name.starts_with("--"); }

std::string joined(std::span<const std::string_view> words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string all_names(const std::vector<OptionRow>& options) {
  std::vector<std::string> names;
  for (const OptionRow& option : options)
    names.insert(names.end(), option.names.begin(), option.names.end());
  return joined(names);
}

/// In single quotes, as bash and zsh read them.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char letter : text) {
    if (letter == '\'')
      out += "'\\''";
    else
      out += letter;
  }
  return out + "'";
}

// ---- bash ---------------------------------------------------------------------------------------

std::string bash_words(std::string_view words) {
  return fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\")", in_quotes(words));
}

/// The command that fills COMPREPLY with what may stand for a value; empty: nothing to offer.
std::string bash_values(const OptionRow& row) {
  if (row.value == "FILE")
    return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
  if (names_a_scenario(row))
    return "mapfile -t COMPREPLY < <(compgen -W \"$scenarios\" -- \"$cur\"; compgen -f -- "
           "\"$cur\")";
  const std::vector<std::string> choices = choices_of(row);
  return choices.empty() ? "" : bash_words(joined(choices));
}

}  // namespace

std::string bash_completions(const CommandTable& table,
                             std::span<const std::string_view> scenarios) {
  std::string commands;
  for (const CommandRow& command : table.commands) commands += command.name + ' ';

  std::string out =
      "# Completions of locklab for bash: source <(locklab completions bash)\n"
      "_locklab() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command=${COMP_WORDS[1]-}\n";
  out += fmt::format("  local scenarios={}\n", in_quotes(joined(scenarios)));
  out +=
      "  COMPREPLY=()\n"
      "  # bash makes three words of --color=auto\n"
      "  if [[ $cur == = ]]; then cur=\n"
      "  elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  fi\n"
      "  if ((COMP_CWORD == 1)); then\n";
  out += fmt::format("    {}\n    return\n  fi\n",
                     bash_words(commands + "help " + all_names(table.options)));

  out += "  case \"$command $prev\" in\n";
  for (const CommandRow& command : table.commands) {
    for (const OptionRow& option : command.options) {
      if (option.value.empty()) continue;
      std::string pattern;
      for (const std::string& name : option.names)
        pattern += (pattern.empty() ? "" : " | ") + in_quotes(command.name + ' ' + name);
      const std::string values = bash_values(option);
      out += fmt::format("    {}) {}return ;;\n", pattern, values.empty() ? "" : values + "; ");
    }
  }
  out += "  esac\n  if [[ $cur == -* ]]; then\n    case $command in\n";
  for (const CommandRow& command : table.commands)
    out += fmt::format("      {}) {} ;;\n", command.name, bash_words(all_names(command.options)));
  out += "    esac\n    return\n  fi\n  case $command in\n";
  for (const CommandRow& command : table.commands) {
    if (command.arguments.empty()) continue;
    const OptionRow& first = command.arguments.front();
    const std::string values = bash_values(first);
    if (values.empty()) continue;
    const bool alike =
        command.arguments.size() > 1 && command.arguments.back().value == first.value;
    if (first.repeats || alike)
      out += fmt::format("    {}) {} ;;\n", command.name, values);
    else
      out += fmt::format("    {}) if ((COMP_CWORD == 2)); then {}; fi ;;\n", command.name, values);
  }
  out += fmt::format("    help) {} ;;\n", bash_words(commands));
  return out + "  esac\n}\ncomplete -F _locklab locklab\n";
}

// ---- zsh ----------------------------------------------------------------------------------------

namespace {

/// For the inside of an _arguments specification.
std::string zsh_escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '[' || letter == ']' || letter == ':' || letter == '\\') out += '\\';
    out += letter;
  }
  return out;
}

std::string zsh_action(const OptionRow& row) {
  if (row.value == "FILE") return "_files";
  if (names_a_scenario(row)) return "_locklab_scenarios";
  const std::vector<std::string> choices = choices_of(row);
  return choices.empty() ? " " : "(" + joined(choices) + ")";
}

std::string zsh_option(const OptionRow& option) {
  std::string what = fmt::format("[{}]", zsh_escaped(option.help));
  if (!option.value.empty())
    what += fmt::format(":{}:{}", choices_of(option).empty() ? zsh_escaped(option.value) : "choice",
                        zsh_action(option));
  std::string out;
  for (const std::string& name : option.names) {
    // Another name of an option that was given is not offered any more.
    std::string others = option.repeats ? "*" : "";
    if (!option.repeats && option.names.size() > 1) others = "(" + joined(option.names) + ")";
    out += " \\\n        " + in_quotes(others + name + what);
  }
  return out;
}

}  // namespace

std::string zsh_completions(const CommandTable& table,
                            std::span<const std::string_view> scenarios) {
  std::string out =
      "#compdef locklab\n"
      "# Completions of locklab for zsh: locklab completions zsh > ~/.zfunc/_locklab\n\n"
      "_locklab_scenarios() {\n"
      "  local -a scenarios\n";
  out += fmt::format("  scenarios=({})\n", joined(scenarios));
  out +=
      "  _alternative \"scenarios:built-in scenario:($scenarios)\" 'files:file:_files'\n"
      "}\n\n_locklab() {\n  local -a commands\n  commands=(\n";
  for (const CommandRow& command : table.commands)
    out += fmt::format("    {}\n", in_quotes(command.name + ':' + zsh_escaped(command.help)));
  out += "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    _arguments";
  for (const OptionRow& option : table.options) out += zsh_option(option);
  out +=
      "\n    return\n  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $command in\n";
  for (const CommandRow& command : table.commands) {
    out += fmt::format("    {})\n      _arguments", command.name);
    for (const OptionRow& option : command.options) out += zsh_option(option);
    for (const OptionRow& argument : command.arguments)
      out += fmt::format(
          " \\\n        {}",
          in_quotes(fmt::format(
              "{}:{}:{}", argument.repeats ? "*" : "",
              choices_of(argument).empty() ? zsh_escaped(argument.value) : std::string("choice"),
              zsh_action(argument))));
    out += "\n      ;;\n";
  }
  return out +
         "  esac\n}\n\n"
         "# Sourced or autoloaded\n"
         "if [[ $funcstack[1] == _locklab ]]; then _locklab \"$@\"\n"
         "else compdef _locklab locklab\n"
         "fi\n";
}

// ---- fish ---------------------------------------------------------------------------------------

namespace {

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + "'";
}

std::string fish_values(const OptionRow& row) {
  if (row.value == "FILE") return " -r -F";
  if (names_a_scenario(row)) return " -r -F -a \"$scenarios\"";
  const std::vector<std::string> choices = choices_of(row);
  return choices.empty() ? " -x" : " -x -a " + fish_quoted(joined(choices));
}

std::string fish_option(const OptionRow& option) {
  std::string out;
  for (const std::string& name : option.names)
    out += is_long(name) ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.value.empty()) out += fish_values(option);
  return out + " -d " + fish_quoted(option.help);
}

}  // namespace

std::string fish_completions(const CommandTable& table,
                             std::span<const std::string_view> scenarios) {
  std::string out =
      "# Completions of locklab for fish: locklab completions fish | source\n"
      "complete -c locklab -f\n";
  out += fmt::format("set -l scenarios {}\n", fish_quoted(joined(scenarios)));
  for (const OptionRow& option : table.options)
    out += "complete -c locklab -n __fish_use_subcommand" + fish_option(option) + '\n';
  for (const CommandRow& command : table.commands) {
    out += fmt::format("complete -c locklab -n __fish_use_subcommand -a {} -d {}\n", command.name,
                       fish_quoted(command.help));
    const std::string start =
        fmt::format("complete -c locklab -n '__fish_seen_subcommand_from {}'", command.name);
    for (const OptionRow& option : command.options) out += start + fish_option(option) + '\n';
    for (const OptionRow& argument : command.arguments) {
      if (argument.value == "FILE") out += start + " -F\n";
      if (names_a_scenario(argument)) out += start + " -F -a \"$scenarios\"\n";
      const std::vector<std::string> choices = choices_of(argument);
      if (!choices.empty()) out += start + " -a " + fish_quoted(joined(choices)) + '\n';
    }
  }
  return out;
}

}  // namespace locklab
