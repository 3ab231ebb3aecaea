// The model's ensemble in a small world, with clients that speak the protocol themselves: the
// library would hide in which order events and answers come.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "sim/arena.hpp"
#include "sim/services/zookeeper/kinds.hpp"
#include "sim/services/zookeeper/server.hpp"
#include "sim/world.hpp"

namespace locklab::conformance {

/// An answer, or a watch's event.
struct Heard {
  std::uint32_t sequence = 0;  // on its connection
  bool event = false;
  Symbol path{};  // of an event
  zookeeper::Op op{};
  zookeeper::Reply reply{};
};

class ModelClient final : public Actor {
 public:
  ModelClient(Process& self, ProcessId server, const zookeeper::Kinds& kinds)
      : self_(self), server_(server), kinds_(kinds) {}
  void on_message(const Packet& packet) override;
  void on_crash(bool) override {}
  void on_start() override {}

  Arena& arena() const { return self_.arena(); }
  void ask(zookeeper::Request request);
  /// On a new connection: its session again, as the library does when it has lost the old one.
  void resume();
  zookeeper::Zxid seen() const { return seen_; }
  /// What has come since the last time, in the order in which the server sent it.
  std::vector<Heard> heard();

 private:
  Task<> exchange(zookeeper::Request request);

  Process& self_;
  ProcessId server_;
  const zookeeper::Kinds& kinds_;
  std::uint32_t connection_ = 0;
  std::uint32_t sent_ = 0;
  zookeeper::SessionId session_ = 0;
  zookeeper::Zxid seen_ = 0;
  std::vector<Heard> heard_;
};

class ModelLab {
 public:
  /// Client i keeps to server i; the last server leads.
  ModelLab(const zookeeper::Options& options, std::size_t clients);
  ~ModelLab() { world_.drop_tasks(); }

  Names& names() { return world_.names(); }
  ModelClient& client(std::size_t i) { return *clients_[i]; }
  void connect(std::size_t client, std::uint32_t timeout_ms);
  /// Until everything that is under way has arrived: a write by a follower is six ways of half a
  /// millisecond.
  void settle(Duration long_enough = 10ms);

 private:
  Process& add(std::string_view name);

  Arena arena_;
  std::vector<std::unique_ptr<ModelClient>> clients_;
  std::vector<std::unique_ptr<zookeeper::Server>> servers_;
  World world_;
  zookeeper::Kinds kinds_;
  zookeeper::Ensemble ensemble_;
};

}  // namespace locklab::conformance
