#include "faults/strategy.hpp"

#include <array>

namespace locklab {

std::span<const StrategyKind> strategies() {
  static constexpr std::array kStrategies{
      StrategyKind{"portfolio",
                   "all of the others; each gets the more tries the more news it brings",
                   make_portfolio},
      StrategyKind{"uniform", "any fault at any instant: the baseline", make_uniform},
      StrategyKind{"anchored", "faults hung on the protocol's own events, in the scenario's sizes",
                   make_anchored},
      StrategyKind{"enumerate", "all single faults at all anchors, then all pairs", make_enumerate},
      StrategyKind{"swarm", "as anchored, each try with a mix of kinds of its own", make_swarm},
      StrategyKind{"branch", "changes the schedules that came closest to breaking something",
                   make_branch},
  };
  return kStrategies;
}

const StrategyKind* find_strategy(std::string_view name) {
  for (const StrategyKind& kind : strategies())
    if (kind.name == name) return &kind;
  return nullptr;
}

}  // namespace locklab
