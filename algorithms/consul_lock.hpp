// The lock of Consul's Go client [spec I "Consul"; Consul api/lock.go]: a key that a session holds.
// The session is renewed every half of its TTL; the server waits for twice the TTL before it ends
// one. When a session is invalidated its keys are freed, or deleted, and nobody may have them for
// the lock-delay, 15 seconds unless it is said otherwise, so that whoever does not know yet that it
// has lost the lock has time to learn it. A lock that is given back has no delay.
//
// It fails where every lease does, and where the health check that a session is bound to by default
// is wrong about a node: then the session ends although its holder lives and renews it [corpus 97].
// The lock-delay and the sessions' time are counted in servers' memories. The token is the key's
// LockIndex, which begins anew if the session's behavior deletes the key.
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "sim/services/consul/client.hpp"

namespace locklab {

extern const std::span<const Parameter> kConsulLockParameters;
extern const std::span<const Preset> kConsulLockPresets;

class ConsulLock final : public Lock {
 public:
  ConsulLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class LostChannel : std::uint8_t { told, ignored };

  Task<Errc> create_session();
  Task<> renew_periodic(std::uint64_t session);
  Task<> monitor_lock(std::uint64_t session, AttemptId attempt, std::uint64_t index);
  Task<> destroy(std::uint64_t session);
  consul::Request request(consul::Operation operation, AttemptId attempt = {}) const;
  void renewed(Start asked);

  consul::Client& consul_;
  Symbol key_;
  std::uint64_t session_ = 0;  // 0: none
  Lease held_;                 // attempt none: not held
  Start renewed_;              // when the last renewal left that was answered
  Duration ttl_;
  Duration lock_delay_;
  Duration wait_time_;
  Duration retry_time_;
  Duration request_timeout_;
  consul::Behavior behavior_;
  LostChannel lost_channel_;
  bool try_once_;
  bool health_check_;
};

Lock* make_consul_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
