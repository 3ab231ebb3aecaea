// Everything worth knowing about a run, as typed events. The physics emits the first group, lock
// algorithms and services the others; nothing in sim/ acts on any of them. Invariants and reports
// know this file and nothing else of a run, so they serve a recording read back from disk as well.
//
// Every payload lists its fields once, in fields(); the digest, the JSON writer and the JSON reader
// all walk that list. Adding a payload means: the struct, its place in TracePayload, and an answer
// wherever a std::visit then fails to compile.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <variant>

#include "sim/bits.hpp"
#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/result.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace locklab {

// ---- words that appear in events ----------------------------------------------------------------

enum class LossReason : std::uint8_t { random, partition, fault, connection, receiver_down };
enum class ClockChange : std::uint8_t { jump, rate, slew, frozen, thawed };
enum class BeliefEnd : std::uint8_t { released, deadline, told, stopped, crashed };
enum class RemovalReason : std::uint8_t { deleted, expired, evicted, lost, overwritten, session };
/// Why a service ended a client's session (or lease).
enum class SessionEnd : std::uint8_t { closed, expired, invalidated };
/// What a client's library says of its connection, in the words of Curator and Chubby.
enum class ConnectionState : std::uint8_t {
  connected,
  suspended,    // no server answers; the session may live
  reconnected,  // the session lives
  lost,         // given up, or known to have expired
  jeopardy,     // Chubby: the local lease is over, calls wait
  safe,         // Chubby: it was saved within the grace period
};
/// What a server is among its peers.
enum class ServerRole : std::uint8_t { follower, candidate, leader, replica, master };
enum class Rejection : std::uint8_t {
  stale_token,
  equal_token,
  missing_token,
  other_owner,
  version
};
/// What happened to the shop, in the shop's own words.
enum class DomainAct : std::uint8_t { sold, charged, job_ran, led, appended, applied };

std::string_view to_string(LossReason reason);
std::string_view to_string(ClockChange change);
std::string_view to_string(BeliefEnd end);
std::string_view to_string(RemovalReason reason);
std::string_view to_string(Rejection rejection);
std::string_view to_string(DomainAct act);
std::string_view to_string(SessionEnd end);
std::string_view to_string(ConnectionState state);
std::string_view to_string(ServerRole role);

// ---- physics ------------------------------------------------------------------------------------

struct MessageSent {
  static constexpr std::string_view kName = "message_sent";
  MessageId message;
  ProcessId to;
  Symbol kind;     // "SET", "SET reply", "write"
  Symbol subject;  // the key or register it is about; may be none
  static void fields(auto& self, auto&& field) {
    field("message", self.message);
    field("to", self.to);
    field("kind", self.kind);
    field("subject", self.subject);
  }
};

struct MessageDelivered {
  static constexpr std::string_view kName = "message_delivered";
  MessageId message;
  ProcessId from;
  Symbol kind;
  static void fields(auto& self, auto&& field) {
    field("message", self.message);
    field("from", self.from);
    field("kind", self.kind);
  }
};

/// The message will never arrive. The event stands in the sender's lane.
struct MessageLost {
  static constexpr std::string_view kName = "message_lost";
  MessageId message;
  ProcessId to;
  Symbol kind;
  LossReason why{};
  static void fields(auto& self, auto&& field) {
    field("message", self.message);
    field("to", self.to);
    field("kind", self.kind);
    field("why", self.why);
  }
};

/// A partition keeps the message until it heals.
struct MessageHeld {
  static constexpr std::string_view kName = "message_held";
  MessageId message;
  ProcessId to;
  Symbol kind;
  static void fields(auto& self, auto&& field) {
    field("message", self.message);
    field("to", self.to);
    field("kind", self.kind);
  }
};

struct MessageDelayed {
  static constexpr std::string_view kName = "message_delayed";
  MessageId message;
  ProcessId to;
  Symbol kind;
  Duration by{};
  static void fields(auto& self, auto&& field) {
    field("message", self.message);
    field("to", self.to);
    field("kind", self.kind);
    field("by", self.by);
  }
};

struct MessageDuplicated {
  static constexpr std::string_view kName = "message_duplicated";
  MessageId message;
  MessageId copy;
  ProcessId to;
  Symbol kind;
  static void fields(auto& self, auto&& field) {
    field("message", self.message);
    field("copy", self.copy);
    field("to", self.to);
    field("kind", self.kind);
  }
};

