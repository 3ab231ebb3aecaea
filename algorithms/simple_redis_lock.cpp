#include "algorithms/simple_redis_lock.hpp"

#include <array>
#include <new>

#include "sim/world.hpp"

namespace locklab {

namespace {

constexpr std::array<PresetValue, 0> kDocument{};
constexpr std::array kCareful{
    PresetValue{"value_scope", "acquisition"}, PresetValue{"cleanup_on_unknown", "true"},
    PresetValue{"reject_nonpositive_extension", "true"}, PresetValue{"extend_mode", "add"},
    PresetValue{"node_timeout", "50ms"}};
constexpr std::array kPresets{
    Preset{"document", "the document's SimpleRedisLock, with a value per object", kDocument},
    Preset{"careful",
           "a value per acquisition, clean-up after an unknown outcome, an extension that adds",
           kCareful},
};

}  // namespace

const std::span<const Preset> kSimpleRedisLockPresets = kPresets;

Symbol lock_key(Process& self, Symbol resource) {
  Names& names = self.world().names();
  return names.join("lock:", names.text(resource));
}

CallOptions redis_call_options(const Settings& settings) {
  return {.timeout = settings.duration("node_timeout"),
          .reconnect_on_timeout = settings.flag("reconnect_on_timeout")};
}

SimpleRedisLock::SimpleRedisLock(const Environment& environment, const Settings& settings,
                                 Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("ttl")}),
      redis_(environment.redis.front()),
      key_(lock_key(environment.self, resource)),
      ttl_(settings.duration("ttl")),
      scope_(settings.choice<ValueScope>("value_scope")),
      object_value_(new_value()),
      margin_(settings),
      extend_mode_(settings.choice<ExtendMode>("extend_mode")),
      reject_nonpositive_(settings.flag("reject_nonpositive_extension")),
      cleanup_(settings.flag("cleanup_on_unknown")) {
  redis_.set_options(redis_call_options(settings));
}

Lease SimpleRedisLock::new_lease(AttemptId attempt) {
  Lease lease = this->lease(attempt, scope_ == ValueScope::object ? object_value_ : new_value());
  lease.start = start();
  lease.promised = margin_.promised(ttl_);
  return lease;
}

Task<Lock::Acquired> SimpleRedisLock::try_acquire(AttemptId attempt) {
  const Lease lease = new_lease(attempt);
  const auto reply = co_await redis_.set(key_, lease.redis_owner(), {.nx = true, .px = ttl_});
  co_return co_await settle(lease, reply);
}

Task<Lock::Acquired> SimpleRedisLock::settle(Lease lease, Result<redis::Reply> reply) {
  if (!reply) {
    if (cleanup_ && outcome_unknown(reply.error()))
      static_cast<void>(co_await redis_.compare_and_delete(key_, lease.redis_owner()));
    co_return Refusal{reply.error()};
  }
  if (reply->kind == redis::ReplyKind::error) co_return Refusal{Errc::invalid};
  if (!*reply) co_return Refusal{Errc::not_acquired};
  lease.token = reply->token;
  co_return lease;
}

Task<Lock::Extended> SimpleRedisLock::try_extend(const Lease& lease, Duration to) {
  if (reject_nonpositive_ && to <= Duration{0}) co_return Refusal{Errc::invalid};
  Extension extension;
  extension.start = start();

  if (extend_mode_ == ExtendMode::add) {
    const auto left = co_await redis_.compare_and_prolong(key_, lease.redis_owner(), to);
    if (!left) co_return Refusal{left.error()};
    if (!*left) co_return Refusal{Errc::lost};
    extension.promised = margin_.promised(std::chrono::milliseconds(left->number));
    co_return extension;
  }

  // Sets what is left, whatever it was; for nothing or less Redis deletes the key and says 1.
  const auto reply = co_await redis_.compare_and_pexpire(key_, lease.redis_owner(), to);
  if (!reply) co_return Refusal{reply.error()};
  if (!*reply) co_return Refusal{Errc::lost};
  extension.promised = margin_.promised(to);
  co_return extension;
}

Task<Lock::Released> SimpleRedisLock::try_release(const Lease& lease) {
  const auto reply = co_await redis_.compare_and_delete(key_, lease.redis_owner());
  if (!reply) co_return Released{0, reply.error()};
  if (!*reply) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Lock* make_simple_redis_lock(const Environment& environment, const Settings& settings,
                             Symbol resource) {
  void* block = environment.arena().take(sizeof(SimpleRedisLock));
  return new (block) SimpleRedisLock(environment, settings, resource);
}

}  // namespace locklab
