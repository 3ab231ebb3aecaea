// executeWithLock: poll for the lock until a deadline, do the work, give the lock back [doc §6
// "DistributedLockService"; spec F]. The document's numbers are the defaults; its lapses are kept:
// a time-out of zero makes no try at all [corpus 114], an error in a try escapes and may leave an
// orphan [corpus 23], nobody compares the time that the work took with the TTL, and nobody looks at
// what the release said.
#pragma once

#include <cstdint>

#include "algorithms/lock.hpp"
#include "sim/result.hpp"
#include "sim/task.hpp"
#include "sim/time.hpp"

namespace locklab {

/// The work that a lock protects. A class that derives from it needs an `arena()`, as every class
/// with coroutines does.
class CriticalSection {
 public:
  virtual ~CriticalSection() = default;
  /// `lease` is the caller's and outlives the task; an extension brings it up to date. After
  /// fail_open it has no votes.
  virtual Task<> run(const Lease& lease) = 0;
};

/// How a client waits for a lock.
struct Waiting {
  enum class OnError : std::uint8_t {
    escape,     // the document: the exception ends the wait
    retry,      // an error is one more failed try
    fail_open,  // "the lock service is down, go on without" [corpus 116]
  };

  Duration timeout = 5s;              // kForever: blocks; zero: makes no try
  Duration poll = 50ms;               // Thread.sleep(50)
  Duration poll_jitter{};             // up to so much more; the document has none
  ClockKind clock = ClockKind::wall;  // System.currentTimeMillis(), in whole milliseconds
  OnError on_error = OnError::escape;
};

/// Polls until the lock is granted or the deadline has passed. Errors: not_acquired, or what a try
/// escaped with.
Task<Result<Lease>> acquire_until(Lock& lock, Waiting waiting);

/// Waits, runs the section, releases whatever the section did. Errors: those of acquire_until; then
/// the section did not run.
Task<Result<void>> execute_with_lock(Lock& lock, CriticalSection& section, Waiting waiting);

}  // namespace locklab
