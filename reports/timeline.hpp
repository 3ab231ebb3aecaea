// What every drawing of a run shares: who believed to hold a lock and who held it, who stood still,
// who was down, which calls were made and how they went. Plain data computed once from a recording;
// nothing here draws and nothing here judges (that is what findings are for).
//
// Two notions meet in it [spec 1.3]. *Belief* is what a client thinks: from its grant until it
// gives the lock back, hears that it lost it, crashes, or its own deadline comes. *Ownership* is
// what the service would answer: an attempt owns the lock while its key lives on a quorum of nodes,
// or, in a store that queues, while its key is the first in line.
// A key dies when it is removed, or unseen when its node's wall clock passes its deadline, which
// the trace does not say; it is worked out from the readings that the node's events carry. Model:
// lazy expiry, so a key lives through the whole millisecond of its deadline [spec A].
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/recording.hpp"

namespace locklab {

struct Interval {
  Instant from{};
  Instant until{};  // not included
  bool operator==(const Interval&) const = default;
};

/// A client believes that it holds a lock.
struct BeliefSpan {
  ProcessId client;
  Symbol lock;
  AttemptId attempt;
  FencingToken token;
  Interval span;
  bool open = false;        // still so when the run ended
  BeliefEnd why{};          // unless open
  bool assumed = false;     // nobody granted it
  Instant promise_until{};  // the last one; kEndOfTime: until released
  Instant release_began = kEndOfTime;
  /// Where it is wrong: the promise is over, or the service does not see it as the owner. Never
  /// while it gives the lock back, since it no longer acts on its belief then.
  std::vector<Interval> wrong;
};

/// An attempt has its key on a quorum of nodes, or first in line.
struct OwnershipSpan {
  Symbol lock;
  AttemptId attempt;
  ProcessId client;
  Interval span;
  bool open = false;
  RemovalReason why{};  // unless open: what became of the key that was missed
  AttemptId taken_by;   // unless open: on whose behalf, if not its own; none: nobody's
  std::uint32_t nodes_left = 0;
};

/// A key of a lock lives at a service.
struct KeySpan {
  ProcessId node;  // none: the store's, in none of its servers in particular
  Symbol store;
  Symbol key;
  AttemptId attempt;
  ProcessId client;
  Interval span;
  bool open = false;
  RemovalReason why{};     // unless open
  std::uint64_t rank = 0;  // its place in line; zero: there is no line
};

/// A process stands still, or is down.
struct StandstillSpan {
  enum class Kind : std::uint8_t { paused, suspended, crashed };
  ProcessId process;
  Kind kind{};
  Interval span;
  bool open = false;
};

/// Nothing passes from one process to the other.
struct CutSpan {
  ProcessId from;
  ProcessId to;
  bool holds = false;
  Interval span;
  bool open = false;
};

struct ClockMark {
  ProcessId process;
  Instant at{};
  ClockChanged change;
};

/// A client was refused a lock.
struct RefusalMark {
  ProcessId client;
  Symbol lock;
  Instant at{};
};

/// What a storage did with a write.
struct WriteMark {
  std::size_t event = 0;  // index in the recording
  Instant at{};
  ProcessId storage;
  ProcessId client;
  Symbol subject;
  FencingToken token;
  FencingToken highest;
  bool accepted = false;
  bool blamed = false;  // a finding is about it
};

/// A call, and what it did at the service as far as the trace says.
struct CallSpan {
  enum class Effect : std::uint8_t {
    none,
    stored,
    extended,
    removed,
    counted,
    read,
    written,
    refused
  };
  ProcessId client;
  ProcessId to;
  Symbol kind;
  Symbol subject;
  std::size_t began = 0;  // indices of events
  std::size_t ended = 0;
  bool open = false;  // nobody waited for the answer any more, or the run ended
  Errc outcome{};
  Effect effect{};
};

/// What a service did, and for whom, where a request led to it.
struct ServiceAct {
  EventSeq event;
  ProcessId client;
};

struct Attempt {
  AttemptId id;
  ProcessId client;
  Symbol lock;
  std::uint32_t quorum = 1;
  std::uint32_t of = 1;
};

struct Timeline {
  Instant end{};                  // of the run; every span ends there at the latest
  std::vector<Attempt> attempts;  // by id
  std::vector<BeliefSpan> beliefs;
  std::vector<OwnershipSpan> ownerships;  // by their beginning
  std::vector<KeySpan> keys;              // by their beginning
  std::vector<StandstillSpan> standstills;
  std::vector<CutSpan> cuts;
  std::vector<ClockMark> clocks;
  std::vector<RefusalMark> refusals;
  std::vector<WriteMark> writes;
  std::vector<CallSpan> calls;
  std::vector<ServiceAct> acts;  // in the order of the trace

  /// The attempt of that number, or null if the trace never said whose it is.
  const Attempt* attempt(AttemptId id) const;
  ProcessId client_of(AttemptId id) const;
  /// Who asked a service for what this event says; none if no request led to it.
  ProcessId client_of(EventSeq service_event) const;
  /// The belief that `attempt` led to, or null.
  const BeliefSpan* belief_of(AttemptId attempt) const;
};

Timeline make_timeline(const Recording& recording);

}  // namespace locklab
