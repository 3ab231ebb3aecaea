// The keys of one Redis node, as a value: no loop, no network; the caller says what time it is
// [spec A; redis/src/db.c, t_string.c, expire.c]. Time is whole milliseconds of the node's *wall*
// clock, read once per execution unit (a command or a whole script), so it stands still inside a
// script. A deadline is absolute; a key is still there at its deadline and gone one millisecond
// later. Besides strings there is what Redisson's scripts need: a hash that has one field, and
// lists and sorted sets as elements in a line. Left out: databases, other types, MULTI.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/assert.hpp"
#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/redis/protocol.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace locklab::redis {

/// The deadline of a key that does not expire: no clock ever shows more.
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// A deadline as the trace shows it; what does not fit nanoseconds (292 years) becomes the last
/// one.
constexpr WallInstant wall_instant(std::int64_t ms) {
  constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max() / 1'000'000;
  if (ms > kLimit) return WallInstant::max();
  if (ms < -kLimit) return WallInstant::min();
  return WallInstant{std::chrono::milliseconds{ms}};
}

/// One thing that happened to one key. The changes of a unit, applied in order, are all that it
/// did: they serve the trace, the append-only file and a replica alike.
struct Change {
  enum class Kind : std::uint8_t {
    stored,    // key_stored
    extended,  // key_extended: the deadline was set anew, value and attempt are the same
    removed,   // key_removed
    counted,   // token_issued: INCR made it `value`
    // Of these the trace says nothing.
    element_put,      // `value` is a member of the collection `key`, `deadline_ms` its score
    element_removed,  // it is one no more
    scores_shifted,   // `deadline_ms` less for all members from place `value` on
    published,        // to channel `key`, and `value` the rest of the channel's name
  };
  Kind kind = Kind::stored;
  RemovalReason why = RemovalReason::deleted;  // of a removal
  Symbol key{};
  AttemptId attempt{};  // whose key it is, or was
  AttemptId by{};       // on whose behalf; none for what the node does by itself
  Value value{};
  std::int64_t deadline_ms = kNever;
  bool operator==(const Change&) const = default;

  bool expires() const { return deadline_ms != kNever; }
};

/// The changes of one unit. The longest is a background pass of 20 keys; a script makes at most 8.
class Changes {
 public:
  static constexpr std::size_t kCapacity = 24;

  void add(const Change& change) {
    LOCKLAB_ASSERT(size_ < kCapacity);
    changes_[size_++] = change;
  }
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t room() const { return kCapacity - size_; }
  const Change& operator[](std::size_t i) const {
    LOCKLAB_ASSERT(i < size_);
    return changes_[i];
  }
  const Change* begin() const { return changes_.data(); }
  const Change* end() const { return changes_.data() + size_; }

 private:
  std::array<Change, kCapacity> changes_;
  std::size_t size_ = 0;
};

/// What every command of one unit shares: the frozen clock, the client, the list of changes.
struct ExecutionUnit {
  std::int64_t now_ms;
  AttemptId by{};
  Changes& changes;
};

struct Entry {
  Symbol key{};
  Value value{};
  std::int64_t deadline_ms = kNever;
  AttemptId attempt{};   // on whose behalf it was written; Redis knows nothing of it
  bool counter = false;  // made by INCR, which is for the trace as well
  bool operator==(const Entry&) const = default;

  bool expires() const { return deadline_ms != kNever; }
  /// The lazy rule: what a command sees. Strict [spec A].
  bool expired(std::int64_t now_ms) const { return now_ms > deadline_ms; }
};

/// A member of a list (in the order of insertion) or of a sorted set, or the number that a hash has
/// under its field.
struct Element {
  Symbol key{};
  Value member{};
  std::int64_t score = 0;
  bool operator==(const Element&) const = default;
};

/// Where the background cycle goes on next.
struct ExpireCycle {
  static constexpr std::size_t kKeysPerLoop = 20;  // ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP
  Symbol next{};
};

class Keyspace {
 public:
  Keyspace() = default;
  explicit Keyspace(std::pmr::memory_resource* memory) : entries_(memory), elements_(memory) {}
  Keyspace(const Keyspace& other, std::pmr::memory_resource* memory)
      : entries_(other.entries_, memory), elements_(other.elements_, memory) {}
  bool operator==(const Keyspace&) const = default;

