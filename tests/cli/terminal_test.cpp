// Colours, columns and characters: which of the user's wishes counts.
#include "cli/terminal.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace locklab;

namespace {

Terminal on(bool is_terminal, const std::map<std::string, std::string>& environment,
            const TerminalChoice& choice = {}, std::size_t columns = 0) {
  return describe_terminal(choice, is_terminal, columns, [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  });
}

}  // namespace

TEST_CASE("colours are on where a terminal understands them") {
  CHECK(on(true, {{"TERM", "xterm"}}).color);
  CHECK_FALSE(on(false, {{"TERM", "xterm"}}).color);
  CHECK_FALSE(on(true, {{"TERM", "dumb"}}).color);
  CHECK_FALSE(on(true, {}).color);
}

TEST_CASE("NO_COLOR, CLICOLOR_FORCE and --color have the last word, in that order upwards") {
  CHECK_FALSE(on(true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}).color);
  CHECK(on(true, {{"TERM", "xterm"}, {"NO_COLOR", ""}}).color);
  CHECK(on(false, {{"CLICOLOR_FORCE", "1"}}).color);
  CHECK_FALSE(on(false, {{"CLICOLOR_FORCE", "0"}}).color);
  CHECK_FALSE(on(false, {{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}).color);
  CHECK(on(false, {{"NO_COLOR", "1"}}, {ColorChoice::always, {}, false}).color);
  CHECK_FALSE(on(true, {{"TERM", "xterm"}}, {ColorChoice::never, {}, false}).color);
}

TEST_CASE("the width is the user's, else the environment's, else the terminal's, else 80") {
  CHECK(on(true, {{"COLUMNS", "120"}}, {ColorChoice::never, 60, false}, 200).width == 60);
  CHECK(on(true, {{"COLUMNS", "120"}}, {}, 200).width == 120);
  CHECK(on(true, {{"COLUMNS", "wide"}}, {}, 200).width == 200);
  CHECK(on(true, {}, {}, 0).width == 80);
  CHECK(on(true, {}, {}, 7).width == kLeastWidth);
  CHECK(on(false, {{"COLUMNS", "999999"}}).width == kMostWidth);
}

TEST_CASE("UTF-8 is used where the first variable that is set names it") {
  CHECK(on(false, {}).ascii);
  CHECK(on(false, {{"LANG", "C"}}).ascii);
  CHECK_FALSE(on(false, {{"LANG", "de_DE.UTF-8"}}).ascii);
  CHECK_FALSE(on(false, {{"LANG", "C"}, {"LC_CTYPE", "C.utf8"}}).ascii);
  CHECK(on(false, {{"LANG", "C.UTF-8"}, {"LC_ALL", "C"}}).ascii);
  CHECK(on(false, {{"LANG", "C.UTF-8"}}, {ColorChoice::never, {}, true}).ascii);
}
