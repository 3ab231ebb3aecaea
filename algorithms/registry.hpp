// The locks that there are: one row each.
#pragma once

#include <span>
#include <string_view>

#include "algorithms/lock.hpp"
#include "algorithms/settings.hpp"
#include "sim/role.hpp"

namespace locklab {

struct Algorithm {
  std::string_view name;
  std::string_view description;  // one line
  std::string_view source;       // where its steps are written down
  std::span<const Parameter> parameters;
  std::span<const Preset> presets;
  std::string_view several_nodes;  // "redis" if it uses all Redis nodes, "" if only the first
  RoleSet needs;                   // services without which it cannot be
  /// A lock on `resource` for one client; lives in the arena of the run.
  Lock* (*make)(const Environment& environment, const Settings& settings, Symbol resource);
  /// How the same lock hands out a fencing token with its grant, where it does not by itself: the
  /// name of an algorithm that takes its settings, or "parameter=value". Empty: it cannot.
  std::string_view with_token{};
};

std::span<const Algorithm> algorithms();
const Algorithm* find_algorithm(std::string_view name);

}  // namespace locklab
