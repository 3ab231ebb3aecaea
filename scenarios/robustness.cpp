#include "scenarios/robustness.hpp"

#include <algorithm>

#include "sim/bits.hpp"

namespace locklab {

EventMask Robustness::events() {
  return events_of<LockGranted, LeaseExtended, LockRefused, LockAssumed, BeliefEnded, ReleaseBegan,
                   LockReleased, KeyRemoved, ExtensionFailed, WriteAccepted, WriteRejected,
                   ProcessRestarted, RoleChanged, SessionEnded, ConnectionStateChanged>();
}

Robustness::Grant* Robustness::find(AttemptId attempt) {
  // The newest first: most events are about it.
  const auto found = std::find_if(grants_.rbegin(), grants_.rend(), [attempt](const Grant& grant) {
    return grant.attempt == attempt;
  });
  return found == grants_.rend() ? nullptr : &*found;
}

void Robustness::observe(const TraceEvent& event) {
  // Which sorts of events came, by whom, and which had come before: two bits a sort and lane.
  const std::uint64_t sort = event.what.index() * 31 + event.process.number;
  const std::uint64_t bit = std::uint64_t{1} << (sort % 64);
  if ((seen_ & bit) == 0) {
    seen_ |= bit;
    shape_ = fold_multiply(shape_ ^ (sort + 1), 0x9E3779B97F4A7C15u);
  }

  if (const auto* granted = std::get_if<LockGranted>(&event.what)) {
    for (Grant& earlier : grants_)
      if (earlier.lock == granted->lock && earlier.process != event.process)
        earlier.protected_until = std::min(earlier.protected_until, event.at);
    grants_.push_back({granted->lock, granted->attempt, event.process, event.at,
                       granted->promise_until, event.at, true});
  } else if (const auto* extended = std::get_if<LeaseExtended>(&event.what)) {
    if (Grant* grant = find(extended->attempt)) grant->protected_until = extended->promise_until;
  } else if (const auto* written = std::get_if<WriteAccepted>(&event.what)) {
    if (Grant* grant = find(written->attempt)) grant->relied = std::max(grant->relied, event.at);
  } else if (const auto* ended = std::get_if<BeliefEnded>(&event.what)) {
    if (Grant* grant = find(ended->attempt); grant != nullptr && grant->relies) {
      grant->relies = false;
      grant->relied = std::max(grant->relied, event.at);
    }
  } else if (const auto* release = std::get_if<ReleaseBegan>(&event.what)) {
    if (Grant* grant = find(release->attempt); grant != nullptr && grant->relies) {
      grant->relies = false;
      grant->relied = std::max(grant->relied, event.at);
    }
  } else if (const auto* removed = std::get_if<KeyRemoved>(&event.what)) {
    const bool by_the_service =
        removed->why == RemovalReason::session || removed->why == RemovalReason::expired;
    Grant* grant = find(removed->attempt);
    if (grant != nullptr && by_the_service && grant->protected_until == kEndOfTime)
      grant->protected_until = event.at;
  }
}

std::optional<Robustness::Closest> Robustness::closest(Instant now) const {
  std::optional<Closest> closest;
  for (const Grant& grant : grants_) {
    if (grant.protected_until == kEndOfTime) continue;
    const Instant relied = grant.relies ? now : grant.relied;
    if (!closest || grant.protected_until - relied < closest->protected_until - closest->relied)
      closest = Closest{grant.lock, grant.process, grant.protected_until, relied};
  }
  return closest;
}

Duration Robustness::slack(Instant now) const {
  const std::optional<Closest> found = closest(now);
  return found ? found->protected_until - found->relied : Duration::max();
}

}  // namespace locklab
