#include "invariants/lock_book.hpp"

#include <algorithm>

namespace locklab {

void LockBook::observe(const TraceEvent& event) {
  std::visit(
      [&](const auto& payload) {
        if constexpr (requires { this->on(event, payload); }) this->on(event, payload);
      },
      event.what);
}

// ---- looking up ---------------------------------------------------------------------------------

const LockBook::LockState* LockBook::find_lock(Symbol name) const {
  for (const LockState& lock : locks_)
    if (lock.name == name) return &lock;
  return nullptr;
}

LockBook::LockNumber LockBook::number_of(Symbol name, Instant now) {
  if (const LockState* lock = find_lock(name)) return number_of(*lock);
  locks_.emplace_back(name, now, memory_);
  return static_cast<LockNumber>(locks_.size() - 1);
}

const LockBook::Attempt* LockBook::search(AttemptId id) const {
  const auto place = std::ranges::lower_bound(attempts_, id, {}, &Attempt::id);
  return place != attempts_.end() && place->id == id ? &*place : nullptr;
}

LockBook::Attempt& LockBook::known(AttemptId id, const TraceEvent& event, Symbol lock) {
  if (Attempt* attempt = find(id)) return *attempt;
  Attempt attempt;
  attempt.id = id;
  attempt.process = event.process;
  attempt.lock = number_of(lock, event.at);
  attempt.requested = event.seq;
  attempt.requested_at = event.at;
  const auto place = std::ranges::lower_bound(attempts_, id, {}, &Attempt::id);
  return *attempts_.insert(place, attempt);
}

ProcessId LockBook::process_of(AttemptId id) const {
  const Attempt* attempt = find(id);
  return attempt != nullptr ? attempt->process : ProcessId{};
}

const LockBook::Wait* LockBook::find_wait(ProcessId process, LockNumber lock) const {
  for (const Wait& wait : waits_)
    if (wait.process == process && wait.lock == lock) return &wait;
  return nullptr;
}

bool LockBook::asleep(ProcessId process) const {
  return process.number < processes_.size() && processes_[process.number].asleep;
}

LockBook::ProcessState& LockBook::state(ProcessId process) {
  if (process.number >= processes_.size()) processes_.resize(std::size_t{process.number} + 1);
  return processes_[process.number];
}

// ---- waiting, trying, believing, releasing ------------------------------------------------------

void LockBook::on(const TraceEvent& event, const LockWaitBegan& wait) {
  waits_.push_back(
      {event.process, number_of(wait.lock, event.at), event.at, event.seq, wait.bounded, false});
}

void LockBook::on(const TraceEvent& event, const LockWaitEnded& ended) {
  const LockState* lock = find_lock(ended.lock);
  if (lock == nullptr) return;
  const auto wait = std::ranges::find_if(waits_, [&](const Wait& open) {
    return open.process == event.process && open.lock == number_of(*lock);
  });
  if (wait != waits_.end()) waits_.erase(wait);
}

void LockBook::on(const TraceEvent& event, const LockRequested& request) {
  Attempt& attempt = known(request.attempt, event, request.lock);
  attempt.quorum = request.quorum;
  attempt.trying = true;
  LockState& lock = locks_[attempt.lock];
  lock.longest_ttl = std::max(lock.longest_ttl, request.ttl);
  lock.quorum = request.quorum;
  lock.of = request.of;
  lock.fifo = lock.fifo || request.fifo;
}

void LockBook::on(const TraceEvent&, const LockRefused& refusal) {
  if (Attempt* attempt = find(refusal.attempt)) attempt->trying = false;
}

void LockBook::on(const TraceEvent& event, const LockGranted& grant) {
  Attempt& attempt = known(grant.attempt, event, grant.lock);
  attempt.trying = false;
  attempt.granted = event.seq;
  attempt.granted_at = event.at;
  attempt.token = grant.token;
  if (!attempt.order) attempt.order = event.seq;
  // It may be over before the client hears of it: its session ended in between.
  const bool over = grant.promise_until == kEndOfTime && attempt.ended_by_service;
  promise(attempt, event.at, over ? event.at : grant.promise_until);
  believe(attempt, event);
}

// It believes, on nobody's word: no promise, and no place in the service's order.
void LockBook::on(const TraceEvent& event, const LockAssumed& assumption) {
  Attempt& attempt = known(assumption.attempt, event, assumption.lock);
  attempt.trying = false;
  believe(attempt, event);
}

void LockBook::on(const TraceEvent& event, const LeaseExtended& extension) {
  Attempt* attempt = find(extension.attempt);
  // A renewal that is answered after the release began promises nothing.
  if (attempt == nullptr || !attempt->granted || attempt->release_began) return;
  promise(*attempt, event.at, extension.promise_until);
}

void LockBook::on(const TraceEvent& event, const BeliefEnded& end) {
  if (Attempt* attempt = find(end.attempt)) end_belief(*attempt, event.at);
}

void LockBook::on(const TraceEvent& event, const ReleaseBegan& release) {
  Attempt* attempt = find(release.attempt);
  if (attempt == nullptr) return;
  attempt->releasing = true;
  attempt->release_began = true;
  attempt->promise_until = std::min(attempt->promise_until, event.at);
}

void LockBook::on(const TraceEvent&, const LockReleased& release) {
  if (Attempt* attempt = find(release.attempt)) attempt->releasing = false;
}

void LockBook::believe(Attempt& attempt, const TraceEvent& event) {
  if (attempt.believing) return;
  attempt.believing = true;
  attempt.believed = event.seq;
  LockState& lock = locks_[attempt.lock];
  if (lock.believers.empty()) lock.idle_before += event.at - lock.idle_since;
  lock.believers.push_back(attempt.id);
  // It waits no longer, though it has yet to say so.
  for (Wait& wait : waits_)
    if (wait.process == attempt.process && wait.lock == attempt.lock) wait.served = true;
}

void LockBook::end_belief(Attempt& attempt, Instant now) {
  if (!attempt.believing) return;
  attempt.believing = false;
  LockState& lock = locks_[attempt.lock];
  std::erase(lock.believers, attempt.id);
  if (lock.believers.empty()) lock.idle_since = now;
}

void LockBook::promise(Attempt& attempt, Instant now, Instant until) {
  attempt.promise_until = until;
  auto& promised = locks_[attempt.lock].promised;
  std::erase_if(promised, [&](AttemptId other) { return !find(other)->promised(now); });
  if (attempt.promised(now) && std::ranges::find(promised, attempt.id) == promised.end())
    promised.push_back(attempt.id);
}

// ---- keys ---------------------------------------------------------------------------------------

void LockBook::on(const TraceEvent& event, const KeyStored& stored) {
  Attempt* attempt = find(stored.attempt);
  if (attempt == nullptr) return;  // nobody asked for it as part of a lock
  LockState& lock = locks_[attempt->lock];
  StoredKey key;
  key.node = stored.store ? ProcessId{} : event.process;
  key.store = stored.store;
  key.key = stored.key;
  key.attempt = stored.attempt;
  key.expires = stored.expires;
  key.expires_at = stored.expires_at;
  key.gone_at = stored.expires ? when_gone(event, stored.expires_at) : kEndOfTime;
  key.rank = stored.rank;

  bool on_new_node = true;
  StoredKey* present = nullptr;
  for (StoredKey& old : lock.keys) {
    if (!old.beside(key)) continue;
    if (old.key == key.key) present = &old;
    if (old.attempt == key.attempt) on_new_node = false;
  }
  if (present == nullptr) {
    lock.keys.push_back(key);
  } else {
    const StoredKey before = *present;
    *present = key;
    if (before.attempt != key.attempt) lose_key(before, lock, event);
  }
  if (on_new_node) ++attempt->nodes;
  attempt->ended_by_service = false;

  if (key.rank != 0)
    find_first_in_line(key, lock, event);
  else if (attempt->nodes >= attempt->quorum && !attempt->owns)
    take_ownership(*attempt, event);
}

void LockBook::take_ownership(Attempt& attempt, const TraceEvent& event) {
  if (!attempt.order || attempt.owned) attempt.order = event.seq;
  attempt.owns = true;
  attempt.owned = true;
}

/// Of the keys beside `changed`, the one with the lowest rank owns the lock.
void LockBook::find_first_in_line(const StoredKey& changed, const LockState& lock,
                                  const TraceEvent& event) {
  const StoredKey* first = nullptr;
  for (const StoredKey& key : lock.keys)
    if (key.rank != 0 && key.beside(changed) && (first == nullptr || key.rank < first->rank))
      first = &key;
  for (const StoredKey& key : lock.keys)
    if (key.rank != 0 && key.beside(changed) && (first == nullptr || key.attempt != first->attempt))
      find(key.attempt)->owns = false;
  if (first == nullptr) return;
  Attempt& owner = *find(first->attempt);
  if (!owner.owns) take_ownership(owner, event);
}

void LockBook::on(const TraceEvent& event, const KeyExtended& extended) {
  const Attempt* attempt = find(extended.attempt);
  if (attempt == nullptr) return;
  const ProcessId node = extended.store ? ProcessId{} : event.process;
  for (StoredKey& key : locks_[attempt->lock].keys) {
    if (key.node != node || key.store != extended.store || key.key != extended.key) continue;
    key.expires = true;
    key.expires_at = extended.expires_at;
    key.gone_at = when_gone(event, extended.expires_at);
  }
  // A client that takes again what it has (Redisson counts, and stores no other key) holds it by
  // the later try too, and from this moment, whenever it hears of it.
  Attempt* again = find(extended.by);
  if (again != nullptr && again->id != attempt->id && again->process == attempt->process &&
      again->quorum == 1 && !again->order)
    again->order = event.seq;
}

void LockBook::on(const TraceEvent& event, const KeyRemoved& removed) {
  Attempt* attempt = find(removed.attempt);
  if (attempt == nullptr) return;
  // Its owner writes it anew, in this same instant: a renewal by SET, not a loss.
  if (removed.why == RemovalReason::overwritten && removed.by == removed.attempt) return;
  LockState& lock = locks_[attempt->lock];
  const ProcessId node = removed.store ? ProcessId{} : event.process;
  const auto key = std::ranges::find_if(lock.keys, [&](const StoredKey& each) {
    return each.node == node && each.store == removed.store && each.key == removed.key;
  });
  if (key != lock.keys.end()) {
    const StoredKey lost = *key;
    lock.keys.erase(key);
    lose_key(lost, lock, event);
  }
  // A grant without an end of its own lasts as long as the service keeps it (a ZooKeeper session).
  const bool by_the_service =
      removed.why == RemovalReason::expired || removed.why == RemovalReason::session;
  if (!by_the_service || attempt->owns) return;
  attempt->ended_by_service = attempt->nodes == 0;
  if (attempt->promise_until == kEndOfTime) attempt->promise_until = event.at;
}

/// `key` is no longer among the lock's keys.
void LockBook::lose_key(const StoredKey& key, const LockState& lock, const TraceEvent& event) {
  Attempt& owner = *find(key.attempt);
  const bool another = std::ranges::any_of(lock.keys, [&](const StoredKey& other) {
    return other.beside(key) && other.attempt == key.attempt;
  });
  if (!another) {
    --owner.nodes;
    if (owner.nodes < owner.quorum) owner.owns = false;
  }
  if (key.rank != 0) find_first_in_line(key, lock, event);
}

// Model: the node's clock goes on as it goes now. A key is still there at its deadline and gone a
// millisecond later, as in Redis [spec A].
Instant LockBook::when_gone(const TraceEvent& seen, WallInstant expires_at) const {
  constexpr WallInstant kFarAway{std::chrono::hours{24 * 365 * 100}};
  if (expires_at >= kFarAway) return kEndOfTime;
  const Duration left = expires_at + 1ms - seen.wall;
  if (left <= Duration{0}) return seen.at;
  const std::int64_t rate_ppm =
      seen.process.number < processes_.size() ? processes_[seen.process.number].rate_ppm : 0;
  if (rate_ppm == 0) return seen.at + left;
  const std::int64_t speed = std::max<std::int64_t>(1'000'000 + rate_ppm, 1);
  const std::int64_t whole = left.count() / speed;
  const std::int64_t rest = left.count() % speed;
  if (whole > kFarAway.time_since_epoch().count() / 1'000'000) return kEndOfTime;
  return seen.at + Duration{whole * 1'000'000 + (rest * 1'000'000 + speed - 1) / speed};
}

// ---- processes ----------------------------------------------------------------------------------

void LockBook::on(const TraceEvent& event, const ProcessPaused&) {
  state(event.process).asleep = true;
}

void LockBook::on(const TraceEvent& event, const ProcessResumed&) {
  state(event.process).asleep = false;
}

// What a process knew dies with it, though its promises and its keys live on.
void LockBook::on(const TraceEvent& event, const ProcessCrashed&) {
  state(event.process).asleep = false;
  for (Attempt& attempt : attempts_) {
    if (attempt.process != event.process || attempt.dead) continue;
    end_belief(attempt, event.at);
    attempt.trying = false;
    attempt.releasing = false;
    attempt.dead = true;
  }
  std::erase_if(waits_, [&](const Wait& wait) { return wait.process == event.process; });
}

void LockBook::on(const TraceEvent& event, const ProcessRestarted&) {
  state(event.process).asleep = false;
}

void LockBook::on(const TraceEvent& event, const ClockChanged& change) {
  if (change.change == ClockChange::rate) state(event.process).rate_ppm = change.rate_ppm;
  // A slew is taken as done by the time it matters.
  const Duration to_come = change.change == ClockChange::slew ? change.by : Duration{0};
  for (LockState& lock : locks_)
    for (StoredKey& key : lock.keys)
      if (key.node == event.process && key.expires)
        key.gone_at = when_gone(event, key.expires_at - to_come);
}

}  // namespace locklab
