// One Redis node as a process: single-threaded, it executes requests one after another, each with a
// snapshot of its own wall clock [spec A]. Restart with or without its data is the business of
// Persistence; a restart guard keeps a node that lost its data out until every lease that it may
// have forgotten is over ("delayed restart", redis.io).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/redis/keyspace.hpp"
#include "sim/services/redis/kinds.hpp"
#include "sim/services/redis/persistence.hpp"
#include "sim/services/redis/protocol.hpp"

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

class Server final : public Actor {
 public:
  Server(Process& self, const Kinds& kinds, const ServerOptions& options);

  /// Gives a key its first value, before the run: a counter that has been counting for long. It
  /// does not expire.
  void initialize(Symbol key, const Value& value);

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;
  void on_disk_stall(bool stalled) override;
  void on_key_lost(Symbol key) override;

  const Keyspace& keys() const { return keys_; }

 private:
  struct Pending {
    Request request;
    Network::Return to;
  };

  std::int64_t now_ms() const;
  std::int64_t wall_ms() const;
  void execute_and_reply(const Request& request, const Network::Return& to);
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
  std::pmr::vector<Pending> queue_;  // requests that wait for the thread, or for the disk
  Instant busy_until_{};
};

}  // namespace locklab::redis
