// One server of a ZooKeeper ensemble as a process [spec D.1; ZooKeeper Internals]: it elects a
// leader with its peers, takes part in the atomic broadcast as leader or follower, and serves
// clients while it does. Its parts:
//
//   server.cpp     its life, its disk, and what applying a transaction leads to
//   election.cpp   fast leader election
//   leading.cpp    discovery, synchronisation and broadcast as the leader; sessions, containers
//   following.cpp  the same as a follower
//   serving.cpp    connections of clients, reads, watches
//
// Every timer here reads the server's monotonic clock.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/zookeeper/kinds.hpp"
#include "sim/services/zookeeper/log.hpp"
#include "sim/services/zookeeper/protocol.hpp"
#include "sim/services/zookeeper/sessions.hpp"
#include "sim/services/zookeeper/tree.hpp"

namespace locklab::zookeeper {

struct Options {
  std::uint32_t servers = 3;
  Duration tick = 2s;            // tickTime
  std::int64_t init_limit = 10;  // ticks: to connect to a leader and be synchronised
  std::int64_t sync_limit = 5;   // ticks: between a leader and a follower
  Duration fsync = 5ms;          // model [spec 3]; zero where times are worked out by hand
  Duration min_session{};        // zero: two ticks
  Duration max_session{};        // zero: twenty ticks
  Duration container_check = 60s;
  /// A leader has been elected when the run begins: `leader`, or the server with the highest number
  /// where that is zero.
  bool settled = true;
  std::uint32_t leader = 0;

  // Only tests set these: they break what a property test is to see broken.
  std::uint32_t quorum = 0;  // zero: more than half
  bool ack_before_sync = false;
  bool operator==(const Options&) const = default;

  std::uint32_t needed() const { return quorum != 0 ? quorum : servers / 2 + 1; }
};

/// Is told, in tests, what each server applies.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void applied(std::uint32_t server, const Transaction& transaction) = 0;
  /// The server's memory is empty: it applies its log anew.
  virtual void started(std::uint32_t server) = 0;
};

/// What the servers of one run share, beside what they send one another: who they are, and what the
/// trace has been told.
struct Ensemble {
  Ensemble(const Options& the_options, const Kinds& the_kinds, Symbol the_store,
           std::pmr::memory_resource* memory)
      : options(the_options), kinds(the_kinds), store(the_store), servers(memory), seed(memory) {}

  std::uint32_t number_of(ProcessId process) const;  // from 1; zero: not a server

  Options options;
  const Kinds& kinds;
  Symbol store;  // the name of the replicated store in the trace
  std::pmr::vector<ProcessId> servers;
  Tree seed;      // what is there before the run
  Zxid told = 0;  // the trace knows of all transactions up to this one
  Witness* witness = nullptr;
};

class Server final : public Actor {
 public:
  Server(Process& self, Ensemble& ensemble, std::uint32_t number);

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;
  void on_connection_lost(ProcessId peer) override;
  void on_disk_stall(bool stalled) override;
  void on_key_lost(Symbol key) override;

  Standing standing() const { return standing_; }
  /// Does it answer clients?
  bool serving() const { return serving_; }
  const Tree& tree() const { return tree_; }
  const TransactionLog& log() const { return log_; }
  Zxid applied() const { return applied_; }

 private:
  /// A follower, as its leader sees it.
  struct Learner {
    enum class Stage : std::uint8_t { informed, acked_epoch, syncing, synced };
    std::uint32_t server = 0;
    std::uint32_t channel = 0;
    std::uint32_t sent = 0;
    std::uint32_t heard = 0;
    Stage stage = Stage::informed;
    std::uint32_t accepted_epoch = 0;
    Zxid last = 0;   // of its log, when it acknowledged the epoch
    Zxid acked = 0;  // on its disk
    std::int64_t deadline_tick = 0;
  };
  /// A request that was not answered yet.
  struct Queued {
    Request request;
    Network::Return to;
    bool awaits = false;  // the leader's word; reads behind it wait
  };
  struct Connection {
    explicit Connection(std::pmr::memory_resource* memory) : queue(memory) {}
    ProcessId client{};
    std::uint32_t number = 0;
    std::uint32_t heard = 0;
    std::uint32_t sent = 0;
    SessionId session = 0;
    std::pmr::vector<Queued> queue;
  };
  struct Watch {
    Symbol path;
    WatchKind kind;
    ProcessId client;
    std::uint32_t connection;
    bool operator==(const Watch&) const = default;
  };
  struct PendingSync {
    Zxid after;
    PeerMessage answer;
    std::uint32_t server;
  };
  struct Ballot {
    std::uint32_t server = 0;
    std::uint32_t round = 0;
    Standing standing{};
    Vote vote{};
  };

  // ---- server.cpp ----
  template <void (Server::*act)()>
  EventId after(Duration duration) {
    Event event;
    event.context = this;
    event.act = [](void* server, std::uint64_t) { (static_cast<Server*>(server)->*act)(); };
    return self_.timer(ClockKind::mono, duration, event);
  }
  const Options& options() const { return ensemble_.options; }
  std::int64_t now_ms() const;
  void withdraw(EventId& timer);
  void send(std::uint32_t server, PeerMessage& message, Symbol subject = {});
  void on_peer(const PeerMessage& message);
  void leave_role();
  void settle();
  void begin_sync();
  void end_sync();
  void confirm();
  void append(const Transaction& transaction);
  Zxid on_disk() const { return options().ack_before_sync ? log_.last() : log_.last_synced(); }
  void apply_up_to(Zxid zxid);
  void apply(const Transaction& transaction);
  void tell(const Transaction& transaction);
  void rebuild();

