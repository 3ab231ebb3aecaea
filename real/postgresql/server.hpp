// A real PostgreSQL server as a program of this machine: a folder of data and a port of its own.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "real/daemon.hpp"
#include "real/postgresql/connection.hpp"

namespace locklab::real {

class PostgreSqlServer {
 public:
  /// Made anew in `folder`, started, and found ready: it takes connections. `deadlock_timeout_ms`
  /// is how long a statement waits before it looks for a ring.
  static Result<PostgreSqlServer, Trouble> start(const std::string& folder,
                                                 unsigned deadlock_timeout_ms);

  Daemon& daemon() { return daemon_; }
  std::uint16_t port() const { return port_; }
  Result<PostgreSqlConnection, Trouble> connect() const {
    return PostgreSqlConnection::to_port(port_);
  }
  /// Starts it again after a kill or a stop, and waits until it takes connections.
  Result<void, Trouble> restart();

 private:
  PostgreSqlServer(Daemon daemon, std::uint16_t port) : daemon_(std::move(daemon)), port_(port) {}
  bool ready();

  Daemon daemon_;
  std::uint16_t port_;
};

/// One of its programs, by the full path; empty: it is not installed.
std::string postgresql_program(const std::string& name);

}  // namespace locklab::real
