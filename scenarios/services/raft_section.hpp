// What the sections of all services on a replicated log have in common.
#pragma once

#include <string_view>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/service.hpp"
#include "sim/services/raft/node.hpp"

namespace locklab {

/// "nodes", "heartbeat", "election_timeout", "pre_vote", "check_quorum", "fsync" and "start".
void read_log_options(reading::Section& section, std::uint32_t& nodes, raft::Options& options);

/// "endpoints": {"client-a": "etcd-2"}, when the names of all are known.
void read_endpoints(reading::Reading& reading, const Node* section, std::string_view service,
                    std::uint32_t nodes, std::vector<struct Endpoint>& endpoints);

/// The place among the servers of the one that a client talks to first.
std::size_t first_server(const World& world, const Process& client,
                         const std::vector<struct Endpoint>& endpoints,
                         std::span<const ProcessId> servers);

}  // namespace locklab