/// A process decided to call a service; the request leaves at the next scheduling point, so a pause
/// that strikes now falls between the decision and the act.
struct CallBegan {
  static constexpr std::string_view kName = "call_began";
  CallId call;
  ProcessId to;
  Symbol kind;
  Symbol subject;
  static void fields(auto& self, auto&& field) {
    field("call", self.call);
    field("to", self.to);
    field("kind", self.kind);
    field("subject", self.subject);
  }
};

struct CallEnded {
  static constexpr std::string_view kName = "call_ended";
  CallId call;
  ProcessId to;
  Symbol kind;
  Errc outcome{};  // none: a reply arrived
  static void fields(auto& self, auto&& field) {
    field("call", self.call);
    field("to", self.to);
    field("kind", self.kind);
    field("outcome", self.outcome);
  }
};

/// A reply to a call that nobody waits for any more.
struct ReplyIgnored {
  static constexpr std::string_view kName = "reply_ignored";
  MessageId message;
  ProcessId from;
  Symbol kind;
  static void fields(auto& self, auto&& field) {
    field("message", self.message);
    field("from", self.from);
    field("kind", self.kind);
  }
};

struct ProcessPaused {
  static constexpr std::string_view kName = "process_paused";
  bool suspended{};  // the whole machine: its monotonic clock stands still
  static void fields(auto& self, auto&& field) { field("suspended", self.suspended); }
};

struct ProcessResumed {
  static constexpr std::string_view kName = "process_resumed";
  Duration after{};
  bool suspended{};
  std::uint32_t waiting{};  // messages and timers that queued meanwhile
  static void fields(auto& self, auto&& field) {
    field("after", self.after);
    field("suspended", self.suspended);
    field("waiting", self.waiting);
  }
};

struct ProcessCrashed {
  static constexpr std::string_view kName = "process_crashed";
  bool power_loss{};
  static void fields(auto& self, auto&& field) { field("power_loss", self.power_loss); }
};

struct ProcessRestarted {
  static constexpr std::string_view kName = "process_restarted";
  static void fields(auto&, auto&&) {}
};

/// What a service found when it came back. `serving_after` is its restart guard.
struct ServiceRecovered {
  static constexpr std::string_view kName = "service_recovered";
  std::uint32_t kept{};
  std::uint32_t lost{};
  Duration serving_after{};
  static void fields(auto& self, auto&& field) {
    field("kept", self.kept);
    field("lost", self.lost);
    field("serving_after", self.serving_after);
  }
};

struct ClockChanged {
  static constexpr std::string_view kName = "clock_changed";
  ClockChange change{};
  Duration by{};            // jump, slew: how far
  std::int64_t rate_ppm{};  // rate: the new one, 0 = true; slew: how fast
  static void fields(auto& self, auto&& field) {
    field("change", self.change);
    field("by", self.by);
    field("rate_ppm", self.rate_ppm);
  }
};

/// Nothing passes from this process to `to` until LinkHealed. One event for each direction cut.
struct LinkCut {
  static constexpr std::string_view kName = "link_cut";
  ProcessId to;
  bool holds{};  // messages wait for the heal instead of being lost
  static void fields(auto& self, auto&& field) {
    field("to", self.to);
    field("holds", self.holds);
  }
};

struct LinkHealed {
  static constexpr std::string_view kName = "link_healed";
  ProcessId to;
  static void fields(auto& self, auto&& field) { field("to", self.to); }
};

struct ConnectionBroken {
  static constexpr std::string_view kName = "connection_broken";
  ProcessId with;
  static void fields(auto& self, auto&& field) { field("with", self.with); }
};

/// The n-th fault of the schedule takes effect now.
struct FaultStruck {
  static constexpr std::string_view kName = "fault_struck";
  std::uint32_t fault{};  // index in the schedule
  Symbol kind;
  static void fields(auto& self, auto&& field) {
    field("fault", self.fault);
    field("kind", self.kind);
  }
};

