// `locklab compare`: the same bytes with any number of threads, in every format; mistakes are said.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.hpp"

using namespace locklab;
using test::Outcome;
using Json = nlohmann::ordered_json;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Outcome compare(std::vector<std::string> more) {
  std::vector<std::string> arguments{"compare",  "--locks",           "fenced_lock,redlock:spec",
                                     "--faults", "none,client-pause", "--runs",
                                     "5"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return test::locklab(arguments);
}

}  // namespace

TEST_CASE("a comparison prints the same bytes with any number of threads") {
  for (const char* format : {"--json", "--csv", "--markdown", "--ascii"}) {
    CAPTURE(format);
    const Outcome one = compare({"--jobs", "1", format});
    CHECK(one.code == 0);
    CHECK(one.err.empty());
    CHECK_FALSE(one.out.empty());
    CHECK(compare({"--jobs", "2", format}).out == one.out);
    CHECK(compare({"--jobs", "2", "--seed", "2", format}).out != one.out);
  }
}

TEST_CASE("a comparison has every lock under every fault, with intervals and counts") {
  const Json json = Json::parse(compare({"--json"}).out);
  CHECK(json["schema"] == "locklab-compare/1");
  CHECK(json["runs"] == 5);
  REQUIRE(json["locks"].size() == 2);
  const Json& fenced = json["locks"][0];
  CHECK(fenced["lock"] == "fenced_lock");
  CHECK(fenced["has_token"] == true);
  CHECK(fenced["faults"]["none"]["broken_by_belief"]["hits"] == 0);
  CHECK(fenced["faults"]["none"]["stale_writes_fenced"]["runs"] == 5);
  CHECK(json["locks"][1]["lock"] == "redlock:spec");
  CHECK(json["locks"][1]["servers"].size() == 5);
  CHECK_FALSE(json["locks"][1]["faults"]["none"].contains("stale_writes_fenced"));
  CHECK(json["locks"][1]["document"].size() > 4);

  const std::string csv = compare({"--csv"}).out;
  CHECK(csv.starts_with("lock,fault,measure,value,low,high,runs\n"));
  CHECK(contains(csv, "\nfenced_lock,client-pause,stale_writes_fenced_ppm,0,0,"));
  const std::string text = compare({"--width", "120"}).out;
  CHECK(contains(text, "two believe"));
  CHECK(contains(text, "no token"));
  CHECK(contains(text, "disagrees"));
  CHECK(contains(compare({"--markdown"}).out, "| client-pause |"));
}

TEST_CASE("what cannot be compared is a mistake") {
  const auto fails = [](std::vector<std::string> arguments, const std::string& why) {
    arguments.insert(arguments.begin(), "compare");
    const Outcome outcome = test::locklab(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_MESSAGE(contains(outcome.err, why), outcome.err);
  };
  fails({"--locks", "redlok"}, "did you mean \"redlock\"?");
  fails({"--locks", "redlock:redlock-ruby"}, "no preset of redlock \"redlock-ruby\"");
  fails({"--faults", "client-paus"}, "did you mean \"client-pause\"?");
  fails({"--runs", "0"}, "no whole number");
  fails({"--json", "--csv"}, "cannot be combined");
  fails({"redlock"}, "no use for the argument");
}
