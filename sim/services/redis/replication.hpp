// One node of a replicated set: a master and its replicas [spec A "Replication and failover";
// redis/src/replication.c]. The master answers its clients first and sends the effects of their
// commands (SET with an absolute date of its own wall clock, DEL) afterwards; a replica does them
// again, expires nothing by itself, and judges those dates by its own clock once it is promoted.
// Effects are numbered (the offset); who missed some asks for them (PSYNC) and gets them from the
// backlog, or everything anew if his history is another. So an old master that comes back forgets
// what it alone had accepted.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/redis/keyspace.hpp"
#include "sim/services/redis/node_protocol.hpp"
#include "sim/services/redis/protocol.hpp"

namespace locklab::redis {

class ReplicaSet;
class Server;

struct ReplicationOptions {
  /// How long an effect lies in the master's output buffer before it is sent. A crash of the master
  /// loses what lies there.
  Duration delay{};
  std::uint32_t min_replicas_to_write = 0;  // 0: off
  Duration max_lag = 10s;                   // min-replicas-max-lag
  std::uint32_t backlog = 10'000;           // effects that are kept for partial resynchronisation
  Duration timeout = 60s;                   // repl-timeout
  bool operator==(const ReplicationOptions&) const = default;
};

/// The numbered effects of one history, as a value. Two nodes with the same `id` agree on every
/// effect up to the lower of their offsets.
class History {
 public:
  explicit History(std::pmr::memory_resource* memory, std::uint32_t backlog)
      : capacity_(backlog), backlog_(memory) {}

  struct Effect {
    Change change;
    bool last = true;  // of its unit: a replica does a unit at once, or not at all
  };

  std::uint64_t id() const { return id_; }
  std::int64_t offset() const { return offset_; }
  void append(const Change& change, bool last);
  const Effect& effect(std::int64_t offset) const;
  /// PSYNC: can somebody who has (id, offset) go on from the backlog?
  bool continues(std::uint64_t id, std::int64_t offset) const;
  /// A history of its own from nothing, or from a snapshot of another.
  void begin(std::uint64_t id, std::int64_t offset);
  /// A promoted replica goes on under a new id, and remembers until where the old one was the same.
  void fork(std::uint64_t id);
  /// Its master goes by a new id now.
  void rename(std::uint64_t id);

 private:
  std::size_t capacity_;
  std::pmr::vector<Effect> backlog_;  // a ring: the latest, up to offset_
  std::int64_t base_ = 0;             // the offset before the first that stood in it
  std::uint64_t id_ = 0;
  std::int64_t offset_ = 0;
  std::uint64_t second_id_ = 0;
  std::int64_t second_offset_ = -1;
};

class Replication {
 public:
  Replication(Process& self, Server& server, const NodeKinds& kinds,
              const ReplicationOptions& options, std::uint32_t priority);

  /// As the run begins: all nodes of the set hold the same and know one another.
  void settle(ReplicaSet& set, ProcessId master, std::uint64_t history);

  // ---- what the server tells ----
  void on_start(bool first);
  void on_crash();
  bool on_message(const Packet& packet);  // true: it was no client's request
  void on_connection_lost(ProcessId peer);
  /// A unit was executed for `client` (none: for nobody).
  void executed(const Changes& changes, ProcessId client);
  /// Why it cannot execute a command now.
  ReplyError refusal(Command command) const;
  /// WAIT: answers when enough replicas have acknowledged, or when its time is up.
  void wait(const Request& request, const Network::Return& to);
  void met(ProcessId client);

  bool is_master() const { return role_ == NodeRole::master; }
  std::size_t connected_replicas() const { return followers_.size(); }
  const History& history() const { return history_; }
  Server& server() const { return server_; }
  ProcessId id() const { return self_.id(); }

 private:
  enum class Link : std::uint8_t { down, connecting, loading, up };
  struct Follower {
    ProcessId node;
    std::int64_t sent = 0;
    std::int64_t acknowledged = 0;
    std::int64_t seen_s = 0;  // when, in whole seconds of the wall clock
  };
  struct Waiting {
    Network::Return to;
    std::int64_t offset;
    std::int64_t wanted;
    std::uint64_t ticket;
    EventId timer;
  };
  struct Written {
    ProcessId client;
    std::int64_t offset;
  };

  std::int64_t wall_s() const;
  void send(ProcessId to, const NodeMessage& message) const;

  // as a master
  void flush(std::int64_t up_to);
  void add_follower(ProcessId node, const NodeMessage& psync);
  void drop_follower(ProcessId node);
  Follower* follower(ProcessId node);
  void count_good_replicas();
  void on_ack(ProcessId node, std::int64_t offset);
  void answer_waits(bool all);
  void become_master(std::uint64_t epoch);

  // as a replica
  void follow(ProcessId master, std::uint64_t epoch);
  void synchronise();
  void acknowledge() const;
  void lose_link();
  void on_effect(const NodeMessage& message);
  void on_snapshot_key(const NodeMessage& message);
  void load();

  void arm_cron();
  void cron();
  void answer_info(ProcessId sentinel) const;

  Process& self_;
  Server& server_;
  const NodeKinds& kinds_;
  ReplicationOptions options_;
  std::uint32_t priority_;
  ReplicaSet* set_ = nullptr;

  NodeRole role_ = NodeRole::master;  // survives a restart: CONFIG REWRITE
  ProcessId master_;                  // of a replica
  History history_;

  std::pmr::vector<Follower> followers_;
  std::pmr::vector<Waiting> waits_;
  std::uint64_t tickets_ = 0;
  std::pmr::vector<Written> written_;
  std::pmr::vector<ProcessId> clients_;  // whom a change of role disconnects
  std::uint32_t good_replicas_ = 0;
  std::int64_t crons_ = 0;

  Link link_ = Link::down;
  std::int64_t link_down_since_ms_ = 0;
  std::int64_t heard_s_ = 0;       // from the master
  std::pmr::vector<Change> unit_;  // of which the end has yet to come
  Keyspace loading_;
  std::uint64_t loading_id_ = 0;
  std::int64_t loading_offset_ = 0;
  std::uint32_t loading_left_ = 0;
};

/// The nodes of one set, for the trace alone: when another node is promoted, what a dead master had
/// is lost. No node looks at it to decide anything.
class ReplicaSet {
 public:
  explicit ReplicaSet(std::pmr::memory_resource* memory) : nodes_(memory) {}
  void add(Replication& node) { nodes_.push_back(&node); }
  std::span<Replication* const> nodes() const { return nodes_; }

 private:
  std::pmr::vector<Replication*> nodes_;
};

}  // namespace locklab::redis
