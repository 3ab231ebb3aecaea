// Redis nodes in a scenario: the section "redis", the servers redis-1, redis-2, ..., their replicas
// redis-1-replica-1, ..., the Sentinels sentinel-1, ..., and each client's view of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/service.hpp"
#include "sim/services/redis/eviction.hpp"
#include "sim/services/redis/replication.hpp"
#include "sim/services/redis/sentinel.hpp"
#include "sim/services/redis/server.hpp"
#include "sim/services/redis/session.hpp"

namespace locklab {
namespace {

using namespace reading;

constexpr std::int64_t kMostNodes = 63;      // Redlock keeps its votes in one word
constexpr std::int64_t kNodesOfSeveral = 5;  // of an algorithm that uses several [doc §3]
constexpr std::array<std::string_view, 4> kPersistence{"none", "rdb", "aof_everysec", "aof_always"};
constexpr std::array<std::string_view, 2> kExpiry{"lazy", "active"};
constexpr std::array<std::string_view, 2> kClocks{"wall", "mono"};
constexpr std::array<std::string_view, 6> kPolicies{"noeviction",      "allkeys-lru",
                                                    "allkeys-random",  "volatile-lru",
                                                    "volatile-random", "volatile-ttl"};
constexpr std::int64_t kMostReplicas = 5;
constexpr std::int64_t kMostSentinels = 9;
constexpr std::uint32_t kPriority = 100;  // replica-priority

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

void read_replication(Reading& reading, Section& r, RedisSpec& redis) {
  redis::ReplicationOptions& o = redis.replication;
  const auto count = [&r](std::string_view key, std::uint32_t standard, IntegerRange range) {
    return static_cast<std::uint32_t>(r.integer(key, standard, range));
  };
  redis.replicas = count("replicas", 0, {.min = 0, .max = kMostReplicas});
  o.delay = r.duration("replication_delay", o.delay);
  o.min_replicas_to_write =
      count("min_replicas_to_write", o.min_replicas_to_write, {.min = 0, .max = kMostReplicas});
  o.max_lag = r.duration("min_replicas_max_lag", o.max_lag, {.min = 1s});
  o.backlog = count("replication_backlog", o.backlog, {.min = 1, .max = 1'000'000});
  o.timeout = r.duration("replication_timeout", o.timeout, {.min = 1s});
  for (const Node& node : r.items("replica_priorities"))
    if (const auto priority = read_integer(node, reading.diagnostics, {.min = 0, .max = 1'000'000}))
      redis.priorities.push_back(static_cast<std::uint32_t>(*priority));
}

void read_sentinels(Reading& reading, Section& r, RedisSpec& redis) {
  redis.sentinels =
      static_cast<std::uint32_t>(r.integer("sentinels", 0, {.min = 0, .max = kMostSentinels}));
  redis::SentinelOptions& o = redis.sentinel;
  o.quorum = redis.sentinels / 2 + 1;
  r.items("failovers");  // later: they name nodes
  const Node* node = r.child("sentinel");
  if (node == nullptr) return;
  Section s(reading, *node, "sentinel");
  o.quorum =
      static_cast<std::uint32_t>(s.integer("quorum", o.quorum, {.min = 1, .max = kMostSentinels}));
  const auto time = [&s](std::string_view key, Duration standard) {
    return s.duration(key, standard, {.min = 1ms});
  };
  o.down_after = time("down_after", o.down_after);
  o.failover_timeout = time("failover_timeout", o.failover_timeout);
  o.election_timeout = time("election_timeout", o.election_timeout);
  o.ping = time("ping", o.ping);
  o.info = time("info", o.info);
  o.hello = time("hello", o.hello);
  o.tilt = time("tilt", o.tilt);
  o.tilt_trigger = time("tilt_trigger", o.tilt_trigger);
  o.parallel_syncs = static_cast<std::uint32_t>(
      s.integer("parallel_syncs", o.parallel_syncs, {.min = 1, .max = kMostReplicas}));
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
  redis.eviction.max_keys =
      static_cast<std::uint32_t>(r.integer("max_keys", 0, {.min = 0, .max = 1'000'000}));
  redis.eviction.policy = r.choice("maxmemory_policy", kPolicies, redis.eviction.policy);
  read_replication(reading, r, redis);
  read_sentinels(reading, r, redis);
  r.items("keys");  // later: they name nodes
}

std::vector<std::string> node_names(const RedisSpec& redis) {
  std::vector<std::string> names;
  for (std::uint32_t i = 1; i <= redis.nodes; ++i) names.push_back(fmt::format("redis-{}", i));
  return names;
}

void read_references(Reading& reading, const Node* redis) {
  if (redis == nullptr) return;
  RedisSpec& spec = reading.scenario.redis;
  const auto items = [redis](std::string_view key) {
    const Node* list = redis->find(key);
    return list == nullptr ? std::span<const Node>{} : std::span<const Node>(list->items);
  };
  for (const Node& node : items("keys")) {
    Section r(reading, node, "seed_key");
    SeedKey key;
    key.key = name_of(r, reading, "key", required);
    if (const Node* value = r.any("value", required))
      key.value = read_datum(*value, reading.diagnostics).value_or(Datum{});
    key.node = r.text("node", "");
    if (!key.node.empty())
      check_name(reading, *node.find("node"), key.node, "Redis node", node_names(spec));
    spec.keys.push_back(std::move(key));
  }
  for (const Node& node : items("failovers")) {
    Section r(reading, node, "failover");
    ManualFailover failover;
    failover.at = r.duration("at", required);
    failover.of = r.text("of", "redis-1");
    if (const Node* of = node.find("of"))
      check_name(reading, *of, failover.of, "Redis node", node_names(spec));
    if (spec.sentinels == 0 || spec.replicas == 0)
      reading.mistake(node, "a failover needs sentinels, and replicas to fail over to");
    spec.failovers.push_back(std::move(failover));
  }
}

void name_processes(const Scenario& scenario, std::vector<std::string>& names) {
  const RedisSpec& redis = scenario.redis;
  for (std::uint32_t i = 1; i <= redis.nodes; ++i) names.push_back(fmt::format("redis-{}", i));
  for (std::uint32_t i = 1; i <= redis.nodes; ++i)
    for (std::uint32_t k = 1; k <= redis.replicas; ++k)
      names.push_back(fmt::format("redis-{}-replica-{}", i, k));
  for (std::uint32_t i = 1; i <= redis.sentinels; ++i)
    names.push_back(fmt::format("sentinel-{}", i));
}

// ---- deploying ----------------------------------------------------------------------------------

class RedisNodes final : public DeployedService {
 public:
  explicit RedisNodes(Site& site)
      : kinds_(site.world().names()),
        servers_(&site.arena()),
        replications_(&site.arena()),
        evictions_(&site.arena()),
        sets_(&site.arena()),
        sentinels_(&site.arena()),
        nodes_(&site.arena()),
        sentinel_ids_(&site.arena()) {
    const RedisSpec& spec = site.scenario().redis;
    for (std::uint32_t number = 1; number <= spec.nodes; ++number)
      nodes_.push_back(add_node(site, "redis", number));
    if (spec.replicas == 0 && spec.sentinels == 0) return;
    node_kinds_ = site.make<redis::NodeKinds>(site.world().names());
    add_replicas(site);
    add_sentinels(site);
  }
  ~RedisNodes() override {
    for (redis::Sentinel* sentinel : sentinels_) sentinel->~Sentinel();
    for (redis::Replication* replication : replications_) replication->~Replication();
    for (redis::ReplicaSet* set : sets_) set->~ReplicaSet();
    for (redis::Server* server : servers_) server->~Server();
    for (redis::Eviction* eviction : evictions_) eviction->~Eviction();
  }

