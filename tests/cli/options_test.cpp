// The command line: what it means, and what is said about one that means nothing.
#include "cli/options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/cli/program.hpp"

using namespace locklab;

namespace {

CommandLine parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "locklab");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

template <class T>
T command(std::vector<const char*> words) {
  const CommandLine line = parsed(std::move(words));
  const auto* nothing = std::get_if<NothingToDo>(&line.what);
  REQUIRE_MESSAGE(nothing == nullptr, nothing->error);
  return std::get<T>(std::get<Command>(line.what));
}

std::string mistake(std::vector<const char*> words) {
  const CommandLine line = parsed(std::move(words));
  const auto* nothing = std::get_if<NothingToDo>(&line.what);
  REQUIRE(nothing != nullptr);
  CHECK(nothing->code == ExitCode::bad_input);
  CHECK(nothing->output.empty());
  return nothing->error;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("run takes scenarios before and after its options") {
  const auto run = command<RunCommand>({"run", "doc-1", "--set", "lock.ttl=5s", "doc-3", "--seed",
                                        "18446744073709551615", "--set=a=b=c", "-"});
  CHECK(run.scenarios == std::vector<std::string>{"doc-1", "doc-3", "-"});
  CHECK(run.sets == std::vector<std::string>{"lock.ttl=5s", "a=b=c"});
  CHECK(run.seed == 18446744073709551615U);
  CHECK_FALSE(run.json);
}

TEST_CASE("of an option given twice the last one counts") {
  CHECK(command<RunCommand>({"run", "x", "--seed", "1", "--seed", "2"}).seed == 2U);
  const CommandLine line =
      parsed({"run", "x", "--color", "always", "--color=never", "--width", "60", "--ascii"});
  CHECK(line.terminal.color == ColorChoice::never);
  CHECK(line.terminal.width == 60U);
  CHECK(line.terminal.ascii);
}

TEST_CASE("a mistake is one sentence that says what to do") {
  CHECK(mistake({"rnu"}) ==
        "there is no command \"rnu\" (did you mean \"run\"?); `locklab --help` lists them");
  CHECK(mistake({"run", "doc-1", "--sed", "5"}) ==
        "run has no option \"--sed\" (did you mean \"--seed\"?); `locklab run --help` lists them");
  CHECK(contains(mistake({"run"}), "run needs a scenario"));
  CHECK(contains(mistake({"run", "x", "--seed"}), "--seed needs a value"));
  CHECK(contains(mistake({"run", "x", "--seed", "-1"}), "--seed"));
  CHECK(contains(mistake({"run", "x", "--seed", "1.5"}), "\"1.5\" is no whole number from 0 to"));
  CHECK(contains(mistake({"run", "x", "--seed", "18446744073709551616"}), "no whole number"));
  CHECK(contains(mistake({"run", "x", "--width", "39"}), "from 40 to 1000"));
  CHECK(contains(mistake({"run", "x", "--color", "neve"}), "(did you mean \"never\"?)"));
  CHECK(
      contains(mistake({"run", "x", "--text", "--json"}), "--text and --json cannot be combined"));
  CHECK(contains(mistake({"run", "x", "--json", "--quiet"}), "cannot be combined"));
  CHECK(contains(mistake({"list"}), "list needs scenarios, algorithms"));
  CHECK(contains(mistake({"list", "algoritms"}), "(did you mean \"algorithms\"?)"));
  CHECK(contains(mistake({"schema", "x"}), "schema has no use for the argument \"x\""));
  CHECK(contains(mistake({"report", "x", "--format", "mermaidd"}), "(did you mean \"mermaid\"?)"));
  CHECK(contains(mistake({"run", "x", "--format", "dot", "--json"}), "cannot be combined"));
  CHECK(contains(mistake({"diff", "doc-1"}), "diff needs two runs"));
  CHECK(contains(mistake({"completions", "tcsh"}), "\"tcsh\" is not bash, zsh or fish"));
  CHECK(contains(mistake({"verify", "--jobs", "0"}), "from 1 to 256"));
  CHECK(contains(mistake({"--frobnicate"}), "locklab has no option \"--frobnicate\""));
}

TEST_CASE("what a user typed cannot move the cursor of a terminal") {
  for (const std::string& text : {mistake({"\033[2Jrun"}), mistake({"run", "x", "--\033[2J"}),
                                  mistake({"run", "x", "--seed", "\033[2J"})})
    CHECK(text.find('\033') == std::string::npos);
}

TEST_CASE("every command has a help with examples that parse") {
  const CommandTable table = command_table();
  CHECK(table.commands.size() == std::variant_size_v<Command>);
  for (const CommandRow& row : table.commands) {
    CAPTURE(row.name);
    CHECK_FALSE(row.help.empty());
    CHECK(contains(row.examples, "locklab " + row.name));
    for (const OptionRow& option : row.options) CHECK_FALSE(option.help.empty());
    const CommandLine help = parsed({row.name.c_str(), "--help"});
    const auto& words = std::get<NothingToDo>(help.what);
    CHECK(words.code == ExitCode::ok);
    CHECK(contains(words.output, "Usage: locklab " + row.name));
    CHECK(contains(words.output, "Examples:\n"));
    const CommandLine other = parsed({"help", row.name.c_str()});
    CHECK(std::get<NothingToDo>(other.what).output == words.output);
  }
}

TEST_CASE("locklab alone says where to begin, and --help everything") {
  const test::Outcome alone = test::locklab({});
  CHECK(alone.code == 0);
  CHECK(contains(alone.out, "locklab run doc-1"));
  CHECK(alone.err.empty());

  const test::Outcome help = test::locklab({"--help"});
  CHECK(help.code == 0);
  CHECK(contains(help.out, "Exit codes"));
  for (const CommandRow& row : command_table().commands)
    CHECK(contains(help.out, "\n  " + row.name + ' '));

  const test::Outcome version = test::locklab({"--version"});
  CHECK(version.code == 0);
  CHECK(version.out == "locklab " LOCKLAB_VERSION "\n");
}

TEST_CASE("a mistake goes to standard error and ends with 2") {
  const test::Outcome outcome = test::locklab({"rnu"});
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("locklab: there is no command"));
  CHECK(outcome.err.ends_with("\n"));
}

TEST_CASE("help fits a narrow terminal") {
  test::Call how;
  how.arguments = {"run", "--help"};
  how.environment["COLUMNS"] = "72";
  const test::Outcome outcome = test::call(how);
  std::size_t begin = 0;
  while (begin < outcome.out.size()) {
    const std::size_t end = outcome.out.find('\n', begin);
    CHECK(end - begin <= 72);
    begin = end + 1;
  }
}
