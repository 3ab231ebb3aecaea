#include "real/live/nodes.hpp"

#include "real/libraries.hpp"

#if LOCKLAB_HAS_HIREDIS

#include <fmt/format.h>

#include <algorithm>

#include "real/live/plan.hpp"
#include "real/redis/scripts.hpp"

namespace locklab::real {

namespace {

std::vector<std::string> settings_of(const RedisSpec& redis) {
  std::vector<std::string> lines{"tcp-keepalive 0"};
  switch (redis.options.persistence) {
    case redis::PersistenceMode::none:
      lines.insert(lines.end(), {"save \"\"", "appendonly no"});
      break;
    case redis::PersistenceMode::rdb:
      lines.emplace_back("appendonly no");
      for (const redis::SavePoint& point : redis.options.save_points)
        if (point.seconds > 0)
          lines.push_back(fmt::format("save {} {}", point.seconds, point.changes));
      break;
    case redis::PersistenceMode::aof_everysec:
      lines.insert(lines.end(), {"save \"\"", "appendonly yes", "appendfsync everysec"});
      break;
    case redis::PersistenceMode::aof_always:
      lines.insert(lines.end(), {"save \"\"", "appendonly yes", "appendfsync always"});
      break;
  }
  return lines;
}

Result<void, Trouble> prepare(const RedisServer& server, const Scenario& scenario,
                              const std::string& name) {
  auto connection = server.connect();
  if (!connection) return connection.error();
  // As client libraries do: a server that knows a script need not compile it.
  for (int command = 0; command <= static_cast<int>(redis::Command::info_replication); ++command) {
    const std::string_view script = script_of(static_cast<redis::Command>(command));
    if (script.empty()) continue;
    if (const auto loaded = connection->ask({"SCRIPT", "LOAD", std::string(script)}); !loaded)
      return loaded.error();
  }
  for (const SeedKey& key : scenario.redis.keys) {
    if (!key.node.empty() && key.node != name) continue;
    const std::string value =
        key.value.is_number ? std::to_string(key.value.number) : key.value.word;
    if (const auto set = connection->ask({"SET", key.key, value}); !set) return set.error();
  }
  return {};
}

}  // namespace

Result<LiveNodes, Trouble> LiveNodes::start(const Scenario& scenario, const Workspace& workspace) {
  LiveNodes nodes;
  if ((scenario.services & role_bit(ProcessRole::redis)) == 0) return nodes;
  const std::vector<std::string> jumping = nodes_with_jumps(scenario);
  for (std::uint32_t number = 1; number <= scenario.redis.nodes; ++number) {
    const std::string name = fmt::format("redis-{}", number);
    const std::string folder = workspace.folder(name);
    RedisSettings settings{.lines = settings_of(scenario.redis)};
    std::optional<ServerClock> clock;
    if (std::ranges::find(jumping, name) != jumping.end()) {
      clock.emplace(folder);
      if (!clock->set(Duration{0})) return Trouble{"cannot write into " + folder};
      settings.environment = clock->environment();
    }
    auto server = RedisServer::start(folder, settings);
    if (!server) return server.error();
    if (const auto done = prepare(*server, scenario, name); !done) return done.error();
    nodes.nodes_.push_back({std::move(*server), clock, Duration{0}});
  }
  return nodes;
}

std::vector<std::uint16_t> LiveNodes::ports() const {
  std::vector<std::uint16_t> ports;
  for (const Node& node : nodes_) ports.push_back(node.server.port());
  return ports;
}

Result<void, Trouble> LiveNodes::jump(std::size_t number, Duration by) {
  Node& node = nodes_[number];
  node.ahead += by;
  if (!node.clock->set(node.ahead)) return Trouble{"the clock of a node could not be set"};
  return {};
}

Result<void, Trouble> LiveNodes::lose(std::size_t node, const std::string& key) {
  auto connection = nodes_[node].server.connect();
  if (!connection) return connection.error();
  const auto lost = key.empty() ? connection->ask({"FLUSHALL"}) : connection->ask({"DEL", key});
  if (!lost) return lost.error();
  return {};
}

bool LiveNodes::has(std::size_t node, const std::string& key) const {
  auto connection = nodes_[node].server.connect();
  if (!connection) return false;
  const auto there = connection->ask({"EXISTS", key});
  return there && there->number == 1;
}

}  // namespace locklab::real

#endif