  ServiceClient* equip(Environment& environment) override {
    Process& self = environment.self;
    auto* session = new (self.arena().take(sizeof(redis::Session)))
        redis::Session(self, kinds_, nodes_, node_kinds_, sentinel_ids_);
    environment.redis_session = session;
    auto* views =
        static_cast<redis::Client*>(self.arena().take(nodes_.size() * sizeof(redis::Client)));
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (sentinels_.empty())
        new (views + i) redis::Client(self, nodes_[i], kinds_, {});
      else
        new (views + i) redis::Client(self, session->master(i), kinds_, {});
    }
    environment.redis = {views, nodes_.size()};
    return session;
  }

 private:
  ProcessId add_node(Site& site, std::string_view name, std::uint32_t number) {
    const RedisSpec& spec = site.scenario().redis;
    Process& process = site.add_server(ProcessRole::redis, name, number);
    auto* server = site.make<redis::Server>(process, kinds_, spec.options);
    // A replica has what its master has.
    const std::string_view full = site.world().names().text(process.name());
    for (const SeedKey& key : spec.keys)
      if (key.node.empty() || full == key.node || full.starts_with(key.node + "-"))
        server->initialize(site.world().names().intern(key.key), site.value(key.value));
    if (spec.eviction.max_keys > 0) {
      evictions_.push_back(site.make<redis::Eviction>(spec.eviction, &site.arena()));
      server->set_eviction(*evictions_.back());
    }
    process.set_actor(*server);
    servers_.push_back(server);
    return process.id();
  }

