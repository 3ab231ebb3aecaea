#include "sim/services/redis/keyspace.hpp"

#include <algorithm>
#include <optional>

#include "sim/services/redis/redisson.hpp"

namespace locklab::redis {

namespace {

/// now + ttl, where that is a deadline at all.
std::optional<std::int64_t> deadline_after(std::int64_t now_ms, std::int64_t ttl_ms) {
  if (ttl_ms > 0 && now_ms > kNever - 1 - ttl_ms) return std::nullopt;
  if (ttl_ms < 0 && now_ms < std::numeric_limits<std::int64_t>::min() - ttl_ms) return std::nullopt;
  return now_ms + ttl_ms;
}

/// `redis.call("GET", key) == expected`
bool holds(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& expected) {
  const Reply reply = keys.get(unit, key);
  return reply.kind == ReplyKind::value && reply.value == expected;
}

bool is_there(Keyspace& keys, const ExecutionUnit& unit, Symbol key) {
  return keys.exists(unit, key).number == 1;
}

}  // namespace

// ---- commands -----------------------------------------------------------------------------------

Reply Keyspace::set(const ExecutionUnit& unit, Symbol key, const Value& value,
                    const SetOptions& options, std::int64_t ttl_ms) {
  if (options.nx && options.xx) return Reply::failed(ReplyError::syntax);
  if (options.keep_ttl && options.expiry != Expiry::none) return Reply::failed(ReplyError::syntax);

  std::int64_t deadline_ms = kNever;
  if (options.expiry != Expiry::none) {
    // Refused before the key is looked at; so is a date that is not positive. A positive date in
    // the past is stored all the same, and the next access finds it expired.
    if (ttl_ms <= 0) return Reply::failed(ReplyError::expire_time);
    const auto deadline =
        options.expiry == Expiry::px ? deadline_after(unit.now_ms, ttl_ms) : std::optional(ttl_ms);
    if (!deadline || *deadline == kNever) return Reply::failed(ReplyError::expire_time);
    deadline_ms = *deadline;
  }

  const Entry* old = lookup(unit, key);
  const Reply old_value = old ? Reply::of(old->value) : Reply::nil();
  if ((options.nx && old) || (options.xx && !old)) return options.get ? old_value : Reply::nil();
  if (options.keep_ttl && old) deadline_ms = old->deadline_ms;
  store(unit, key, value, deadline_ms);
  return options.get ? old_value : Reply::ok();
}

Reply Keyspace::setnx(const ExecutionUnit& unit, Symbol key, const Value& value) {
  return Reply::integer(set(unit, key, value, {.nx = true}, 0).kind == ReplyKind::ok ? 1 : 0);
}

Reply Keyspace::getset(const ExecutionUnit& unit, Symbol key, const Value& value) {
  return set(unit, key, value, {.get = true}, 0);
}

Reply Keyspace::get(const ExecutionUnit& unit, Symbol key) {
  const Entry* entry = lookup(unit, key);
  return entry ? Reply::of(entry->value) : Reply::nil();
}

Reply Keyspace::del(const ExecutionUnit& unit, Symbol key) {
  Entry* entry = lookup(unit, key);
  if (!entry) return Reply::integer(0);
  erase(*entry, RemovalReason::deleted, unit.by, unit.changes);
  return Reply::integer(1);
}

Reply Keyspace::exists(const ExecutionUnit& unit, Symbol key) {
  return Reply::integer(lookup(unit, key) ? 1 : 0);
}

Reply Keyspace::incr(const ExecutionUnit& unit, Symbol key) {
  Entry* entry = lookup(unit, key);
  std::int64_t number = 0;
  if (entry) {
    if (entry->value.kind != Value::Kind::integer) return Reply::failed(ReplyError::not_an_integer);
    number = entry->value.as_integer();
    if (number == std::numeric_limits<std::int64_t>::max())
      return Reply::failed(ReplyError::overflow);
  } else {
    entry = &*entries_.insert(place_of(key), Entry{.key = key});
  }
  ++number;
  entry->value = Value::integer(number);
  entry->attempt = unit.by;
  entry->counter = true;
  unit.changes.add({.kind = Change::Kind::counted,
                    .key = key,
                    .attempt = unit.by,
                    .by = unit.by,
                    .value = entry->value,
                    .deadline_ms = entry->deadline_ms});
  return Reply::issued(number);
}

Reply Keyspace::pexpire(const ExecutionUnit& unit, Symbol key, std::int64_t ttl_ms) {
  const auto deadline_ms = deadline_after(unit.now_ms, ttl_ms);
  if (!deadline_ms) return Reply::failed(ReplyError::expire_time);
  Entry* entry = lookup(unit, key);
  if (!entry) return Reply::integer(0);
  if (*deadline_ms <= unit.now_ms) {
    erase(*entry, RemovalReason::deleted, unit.by, unit.changes);
    return Reply::integer(1);
  }
  entry->deadline_ms = *deadline_ms;
  unit.changes.add({.kind = Change::Kind::extended,
                    .key = key,
                    .attempt = entry->attempt,
                    .by = unit.by,
                    .value = entry->value,
                    .deadline_ms = entry->deadline_ms});
  return Reply::integer(1);
}

Reply Keyspace::pttl(const ExecutionUnit& unit, Symbol key) {
  const Entry* entry = lookup(unit, key);
  if (!entry) return Reply::integer(-2);
  if (!entry->expires()) return Reply::integer(-1);
  // A wall clock far below zero can make the difference too large for a number.
  if (unit.now_ms < 0 && entry->deadline_ms > kNever + unit.now_ms) return Reply::integer(kNever);
  return Reply::integer(entry->deadline_ms - unit.now_ms);
}

// ---- what the node does by itself ---------------------------------------------------------------

// Model: Redis samples a hash table in the table's own order and takes at most 25 % of the
// processor; here the keys are looked at in key order, from where the last loop stopped, in no
// time. Sources up to 7.0 use the strict rule (now > deadline) here too; those of 2024 say now >=
// deadline.
bool Keyspace::expire_some(std::int64_t now_ms, ExpireCycle& cycle, Changes& changes) {
  const auto can_expire = [](const Entry& entry) { return entry.expires(); };
  const auto candidates =
      static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), can_expire));
  const std::size_t to_look_at = std::min({candidates, ExpireCycle::kKeysPerLoop, changes.room()});

  std::size_t stale = 0;
  auto at = place_of(cycle.next);
  for (std::size_t looked_at = 0; looked_at < to_look_at; ++looked_at) {
    at = std::find_if(at, entries_.end(), can_expire);
    if (at == entries_.end()) at = std::find_if(entries_.begin(), entries_.end(), can_expire);
    if (now_ms >= at->deadline_ms) {
      ++stale;
      const auto place = at - entries_.begin();
      erase(*at, RemovalReason::expired, AttemptId{}, changes);
      at = entries_.begin() + place;
    } else {
      ++at;
    }
  }
  cycle.next = at == entries_.end() ? Symbol{} : at->key;
  return stale * 10 > to_look_at;  // ACTIVE_EXPIRE_CYCLE_ACCEPTABLE_STALE: 10 %
}

