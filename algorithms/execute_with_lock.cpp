#include "algorithms/execute_with_lock.hpp"

#include <limits>

#include "sim/process.hpp"
#include "sim/world.hpp"

namespace locklab {

namespace {

/// System.currentTimeMillis(), or the monotonic counterpart of it.
std::int64_t now_ms(const Process& self, ClockKind clock) {
  return clock == ClockKind::wall ? whole_ms(self.wall_now()) : whole_ms(self.mono_now());
}

std::int64_t deadline_ms(const Process& self, const Waiting& waiting) {
  if (waiting.timeout == kForever) return std::numeric_limits<std::int64_t>::max();
  return now_ms(self, waiting.clock) +
         std::chrono::floor<std::chrono::milliseconds>(waiting.timeout).count();
}

bool told_no(Errc why) { return why == Errc::not_acquired || why == Errc::no_validity; }

}  // namespace

// Model: the document draws one value for all tries of a wait, where the lock here has its own
// value_scope. SET NX tells the two apart in nothing: it refuses any value that is there, ours
// included.
Task<Result<Lease>> acquire_until(Lock& lock, Waiting waiting) {
  Process& self = lock.self();
  World& world = self.world();
  const IfRefused if_refused =
      waiting.on_error == Waiting::OnError::fail_open ? IfRefused::fail_open : IfRefused::stop;
  world.emit(self.id(), LockWaitBegan{lock.resource(), waiting.timeout != kForever});

  const std::int64_t deadline = deadline_ms(self, waiting);
  Result<Lease> lease = Errc::not_acquired;
  std::uint32_t tries = 0;
  while (now_ms(self, waiting.clock) < deadline) {
    ++tries;
    lease = co_await lock.acquire(if_refused);
    if (lease) break;
    if (!told_no(lease.error()) && waiting.on_error == Waiting::OnError::escape) break;

    Duration jitter{};
    if (waiting.poll_jitter > Duration{0})
      jitter = self.rng().between(Duration{0}, waiting.poll_jitter);
    co_await self.sleep(waiting.poll + jitter);
  }

  const bool granted = lease && lease->votes > 0;
  world.emit(self.id(), LockWaitEnded{lock.resource(), granted, tries});
  co_return lease;
}

Task<Result<void>> execute_with_lock(Lock& lock, CriticalSection& section, Waiting waiting) {
  const Result<Lease> granted = co_await acquire_until(lock, waiting);
  if (!granted) co_return granted.error();  // LockException
  const Lease lease = *granted;

  co_await section.run(lease);

  // finally: whatever it says, the document does not look.
  static_cast<void>(co_await lock.release(lease));
  co_return Result<void>();
}

}  // namespace locklab
