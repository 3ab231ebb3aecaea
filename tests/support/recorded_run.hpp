// A scenario that was run with a recording, and questions to it in one line each. The scenario is
// one of the library, perhaps changed a little in code, or a text.
//
//   Scenario scenario = library_scenario("doc-1");
//   const RecordedRun run(scenario);
//   CHECK(run.times<KeyStored>("redis-1") == "0.5ms 5001.5ms");
//   CHECK(run.only<LockGranted>("client-a").votes == 5);
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/library.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/scenario_json.hpp"

namespace locklab::test {

/// Reads it, or the test fails with what was said.
inline Scenario scenario_of(std::string_view text, std::string_view source = "scenario") {
  const auto root = parse_located_json(text, source);
  if (!root) FAIL(to_string(root.error()));
  Diagnostics diagnostics;
  auto scenario = read_scenario(*root, diagnostics);
  if (!scenario) FAIL(to_string(diagnostics));
  return std::move(*scenario);
}

inline Scenario library_scenario(std::string_view name) {
  const auto text = library_text(name);
  if (!text) FAIL("the library has no ", std::string(name));
  return scenario_of(*text, name);
}

/// A parameter of the scenario's lock, as it would be written in a file.
inline void set_lock(Scenario& scenario, std::string_view parameter, std::string_view value) {
  const auto set = scenario.lock.settings.set(parameter, value);
  if (!set) FAIL(set.error());
}

inline ClientSpec& client_of(Scenario& scenario, std::string_view name) {
  for (ClientSpec& client : scenario.clients)
    if (client.name == name) return client;
  FAIL("there is no client ", std::string(name));
  return scenario.clients.front();
}

/// An event that holds a Payload, and the payload.
template <class Payload>
struct Seen {
  const TraceEvent* event;
  const Payload* what;
  Instant at() const { return event->at; }
};

class RecordedRun {
 public:
  explicit RecordedRun(const Scenario& scenario, RunOptions options = {}) {
    options.recording = &recording;
    Runner runner;
    runner.run(scenario, options, result);
    for (const GrantRecord& grant : runner.metrics().grants()) grants.push_back(grant);
    for (std::size_t i = 0; i < kDamages; ++i)
      damages[i] = runner.metrics().damage(static_cast<Damage>(i));
  }
  RecordedRun(const RecordedRun&) = delete;
  RecordedRun& operator=(const RecordedRun&) = delete;

  Recording recording;
  RunResult result;
  std::vector<GrantRecord> grants;
  std::array<std::int64_t, kDamages> damages{};

  std::int64_t damage(Damage which) const { return damages[static_cast<std::size_t>(which)]; }

  ProcessId process(std::string_view name) const {
    for (std::size_t i = 0; i < recording.processes.size(); ++i)
      if (recording.processes[i].name == name) return ProcessId{static_cast<std::uint32_t>(i + 1)};
    FAIL("no process ", std::string(name));
    return {};
  }
  std::string_view text(Symbol symbol) const { return recording.names.text(symbol); }
  std::string text(const Value& value) const { return to_string(value, recording.names); }

  /// Events of one type, in the lane of one process, or (no name) of all.
  template <class Payload>
  std::vector<Seen<Payload>> all(std::string_view lane = {}) const {
    const ProcessId wanted = lane.empty() ? ProcessId{} : process(lane);
    std::vector<Seen<Payload>> found;
    for (const TraceEvent& event : recording.events)
      if (const auto* what = std::get_if<Payload>(&event.what))
        if (!wanted || event.process == wanted) found.push_back({&event, what});
    return found;
  }
  template <class Payload>
  std::size_t count(std::string_view lane = {}) const {
    return all<Payload>(lane).size();
  }
  /// The n-th of them, from 1.
  template <class Payload>
  Seen<Payload> nth(std::size_t n, std::string_view lane = {}) const {
    const auto found = all<Payload>(lane);
    CAPTURE(Payload::kName);
    CAPTURE(std::string(lane));
    REQUIRE(found.size() >= n);
    return found[n - 1];
  }
  /// The one that there is.
  template <class Payload>
  const Payload& only(std::string_view lane = {}) const {
    const auto found = all<Payload>(lane);
    CAPTURE(Payload::kName);
    CAPTURE(std::string(lane));
    REQUIRE(found.size() == 1);
    return *found.front().what;
  }
  /// "0.5ms 1.5ms 2.5ms": when they happened.
  template <class Payload>
  std::string times(std::string_view lane = {}) const {
    std::string list;
    for (const Seen<Payload>& seen : all<Payload>(lane))
      list += (list.empty() ? "" : " ") + to_string(seen.at());
    return list;
  }

  /// "stale_write token_order": what was violated, in the order of the findings.
  std::string violated() const {
    std::string list;
    for (const Finding& finding : result.findings)
      list += (list.empty() ? "" : " ") + std::string(finding.invariant);
    return list;
  }
  const Finding& finding(std::string_view invariant) const {
    for (const Finding& finding : result.findings)
      if (finding.invariant == invariant) return finding;
    FAIL("no finding of ", std::string(invariant));
    return result.findings.front();
  }
  /// What did not come as expected, a line each.
  std::string mismatches() const {
    std::string list;
    for (const std::string& sentence : result.mismatches) list += sentence + "\n";
    return list;
  }
};

}  // namespace locklab::test
