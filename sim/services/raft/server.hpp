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
  /// `store_name`: what the trace calls the store that the group keeps together.
  Server(Process& self, const Kinds& kinds, const Options& options, Group& group, Symbol store_name)
      : self_(self), node_(self, kinds, options, group, *this), store_name_(store_name) {}

  /// A client's message, or one between servers that is not the log's.
  virtual void on_request(const Packet& packet) = 0;
  /// The process died: what was in memory beside the state machine is gone.
  virtual void on_death() {}

  /// A key that lives with a session (a lease), as the trace knows it.
  struct Held {
    Symbol key;
    std::uint64_t session = 0;
    AttemptId attempt;
  };
  /// Tells the trace that the store has it now; `rank`: its place where keys stand in line.
  void say_stored(const Held& held, std::uint64_t rank = 0);
  /// Tells the trace that it is gone: on behalf of `by`, or because its session is.
  void say_removed(const Held& held, AttemptId by, bool with_session);

  Process& self_;
  Node node_;

 private:
  Symbol store_name_;
};

}  // namespace locklab::raft
