// Regions: distances between processes, and who decides about what [spec K].
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tests/support/recorded_run.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

std::string two_regions(std::string_view regions, std::string_view between,
                        std::string_view more = "") {
  return std::string(R"({"schema": "locklab-scenario/1", "name": "regions",
    "lock": {"algorithm": "simple_redis_lock"}, "redis": {"nodes": 2},
    "clients": [{"name": "client-a", "program": [{"acquire": "x"}, "release"]},
                {"name": "client-b", "start": "1s", "program": [{"acquire": "x"}, "release"]}],
    "network": {"regions": )") +
         std::string(regions) + R"(, "between": )" + std::string(between) + "}" +
         std::string(more) + "}";
}

std::string mistakes_of(const std::string& text) {
  const auto root = parse_located_json(text, "file.json");
  REQUIRE(root.has_value());
  Diagnostics diagnostics;
  CHECK_FALSE(read_scenario(*root, diagnostics));
  return to_string(diagnostics);
}

bool contains(const std::string& text, std::string_view part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("messages between two regions take the way between them, within one the standard") {
  const Scenario scenario = scenario_of(two_regions(
      R"({"us-east": ["client-a", "redis-1"], "europe": ["client-b", "redis-2", "storage"]})",
      R"([{"from": "europe", "to": "us-east", "latency": "40ms"}])"));
  const RecordedRun run(scenario);
  CHECK(run.nth<LockGranted>(1).at() == Instant{1ms});     // 0.5 there, 0.5 back
  CHECK(run.nth<LockGranted>(2).at() == Instant{1080ms});  // 1000 + 40 + 40
}

TEST_CASE("each pair of regions needs a distance, and a process is in one region") {
  CHECK(contains(mistakes_of(two_regions(R"({"a": ["client-a"], "b": ["client-b"]})", "[]")),
                 "\"between\" does not say how far \"a\" and \"b\" are apart"));
  CHECK(contains(mistakes_of(two_regions(R"({"a": ["client-a"], "b": ["client-a"]})",
                                         R"([{"from": "a", "to": "b", "latency": "1ms"}])")),
                 "\"client-a\" is in the region \"a\" already"));
  CHECK(contains(mistakes_of(two_regions(R"({"a": ["client-x"]})", "[]")), "client-x"));
  CHECK(contains(mistakes_of(two_regions(R"({"a": ["client-a"]})",
                                         R"([{"from": "a", "to": "z", "latency": "1ms"}])")),
                 "\"z\""));
}

TEST_CASE("an authority is a region or the global tier") {
  CHECK(contains(
      mistakes_of(two_regions(R"({"a": ["client-a"]})", "[]", R"(, "authorities": {"x": "mars"})")),
      "mars"));
}
