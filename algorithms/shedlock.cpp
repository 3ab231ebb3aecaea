#include "algorithms/shedlock.hpp"

#include <algorithm>
#include <new>

namespace locklab {

ShedLock::ShedLock(const Environment& environment, const Settings& settings, Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("lock_at_most_for")}),
      at_most_(settings.duration("lock_at_most_for")),
      at_least_(settings.duration("lock_at_least_for")),
      margin_(settings) {}

Lease ShedLock::new_lease(AttemptId attempt, const Value& owner) {
  Lease lease = this->lease(attempt, owner);
  lease.start = start();
  lease.promised = margin_.promised(at_most_);
  lease.clock = ClockKind::wall;
  return lease;
}

// ---- JDBC ---------------------------------------------------------------------------------------

ShedLockJdbc::ShedLockJdbc(const Environment& environment, const Settings& settings,
                           Symbol resource)
    : ShedLock(environment, settings, resource),
      connection_(connect(environment, settings)),
      row_(row_of(environment.self, "shedlock:", resource)),
      db_time_(settings.flag("using_db_time")),
      owner_(settings.choice<Owner>("owner")),
      unlock_tests_owner_(settings.flag("unlock_tests_owner")) {}

sql::Request ShedLockJdbc::statement(sql::Verb verb, const Lease& lease) const {
  sql::Request request;
  request.verb = verb;
  request.table = sql::Table::shedlock;
  request.attempt = lease.attempt;
  request.name = row_;
  request.value = lease.owner;
  return request;
}

// lock_until = :lockUntil, or now + lockAtMostFor as the database sees it.
void ShedLockJdbc::set_times(sql::Request& request, Duration at_most) const {
  request.until = db_time_ ? sql::TimeFrom::now : sql::TimeFrom::client;
  request.until_us = sql::whole_us(at_most);
  if (!db_time_) request.until_us = sql::whole_us(self().wall_now() + at_most);
}

// ... AND lock_until <= :now
void ShedLockJdbc::compare_until(sql::Request& request, sql::UntilTest test) const {
  request.test_until = test;
  request.than = db_time_ ? sql::TimeFrom::now : sql::TimeFrom::client;
  if (!db_time_) request.than_us = sql::whole_us(self().wall_now());
}

Task<Lock::Acquired> ShedLockJdbc::try_acquire(AttemptId attempt) {
  const Value host = Value::name(self().world().machine_name(self().machine()));
  const Lease lease = new_lease(attempt, owner_ == Owner::host ? host : new_value());
  // INSERT INTO shedlock (name, lock_until, locked_at, locked_by) VALUES (...) ON CONFLICT (name)
  // DO NOTHING; with usingDbTime DO UPDATE ... WHERE lock_until <= now.
  // Then UPDATE shedlock SET lock_until, locked_at, locked_by WHERE name = ? AND lock_until <= now.
  for (const bool creates : {true, false}) {
    if (creates && row_is_there_) continue;
    sql::Request request = statement(creates ? sql::Verb::insert : sql::Verb::update, lease);
    request.on_conflict = db_time_ ? sql::OnConflict::do_update : sql::OnConflict::do_nothing;
    request.set_value = true;
    set_times(request, at_most());
    request.since = db_time_ ? sql::TimeFrom::now : sql::TimeFrom::client;
    request.since_us = db_time_ ? 0 : sql::whole_us(self().wall_now());
    if (!creates || db_time_) compare_until(request, sql::UntilTest::not_after);
    const auto reply = co_await connection_.execute(request);
    if (problem(reply) != Errc::none) co_return Refusal{problem(reply)};
    row_is_there_ = true;
    if (reply->rows == 1) co_return lease;
  }
  co_return Refusal{Errc::not_acquired};
}

