// A member of a Hazelcast cluster before the CP subsystem [spec I "Hazelcast"; Hazelcast 3.8,
// LockService; Jepsen, Hazelcast 3.8.3 (2017)]. A lock lives in a partition: its owner is the first
// member that is alive, and the others hold a copy. Who is alive each member judges for itself, by
// heartbeats. Whoever thinks that the owner is dead takes its place, and takes the locks away from
// the clients of the dead. When the network parts, both sides do so: both grant.
// Model: one partition; copies are sent and not waited for. Model: sides that have parted stay
// apart; the real ones merge after the heal, and the smaller side's locks are forgotten.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/hazelcast/protocol.hpp"

namespace locklab::hazelcast {

struct ApOptions {
  Duration heartbeat{5s};           // hazelcast.heartbeat.interval.seconds
  Duration max_no_heartbeat{300s};  // hazelcast.max.no.heartbeat.seconds
  bool operator==(const ApOptions&) const = default;
};

class ApMember final : public Actor {
 public:
  ApMember(Process& self, const Kinds& kinds, const ApOptions& options);
  void join(std::span<const ProcessId> members);

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;

 private:
  struct Member {
    ProcessId id;
    MonoInstant heard{};
    bool alive = true;
  };
  /// A request, and by which member it came.
  struct Ask {
    Request request;
    ProcessId member;
    std::uint32_t ticket = 0;  // that member's
  };
  struct Answer {
    std::uint32_t ticket = 0;
    Reply reply;
  };
  struct Held {
    Symbol key;
    Ask by;
    std::uint32_t holds = 0;  // 0: free
  };
  struct Client {
    Ask ask;
    Network::Return to;
  };

  ProcessId owner() const;
  void dispatch(const Ask& ask);
  void execute(const Ask& ask);
  void take(Held& lock, const Ask& ask);
  void free(Held& lock, AttemptId by);
  void give_next(Held& lock);
  void answer(const Ask& ask, const Reply& reply);
  void back_up(const Held& lock);
  Held& at(Symbol key);
  void beat();
  void bury(const Member& dead);

  Process& self_;
  const Kinds& kinds_;
  ApOptions options_;
  std::pmr::vector<Member> members_;  // in the order in which they joined, this one included
  std::pmr::vector<Held> locks_;
  std::pmr::vector<Ask> waiting_;
  std::pmr::vector<Client> clients_;  // that wait for an answer from here
  std::uint32_t tickets_ = 0;
};

}  // namespace locklab::hazelcast
