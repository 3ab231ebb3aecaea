// The invariants by name: what a scenario's "checks" and the command line may say, what each means
// in one line, and its id in the specification's table [spec 1.3] and in the corpus.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include "invariants/invariant.hpp"
#include "sim/time.hpp"

namespace locklab {

inline constexpr std::size_t kInvariants = 10;

constexpr std::array<bool, kInvariants> every_invariant() {
  std::array<bool, kInvariants> all{};
  all.fill(true);
  return all;
}

/// Which invariants watch a run, and their numbers.
struct InvariantSettings {
  std::array<bool, kInvariants> enabled = every_invariant();  // by place in the registry
  /// lost_release: keys left behind may keep the lock taken for this long.
  Duration lost_release_grace = 1s;
  /// bounded_wait: the longest wait for a lock that nobody believes to hold. None: the longest TTL
  /// of the lock's attempts so far, plus a second.
  std::optional<Duration> bounded_wait_idle;
  /// bounded_wait: the longest wait whatever the reason. None: there is no such bound.
  std::optional<Duration> bounded_wait_total;
  /// bounded_wait: the longest that giving a lock back may take. None: there is no such bound.
  std::optional<Duration> bounded_wait_release;
  /// fairness: judge every lock, not only those that claim to serve in the order of arrival.
  bool fairness_force = false;
  /// fairness: who began to wait this much earlier or less did not surely arrive earlier.
  Duration fairness_margin = 1ms;
};

struct InvariantRow {
  std::string_view name;
  std::string_view description;
  std::string_view id;  // in the specification's sheets and the corpus
  InvariantPtr (*make)(std::pmr::memory_resource* memory, const InvariantSettings& settings);
};

std::span<const InvariantRow> invariant_rows();

/// Place in the registry.
std::optional<std::size_t> find_invariant(std::string_view name);

/// Gives `watch` all that `settings` enables.
void add_invariants(Watch& watch, std::pmr::memory_resource* memory,
                    const InvariantSettings& settings);

}  // namespace locklab
