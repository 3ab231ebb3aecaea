// Redisson's renewal of locks that were taken without a lease time [spec F; LockRenewalScheduler
// and LockTask; before 3.40, RedissonBaseLock.scheduleExpirationRenewal]. One timer a client, every
// third of lockWatchdogTimeout, for all its locks: a new lock waits up to that long for its first
// renewal. A lock that is gone is dropped from the list without a word to anybody [#4698]; after an
// error the next tick tries again. Older versions had a timer for each lock, which one error
// stopped for good, and the entry that stayed in their map kept later locks of the same name from
// being renewed at all
// [#775, #2515, #3194].
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/process.hpp"
#include "sim/result.hpp"
#include "sim/rpc.hpp"
#include "sim/services/redis/client.hpp"
#include "sim/services/redis/session.hpp"
#include "sim/task.hpp"

namespace locklab {

class RedissonWatchdog final : public redis::LibraryState {
 public:
  /// A lock that is to be renewed.
  class Renewed {
   public:
    virtual ~Renewed() = default;
    virtual Symbol name() const = 0;
    virtual void renewal_begins() = 0;
    virtual Call<redis::Reply> renewal() = 0;
    virtual void renewed() = 0;  // it was still ours
  };
  enum class Timers : std::uint8_t { one_a_client, one_a_lock };

  RedissonWatchdog(Process& self, Timers timers, Duration period)
      : self_(self), timers_(timers), period_(period), entries_(&self.arena()) {}

  Arena& arena() const { return self_.arena(); }
  /// Counts a hold of the lock.
  void add(Renewed& lock);
  /// One hold less; the last ends the renewal. Nothing if there is none.
  void remove(Symbol name);

 private:
  struct Entry {
    Symbol name;
    Renewed* lock;
    std::uint32_t holds;
    std::uint32_t timer;
  };

  Entry* find(Symbol name);
  void drop(Symbol name);
  Task<> renew_all();
  Task<> renew_one(Symbol name, std::uint32_t timer);
  void settle(Symbol name, const Result<redis::Reply>& reply);

  Process& self_;
  Timers timers_;
  Duration period_;
  std::pmr::vector<Entry> entries_;
  bool running_ = false;
  std::uint32_t timers_started_ = 0;  // so that the timer of an old entry renews no new one
};

}  // namespace locklab