/// A step of a client's program: "work", "check", "sleep".
struct StepTaken {
  static constexpr std::string_view kName = "step_taken";
  Symbol step;
  Duration lasts{};
  bool passed{true};  // false: a check that said no
  static void fields(auto& self, auto&& field) {
    field("step", self.step);
    field("lasts", self.lasts);
    field("passed", self.passed);
  }
};

// ---- locks --------------------------------------------------------------------------------------

/// The process wants the lock and will try until it has it or gives up.
struct LockWaitBegan {
  static constexpr std::string_view kName = "lock_wait_began";
  Symbol lock;
  bool bounded{};  // it gives up by itself after a while
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("bounded", self.bounded);
  }
};

struct LockWaitEnded {
  static constexpr std::string_view kName = "lock_wait_ended";
  Symbol lock;
  bool granted{};
  std::uint32_t tries{};
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("granted", self.granted);
    field("tries", self.tries);
  }
};

/// One try to take the lock. `quorum` keys stored for this attempt make it the owner at the
/// service.
struct LockRequested {
  static constexpr std::string_view kName = "lock_requested";
  Symbol lock;
  AttemptId attempt;
  Duration ttl{};  // zero: none
  std::uint32_t quorum{1};
  std::uint32_t of{1};
  bool fifo{};  // the algorithm claims to serve in the order of arrival
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
    field("ttl", self.ttl);
    field("quorum", self.quorum);
    field("of", self.of);
    field("fifo", self.fifo);
  }
};

struct LockRefused {
  static constexpr std::string_view kName = "lock_refused";
  Symbol lock;
  AttemptId attempt;
  Errc why{};
  std::uint32_t votes{};
  Duration validity{};  // what it would have been, where the algorithm computes one
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
    field("why", self.why);
    field("votes", self.votes);
    field("validity", self.validity);
  }
};

/// The client has the lock, as far as it knows.
struct LockGranted {
  static constexpr std::string_view kName = "lock_granted";
  Symbol lock;
  AttemptId attempt;
  FencingToken token;
  std::uint32_t votes{};
  Duration validity{};      // as computed by the algorithm; zero: it computes none
  Instant promise_until{};  // nobody else is to be granted before; kEndOfTime: until released
  /// True time at which the client's own clock is expected to reach its deadline (if that clock is
  /// not changed); kEndOfTime for a client that looks at no deadline.
  Instant belief_until{};
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
    field("token", self.token);
    field("votes", self.votes);
    field("validity", self.validity);
    field("promise_until", self.promise_until);
    field("belief_until", self.belief_until);
  }
};

/// The client was not granted the lock and works as if it had been: it ignored the answer, or "the
/// lock service is down, go on without". It believes; nobody promised anything.
struct LockAssumed {
  static constexpr std::string_view kName = "lock_assumed";
  Symbol lock;
  AttemptId attempt;
  Errc why{};  // what the lock service said instead
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
    field("why", self.why);
  }
};

struct LeaseExtended {
  static constexpr std::string_view kName = "lease_extended";
  Symbol lock;
  AttemptId attempt;
  std::uint32_t votes{};
  Duration validity{};
  Instant promise_until{};
  Instant belief_until{};
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
    field("votes", self.votes);
    field("validity", self.validity);
    field("promise_until", self.promise_until);
    field("belief_until", self.belief_until);
  }
};

struct ExtensionFailed {
  static constexpr std::string_view kName = "extension_failed";
  Symbol lock;
  AttemptId attempt;
  Errc why{};
  std::uint32_t votes{};
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
    field("why", self.why);
    field("votes", self.votes);
  }
};

/// From here on the client no longer believes that it holds the lock.
struct BeliefEnded {
  static constexpr std::string_view kName = "belief_ended";
  Symbol lock;
  AttemptId attempt;
  BeliefEnd why{};
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
    field("why", self.why);
  }
};

/// The client starts to give the lock back: the promise of its grant ends here.
struct ReleaseBegan {
  static constexpr std::string_view kName = "release_began";
  Symbol lock;
  AttemptId attempt;
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
  }
};

struct LockReleased {
  static constexpr std::string_view kName = "lock_released";
  Symbol lock;
  AttemptId attempt;
  std::uint32_t votes{};  // servers that said they removed the key
  Errc outcome{};
  static void fields(auto& self, auto&& field) {
    field("lock", self.lock);
    field("attempt", self.attempt);
    field("votes", self.votes);
    field("outcome", self.outcome);
  }
};

