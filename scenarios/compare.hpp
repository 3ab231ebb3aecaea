// Every lock under the same troubles: contending clients, a fault drawn from a named stream, and
// what came of it, counted over many runs. One run is a pure function of the lock, the fault, the
// seed and its number; who runs how many of them on how many threads does not matter.
//
// The clients are the document's: they take the lock, read, work, write what follows from what they
// read, and give the lock back; they believe until they have given it back, and look at no clock.
// The network is realistic [spec 3]. Nothing here knows a lock by its name: services are deployed
// by what a lock needs, servers are found by their role, and a lock has a token if it hands one
// out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/statistics.hpp"

namespace locklab {

enum class CompareFault : std::uint8_t {
  none,
  client_pause,
  client_crash,
  server_restart,  // and it keeps its data
  server_amnesia,  // and it loses its data
  partition,
  message_loss,
  clock_forward,
  clock_back,
  clock_rate,
  vm_suspend,
};
inline constexpr std::size_t kCompareFaults = 11;

struct CompareFaultRow {
  std::string_view name;
  std::string_view description;
};
const CompareFaultRow& row_of(CompareFault fault);
std::optional<CompareFault> compare_fault(std::string_view name);

/// A lock to compare: an algorithm, and one of its presets (empty: its defaults).
struct CompareLock {
  const Algorithm* algorithm = nullptr;
  std::string preset;
  std::vector<std::string> sets;  // "ttl=30s": instead of the preset's

  std::string label() const;
};

/// How much trouble there is to be.
struct CompareScale {
  Duration horizon = 60s;
  Duration longest_stop = 40s;  // of a pause or a suspension
  std::uint32_t clients = 4;
  Duration one_way = 500us;  // median of the network's latency
};

/// A lock made ready for its runs.
struct ComparePlan {
  CompareLock lock;
  CompareScale scale;
  Scenario base;                     // without a fault
  std::vector<std::string> servers;  // of the services that keep the lock
  bool has_token = false;            // a grant without any fault has one
  bool can_forget = false;           // a service of it may keep its data in memory alone
};

/// Nothing where the lock cannot be deployed by itself; then `why_not` is a sentence.
std::optional<ComparePlan> plan_compare(const CompareLock& lock, const CompareScale& scale,
                                        Runner& runner, std::string& why_not);

/// Does the fault mean anything to the lock? A store that cannot forget cannot lose its data.
bool applies(const ComparePlan& plan, CompareFault fault);

/// The scenario of one run; `fenced`: storage checks tokens.
Scenario compare_scenario(const ComparePlan& plan, CompareFault fault, std::uint64_t seed,
                          std::uint64_t number, bool fenced);

/// What came of one run.
struct CompareRun {
  bool undecided = false;
  bool broken_belief = false;   // two clients counted on the lock at once
  bool broken_service = false;  // the service gave the lock away twice
  bool stale = false;           // storage accepted what it should not have
  bool was_fenced = false;      // the run was repeated with a storage that checks tokens,
  bool stale_fenced = false;    // and that accepted it as well
  Duration waited{};            // somebody alive waited for the lock,
  Duration idle{};              // and of that time nobody believed to hold it
  bool holder_crashed = false;
  std::optional<Duration> recovery;  // from then until the next grant
};
CompareRun run_compare(const ComparePlan& plan, CompareFault fault, std::uint64_t seed,
                       std::uint64_t number, Runner& runner);

/// Many runs of one lock under one fault.
struct CompareCell {
  std::uint64_t runs = 0;
  std::uint64_t undecided = 0;  // are not counted among the others
  std::uint64_t broken_belief = 0;
  std::uint64_t broken_service = 0;
  std::uint64_t stale = 0;
  std::uint64_t fenced_runs = 0;
  std::uint64_t stale_fenced = 0;
  Duration waited{};
  Duration idle{};
  std::uint64_t holder_crashes = 0;
  std::vector<Duration> recoveries;

  void add(const CompareRun& run);
  /// Share of the time in which somebody waited and the lock was in somebody's hands, in ppm.
  std::int64_t availability_ppm() const;
};

/// What the lock costs where nothing goes wrong.
struct ComparePerformance {
  static constexpr std::array<std::uint32_t, 4> kClients{1, 4, 16, 64};

  Duration acquire_p50{};  // one client alone
  Duration acquire_p95{};
  Duration release_p50{};
  Duration release_p95{};
  std::int64_t messages_permille = 0;  // thousandths of a message for each acquisition
  std::array<std::int64_t, kClients.size()> decigrants_per_second{};  // tenths, by clients
};
ComparePerformance measure_performance(const CompareLock& lock, std::uint64_t seed, Runner& runner);

/// Of how many of its servers the lock can lose any one for good, and still be had.
std::size_t survivable_servers(const ComparePlan& plan, std::uint64_t seed, Runner& runner);

}  // namespace locklab
