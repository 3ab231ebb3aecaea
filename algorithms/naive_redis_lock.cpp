#include "algorithms/naive_redis_lock.hpp"

#include <array>
#include <new>

#include "sim/process.hpp"
#include "sim/world.hpp"

namespace locklab {

// ---- taking the key -----------------------------------------------------------------------------

Task<Lock::Acquired> NaiveRedisLock::try_acquire(AttemptId attempt) {
  Lease lease = this->lease(attempt, value());
  lease.start = start();
  lease.clock = ClockKind::wall;
  lease.promised = promised(ttl_);

  Result<bool> taken = false;
  switch (recipe_) {
    case Recipe::set_nx_px:
      taken = co_await set_nx(lease, ttl_);
      break;
    case Recipe::set_nx:
      taken = co_await set_nx(lease, Duration{0});
      break;
    case Recipe::setnx_then_pexpire:
      taken = co_await setnx_then_pexpire(lease);
      break;
    case Recipe::setnx_stamp:
      taken = co_await setnx_stamp(lease);
      break;
    case Recipe::getset_stamp:
      taken = co_await getset_stamp(lease);
      break;
  }

  if (!taken) co_return Refusal{taken.error()};
  if (!*taken) co_return Refusal{Errc::not_acquired};
  co_return lease;
}

Task<Result<bool>> NaiveRedisLock::set_nx(Lease lease, Duration ttl) {
  const auto reply = co_await redis_.set(key_, lease.redis_owner(), {.nx = true, .px = ttl});
  if (!reply) co_return reply.error();
  co_return static_cast<bool>(*reply);
}

// Two commands: who dies between them leaves a key that never expires [corpus 10].
Task<Result<bool>> NaiveRedisLock::setnx_then_pexpire(Lease lease) {
  const auto taken = co_await redis_.setnx(key_, lease.owner, lease.attempt);
  if (!taken) co_return taken.error();
  if (!*taken) co_return false;
  const auto expires = co_await redis_.pexpire(key_, ttl_, lease.attempt);
  if (!expires) co_return expires.error();
  co_return true;
}

// The value says until when. Two clients that both see it past both delete: the second one deletes
// the first one's new lock [corpus 11].
Task<Result<bool>> NaiveRedisLock::setnx_stamp(Lease lease) {
  const auto taken = co_await redis_.setnx(key_, lease.owner, lease.attempt);
  if (!taken) co_return taken.error();
  if (*taken) co_return true;

  const auto stamp = co_await redis_.get(key_, lease.attempt);
  if (!stamp) co_return stamp.error();
  if (!*stamp || !is_past(stamp->value)) co_return false;

  const auto deleted = co_await redis_.del(key_, lease.attempt);
  if (!deleted) co_return deleted.error();
  const auto again = co_await redis_.setnx(key_, lease.owner, lease.attempt);
  if (!again) co_return again.error();
  co_return static_cast<bool>(*again);
}

// GETSET lets one of the two win, and the loser has moved the winner's stamp a little. But past or
// not past is a matter of the reader's wall clock against the writer's [corpus 12].
Task<Result<bool>> NaiveRedisLock::getset_stamp(Lease lease) {
  const auto taken = co_await redis_.setnx(key_, lease.owner, lease.attempt);
  if (!taken) co_return taken.error();
  if (*taken) co_return true;

  const auto stamp = co_await redis_.get(key_, lease.attempt);
  if (!stamp) co_return stamp.error();
  if (!*stamp || !is_past(stamp->value)) co_return false;

  const auto old = co_await redis_.getset(key_, lease.owner, lease.attempt);
  if (!old) co_return old.error();
  if (old->kind == redis::ReplyKind::nil) co_return true;  // its owner has just deleted it
  co_return is_past(old->value);
}

// ---- extending and releasing --------------------------------------------------------------------

Task<Lock::Extended> NaiveRedisLock::try_extend(const Lease& lease, Duration to) {
  if (stamped() || recipe_ == Recipe::set_nx) co_return Refusal{Errc::invalid};
  Extension extension;
  extension.start = start();
  extension.promised = promised(to);
  const auto reply = co_await redis_.pexpire(key_, to, lease.attempt);  // whoever's key it is
  if (!reply) co_return Refusal{reply.error()};
  if (!*reply) co_return Refusal{Errc::lost};
  co_return extension;
}

Task<Lock::Released> NaiveRedisLock::try_release(const Lease& lease) {
  if (release_ == Release::compare_and_delete) {
    const auto compared = co_await redis_.compare_and_delete(key_, lease.redis_owner());
    if (!compared) co_return Released{0, compared.error()};
    co_return *compared ? Released{1} : Released{0, Errc::lost};
  }
  if (release_ == Release::get_then_del) {
    const auto found = co_await redis_.get(key_, lease.attempt);
    if (!found) co_return Released{0, found.error()};
    if (!*found || found->value != lease.owner) co_return Released{0, Errc::lost};
    // Ours, a moment ago [corpus 8].
  }
  if (release_ == Release::del_before_deadline &&
      lease.start.elapsed(self(), ClockKind::wall) >= ttl_)
    co_return Released{0, Errc::lost};

  const auto deleted = co_await redis_.del(key_, lease.attempt);
  if (!deleted) co_return Released{0, deleted.error()};
  co_return *deleted ? Released{1} : Released{0, Errc::lost};
}

// ---- values and stamps --------------------------------------------------------------------------

// Model: the recipe's stamp is in whole seconds and one too high, to be on the safe side; here it
// is in milliseconds and exact.
Value NaiveRedisLock::value() {
  if (stamped()) return Value::integer(whole_ms(self().wall_now() + ttl_));
  if (which_value_ == WhichValue::unique) return new_value();
  return Value::name(self().world().names().intern("locked"));
}

bool NaiveRedisLock::is_past(const Value& stamp) const {
  return stamp.kind == Value::Kind::integer && stamp.as_integer() < whole_ms(self().wall_now());
}

Duration NaiveRedisLock::promised(Duration ttl) const {
  return recipe_ == Recipe::set_nx ? kForever : margin_.promised(ttl);
}

// ---- how it is built ----------------------------------------------------------------------------

NaiveRedisLock::NaiveRedisLock(const Environment& environment, const Settings& settings,
                               Symbol resource)
    : Lock(
          environment, resource,
          {.ttl = settings.choice<Recipe>("acquire") == Recipe::set_nx ? Duration{0}
                                                                       : settings.duration("ttl")}),
      redis_(environment.redis.front()),
      key_(lock_key(environment.self, resource)),
      ttl_(settings.duration("ttl")),
      recipe_(settings.choice<Recipe>("acquire")),
      which_value_(settings.choice<WhichValue>("value")),
      release_(settings.choice<Release>("release")),
      margin_(settings) {
  redis_.set_options(redis_call_options(settings));
}

Lock* make_naive_redis_lock(const Environment& environment, const Settings& settings,
                            Symbol resource) {
  void* block = environment.arena().take(sizeof(NaiveRedisLock));
  return new (block) NaiveRedisLock(environment, settings, resource);
}

}  // namespace locklab
