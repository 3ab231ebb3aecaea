// The database of a Chubby cell, as a value: sessions, and locks with their generations. A lock's
// generation grows whenever it goes from free to held. A lock that became free because its holder
// failed stays closed until the master says that the lock-delay is over.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/chubby/protocol.hpp"
#include "sim/time.hpp"

namespace locklab::chubby {

struct Session {
  std::uint64_t id = 0;
  ProcessId client;
  bool operator==(const Session&) const = default;
};

struct LockFile {
  Symbol key;
  std::uint64_t holder = 0;  // session; 0: none
  std::uint64_t generation = 0;
  Duration lock_delay{};  // of the holder, or of the one that failed
  bool delayed = false;
  AttemptId attempt;  // for the trace
  bool operator==(const LockFile&) const = default;
};

/// What a request changed, for the trace and for the master.
struct Change {
  enum class Kind : std::uint8_t { held, freed, opened, session_began, session_ended };
  Kind kind{};
  bool failed = false;  // freed: with its session
  AttemptId by;         // freed
  LockFile lock;
  Session session;
};
using Changes = std::pmr::vector<Change>;

class Cell {
 public:
  explicit Cell(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : locks_(memory), sessions_(memory) {}
  bool operator==(const Cell&) const = default;

  void clear();
  Reply apply(const Request& request, Changes& changes);
  const LockFile* find(Symbol key) const;
  const Session* find_session(std::uint64_t id) const;
  const std::pmr::vector<Session>& sessions() const { return sessions_; }
  const std::pmr::vector<LockFile>& locks() const { return locks_; }

 private:
  Reply acquire(const Request& request, Changes& changes);
  LockFile& at(Symbol key);
  void note(Change::Kind kind, const LockFile& lock, Changes& changes, bool failed = false,
            AttemptId by = {});

  std::pmr::vector<LockFile> locks_;
  std::pmr::vector<Session> sessions_;
};

}  // namespace locklab::chubby
