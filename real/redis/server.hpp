// A real Redis node, or a Sentinel, as a program of this machine: a folder, a configuration file,
// a port and a socket of its own.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "real/daemon.hpp"
#include "real/redis/connection.hpp"

namespace locklab::real {

struct RedisSettings {
  std::vector<std::string> lines{};  // of redis.conf, besides port, socket and folder
  std::vector<std::pair<std::string, std::string>> environment{};
  bool sentinel = false;
};

class RedisServer {
 public:
  /// Started in `folder` and found ready: it answers PING.
  static Result<RedisServer, Trouble> start(const std::string& folder,
                                            const RedisSettings& settings);

  Daemon& daemon() { return daemon_; }
  std::uint16_t port() const { return port_; }
  Result<RedisConnection, Trouble> connect() const;
  /// Starts it again after a kill or a stop, and waits until it has loaded what it had.
  Result<void, Trouble> restart();

 private:
  RedisServer(Daemon daemon, std::uint16_t port, std::string socket)
      : daemon_(std::move(daemon)), port_(port), socket_(std::move(socket)) {}
  Result<void, Trouble> ready();

  Daemon daemon_;
  std::uint16_t port_;
  std::string socket_;
};

/// The program, or nothing where it is not installed.
std::string redis_program();

}  // namespace locklab::real
