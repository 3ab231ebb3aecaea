// One Redis node as a process: single-threaded, it executes requests one after another, each with a
// snapshot of its own wall clock [spec A]. Restart with or without its data is the business of
// Persistence; a restart guard keeps a node that lost its data out until every lease that it may
// have forgotten is over ("delayed restart", redis.io).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/redis/keyspace.hpp"
#include "sim/services/redis/kinds.hpp"
#include "sim/services/redis/persistence.hpp"
#include "sim/services/redis/protocol.hpp"
#include "sim/world.hpp"

namespace locklab::redis {

struct ServerOptions {
  PersistenceMode persistence = PersistenceMode::none;
  Persistence::SavePoints save_points = Persistence::kDefaultSavePoints;
  /// After a restart the node refuses connections for so long.
  Duration restart_guard{};
  ClockKind restart_guard_clock = ClockKind::mono;
  /// The background cycle (hz 10); off: keys are expired by commands alone.
  bool active_expiry = false;
  /// Which clock expiry reads: Redis reads wall; mono is what was promised in 2016.
  ClockKind expiry_clock = ClockKind::wall;
  /// How long one request keeps the node's only thread.
  Duration service_time{};
  bool operator==(const ServerOptions&) const = default;
};

class Eviction;
class Replication;

class Server final : public Actor {
 public:
  Server(Process& self, const Kinds& kinds, const ServerOptions& options);

  /// Makes it one of a replicated set, or gives it a memory limit; before the run.
  void set_replication(Replication& replication) { replication_ = &replication; }
  void set_eviction(Eviction& eviction) { eviction_ = &eviction; }

  /// Gives a key its first value, before the run: a counter that has been counting for long. It
  /// does not expire.
  void initialize(Symbol key, const Value& value);

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;
  void on_disk_stall(bool stalled) override;
  void on_key_lost(Symbol key) override;
  void on_connection_lost(ProcessId peer) override;

  const Keyspace& keys() const { return keys_; }

  // ---- what its replication does ----
  /// Does again what a master did; the trace says nothing of a replica's keys.
  void apply(std::span<const Change> unit);
  void replace_keys(const Keyspace& keys);
  /// It is a master now: the trace learns of its keys.
  void announce_keys();
  /// It is a master no more, or a dead one that was replaced: what it had is lost.
  void disown_keys();
  void answer(const Network::Return& to, Command command, const Reply& reply) {
    self_.world().network().reply(to, kinds_.reply(command), reply);
  }

 private:
  struct Pending {
    Request request;
    Network::Return to;
  };

  struct Subscription {
    Symbol channel;
    Value to;
    ProcessId client;
    bool operator==(const Subscription&) const = default;
  };

  std::int64_t now_ms() const;
  std::int64_t wall_ms() const;
  void execute_and_reply(const Request& request, const Network::Return& to);
  void answer_itself(const Request& request, const Network::Return& to);
  bool may_execute(const Request& request, const Network::Return& to);
  void done(const Changes& changes, ProcessId client);
  void publish(const Change& message);
  void execute_waiting();
  void report(const Changes& changes);
  void arm_expiry();
  void arm_persistence();

  Process& self_;
  const Kinds& kinds_;
  ServerOptions options_;
  Keyspace keys_;
  Keyspace before_crash_;  // for the trace: what clients believe to be there
  Persistence persistence_;
  Ending ending_ = Ending::process_kill;
  bool first_start_ = true;
  bool listening_ = false;
  ExpireCycle cycle_;
  EventId expiry_timer_;
  EventId persistence_timer_;
  Replication* replication_ = nullptr;  // null: it stands alone
  Eviction* eviction_ = nullptr;        // null: it has room for ever
  bool disowned_ = false;               // while it was dead another was promoted
  std::pmr::vector<Subscription> subscriptions_;
  std::pmr::vector<Pending> queue_;  // requests that wait for the thread, or for the disk
  Instant busy_until_{};
};

}  // namespace locklab::redis
