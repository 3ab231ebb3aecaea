#include "algorithms/lock.hpp"

#include <algorithm>

#include "sim/assert.hpp"
#include "sim/world.hpp"

namespace locklab {

Start::Start(const Process& self)
    : at_(self.world().now()), wall_(self.wall_now()), mono_(self.mono_now()) {}

Duration Start::elapsed(const Process& self, ClockKind clock) const {
  return clock == ClockKind::wall ? self.wall_now() - wall_ : self.mono_now() - mono_;
}

// ---- beliefs ------------------------------------------------------------------------------------

Instant Beliefs::until(const Lease& lease) const {
  if (mode_ == Mode::naive || lease.promised == kForever) return kEndOfTime;
  const World& world = self_.world();
  const Duration left = lease.promised - lease.start.elapsed(self_, lease.clock);
  if (left <= Duration{0}) return world.now();
  const LocalClock& clock = world.clock(self_.machine());
  return lease.clock == ClockKind::wall ? clock.when(self_.wall_now() + left, world.now())
                                        : clock.when(self_.mono_now() + left, world.now());
}

void Beliefs::begin(const Lease& lease) {
  held_.push_back({lease.lock, lease.attempt, {}});
  watch_deadline(held_.back(), lease);
}

void Beliefs::prolong(const Lease& lease) {
  for (Held& held : held_)
    if (held.attempt == lease.attempt) watch_deadline(held, lease);
  if (listener_ != nullptr) listener_->prolonged(lease);
}

void Beliefs::watch_deadline(Held& held, const Lease& lease) {
  self_.world().loop().cancel(held.deadline);
  held.deadline = {};
  if (mode_ == Mode::naive || lease.promised == kForever) return;
  const Duration left = lease.promised - lease.start.elapsed(self_, lease.clock);
  held.deadline = self_.world().when_clock(
      self_.id(), lease.clock, std::max(left, Duration{0}),
      [](void* beliefs, std::uint64_t attempt) {
        static_cast<Beliefs*>(beliefs)->end(AttemptId{static_cast<std::uint32_t>(attempt)},
                                            BeliefEnd::deadline);
      },
      this, lease.attempt.number);
}

bool Beliefs::believes(AttemptId attempt) const {
  return std::any_of(held_.begin(), held_.end(),
                     [attempt](const Held& held) { return held.attempt == attempt; });
}

void Beliefs::end(AttemptId attempt, BeliefEnd why) {
  for (auto held = held_.begin(); held != held_.end(); ++held) {
    if (held->attempt != attempt) continue;
    const Held ended = *held;
    held_.erase(held);
    self_.world().loop().cancel(ended.deadline);
    self_.world().emit(self_.id(), BeliefEnded{ended.lock, ended.attempt, why});
    if (why == BeliefEnd::told && listener_ != nullptr) listener_->told(attempt);
    return;
  }
}

void Beliefs::end_all(BeliefEnd why) {
  while (!held_.empty()) end(held_.front().attempt, why);
}

// ---- the lock -----------------------------------------------------------------------------------

Lease Lock::lease(AttemptId attempt, const Value& owner) {
  Lease lease;
  lease.lock = resource_;
  lease.attempt = attempt;
  lease.owner = owner;
  last_try_ = lease;
  return lease;
}

Lease Lock::without_lock(AttemptId attempt) const {
  Lease lease;
  if (last_try_.attempt == attempt) lease.owner = last_try_.owner;
  lease.lock = resource_;
  lease.attempt = attempt;
  lease.votes = 0;
  lease.start = start();
  return lease;
}

namespace {

Instant promise_end(const Lease& lease) {
  const Instant start = lease.start.true_instant();
  return lease.promised >= kEndOfTime - start ? kEndOfTime : start + lease.promised;
}

}  // namespace

Task<Result<Lease>> Lock::acquire(IfRefused if_refused) {
  World& world = env_.self.world();
  const ProcessId id = env_.self.id();
  const AttemptId attempt{++*env_.attempts};
  world.emit(
      id, LockRequested{resource_, attempt, traits_.ttl, traits_.quorum, traits_.of, traits_.fifo});
  const Acquired acquired = co_await try_acquire(attempt);
  if (!acquired) {
    const Refusal& refusal = acquired.error();
    world.emit(id, LockRefused{resource_, attempt, refusal.why, refusal.votes, refusal.validity});
    const bool was_told_no = refusal.why == Errc::not_acquired || refusal.why == Errc::no_validity;
    if (if_refused == IfRefused::stop) co_return refusal.why;
    if (if_refused == IfRefused::fail_open && was_told_no) co_return refusal.why;
    const Lease unprotected = without_lock(attempt);
    world.emit(id, LockAssumed{resource_, attempt, refusal.why});
    env_.beliefs.begin(unprotected);
    co_return unprotected;
  }
  const Lease& lease = *acquired;
  world.emit(id, LockGranted{resource_, attempt, lease.token, lease.votes, lease.validity,
                             promise_end(lease), env_.beliefs.until(lease)});
  env_.beliefs.begin(lease);
  co_return lease;
}

Task<Result<void>> Lock::extend(Lease& lease, Duration to) {
  World& world = env_.self.world();
  const ProcessId id = env_.self.id();
  const Extended extended = co_await try_extend(lease, to);
  if (!extended) {
    const Refusal& refusal = extended.error();
    world.emit(id, ExtensionFailed{resource_, lease.attempt, refusal.why, refusal.votes});
    co_return refusal.why;
  }
  lease.start = extended->start;
  lease.promised = extended->promised;
  lease.validity = extended->validity;
  if (extended->token) lease.token = extended->token;
  ++lease.extensions;
  world.emit(id, LeaseExtended{resource_, lease.attempt, extended->votes, lease.validity,
                               promise_end(lease), env_.beliefs.until(lease)});
  env_.beliefs.prolong(lease);
  co_return Result<void>();
}

void Lock::prolong(const Lease& lease) {
  env_.self.world().emit(env_.self.id(),
                         LeaseExtended{resource_, lease.attempt, lease.votes, lease.validity,
                                       promise_end(lease), env_.beliefs.until(lease)});
  env_.beliefs.prolong(lease);
}

Task<Result<void>> Lock::release(const Lease& lease) {
  World& world = env_.self.world();
  const ProcessId id = env_.self.id();
  const AttemptId attempt = lease.attempt;
  world.emit(id, ReleaseBegan{resource_, attempt});
  const Released released = co_await try_release(lease);
  world.emit(id, LockReleased{resource_, attempt, released.votes, released.outcome});
  env_.beliefs.end(attempt, BeliefEnd::released);
  if (released.outcome != Errc::none) co_return released.outcome;
  co_return Result<void>();
}

}  // namespace locklab