  // ---- election.cpp ----
  void look();
  void on_vote(const PeerMessage& message);
  void send_vote(std::uint32_t to);
  void broadcast_vote();
  void notify_again();
  void consider_votes();
  void decide();
  void note(std::pmr::vector<Ballot>& ballots, const Ballot& ballot);
  void join(std::uint32_t leader);

  // ---- leading.cpp ----
  void lead();
  void on_learner(const PeerMessage& message);
  void on_follower_info(const PeerMessage& message);
  void on_ack_epoch(Learner& learner, const PeerMessage& message);
  void consider_epoch();
  void consider_epoch_acks();
  void synchronise(Learner& learner);
  void consider_establishing();
  void establish();
  void serve_as_leader();
  void half_tick();
  void drop_learner(std::uint32_t server, bool tell);
  Learner* find_learner(std::uint32_t server);
  void send(Learner& learner, PeerMessage& message, Symbol subject = {});
  std::uint32_t learners_at(Learner::Stage stage) const;
  void submit(Transaction transaction);
  void submit_for(const Request& request, ProcessId client, std::uint32_t origin);
  void try_commit();
  void flush_syncs();
  void expire_sessions();
  void arm_expiry();
  void check_containers();

  // ---- following.cpp ----
  void follow(std::uint32_t leader);
  void connect_to_leader();
  void leader_silent();
  void on_leader(const PeerMessage& message);
  void truncate(Zxid zxid);
  void send_to_leader(PeerMessage& message, Symbol subject = {});
  void acknowledge();
  void answer_ping();

  // ---- serving.cpp ----
  void on_request(const Packet& packet);
  void on_connect(const Packet& packet, const Request& request);
  void on_notice(const Packet& packet);
  Connection* find_connection(ProcessId client);
  void close(ProcessId client, bool tell);
  void close_all();
  void touch(SessionId session);
  void forward(const Request& request, ProcessId client);
  void advance(Connection& connection);
  void read(Connection& connection, const Queued& queued);
  void reply(Connection& connection, const Queued& queued, Reply& reply);
  void finish_connect(ProcessId client, std::uint32_t number, bool valid);
  void finish_sync(ProcessId client, std::uint32_t number, std::uint32_t sequence);
  void answer(const Transaction& transaction, const Outcome& outcome);
  void add_watch(const Watch& watch);
  void fire(const Change& change);
  void notify(Connection& connection, Symbol path);
  void send_notice(ProcessId client, Symbol kind, const Notice& notice);
  std::uint32_t negotiated(std::uint32_t requested_ms) const;

  Process& self_;
  Ensemble& ensemble_;
  std::uint32_t number_;

  // On disk.
  TransactionLog log_;
  std::uint32_t accepted_epoch_ = 0;
  std::uint32_t current_epoch_ = 0;
  bool stalled_ = false;

  // In memory; gone with the process.
  Standing standing_ = Standing::looking;
  bool serving_ = false;
  bool first_start_ = true;
  Tree tree_;
  std::size_t applied_count_ = 0;
  Zxid applied_ = 0;
  std::size_t syncing_ = 0;  // an fsync of so many entries is on its way; zero: none
  EventId sync_timer_;
  Changes changes_;  // kept for its memory

  // Election.
  std::uint32_t round_ = 0;
  Vote vote_{};
  std::pmr::vector<Ballot> votes_;    // of this round
  std::pmr::vector<Ballot> outside_;  // of those that look no more
  Duration notification_gap_{};
  EventId notification_timer_;
  EventId decision_timer_;

  // Leading and following.
  std::uint32_t epoch_ = 0;  // of this leader; zero: not agreed yet
  EventId role_timer_;
  // Leading.
  bool history_agreed_ = false;
  bool established_ = false;
  std::uint32_t counter_ = 0;
  std::int64_t ticks_ = 0;
  bool skip_tick_ = true;
  std::pmr::vector<Learner> learners_;
  std::pmr::vector<PendingSync> pending_syncs_;
  std::pmr::vector<Zxid> acked_;  // kept for its memory
  Sessions sessions_;
  EventId expiry_timer_;
  EventId container_timer_;
  // Following.
  std::uint32_t leader_ = 0;
  std::uint32_t channel_ = 0;
  std::uint32_t channels_ = 0;
  std::uint32_t sent_ = 0;
  std::uint32_t heard_ = 0;
  bool new_leader_pending_ = false;
  Zxid acknowledged_ = 0;
  MonoInstant heard_at_{};
  EventId retry_timer_;
  std::pmr::vector<SessionId> touched_;

  // Serving.
  std::uint32_t sessions_made_ = 0;
  std::pmr::vector<Connection> connections_;
  std::pmr::vector<Watch> watches_;
};

}  // namespace locklab::zookeeper