bool Keyspace::remove(Symbol key, RemovalReason why, Changes& changes) {
  const auto place = place_of(key);
  if (place == entries_.end() || place->key != key) return false;
  erase(*place, why, AttemptId{}, changes);
  return true;
}

void Keyspace::apply(const Change& change) {
  const auto place = place_of(change.key);
  const bool there = place != entries_.end() && place->key == change.key;
  switch (change.kind) {
    case Change::Kind::removed:
      // A replica may have lost by itself what its master deletes; DEL of a missing key does
      // nothing.
      if (!there) return;
      drop_elements(change.key);
      entries_.erase(place);
      return;
    case Change::Kind::element_put:
      if (Element* element = find_element(change.key, change.value))
        element->score = change.deadline_ms;
      else
        elements_.push_back({change.key, change.value, change.deadline_ms});
      return;
    case Change::Kind::element_removed:
      std::erase_if(elements_, [&](const Element& element) {
        return element.key == change.key && element.member == change.value;
      });
      return;
    case Change::Kind::scores_shifted: {
      std::int64_t in_line = 0;
      for (Element& element : elements_)
        if (element.key == change.key && in_line++ >= change.value.as_integer())
          element.score -= change.deadline_ms;
      return;
    }
    case Change::Kind::published:
      return;
    case Change::Kind::stored:
    case Change::Kind::extended:
    case Change::Kind::counted:
      break;
  }
  const bool counter = change.kind == Change::Kind::counted ||
                       (change.kind == Change::Kind::extended && there && place->counter);
  const Entry entry{.key = change.key,
                    .value = change.value,
                    .deadline_ms = change.deadline_ms,
                    .attempt = change.attempt,
                    .counter = counter};
  if (there)
    *place = entry;
  else
    entries_.insert(place, entry);
}

