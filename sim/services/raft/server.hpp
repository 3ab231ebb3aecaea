// The process of a server that stands on a replicated log: what comes in goes to the log's node or
// to the service. A service derives its server from this.
#pragma once

#include <span>

#include "sim/process.hpp"
#include "sim/services/raft/node.hpp"

namespace locklab::raft {

class Server : public Actor, public Machine {
 public:
  void join(std::span<const ProcessId> group) { node_.join(group); }
  const Node& node() const { return node_; }

  void on_message(const Packet& packet) override {
    if (!node_.on_message(packet)) on_request(packet);
  }
  void on_crash(bool power_loss) override {
    node_.on_crash(power_loss);
    on_death();
  }
  void on_start() override { node_.on_start(); }
  void on_disk_stall(bool stalled) override { node_.on_disk_stall(stalled); }

 protected:
  Server(Process& self, const Kinds& kinds, const Options& options, Group& group)
      : self_(self), node_(self, kinds, options, group, *this) {}

  /// A client's message, or one between servers that is not the log's.
  virtual void on_request(const Packet& packet) = 0;
  /// The process died: what was in memory beside the state machine is gone.
  virtual void on_death() {}

  Process& self_;
  Node node_;
};

}  // namespace locklab::raft
