#include "real/zookeeper/server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "real/namespaces.hpp"

namespace locklab::real::zookeeper {

using namespace std::chrono_literals;

namespace {

constexpr const char* kJar = "/usr/share/java/zookeeper.jar";

/// All that the port of the loopback answers to `word` before it hangs up.
std::string exchanged(std::uint16_t port, const std::string& word) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {};
  const timeval patience{2, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string text;
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      send(socket, word.data(), word.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(word.size())) {
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = recv(socket, part.data(), part.size(), 0)) > 0;)
      text.append(part.data(), static_cast<std::size_t>(got));
  }
  close(socket);
  return text;
}

/// What stands behind `label` up to `end`.
std::string after(const std::string& text, const std::string& label, const char* end) {
  const std::size_t at = text.find(label);
  if (at == std::string::npos) return {};
  const std::size_t from = at + label.size();
  return text.substr(from, text.find_first_of(end, from) - from);
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

}  // namespace

std::string Ensemble::missing() {
  if (access(kJar, R_OK) != 0) return "there is no ZooKeeper (on Debian: zookeeper)";
  if (find_program("java").empty()) return "there is no Java (on Debian: default-jre-headless)";
  return {};
}

Result<Ensemble, Trouble> Ensemble::start(const Settings& settings,
                                          const std::vector<Site>& sites) {
  auto workspace = Workspace::make();
  if (!workspace) return workspace.error();
  Ensemble ensemble(std::move(*workspace));
  const std::vector<std::uint16_t> ports = free_ports(3 * sites.size());
  if (ports.size() != 3 * sites.size()) return Trouble{"no free ports"};
  std::string peers;
  for (std::size_t i = 0; sites.size() > 1 && i < sites.size(); ++i)
    peers += fmt::format("server.{}={}:{}:{}\n", i + 1, sites[i].address, ports[3 * i + 1],
                         ports[3 * i + 2]);
  std::string more;
  for (const std::string& line : settings.lines) more += line + "\n";
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const std::string name = fmt::format("server-{}", i + 1);
    Command command;
    command.folder = ensemble.workspace_.folder(name);
    const std::string data = ensemble.workspace_.folder(name + "/data");
    write(data + "/myid", std::to_string(i + 1));
    write(command.folder + "/simplelogger.properties",
          "org.slf4j.simpleLogger.defaultLogLevel=warn\n");
    write(command.folder + "/zoo.cfg",
          fmt::format("tickTime={}\ninitLimit={}\nsyncLimit={}\ndataDir={}\nclientPort={}\n"
                      "clientPortAddress=127.0.0.1\nadmin.enableServer=false\n"
                      "maxClientCnxns=0\n4lw.commands.whitelist=*\n{}{}",
                      settings.tick / 1ms, settings.init_limit, settings.sync_limit, data,
                      ports[3 * i], more, peers));
    command.network_namespace = sites[i].network_namespace;
    // Short lives: the second compiler would cost more than it saves.
    command.arguments = {find_program("java"), "-Xmx128m", "-XX:TieredStopAtLevel=1",
                         "-XX:+UseSerialGC", "-Dzookeeper.forceSync=no"};
    for (const std::string& property : settings.properties)
      command.arguments.push_back("-D" + property);
    for (const std::string& last :
         {std::string("-cp"), fmt::format(".:{}:/usr/share/java/slf4j-simple.jar", kJar),
          std::string("org.apache.zookeeper.server.quorum.QuorumPeerMain"), std::string("zoo.cfg")})
      command.arguments.push_back(last);
    auto daemon = Daemon::start(std::move(command));
    if (!daemon) return daemon.error();
    ensemble.servers_.push_back({sites[i], ports[3 * i], std::move(*daemon)});
  }
  if (auto ready = ensemble.wait_until_it_serves(60s); !ready) return ready.error();
  return ensemble;
}

std::string Ensemble::address(std::size_t server) const {
  return fmt::format("127.0.0.1:{}", servers_[server].port);
}

std::string Ensemble::ask(std::size_t server, const std::string& word) const {
  std::string answer;
  static_cast<void>(in_namespace(servers_[server].site.network_namespace,
                                 [&] { answer = exchanged(servers_[server].port, word); }));
  return answer;
}

std::string Ensemble::mode(std::size_t server) const {
  return after(ask(server, "srvr"), "Mode: ", "\n");
}

std::size_t Ensemble::leader() const {
  for (std::size_t server = 0; server < size(); ++server)
    if (mode(server) == "leader") return server;
  return size();
}

Result<void, Trouble> Ensemble::wait_until_it_serves(std::chrono::milliseconds limit) {
  const auto serves = [this] {
    bool led = size() == 1;
    for (std::size_t server = 0; server < size(); ++server) {
      if (!servers_[server].daemon.alive()) continue;
      const std::string is = mode(server);
      if (is.empty()) return false;
      led = led || is == "leader";
    }
    return led;
  };
  if (wait_until(serves, limit)) return {};
  std::string said = "ZooKeeper does not serve:";
  for (const Server& server : servers_) said += "\n" + server.daemon.last_words();
  return Trouble{said};
}

std::string Ensemble::version() const {
  return "ZooKeeper " + after(ask(0, "srvr"), "Zookeeper version: ", "-, ");
}

}  // namespace locklab::real::zookeeper
