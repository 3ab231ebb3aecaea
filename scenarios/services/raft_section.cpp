#include "scenarios/services/raft_section.hpp"

#include <fmt/format.h>

#include <array>

namespace locklab {

namespace {

constexpr std::int64_t kMostServers = 9;
constexpr std::array<std::string_view, 2> kStarts{"settled", "cold"};

}  // namespace

void read_log_options(reading::Section& r, std::uint32_t& nodes, raft::Options& options) {
  nodes = static_cast<std::uint32_t>(r.integer("nodes", nodes, {.min = 1, .max = kMostServers}));
  options.heartbeat = r.duration("heartbeat", options.heartbeat, {.min = 1ms});
  options.election = r.duration("election_timeout", options.election, {.min = 1ms});
  if (options.election < 2 * options.heartbeat)
    r.mistake("election_timeout", "a follower has to hear two heartbeats before it gives up");
  options.pre_vote = r.boolean("pre_vote", options.pre_vote);
  options.check_quorum = r.boolean("check_quorum", options.check_quorum);
  options.fsync = r.duration("fsync", options.fsync);
  options.settled = r.choice("start", kStarts, options.settled ? 0 : 1) == 0;
}

void read_endpoints(reading::Reading& reading, const Node* section, std::string_view service,
                    std::uint32_t nodes, std::vector<Endpoint>& endpoints) {
  const Node* map = section == nullptr ? nullptr : section->find("endpoints");
  if (map == nullptr || !map->is_object()) return;
  reading::Names servers;
  for (std::uint32_t i = 1; i <= nodes; ++i) servers.push_back(fmt::format("{}-{}", service, i));
  for (const Member& member : map->members) {
    check_name(reading, member.value, member.key, "client", reading.clients);
    if (!member.value.is_text()) {
      reading.mistake(member.value, "expected a server's name, got " + describe(member.value));
      continue;
    }
    check_name(reading, member.value, member.value.text, "server", servers);
    endpoints.push_back({member.key, member.value.text});
  }
}

std::size_t first_server(const World& world, const Process& client,
                         const std::vector<Endpoint>& endpoints,
                         std::span<const ProcessId> servers) {
  for (const Endpoint& endpoint : endpoints) {
    if (world.names().text(client.name()) != endpoint.client) continue;
    for (std::size_t i = 0; i < servers.size(); ++i)
      if (world.names().text(world.process(servers[i]).name()) == endpoint.server) return i;
  }
  return 0;
}

}  // namespace locklab