// ---- services -----------------------------------------------------------------------------------

/// A lock service wrote a key. `attempt` says on whose behalf; the protocol does not carry it.
///
/// A key of a replicated store is said once, by the server that commits it, and `store` names the
/// store: the key is in none of its servers in particular. `rank` is for services that queue: not
/// zero, it is the key's place in line, and of all keys of one lock the one with the lowest rank
/// owns it.
struct KeyStored {
  static constexpr std::string_view kName = "key_stored";
  Symbol key;
  Value value;
  AttemptId attempt;
  bool expires{};
  WallInstant expires_at{};  // the server's own clock
  Symbol store{};            // none: the emitting server's own
  std::uint64_t rank{};
  static void fields(auto& self, auto&& field) {
    field("key", self.key);
    field("value", self.value);
    field("attempt", self.attempt);
    field("expires", self.expires);
    field("expires_at", self.expires_at);
    field("store", self.store);
    field("rank", self.rank);
  }
};

/// The remaining life of a key was set anew.
struct KeyExtended {
  static constexpr std::string_view kName = "key_extended";
  Symbol key;
  Value value;
  AttemptId attempt;  // whose key it is
  AttemptId by;       // on whose behalf it was extended
  WallInstant expires_at{};
  Symbol store{};
  static void fields(auto& self, auto&& field) {
    field("key", self.key);
    field("value", self.value);
    field("attempt", self.attempt);
    field("by", self.by);
    field("expires_at", self.expires_at);
    field("store", self.store);
  }
};

struct KeyRemoved {
  static constexpr std::string_view kName = "key_removed";
  Symbol key;
  Value value;
  AttemptId attempt;  // whose key it was
  AttemptId by;       // on whose behalf it was removed; none unless deleted or overwritten
  RemovalReason why{};
  Symbol store{};
  static void fields(auto& self, auto&& field) {
    field("key", self.key);
    field("value", self.value);
    field("attempt", self.attempt);
    field("by", self.by);
    field("why", self.why);
    field("store", self.store);
  }
};

/// A counter gave out a number that will be used as a fencing token.
struct TokenIssued {
  static constexpr std::string_view kName = "token_issued";
  Symbol counter;
  FencingToken token;
  AttemptId attempt;
  static void fields(auto& self, auto&& field) {
    field("counter", self.counter);
    field("token", self.token);
    field("attempt", self.attempt);
  }
};

struct WriteAccepted {
  static constexpr std::string_view kName = "write_accepted";
  Symbol subject;  // the register
  Value value;
  AttemptId attempt;
  FencingToken token;
  FencingToken highest;      // highest token seen before this write
  std::uint64_t version{};   // of the datum, after this write; counts from 1
  std::uint64_t based_on{};  // version that the writer had read
  bool read_modify_write{};  // the value was computed from version `based_on`
  static void fields(auto& self, auto&& field) {
    field("subject", self.subject);
    field("value", self.value);
    field("attempt", self.attempt);
    field("token", self.token);
    field("highest", self.highest);
    field("version", self.version);
    field("based_on", self.based_on);
    field("read_modify_write", self.read_modify_write);
  }
};

struct WriteRejected {
  static constexpr std::string_view kName = "write_rejected";
  Symbol subject;
  Value value;
  AttemptId attempt;
  FencingToken token;
  FencingToken highest;
  Rejection why{};
  static void fields(auto& self, auto&& field) {
    field("subject", self.subject);
    field("value", self.value);
    field("attempt", self.attempt);
    field("token", self.token);
    field("highest", self.highest);
    field("why", self.why);
  }
};

struct ReadServed {
  static constexpr std::string_view kName = "read_served";
  Symbol subject;
  Value value;
  AttemptId attempt;
  FencingToken token;
  std::uint64_t version{};
  static void fields(auto& self, auto&& field) {
    field("subject", self.subject);
    field("value", self.value);
    field("attempt", self.attempt);
    field("token", self.token);
    field("version", self.version);
  }
};

// ---- services with sessions, and with several servers -------------------------------------------

