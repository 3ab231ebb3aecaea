// The lock that comes to mind first on ZooKeeper: one ephemeral node, and who can create it has the
// lock; all others watch it [ZooKeeper "Recipes and Solutions", on the herd effect; spec D.2
// "Naive"]. Every release wakes every waiter, and all but one have asked in vain: O(N) messages for
// each hand-over, and no order among them [corpus 80]. What it promises is what zk_lock promises,
// but for the order.
#pragma once

#include <span>

#include "algorithms/registry.hpp"
#include "algorithms/zk_recipe.hpp"

namespace locklab {

extern const std::span<const Parameter> kZkHerdLockParameters;
extern const std::span<const Preset> kZkHerdLockPresets;

class ZkHerdLock final : public ZkRecipe {
 public:
  ZkHerdLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  Token token_;
};

Lock* make_zk_herd_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
