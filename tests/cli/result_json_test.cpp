// The numbers of --json: exact, and of the right rank.
#include "cli/result_json.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "cli/exit_code.hpp"

using namespace locklab;

TEST_CASE("a percentile is the smallest value that enough others do not exceed") {
  const std::vector<Duration> one{7ms};
  CHECK(percentile(one, 50) == 7ms);
  CHECK(percentile(one, 100) == 7ms);
  const std::vector<Duration> two{9ms, 1ms};
  CHECK(percentile(two, 50) == 1ms);
  CHECK(percentile(two, 95) == 9ms);
  std::vector<Duration> many;
  for (int i = 20; i > 0; --i) many.emplace_back(i);
  CHECK(percentile(many, 0) == Duration{1});
  CHECK(percentile(many, 50) == Duration{10});
  CHECK(percentile(many, 95) == Duration{19});
  CHECK(percentile(many, 96) == Duration{20});
}

TEST_CASE("a located value becomes the same JSON") {
  const std::string text =
      R"({"b":[1,-2,18446744073709551615,2.50,"\u00e9\n",true,null,{}],"a":{"x":1e3}})";
  const auto node = parse_located_json(text, "test");
  REQUIRE(node);
  CHECK(to_json(*node) == Json::parse(text));
  CHECK(to_json(*node).dump() == Json::parse(text).dump());
}

TEST_CASE("JSON for scripts is ASCII, whatever the names are") {
  for (const char letter : json_text({{"name", "\xc3\xa9\x1b[2J\xc2\x9b"}}))
    CHECK((letter == '\n' || (letter >= ' ' && letter <= '~')));
}

TEST_CASE("the worst exit code counts") {
  using enum ExitCode;
  CHECK(worse(ok, undecided) == undecided);
  CHECK(worse(not_as_expected, undecided) == not_as_expected);
  CHECK(worse(undecided, not_as_expected) == not_as_expected);
  CHECK(worse(bad_input, not_as_expected) == bad_input);
  CHECK(worse(ok, ok) == ok);
}
