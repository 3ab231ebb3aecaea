#include "algorithms/several_locks.hpp"

#include <algorithm>

#include "sim/names.hpp"
#include "sim/process.hpp"
#include "sim/world.hpp"

namespace locklab {
namespace {

bool told_no(Errc why) { return why == Errc::not_acquired || why == Errc::no_validity; }

}  // namespace

LockSet::LockSet(std::span<Lock* const> locks, const SeveralLocks& policy)
    : self_(locks.front()->self()),
      policy_(policy),
      locks_(locks.begin(), locks.end(), &self_.arena()),
      held_(&self_.arena()) {
  const Names& names = self_.world().names();
  if (policy_.order == SeveralLocks::Order::global)
    std::sort(locks_.begin(), locks_.end(), [&names](const Lock* a, const Lock* b) {
      return names.text(a->resource()) < names.text(b->resource());
    });
}

Task<Result<void>> LockSet::acquire() {
  for (std::int64_t tries_left = policy_.tries;; --tries_left) {
    const Result<void> taken = co_await acquire_each();
    if (taken) co_return taken;

    const bool tries_again =
        policy_.wait == SeveralLocks::Wait::try_all && told_no(taken.error()) && tries_left != 1;
    if (tries_again || policy_.release_in_finally)
      while (!held_.empty()) co_await release_last();
    if (!tries_again) co_return taken;

    Duration jitter{};
    if (policy_.back_off_jitter > Duration{0})
      jitter = self_.rng().between(Duration{0}, policy_.back_off_jitter);
    co_await self_.sleep(policy_.back_off + jitter);
  }
}

/// One after the other, until one is refused.
Task<Result<void>> LockSet::acquire_each() {
  for (Lock* lock : locks_) {
    Result<Lease> lease = Errc::not_acquired;
    if (policy_.wait == SeveralLocks::Wait::blocking)
      lease = co_await acquire_until(*lock, policy_.waiting);
    else
      lease = co_await try_once(*lock);
    if (!lease) co_return lease.error();
    held_.push_back({lock, *lease});
  }
  co_return Result<void>();
}

/// One try, and what the trace says of a wait around it.
Task<Result<Lease>> LockSet::try_once(Lock& lock) {
  World& world = self_.world();
  world.emit(self_.id(), LockWaitBegan{lock.resource(), true});
  const Result<Lease> lease = co_await lock.acquire();
  world.emit(self_.id(), LockWaitEnded{lock.resource(), lease.has_value(), 1});
  co_return lease;
}

Task<> LockSet::release_last() {
  const Held last = held_.back();
  held_.pop_back();
  static_cast<void>(co_await last.lock->release(last.lease));
}

}  // namespace locklab
