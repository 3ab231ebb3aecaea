// ShedLock, the lock for scheduled jobs, with two of its providers [spec E.5; ShedLock's
// StorageBasedLockProvider, SqlStatementsSource and InternalRedisLockProvider]. A lock is taken for
// lockAtMostFor; it is not given back before lockAtLeastFor, so that a short job on a fast clock
// does not run twice. Extending asks for lockAtMostFor anew; ShedLock's keep-alive does so every
// lockAtMostFor / 2, here the step auto_extend with that period.
//
// Where it fails: a job that takes longer than lockAtMostFor runs beside the next one [corpus 93].
// The table's row is owned by a *host name*, so a second process of the same host can unlock the
// first one's [corpus 92], and by default its times are the clients'. The Redis provider deletes
// and prolongs the key whoever's it is, unless safeUpdate is on [corpus 27].
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "algorithms/database_support.hpp"
#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

extern const std::span<const Parameter> kShedLockJdbcParameters;
extern const std::span<const Preset> kShedLockJdbcPresets;
extern const std::span<const Parameter> kShedLockRedisParameters;
extern const std::span<const Preset> kShedLockRedisPresets;

/// What both providers have: the two times.
class ShedLock : public Lock {
 public:
  ShedLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Duration at_most() const { return at_most_; }
  Duration at_least() const { return at_least_; }
  const PromiseMargin& margin() const { return margin_; }
  /// What a try begins with: who it will be, T1 and what is promised.
  Lease new_lease(AttemptId attempt, const Value& owner);

 private:
  Duration at_most_;
  Duration at_least_;
  PromiseMargin margin_;
};

class ShedLockJdbc final : public ShedLock {
 public:
  ShedLockJdbc(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Owner : std::uint8_t { host, acquisition };

  sql::Request statement(sql::Verb verb, const Lease& lease) const;
  void set_times(sql::Request& request, Duration at_most) const;
  void compare_until(sql::Request& request, sql::UntilTest test) const;

  sql::Connection& connection_;
  Symbol row_;
  bool db_time_;
  Owner owner_;
  bool unlock_tests_owner_;
  bool row_is_there_ = false;  // ShedLock's registry of records: no INSERT is needed any more
};

class ShedLockRedis final : public ShedLock {
 public:
  ShedLockRedis(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  /// setKeyExpiration: a script that compares, or SET ... XX PX.
  Call<redis::Reply> expire(const Lease& lease, Duration ttl) const;

  redis::Client redis_;
  Symbol key_;
  bool safe_update_;
};

Lock* make_shedlock_jdbc(const Environment& environment, const Settings& settings, Symbol resource);
Lock* make_shedlock_redis(const Environment& environment, const Settings& settings,
                          Symbol resource);

}  // namespace locklab
