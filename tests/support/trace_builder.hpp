// A trace by hand: says in a line what a spec sheet says in one, and tells an observer of it. Names
// are made as they are used; process 1 is the first of the list. Wall clocks show true time unless
// set otherwise.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sim/assert.hpp"
#include "sim/names.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"

namespace locklab {

class TraceBuilder {
 public:
  TraceBuilder(TraceObserver& observer, EventMask mask,
               std::initializer_list<std::string_view> processes)
      : observer_(observer), mask_(mask), processes_(processes), ahead_(processes.size()) {}

  // ---- who and what ----
  ProcessId process(std::string_view name) const {
    for (std::uint32_t i = 0; i < processes_.size(); ++i)
      if (processes_[i] == name) return ProcessId{i + 1};
    LOCKLAB_ASSERT(false);
    return {};
  }
  const std::vector<std::string_view>& processes() const { return processes_; }
  Names& names() { return names_; }
  Symbol lock_name() const { return lock_; }
  /// The lock that the following lines are about.
  TraceBuilder& lock(std::string_view name) {
    lock_ = names_.intern(name);
    key_ = names_.intern(std::string("lock:") + std::string(name));
    return *this;
  }
  /// What the following attempts ask for.
  TraceBuilder& ttl(Duration ttl) { return ttl_ = ttl, *this; }
  TraceBuilder& quorum(std::uint32_t quorum, std::uint32_t of) {
    return quorum_ = quorum, of_ = of, *this;
  }
  TraceBuilder& fifo() { return fifo_ = true, *this; }
  /// True time of the following lines.
  TraceBuilder& at(Duration when) {
    LOCKLAB_ASSERT(Instant{when} >= now_);
    return now_ = Instant{when}, *this;
  }
  Instant now() const { return now_; }

  /// Any event, in the lane of `who`.
  template <class Payload>
  TraceBuilder& tell(std::string_view who, const Payload& payload) {
    const ProcessId lane = process(who);
    const WallInstant wall{now_.time_since_epoch() + ahead_[lane.number - 1]};
    const TraceEvent event{EventSeq{++seq_}, {}, now_, lane, wall, payload};
    if ((mask_ & events_of<Payload>()) != 0) observer_.observe(event);
    return *this;
  }
  EventSeq last() const { return EventSeq{seq_}; }

  // ---- clients ----
  TraceBuilder& waits(std::string_view who, bool bounded = false) {
    return tell(who, LockWaitBegan{lock_, bounded});
  }
  TraceBuilder& wait_over(std::string_view who, bool granted = true, std::uint32_t tries = 1) {
    return tell(who, LockWaitEnded{lock_, granted, tries});
  }
  TraceBuilder& requests(std::string_view who, std::uint32_t attempt) {
    return tell(who, LockRequested{lock_, AttemptId{attempt}, ttl_, quorum_, of_, fifo_});
  }
  TraceBuilder& refused(std::string_view who, std::uint32_t attempt) {
    return tell(who, LockRefused{lock_, AttemptId{attempt}, Errc::not_acquired, 0, {}});
  }
  TraceBuilder& granted(std::string_view who, std::uint32_t attempt, Duration promise_until,
                        std::uint64_t token = 0) {
    return tell(who, LockGranted{lock_,
                                 AttemptId{attempt},
                                 FencingToken{token},
                                 quorum_,
                                 {},
                                 Instant{promise_until},
                                 kEndOfTime});
  }
  TraceBuilder& assumes(std::string_view who, std::uint32_t attempt) {
    return tell(who, LockAssumed{lock_, AttemptId{attempt}, Errc::not_acquired});
  }
  TraceBuilder& extended(std::string_view who, std::uint32_t attempt, Duration promise_until) {
    return tell(
        who,
        LeaseExtended{lock_, AttemptId{attempt}, quorum_, {}, Instant{promise_until}, kEndOfTime});
  }
  TraceBuilder& stops_believing(std::string_view who, std::uint32_t attempt,
                                BeliefEnd why = BeliefEnd::deadline) {
    return tell(who, BeliefEnded{lock_, AttemptId{attempt}, why});
  }
  TraceBuilder& begins_release(std::string_view who, std::uint32_t attempt) {
    return tell(who, ReleaseBegan{lock_, AttemptId{attempt}});
  }
  /// The release returns; a naive client believes until then.
  TraceBuilder& released(std::string_view who, std::uint32_t attempt) {
    tell(who, LockReleased{lock_, AttemptId{attempt}, quorum_, {}});
    return stops_believing(who, attempt, BeliefEnd::released);
  }

