// One server's part in a replicated log [Ongaro and Ousterhout 2014; Ongaro's thesis]: elections
// with randomised time-outs, votes that are on the disk before they are cast, replication with the
// consistency check, commit by a quorum of entries of the leader's own term only, and the state
// machine fed in order. With the options that etcd turns on: pre-vote, check-quorum (a leader that
// hears from no quorum steps down, and who hears from a leader votes for nobody else), and reads
// that wait until the leader has made sure that it still is one (read index).
//
// A service derives its server from Machine and gives its messages and its fate to the Node. All
// timers read the monotonic clock. Model: the membership never changes.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/event_loop.hpp"
#include "sim/ids.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/rng.hpp"
#include "sim/services/raft/journal.hpp"
#include "sim/services/raft/protocol.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

namespace locklab::raft {

struct Options {
  Duration heartbeat{100ms};
  /// The least time without a leader after which a follower stands for election; each draws its own
  /// between once and twice this.
  Duration election{1000ms};
  bool pre_vote = true;
  bool check_quorum = true;
  /// How long a sync of the disk takes.
  Duration fsync{};
  /// Like etcd: while its disk is stalled the server's loop stands still and sends nothing, though
  /// it takes messages in. Otherwise only what must be on the disk first waits.
  bool disk_blocks_loop = false;
  /// A leader may rely on leading for an election time-out after a heartbeat that a quorum has
  /// answered: so a server that has just restarted, and does not know whom it has heard, votes for
  /// nobody for as long [thesis 6.4.1].
  bool leader_lease = false;
  /// The first server leads term 1 from the start. Otherwise all begin as followers.
  bool settled = true;

  // Mistakes, to see what they lead to.
  bool sync_votes = true;           // false: a vote may be forgotten in a power loss
  std::uint32_t commit_quorum = 0;  // 0: a majority; less: what is committed can be lost
  bool operator==(const Options&) const = default;
};

/// An entry that is committed, as its state machine is given it.
struct Committed {
  std::uint32_t index = 0;
  const Entry* entry = nullptr;
  /// Where the answer goes: this server was asked, in this life. Null: another was.
  const Network::Return* asked = nullptr;
  /// No server of the group has applied it before: the trace has yet to hear of it.
  bool first = false;
};

/// What stands on a log.
class Machine {
 public:
  virtual ~Machine() = default;
  /// Begins anew, with nothing: the log will be played from its beginning.
  virtual void reset() = 0;
  virtual void apply(const Committed& committed) = 0;
  /// The log's server knows that it leads and has applied all that was there before its term, or
  /// knows that it leads no more. A server whose loop stands still does not know.
  virtual void leads(bool now) { static_cast<void>(now); }
  /// Answers Node::confirm(). True: at some moment since then this server was up to date.
  virtual void confirmed(std::uint32_t ticket, bool yes) {
    static_cast<void>(ticket);
    static_cast<void>(yes);
  }
  /// No leader is known, or the one that was asked leads no more: the request is not on its way.
  virtual void refused(const Network::Return& asked) { static_cast<void>(asked); }
};

/// What the servers of one group share in one run, for the trace alone: how far the log has been
/// applied by anybody, and by which entries.
class Group {
 public:
  explicit Group(std::pmr::memory_resource* memory) : applied_(memory) {}
  /// Is this the first time that any server applies this entry? (Two different entries at one
  /// place, which only a broken log has, are both first.)
  bool first(std::uint32_t index, std::uint32_t term);
  bool first_commit(std::uint32_t index);

 private:
  std::pmr::vector<std::uint32_t> applied_;  // the term of each entry that was
  std::uint32_t committed_ = 0;
};

class Node {
 public:
  enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };

  Node(Process& self, const Kinds& kinds, const Options& options, Group& group, Machine& machine);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// The other servers of the group, before the run; the first of the whole group leads at first if
  /// it is settled.
  void join(std::span<const ProcessId> group);

  // ---- what its process's actor passes on ----
  void on_start();
  void on_crash(bool power_loss);
  void on_disk_stall(bool stalled);
  /// Was it a message between servers?
  bool on_message(const Packet& packet);

  // ---- what the service does ----
  /// Writes a request into the log, here or by way of the leader. The machine is given `asked` back
  /// when the entry is applied here. An entry may be lost with its leader: then nobody answers.
  void submit(const Command& command, const Network::Return& asked);
  /// The same for what the server itself wants; nobody is answered.
  void submit(const Command& command);
  /// Asks whether this server is up to date: a leader makes sure that it still is one, a follower
  /// asks its leader and waits until it has applied as much. Answered by Machine::confirmed() with
  /// the caller's ticket; perhaps at once, perhaps never if a message is lost.
  void confirm(std::uint32_t ticket);

  bool leads() const { return role_ == Role::leader; }
  /// It leads, and nobody else can, by the clocks (with `leader_lease` and `check_quorum`).
  bool holds_lease() const;
  Role role() const { return role_; }
  std::uint32_t term() const { return journal_.term(); }
  ProcessId leader() const { return leader_; }
  std::uint32_t commit() const { return commit_; }
  std::uint32_t applied() const { return applied_; }
  const Journal& journal() const { return journal_; }
  const Options& options() const { return options_; }
  Process& self() const { return self_; }
  std::size_t size() const { return peers_.size() + 1; }

