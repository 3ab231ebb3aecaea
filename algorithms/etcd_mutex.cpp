#include "algorithms/etcd_mutex.hpp"

#include <algorithm>
#include <new>

#include "sim/world.hpp"

namespace locklab {

using etcd::Operation;
using etcd::Request;
using etcd::Status;

// ---- Mutex.Lock ---------------------------------------------------------------------------------

Task<Lock::Acquired> EtcdMutex::try_acquire(AttemptId attempt) {
  if (!session_.is_open()) {  // concurrency.NewSession(client, WithTTL(...))
    const Result<void> opened = co_await session_.open(ttl_, request_timeout_);
    if (!opened) co_return Refusal{opened.error()};
    name_key();
  }
  const MonoInstant deadline = self().mono_now() + acquire_timeout_;

  // tryAcquire: put my key unless it is there, and learn who is first.
  Request put;
  put.operation = Operation::put_if_absent;
  put.prefix = prefix_;
  put.key = my_key_;
  put.lease = session_.lease();
  put.attempt = attempt;
  put.client = self().id();
  const auto mine = co_await etcd_.ask(put, request_timeout_);
  if (!mine) co_return Refusal{mine.error()};
  if (mine->status == Status::not_found) co_return Refusal{Errc::lost};  // the lease is gone
  const std::uint64_t my_revision = mine->created;

  if (mine->first_created != my_revision) {
    if (wait_ == Wait::try_lock) co_return co_await give_up(attempt, Errc::not_acquired);
    const Errc waited = co_await wait_deletes(my_revision - 1, deadline);
    if (waited != Errc::none) co_return co_await give_up(attempt, waited);
    if (recheck_) {  // is the session's key still there? [etcd #11456]
      Request get;
      get.operation = Operation::get;
      get.key = my_key_;
      const auto still = co_await etcd_.ask(get, request_timeout_);
      if (!still) co_return co_await give_up(attempt, still.error());
      if (still->status == Status::not_found) co_return Refusal{Errc::lost};  // ErrSessionExpired
    }
  }

  Lease lease = this->lease(attempt, Value::integer(static_cast<std::int64_t>(session_.lease())));
  lease.token = FencingToken{token_ == Token::create_revision ? my_revision : session_.lease()};
  lease.start = renewed_;
  lease.promised = session_.ttl();
  held_ = lease;
  co_return lease;
}

/// Until no key is left that was created up to that revision.
Task<Errc> EtcdMutex::wait_deletes(std::uint64_t max_create_revision, MonoInstant deadline) {
  for (;;) {
    Request last;
    last.operation = Operation::last_before;
    last.prefix = prefix_;
    last.revision = max_create_revision;
    const auto found = co_await etcd_.ask(last, request_timeout_);
    if (!found) co_return found.error();
    if (found->status == Status::not_found) co_return Errc::none;

    Request watch;
    watch.operation = Operation::watch_deletion;
    watch.key = found->key;
    watch.revision = found->revision + 1;
    // The library's watches outlive a connection: without an answer it asks another server.
    Result<etcd::Reply> deleted = Errc::timeout;
    while (!deleted) {
      if (acquire_timeout_ > Duration{0} && self().mono_now() >= deadline)
        co_return Errc::not_acquired;
      deleted = co_await etcd_.ask(watch, patience(deadline));
    }
  }
}

/// How long a watch may say nothing. Zero: for ever.
Duration EtcdMutex::patience(MonoInstant deadline) const {
  if (acquire_timeout_ == Duration{0}) return watch_timeout_;
  const Duration rest = deadline - self().mono_now();
  return watch_timeout_ == Duration{0} ? rest : std::min(rest, watch_timeout_);
}

Task<Lock::Refusal> EtcdMutex::give_up(AttemptId attempt, Errc why) {
  static_cast<void>(co_await delete_own_key(attempt));
  if (close_session_) static_cast<void>(co_await session_.close(request_timeout_));
  co_return Refusal{why};
}

// ---- Mutex.Unlock -------------------------------------------------------------------------------

Task<Result<etcd::Reply>> EtcdMutex::delete_own_key(AttemptId attempt) {
  Request erase;
  erase.operation = Operation::erase;
  erase.key = my_key_;
  erase.attempt = attempt;
  co_return co_await etcd_.ask(erase, request_timeout_);
}

Task<Lock::Released> EtcdMutex::try_release(const Lease& lease) {
  if (held_.attempt == lease.attempt) held_ = Lease{};
  const auto erased = co_await delete_own_key(lease.attempt);
  if (close_session_) static_cast<void>(co_await session_.close(request_timeout_));
  if (!erased) co_return Released{0, erased.error()};
  if (erased->status == Status::not_found) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Task<Lock::Extended> EtcdMutex::try_extend(const Lease&, Duration) {
  co_return Refusal{Errc::invalid};  // the session does that by itself
}

// ---- the session --------------------------------------------------------------------------------

void EtcdMutex::lease_asked() { asked_ = start(); }

/// What the lease promises counts from when its renewal was asked for: the server renewed it later.
void EtcdMutex::lease_renewed() {
  renewed_ = asked_;
  if (!held_.attempt) return;
  held_.start = renewed_;
  held_.promised = session_.ttl();
  prolong(held_);
}

void EtcdMutex::session_done() {
  const AttemptId attempt = held_.attempt;
  held_ = Lease{};
  if (attempt && on_done_ == SessionDone::told) beliefs().end(attempt, BeliefEnd::told);
}

void EtcdMutex::name_key() {
  Names& names = self().world().names();
  my_key_ = names.join(names.text(prefix_), HexText(session_.lease()).text());
}

// ---- how it is built ----------------------------------------------------------------------------

EtcdMutex::EtcdMutex(const Environment& environment, const Settings& settings, Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("ttl"), .fifo = true}),
      etcd_(*environment.etcd),
      session_(*environment.etcd, *this),
      ttl_(std::chrono::ceil<std::chrono::seconds>(settings.duration("ttl"))),
      acquire_timeout_(settings.duration("acquire_timeout")),
      request_timeout_(settings.duration("request_timeout")),
      watch_timeout_(settings.duration("watch_timeout")),
      token_(settings.choice<Token>("token")),
      wait_(settings.choice<Wait>("wait")),
      on_done_(settings.choice<SessionDone>("session_done")),
      recheck_(settings.flag("recheck")),
      close_session_(settings.flag("close_session")) {
  Names& names = self().world().names();
  prefix_ = names.join(names.text(resource), "/");
}

Lock* make_etcd_mutex(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(EtcdMutex));
  return new (block) EtcdMutex(environment, settings, resource);
}

}  // namespace locklab
