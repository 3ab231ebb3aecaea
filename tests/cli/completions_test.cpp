// Completion scripts: their shells accept them, and bash completes what it should.
#include <doctest/doctest.h>

#include <string>

#include "cli/options.hpp"
#include "tests/cli/program.hpp"

using namespace locklab;
using test::Outcome;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// What bash would offer for the last of the words, one a line.
std::string offered(const std::string& words, int count) {
  test::Call how;
  how.arguments = {"--norc", "-c",
                   "complete() { :; }; compopt() { :; }; source <(" LOCKLAB_PROGRAM
                   " completions bash); COMP_WORDS=(" +
                       words + "); COMP_CWORD=" + std::to_string(count - 1) +
                       "; _locklab; printf '%s\\n' \"${COMPREPLY[@]}\""};
  const Outcome outcome = test::call_program("bash", how);
  CHECK(outcome.err.empty());
  return outcome.out;
}

}  // namespace

TEST_CASE("every shell accepts its script, which has every command and option") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const Outcome script = test::locklab({"completions", shell});
    CHECK(script.code == 0);
    for (const CommandRow& command : command_table().commands) {
      CHECK(contains(script.out, command.name));
      for (const OptionRow& option : command.options)
        CHECK(contains(script.out, shell == "fish" ? "-l " + option.names.back().substr(2)
                                                   : option.names.back()));
    }
    CHECK(contains(script.out, "doc-1"));
    if (!test::is_installed(shell)) {
      MESSAGE(shell, " is not installed: its script was not tried");
      continue;
    }
    const test::Folder folder;
    test::Call how;
    how.arguments = {"-n", folder.file("script", script.out)};
    const Outcome checked = test::call_program(shell, how);
    CHECK(checked.code == 0);
    CHECK(checked.err.empty());
  }
}

TEST_CASE("bash completes commands, options, choices and scenarios") {
  CHECK(offered("locklab re", 2) == "report\nreplay\n");
  CHECK(offered("locklab --v", 2) == "--version\n");
  CHECK(offered("locklab run --se", 3) == "--seed\n--set\n");
  CHECK(offered("locklab run --color a", 4) == "auto\nalways\n");
  CHECK(offered("locklab run --color = n", 5) == "never\n");
  CHECK(offered("locklab run --seed ''", 4) == "\n");
  CHECK(offered("locklab list alg", 3) == "algorithms\n");
  CHECK(offered("locklab completions ''", 3) == "bash\nzsh\nfish\n");
  CHECK(offered("locklab run doc-1 doc-2", 4) == "doc-2\n");
  CHECK(contains(offered("locklab show doc-3-", 3), "doc-3-jump\n"));
  CHECK(offered("locklab help compl", 3) == "completions\n");
  CHECK(offered("locklab report --format ch", 4) == "chrome\n");
  CHECK(offered("locklab run doc-1 --format csv-b", 5) == "csv-beliefs\n");
  CHECK(contains(offered("locklab diff doc-1 doc-3-j", 4), "doc-3-jump\n"));
}
