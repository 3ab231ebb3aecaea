// Redis nodes in a scenario: the section "redis", the servers redis-1, redis-2, ..., and each
// client's view of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/service.hpp"
#include "sim/services/redis/server.hpp"

namespace locklab {
namespace {

using namespace reading;

constexpr std::int64_t kMostNodes = 63;      // Redlock keeps its votes in one word
constexpr std::int64_t kNodesOfSeveral = 5;  // of an algorithm that uses several [doc §3]
constexpr std::array<std::string_view, 4> kPersistence{"none", "rdb", "aof_everysec", "aof_always"};
constexpr std::array<std::string_view, 2> kExpiry{"lazy", "active"};
constexpr std::array<std::string_view, 2> kClocks{"wall", "mono"};

// ---- reading ------------------------------------------------------------------------------------

void read_save_points(Reading& reading, Section& r, redis::Persistence::SavePoints& points) {
  const Node* list = r.any("save_points");
  if (list == nullptr) return;
  points = {};
  const std::span<const Node> items = r.items("save_points");
  if (items.size() > points.size())
    r.mistake("save_points", fmt::format("at most {} save points", points.size()));
  for (std::size_t i = 0; i < items.size(); ++i) {
    Section point(reading, items[i], "save_point");
    const Duration after = point.duration("after", required, {.min = 1s});
    const std::int64_t changes = point.integer("changes", 1, {.min = 1, .max = 1'000'000'000});
    if (i >= points.size()) continue;
    points[i] = {std::chrono::floor<std::chrono::seconds>(after).count(),
                 static_cast<std::uint64_t>(changes)};
  }
}

bool uses_several(const LockSpec& lock) {
  return lock.algorithm != nullptr && lock.algorithm->several_nodes == "redis";
}

void read(Reading& reading, const Node* node) {
  Scenario& scenario = reading.scenario;
  RedisSpec& redis = scenario.redis;
  bool several = uses_several(scenario.lock);
  for (const ClientSpec& client : scenario.clients)
    several = several || (client.lock && uses_several(*client.lock));
  redis.nodes = several ? kNodesOfSeveral : 1;
  if (node == nullptr) return;
  Section r(reading, *node, "redis");
  redis::ServerOptions& o = redis.options;
  redis.nodes =
      static_cast<std::uint32_t>(r.integer("nodes", redis.nodes, {.min = 1, .max = kMostNodes}));
  o.persistence = r.choice("persistence", kPersistence, o.persistence);
  read_save_points(reading, r, o.save_points);
  o.restart_guard = r.duration("restart_guard", 0ms);
  o.restart_guard_clock = r.choice("restart_guard_clock", kClocks, o.restart_guard_clock);
  o.active_expiry = r.choice("expiry", kExpiry, o.active_expiry ? 1 : 0) == 1;
  o.expiry_clock = r.choice("clock", kClocks, o.expiry_clock);
  o.service_time = r.duration("service_time", o.service_time);
  r.items("keys");  // later: they name nodes
}

void read_seed_keys(Reading& reading, const Node* redis) {
  const Node* keys = redis == nullptr ? nullptr : redis->find("keys");
  if (keys == nullptr) return;
  for (const Node& node : keys->items) {
    Section r(reading, node, "seed_key");
    SeedKey key;
    key.key = name_of(r, reading, "key", required);
    if (const Node* value = r.any("value", required))
      key.value = read_datum(*value, reading.diagnostics).value_or(Datum{});
    key.node = r.text("node", "");
    if (!key.node.empty()) {
      reading::Names nodes;
      for (std::uint32_t i = 1; i <= reading.scenario.redis.nodes; ++i)
        nodes.push_back(fmt::format("redis-{}", i));
      check_name(reading, *node.find("node"), key.node, "Redis node", nodes);
    }
    reading.scenario.redis.keys.push_back(std::move(key));
  }
}

void name_processes(const Scenario& scenario, std::vector<std::string>& names) {
  for (std::uint32_t i = 1; i <= scenario.redis.nodes; ++i)
    names.push_back(fmt::format("redis-{}", i));
}

// ---- deploying ----------------------------------------------------------------------------------

class RedisNodes final : public DeployedService {
 public:
  explicit RedisNodes(Site& site)
      : kinds_(site.world().names()), servers_(&site.arena()), nodes_(&site.arena()) {
    const RedisSpec& spec = site.scenario().redis;
    for (std::uint32_t number = 1; number <= spec.nodes; ++number) {
      Process& process = site.add_server(ProcessRole::redis, "redis", number);
      auto* server = site.make<redis::Server>(process, kinds_, spec.options);
      const std::string_view name = site.world().names().text(process.name());
      for (const SeedKey& key : spec.keys)
        if (key.node.empty() || key.node == name)
          server->initialize(site.world().names().intern(key.key), site.value(key.value));
      process.set_actor(*server);
      servers_.push_back(server);
      nodes_.push_back(process.id());
    }
  }
  ~RedisNodes() override {
    for (redis::Server* server : servers_) server->~Server();
  }

  ServiceClient* equip(Environment& environment) override {
    Process& self = environment.self;
    auto* views =
        static_cast<redis::Client*>(self.arena().take(servers_.size() * sizeof(redis::Client)));
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      new (views + i) redis::Client(self, nodes_[i], kinds_, {});
    environment.redis = {views, nodes_.size()};
    return nullptr;
  }

 private:
  redis::Kinds kinds_;
  std::pmr::vector<redis::Server*> servers_;
  std::pmr::vector<ProcessId> nodes_;
};

void keep_data(Scenario& scenario, bool keep) {
  scenario.redis.options.persistence =
      keep ? redis::PersistenceMode::aof_always : redis::PersistenceMode::none;
}

DeployedService* deploy(Site& site) { return site.make<RedisNodes>(site); }

}  // namespace

const ServiceKind kRedisService{ProcessRole::redis, "redis",        "Redis nodes", read,
                                read_seed_keys,     name_processes, deploy,        keep_data};

}  // namespace locklab
