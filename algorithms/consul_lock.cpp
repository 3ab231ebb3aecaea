#include "algorithms/consul_lock.hpp"

#include <array>
#include <new>

#include "sim/world.hpp"

namespace locklab {

using consul::Behavior;
using consul::Operation;
using consul::Request;

// ---- Lock.Lock ----------------------------------------------------------------------------------

Task<Lock::Acquired> ConsulLock::try_acquire(AttemptId attempt) {
  if (session_ == 0) {
    const Errc created = co_await create_session();
    if (created != Errc::none) co_return Refusal{created};
  }
  const MonoInstant began = self().mono_now();
  std::uint64_t wait_index = 0;
  for (;;) {
    const Duration spent = self().mono_now() - began;
    if (try_once_ && wait_index != 0 && spent >= wait_time_) co_return Refusal{Errc::not_acquired};

    // Look at the key; from the second time on, until it has changed or WaitTime has passed.
    Request get = request(Operation::kv_get);
    get.index = wait_index;
    const auto pair = co_await consul_.ask(get, wait_index == 0 ? request_timeout_ : wait_time_);
    if (!pair && pair.error() == Errc::timeout && wait_index != 0) continue;
    if (!pair) co_return Refusal{pair.error()};
    if (pair->session != 0 && pair->session != session_) {
      wait_index = pair->index;
      if (!try_once_ || self().mono_now() - began < wait_time_) continue;
      co_return Refusal{Errc::not_acquired};
    }

    const auto locked =
        co_await consul_.ask(request(Operation::kv_acquire, attempt), request_timeout_);
    if (!locked) co_return Refusal{locked.error()};
    if (locked->yes) {
      Lease lease = this->lease(attempt, Value::integer(static_cast<std::int64_t>(session_)));
      lease.token = FencingToken{locked->lock_index};
      lease.start = renewed_;
      lease.promised = ttl_;
      held_ = lease;
      self().spawn("monitor lock", monitor_lock(session_, attempt, 0));
      co_return lease;
    }

    // Held by another since, or delayed.
    const auto why = co_await consul_.ask(request(Operation::kv_get), request_timeout_);
    if (!why) co_return Refusal{why.error()};
    if (why->session != 0) {
      wait_index = why->index;
      continue;
    }
    const Duration so_far = self().mono_now() - began;
    if (try_once_ && so_far + retry_time_ >= wait_time_) co_return Refusal{Errc::not_acquired};
    co_await self().sleep(retry_time_);  // DefaultLockRetryTime
    wait_index = 0;
  }
}

/// Watches the key while it is held: LeaderCh is closed when the session does not hold it any more.
/// Model: that the client's agent finds no server at all is no answer here, and is asked again.
Task<> ConsulLock::monitor_lock(std::uint64_t session, AttemptId attempt, std::uint64_t index) {
  for (;;) {
    Request get = request(Operation::kv_get);
    get.index = index;
    const auto pair = co_await consul_.ask(get, Duration{0}, wait_time_);
    if (held_.attempt != attempt || session_ != session) co_return;
    if (!pair || pair->session != session) break;
    index = pair->index;
  }
  held_ = Lease{};
  self().world().emit(self().id(), ConnectionStateChanged{ConnectionState::lost, session});
  if (lost_channel_ == LostChannel::told) beliefs().end(attempt, BeliefEnd::told);
}

// ---- Lock.Unlock --------------------------------------------------------------------------------

Task<Lock::Released> ConsulLock::try_release(const Lease& lease) {
  held_ = Lease{};
  Request release = request(Operation::kv_release, lease.attempt);
  const auto released = co_await consul_.ask(release, request_timeout_);
  // The session belonged to the lock; it is destroyed on the side.
  if (session_ != 0) self().spawn("destroy session", destroy(session_));
  session_ = 0;
  if (!released) co_return Released{0, released.error()};
  if (!released->yes) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Task<Lock::Extended> ConsulLock::try_extend(const Lease&, Duration) {
  co_return Refusal{Errc::invalid};  // the session is renewed by itself
}

// ---- the session --------------------------------------------------------------------------------

Request ConsulLock::request(Operation operation, AttemptId attempt) const {
  Request request;
  request.operation = operation;
  request.key = key_;
  request.attempt = attempt;
  request.client = self().id();
  request.session = session_;
  return request;
}

Task<Errc> ConsulLock::create_session() {
  Request create = request(Operation::session_create);
  create.session = consul_.new_session();
  create.behavior = behavior_;
  create.health_check = health_check_;
  create.ttl = ttl_;
  create.lock_delay = lock_delay_;
  const Start asked = start();
  const auto created = co_await consul_.ask(create, request_timeout_);
  if (!created) co_return created.error();
  session_ = create.session;
  renewed_ = asked;
  self().world().emit(self().id(), ConnectionStateChanged{ConnectionState::connected, session_});
  self().spawn("renew session", renew_periodic(session_));
  co_return Errc::none;
}

/// Session.RenewPeriodic.
Task<> ConsulLock::renew_periodic(std::uint64_t session) {
  constexpr Duration kAgain = 1s;
  Duration wait = ttl_ / 2;
  MonoInstant last = self().mono_now();
  for (;;) {
    co_await self().sleep(wait);
    if (session_ != session) co_return;
    if (self().mono_now() - last > ttl_) break;  // it gives up
    const Start asked = start();
    const auto reply = co_await consul_.ask(request(Operation::session_renew), ttl_ / 2);
    if (session_ != session) co_return;
    if (reply && !reply->yes) break;  // ErrSessionExpired
    wait = reply ? ttl_ / 2 : kAgain;
    if (!reply) continue;
    last = self().mono_now();
    renewed(asked);
  }
  session_ = 0;
}

void ConsulLock::renewed(Start asked) {
  renewed_ = asked;
  if (!held_.attempt) return;
  held_.start = asked;
  prolong(held_);
}

Task<> ConsulLock::destroy(std::uint64_t session) {
  Request destroy = request(Operation::session_destroy);
  destroy.session = session;
  static_cast<void>(co_await consul_.ask(destroy, request_timeout_));
}

// ---- how it is built ----------------------------------------------------------------------------

ConsulLock::ConsulLock(const Environment& environment, const Settings& settings, Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("session_ttl")}),
      consul_(*environment.consul),
      key_(resource),
      ttl_(settings.duration("session_ttl")),
      lock_delay_(settings.duration("lock_delay")),
      wait_time_(settings.duration("wait_time")),
      retry_time_(settings.duration("retry_time")),
      request_timeout_(settings.duration("request_timeout")),
      behavior_(settings.choice<Behavior>("behavior")),
      lost_channel_(settings.choice<LostChannel>("lost_channel")),
      try_once_(settings.flag("try_once")),
      health_check_(settings.flag("health_check")) {}

Lock* make_consul_lock(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(ConsulLock));
  return new (block) ConsulLock(environment, settings, resource);
}

}  // namespace locklab
