#include "algorithms/redisson_lock.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab {

using redis::Command;
using redis::Reply;
using redis::ReplyKind;
using redis::Request;

// ---- lock(), tryLock(), tryLock(waitTime) -------------------------------------------------------

Task<Lock::Acquired> RedissonLock::try_acquire(AttemptId attempt) {
  Lease lease = this->lease(attempt, owner_);
  lease.start = start();
  lease.promised = margin_.promised(ttl_);
  if (interrupt_after_ > Duration{0}) co_return co_await try_until_interrupted(lease);
  if (waits()) co_return co_await wait_for_word(lease);
  const Answer answer = co_await ask(lease);
  if (answer.error != Errc::none) co_return Refusal{answer.error};
  if (!answer.taken) co_return Refusal{Errc::not_acquired};
  co_return granted(lease, answer);
}

Task<Lock::Acquired> RedissonLock::wait_for_word(Lease lease) {
  const WallInstant deadline =  // System.currentTimeMillis()
      method_ == Method::lock ? WallInstant::max() : self().wall_now() + wait_;
  Answer answer = co_await ask(lease);
  if (!answer.taken && answer.error == Errc::none) {
    redis::Listener listener(*env_.redis_session, redis_, channel_,
                             kind_ == Kind::fair ? owner_ : Value{});
    Request subscription = request(Command::subscribe, lease.attempt);
    subscription.key = channel_;
    subscription.value = kind_ == Kind::fair ? owner_ : Value{};
    const auto subscribed = co_await redis_.call(subscription);
    if (!subscribed) answer.error = subscribed.error();

    while (answer.error == Errc::none && self().wall_now() < deadline) {
      lease.start = start();
      answer = co_await ask(lease);
      if (answer.error != Errc::none || answer.taken) break;
      // Until somebody says that the lock is free, it must have expired, or our time is up.
      Duration patience = deadline - self().wall_now();
      if (answer.ttl_ms >= 0)
        patience = std::min<Duration>(patience, std::chrono::milliseconds(answer.ttl_ms));
      if (patience > Duration{0}) co_await listener.heard().wait(patience);
    }
    subscription.command = Command::unsubscribe;
    if (listener.alone()) redis_.post(subscription);
  }
  if (answer.error == Errc::none && answer.taken) co_return granted(lease, answer);
  if (kind_ == Kind::fair) {
    Request leave = request(Command::redisson_fair_leave, lease.attempt);
    leave.wait_ms = place_kept_ / 1ms;
    static_cast<void>(co_await redis_.call(leave));
  }
  co_return Refusal{answer.error != Errc::none ? answer.error : Errc::not_acquired};
}

/// The script. Where there are replicas, one of them at least has to have it before it counts.
Task<RedissonLock::Answer> RedissonLock::ask(Lease lease) {
  if (check_synced_ && !env_.redis_session->single()) {
    const auto info = co_await redis_.call(request(Command::info_replication, lease.attempt));
    if (!info) co_return Answer{info.error()};
    if (info->number > 0) co_return co_await ask_and_sync(lease, info->number);
  }
  const auto reply = co_await redis_.call(acquire_request(lease.attempt));
  co_return understood(reply);
}

/// RBatch with syncSlaves: the script and WAIT, one behind the other on one connection.
Task<RedissonLock::Answer> RedissonLock::ask_and_sync(Lease lease, std::int64_t replicas) {
  CallGroup<Reply> batch(self());
  const Call<Reply>& script = batch.start(redis_.call(acquire_request(lease.attempt)));
  Request wait = request(Command::wait, lease.attempt);
  wait.wait_ms = replicas;
  wait.ttl_ms = sync_timeout_ / 1ms;
  const Call<Reply>& sync = batch.start(redis_.call(wait));
  while (co_await batch.next() != nullptr) {
  }
  const Answer answer = understood(script.result());
  if (answer.error != Errc::none || !answer.taken) co_return answer;
  const auto synced = sync.result();
  if (!synced) co_return Answer{synced.error()};
  const std::int64_t wanted = synced_ == Synced::all ? replicas : 1;
  // IllegalStateException("None of slaves were synced"). The key stays where it is.
  if (synced->number < wanted) co_return Answer{Errc::timeout};
  co_return answer;
}

