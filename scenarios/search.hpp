// A scenario as something that a search can work on: its fault space, and an oracle that runs it
// under one schedule after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/oracle.hpp"
#include "faults/space.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"

namespace locklab {

/// Which findings a search is after; empty: any.
using WantedInvariants = std::vector<std::string>;

/// The fault space of a scenario: its processes as targets, the events of its run without faults as
/// anchors, its own durations as sizes. Kinds and limits are the space's defaults.
FaultSpace fault_space(const Scenario& scenario);

/// The run of a scenario without faults, and what a search takes from it.
struct Reference {
  Recording recording;
  /// Durations that mean something to the scenario, in order: those of its locks' settings, round
  /// trips, promises, times of holding.
  std::vector<Duration> numbers;
  std::optional<Duration> shortest_hold;  // none: nothing was given back
};
Reference reference_run(const Scenario& scenario);

/// How many anchors a space has at most, the first ones.
struct AnchorLimits {
  std::uint32_t of_a_sort = 0;  // the same event in the same lane
  std::size_t all = 0;
};
/// The same from a reference that is there, with as many anchors.
FaultSpace fault_space(const Scenario& scenario, const Reference& reference, AnchorLimits limits);

/// What an invariant's violation weighs: a trial tells of the heaviest finding alone. Two holders
/// come before a lost release.
int severity(std::string_view invariant);

/// A client is granted a lock whose release by another one is still being answered: that harms
/// nobody, and any slow message would be a counterexample.
bool is_benign(const Finding& finding);

class ScenarioOracle final : public Oracle {
 public:
  /// Copies the scenario; its own faults stay, and those of a schedule come after them.
  ScenarioOracle(const Scenario& scenario, WantedInvariants wanted);

  Trial run(const FaultSchedule& schedule) override;
  /// The scenario as it was run last.
  const Scenario& scenario() const { return scenario_; }
  const RunResult& result() const { return result_; }
  /// A sentence about the heaviest finding of the last run; empty if there was none.
  std::string heaviest_message() const;

 private:
  const Finding* heaviest() const;

  Scenario scenario_;
  std::size_t own_faults_;
  WantedInvariants wanted_;
  Runner runner_;
  RunResult result_;
};

}  // namespace locklab
