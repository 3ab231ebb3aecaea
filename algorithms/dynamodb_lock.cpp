#include "algorithms/dynamodb_lock.hpp"

#include "sim/world.hpp"

namespace locklab {

using dynamodb::Condition;
using dynamodb::Operation;
using dynamodb::Reply;
using dynamodb::Request;
using dynamodb::Status;

// ---- acquireLock --------------------------------------------------------------------------------

Task<Lock::Acquired> DynamoDbLock::try_acquire(AttemptId attempt) {
  const Start began = start();
  Duration patience = additional_wait_;
  bool waited_for_lease = false;
  if (!remembers_) observed_ = {};  // before 1.4 each call looked with fresh eyes [#44, #93]
  for (;;) {
    const auto item = co_await ask(request(Operation::get, Condition::none, attempt));
    if (!item) co_return Refusal{item.error()};
    Condition condition = Condition::not_exists;
    bool may_take = item->status == Status::not_found;
    if (item->status == Status::ok && item->released) {
      condition = Condition::released;
      may_take = true;
    } else if (item->status == Status::ok) {
      condition = Condition::same_version;
      may_take = expired(*item);
      if (!waited_for_lease) patience += std::chrono::milliseconds(item->lease_ms);
      waited_for_lease = true;
    }
    if (may_take) {
      Lease lease = this->lease(attempt, owner_);
      lease.start = start();  // the lease counts from before the put
      Request put = request(Operation::put, condition, attempt);
      put.expected = item->version;
      put.version = new_value();
      const auto reply = co_await ask(put);
      if (!reply) co_return Refusal{reply.error()};
      if (reply->status == Status::ok) co_return granted(lease, put, *reply);
    }
    if (skips_wait_) co_return Refusal{Errc::not_acquired};  // LockCurrentlyUnavailableException
    if (began.elapsed(self(), ClockKind::mono) > patience) co_return Refusal{Errc::not_acquired};
    co_await self().sleep(refresh_);
  }
}

bool DynamoDbLock::expired(const Reply& item) {
  if (observed_.version != item.version)
    observed_ = {item.version, start(), std::chrono::milliseconds(item.lease_ms)};
  return observed_.seen.elapsed(self(), ClockKind::mono) > observed_.lease;
}

Lease DynamoDbLock::granted(Lease lease, const Request& put, const Reply& reply) {
  lease.promised = lease_;
  if (token_ == Token::rvn) lease.token = FencingToken{put.version.low};
  if (token_ == Token::counter) lease.token = reply.grants;
  observed_ = {};
  held_ = lease;
  version_ = put.version;
  heartbeat_task_ = self().spawn("heartbeats", heartbeats(lease.attempt));
  if (danger_zone_ > Duration{0})
    danger_task_ = self().spawn("session monitor", watch_danger_zone(lease.attempt));
  return lease;
}

/// As the AWS SDK calls: without an answer in time the same request goes out again.
Task<Result<Reply>> DynamoDbLock::ask(Request request) {
  Result<Reply> reply = co_await table_.call(request, timeout_);
  for (std::int64_t retry = 0; !reply && retry < retries_; ++retry)
    reply = co_await table_.call(request, timeout_);
  co_return reply;
}

// ---- heartbeats, release ------------------------------------------------------------------------

Task<> DynamoDbLock::heartbeats(AttemptId attempt) {
  while (held_.attempt == attempt) {
    co_await self().sleep(heartbeat_);
    if (held_.attempt != attempt) break;
    const bool goes_on = co_await heartbeat();
    if (!goes_on) break;
  }
}

/// False: the lock is ours no longer.
Task<bool> DynamoDbLock::heartbeat() {
  if (remaining() < Duration{0}) {
    drop();
    co_return false;
  }
  const AttemptId attempt = held_.attempt;
  const Start before = start();
  Request update = request(Operation::update, Condition::same_holder, attempt);
  update.expected = version_;
  update.version = new_value();
  const auto reply = co_await ask(update);
  if (held_.attempt != attempt) co_return false;  // given back meanwhile
  if (!reply) co_return true;                     // logged; the next one may do better
  bool applied = reply->status == Status::ok;
  if (reply->status == Status::condition_failed) {
    if (reads_back_) {  // was it our own heartbeat, sent twice?
      const auto item = co_await ask(request(Operation::get, Condition::none, attempt));
      applied = item && item->owner == owner_ && item->version == update.version;
    }
    if (held_.attempt != attempt) co_return false;
    if (!applied) {
      drop();
      co_return false;
    }
  }
  if (applied) version_ = update.version;
  if (!applied && !holds_on_503_) co_return true;
  held_.start = before;  // held through a 503: in this process's eyes alone
  prolong(held_);
  co_return true;
}

void DynamoDbLock::drop() {
  const AttemptId attempt = held_.attempt;
  held_ = Lease{};
  beliefs().end(attempt, BeliefEnd::told);  // isExpired() says so from now on
}

Duration DynamoDbLock::remaining() const {
  return lease_ - held_.start.elapsed(self(), ClockKind::mono);
}

/// The session monitor: its callback comes when less than the safe time is left.
Task<> DynamoDbLock::watch_danger_zone(AttemptId attempt) {
  while (held_.attempt == attempt && remaining() > danger_zone_)
    co_await self().sleep(remaining() - danger_zone_);
  if (held_.attempt == attempt) beliefs().end(attempt, BeliefEnd::told);
}

Task<Lock::Released> DynamoDbLock::try_release(const Lease& lease) {
  if (held_.attempt != lease.attempt) co_return Released{0, Errc::lost};
  held_ = Lease{};
  self().cancel(heartbeat_task_);
  self().cancel(danger_task_);
  Request release = request(deletes_ ? Operation::erase : Operation::update, Condition::same_holder,
                            lease.attempt);
  release.expected = version_;
  release.released = true;
  const auto reply = co_await ask(release);
  if (!reply) co_return Released{0, reply.error()};
  if (reply->status != Status::ok) co_return Released{0, Errc::lost};
  co_return Released{1};
}

/// sendHeartbeat() by hand. Its length is the lock's own, whatever is asked for.
Task<Lock::Extended> DynamoDbLock::try_extend(const Lease& lease, Duration) {
  if (held_.attempt != lease.attempt) co_return Refusal{Errc::lost};
  const bool goes_on = co_await heartbeat();
  if (!goes_on) co_return Refusal{Errc::lost};
  Extension extension;
  extension.start = held_.start;
  extension.promised = lease_;
  co_return extension;
}

}  // namespace locklab
