// How a search chooses the next schedule to try: one interface, one file a strategy, one row each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "faults/oracle.hpp"
#include "faults/space.hpp"
#include "sim/rng.hpp"

namespace locklab {

class Strategy {
 public:
  virtual ~Strategy() = default;
  /// The schedule to try next; nothing when it has no more to offer.
  virtual std::optional<FaultSchedule> propose(Rng& rng) = 0;
  /// Whose the last proposal was, where this strategy lets others propose; else empty.
  virtual std::string_view proposer() const { return {}; }
  /// What came of a schedule that this strategy, or another one beside it, proposed.
  virtual void learn(const FaultSchedule& schedule, const Trial& trial) {
    static_cast<void>(schedule);
    static_cast<void>(trial);
  }
};

using StrategyPtr = std::unique_ptr<Strategy>;

/// What a strategy is made from. Several islands search side by side, each with strategies of its
/// own; those that go through a list take every `of`-th line of it.
struct StrategySetting {
  const FaultSpace& space;
  std::uint32_t island = 0;
  std::uint32_t of = 1;
};

struct StrategyKind {
  std::string_view name;
  std::string_view description;
  StrategyPtr (*make)(const StrategySetting& setting);
};

std::span<const StrategyKind> strategies();
const StrategyKind* find_strategy(std::string_view name);

StrategyPtr make_uniform(const StrategySetting& setting);
StrategyPtr make_anchored(const StrategySetting& setting);
StrategyPtr make_enumerate(const StrategySetting& setting);
StrategyPtr make_swarm(const StrategySetting& setting);
StrategyPtr make_branch(const StrategySetting& setting);
StrategyPtr make_portfolio(const StrategySetting& setting);

}  // namespace locklab