std::size_t Keyspace::drop_expired(std::int64_t now_ms) {
  for (const Entry& entry : entries_)
    if (entry.expired(now_ms)) drop_elements(entry.key);
  return std::erase_if(entries_, [now_ms](const Entry& entry) { return entry.expired(now_ms); });
}

// ---- collections --------------------------------------------------------------------------------

Element* Keyspace::find_element(Symbol key, const Value& member) {
  for (Element& element : elements_)
    if (element.key == key && element.member == member) return &element;
  return nullptr;
}

const Element* Keyspace::element(Symbol key, const Value& member) const {
  return const_cast<Keyspace*>(this)->find_element(key, member);
}

const Element* Keyspace::first(Symbol key) const {
  for (const Element& element : elements_)
    if (element.key == key) return &element;
  return nullptr;
}

const Element* Keyspace::last(Symbol key) const {
  const Element* found = nullptr;
  for (const Element& element : elements_)
    if (element.key == key) found = &element;
  return found;
}

void Keyspace::put(const ExecutionUnit& unit, Symbol key, const Value& member, std::int64_t score) {
  const Change change{.kind = Change::Kind::element_put,
                      .key = key,
                      .by = unit.by,
                      .value = member,
                      .deadline_ms = score};
  apply(change);
  unit.changes.add(change);
}

void Keyspace::remove_member(const ExecutionUnit& unit, Symbol key, const Value& member) {
  if (element(key, member) == nullptr) return;
  const Change change{
      .kind = Change::Kind::element_removed, .key = key, .by = unit.by, .value = member};
  apply(change);
  unit.changes.add(change);
}

void Keyspace::shift_scores(const ExecutionUnit& unit, Symbol key, std::size_t from,
                            std::int64_t by_ms) {
  const Change change{.kind = Change::Kind::scores_shifted,
                      .key = key,
                      .by = unit.by,
                      .value = Value::integer(static_cast<std::int64_t>(from)),
                      .deadline_ms = by_ms};
  apply(change);
  unit.changes.add(change);
}

void Keyspace::drop_elements(Symbol key) {
  if (elements_.empty()) return;
  std::erase_if(elements_, [key](const Element& element) { return element.key == key; });
}

// ---- looking without touching -------------------------------------------------------------------

const Entry* Keyspace::find(Symbol key) const {
  const auto place = std::lower_bound(entries_.begin(), entries_.end(), key,
                                      [](const Entry& e, Symbol k) { return e.key < k; });
  return place != entries_.end() && place->key == key ? &*place : nullptr;
}

std::int64_t Keyspace::earliest_deadline_ms() const {
  std::int64_t earliest = kNever;
  for (const Entry& entry : entries_) earliest = std::min(earliest, entry.deadline_ms);
  return earliest;
}

// ---- plain work ---------------------------------------------------------------------------------

Keyspace::Entries::iterator Keyspace::place_of(Symbol key) {
  return std::lower_bound(entries_.begin(), entries_.end(), key,
                          [](const Entry& entry, Symbol wanted) { return entry.key < wanted; });
}

Entry* Keyspace::lookup(const ExecutionUnit& unit, Symbol key) {
  LOCKLAB_ASSERT(key);
  const auto place = place_of(key);
  if (place == entries_.end() || place->key != key) return nullptr;
  if (!place->expired(unit.now_ms)) return &*place;
  erase(*place, RemovalReason::expired, AttemptId{}, unit.changes);
  return nullptr;
}

