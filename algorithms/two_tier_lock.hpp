// The document's global design: a fast regional Redis for what belongs to one region, a safe global
// ZooKeeper for what does not, and a static map that says which is which [doc "Design a distributed
// lock service" (staff question); spec K]. Uber, as the document describes it, works alike: Redis
// for speed, ZooKeeper for critical coordination, tokens for payments (no primary source is known
// [spec M]).
//
// Promise: that of the tier that decides about the resource, as long as everybody asks that tier.
// The map is the lock: a client that asks the nearest Redis whatever the map says shares the
// resource with every other region [corpus 111], and so does one code path that asks the other tier
// [corpus 110]. After a fail-over to another region's Redis nobody knows who held what. Tokens of
// the two tiers do not compare: a czxid is larger than any counter [corpus 65].
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

extern const std::span<const Parameter> kTwoTierLockParameters;
extern const std::span<const Preset> kTwoTierLockPresets;

class TwoTierLock final : public Lock {
 public:
  TwoTierLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Route : std::uint8_t { map, nearest, global };
  enum class Tier : std::uint8_t { regional, global, unknown };

  static Tier tier_of(const Environment& environment, const Settings& settings, Symbol resource);
  static LockTraits traits_of(Tier tier, const Settings& settings);
  /// The regional lock on a Redis node; made when it is first asked for.
  Lock& at_redis(std::uint32_t node);
  /// The Redis that is nearest to this client; the first where no regions are given.
  std::uint32_t nearest() const;
  /// The tier that granted a lease.
  Lock& granted_by(const Lease& lease);

  struct Grant {
    AttemptId attempt;
    Lock* lock;
  };

  const Settings& settings_;
  Route route_;
  Tier tier_;
  bool failover_;
  bool keep_order_;
  Lock* global_ = nullptr;
  std::pmr::vector<Lock*> regional_;  // by node
  std::pmr::vector<Grant> grants_;
};

Lock* make_two_tier_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
