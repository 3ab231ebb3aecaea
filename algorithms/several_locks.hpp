// Several locks at once: what a transfer between two accounts needs, and where deadlocks come from
// [doc §8 anti-pattern 3, §7 mistake 4; spec L]. Two clients that wait for each other's second lock
// wait for ever, or until a TTL takes a lock from somebody who still counts on it [corpus 104]. Two
// things help: one order for all, so that no circle can close; or no waiting at all, but a try for
// each lock, and everything given back if one is refused, with a random pause before the next
// attempt, without which two clients can refuse each other again and again. An error half-way is
// the other trap: what was taken by then has to be given back, in `finally` [corpus 106].
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "algorithms/execute_with_lock.hpp"
#include "algorithms/lock.hpp"
#include "sim/result.hpp"
#include "sim/task.hpp"

namespace locklab {

/// How a client takes several locks.
struct SeveralLocks {
  enum class Order : std::uint8_t {
    given,   // as the caller names them
    global,  // by name, which is the same order for everybody
  };
  enum class Wait : std::uint8_t {
    blocking,  // for each, as `waiting` says, with all before it in hand
    try_all,   // one try each; after a no give all back, pause, begin anew
  };

  Order order = Order::given;
  Wait wait = Wait::blocking;
  Waiting waiting;                 // blocking
  std::int64_t tries = -1;         // try_all, of the whole; -1: for ever
  Duration back_off = 50ms;        // try_all: before the next attempt,
  Duration back_off_jitter{};      // and up to so much more
  bool release_in_finally = true;  // also when an error or a time-out ends the acquisition half-way
};

/// A set of locks of one client: taken together, given back together.
class LockSet {
 public:
  struct Held {
    Lock* lock;
    Lease lease;
  };

  /// `locks` are at least one, and of one process.
  LockSet(std::span<Lock* const> locks, const SeveralLocks& policy);

  /// Takes all of them, or ends with an error: not_acquired, or what a try ended with. After an
  /// error nothing is held, unless it was to be left behind.
  Task<Result<void>> acquire();
  /// Gives back the one taken last, whatever the release says.
  Task<> release_last();

  std::span<const Held> held() const { return held_; }
  Arena& arena() const { return self_.arena(); }

 private:
  Task<Result<void>> acquire_each();
  Task<Result<Lease>> try_once(Lock& lock);

  Process& self_;
  SeveralLocks policy_;
  std::pmr::vector<Lock*> locks_;  // in the order in which they are taken
  std::pmr::vector<Held> held_;
};

}  // namespace locklab