/// A service opened a session (a lease) for a client.
struct SessionBegan {
  static constexpr std::string_view kName = "session_began";
  std::uint64_t session{};
  ProcessId client;
  Duration timeout{};  // as negotiated
  static void fields(auto& self, auto&& field) {
    field("session", self.session);
    field("client", self.client);
    field("timeout", self.timeout);
  }
};

/// The service ended it: what was bound to it goes.
struct SessionEnded {
  static constexpr std::string_view kName = "session_ended";
  std::uint64_t session{};
  ProcessId client;
  SessionEnd why{};
  static void fields(auto& self, auto&& field) {
    field("session", self.session);
    field("client", self.client);
    field("why", self.why);
  }
};

/// What the client's library told its application of the connection. In the client's lane.
struct ConnectionStateChanged {
  static constexpr std::string_view kName = "connection_state_changed";
  ConnectionState state{};
  std::uint64_t session{};
  static void fields(auto& self, auto&& field) {
    field("state", self.state);
    field("session", self.session);
  }
};

/// A server took a role among its peers. `term` grows with every election: epoch, term,
/// configuration epoch.
struct RoleChanged {
  static constexpr std::string_view kName = "role_changed";
  ServerRole role{};
  std::uint64_t term{};
  static void fields(auto& self, auto&& field) {
    field("role", self.role);
    field("term", self.term);
  }
};

/// A quorum has the entry: it will never be lost. In the lane of the leader that learns it first.
struct EntryCommitted {
  static constexpr std::string_view kName = "entry_committed";
  std::uint64_t index{};  // zxid, log index
  std::uint64_t term{};
  static void fields(auto& self, auto&& field) {
    field("index", self.index);
    field("term", self.term);
  }
};

/// A database transaction ended.
struct TransactionEnded {
  static constexpr std::string_view kName = "transaction_ended";
  ProcessId client;
  AttemptId attempt;
  bool committed{};  // false: rolled back
  static void fields(auto& self, auto&& field) {
    field("client", self.client);
    field("attempt", self.attempt);
    field("committed", self.committed);
  }
};

// ---- the protected business ---------------------------------------------------------------------

/// Something that matters outside the simulation happened, in words of the workload's domain.
struct DomainEvent {
  static constexpr std::string_view kName = "domain_event";
  DomainAct act{};
  Symbol subject;  // the item, the order, the job's run, the term, the file
  std::int64_t amount{};
  AttemptId attempt;
  static void fields(auto& self, auto&& field) {
    field("act", self.act);
    field("subject", self.subject);
    field("amount", self.amount);
    field("attempt", self.attempt);
  }
};

// ---- judgement ----------------------------------------------------------------------------------

/// An invariant found itself violated. The finding itself (who, when, which tokens, which events
/// prove it) is kept beside the trace; see invariants/finding.hpp.
struct ViolationBegan {
  static constexpr std::string_view kName = "violation_began";
  std::uint32_t finding{};  // index among the run's findings
  Symbol invariant;
  static void fields(auto& self, auto&& field) {
    field("finding", self.finding);
    field("invariant", self.invariant);
  }
};

struct ViolationEnded {
  static constexpr std::string_view kName = "violation_ended";
  std::uint32_t finding{};
  Symbol invariant;
  Duration lasted{};
  static void fields(auto& self, auto&& field) {
    field("finding", self.finding);
    field("invariant", self.invariant);
    field("lasted", self.lasted);
  }
};

using TracePayload =
    std::variant<MessageSent, MessageDelivered, MessageLost, MessageHeld, MessageDelayed,
                 MessageDuplicated, CallBegan, CallEnded, ReplyIgnored, ProcessPaused,
                 ProcessResumed, ProcessCrashed, ProcessRestarted, ServiceRecovered, ClockChanged,
                 LinkCut, LinkHealed, ConnectionBroken, FaultStruck, StepTaken, LockWaitBegan,
                 LockWaitEnded, LockRequested, LockRefused, LockGranted, LockAssumed, LeaseExtended,
                 ExtensionFailed, BeliefEnded, ReleaseBegan, LockReleased, KeyStored, KeyExtended,
                 KeyRemoved, TokenIssued, WriteAccepted, WriteRejected, ReadServed, DomainEvent,
                 ViolationBegan, ViolationEnded, SessionBegan, SessionEnded, ConnectionStateChanged,
                 RoleChanged, EntryCommitted, TransactionEnded>;

