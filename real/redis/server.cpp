#include "real/redis/server.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>

namespace locklab::real {

namespace {
constexpr std::chrono::seconds kStartLimit{20};
}

std::string redis_program() { return find_program("redis-server"); }

Result<RedisServer, Trouble> RedisServer::start(const std::string& folder,
                                                const RedisSettings& settings) {
  const auto ports = free_ports(1);
  if (ports.empty()) return Trouble{"no free port"};
  const std::string file = folder + "/redis.conf";
  const std::string socket = folder + "/socket";
  {
    std::ofstream out(file);
    out << fmt::format("port {}\nbind 127.0.0.1\nunixsocket {}\ndir {}\ndaemonize no\n", ports[0],
                       socket, folder);
    for (const std::string& line : settings.lines) out << line << '\n';
    if (!out) return Trouble{"cannot write " + file};
  }
  Command command;
  command.arguments = {redis_program(), file};
  if (settings.sentinel) command.arguments.emplace_back("--sentinel");
  command.environment = settings.environment;
  command.folder = folder;
  auto daemon = Daemon::start(std::move(command));
  if (!daemon) return daemon.error();
  RedisServer server(std::move(*daemon), ports[0], socket);
  if (const auto up = server.ready(); !up) return up.error();
  return server;
}

Result<RedisConnection, Trouble> RedisServer::connect() const {
  return RedisConnection::to_socket(socket_);
}

Result<void, Trouble> RedisServer::restart() {
  if (const auto again = daemon_.restart(); !again) return again.error();
  return ready();
}

Result<void, Trouble> RedisServer::ready() {
  const bool up = wait_until(
      [this] {
        auto connection = connect();
        if (!connection) return false;
        const auto pong = connection->ask({"PING"});
        return pong && pong->text == "PONG";
      },
      kStartLimit);
  if (!up) return Trouble{"redis-server does not answer: " + daemon_.last_words()};
  return {};
}

}  // namespace locklab::real
