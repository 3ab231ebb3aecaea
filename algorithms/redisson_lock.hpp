// Redisson's RLock, RFencedLock and RFairLock [spec F; RedissonLock.java, RedissonFencedLock.java,
// RedissonFairLock.java]. The lock is a hash of one field, taken by a script that lets in who finds
// it free *or its own*, so a call that is sent twice, or a second lock() of the same thread, is let
// in again and counted. Who is refused is told the remaining time to live, subscribes to a channel,
// and tries again when the holder publishes its release or that time has passed. Without a lease
// time a watchdog renews the lock for as long as the process lives [redisson_watchdog.hpp].
//
// It promises the lock for 30 s from the last renewal, on one Redis node. It fails where Redis
// does: with replicas it makes sure that one of them has the lock, which need not be the one that
// is promoted [corpus 26]. Nobody tells the application that a renewal failed. A try that is
// interrupted may leave a renewal that nobody ends [#7272; corpus 54]. The fair lock's queue is
// swept by the *caller's* clock [corpus 28]; exclusion does not depend on it.
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/redisson_watchdog.hpp"
#include "algorithms/registry.hpp"
#include "algorithms/simple_redis_lock.hpp"
#include "sim/services/redis/session.hpp"

namespace locklab {

extern const std::span<const Parameter> kRedissonLockParameters;
extern const std::span<const Preset> kRedissonLockPresets;
extern const std::span<const Parameter> kRedissonFairLockParameters;
extern const std::span<const Preset> kRedissonFairLockPresets;

class RedissonLock : public Lock, private RedissonWatchdog::Renewed {
 public:
  enum class Kind : std::uint8_t { plain, fenced, fair };

  RedissonLock(const Environment& environment, const Settings& settings, Symbol resource,
               Kind kind);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Method : std::uint8_t { try_lock, lock };
  enum class Synced : std::uint8_t { one, all };

  /// What one run of the acquire script came to.
  struct Answer {
    Errc error = Errc::none;
    bool taken = false;
    std::int64_t ttl_ms = 0;  // of the holder; less than zero: unknown
    FencingToken token{};
  };

  Task<Answer> ask(Lease lease);
  Task<Answer> ask_and_sync(Lease lease, std::int64_t replicas);
  Task<Acquired> wait_for_word(Lease lease);
  Task<Acquired> try_until_interrupted(Lease lease);
  Task<> ask_for_nobody(Lease lease);
  Lease granted(Lease lease, const Answer& answer);
  Answer understood(const Result<redis::Reply>& reply) const;
  bool waits() const { return method_ == Method::lock || wait_ > Duration{0}; }

  redis::Request request(redis::Command command, AttemptId attempt) const;
  redis::Request acquire_request(AttemptId attempt) const;
  redis::Request unlock_request(AttemptId attempt);
  RedissonWatchdog& watchdog();

  Symbol name() const override { return key_; }
  void renewal_begins() override { renewal_asked_ = start(); }
  Call<redis::Reply> renewal() override;
  void renewed() override;

  redis::Client redis_;
  Kind kind_;
  Symbol key_, channel_, timeouts_, token_;
  Value owner_;  // Redisson's "client id:thread id"
  Duration ttl_;
  bool renews_;  // no lease time was given: the watchdog renews it
  RedissonWatchdog::Timers timers_;
  PromiseMargin margin_;
  Method method_;
  Duration wait_, place_kept_;
  bool server_clock_;
  bool check_synced_;
  Synced synced_;
  Duration sync_timeout_;
  std::int64_t retries_;
  Duration retry_interval_;
  Duration interrupt_after_;
  bool cleans_up_;  // PR 7277

  std::pmr::vector<Lease> held_;
  AttemptId renewed_for_;  // in whose name the watchdog asks
  Start renewal_asked_;
  std::uint32_t unlocks_ = 0;
  // a try that may be interrupted
  Signal answered_;
  Answer late_answer_;
  bool interrupted_ = false;
};

Lock* make_redisson_lock(const Environment& environment, const Settings& settings, Symbol resource);
Lock* make_redisson_fenced_lock(const Environment& environment, const Settings& settings,
                                Symbol resource);
Lock* make_redisson_fair_lock(const Environment& environment, const Settings& settings,
                              Symbol resource);

}  // namespace locklab
