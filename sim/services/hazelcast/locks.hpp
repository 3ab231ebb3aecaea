// The state of a CP group's locks and sessions, as a value [Hazelcast RaftLock,
// RaftSessionRegistry]. A lock is held by one thread of one session, any number of times over, and
// has a line of those who wait. The fence is the place in the log of the operation by which it went
// from free to held, or from one holder to the next.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/hazelcast/protocol.hpp"

namespace locklab::hazelcast {

struct Session {
  std::uint64_t id = 0;
  ProcessId client;
  std::uint64_t version = 0;  // grows with every heartbeat
  bool operator==(const Session&) const = default;
};

/// Somebody who holds a lock, or waits for it.
struct Claim {
  std::uint64_t session = 0;  // 0: nobody
  std::uint64_t thread = 0;
  std::uint64_t invocation = 0;
  AttemptId attempt;  // for the trace
  bool same_thread(const Claim& other) const {
    return session == other.session && thread == other.thread;
  }
  bool operator==(const Claim&) const = default;
};

struct LockState {
  explicit LockState(std::pmr::memory_resource* memory) : waiting(memory) {}
  Symbol key;
  Claim owner;
  std::uint32_t holds = 0;
  std::uint64_t fence = 0;
  std::uint64_t released_by = 0;  // the last unlock that was carried out
  std::pmr::vector<Claim> waiting;
};

/// What an operation changed, for the trace and for those who wait.
struct Change {
  enum class Kind : std::uint8_t { held, freed, session_began, session_beat, session_ended };
  Kind kind{};
  bool by_session_end = false;  // freed
  bool was_waiting = false;     // held: an earlier operation is answered by this
  Symbol key;
  AttemptId by;  // freed
  Claim claim;
  std::uint64_t fence = 0;
  Session session;
};
using Changes = std::pmr::vector<Change>;

/// Nothing: the answer comes when the lock is had.
using Answer = std::optional<Reply>;

class Locks {
 public:
  explicit Locks(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : memory_(memory), locks_(memory), sessions_(memory) {}

  void clear();
  /// Carries out an operation that stands at `index` of the log.
  Answer apply(const Request& request, std::uint64_t index, Changes& changes);
  const Session* find_session(std::uint64_t id) const;
  const std::pmr::vector<Session>& sessions() const { return sessions_; }

 private:
  Answer lock(const Request& request, std::uint64_t index, Changes& changes);
  Reply unlock(const Request& request, std::uint64_t index, Changes& changes);
  void end_session(const Session& session, std::uint64_t index, Changes& changes);
  void take(LockState& lock, const Claim& claim, std::uint64_t index, bool was_waiting,
            Changes& changes);
  void free(LockState& lock, std::uint64_t index, bool by_session_end, AttemptId by,
            Changes& changes);
  LockState& at(Symbol key);

  std::pmr::memory_resource* memory_;
  std::pmr::vector<LockState> locks_;
  std::pmr::vector<Session> sessions_;
};

}  // namespace locklab::hazelcast
