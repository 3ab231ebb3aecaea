// A member of a Hazelcast CP group: locks and sessions behind a replicated log. Each member notes
// by its own *wall* clock, as Hazelcast does, when a session will have been silent for its TTL;
// once a second the leader looks, and proposes the end of those that have, each by the version that
// it saw, so that a heartbeat which came in between saves it. A new leader adds a heartbeat's
// interval to all of them [spec I "Hazelcast"; cp/internal/session/RaftSessionRegistry,
// RaftSessionService]. Model: who waits for a lock waits without a time-out, or does not wait.
// Model: one CP group.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/services/hazelcast/locks.hpp"
#include "sim/services/raft/server.hpp"

namespace locklab::hazelcast {

struct ServerOptions {
  raft::Options log{.heartbeat = std::chrono::milliseconds{500},
                    .election = std::chrono::milliseconds{2000}};
  Duration session_ttl{300s};
  Duration session_heartbeat{5s};
  bool operator==(const ServerOptions&) const = default;
};

class Server final : public raft::Server {
 public:
  static constexpr Duration kLook{1s};  // CHECK_EXPIRED_SESSIONS_TASK_PERIOD

  Server(Process& self, const Kinds& kinds, const raft::Kinds& log_kinds,
         const ServerOptions& options, raft::Group& group, Symbol store_name);

  void on_start() override;
  const Locks& locks() const { return locks_; }

 private:
  struct Expiry {
    std::uint64_t session;
    WallInstant at;
  };
  struct Waiting {
    std::uint64_t invocation;
    Network::Return to;
  };

  void on_request(const Packet& packet) override;
  void on_death() override;
  void reset() override;
  void apply(const raft::Committed& committed) override;
  void leads(bool now) override;
  void refused(const Network::Return& asked) override;

  void say(const Change& change);
  void note(std::uint64_t session);
  void answer_waiting(const Change& change);
  void arm_look();
  void look();

  const Kinds& kinds_;
  ServerOptions options_;
  Locks locks_;
  Changes changes_;
  // In memory.
  bool leads_ = false;
  std::pmr::vector<Expiry> expiries_;
  std::pmr::vector<Waiting> waiting_;
};

}  // namespace locklab::hazelcast
