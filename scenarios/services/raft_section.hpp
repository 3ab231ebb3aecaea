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
                    std::uint32_t nodes, std::vector<Endpoint>& endpoints);

/// The place among the servers of the one that a client talks to first.
std::size_t first_server(const World& world, const Process& client,
                         const std::vector<Endpoint>& endpoints,
                         std::span<const ProcessId> servers);

/// The servers of a service on a replicated log, named after it, and each client's way to them.
template <class Server, class Client, class Kinds>
class RaftCluster : public DeployedService {
 public:
  template <class Options>
  RaftCluster(Site& site, ProcessRole role, std::uint32_t nodes, const Options& options,
              const std::vector<Endpoint>& endpoints, Client* Environment::*place)
      : kinds_(site.world().names()),
        log_kinds_(site.world().names()),
        group_(&site.arena()),
        servers_(&site.arena()),
        ids_(&site.arena()),
        endpoints_(endpoints),
        place_(place) {
    const Symbol store = site.world().names().intern(to_string(role));
    for (std::uint32_t number = 1; number <= nodes; ++number) {
      Process& process = site.add_server(role, to_string(role), number);
      servers_.push_back(site.make<Server>(process, kinds_, log_kinds_, options, group_, store));
      process.set_actor(*servers_.back());
      ids_.push_back(process.id());
    }
    for (Server* server : servers_) server->join(ids_);
  }
  ~RaftCluster() override {
    for (Server* server : servers_) server->~Server();
  }

  ServiceClient* equip(Environment& environment) override {
    Process& self = environment.self;
    const std::size_t first = first_server(self.world(), self, endpoints_, ids_);
    environment.*place_ = new (self.arena().take(sizeof(Client))) Client(self, ids_, first, kinds_);
    return nullptr;
  }

 protected:
  std::span<Server* const> servers() const { return servers_; }

 private:
  Kinds kinds_;
  raft::Kinds log_kinds_;
  raft::Group group_;
  std::pmr::vector<Server*> servers_;
  std::pmr::vector<ProcessId> ids_;
  const std::vector<Endpoint>& endpoints_;
  Client* Environment::*place_;
};

}  // namespace locklab
