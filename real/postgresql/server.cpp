#include "real/postgresql/server.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

namespace locklab::real {

using namespace std::chrono_literals;

namespace {
constexpr std::string_view kUser = "postgres";  // the server refuses to be root
constexpr auto kMakeLimit = 60s;
constexpr auto kStartLimit = 20s;
constexpr int kStarts = 20;  // what a killed server left behind takes a moment to go
}  // namespace

std::string postgresql_program(const std::string& name) {
  std::vector<std::string> folders;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored))
    folders.push_back((version.path() / "bin").string());
  return find_program(name, folders);
}

Result<PostgreSqlServer, Trouble> PostgreSqlServer::start(const std::string& folder,
                                                          unsigned deadlock_timeout_ms) {
  const std::string data = folder + "/data";
  Command make;
  make.arguments = {postgresql_program("initdb"), "-D",           data,       "-U",
                    std::string(kUser),           "--auth=trust", "--no-sync"};
  make.folder = folder;
  make.log = "initdb.log";
  make.user = kUser;
  auto making = Daemon::start(std::move(make));
  if (!making) return making.error();
  const bool made = wait_until([&] { return !making->alive(); }, kMakeLimit);
  if (!made || !std::filesystem::exists(data + "/PG_VERSION"))
    return Trouble{"initdb made no data: " + making->last_words()};

  const auto ports = free_ports(1);
  if (ports.empty()) return Trouble{"no free port"};
  Command serve;
  serve.arguments = {postgresql_program("postgres"), "-D", data};
  for (const std::string& setting :
       {fmt::format("port={}", ports[0]), std::string("listen_addresses=127.0.0.1"),
        std::string("unix_socket_directories="), std::string("fsync=off"),
        std::string("autovacuum=off"), std::string("shared_buffers=16MB"),
        fmt::format("deadlock_timeout={}ms", deadlock_timeout_ms)})
    serve.arguments.insert(serve.arguments.end(), {"-c", setting});
  serve.folder = folder;
  serve.user = kUser;
  auto daemon = Daemon::start(std::move(serve));
  if (!daemon) return daemon.error();
  PostgreSqlServer server(std::move(*daemon), ports[0]);
  if (!server.ready())
    return Trouble{"postgres takes no connections: " + server.daemon_.last_words()};
  return server;
}

Result<void, Trouble> PostgreSqlServer::restart() {
  for (int tried = 0; tried < kStarts; ++tried) {
    if (const auto again = daemon_.restart(); !again) return again.error();
    if (ready()) return {};
    wait_until([] { return false; }, 200ms);
  }
  return Trouble{"postgres does not start again: " + daemon_.last_words()};
}

bool PostgreSqlServer::ready() {
  bool up = false;
  wait_until(
      [&] {
        up = connect().has_value();
        return up || !daemon_.alive();
      },
      kStartLimit);
  return up;
}

}  // namespace locklab::real
