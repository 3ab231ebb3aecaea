// `locklab advise`: the whole way from the answers to a lock, and what is said of missing ones.
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

Outcome advise(std::vector<std::string> more) {
  std::vector<std::string> arguments{"advise", "--longest-pause", "5s", "--have",
                                     "redis",  "--runs",          "2",  "--storage-checks-tokens",
                                     "yes"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return test::locklab(arguments);
}

}  // namespace

TEST_CASE("for correctness before a storage that checks tokens, a lock with a sound token") {
  const Outcome outcome = advise({"--correctness", "correctness", "--json"});
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  const Json advice = Json::parse(outcome.out);
  CHECK(advice["schema"] == "locklab-advice/1");
  CHECK(advice["evidence"]["has_token"] == true);
  CHECK_FALSE(advice["settings"].empty());
  CHECK_FALSE(advice["remains_unsafe"].empty());
  CHECK(contains(advice["document"].get<std::string>(), "ZooKeeper"));
  CHECK(advise({"--correctness", "correctness", "--json", "--jobs", "1"}).out == outcome.out);
}

TEST_CASE("for efficiency, something that is fast") {
  const Json advice = Json::parse(advise({"--correctness", "efficiency", "--json"}).out);
  CHECK(advice["evidence"]["acquire_p50_ns"].get<std::int64_t>() < 3'000'000);
  const std::string text = advise({"--correctness", "efficiency"}).out;
  CHECK(text.starts_with("Take "));
  CHECK(contains(text, "What remains unsafe:"));
  CHECK(contains(text, "The evidence, 2 runs a fault:"));
}

TEST_CASE("what is missing is named where nobody can be asked, and what is wrong is said") {
  const auto fails = [](std::vector<std::string> arguments, const std::string& why) {
    arguments.insert(arguments.begin(), "advise");
    const Outcome outcome = test::locklab(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_MESSAGE(contains(outcome.err, why), outcome.err);
  };
  fails({}, "advise needs --correctness, --storage-checks-tokens, --longest-pause, --have");
  fails({"--correctness", "efficiency", "--have", "redis", "--longest-pause", "1s"},
        "advise needs --storage-checks-tokens");
  fails({"--correctness", "maybe"}, "is not efficiency or correctness");
  const std::vector<std::string> rest{"--correctness", "efficiency", "--storage-checks-tokens",
                                      "no"};
  auto with = [&rest](std::vector<std::string> more) {
    more.insert(more.begin(), rest.begin(), rest.end());
    return more;
  };
  fails(with({"--have", "redi", "--longest-pause", "1s"}), "did you mean \"redis\"?");
  fails(with({"--have", "redis", "--longest-pause", "ten"}), "ten is no time");
}
