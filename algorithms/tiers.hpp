// Who decides about a resource in a design of two tiers, and which Redis is near: what a two-tier
// lock is told of the world around it [doc staff question; spec K].
#pragma once

#include <cstdint>
#include <span>

#include "sim/ids.hpp"
#include "sim/names.hpp"

namespace locklab {

/// One line of the static map from resources to their authorities.
struct Authority {
  Symbol resource;
  bool global = false;
  std::uint32_t redis = 0;  // regional: which of Environment::redis decides
};

struct Tiers {
  std::span<const Authority> authorities;
  /// Places in Environment::redis, the nearest to this client first. A client in no region, and a
  /// node in none, come in the order of the nodes.
  std::span<const std::uint32_t> nearest;

  const Authority* find(Symbol resource) const {
    for (const Authority& authority : authorities)
      if (authority.resource == resource) return &authority;
    return nullptr;
  }
};

}  // namespace locklab
