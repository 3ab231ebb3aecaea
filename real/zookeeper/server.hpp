// A real ZooKeeper ensemble, or a server on its own, on ports and files of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "real/daemon.hpp"
#include "sim/result.hpp"

namespace locklab::real::zookeeper {

struct Settings {
  std::chrono::milliseconds tick{200};
  int init_limit = 10;
  int sync_limit = 5;
  std::vector<std::string> lines{};       // of zoo.cfg, besides
  std::vector<std::string> properties{};  // "name=value", of the Java program
};

/// Where a server lives. Clients of the same namespace reach it by the loopback.
struct Site {
  std::string address = "127.0.0.1";  // for its peers
  std::string network_namespace{};
};

class Ensemble {
 public:
  /// Why none can be started here; empty: nothing is missing.
  static std::string missing();
  /// One server for each site, and waits until they serve. Writes are not synced: nobody cuts the
  /// power here.
  static Result<Ensemble, Trouble> start(const Settings& settings, const std::vector<Site>& sites);

  std::size_t size() const { return servers_.size(); }
  /// Servers are counted from 0 here; the last one has the highest number and leads at first, if
  /// all are equally far.
  Daemon& daemon(std::size_t server) { return servers_[server].daemon; }
  /// "127.0.0.1:40001", for a client in the server's namespace.
  std::string address(std::size_t server) const;
  std::uint16_t port(std::size_t server) const { return servers_[server].port; }
  const std::string& network_namespace(std::size_t server) const {
    return servers_[server].site.network_namespace;
  }
  /// The server's answer to one of its four-letter words; empty: none.
  std::string ask(std::size_t server, const std::string& word) const;
  /// "leader", "follower" or "standalone"; empty: it does not serve.
  std::string mode(std::size_t server) const;
  /// Who leads; size() if nobody does.
  std::size_t leader() const;
  /// Until all that are alive serve, under one leader.
  Result<void, Trouble> wait_until_it_serves(std::chrono::milliseconds limit);
  std::string version() const;  // "ZooKeeper 3.8.0"

 private:
  struct Server {
    Site site;
    std::uint16_t port;
    Daemon daemon;
  };
  explicit Ensemble(Workspace workspace) : workspace_(std::move(workspace)) {}

  Workspace workspace_;
  std::vector<Server> servers_;
};

}  // namespace locklab::real::zookeeper
