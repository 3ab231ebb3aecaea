// `locklab list` and `locklab verify`: everything that is built in, and that all of it holds.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "algorithms/registry.hpp"
#include "cli/patterns.hpp"
#include "faults/fault.hpp"
#include "invariants/registry.hpp"
#include "reports/registry.hpp"
#include "scenarios/library.hpp"
#include "scenarios/workload.hpp"
#include "tests/cli/program.hpp"

using namespace locklab;
using test::Outcome;
using Json = nlohmann::ordered_json;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Json list(const std::string& kind) {
  const Outcome outcome = test::locklab({"list", kind, "--json"});
  CHECK(outcome.code == 0);
  return Json::parse(outcome.out);
}

}  // namespace

TEST_CASE("every list has everything, for people and for scripts") {
  const std::map<std::string, std::size_t> sizes{
      {"scenarios", library_names().size()}, {"algorithms", algorithms().size()},
      {"faults", fault_kinds().size()},      {"invariants", invariant_rows().size()},
      {"workloads", workloads().size()},     {"formats", formats().size()}};
  for (const auto& row : sizes) {
    const std::string& kind = row.first;
    CAPTURE(kind);
    const Json items = list(kind);
    CHECK(items.size() == row.second);
    const Outcome table = test::locklab({"list", kind, "--width", "200"});
    CHECK(table.code == 0);
    for (const Json& item : items)
      CHECK(contains(table.out, '\n' + item["name"].get<std::string>() + ' '));
  }
}

TEST_CASE("an algorithm is shown with its parameters, their defaults and its presets") {
  const Outcome page = test::locklab({"list", "algorithms", "redlock"});
  CHECK(page.code == 0);
  const Json all = Json::parse(test::locklab({"list", "algorithms", "redlock", "--json"}).out);
  const Algorithm& redlock = *find_algorithm("redlock");
  REQUIRE(all["parameters"].size() == redlock.parameters.size());
  REQUIRE(all["presets"].size() == redlock.presets.size());
  for (const Parameter& parameter : redlock.parameters)
    CHECK(contains(page.out, "\n  " + std::string(parameter.name) + ' '));
  for (const Preset& preset : redlock.presets)
    CHECK(contains(page.out, "\n  " + std::string(preset.name) + ' '));
  CHECK(all["parameters"][0]["default"] == "10s");

  const Outcome unknown = test::locklab({"list", "algorithms", "redlok"});
  CHECK(unknown.code == 2);
  CHECK(contains(unknown.err, "(did you mean \"redlock\"?)"));
}

TEST_CASE("a fault is shown with an example that can be copied") {
  for (const FaultKind& kind : fault_kinds()) {
    const Outcome page = test::locklab({"list", "faults", std::string(kind.name)});
    CHECK(page.code == 0);
    CHECK(contains(page.out, kind.example.data()));
    CHECK(Json::accept(kind.example));
  }
}

TEST_CASE("patterns are whole names with * and ?, or parts of names") {
  std::string error;
  const std::vector<std::string> all = matching_scenarios({}, error);
  CHECK(all.size() == library_names().size());
  CHECK(matching_scenarios({"doc-1"}, error) == std::vector<std::string>{"doc-1"});
  const std::vector<std::string> documents = matching_scenarios({"doc-*"}, error);
  CHECK(documents.size() > 4);
  for (const std::string& name : documents) CHECK(name.starts_with("doc-"));
  CHECK(matching_scenarios({"doc-?", "doc-1"}, error).size() == 4);
  for (const std::string& name : matching_scenarios({"pause"}, error))
    CHECK(contains(name, "pause"));
  CHECK(error.empty());
  matching_scenarios({"doc-1", "doc-11111"}, error);
  CHECK(contains(error, "there is no built-in scenario \"doc-11111\""));
}

TEST_CASE("every built-in scenario does what it says, and the same twice") {
  const Outcome all = test::locklab({"verify"});
  CHECK_MESSAGE(all.code == 0, all.out, all.err);
  CHECK(all.err.empty());  // no progress where there is no terminal
  CHECK(contains(all.out, ", 0 not as expected; every run was reproduced\n"));
}

TEST_CASE("verify prints the same bytes with any number of threads") {
  const Outcome one = test::locklab({"verify", "--jobs", "1"});
  CHECK(test::locklab({"verify", "--jobs", "5"}).out == one.out);
  const Outcome json = test::locklab({"verify", "--jobs", "1", "--json"});
  CHECK(test::locklab({"verify", "-j", "5", "--json"}).out == json.out);
  const Json all = Json::parse(json.out);
  CHECK(all["schema"] == "locklab-verify/1");
  CHECK(all["ok"] == true);
  CHECK(all["scenarios"].size() == library_names().size());
  CHECK(all["scenarios"][0]["reproducible"] == true);
}

TEST_CASE("verify takes patterns, and says how long it took only when asked") {
  const Outcome some = test::locklab({"verify", "doc-*"});
  CHECK(some.code == 0);
  CHECK(contains(some.out, "\ndoc-1 "));
  CHECK_FALSE(contains(some.out, "corpus/"));
  CHECK_FALSE(contains(some.out, " ms\n"));
  CHECK(contains(test::locklab({"verify", "doc-1", "--times"}).out, " ms\n"));
  const Outcome none = test::locklab({"verify", "doc-11111"});
  CHECK(none.code == 2);
  CHECK(none.out.empty());
}
