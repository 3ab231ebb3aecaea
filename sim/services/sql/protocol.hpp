// What a client sends to the database and what it gets back [spec E]: statements on four tables,
// each by its primary key, and the ends of transactions. A statement is data: which rows (WHERE),
// what they become (SET), and what happens if somebody else has them. Request and Reply are flat
// structs, so that a message is one copy. Model: no SQL text and no planner; the tables and their
// columns are given, and what the statements here cannot say the locks do not need.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace locklab::sql {

/// A connection, seen from both ends: one backend, one transaction at a time. Unique in a run.
using SessionId = Id<struct SqlSessionTag, std::uint64_t>;

enum class Verb : std::uint8_t {
  select,
  select_for_update,
  insert,
  update,
  erase,
  commit,
  rollback,
  try_advisory_lock,
  advisory_lock,
  try_advisory_xact_lock,
  advisory_xact_lock,
  advisory_unlock,
  terminate,  // the client closes the connection: no reply
};
inline constexpr std::size_t kVerbs = static_cast<std::size_t>(Verb::terminate) + 1;

/// The name that a trace shows.
constexpr std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::select:
      return "SELECT";
    case Verb::select_for_update:
      return "SELECT FOR UPDATE";
    case Verb::insert:
      return "INSERT";
    case Verb::update:
      return "UPDATE";
    case Verb::erase:
      return "DELETE";
    case Verb::commit:
      return "COMMIT";
    case Verb::rollback:
      return "ROLLBACK";
    case Verb::try_advisory_lock:
      return "pg_try_advisory_lock";
    case Verb::advisory_lock:
      return "pg_advisory_lock";
    case Verb::try_advisory_xact_lock:
      return "pg_try_advisory_xact_lock";
    case Verb::advisory_xact_lock:
      return "pg_advisory_xact_lock";
    case Verb::advisory_unlock:
      return "pg_advisory_unlock";
    case Verb::terminate:
      return "Terminate";
  }
  return {};
}

/// Every row: name (the primary key), value, until, since, number.
enum class Table : std::uint8_t {
  distributed_locks,  // owner, expires_at, -, token [doc DatabaseLock; spec E.1, E.2]
  shedlock,           // locked_by, lock_until, locked_at, - [spec E.5]
  mutexes,            // rows that are there to be locked [spec E.3]
  data,               // datum, -, -, version [spec J]
};

enum class OnConflict : std::uint8_t { fail, do_nothing, do_update };
/// What becomes of a statement whose row is locked by another transaction.
enum class IfLocked : std::uint8_t { wait, nowait, skip };
/// WHERE until < than, until <= than, until > than.
enum class UntilTest : std::uint8_t { none, before, not_after, after };
/// A timestamp: the client's (it read its own wall clock), NOW() + us, or GREATEST(NOW(), since +
/// us).
enum class TimeFrom : std::uint8_t { none, client, now, at_least };

struct Request {
  Verb verb = Verb::select;
  Table table = Table::data;
  OnConflict on_conflict = OnConflict::fail;
  IfLocked if_locked = IfLocked::wait;
  UntilTest test_until = UntilTest::none;
  TimeFrom than = TimeFrom::now;  // of test_until
  TimeFrom until = TimeFrom::none;
  TimeFrom since = TimeFrom::none;
  bool all_rows = false;           // no WHERE name = ...
  bool test_value = false;         // WHERE value = ... (owner, locked_by)
  bool test_number = false;        // WHERE number = ... (version)
  bool set_value = false;          // SET value = ...
  bool count = false;              // SET number = number + 1; an inserted row has 1
  bool from_sequence = false;      // SET number = nextval(...): grows over all rows, deleted or not
  bool read_modify_write = false;  // for the trace: the value was computed from version `number`
  bool in_transaction = false;     // autocommit is off: begins a transaction if none is open
  bool opens = false;              // the first statement of a new session
  AttemptId attempt{};             // on whose behalf; for the trace, no rule looks at it
  Symbol name{};
  std::int32_t zone_seconds = 0;      // of the session, east of UTC; counts when it opens
  std::uint32_t lock_timeout_ms = 0;  // 0: waits for ever
  SessionId session{};
  std::uint64_t number = 0;
  std::int64_t than_us = 0;
  std::int64_t until_us = 0;
  std::int64_t since_us = 0;
  Value value{};
  FencingToken token{};  // for the trace: under which grant a datum is written
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 128);

/// What became of a statement. An error within a transaction has rolled that back.
enum class Outcome : std::uint8_t {
  done,
  unique_violation,    // 23505
  lock_not_available,  // 55P03: NOWAIT, or lock_timeout
  deadlock_detected,   // 40P01
  failed_transaction,  // 25P02: "commands ignored until end of transaction block"
  rolled_back,         // COMMIT of a transaction that had failed
};

struct Reply {
  Outcome outcome = Outcome::done;
  bool yes = false;          // pg_try_..., pg_advisory_unlock: what they return
  std::uint32_t rows = 0;    // found, or changed
  std::uint64_t number = 0;  // of the last of them, after the statement
  std::int64_t until_us = 0;
  Value value{};
  constexpr bool operator==(const Reply&) const = default;
  constexpr bool done() const { return outcome == Outcome::done; }
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 64);

/// Timestamps are whole microseconds, cut off, as PostgreSQL and java.time keep them.
template <class AnyInstant>
constexpr std::int64_t whole_us(AnyInstant at) {
  return std::chrono::floor<std::chrono::microseconds>(at.time_since_epoch()).count();
}
constexpr std::int64_t whole_us(Duration duration) {
  return std::chrono::floor<std::chrono::microseconds>(duration).count();
}

}  // namespace locklab::sql
