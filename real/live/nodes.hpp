// The Redis nodes of a live run: real servers, set up as the scenario's section says, that can be
// frozen, killed, started again, robbed of keys, and whose wall clocks can be set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "real/daemon.hpp"
#include "real/redis/clock.hpp"
#include "real/redis/server.hpp"
#include "scenarios/scenario.hpp"

namespace locklab::real {

class LiveNodes {
 public:
  /// Started in folders of `workspace`; they have the keys that the scenario gives them, and have
  /// been told of every script.
  static Result<LiveNodes, Trouble> start(const Scenario& scenario, const Workspace& workspace);

  std::vector<std::uint16_t> ports() const;
  std::size_t size() const { return nodes_.size(); }
  void freeze(std::size_t node) { nodes_[node].server.daemon().freeze(); }
  void thaw(std::size_t node) { nodes_[node].server.daemon().thaw(); }
  void kill(std::size_t node) { nodes_[node].server.daemon().kill(); }
  /// Returns when it answers again.
  Result<void, Trouble> restart(std::size_t node) { return nodes_[node].server.restart(); }
  /// Sets its wall clock by so much more.
  Result<void, Trouble> jump(std::size_t node, Duration by);
  /// Deletes a key, or all (empty), as an operator does.
  Result<void, Trouble> lose(std::size_t node, const std::string& key);
  bool has(std::size_t node, const std::string& key) const;

 private:
  struct Node {
    RedisServer server;
    std::optional<ServerClock> clock;  // none: the machine's
    Duration ahead{};
  };
  std::vector<Node> nodes_;
};

}  // namespace locklab::real