  // Commands. Each first removes its key if that has expired, as a master does on every access.

  /// SET. OK, or nil where NX or XX forbids it; with GET the old value or nil, whether set or not.
  Reply set(const ExecutionUnit& unit, Symbol key, const Value& value, const SetOptions& options,
            std::int64_t ttl_ms);
  Reply setnx(const ExecutionUnit& unit, Symbol key, const Value& value);  // 1 or 0
  /// GETSET: the old value or nil. The new value does not expire.
  Reply getset(const ExecutionUnit& unit, Symbol key, const Value& value);
  Reply get(const ExecutionUnit& unit, Symbol key);
  Reply del(const ExecutionUnit& unit, Symbol key);     // 1 or 0
  Reply exists(const ExecutionUnit& unit, Symbol key);  // 1 or 0
  /// INCR: the new number; a missing key counts from 0, and the deadline stays.
  Reply incr(const ExecutionUnit& unit, Symbol key);
  /// PEXPIRE: *sets* the remaining life, in ms. Zero or less deletes the key and still answers 1.
  Reply pexpire(const ExecutionUnit& unit, Symbol key, std::int64_t ttl_ms);
  /// PTTL: the remaining life in ms; -1: does not expire; -2: missing.
  Reply pttl(const ExecutionUnit& unit, Symbol key);

  // Collections. An empty one does not exist.

  const Element* element(Symbol key, const Value& member) const;
  const Element* first(Symbol key) const;  // LINDEX 0
  const Element* last(Symbol key) const;   // LINDEX -1
  /// RPUSH, ZADD, HSET, ZINCRBY: sets the member's score; a new member stands last.
  void put(const ExecutionUnit& unit, Symbol key, const Value& member, std::int64_t score);
  void remove_member(const ExecutionUnit& unit, Symbol key, const Value& member);  // LREM, ZREM
  /// ZINCRBY -by_ms of every member from place `from` (in line) on.
  void shift_scores(const ExecutionUnit& unit, Symbol key, std::size_t from, std::int64_t by_ms);
  std::span<const Element> elements() const { return elements_; }

  // What the node does by itself, and what is done to it.

  /// One loop of the background cycle: looks at up to 20 keys that can expire and removes those
  /// with now >= deadline, a millisecond before a command would. True: more than a tenth of them
  /// were stale, so Redis would loop again in this pass. A pass comes every 100 ms (hz 10).
  bool expire_some(std::int64_t now_ms, ExpireCycle& cycle, Changes& changes);
  /// Takes a key away: evicted, or lost to an operator. False: there was none.
  bool remove(Symbol key, RemovalReason why, Changes& changes);
  /// Does again what a unit did, as an append-only file does at start and a replica all the time.
  void apply(const Change& change);
  /// Loading: a master skips keys whose deadline has passed. How many it skipped.
  std::size_t drop_expired(std::int64_t now_ms);

  // Looking without touching.

  const Entry* find(Symbol key) const;
  std::span<const Entry> entries() const { return entries_; }  // by key
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  /// The first deadline of all; kNever: nothing here expires, so no background pass is of use.
  std::int64_t earliest_deadline_ms() const;

 private:
  using Entries = std::pmr::vector<Entry>;

  Entries::iterator place_of(Symbol key);
  /// The entry as a command sees it; removes an expired one.
  Entry* lookup(const ExecutionUnit& unit, Symbol key);
  void store(const ExecutionUnit& unit, Symbol key, const Value& value, std::int64_t deadline_ms);
  void erase(Entry& entry, RemovalReason why, AttemptId by, Changes& changes);
  void drop_elements(Symbol key);
  Element* find_element(Symbol key, const Value& member);

  Entries entries_;  // sorted by key: a node of a lock service holds few
  std::pmr::vector<Element> elements_;
};

/// Carries out a request as one unit at `now_ms` of the node's wall clock. Adds to `changes`.
Reply execute(Keyspace& keys, std::int64_t now_ms, const Request& request, Changes& changes);