  // ---- processes ----
  TraceBuilder& pauses(std::string_view who) { return tell(who, ProcessPaused{}); }
  TraceBuilder& resumes(std::string_view who) { return tell(who, ProcessResumed{}); }
  TraceBuilder& crashes(std::string_view who) { return tell(who, ProcessCrashed{}); }
  TraceBuilder& restarts(std::string_view who) { return tell(who, ProcessRestarted{}); }
  TraceBuilder& wall_jumps(std::string_view who, Duration by) {
    ahead_[process(who).number - 1] += by;
    return tell(who, ClockChanged{ClockChange::jump, by, 0});
  }

  // ---- lock services ----
  /// `deadline`: of the node's wall clock.
  TraceBuilder& stores(std::string_view node, std::uint32_t attempt, Duration deadline) {
    return tell(node, KeyStored{key_, Value::integer(attempt), AttemptId{attempt}, true,
                                WallInstant{deadline}});
  }
  TraceBuilder& stores_for_ever(std::string_view node, std::uint32_t attempt) {
    return tell(node, KeyStored{key_, Value::integer(attempt), AttemptId{attempt}, false, {}});
  }
  TraceBuilder& extends(std::string_view node, std::uint32_t attempt, std::uint32_t by,
                        Duration deadline) {
    return tell(node, KeyExtended{key_, Value::integer(attempt), AttemptId{attempt}, AttemptId{by},
                                  WallInstant{deadline}});
  }
  TraceBuilder& removes(std::string_view node, std::uint32_t attempt, RemovalReason why,
                        std::uint32_t by = 0) {
    return tell(node,
                KeyRemoved{key_, Value::integer(attempt), AttemptId{attempt}, AttemptId{by}, why});
  }

  // ---- storage ----
  TraceBuilder& accepts(std::string_view storage, std::uint32_t attempt, std::uint64_t token = 0) {
    ++version_;
    return tell(storage, WriteAccepted{names_.intern("stock"),
                                       Value::integer(1),
                                       AttemptId{attempt},
                                       FencingToken{token},
                                       {},
                                       version_,
                                       version_ - 1,
                                       false});
  }
  /// A read-modify-write.
  TraceBuilder& accepts_update(std::string_view storage, std::uint32_t attempt,
                               std::uint64_t based_on, std::uint64_t token = 0) {
    ++version_;
    return tell(storage, WriteAccepted{names_.intern("stock"),
                                       Value::integer(1),
                                       AttemptId{attempt},
                                       FencingToken{token},
                                       {},
                                       version_,
                                       based_on,
                                       true});
  }
  TraceBuilder& rejects(std::string_view storage, std::uint32_t attempt, std::uint64_t token) {
    return tell(storage, WriteRejected{names_.intern("stock"),
                                       Value::integer(1),
                                       AttemptId{attempt},
                                       FencingToken{token},
                                       {},
                                       Rejection::stale_token});
  }

 private:
  TraceObserver& observer_;
  EventMask mask_;
  std::vector<std::string_view> processes_;
  std::vector<Duration> ahead_;  // of each wall clock
  Names names_;
  Symbol lock_ = names_.intern("inventory:item-123");
  Symbol key_ = names_.intern("lock:inventory:item-123");
  Duration ttl_ = 10s;
  std::uint32_t quorum_ = 1;
  std::uint32_t of_ = 1;
  bool fifo_ = false;
  Instant now_{};
  std::uint64_t seq_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace locklab
