// A real Redis node in a world: what the world's clients send to the process goes over a real
// connection to a real server, and its answers come back as the process's own replies, at the
// instant at which they arrive.
//
// The trace is told of keys by what the server answered, since the server itself says nothing: a
// SET that was answered OK stored the key. Model: a key that expires is noticed when somebody
// stores it anew.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "real/redis/connection.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/redis/kinds.hpp"
#include "sim/services/redis/protocol.hpp"

namespace locklab::real {

class RedisProxy final : public Actor {
 public:
  /// Stands for the server that listens on `port`, to one client.
  RedisProxy(Process& self, ProcessId client, const redis::Kinds& kinds, std::uint16_t port);

  /// Before the run, so that the first command finds a connection: false if nobody listens.
  bool connect();
  /// What poll() is to look at; -1: nothing.
  int descriptor() const;
  /// There is something to read: answers go into the world.
  void take_answers();
  ProcessId id() const { return self_.id(); }
  /// When the request left that the server answers next; none: it owes no answer.
  std::optional<Instant> asked_at() const {
    return pending_.empty() ? std::nullopt : std::optional(pending_.front().at);
  }
  /// While the trace is told what an answer says of a key: when its request left. Whoever was held
  /// up takes the answer later than the server gave it.
  std::optional<Instant> telling_of() const { return telling_of_; }
  /// Requests that a server has and has not answered.
  std::size_t outstanding() const { return pending_.size(); }

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override { static_cast<void>(power_loss); }
  void on_start() override {}

 private:
  struct Pending {
    redis::Request request;
    Network::Return to;
    Instant at;
  };

  void lose_connection();
  void tell(const redis::Request& request, const redis::Reply& reply);

  Process& self_;
  ProcessId client_;
  const redis::Kinds& kinds_;
  std::uint16_t port_;
  std::optional<RedisConnection> connection_;
  std::uint32_t number_ = 0;  // of the world's connection that this one is
  std::deque<Pending> pending_;
  std::optional<Instant> telling_of_;
};

}  // namespace locklab::real
