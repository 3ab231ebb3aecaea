// Hazelcast's FencedLock of the CP subsystem, and the lock that was there before it [spec I
// "Hazelcast"; Hazelcast FencedLockProxy, ProxySessionManager; Jepsen, Hazelcast 3.8.3 (2017)].
//
// The CP lock is held by a thread of a client's session. The session lives for 300 s after its last
// heartbeat, which the client sends every 5 s through the replicated log; so a dead client's lock
// is free after five minutes, not before. A thread may take the lock again; each time that the lock
// goes from free to held, or to the next in line, its fence is a larger number. A client learns
// that its session has died at its next call: LockOwnershipLostException.
//
// The lock of 3.x had no log: each side of a parted network took the other for dead, and granted
// [corpus 99]. It has no fence either.
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "sim/services/hazelcast/client.hpp"

namespace locklab {

extern const std::span<const Parameter> kHazelcastFencedLockParameters;
extern const std::span<const Preset> kHazelcastFencedLockPresets;

class HazelcastFencedLock final : public Lock {
 public:
  HazelcastFencedLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Subsystem : std::uint8_t { cp, ap };
  enum class Wait : std::uint8_t { queue, try_lock };

  Task<Errc> acquire_session();
  Task<> send_heartbeats(std::uint64_t session);
  hazelcast::Request request(hazelcast::Operation operation, AttemptId attempt = {}) const;

  hazelcast::Client& hazelcast_;
  Symbol key_;
  std::uint64_t session_ = 0;         // 0: none
  std::uint64_t locked_session_ = 0;  // under which this client holds the lock; 0: it does not
  Lease held_;
  Start renewed_;  // when the last heartbeat left that was answered
  Duration session_ttl_;
  Duration heartbeat_;
  Duration try_timeout_;
  Duration again_;
  Subsystem subsystem_;
  Wait wait_;
};

Lock* make_hazelcast_fenced_lock(const Environment& environment, const Settings& settings,
                                 Symbol resource);

}  // namespace locklab
