// A real etcd of one member, on ports and files of its own.
#pragma once

#include <cstdint>
#include <string>

#include "real/daemon.hpp"
#include "sim/result.hpp"

namespace locklab::real::etcd {

class Server {
 public:
  /// Why none can be started here; empty: nothing is missing.
  static std::string missing();
  /// Starts one and waits until it answers. Writes are not synced: nobody cuts the power here.
  static Result<Server, Trouble> start();

  std::uint16_t port() const { return port_; }
  const std::string& version() const { return version_; }  // "etcd 3.4.23"
  /// SIGKILL, then the same server on the same files; waits until it answers.
  Result<void, Trouble> crash_and_restart();

 private:
  Server(Workspace workspace, Daemon daemon, std::uint16_t port)
      : workspace_(std::move(workspace)), daemon_(std::move(daemon)), port_(port) {}
  Result<void, Trouble> wait_until_it_answers();

  Workspace workspace_;
  Daemon daemon_;
  std::uint16_t port_;
  std::string version_;
};

}  // namespace locklab::real::etcd
