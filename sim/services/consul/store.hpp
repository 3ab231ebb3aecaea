// A Consul server's state, as a value [Consul agent/consul/state/kvs.go, session.go]: keys that a
// session may hold, and sessions. It reads no clock: when a session ends, and whether a key may be
// acquired yet, is the leader's business. Left out: values of keys, which locks do not need.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/consul/protocol.hpp"
#include "sim/time.hpp"

namespace locklab::consul {

struct Session {
  std::uint64_t id = 0;
  ProcessId client;
  Behavior behavior{};
  bool health_check = true;
  Duration ttl{};
  Duration lock_delay{};
  bool operator==(const Session&) const = default;
};

struct Key {
  Symbol name;
  std::uint64_t session = 0;     // that holds it; 0: none
  std::uint64_t lock_index = 0;  // acquisitions so far
  std::uint64_t changed = 0;     // ModifyIndex
  AttemptId attempt;             // for the trace
  bool operator==(const Key&) const = default;
};

/// What a request changed, for the trace and for those who wait.
struct Change {
  enum class Kind : std::uint8_t { acquired, freed, session_began, session_ended };
  Kind kind{};
  bool by_session_end = false;  // freed
  Ending ending{};              // session_ended
  AttemptId by;                 // freed
  Key key;
  Session session;
};
using Changes = std::pmr::vector<Change>;

class Store {
 public:
  explicit Store(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : keys_(memory), sessions_(memory) {}
  bool operator==(const Store&) const = default;

  void clear();
  /// Carries out a request that stands at `index` of the log.
  Reply apply(const Request& request, std::uint64_t index, Changes& changes);
  Reply read(Symbol key) const;
  const Session* find_session(std::uint64_t id) const;
  const std::pmr::vector<Session>& sessions() const { return sessions_; }

 private:
  Key* find_key(Symbol name);
  void free(Key& key, bool by_session_end, AttemptId by, std::uint64_t index, Changes& changes);
  void destroy(const Request& request, std::uint64_t index, Changes& changes);

  std::pmr::vector<Key> keys_;
  std::pmr::vector<Session> sessions_;
};

}  // namespace locklab::consul
