// ZooKeeper through a library, and a database lock when ZooKeeper does not answer: Netflix, as the
// document describes it [doc "How companies do it"]. Only Curator's origin at Netflix is confirmed;
// no source for the rest is known [spec M].
//
// Where it fails: who falls back is decided by each client for itself. One that is cut off from
// ZooKeeper takes the database's lock while another still holds ZooKeeper's [corpus 113]. Safe is a
// holder that owns both, and so has neither while one of them is away.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

extern const std::span<const Parameter> kZkDbFallbackLockParameters;
extern const std::span<const Preset> kZkDbFallbackLockPresets;

class ZkDbFallbackLock final : public Lock {
 public:
  ZkDbFallbackLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Needs : std::uint8_t { either, both };
  Task<Acquired> try_both(AttemptId attempt);

  struct Grant {
    AttemptId attempt;
    Lease in_zookeeper;
    Lease in_database;
    bool zookeeper = false;
    bool database = false;
  };
  Grant* find(AttemptId attempt);

  Needs needs_;
  Lock* zookeeper_;
  Lock* database_;
  std::pmr::vector<Grant> grants_;
};

Lock* make_zk_db_fallback_lock(const Environment& environment, const Settings& settings,
                               Symbol resource);

}  // namespace locklab