/// A SET over a key. The trace sees three cases: somebody else's key (or value) is overwritten, our
/// own value gets a new deadline (node-redlock extends in this way), or the key is new.
void Keyspace::store(const ExecutionUnit& unit, Symbol key, const Value& value,
                     std::int64_t deadline_ms) {
  auto place = place_of(key);
  auto kind = Change::Kind::stored;
  if (place == entries_.end() || place->key != key) {
    place = entries_.insert(place, Entry{.key = key});
  } else if (place->value == value && place->attempt == unit.by) {
    if (deadline_ms != kNever) kind = Change::Kind::extended;
  } else {
    unit.changes.add({.kind = Change::Kind::removed,
                      .why = RemovalReason::overwritten,
                      .key = key,
                      .attempt = place->attempt,
                      .by = unit.by,
                      .value = place->value,
                      .deadline_ms = place->deadline_ms});
  }
  *place = {.key = key,
            .value = value,
            .deadline_ms = deadline_ms,
            .attempt = unit.by,
            .counter = kind == Change::Kind::extended && place->counter};
  unit.changes.add({.kind = kind,
                    .key = key,
                    .attempt = unit.by,
                    .by = unit.by,
                    .value = value,
                    .deadline_ms = deadline_ms});
}

void Keyspace::erase(Entry& entry, RemovalReason why, AttemptId by, Changes& changes) {
  changes.add({.kind = Change::Kind::removed,
               .why = why,
               .key = entry.key,
               .attempt = entry.attempt,
               .by = by,
               .value = entry.value,
               .deadline_ms = entry.deadline_ms});
  drop_elements(entry.key);
  entries_.erase(entries_.begin() + (&entry - entries_.data()));
}

// ---- scripts ------------------------------------------------------------------------------------

Reply compare_and_delete(Keyspace& keys, const ExecutionUnit& unit, Symbol key,
                         const Value& expected) {
  if (holds(keys, unit, key, expected)) return keys.del(unit, key);
  return Reply::integer(0);
}

Reply compare_and_pexpire(Keyspace& keys, const ExecutionUnit& unit, Symbol key,
                          const Value& expected, std::int64_t ttl_ms) {
  if (holds(keys, unit, key, expected)) return keys.pexpire(unit, key, ttl_ms);
  return Reply::integer(0);
}

// Model: Redis does not roll back a script that fails half-way (a counter that is not a number,
// after the SET). We imitate one that looks before it writes, so an error leaves neither key nor
// token.
Reply set_nx_px_then_incr(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& value,
                          std::int64_t ttl_ms, Symbol counter) {
  LOCKLAB_ASSERT(key != counter);
  const Reply count = keys.get(unit, counter);
  if (count.kind == ReplyKind::value) {
    if (count.value.kind != Value::Kind::integer) return Reply::failed(ReplyError::not_an_integer);
    if (count.value.as_integer() == std::numeric_limits<std::int64_t>::max())
      return Reply::failed(ReplyError::overflow);
  }
  const Reply taken = keys.set(unit, key, value, {.nx = true, .expiry = Expiry::px}, ttl_ms);
  if (taken.kind != ReplyKind::ok) return taken;
  return keys.incr(unit, counter);
}

Reply acquire_all(Keyspace& keys, const ExecutionUnit& unit, std::span<const Symbol> all,
                  const Value& value, std::int64_t ttl_ms) {
  for (const Symbol key : all)
    if (is_there(keys, unit, key)) return Reply::integer(0);
  for (const Symbol key : all) {
    const Reply reply = keys.set(unit, key, value, {.expiry = Expiry::px}, ttl_ms);
    if (reply.kind == ReplyKind::error) return reply;
  }
  return Reply::integer(static_cast<std::int64_t>(all.size()));
}

Reply extend_all(Keyspace& keys, const ExecutionUnit& unit, std::span<const Symbol> all,
                 const Value& value, std::int64_t ttl_ms) {
  for (const Symbol key : all)
    if (!holds(keys, unit, key, value)) return Reply::integer(0);
  for (const Symbol key : all) {
    const Reply reply = keys.set(unit, key, value, {.expiry = Expiry::px}, ttl_ms);
    if (reply.kind == ReplyKind::error) return reply;
  }
  return Reply::integer(static_cast<std::int64_t>(all.size()));
}

Reply release_all(Keyspace& keys, const ExecutionUnit& unit, std::span<const Symbol> all,
                  const Value& value) {
  std::int64_t count = 0;
  for (const Symbol key : all)
    if (holds(keys, unit, key, value)) count += keys.del(unit, key).number;
  return Reply::integer(count);
}

Reply lock_or_retake(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& value,
                     std::int64_t ttl_ms, bool retake) {
  if ((!is_there(keys, unit, key) && retake) || holds(keys, unit, key, value))
    return keys.set(unit, key, value, {.expiry = Expiry::px}, ttl_ms);
  return Reply::nil();
}

