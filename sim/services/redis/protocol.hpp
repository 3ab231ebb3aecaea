// What a client sends to one Redis node and what it gets back [spec A]: the commands that locks
// use, and the Lua scripts of the libraries on sheet B, each by a name of its own. Request and
// Reply are flat structs, so that a message is one copy. Model: a value keeps its type (number,
// unique id, name) where Redis has only strings, so "5" stored as a name is no integer.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/value.hpp"

namespace locklab::redis {

enum class Command : std::uint8_t {
  set,
  setnx,
  getset,
  get,
  del,
  exists,
  incr,
  pexpire,
  pttl,
  // Scripts: one atomic unit with one frozen clock.
  compare_and_delete,
  compare_and_pexpire,
  acquire_with_token,   // SET NX PX and INCR of the counter: both or neither
  acquire_all,          // node-redlock v5: refuses existing keys, even its own
  extend_all,           // node-redlock v5
  release_all,          // node-redlock v5
  lock_or_retake,       // redlock-rb: set if free (when `retake`) or mine
  extend_or_retake,     // redsync with SetNXOnExtend: pexpire if mine, else set if free
  redsync_delete,       // redsync: compare-and-delete that tells "missing" (-1) from "not mine" (0)
  compare_and_prolong,  // the repaired extend(additional): PEXPIRE of PTTL + so much; what is left
  // Redisson's scripts [redisson.hpp].
  redisson_lock,         // free or mine: HINCRBY and PEXPIRE; else PTTL
  redisson_fenced_lock,  // the same, and INCR of the token
  redisson_renew,        // HEXISTS, then PEXPIRE
  redisson_unlock,       // HINCRBY -1; at zero DEL and PUBLISH; remembers its answer in the latch
  redisson_fair_try,     // tryLock() of the fair lock: joins no queue
  redisson_fair_lock,    // joins the queue if it has to wait
  redisson_fair_unlock,
  redisson_fair_leave,  // a waiter gives up
  // What is asked of the server rather than of its keys [server.hpp].
  subscribe,
  unsubscribe,
  wait,              // how many replicas have acknowledged all that this client wrote
  info_replication,  // the number of connected replicas
};

/// Is it answered by the server itself, whatever its keys are?
constexpr bool concerns_server(Command command) { return command >= Command::subscribe; }

/// A replica refuses it.
// Model: a script counts as writing, and one that may add something as doing so, before it begins.
// Redis runs an EVAL without flags until it writes, so that one that has nothing to write (a
// release of what is not ours) is answered by a replica, a lonely master and a full node as well.
constexpr bool writes(Command command) {
  return command != Command::get && command != Command::exists && command != Command::pttl &&
         !concerns_server(command);
}

/// Refused when memory is full and nothing may be evicted: it may add something ("denyoom").
constexpr bool needs_memory(Command command) {
  switch (command) {
    case Command::set:
    case Command::setnx:
    case Command::getset:
    case Command::incr:
    case Command::acquire_with_token:
    case Command::acquire_all:
    case Command::extend_all:
    case Command::lock_or_retake:
    case Command::extend_or_retake:
    case Command::redisson_lock:
    case Command::redisson_fenced_lock:
    case Command::redisson_unlock:
    case Command::redisson_fair_try:
    case Command::redisson_fair_lock:
    case Command::redisson_fair_unlock:
      return true;
    default:
      return false;
  }
}

/// The name that a trace shows.
constexpr std::string_view to_string(Command command) {
  switch (command) {
    case Command::set:
      return "SET";
    case Command::setnx:
      return "SETNX";
    case Command::getset:
      return "GETSET";
    case Command::get:
      return "GET";
    case Command::del:
      return "DEL";
    case Command::exists:
      return "EXISTS";
    case Command::incr:
      return "INCR";
    case Command::pexpire:
      return "PEXPIRE";
    case Command::pttl:
      return "PTTL";
    case Command::compare_and_delete:
      return "compare-and-delete";
    case Command::compare_and_pexpire:
      return "compare-and-pexpire";
    case Command::acquire_with_token:
      return "acquire-with-token";
    case Command::acquire_all:
      return "acquire-all";
    case Command::extend_all:
      return "extend-all";
    case Command::release_all:
      return "release-all";
    case Command::lock_or_retake:
      return "lock-or-retake";
    case Command::extend_or_retake:
      return "extend-or-retake";
    case Command::redsync_delete:
      return "redsync-delete";
    case Command::compare_and_prolong:
      return "compare-and-prolong";
    case Command::redisson_lock:
      return "redisson-lock";
    case Command::redisson_fenced_lock:
      return "redisson-fenced-lock";
    case Command::redisson_renew:
      return "redisson-renew";
    case Command::redisson_unlock:
      return "redisson-unlock";
    case Command::redisson_fair_try:
      return "redisson-fair-try";
    case Command::redisson_fair_lock:
      return "redisson-fair-lock";
    case Command::redisson_fair_unlock:
      return "redisson-fair-unlock";
    case Command::redisson_fair_leave:
      return "redisson-fair-leave";
    case Command::subscribe:
      return "SUBSCRIBE";
    case Command::unsubscribe:
      return "UNSUBSCRIBE";
    case Command::wait:
      return "WAIT";
    case Command::info_replication:
      return "INFO replication";
  }
  return {};
}

/// How long a SET lives: for ever, `PX ms` from now, or until `PXAT ms` of the node's wall clock.
enum class Expiry : std::uint8_t { none, px, pxat };

struct SetOptions {
  bool nx = false;        // only if the key is missing
  bool xx = false;        // only if the key exists
  bool get = false;       // answer with the old value
  bool keep_ttl = false;  // leave the old deadline
  Expiry expiry = Expiry::none;
  constexpr bool operator==(const SetOptions&) const = default;
};

/// Stands for the client's clock where the server's own is meant.
inline constexpr std::int64_t kServerClock = std::numeric_limits<std::int64_t>::min();

struct Request {
  Command command = Command::get;
  SetOptions options{};  // of SET
  bool retake = true;    // lock_or_retake: false is redlock-rb's extend_only_if_locked
  AttemptId attempt{};   // on whose behalf; for the trace, no rule looks at it
  Symbol key{};
  Symbol counter{};                   // acquire_with_token: where the tokens come from
  std::array<Symbol, 3> more_keys{};  // of the *_all scripts; the first none ends the list. Of
                                      // Redisson's: channel or queue, time-outs, latch
  Value value{};                      // to be stored
  Value expected{};                   // what the compare-and-... and *_all scripts look for
  std::int64_t ttl_ms = 0;            // a life (PX, PEXPIRE) or a date (PXAT); of WAIT its time-out
  std::int64_t client_ms = 0;         // the client's own wall clock, which the fair lock compares
  std::int64_t wait_ms = 0;  // how long a place in the fair lock's queue is kept; of WAIT: how many
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 128);

enum class ReplyKind : std::uint8_t { ok, nil, integer, value, error };
enum class ReplyError : std::uint8_t {
  none,
  syntax,
  expire_time,
  not_an_integer,
  overflow,
  read_only,            // READONLY: this is a replica
  not_enough_replicas,  // NOREPLICAS: min-replicas-to-write
  out_of_memory,        // OOM, under noeviction
};

/// Redis' own words.
constexpr std::string_view to_string(ReplyError error) {
  switch (error) {
    case ReplyError::none:
      return "";
    case ReplyError::syntax:
      return "syntax error";
    case ReplyError::expire_time:
      return "invalid expire time";
    case ReplyError::not_an_integer:
      return "value is not an integer or out of range";
    case ReplyError::overflow:
      return "increment or decrement would overflow";
    case ReplyError::read_only:
      return "You can't write against a read only replica.";
    case ReplyError::not_enough_replicas:
      return "Not enough good replicas to write.";
    case ReplyError::out_of_memory:
      return "command not allowed when used memory > 'maxmemory'.";
  }
  return {};
}

struct Reply {
  ReplyKind kind = ReplyKind::nil;
  ReplyError error = ReplyError::none;
  std::int64_t number = 0;  // of an integer reply
  FencingToken token{};     // INCR and acquire_with_token: the number, as a token
  Value value{};            // of a value reply
  constexpr bool operator==(const Reply&) const = default;

  /// Did it do what was asked? OK, a value, or a number above zero.
  constexpr explicit operator bool() const {
    return kind == ReplyKind::ok || kind == ReplyKind::value ||
           (kind == ReplyKind::integer && number > 0);
  }

  static constexpr Reply ok() { return {.kind = ReplyKind::ok}; }
  static constexpr Reply nil() { return {}; }
  static constexpr Reply integer(std::int64_t number) {
    return {.kind = ReplyKind::integer, .number = number};
  }
  static constexpr Reply issued(std::int64_t number) {
    return {.kind = ReplyKind::integer,
            .number = number,
            .token = FencingToken{static_cast<std::uint64_t>(number)}};
  }
  static constexpr Reply of(const Value& value) {
    return {.kind = ReplyKind::value, .value = value};
  }
  static constexpr Reply failed(ReplyError error) {
    return {.kind = ReplyKind::error, .error = error};
  }
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 48);

/// What a subscriber of a channel is sent. It answers no call.
struct Notice {
  Symbol channel{};
  Value to{};  // the part of the channel's name that a fair lock makes for each waiter; mostly none
};

}  // namespace locklab::redis
