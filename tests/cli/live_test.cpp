// `locklab live`: what it refuses and how; one short live run, where there is a Redis.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.hpp"

using namespace locklab;
using Json = nlohmann::ordered_json;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kShort = R"({"schema": "locklab-scenario/1", "name": "short",
  "horizon": "3s", "redis": {"nodes": 1}, "storage": {"registers": {"data": 0}},
  "lock": {"algorithm": "fenced_lock", "ttl": "500ms"}, "workload": {"resource": "r"},
  "clients": [
    {"name": "client-a", "program": [{"acquire": "r"}, {"at": "900ms"},
                                     {"write": {"to": "data", "value": 1}}]},
    {"name": "client-b", "start": "700ms", "program": [{"acquire": "r"},
                                     {"write": {"to": "data", "value": 2}}, {"at": "1500ms"}]}],
  "faults": [{"at": "200ms", "pause": {"who": "client-a", "lasts": "600ms"}}]})";

}  // namespace

TEST_CASE("what a live run cannot do is said in one sentence") {
  struct Refused {
    const char* scenario;
    const char* why;
  };
  for (const Refused& refused : {Refused{"corpus/neg-zk-wall-jump", "it needs ZooKeeper"},
                                 Refused{"doc-3-rate", "is not right from the start"}}) {
    const test::Outcome outcome = test::locklab({"live", refused.scenario});
    CAPTURE(refused.scenario);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(contains(outcome.err, refused.why));
  }
}

TEST_CASE("a pause of a real process, a real Redis, and storage that refuses the old token") {
  const test::Outcome outcome = test::call(
      {.arguments = {"live", "-", "--json"}, .environment = {}, .input = kShort, .directory = {}});
  if (outcome.code == 3) {
    MESSAGE("SKIPPED: " << outcome.err << outcome.out);
    return;
  }
  CAPTURE(outcome.out);
  CAPTURE(outcome.err);
  CHECK(outcome.code == 0);
  const Json result = Json::parse(outcome.out);
  CHECK(result["verdict"] == "agrees");
  CHECK(result["live"]["violated"] == Json::array({"client_mutual_exclusion"}));
  REQUIRE(result["live"]["writes"].size() == 2);
  CHECK(result["live"]["writes"][1]["what"] == "rejected, token 1, highest seen 2");
}