  redis::Replication* replicate(Site& site, redis::Server& server, ProcessId id,
                                std::uint32_t priority) {
    auto* node = site.make<redis::Replication>(site.world().process(id), server, *node_kinds_,
                                               site.scenario().redis.replication, priority);
    server.set_replication(*node);
    replications_.push_back(node);
    sets_.back()->add(*node);
    return node;
  }

  void add_replicas(Site& site) {
    const RedisSpec& spec = site.scenario().redis;
    locklab::Names& names = site.world().names();
    for (std::uint32_t number = 0; number < spec.nodes; ++number) {
      sets_.push_back(site.make<redis::ReplicaSet>(&site.arena()));
      replicate(site, *servers_[number], nodes_[number], kPriority);
      const Symbol master = site.world().process(nodes_[number]).name();
      const Symbol name = names.join(names.text(master), "-replica");
      for (std::uint32_t k = 1; k <= spec.replicas; ++k) {
        const ProcessId id = add_node(site, names.text(name), k);
        replicate(site, *servers_.back(), id,
                  k <= spec.priorities.size() ? spec.priorities[k - 1] : kPriority);
      }
      const std::uint64_t history = site.world().stream("redis/history", number).next();
      for (redis::Replication* node : sets_.back()->nodes())
        node->settle(*sets_.back(), nodes_[number], history);
    }
  }

  void add_sentinels(Site& site) {
    const RedisSpec& spec = site.scenario().redis;
    World& world = site.world();
    for (std::uint32_t number = 1; number <= spec.sentinels; ++number) {
      Process& process = site.add_server(ProcessRole::sentinel, "sentinel", number);
      auto* sentinel = site.make<redis::Sentinel>(process, *node_kinds_, spec.sentinel);
      for (std::size_t set = 0; set < sets_.size(); ++set) {
        std::pmr::vector<ProcessId> ids(&site.arena());
        for (const redis::Replication* node : sets_[set]->nodes()) ids.push_back(node->id());
        sentinel->watch(world.process(nodes_[set]).name(), ids);
      }
      process.set_actor(*sentinel);
      sentinels_.push_back(sentinel);
      sentinel_ids_.push_back(process.id());
    }
    for (redis::Sentinel* sentinel : sentinels_) sentinel->meet(sentinel_ids_);
    for (const ManualFailover& failover : spec.failovers) {
      std::uint64_t set = 0;
      while (world.names().text(world.process(nodes_[set]).name()) != failover.of) ++set;
      world.at(
          Instant{failover.at},
          [](void* sentinel, std::uint64_t which) {
            static_cast<redis::Sentinel*>(sentinel)->fail_over(which);
          },
          sentinels_.front(), set);
    }
  }

  redis::Kinds kinds_;
  redis::NodeKinds* node_kinds_ = nullptr;  // null: nobody needs them
  std::pmr::vector<redis::Server*> servers_;
  std::pmr::vector<redis::Replication*> replications_;
  std::pmr::vector<redis::Eviction*> evictions_;
  std::pmr::vector<redis::ReplicaSet*> sets_;
  std::pmr::vector<redis::Sentinel*> sentinels_;
  std::pmr::vector<ProcessId> nodes_;  // the first masters
  std::pmr::vector<ProcessId> sentinel_ids_;
};

void keep_data(Scenario& scenario, bool keep) {
  scenario.redis.options.persistence =
      keep ? redis::PersistenceMode::aof_always : redis::PersistenceMode::none;
}

DeployedService* deploy(Site& site) { return site.make<RedisNodes>(site); }

}  // namespace

const ServiceKind kRedisService{ProcessRole::redis, "redis",        "Redis nodes", read,
                                read_references,    name_processes, deploy,        keep_data};

}  // namespace locklab
