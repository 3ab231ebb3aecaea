// What several invariants need to know about a run's locks, worked out once [spec 1.3]: who tries,
// believes, releases and waits; what a grant promises and until when; which keys stand where on
// whose behalf; in which order the *service* gave the lock away, which is not the order in which
// the clients heard of it; and which processes run.
//
// Left out: the state of the servers as such. A key on a node that is down counts as standing
// there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"

namespace locklab {

class LockBook {
 public:
  static constexpr EventMask kEvents =
      events_of<LockWaitBegan, LockWaitEnded, LockRequested, LockRefused, LockGranted, LockAssumed,
                LeaseExtended, BeliefEnded, ReleaseBegan, LockReleased, KeyStored, KeyExtended,
                KeyRemoved, ProcessPaused, ProcessResumed, ProcessCrashed, ProcessRestarted,
                ClockChanged>();

  using LockNumber = std::uint32_t;  // place in locks()

  /// One try to take a lock, and the grant that may come of it.
  struct Attempt {
    AttemptId id;
    ProcessId process;
    LockNumber lock = 0;
    std::uint32_t quorum = 1;
    std::uint32_t nodes = 0;  // that store a key on its behalf
    FencingToken token;
    EventSeq requested;
    EventSeq granted;   // none: not (yet)
    EventSeq believed;  // what made it believe: the grant, or an assumption
    /// Its place in the order of grants at the service: the event that stored the quorum-th key.
    /// For a lock that keeps no keys, the grant as the client heard it. An attempt that lost the
    /// quorum and got it back (a silent re-acquisition, corpus 47) stands where it got it back.
    EventSeq order;
    Instant requested_at{};
    Instant granted_at{};
    Instant promise_until{};  // of a grant; a release ends it early
    bool trying = false;
    bool believing = false;
    bool releasing = false;
    bool release_began = false;
    bool dead = false;  // its process crashed since
    bool owns = false;  // a quorum of nodes stores its keys
    bool owned = false;
    bool ended_by_service = false;  // what a promise without an end of its own rested on is gone

    /// The contract says that nobody else is granted the lock now.
    bool promised(Instant now) const { return granted && now < promise_until; }
    /// Somebody still counts on it.
    bool matters(Instant now) const { return trying || believing || promised(now); }
  };

  /// A key on a node of a lock service, or in a replicated store.
  struct StoredKey {
    ProcessId node;  // none in a replicated store
    Symbol store;
    Symbol key;
    AttemptId attempt;
    bool expires = false;
    WallInstant expires_at{};
    /// When no command will see it any more, as far as is known: no event says so until somebody
    /// looks.
    Instant gone_at = kEndOfTime;
    /// Place in line where the service queues; zero: it does not.
    std::uint64_t rank = 0;

    bool beside(const StoredKey& other) const { return node == other.node && store == other.store; }
  };

  struct LockState {
    LockState(Symbol the_name, Instant now, std::pmr::memory_resource* memory)
        : name(the_name), idle_since(now), believers(memory), promised(memory), keys(memory) {}

    Symbol name;
    Duration longest_ttl{};  // of the attempts so far
    std::uint32_t quorum = 1;
    std::uint32_t of = 1;
    bool fifo = false;  // its algorithm claims to serve in the order of arrival
    Duration idle_before{};
    Instant idle_since;
    std::pmr::vector<AttemptId> believers;
    std::pmr::vector<AttemptId> promised;  // some may be over
    std::pmr::vector<StoredKey> keys;

    /// How long, of the whole run so far, no living client has believed to hold the lock.
    Duration idle(Instant now) const {
      return believers.empty() ? idle_before + (now - idle_since) : idle_before;
    }
  };

  struct Wait {
    ProcessId process;
    LockNumber lock = 0;
    Instant began{};
    EventSeq event;
    bool bounded = false;
    bool served = false;  // it believes, though the wait has not been declared over yet
  };

  explicit LockBook(std::pmr::memory_resource* memory)
      : memory_(memory), locks_(memory), attempts_(memory), waits_(memory), processes_(memory) {}

  void observe(const TraceEvent& event);

  std::span<const LockState> locks() const { return locks_; }
  const LockState& lock(LockNumber number) const { return locks_[number]; }
  /// Null if nothing was heard of it.
  const LockState* find_lock(Symbol name) const;
  const Attempt* find(AttemptId id) const {
    // Ids run from 1 without gaps, nearly always. None wraps around, and is found nowhere.
    const std::size_t guess = std::size_t{id.number} - 1;
    if (guess < attempts_.size() && attempts_[guess].id == id) [[likely]]
      return &attempts_[guess];
    return search(id);
  }
  const Attempt& attempt(AttemptId id) const { return *find(id); }
  LockNumber number_of(const LockState& lock) const {
    return static_cast<LockNumber>(&lock - locks_.data());
  }
  /// None for an attempt that nothing was heard of.
  ProcessId process_of(AttemptId id) const;

  std::span<const Wait> waits() const { return waits_; }  // open ones, oldest first
  const Wait* find_wait(ProcessId process, LockNumber lock) const;

  /// Paused, or its machine suspended. A crashed process does not sleep.
  bool asleep(ProcessId process) const;

 private:
  struct ProcessState {
    bool asleep = false;
    std::int64_t rate_ppm = 0;  // of its clock, as far as an event has told
  };

  void on(const TraceEvent& event, const LockWaitBegan& wait);
  void on(const TraceEvent& event, const LockWaitEnded& ended);
  void on(const TraceEvent& event, const LockRequested& request);
  void on(const TraceEvent& event, const LockRefused& refusal);
  void on(const TraceEvent& event, const LockGranted& grant);
  void on(const TraceEvent& event, const LockAssumed& assumption);
  void on(const TraceEvent& event, const LeaseExtended& extension);
  void on(const TraceEvent& event, const BeliefEnded& end);
  void on(const TraceEvent& event, const ReleaseBegan& release);
  void on(const TraceEvent& event, const LockReleased& release);
  void on(const TraceEvent& event, const KeyStored& stored);
  void on(const TraceEvent& event, const KeyExtended& extended);
  void on(const TraceEvent& event, const KeyRemoved& removed);
  void on(const TraceEvent& event, const ProcessPaused&);
  void on(const TraceEvent& event, const ProcessResumed&);
  void on(const TraceEvent& event, const ProcessCrashed&);
  void on(const TraceEvent& event, const ProcessRestarted&);
  void on(const TraceEvent& event, const ClockChanged& change);

  LockNumber number_of(Symbol name, Instant now);
  const Attempt* search(AttemptId id) const;
  Attempt* find(AttemptId id) {
    return const_cast<Attempt*>(static_cast<const LockBook*>(this)->find(id));
  }
  Attempt& known(AttemptId id, const TraceEvent& event, Symbol lock);
  ProcessState& state(ProcessId process);
  void believe(Attempt& attempt, const TraceEvent& event);
  void end_belief(Attempt& attempt, Instant now);
  void promise(Attempt& attempt, Instant now, Instant until);
  static void take_ownership(Attempt& attempt, const TraceEvent& event);
  void lose_key(const StoredKey& key, const LockState& lock, const TraceEvent& event);
  void find_first_in_line(const StoredKey& changed, const LockState& lock, const TraceEvent& event);
  Instant when_gone(const TraceEvent& seen, WallInstant expires_at) const;

  std::pmr::memory_resource* memory_;
  std::pmr::vector<LockState> locks_;
  std::pmr::vector<Attempt> attempts_;  // by id
  std::pmr::vector<Wait> waits_;
  std::pmr::vector<ProcessState> processes_;  // by ProcessId
};

}  // namespace locklab