 private:
  struct Peer {
    ProcessId id;
    std::uint32_t next = 1;   // entry to be sent
    std::uint32_t match = 0;  // entries that are known to be there
    std::uint32_t round = 0;  // of heartbeats that it has answered
    bool probing = true;      // its log is not known: one entry at a time
    bool active = false;      // heard of since the last check of the quorum
    bool vote = false;        // of this election
  };
  struct Asked {
    std::uint32_t ticket;
    Network::Return to;
  };
  /// A read that waits until the leader has been confirmed.
  struct Read {
    ProcessId from;  // this server itself, or a follower
    std::uint32_t ticket;
    std::uint32_t round;
    std::uint32_t index;
  };
  /// A read of this follower that waits until enough has been applied.
  struct Behind {
    std::uint32_t ticket;
    std::uint32_t index;
  };
  /// A message that waits for the disk.
  struct Held {
    std::uint64_t write;  // that has to be synced first; 0: it waits for the loop
    ProcessId to;
    Symbol kind;
    std::uint16_t size;
    alignas(8) std::byte bytes[sizeof(Append)];
  };

  // node.cpp: life, the disk, requests, the state machine
  void submit(Entry entry);
  void append(const Entry& entry);
  bool seen(const Entry& entry) const;
  void persist();
  void begin_sync();
  void sync_done();
  bool stuck() const { return options_.disk_blocks_loop && stalled_ && saving_; }
  void unstick();
  template <class Message>
  void send(ProcessId to, Symbol kind, const Message& message);
  template <class Message>
  void send_when_synced(ProcessId to, Symbol kind, const Message& message);
  void hold(std::uint64_t write, ProcessId to, Symbol kind, const void* bytes, std::size_t size);
  void flush_held();
  void apply_committed();
  void say_role();
  void on_forward(const Packet& packet);

  // election.cpp
  std::uint32_t majority() const { return static_cast<std::uint32_t>(size() / 2 + 1); }
  void restart_election_timer();
  void arm_election_timer(Duration after);
  void on_election_timer();
  void campaign(bool pre);
  void count_votes();
  void become_follower(std::uint32_t term, ProcessId leader);
  void become_leader();
  void emit_role(ServerRole role);
  bool hears_leader() const;
  void on_vote_request(ProcessId from, const VoteRequest& request);
  void on_vote_reply(ProcessId from, const VoteReply& reply);

  // replication.cpp
  void arm_heartbeat();
  void on_heartbeat_timer();
  void broadcast(bool heartbeat);
  void send_append(Peer& peer, bool heartbeat);
  void send_entries(Peer& peer);
  void on_append(ProcessId from, const Append& append);
  void on_append_reply(ProcessId from, const AppendReply& reply);
  void advance_commit();
  void confirm_reads();
  std::uint32_t answered_round() const;
  void drop_reads();
  void read_on_leader(ProcessId from, std::uint32_t ticket);
  void answer_read(const Read& read, bool yes);
  void on_read_index(ProcessId from, const ReadIndex& request);
  void on_read_index_reply(const ReadIndex& reply);
  Peer* peer(ProcessId id);

  Process& self_;
  const Kinds& kinds_;
  Options options_;
  Group& group_;
  Machine& machine_;
  Rng rng_;
  ProcessId first_leader_;
  std::pmr::vector<Peer> peers_;

  // On the disk.
  Journal journal_;
  bool stalled_ = false;
  EventId sync_timer_;
  std::uint64_t syncing_ = 0;  // writes that the running sync covers; 0: none runs
  bool saving_ = false;        // something was handed to the disk that is not there yet
  bool first_start_ = true;
  std::uint32_t lost_ = 0;  // entries, in the last power loss

  // In memory.
  Role role_ = Role::follower;
  ProcessId leader_;
  std::uint32_t commit_ = 0;
  std::uint32_t applied_ = 0;
  bool applying_ = false;
  bool said_leads_ = false;       // what the machine was told
  std::uint32_t term_start_ = 0;  // leader: the entry that its term begins with
  std::uint32_t round_ = 0;
  /// When the last rounds were sent, and the last of them that a quorum has answered.
  static constexpr std::uint32_t kRounds = 64;
  std::array<MonoInstant, kRounds> round_sent_{};
  std::uint32_t term_round_ = 0;  // the last one before it led
  MonoInstant lease_from_{};
  std::uint32_t heartbeats_ = 0;  // since the last check of the quorum
  std::uint32_t tickets_ = 0;
  bool may_have_heard_ = false;  // from a leader, before it restarted
  Duration patience_{};          // this follower's election time-out
  MonoInstant heard_{};          // from a leader, or of a vote that was given
  EventId election_timer_;
  EventId heartbeat_timer_;
  std::pmr::vector<Asked> asked_;
  std::pmr::vector<Read> reads_;
  std::pmr::vector<Behind> behind_;
  std::pmr::vector<Held> held_;
};

template <class Message>
void Node::send(ProcessId to, Symbol kind, const Message& message) {
  static_assert(sizeof(Message) <= sizeof(Append));
  if (stuck())
    hold(0, to, kind, &message, sizeof message);
  else
    self_.world().network().send(self_.id(), to, kind, Symbol{}, CallId{}, message);
}

template <class Message>
void Node::send_when_synced(ProcessId to, Symbol kind, const Message& message) {
  if (journal_.all_synced())
    send(to, kind, message);
  else
    hold(journal_.written(), to, kind, &message, sizeof message);
}

}  // namespace locklab::raft
