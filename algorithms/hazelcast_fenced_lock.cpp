#include "algorithms/hazelcast_fenced_lock.hpp"

#include <array>
#include <new>
#include <utility>

#include "sim/world.hpp"

namespace locklab {

using hazelcast::Operation;
using hazelcast::Request;
using hazelcast::Status;

// ---- FencedLockProxy ----------------------------------------------------------------------------

Task<Lock::Acquired> HazelcastFencedLock::try_acquire(AttemptId attempt) {
  Request lock;
  for (;;) {
    const Errc opened = co_await acquire_session();
    if (opened != Errc::none) co_return Refusal{opened};
    // verifyLockedSessionIdIfPresent: it held the lock under a session that has died since.
    if (locked_session_ != 0 && locked_session_ != session_) {
      locked_session_ = 0;
      co_return Refusal{Errc::lost};  // LockOwnershipLostException
    }
    lock = request(Operation::lock, attempt);
    lock.wait = wait_ == Wait::queue;
    // Sent again under the same id until it is answered.
    const auto reply =
        co_await hazelcast_.ask(lock, lock.wait ? Duration{0} : try_timeout_, again_);
    if (!reply) co_return Refusal{reply.error()};
    if (reply->status == Status::session_expired) {  // invalidateSession, and begin anew
      session_ = 0;
      continue;
    }
    if (reply->status != Status::ok) co_return Refusal{Errc::not_acquired};

    locked_session_ = session_;
    Lease lease = this->lease(attempt, Value::integer(static_cast<std::int64_t>(session_)));
    if (subsystem_ == Subsystem::cp) {
      lease.token = FencingToken{reply->fence};
      lease.start = renewed_;
      lease.promised = session_ttl_;
    } else {
      lease.start = start();
    }
    held_ = lease;
    co_return lease;
  }
}

Task<Lock::Released> HazelcastFencedLock::try_release(const Lease& lease) {
  held_ = Lease{};
  const std::uint64_t locked = std::exchange(locked_session_, 0);
  if (subsystem_ == Subsystem::cp && (locked == 0 || locked != session_))
    co_return Released{0, Errc::lost};  // LockOwnershipLostException, without a call
  const auto reply =
      co_await hazelcast_.ask(request(Operation::unlock, lease.attempt), Duration{0}, again_);
  if (!reply) co_return Released{0, reply.error()};
  if (reply->status == Status::session_expired) session_ = 0;
  if (reply->status != Status::ok) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Task<Lock::Extended> HazelcastFencedLock::try_extend(const Lease&, Duration) {
  co_return Refusal{Errc::invalid};  // the session's heartbeats do that
}

// ---- ProxySessionManager ------------------------------------------------------------------------

Task<Errc> HazelcastFencedLock::acquire_session() {
  if (subsystem_ == Subsystem::ap || session_ != 0) co_return Errc::none;
  Request create = request(Operation::create_session);
  create.session = hazelcast_.new_id();
  const Start asked = start();
  const auto created = co_await hazelcast_.ask(create, Duration{0}, again_);
  if (!created) co_return created.error();
  session_ = create.session;
  renewed_ = asked;
  self().spawn("session heartbeats", send_heartbeats(session_));
  co_return Errc::none;
}

Task<> HazelcastFencedLock::send_heartbeats(std::uint64_t session) {
  while (session_ == session) {
    co_await self().sleep(heartbeat_);
    if (session_ != session) co_return;
    const Start asked = start();
    const auto reply = co_await hazelcast_.ask(request(Operation::heartbeat), heartbeat_);
    if (session_ != session) co_return;
    if (!reply) continue;
    if (reply->status == Status::session_expired) {
      session_ = 0;  // whoever holds the lock learns it at its next call
      co_return;
    }
    renewed_ = asked;
    if (!held_.attempt) continue;
    held_.start = asked;
    prolong(held_);
  }
}

Request HazelcastFencedLock::request(Operation operation, AttemptId attempt) const {
  Request request;
  request.operation = operation;
  request.key = key_;
  request.attempt = attempt;
  request.client = self().id();
  request.session = session_;
  request.thread = 1;
  request.invocation = hazelcast_.new_id();
  return request;
}

// ---- how it is built ----------------------------------------------------------------------------

namespace {

constexpr std::array<std::string_view, 2> kSubsystems{"cp", "ap"};
constexpr std::array<std::string_view, 2> kWaits{"queue", "try_lock"};

constexpr std::array kParameters{
    Parameter{"subsystem", Parameter::Type::choice, "cp",
              "a lock of the CP subsystem, or that of 3.x, which is in no log", kSubsystems},
    Parameter{"session_ttl", Parameter::Type::duration, "300s",
              "session-time-to-live-seconds: a session that is silent for so long is dead; the "
              "servers' number, of which the client was told"},
    Parameter{"session_heartbeat", Parameter::Type::duration, "5s",
              "session-heartbeat-interval-seconds"},
    Parameter{"wait", Parameter::Type::choice, "queue",
              "lock waits in line, tryLock gives up if the lock is taken", kWaits},
    Parameter{"try_timeout", Parameter::Type::duration, "120s",
              "longest wait for the answer to a tryLock (hazelcast.client.invocation.timeout)"},
    Parameter{"heartbeat_timeout", Parameter::Type::duration, "60s",
              "a member that is silent for so long is given up, and what it was asked is asked "
              "again, elsewhere and under the same id (hazelcast.client.heartbeat.timeout)"},
};
constexpr std::array<PresetValue, 0> kCp{};
constexpr std::array k3x{PresetValue{"subsystem", "ap"}};
constexpr std::array kPresets{
    Preset{"cp", "FencedLock of the CP subsystem", kCp},
    Preset{"3.x", "the lock before it: both sides of a parted network grant", k3x},
};

}  // namespace

const std::span<const Parameter> kHazelcastFencedLockParameters = kParameters;
const std::span<const Preset> kHazelcastFencedLockPresets = kPresets;

HazelcastFencedLock::HazelcastFencedLock(const Environment& environment, const Settings& settings,
                                         Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("session_ttl"), .fifo = true}),
      hazelcast_(*environment.hazelcast),
      key_(resource),
      session_ttl_(settings.duration("session_ttl")),
      heartbeat_(settings.duration("session_heartbeat")),
      try_timeout_(settings.duration("try_timeout")),
      again_(settings.duration("heartbeat_timeout")),
      subsystem_(settings.choice<Subsystem>("subsystem")),
      wait_(settings.choice<Wait>("wait")) {}

Lock* make_hazelcast_fenced_lock(const Environment& environment, const Settings& settings,
                                 Symbol resource) {
  void* block = environment.arena().take(sizeof(HazelcastFencedLock));
  return new (block) HazelcastFencedLock(environment, settings, resource);
}

}  // namespace locklab
