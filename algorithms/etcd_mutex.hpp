// concurrency.Mutex of etcd's Go client [spec I "etcd"; etcd client/v3/concurrency/mutex.go]. Each
// waiter puts a key of its own under the lock's name, bound to its session's lease; whoever's key
// was created first holds the lock, and everybody else waits until the key created last before its
// own is gone. The queue is fair, and the key's create revision is a fencing token that rises with
// every grant.
//
// It promises the lock for as long as the lease lives, and it fails where every lease does: who
// pauses for longer than the TTL works on while another has the lock [corpus 95]. Until 3.4.3 a
// client whose lease had ended while it waited believed that it held the lock [corpus 94], and
// until 2023 a deposed leader could have leases revoked that were kept alive elsewhere [corpus 96].
// A lease's id, which etcd's own demonstration takes for a token, rises with nothing [corpus 69].
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "sim/services/etcd/client.hpp"

namespace locklab {

extern const std::span<const Parameter> kEtcdMutexParameters;
extern const std::span<const Preset> kEtcdMutexPresets;

class EtcdMutex final : public Lock, private etcd::Session::Listener {
 public:
  EtcdMutex(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Token : std::uint8_t { create_revision, lease_id };
  enum class Wait : std::uint8_t { queue, try_lock };
  enum class SessionDone : std::uint8_t { told, ignored };

  Task<Errc> wait_deletes(std::uint64_t max_create_revision, MonoInstant deadline);
  Task<Refusal> give_up(AttemptId attempt, Errc why);
  Task<Result<etcd::Reply>> delete_own_key(AttemptId attempt);
  Duration patience(MonoInstant deadline) const;
  void name_key();

  void lease_asked() override;
  void lease_renewed() override;
  void session_done() override;

  etcd::Client& etcd_;
  etcd::Session session_;
  Symbol prefix_;
  Symbol my_key_;  // prefix + the lease's id in hexadecimal
  Lease held_;     // brought up to date by keep-alives; attempt none: not held
  Start asked_;    // when the last keep-alive left
  Start renewed_;  // when the last one left that was answered
  Duration ttl_;
  Duration acquire_timeout_;
  Duration request_timeout_;
  Duration watch_timeout_;
  Token token_;
  Wait wait_;
  SessionDone on_done_;
  bool recheck_;
  bool close_session_;
};

Lock* make_etcd_mutex(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
