// executeWithAutoExtend: while the work runs, a second task of the process sets the lock's life
// anew every TTL/3 [doc §6; spec F]. In the document a lost lock ends the renewal without a word
// and an error kills it for good, so that the work goes on unprotected [corpus 50, 51], and a hung
// holder is renewed for ever [corpus 52]. The repairs are choices: tell, retry, stop at the
// deadline, bound the hold. A pause or an outage that begins just before a renewal is survived if
// it is shorter than 2·TTL/3 − RTT.
#pragma once

#include <cstdint>

#include "algorithms/execute_with_lock.hpp"
#include "algorithms/lock.hpp"
#include "sim/result.hpp"
#include "sim/task.hpp"
#include "sim/time.hpp"

namespace locklab {

struct AutoExtend {
  enum class OnFalse : std::uint8_t {
    stop_silently,  // the document: break, "Lost the lock"
    notify,         // the client is told: it believes no longer and its work is cancelled
  };
  enum class OnError : std::uint8_t {
    die,    // the document: an unchecked exception ends the thread
    retry,  // until the client's own deadline, which then counts as a "no"
  };

  Duration period{};       // between renewals; zero: TTL/3
  Duration retry_after{};  // after an error; zero: the period
  OnFalse on_false = OnFalse::stop_silently;
  OnError on_error = OnError::die;
  bool stop_at_deadline = false;  // the work is cancelled when the client's own clock says so
  Duration max_hold{};            // then the work is cancelled and the lock given back; zero: never

  /// Does anything of this end the work early? Otherwise it runs as the caller itself.
  bool cancels_work() const {
    return on_false == OnFalse::notify || stop_at_deadline || max_hold > Duration{0};
  }
};

/// One try, no wait; then as hold_with_auto_extend. Errors: those of Lock::acquire, and what
/// follows.
Task<Result<void>> execute_with_auto_extend(Lock& lock, CriticalSection& section,
                                            AutoExtend policy);

/// For a lease that the client has: runs the section while renewing the lease, then releases.
/// Errors: lost (told so, or at the deadline), cancelled (at max_hold).
Task<Result<void>> hold_with_auto_extend(Lock& lock, Lease lease, CriticalSection& section,
                                         AutoExtend policy);

}  // namespace locklab
