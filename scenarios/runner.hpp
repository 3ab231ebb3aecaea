// A scenario becomes a world, runs and is judged: run(scenario) is a pure function of its argument.
// A Runner keeps its memory from run to run, so that a search tries tens of thousands a second.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scenarios/metrics.hpp"
#include "scenarios/robustness.hpp"
#include "scenarios/scenario.hpp"
#include "sim/arena.hpp"
#include "sim/finding.hpp"
#include "sim/recording.hpp"
#include "sim/role.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

namespace locklab {

enum class Verdict : std::uint8_t { as_expected, not_as_expected, undecided };
std::string_view to_string(Verdict verdict);
std::string_view to_string(StopReason reason);

/// Who runs a world in the place of its own agenda: in steps, with other servers behind it. The
/// world is then what the driver makes of it, and no longer a function of the scenario alone.
class Driver {
 public:
  virtual ~Driver() = default;
  /// The world stands, and nobody in it has begun to live. `roles` are by ProcessId, from 1.
  virtual void take(World& world, std::span<const ProcessRole> roles) = 0;
  /// In the place of World::run().
  virtual StopReason drive(World& world, Instant horizon, std::uint64_t max_events) = 0;
};

struct RunOptions {
  std::optional<std::uint64_t> seed{};    // instead of the scenario's
  Recording* recording = nullptr;         // filled, if wanted; a fresh one
  bool explain_mismatches = true;         // a search asks only for the verdict
  bool measure_slack = false;             // feeds Runner::robustness()
  std::optional<Instant> faults_until{};  // the faults are called off then [Injector::arm]
  TraceObserver* observer = nullptr;      // told of the events in `observed`, beside the invariants
  EventMask observed{};
  Driver* driver = nullptr;  // null: the world runs by itself
};

struct RunResult {
  Verdict verdict = Verdict::undecided;
  StopReason stopped = StopReason::quiescent;
  Instant ended{};
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  std::uint64_t events = 0;  // of the agenda
  std::uint64_t traced = 0;  // of the trace
  std::uint64_t messages = 0;
  std::vector<Finding> findings;
  /// What was expected and did not come, or came and was not expected: sentences.
  std::vector<std::string> mismatches;
};

class Runner {
 public:
  Runner();
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Runs the scenario, which must have been read without mistakes. The result's lists are cleared
  /// and filled anew, so that a caller who reuses it allocates nothing once warm.
  void run(const Scenario& scenario, const RunOptions& options, RunResult& result);

  /// Of the last run, until the next.
  const Metrics& metrics() const;
  /// How close it came to breaking something; only if it was asked for.
  const Robustness& robustness() const;
  /// How often a fault of its schedule struck.
  std::uint32_t strikes(std::size_t fault) const;
  const Names& names() const;
  ProcessNames process_names() const;
  /// Bytes that the last run used, and that the arena keeps.
  std::size_t bytes_used() const { return arena_.bytes_used(); }
  std::size_t bytes_reserved() const { return arena_.bytes_reserved(); }

 private:
  struct Deployment;
  void drop();
  void fill(Recording& recording, const RunResult& result) const;

  Arena arena_;
  Deployment* deployment_ = nullptr;
};

RunResult run(const Scenario& scenario, const RunOptions& options = {});

}  // namespace locklab
