// What a client sends to a Consul server and what it gets back [spec I "Consul"; Consul
// api/lock.go, agent/consul/kvs_endpoint.go, session_endpoint.go]. Flat structs, so that a message
// is one copy. Model: a server that does not lead says who does, where Consul's hands the request
// on. Model: the answer to an acquisition brings the key's LockIndex, which Consul's client has to
// read afterwards.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/raft/caller.hpp"
#include "sim/time.hpp"

namespace locklab::consul {

enum class Operation : std::uint8_t {
  session_create,
  session_renew,
  session_destroy,
  kv_get,      // blocks until the key has changed since `index`; 0: does not block
  kv_acquire,  // PUT ?acquire=session
  kv_release,  // PUT ?release=session
};
inline constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::kv_release) + 1;

/// The name that a trace shows.
constexpr std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::session_create:
      return "session-create";
    case Operation::session_renew:
      return "session-renew";
    case Operation::session_destroy:
      return "session-destroy";
    case Operation::kv_get:
      return "kv-get";
    case Operation::kv_acquire:
      return "kv-acquire";
    case Operation::kv_release:
      return "kv-release";
  }
  return {};
}

/// What becomes of the keys that a session held when it is invalidated.
enum class Behavior : std::uint8_t { release, erase };
/// Why a session ends.
enum class Ending : std::uint8_t { destroyed, expired, health_check };

struct Request {
  Operation operation = Operation::kv_get;
  Behavior behavior = Behavior::release;  // session_create
  Ending ending = Ending::destroyed;      // session_destroy
  bool health_check = true;  // session_create: the node's serfHealth check is bound to it
  Symbol key{};
  AttemptId attempt{};  // on whose behalf; for the trace, no rule looks at it
  ProcessId client{};
  std::uint64_t session = 0;
  std::uint64_t index = 0;
  Duration ttl{};
  Duration lock_delay{};

  Symbol subject() const { return key; }
  bool repeatable() const {
    return operation == Operation::kv_get || operation == Operation::session_renew;
  }
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 80);

struct Reply {
  bool no_leader = false;  // ask `leader`, if it is known
  bool yes = false;        // the key was acquired or released; the session is there
  ProcessId leader{};
  std::uint64_t session = 0;     // kv_get: that holds the key; 0: none
  std::uint64_t index = 0;       // kv_get: of the key's last change
  std::uint64_t lock_index = 0;  // kv_acquire
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 128);

using Kinds = raft::OperationKinds<Operation, kOperations>;

}  // namespace locklab::consul
