// Curator's InterProcessMutex [Apache Curator: InterProcessMutex, LockInternals,
// StandardLockInternalsDriver, ConnectionStateManager; spec D.2]: the predecessor recipe with a
// protected create, directories that are containers, re-entry, and connection states.
//
// SUSPENDED comes when the client library reports a disconnection, LOST when the session is known
// to have expired, or when a share of its time has passed since SUSPENDED by the *wall* clock;
// Curator then gives the session up and opens another. The mutex does nothing on either: the
// application must stop at SUSPENDED [Tech Note 10], which is what `stop_at` says. Where it stops
// only at LOST, that may come two thirds of the session's time after its node is gone [corpus 73].
//
// A release clears the local record whatever becomes of the deletion, which goes on in the
// background [corpus 78]. Some of the library's old mistakes are presets.
#pragma once

#include <span>

#include "algorithms/registry.hpp"
#include "algorithms/zk_recipe.hpp"

namespace locklab {

extern const std::span<const Parameter> kCuratorMutexParameters;
extern const std::span<const Preset> kCuratorMutexPresets;

class CuratorMutex final : public ZkRecipe {
 public:
  CuratorMutex(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Released> try_release(const Lease& lease) override;
  void on_event(Event event) override;
  Task<bool> may_retry(std::int64_t n) override;

 private:
  Task<Result<zookeeper::Reply>> protected_create(AttemptId attempt);
  Task<Result<zookeeper::Reply>> find_protected(std::uint64_t guid, AttemptId attempt);
  Task<Result<zookeeper::Reply>> list(std::pmr::vector<zookeeper::Child>& children);
  Task<> delete_guaranteed(Symbol path, AttemptId attempt);
  Task<> delete_protected(std::uint64_t guid, AttemptId attempt);
  void session_time_is_over();

  std::int64_t lost_percent_;
  bool reentrant_;
  bool check_owner_;
  bool keep_path_;
  Duration interrupt_after_;
  bool clean_interrupted_;
  Token token_;

  std::uint32_t holds_ = 0;  // the local record: how often it was entered
  Lease mine_;
  Symbol kept_path_{};
  FencingToken kept_token_;
  EventId lost_timer_;
};

Lock* make_curator_mutex(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