RedissonLock::Answer RedissonLock::understood(const Result<Reply>& reply) const {
  if (!reply) return {reply.error(), false, 0, {}};
  if (reply->kind == ReplyKind::error) return {Errc::invalid, false, 0, {}};
  const bool taken = kind_ == Kind::fenced ? bool{reply->token} : reply->kind == ReplyKind::nil;
  return {Errc::none, taken, taken ? 0 : reply->number, reply->token};
}

Lease RedissonLock::granted(Lease lease, const Answer& answer) {
  lease.token = answer.token;
  held_.push_back(lease);
  renewed_for_ = lease.attempt;
  if (renews_) watchdog().add(*this);  // scheduleExpirationRenewal
  return lease;
}

// ---- a try whose thread is interrupted [#7272] --------------------------------------------------

Task<Lock::Acquired> RedissonLock::try_until_interrupted(Lease lease) {
  interrupted_ = false;
  self().spawn("acquire", ask_for_nobody(lease));
  // Not in the condition itself: GCC 12 loses an awaited object with a destructor there.
  const bool answered = co_await answered_.wait(interrupt_after_);
  if (answered) {
    if (late_answer_.error != Errc::none) co_return Refusal{late_answer_.error};
    if (!late_answer_.taken) co_return Refusal{Errc::not_acquired};
    co_return granted(lease, late_answer_);
  }
  interrupted_ = true;
  watchdog().remove(key_);             // cancelExpirationRenewal finds nothing to cancel yet
  co_return Refusal{Errc::cancelled};  // InterruptedException
}

Task<> RedissonLock::ask_for_nobody(Lease lease) {
  late_answer_ = co_await ask(lease);
  if (!interrupted_) {
    answered_.set();
    co_return;
  }
  if (late_answer_.error != Errc::none || !late_answer_.taken) co_return;
  if (cleans_up_)
    static_cast<void>(co_await redis_.call(unlock_request(lease.attempt)));
  else if (renews_) {
    renewed_for_ = lease.attempt;
    watchdog().add(*this);  // the callback of an answer that nobody waits for any more
  }
}

// ---- unlock(), and renewal ----------------------------------------------------------------------

Task<Lock::Released> RedissonLock::try_release(const Lease& lease) {
  const Request unlock = unlock_request(lease.attempt);
  auto reply = co_await redis_.call(unlock);
  for (std::int64_t retry = 0; !reply && retry < retries_; ++retry) {  // with the same latch
    co_await self().sleep(retry_interval_);
    reply = co_await redis_.call(unlock);
  }
  if (renews_) watchdog().remove(key_);
  std::erase_if(held_, [&lease](const Lease& held) { return held.attempt == lease.attempt; });
  if (!reply) co_return Released{0, reply.error()};
  Request forget = request(Command::del, AttemptId{});
  forget.key = unlock.more_keys[2];
  redis_.post(forget);
  if (reply->kind == ReplyKind::nil) co_return Released{0, Errc::lost};  // not locked by us
  if (reply->kind == ReplyKind::error) co_return Released{0, Errc::invalid};
  co_return Released{reply->number > 0 ? 1u : 0u};
}

/// RLock.expire(): the application prolongs it by itself.
Task<Lock::Extended> RedissonLock::try_extend(const Lease& lease, Duration to) {
  Extension extension;
  extension.start = start();
  Request renew = request(Command::redisson_renew, lease.attempt);
  renew.ttl_ms = std::chrono::floor<std::chrono::milliseconds>(to).count();
  const auto reply = co_await redis_.call(renew);
  if (!reply) co_return Refusal{reply.error()};
  if (!*reply) co_return Refusal{Errc::lost};
  extension.promised = margin_.promised(to);
  co_return extension;
}

Call<Reply> RedissonLock::renewal() {
  return redis_.call(request(Command::redisson_renew, renewed_for_));
}

void RedissonLock::renewed() {
  for (Lease& lease : held_) {
    lease.start = renewal_asked_;
    lease.promised = margin_.promised(ttl_);
    prolong(lease);
  }
}

}  // namespace locklab
