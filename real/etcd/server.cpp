#include "real/etcd/server.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "real/etcd/speaker.hpp"

namespace locklab::real::etcd {

using namespace std::chrono_literals;

std::string Server::missing() {
  return find_program("etcd").empty() ? "there is no etcd (on Debian: etcd-server)" : "";
}

Result<Server, Trouble> Server::start() {
  auto workspace = Workspace::make();
  if (!workspace) return workspace.error();
  const std::vector<std::uint16_t> ports = free_ports(2);
  if (ports.size() != 2) return Trouble{"no free ports"};
  const std::string clients = fmt::format("http://127.0.0.1:{}", ports[0]);
  const std::string peers = fmt::format("http://127.0.0.1:{}", ports[1]);
  Command command;
  command.folder = workspace->folder("etcd");
  command.arguments = {find_program("etcd"),
                       "--name=one",
                       "--data-dir=data",
                       "--listen-client-urls=" + clients,
                       "--advertise-client-urls=" + clients,
                       "--listen-peer-urls=" + peers,
                       "--initial-advertise-peer-urls=" + peers,
                       "--initial-cluster=one=" + peers,
                       "--unsafe-no-fsync"};
  auto daemon = Daemon::start(std::move(command));
  if (!daemon) return daemon.error();
  Server server(std::move(*workspace), std::move(*daemon), ports[0]);
  if (auto ready = server.wait_until_it_answers(); !ready) return ready.error();
  const auto said = Speaker(server.port_).version();
  if (!said) return said.error();
  server.version_ = *said;
  return server;
}

Result<void, Trouble> Server::crash_and_restart() {
  daemon_.kill();
  if (auto restarted = daemon_.restart(); !restarted) return restarted.error();
  return wait_until_it_answers();
}

Result<void, Trouble> Server::wait_until_it_answers() {
  const auto answers = [this] {
    // A member without a leader answers nothing but its version.
    locklab::etcd::Request request;
    request.operation = locklab::etcd::Operation::get;
    Names names;
    return listens(port_) && Speaker(port_).ask(request, names).has_value();
  };
  if (wait_until(answers, 60s)) return {};
  return Trouble{"etcd does not answer:\n" + daemon_.last_words()};
}

}  // namespace locklab::real::etcd
