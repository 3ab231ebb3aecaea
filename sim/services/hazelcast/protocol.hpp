// What a client sends to a Hazelcast member and what it gets back, for locks [spec I "Hazelcast";
// Hazelcast cp/internal/datastructures/lock, cp/internal/session]. Every operation of the CP group
// carries an id of its own, so that one whose outcome is unknown may be sent again.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/raft/caller.hpp"
#include "sim/time.hpp"

namespace locklab::hazelcast {

enum class Operation : std::uint8_t {
  create_session,
  heartbeat,
  expire_session,  // by the leader: if the session still has that version
  lock,            // waits in line if `wait`
  unlock,
};
inline constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::unlock) + 1;

/// The name that a trace shows.
constexpr std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::create_session:
      return "create-session";
    case Operation::heartbeat:
      return "session-heartbeat";
    case Operation::expire_session:
      return "expire-session";
    case Operation::lock:
      return "lock";
    case Operation::unlock:
      return "unlock";
  }
  return {};
}

struct Request {
  Operation operation = Operation::lock;
  bool wait = false;
  Symbol key{};
  AttemptId attempt{};  // on whose behalf; for the trace, no rule looks at it
  ProcessId client{};
  std::uint64_t session = 0;
  std::uint64_t thread = 0;
  std::uint64_t invocation = 0;  // the same each time that it is sent
  std::uint64_t version = 0;     // expire_session

  Symbol subject() const { return key; }
  bool repeatable() const { return true; }
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 80);

enum class Status : std::uint8_t {
  ok,
  taken,            // tryLock, and another has it
  session_expired,  // there is no such session
  not_owner,        // IllegalMonitorStateException
};

struct Reply {
  bool no_leader = false;
  Status status = Status::ok;
  ProcessId leader{};
  std::uint64_t fence = 0;
  std::uint32_t holds = 0;  // of a lock, with re-entries
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 128);

/// AP members tell one another that they live, and what the owner of a lock's partition did.
struct Alive {
  std::uint32_t view = 0;
};

struct Kinds : raft::OperationKinds<Operation, kOperations> {
  explicit Kinds(Names& names)
      : raft::OperationKinds<Operation, kOperations>(names),
        alive(names.intern("member heartbeat")),
        forward(names.intern("to partition owner")),
        backup(names.intern("backup")),
        forwarded_reply(names.intern("from partition owner")) {}
  Symbol alive, forward, backup, forwarded_reply;
};

}  // namespace locklab::hazelcast