/// What a client of the node finds changed when the contents jump from `before` to `after`, as
/// after a restart: calls sink(const Change&) for each key that is gone (`lost`, or `expired` where
/// its deadline has passed at `now_ms`), came back, or differs. In key order.
template <class Sink>
void for_each_difference(const Keyspace& before, const Keyspace& after, std::int64_t now_ms,
                         Sink&& sink) {
  const auto stored = [](const Entry& entry) {
    return Change{.kind = Change::Kind::stored,
                  .key = entry.key,
                  .attempt = entry.attempt,
                  .value = entry.value,
                  .deadline_ms = entry.deadline_ms};
  };
  const auto gone = [now_ms](const Entry& entry) {
    return Change{.kind = Change::Kind::removed,
                  .why = entry.expired(now_ms) ? RemovalReason::expired : RemovalReason::lost,
                  .key = entry.key,
                  .attempt = entry.attempt,
                  .value = entry.value,
                  .deadline_ms = entry.deadline_ms};
  };
  std::span<const Entry> old_entries = before.entries();
  std::span<const Entry> new_entries = after.entries();
  while (!old_entries.empty() || !new_entries.empty()) {
    const bool in_old = !old_entries.empty() &&
                        (new_entries.empty() || old_entries.front().key <= new_entries.front().key);
    const bool in_new = !new_entries.empty() &&
                        (old_entries.empty() || new_entries.front().key <= old_entries.front().key);
    if (!(in_old && in_new && old_entries.front() == new_entries.front())) {
      if (in_old) sink(gone(old_entries.front()));
      if (in_new) sink(stored(new_entries.front()));
    }
    if (in_old) old_entries = old_entries.subspan(1);
    if (in_new) new_entries = new_entries.subspan(1);
  }
}

// Scripts: written with the commands above, in the words of the Lua that the libraries send.

/// [spec A; redis.io "Distributed locks"; redsync's newer form answers -1 for a missing key].
Reply compare_and_delete(Keyspace& keys, const ExecutionUnit& unit, Symbol key,
                         const Value& expected);
Reply compare_and_pexpire(Keyspace& keys, const ExecutionUnit& unit, Symbol key,
                          const Value& expected, std::int64_t ttl_ms);
/// SET NX PX, then INCR of a counter that never expires: the token, or nil where the key is taken
/// [spec C, "Lua: SET NX PX then INCR"].
Reply set_nx_px_then_incr(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& value,
                          std::int64_t ttl_ms, Symbol counter);

/// node-redlock v5 (src/index.ts): all keys or none; 0, or how many. The acquire script refuses a
/// key that exists, even with its own value [corpus 43].
Reply acquire_all(Keyspace& keys, const ExecutionUnit& unit, std::span<const Symbol> all,
                  const Value& value, std::int64_t ttl_ms);
Reply extend_all(Keyspace& keys, const ExecutionUnit& unit, std::span<const Symbol> all,
                 const Value& value, std::int64_t ttl_ms);
Reply release_all(Keyspace& keys, const ExecutionUnit& unit, std::span<const Symbol> all,
                  const Value& value);

/// redlock-rb (lib/redlock/scripts.rb): SET PX if the key holds our value or, when `retake`, if it
/// is missing: the silent re-acquire of corpus 47, and the "free or mine" of corpus 24.
Reply lock_or_retake(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& value,
                     std::int64_t ttl_ms, bool retake);
/// redsync v4 with SetNXOnExtend (mutex.go): PEXPIRE if ours, else SET NX PX. 1 or 0 [corpus 47].
Reply extend_or_retake(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& value,
                       std::int64_t ttl_ms);
/// redsync v4 (mutex.go): 1 deleted, 0 somebody else's, -1 missing.
Reply redsync_delete(Keyspace& keys, const ExecutionUnit& unit, Symbol key, const Value& expected);
/// What is left plus `by_ms`; the number of ms left then, 0 where the key is not ours.
Reply compare_and_prolong(Keyspace& keys, const ExecutionUnit& unit, Symbol key,
                          const Value& expected, std::int64_t by_ms);

}  // namespace locklab::redis