/// The place of a payload type in TracePayload; the bit of that number stands for it in an
/// EventMask.
template <class Payload, std::size_t I = 0>
constexpr std::size_t payload_index() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, TracePayload>, Payload>)
    return I;
  else
    return payload_index<Payload, I + 1>();
}

/// A set of payload types: what an observer wants to be told.
using EventMask = std::uint64_t;
static_assert(std::variant_size_v<TracePayload> <= 64);

template <class... Payloads>
constexpr EventMask events_of() {
  return (EventMask{0} | ... | (EventMask{1} << payload_index<Payloads>()));
}
inline constexpr EventMask kEveryEvent = ~EventMask{0};

struct TraceEvent {
  EventSeq seq;
  EventSeq cause;     // the event that led to this one: happens-before comes free
  Instant at;         // true time
  ProcessId process;  // whose lane; none: the world's
  WallInstant wall;   // what that process's wall clock showed
  TracePayload what;
};

std::string_view payload_name(const TracePayload& what);

/// Told of every event whose bit is in the mask it registered with, in the order of the trace.
class TraceObserver {
 public:
  virtual ~TraceObserver() = default;
  virtual void observe(const TraceEvent& event) = 0;
};

/// A rolling 64-bit fingerprint of the whole trace, kept in every run: two chains of
/// multiplications over the words of each event. Equal on every compiler; not meant to resist an
/// adversary.
class Digest {
 public:
  void absorb(std::uint64_t word) {
    const std::uint64_t mixed = fold_multiply(first_ ^ word, 0x9E3779B97F4A7C15u) ^ (word << 1);
    first_ = second_;
    second_ = mixed;
  }
  template <class Payload>
  void absorb(Instant at, ProcessId process, EventSeq cause, WallInstant wall,
              const Payload& payload) {
    // The wall clock mostly shows the true time or close to it: turned around, the two do not meet.
    absorb(static_cast<std::uint64_t>(at.time_since_epoch().count()) ^
           std::rotr(static_cast<std::uint64_t>(wall.time_since_epoch().count()), 20));
    absorb((static_cast<std::uint64_t>(process.number) << 8 | payload_index<Payload>()) ^
           cause.number << 40);
    Words words{*this};
    Payload::fields(payload,
                    [&words](std::string_view, const auto& field) { words.add_field(field); });
    words.flush();
  }
  std::uint64_t value() const { return (first_ ^ (second_ >> 29)) * 0xBF58476D1CE4E5B9u ^ second_; }

 private:
  /// Packs small fields two to a word. The number of fields is fixed for each payload, so no two
  /// different events give the same words.
  struct Words {
    Digest& digest;
    std::uint64_t half = 0;
    bool has_half = false;

    void add(std::uint64_t word) { digest.absorb(word); }
    void add_small(std::uint32_t word) {
      if (has_half) digest.absorb(half << 32 | word);
      half = word;
      has_half = !has_half;
    }
    void flush() {
      if (has_half) digest.absorb(half);
    }

    void add_field(bool field) { add_small(field ? 1 : 0); }
    void add_field(std::uint32_t field) { add_small(field); }
    void add_field(std::uint64_t field) { add(field); }
    void add_field(std::int64_t field) { add(static_cast<std::uint64_t>(field)); }
    void add_field(Symbol field) { add_small(field.number); }
    void add_field(Duration field) { add(static_cast<std::uint64_t>(field.count())); }
    void add_field(const Value& field) {
      add(field.low ^ static_cast<std::uint64_t>(field.kind) << 62);
      if (field.kind == Value::Kind::unique) add(field.high);
    }
    template <class Tag, class Number>
    void add_field(Id<Tag, Number> field) {
      if constexpr (sizeof(Number) == 4)
        add_small(field.number);
      else
        add(field.number);
    }
    template <class Clock>
    void add_field(std::chrono::time_point<Clock, Duration> field) {
      add(static_cast<std::uint64_t>(field.time_since_epoch().count()));
    }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void add_field(Enum field) { add_small(static_cast<std::uint32_t>(field)); }
  };

  std::uint64_t first_ = 0x243F6A8885A308D3u;
  std::uint64_t second_ = 0x13198A2E03707344u;
};

}  // namespace locklab
