// ZooKeeper's own lock recipe: create an ephemeral, sequential node; who has the lowest number has
// the lock; everybody else watches the node just before his own, so that a hand-over wakes one
// waiter [ZooKeeper "Recipes and Solutions", Locks; spec D.2 "Predecessor watch"].
//
// Promise: at any zxid there is one lowest node. What a client believes is another matter: its node
// goes when its session ends, and it may be paused, cut off, or connected to a server that is cut
// off, and not know [corpus 71, 72]. First come, first served, in the order in which creations are
// committed. The token is the czxid of the own node; the number in its name is none [corpus 67,
// 68].
#pragma once

#include <span>

#include "algorithms/registry.hpp"
#include "algorithms/zk_recipe.hpp"

namespace locklab {

extern const std::span<const Parameter> kZkLockParameters;
extern const std::span<const Preset> kZkLockPresets;

class ZkLock final : public ZkRecipe {
 public:
  ZkLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  Task<Result<zookeeper::Reply>> create(AttemptId attempt);
  Task<Result<zookeeper::Reply>> find_own(std::uint64_t guid);

  bool guid_;
  bool sync_;
  Token token_;
};

Lock* make_zk_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
