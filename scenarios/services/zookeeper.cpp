// A ZooKeeper ensemble in a scenario: the section "zookeeper", the servers zookeeper-1,
// zookeeper-2, ..., and a session for each life of a client.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/service.hpp"
#include "sim/services/zookeeper/client.hpp"
#include "sim/services/zookeeper/server.hpp"

namespace locklab {
namespace {

using namespace reading;

constexpr std::int64_t kMostServers = 15;
constexpr std::int64_t kMostTicks = 10'000;
constexpr DurationRange kTick{.min = 2ms, .max = 1h};
constexpr DurationRange kTimeout{.min = 1ms, .max = 720h};
constexpr std::array<std::string_view, 2> kStarts{"settled", "cold"};
constexpr Duration kRealisticSync = 5ms;  // model [spec 3]

// ---- reading ------------------------------------------------------------------------------------

void read(Reading& reading, const Node* node) {
  ZooKeeperSpec& spec = reading.scenario.zookeeper;
  zookeeper::Options& o = spec.options;
  o.fsync = reading.scenario.network.realistic ? kRealisticSync : Duration{0};
  if (node == nullptr) return;
  Section r(reading, *node, "zookeeper");
  o.servers =
      static_cast<std::uint32_t>(r.integer("servers", o.servers, {.min = 1, .max = kMostServers}));
  o.settled = r.choice("start", kStarts, o.settled ? 0 : 1) == 0;
  o.tick = r.duration("tick", o.tick, kTick);
  o.init_limit = r.integer("init_limit", o.init_limit, {.min = 1, .max = kMostTicks});
  o.sync_limit = r.integer("sync_limit", o.sync_limit, {.min = 1, .max = kMostTicks});
  o.fsync = r.duration("fsync", o.fsync);
  o.min_session = r.duration("min_session_timeout", 2 * o.tick, kTimeout);
  o.max_session = r.duration("max_session_timeout", 20 * o.tick, kTimeout);
  if (o.max_session < o.min_session)
    r.mistake("max_session_timeout", "the longest session is shorter than the shortest");
  o.container_check = r.duration("container_check", o.container_check, {.min = 1ms});
  spec.session_timeout = r.duration("session_timeout", spec.session_timeout, kTimeout);
  spec.client_expiry = r.boolean("client_expiry", spec.client_expiry);
  if (const Node* directories = r.child("directories")) {
    for (const Member& member : directories->members) {
      const auto next = read_integer(member.value, reading.diagnostics,
                                     {.min = std::numeric_limits<std::int32_t>::min(),
                                      .max = std::numeric_limits<std::int32_t>::max()});
      spec.directories.push_back({member.key, next.value_or(0)});
    }
  }
  r.any("leader");  // later: these name processes
  r.child("connect");
}

reading::Names server_names(const Scenario& scenario) {
  reading::Names names;
  for (std::uint32_t i = 1; i <= scenario.zookeeper.options.servers; ++i)
    names.push_back(fmt::format("zookeeper-{}", i));
  return names;
}

/// Its index.
std::optional<std::uint32_t> read_server(Reading& reading, const Node& node) {
  const auto name = read_name(node, reading.diagnostics);
  const reading::Names servers = server_names(reading.scenario);
  if (!name || !check_name(reading, node, *name, "ZooKeeper server", servers)) return std::nullopt;
  return static_cast<std::uint32_t>(std::find(servers.begin(), servers.end(), *name) -
                                    servers.begin());
}

void read_references(Reading& reading, const Node* node) {
  if (node == nullptr) return;
  ZooKeeperSpec& spec = reading.scenario.zookeeper;
  if (const Node* leader = node->find("leader"))
    spec.options.leader = read_server(reading, *leader).value_or(0) + 1;
  const Node* connect = node->find("connect");
  if (connect == nullptr || !connect->is_object()) return;
  for (const Member& member : connect->members) {
    if (!check_name(reading, member.value, member.key, "client", reading.clients)) continue;
    if (const auto server = read_server(reading, member.value))
      spec.connect.push_back({member.key, *server});
  }
}

void name_processes(const Scenario& scenario, std::vector<std::string>& names) {
  for (std::string& name : server_names(scenario)) names.push_back(std::move(name));
}

// ---- deploying ----------------------------------------------------------------------------------

class ZooKeeperEnsemble final : public DeployedService {
 public:
  explicit ZooKeeperEnsemble(Site& site)
      : spec_(site.scenario().zookeeper),
        kinds_(site.world().names()),
        ensemble_(spec_.options, kinds_, site.world().names().intern("zookeeper"), &site.arena()),
        servers_(&site.arena()) {
    for (const SeedDirectory& directory : spec_.directories)
      ensemble_.seed.add_directory(site.world().names().intern(directory.path),
                                   zookeeper::NodeKind::persistent,
                                   static_cast<std::int32_t>(directory.next));
    for (std::uint32_t number = 1; number <= spec_.options.servers; ++number) {
      Process& process = site.add_server(ProcessRole::zookeeper, "zookeeper", number);
      ensemble_.servers.push_back(process.id());
      auto* server = site.make<zookeeper::Server>(process, ensemble_, number);
      process.set_actor(*server);
      servers_.push_back(server);
    }
  }
  ~ZooKeeperEnsemble() override {
    for (zookeeper::Server* server : servers_) server->~Server();
  }

  /// Without a word of the scenario the clients spread over the servers.
  ServiceClient* equip(Environment& environment) override {
    Process& self = environment.self;
    zookeeper::ClientOptions options;
    options.session_timeout = spec_.session_timeout;
    options.expires_sessions = spec_.client_expiry;
    options.first_server = self.id().number - 1;
    const std::string_view name = self.world().names().text(self.name());
    for (const FirstServer& first : spec_.connect)
      if (first.client == name) options.first_server = first.server;
    environment.zookeeper = new (self.arena().take(sizeof(zookeeper::Client)))
        zookeeper::Client(self, ensemble_.servers, kinds_, options);
    return environment.zookeeper;
  }

 private:
  const ZooKeeperSpec& spec_;
  zookeeper::Kinds kinds_;
  zookeeper::Ensemble ensemble_;
  std::pmr::vector<zookeeper::Server*> servers_;
};

DeployedService* deploy(Site& site) { return site.make<ZooKeeperEnsemble>(site); }

}  // namespace

const ServiceKind kZooKeeperService{
    ProcessRole::zookeeper, "zookeeper", "ZooKeeper ensemble", read, read_references,
    name_processes,         deploy};

}  // namespace locklab
