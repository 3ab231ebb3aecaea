#include "sim/services/redis/redisson.hpp"

#include <algorithm>

#include "sim/assert.hpp"

namespace locklab::redis::redisson {

namespace {

// How long an unlock's answer is remembered: (timeout + retryInterval) * retryAttempts.
constexpr std::int64_t kLatchMs = (3000 + 1500) * 3;

// Model: a hash has one field, since no script lets a second owner in. Its value is the field; the
// number under it stands among the elements when it is more than 1.

bool holds(Keyspace& keys, const ExecutionUnit& unit, Symbol lock, const Value& owner) {  // HEXISTS
  const Reply field = keys.get(unit, lock);
  return field.kind == ReplyKind::value && field.value == owner;
}

std::int64_t count(const Keyspace& keys, Symbol lock, const Value& owner) {
  const Element* number = keys.element(lock, owner);
  return number != nullptr ? number->score : 1;
}

std::int64_t clock_of(const ExecutionUnit& unit, const Request& request) {
  return request.client_ms == kServerClock ? unit.now_ms : request.client_ms;
}

bool exists(Keyspace& keys, const ExecutionUnit& unit, Symbol key) {
  return keys.exists(unit, key).number == 1;
}

/// HINCRBY owner 1, then PEXPIRE.
void enter(Keyspace& keys, const ExecutionUnit& unit, Symbol lock, const Value& owner,
           std::int64_t ttl_ms) {
  if (!exists(keys, unit, lock)) {
    keys.set(unit, lock, owner, {.expiry = Expiry::px}, ttl_ms);
    return;
  }
  keys.put(unit, lock, owner, count(keys, lock, owner) + 1);
  keys.pexpire(unit, lock, ttl_ms);
}

void publish(const ExecutionUnit& unit, Symbol channel, const Value& to = {}) {
  unit.changes.add({.kind = Change::Kind::published, .key = channel, .by = unit.by, .value = to});
}

/// Answers a request that was answered before in the same way. Without a latch (an older version)
/// it is carried out again.
bool answered_before(Keyspace& keys, const ExecutionUnit& unit, Symbol latch, Reply& reply) {
  if (!latch) return false;
  const Reply stored = keys.get(unit, latch);
  if (stored.kind != ReplyKind::value) return false;
  reply = Reply::integer(stored.value.as_integer());
  return true;
}

Reply answer(Keyspace& keys, const ExecutionUnit& unit, Symbol latch, std::int64_t number) {
  if (latch) {
    const ExecutionUnit nobodys{unit.now_ms, AttemptId{}, unit.changes};  // it is no lock's key
    keys.set(nobodys, latch, Value::integer(number), {.expiry = Expiry::px}, kLatchMs);
  }
  return Reply::integer(number);
}

/// HINCRBY -1: 0, PEXPIRE and the hold goes on, or 1 after DEL.
std::int64_t leave(Keyspace& keys, const ExecutionUnit& unit, Symbol lock, const Value& owner,
                   std::int64_t ttl_ms) {
  const std::int64_t left = count(keys, lock, owner) - 1;
  if (left > 0) {
    keys.put(unit, lock, owner, left);
    keys.pexpire(unit, lock, ttl_ms);
    return 0;
  }
  keys.del(unit, lock);
  return 1;
}

/// The first of the queue goes while its time is up by the *caller's* clock [corpus 28].
// Model: at most eight of them with one command, where the real script goes on.
void remove_stale_waiters(Keyspace& keys, const ExecutionUnit& unit, const Keys& k,
                          std::int64_t client_ms) {
  while (const Element* first = keys.first(k.queue)) {
    const Value waiter = first->member;
    const Element* timeout = keys.element(k.timeouts, waiter);
    if (timeout == nullptr || timeout->score > client_ms || unit.changes.room() < 8) return;
    keys.remove_member(unit, k.timeouts, waiter);
    keys.remove_member(unit, k.queue, waiter);
  }
}

void call_next(Keyspace& keys, const ExecutionUnit& unit, const Keys& k) {
  if (const Element* next = keys.first(k.queue)) publish(unit, k.queue, next->member);
}

}  // namespace

Reply lock(Keyspace& keys, const ExecutionUnit& unit, const Request& request) {
  if (exists(keys, unit, request.key) && !holds(keys, unit, request.key, request.value))
    return keys.pttl(unit, request.key);
  enter(keys, unit, request.key, request.value, request.ttl_ms);
  return Reply::nil();
}

Reply fenced_lock(Keyspace& keys, const ExecutionUnit& unit, const Request& request) {
  if (exists(keys, unit, request.key) && !holds(keys, unit, request.key, request.value))
    return keys.pttl(unit, request.key);
  const Reply token = keys.incr(unit, request.counter);
  if (token.kind == ReplyKind::error) return token;
  enter(keys, unit, request.key, request.value, request.ttl_ms);
  return token;
}

Reply renew(Keyspace& keys, const ExecutionUnit& unit, const Request& request) {
  if (!holds(keys, unit, request.key, request.value)) return Reply::integer(0);
  return keys.pexpire(unit, request.key, request.ttl_ms);
}

Reply unlock(Keyspace& keys, const ExecutionUnit& unit, const Request& request) {
  const Keys k(request);
  Reply reply;
  if (answered_before(keys, unit, k.latch, reply)) return reply;
  if (!holds(keys, unit, k.lock, request.value)) return Reply::nil();
  const std::int64_t freed = leave(keys, unit, k.lock, request.value, request.ttl_ms);
  if (freed == 1) publish(unit, k.channel);
  return answer(keys, unit, k.latch, freed);
}

Reply fair_lock(Keyspace& keys, const ExecutionUnit& unit, const Request& request, bool queues) {
  const Keys k(request);
  const Value& me = request.value;
  const std::int64_t now_ms = clock_of(unit, request);
  remove_stale_waiters(keys, unit, k, clock_of(unit, request));

  const bool free = !exists(keys, unit, k.lock);
  const Element* first = keys.first(k.queue);
  if (free && (first == nullptr || first->member == me)) {
    keys.remove_member(unit, k.queue, me);
    keys.remove_member(unit, k.timeouts, me);
    // The others need not wait any more for the one that has now its turn.
    keys.shift_scores(unit, k.timeouts, 0, request.wait_ms);
    enter(keys, unit, k.lock, me, request.ttl_ms);
    return Reply::nil();
  }
  if (holds(keys, unit, k.lock, me)) {
    enter(keys, unit, k.lock, me, request.ttl_ms);
    return Reply::nil();
  }
  if (!queues) return Reply::integer(1);

  const std::int64_t left = keys.pttl(unit, k.lock).number;  // -2: free, but somebody is before us
  if (keys.element(k.timeouts, me) != nullptr)
    return Reply::integer(std::max<std::int64_t>(left, 0));
  const Element* last = keys.last(k.queue);
  const Element* before = last != nullptr ? keys.element(k.timeouts, last->member) : nullptr;
  const std::int64_t ttl = before != nullptr ? before->score - now_ms : left;
  keys.put(unit, k.timeouts, me, ttl + request.wait_ms + now_ms);
  keys.put(unit, k.queue, me, 0);
  return Reply::integer(ttl);
}

Reply fair_unlock(Keyspace& keys, const ExecutionUnit& unit, const Request& request) {
  const Keys k(request);
  Reply reply;
  if (answered_before(keys, unit, k.latch, reply)) return reply;
  remove_stale_waiters(keys, unit, k, clock_of(unit, request));
  if (!exists(keys, unit, k.lock)) {
    call_next(keys, unit, k);
    return answer(keys, unit, k.latch, 1);
  }
  if (!holds(keys, unit, k.lock, request.value)) return Reply::nil();
  const std::int64_t freed = leave(keys, unit, k.lock, request.value, request.ttl_ms);
  if (freed == 1) call_next(keys, unit, k);
  return answer(keys, unit, k.latch, freed);
}

Reply fair_leave(Keyspace& keys, const ExecutionUnit& unit, const Request& request) {
  const Keys k(request);
  std::size_t behind = 0;  // place of the one behind us
  bool found = false;
  for (const Element& element : keys.elements()) {
    if (element.key != k.queue || found) continue;
    ++behind;
    found = element.member == request.value;
  }
  if (found) keys.shift_scores(unit, k.timeouts, behind, request.wait_ms);
  keys.remove_member(unit, k.timeouts, request.value);
  keys.remove_member(unit, k.queue, request.value);
  return Reply::ok();
}

Reply execute(Keyspace& keys, const ExecutionUnit& unit, const Request& request) {
  switch (request.command) {
    case Command::redisson_lock:
      return lock(keys, unit, request);
    case Command::redisson_fenced_lock:
      return fenced_lock(keys, unit, request);
    case Command::redisson_renew:
      return renew(keys, unit, request);
    case Command::redisson_unlock:
      return unlock(keys, unit, request);
    case Command::redisson_fair_try:
      return fair_lock(keys, unit, request, false);
    case Command::redisson_fair_lock:
      return fair_lock(keys, unit, request, true);
    case Command::redisson_fair_unlock:
      return fair_unlock(keys, unit, request);
    case Command::redisson_fair_leave:
      return fair_leave(keys, unit, request);
    default:
      LOCKLAB_ASSERT(!"a script of Redisson's");
      return Reply::nil();
  }
}

}  // namespace locklab::redis::redisson