Reply extend_or_retake(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& value,
                       std::int64_t ttl_ms) {
  if (holds(keys, unit, key, value)) return keys.pexpire(unit, key, ttl_ms);
  const Reply reply = keys.set(unit, key, value, {.nx = true, .expiry = Expiry::px}, ttl_ms);
  if (reply.kind == ReplyKind::error) return reply;
  return Reply::integer(reply.kind == ReplyKind::ok ? 1 : 0);
}

Reply redsync_delete(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& expected) {
  if (holds(keys, unit, key, expected)) return keys.del(unit, key);
  return Reply::integer(is_there(keys, unit, key) ? 0 : -1);
}

Reply compare_and_prolong(Keyspace& keys, const ExecutionUnit& unit, Symbol key,
                          const Value& expected, std::int64_t by_ms) {
  if (!holds(keys, unit, key, expected)) return Reply::integer(0);
  const auto left_ms = deadline_after(keys.pttl(unit, key).number, by_ms);
  if (!left_ms) return Reply::failed(ReplyError::expire_time);
  const Reply reply = keys.pexpire(unit, key, *left_ms);
  return reply.kind == ReplyKind::error ? reply : Reply::integer(*left_ms);
}

// ---- requests -----------------------------------------------------------------------------------

Reply execute(Keyspace& keys, std::int64_t now_ms, const Request& request, Changes& changes) {
  const ExecutionUnit unit{.now_ms = now_ms, .by = request.attempt, .changes = changes};
  const Request& r = request;

  std::array<Symbol, 1 + std::tuple_size_v<decltype(r.more_keys)>> names{r.key};
  std::size_t count = 1;
  while (count < names.size() && r.more_keys[count - 1]) {
    names[count] = r.more_keys[count - 1];
    ++count;
  }
  const std::span<const Symbol> all(names.data(), count);

  switch (request.command) {
    case Command::set:
      return keys.set(unit, r.key, r.value, r.options, r.ttl_ms);
    case Command::setnx:
      return keys.setnx(unit, r.key, r.value);
    case Command::getset:
      return keys.getset(unit, r.key, r.value);
    case Command::get:
      return keys.get(unit, r.key);
    case Command::del:
      return keys.del(unit, r.key);
    case Command::exists:
      return keys.exists(unit, r.key);
    case Command::incr:
      return keys.incr(unit, r.key);
    case Command::pexpire:
      return keys.pexpire(unit, r.key, r.ttl_ms);
    case Command::pttl:
      return keys.pttl(unit, r.key);
    case Command::compare_and_delete:
      return compare_and_delete(keys, unit, r.key, r.expected);
    case Command::compare_and_pexpire:
      return compare_and_pexpire(keys, unit, r.key, r.expected, r.ttl_ms);
    case Command::acquire_with_token:
      return set_nx_px_then_incr(keys, unit, r.key, r.value, r.ttl_ms, r.counter);
    case Command::acquire_all:
      return acquire_all(keys, unit, all, r.value, r.ttl_ms);
    case Command::extend_all:
      return extend_all(keys, unit, all, r.value, r.ttl_ms);
    case Command::release_all:
      return release_all(keys, unit, all, r.value);
    case Command::lock_or_retake:
      return lock_or_retake(keys, unit, r.key, r.value, r.ttl_ms, r.retake);
    case Command::extend_or_retake:
      return extend_or_retake(keys, unit, r.key, r.value, r.ttl_ms);
    case Command::redsync_delete:
      return redsync_delete(keys, unit, r.key, r.expected);
    case Command::compare_and_prolong:
      return compare_and_prolong(keys, unit, r.key, r.expected, r.ttl_ms);
    case Command::redisson_lock:
    case Command::redisson_fenced_lock:
    case Command::redisson_renew:
    case Command::redisson_unlock:
    case Command::redisson_fair_try:
    case Command::redisson_fair_lock:
    case Command::redisson_fair_unlock:
    case Command::redisson_fair_leave:
      return redisson::execute(keys, unit, r);
    case Command::subscribe:
    case Command::unsubscribe:
    case Command::wait:
    case Command::info_replication:
      break;  // the server's own business
  }
  return Reply::failed(ReplyError::syntax);
}

}  // namespace locklab::redis
