// What a search inside the envelope of client-go's leader election has found.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/recorded_run.hpp"

using namespace locklab;
using namespace locklab::test;

TEST_CASE("a leader that has slept does not give back its successor's lease") {
  // A sleeps for 48 s while it leads; its renewal and its release wake up side by side. The renewal
  // reads B's record, and a release that wrote over what was read last would empty it. client-go
  // asks IsLeader() of that record first.
  const Scenario scenario = scenario_of(R"({
    "schema": "locklab-scenario/1", "name": "late-release",
    "lock": {"algorithm": "kubernetes_lease"},
    "storage": {"registers": {"stock": 100}},
    "workload": {"kind": "inventory", "resource": "item", "work": "100ms", "rounds": 2,
                 "timeout": "30s"},
    "clients": [{"name": "client-a", "belief": "deadline_aware"},
                {"name": "client-b", "belief": "deadline_aware", "start": "20ms"}],
    "faults": [
      {"on": {"event": "call_ended", "process": "client-b", "nth": 3, "kind": "PUT lease"},
       "drop": {"from": "client-b"}},
      {"on": {"event": "call_ended", "process": "client-a", "kind": "POST lease",
              "plus": "1975ns"},
       "pause": {"who": "client-a", "lasts": "48057795190ns"}}]
  })");
  const RunResult result = run(scenario);
  const auto found = [&result](std::string_view invariant) {
    return std::ranges::any_of(result.findings, [invariant](const Finding& finding) {
      return finding.invariant == invariant;
    });
  };
  CHECK(found("stale_write"));  // it does write when it wakes: no fencing
  CHECK_FALSE(found("foreign_release"));
  CHECK_FALSE(found("service_mutual_exclusion"));
}
