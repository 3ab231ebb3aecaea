// What a client sends to a Chubby cell and what it gets back [spec G; Burrows, "The Chubby lock
// service for loosely-coupled distributed systems", OSDI 2006]. Model: the cell's database stands
// on the Raft log of this program, where Chubby's stands on Paxos: both commit by a majority under
// one master. Model: a lock file is its lock: no directories, no contents, no cache of them,
// exclusive locks only. Model: servers that are given a sequencer compare it with the newest that
// they have seen, the second of the two ways that the paper names; CheckSequencer is not there.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/raft/caller.hpp"
#include "sim/time.hpp"

namespace locklab::chubby {

enum class Operation : std::uint8_t {
  create_session,
  keep_alive,   // held open by the master until the lease is near its end
  end_session,  // by the master, whose count has run out
  acquire,      // waits if `wait`
  release,
  end_delay,  // by the master: a lock-delay is over
};
inline constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::end_delay) + 1;

/// The name that a trace shows.
constexpr std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::create_session:
      return "create-session";
    case Operation::keep_alive:
      return "KeepAlive";
    case Operation::end_session:
      return "end-session";
    case Operation::acquire:
      return "Acquire";
    case Operation::release:
      return "Release";
    case Operation::end_delay:
      return "end-lock-delay";
  }
  return {};
}

struct Request {
  Operation operation = Operation::acquire;
  bool wait = false;
  Symbol key{};
  AttemptId attempt{};  // on whose behalf; for the trace, no rule looks at it
  ProcessId client{};
  std::uint64_t session = 0;
  std::uint64_t generation = 0;  // end_delay: that was freed
  std::uint64_t epoch = 0;       // keep_alive: of the master that the client knows
  Duration lock_delay{};         // acquire: for this holder's failure

  Symbol subject() const { return key; }
  /// A session that has the lock already, or has given it back, is told the same again.
  bool repeatable() const { return true; }
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 80);

enum class Status : std::uint8_t {
  ok,
  taken,            // TryAcquire: another has it, or it is delayed
  session_expired,  // there is no such session
  not_held,
};

struct Reply {
  bool no_leader = false;  // not the master: ask `leader`, if it is known
  Status status = Status::ok;
  ProcessId leader{};
  std::uint64_t epoch = 0;       // of the master; another one than before: there was a fail-over
  std::uint64_t generation = 0;  // acquire: of the lock
  Duration lease{};  // keep_alive: the session lives for so long after the master *received* it
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 128);

using Kinds = raft::OperationKinds<Operation, kOperations>;

}  // namespace locklab::chubby
