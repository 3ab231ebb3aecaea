#include "algorithms/redlock.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include "algorithms/fenced_lock.hpp"
#include "algorithms/simple_redis_lock.hpp"
#include "sim/assert.hpp"
#include "sim/world.hpp"

namespace locklab {

using redis::Owner;

// ---- acquiring, step by step --------------------------------------------------------------------

Task<Lock::Acquired> Redlock::try_acquire(AttemptId attempt) {
  Lease lease = this->lease(attempt, new_value());
  lease.clock = clock_;
  object_value_ = lease.owner;  // the document's field: the last try's, whoever made it
  lease.start = start();        // 1. T1

  for (std::int64_t tries_left = retry_count_;; --tries_left) {
    const Votes votes =  // 2. node by node, or all at once
        co_await ask(&Redlock::ask_acquire, lease.redis_owner(), ttl_, all_nodes());

    const Duration elapsed = lease.start.elapsed(self(), clock_);  // 3. 4. T2 - T1
    const Duration validity = ttl_ - elapsed - drift(ttl_);        // 6.

    if (accepts(votes.count(), validity)) {  // 5.
      // The library's exception leaves the keys where they are [corpus 46].
      if (raise_on_node_error_ && votes.failed != 0)
        co_return Refusal{Errc::connection_lost, votes.count(), validity};
      if (expire_after_)  // whatever it says [corpus 48]
        co_await ask_at_once(&Redlock::ask_expire, lease.redis_owner(), ttl_, votes.yes);
      lease.votes = votes.count();
      lease.token = votes.token;  // none, but for a counter on each node [corpus 64]
      lease.promised = ttl_ - drift(ttl_);
      lease.validity = validity;
      co_return lease;
    }

    const bool last = tries_left == 0;
    const std::uint64_t unlock = nodes_to_unlock(last ? on_failure_ : between_tries_, votes);
    if (unlock != 0)  // 7.
      co_await ask(&Redlock::ask_release, lease.redis_owner(), ttl_, unlock);
    if (last) {
      const Errc why = votes.count() >= quorum_ ? Errc::no_validity : Errc::not_acquired;
      co_return Refusal{why, votes.count(), validity};
    }

    co_await pause_before_retry();
    if (elapsed_since_ == Per::each_try) lease.start = start();
    if (value_scope_ == Per::each_try) {
      lease.owner = new_value();
      object_value_ = lease.owner;
    }
  }
}

// ---- extending and releasing --------------------------------------------------------------------

Task<Lock::Extended> Redlock::try_extend(const Lease& lease, Duration to) {
  if (extend_accept_ == ExtendAccept::unsupported) co_return Refusal{Errc::invalid};
  if (max_extensions_ >= 0 && lease.extensions >= max_extensions_) co_return Refusal{Errc::invalid};
  if (extend_checks_deadline_ && lease.start.elapsed(self(), clock_) > lease.promised)
    co_return Refusal{Errc::lost};

  Extension extension;
  extension.start = start();
  extension.promised = to - drift(to);
  for (std::int64_t tries_left = retry_extension_ ? retry_count_ : 0;; --tries_left) {
    const Votes votes = co_await ask(&Redlock::ask_extend, lease.redis_owner(), to, all_nodes());
    extension.votes = votes.count();
    extension.validity = extension.promised - extension.start.elapsed(self(), clock_);
    if (extension_counts(extension.votes, extension.validity)) co_return extension;

    if (unlock_on_failed_extension_)
      co_await ask(&Redlock::ask_release, lease.redis_owner(), to, all_nodes());
    if (tries_left == 0) co_return Refusal{Errc::lost, extension.votes, extension.validity};
    co_await pause_before_retry();
    if (elapsed_since_ == Per::each_try) extension.start = start();
  }
}

bool Redlock::extension_counts(std::uint32_t votes, Duration validity) const {
  switch (extend_accept_) {
    case ExtendAccept::unsupported:
      return false;
    case ExtendAccept::quorum_in_validity:
      return votes >= quorum_ && validity > Duration{0};
    case ExtendAccept::quorum:
      return votes >= quorum_;
    case ExtendAccept::any:
      return votes > 0;
  }
  return false;
}

Task<Lock::Released> Redlock::try_release(const Lease& lease) {
  // The document's class compares with its field; a later tryLock has overwritten it [corpus 39].
  Owner owner = lease.redis_owner();
  if (shared_value_) owner.value = object_value_;
  for (std::int64_t tries_left = retry_count_;; --tries_left) {
    const Votes votes = co_await ask(&Redlock::ask_release, owner, ttl_, all_nodes());
    const bool enough = votes.count() >= quorum_;
    if (!release_needs_quorum_ || enough || tries_left == 0) {
      const bool done = release_needs_quorum_ ? enough : votes.count() > 0;
      co_return Released{votes.count(), done ? Errc::none : Errc::lost};
    }
    co_await pause_before_retry();
  }
}

Sleep Redlock::pause_before_retry() {
  const Duration least = jitter_both_ways_ ? -retry_jitter_ : Duration{0};
  return self().sleep(retry_delay_ + self().rng().between(least, retry_jitter_));
}

// ---- how it is built ----------------------------------------------------------------------------

namespace {

CallOptions call_options(const Settings& settings) {
  const std::int64_t permille = settings.integer("node_timeout_permille");
  const Duration timeout =
      permille > 0 ? settings.duration("ttl") * permille / 1000 : settings.duration("node_timeout");
  return {.timeout = timeout, .reconnect_on_timeout = settings.flag("reconnect_on_timeout")};
}

std::uint32_t quorum_of(const Environment& environment, const Settings& settings) {
  const std::int64_t quorum = settings.integer("quorum");
  return quorum > 0 ? static_cast<std::uint32_t>(quorum)
                    : static_cast<std::uint32_t>(environment.redis.size() / 2 + 1);
}

}  // namespace

Redlock::Redlock(const Environment& environment, const Settings& settings, Symbol resource)
    : Lock(environment, resource,
           {.ttl = settings.duration("ttl"),
            .quorum = quorum_of(environment, settings),
            .of = static_cast<std::uint32_t>(environment.redis.size())}),
      key_(lock_key(environment.self, resource)),
      quorum_(quorum_of(environment, settings)),
      ttl_(settings.duration("ttl")),
      send_(settings.choice<Send>("send")),
      early_return_(settings.flag("early_return")),
      hangs_undecided_(settings.flag("hangs_undecided")),
      clock_(settings.choice<ClockKind>("clock")),
      elapsed_since_(settings.choice<Per>("elapsed_since")),
      drift_permille_(settings.integer("drift_permille")),
      drift_const_(settings.duration("drift_const")),
      accept_(settings.choice<Accept>("accept")),
      raise_on_node_error_(settings.flag("raise_on_node_error")),
      expire_after_(settings.flag("expire_after_acquire")),
      between_tries_(settings.choice<Unlock>("between_tries")),
      on_failure_(settings.choice<Unlock>("release_on_failure")),
      shared_value_(settings.flag("shared_value")),
      value_scope_(settings.choice<Per>("value_scope")),
      acquire_script_(settings.choice<AcquireScript>("acquire_script")),
      retry_count_(settings.integer("retry_count")),
      retry_delay_(settings.duration("retry_delay")),
      retry_jitter_(settings.duration("retry_jitter")),
      jitter_both_ways_(settings.flag("jitter_both_ways")),
      extend_accept_(settings.choice<ExtendAccept>("extend_accept")),
      extend_missing_(settings.choice<ExtendMissing>("extend_missing")),
      max_extensions_(settings.integer("max_extensions")),
      extend_checks_deadline_(settings.flag("extend_checks_deadline")),
      retry_extension_(settings.flag("retry_extension")),
      unlock_on_failed_extension_(settings.flag("unlock_on_failed_extension")),
      release_needs_quorum_(settings.flag("release_needs_quorum")) {
  if (acquire_script_ == AcquireScript::set_nx_incr)
    counter_key_ = token_key(environment.self, resource);
  LOCKLAB_ASSERT(!environment.redis.empty() && environment.redis.size() < 64);
  auto* clients = static_cast<redis::Client*>(
      environment.arena().take(environment.redis.size() * sizeof(redis::Client)));
  for (std::size_t i = 0; i < environment.redis.size(); ++i) {
    new (clients + i) redis::Client(environment.redis[i]);
    clients[i].set_options(call_options(settings));
  }
  redis_ = {clients, environment.redis.size()};
}

Lock* make_redlock(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(Redlock));
  return new (block) Redlock(environment, settings, resource);
}

}  // namespace locklab
