// A Consul server: the store behind a replicated log, and what only its leader does, in memory and
// by its monotonic clock: it counts the sessions' time to live, *twice* their TTL, and all anew
// when it has just been elected; and it refuses a key whose last holder's session was invalidated
// less than the lock-delay ago [spec I "Consul"; Consul agent/consul/session_ttl.go,
// kvs_endpoint.go, state/delay.go]. Every server notes for itself until when a key is delayed, when
// it applies the end of the session; the leader's note counts.
//
// Model: reads are answered by whoever leads as far as it knows, Consul's default consistency.
// Model: the gossip between agents is left out: a scenario says when it takes a living node for
// dead.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/services/consul/store.hpp"
#include "sim/services/raft/server.hpp"

namespace locklab::consul {

/// The gossip takes a client's node for dead though it lives.
struct FalseAlarm {
  ProcessId client;
  Duration at{};  // by each server's own clock, since its start
};

struct ServerOptions {
  raft::Options log{.heartbeat = std::chrono::milliseconds{100},
                    .election = std::chrono::milliseconds{1000},
                    .pre_vote = false};
  bool operator==(const ServerOptions&) const = default;
};

class Server final : public raft::Server {
 public:
  static constexpr std::int64_t kTtlMultiplier = 2;  // structs.SessionTTLMultiplier
  static constexpr Duration kRetry = 1s;             // before a session is destroyed once more

  Server(Process& self, const Kinds& kinds, const raft::Kinds& log_kinds,
         const ServerOptions& options, raft::Group& group, Symbol store_name);

  void raise_false_alarm(const FalseAlarm& alarm) { alarms_.push_back(alarm); }
  void on_start() override;
  const Store& store() const { return store_; }

 private:
  struct Count {
    std::uint64_t session;
    MonoInstant ends;
  };
  struct Delay {
    Symbol key;
    MonoInstant until;
  };
  struct Blocked {
    Symbol key;
    std::uint64_t index;
    Network::Return to;
  };

  void on_request(const Packet& packet) override;
  void on_death() override;
  void reset() override;
  void apply(const raft::Committed& committed) override;
  void leads(bool now) override;
  void refused(const Network::Return& asked) override;

  void answer(Operation operation, const Network::Return& to, const Reply& reply);
  void say(const Change& change);
  void unblock(Symbol key);
  bool delayed(Symbol key) const;
  void count(const Session& session);
  void arm(std::uint64_t session, Duration after);
  void end(std::uint64_t session, Ending why);
  void alarm(ProcessId client);

  const Kinds& kinds_;
  Store store_;
  Changes changes_;
  std::pmr::vector<FalseAlarm> alarms_;
  // In memory.
  bool leads_ = false;
  bool started_ = false;
  std::pmr::vector<Count> counts_;
  std::pmr::vector<Delay> delays_;
  std::pmr::vector<Blocked> blocked_;
};

}  // namespace locklab::consul