// UPDATE shedlock SET lock_until = ? WHERE name = ? AND locked_by = ? AND lock_until > now
Task<Lock::Extended> ShedLockJdbc::try_extend(const Lease& lease, Duration to) {
  Extension extension;
  extension.start = start();
  extension.promised = margin().promised(to);
  sql::Request request = statement(sql::Verb::update, lease);
  request.test_value = true;
  set_times(request, to);
  compare_until(request, sql::UntilTest::after);
  const auto reply = co_await connection_.execute(request);
  if (problem(reply) != Errc::none) co_return Refusal{problem(reply)};
  if (reply->rows == 0) co_return Refusal{Errc::lost};
  co_return extension;
}

// UPDATE shedlock SET lock_until = max(now, locked_at + lockAtLeastFor) WHERE name = ? AND
// locked_by = ?
Task<Lock::Released> ShedLockJdbc::try_release(const Lease& lease) {
  sql::Request request = statement(sql::Verb::update, lease);
  request.test_value = unlock_tests_owner_;
  request.until = db_time_ ? sql::TimeFrom::at_least : sql::TimeFrom::client;
  request.until_us = sql::whole_us(at_least());
  if (!db_time_) {
    const Duration held = lease.start.elapsed(self(), ClockKind::wall);
    const Duration rest = std::max(at_least() - held, Duration{0});
    request.until_us = sql::whole_us(self().wall_now() + rest);
  }
  const auto reply = co_await connection_.execute(request);
  if (problem(reply) != Errc::none) co_return Released{0, problem(reply)};
  if (reply->rows == 0) co_return Released{0, Errc::lost};
  co_return Released{1};
}

// ---- Redis --------------------------------------------------------------------------------------

ShedLockRedis::ShedLockRedis(const Environment& environment, const Settings& settings,
                             Symbol resource)
    : ShedLock(environment, settings, resource),
      redis_(environment.redis.front()),
      key_(row_of(environment.self, "job-lock:default:", resource)),
      safe_update_(settings.flag("safe_update")) {}

Task<Lock::Acquired> ShedLockRedis::try_acquire(AttemptId attempt) {
  const Lease lease = new_lease(attempt, new_value());
  const auto reply = co_await redis_.set(key_, lease.redis_owner(), {.nx = true, .px = at_most()});
  if (!reply) co_return Refusal{reply.error()};
  if (!*reply) co_return Refusal{Errc::not_acquired};
  co_return lease;
}

Call<redis::Reply> ShedLockRedis::expire(const Lease& lease, Duration ttl) const {
  if (safe_update_) return redis_.compare_and_pexpire(key_, lease.redis_owner(), ttl);
  return redis_.set(key_, lease.redis_owner(), {.xx = true, .px = ttl});
}

Task<Lock::Extended> ShedLockRedis::try_extend(const Lease& lease, Duration to) {
  Extension extension;
  extension.start = start();
  extension.promised = margin().promised(to);
  const auto reply = co_await expire(lease, to);
  if (!reply) co_return Refusal{reply.error()};
  if (!*reply) co_return Refusal{Errc::lost};
  co_return extension;
}

Task<Lock::Released> ShedLockRedis::try_release(const Lease& lease) {
  const Duration keep = at_least() - lease.start.elapsed(self(), ClockKind::wall);
  Result<redis::Reply> reply = Errc::lost;
  if (keep >= 1ms)
    reply = co_await expire(lease, keep);
  else if (safe_update_)
    reply = co_await redis_.compare_and_delete(key_, lease.redis_owner());
  else
    reply = co_await redis_.del(key_, lease.attempt);
  if (!reply) co_return Released{0, reply.error()};
  if (!*reply) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Lock* make_shedlock_jdbc(const Environment& environment, const Settings& settings,
                         Symbol resource) {
  void* block = environment.arena().take(sizeof(ShedLockJdbc));
  return new (block) ShedLockJdbc(environment, settings, resource);
}

Lock* make_shedlock_redis(const Environment& environment, const Settings& settings,
                          Symbol resource) {
  void* block = environment.arena().take(sizeof(ShedLockRedis));
  return new (block) ShedLockRedis(environment, settings, resource);
}

}  // namespace locklab
