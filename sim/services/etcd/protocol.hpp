// What a client sends to an etcd server and what it gets back [spec I "etcd"; etcd v3 API: Lease,
// KV, Watch]: the requests that locks use. Flat structs, so that a message is one copy. Model: the
// transaction of concurrency.Mutex ("put my key unless it is there, and tell me who is first") is
// one request, and so are the ranges that it reads. Model: a watch waits for one key's deletion, by
// a call that is answered when that has come.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/time.hpp"

namespace locklab::etcd {

enum class Operation : std::uint8_t {
  lease_grant,       // lease, ttl
  lease_keep_alive,  // lease
  lease_revoke,   // lease; by a client (session.Close) or by a server whose lessor found it expired
  put_if_absent,  // prefix, key, lease: put unless it exists; and the first key under the prefix
  erase,          // key
  get,            // key
  last_before,    // prefix, revision: the key created last, of those created up to the revision
  watch_deletion,  // key, revision: deleted since then?
};
inline constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::watch_deletion) + 1;

/// The name that a trace shows.
constexpr std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::lease_grant:
      return "lease-grant";
    case Operation::lease_keep_alive:
      return "keep-alive";
    case Operation::lease_revoke:
      return "lease-revoke";
    case Operation::put_if_absent:
      return "put-if-absent";
    case Operation::erase:
      return "delete";
    case Operation::get:
      return "get";
    case Operation::last_before:
      return "get-last-before";
    case Operation::watch_deletion:
      return "watch";
  }
  return {};
}

struct Request {
  Operation operation = Operation::get;
  bool expired = false;  // lease_revoke: by a lessor
  Symbol prefix{};
  Symbol key{};
  AttemptId attempt{};  // on whose behalf; for the trace, no rule looks at it
  ProcessId client{};   // the same
  std::uint64_t lease = 0;
  std::uint64_t revision = 0;
  Duration ttl{};  // whole seconds
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 80);

enum class Status : std::uint8_t {
  ok,
  not_found,  // there is no such key, or lease
  no_leader,  // nor knows the server of one: try again, or another server
};

struct Reply {
  Status status = Status::ok;
  Symbol key{};  // last_before
  std::uint64_t lease = 0;
  std::uint64_t revision = 0;       // of the store, when it answered
  std::uint64_t created = 0;        // create revision of the key
  std::uint64_t first_created = 0;  // put_if_absent: the lowest one under the prefix
  Duration ttl{};                   // as granted, or of a keep-alive
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 128);

/// A server sends a client's keep-alive on to the leader, who answers it.
struct Renewal {
  std::uint32_t ticket = 0;
  Status status = Status::ok;
  std::uint64_t lease = 0;
  Duration ttl{};
};

}  // namespace locklab::etcd
