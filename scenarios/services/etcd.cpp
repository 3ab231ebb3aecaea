// An etcd cluster in a scenario: the section "etcd", the servers etcd-1, etcd-2, ..., and each
// client's way to them.
#include <fmt/format.h>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/raft_section.hpp"
#include "sim/services/etcd/client.hpp"
#include "sim/services/etcd/server.hpp"

namespace locklab {
namespace {

using namespace reading;

void read(Reading& reading, const Node* node) {
  if (node == nullptr) return;
  EtcdSpec& etcd = reading.scenario.etcd;
  etcd::ServerOptions& o = etcd.options;
  Section r(reading, *node, "etcd");
  read_log_options(r, etcd.nodes, o.log);
  o.lessor_period = r.duration("lessor_period", o.lessor_period, {.min = 1ms});
  o.confirm_leadership = r.boolean("confirm_leadership", o.confirm_leadership);
  r.child("endpoints");  // later: they name clients
}

void read_references(Reading& reading, const Node* node) {
  EtcdSpec& etcd = reading.scenario.etcd;
  read_endpoints(reading, node, "etcd", etcd.nodes, etcd.endpoints);
}

void name_processes(const Scenario& scenario, std::vector<std::string>& names) {
  for (std::uint32_t i = 1; i <= scenario.etcd.nodes; ++i)
    names.push_back(fmt::format("etcd-{}", i));
}

class EtcdCluster final : public DeployedService {
 public:
  explicit EtcdCluster(Site& site)
      : spec_(site.scenario().etcd),
        kinds_(site.world().names()),
        log_kinds_(site.world().names()),
        group_(&site.arena()),
        servers_(&site.arena()),
        ids_(&site.arena()) {
    const Symbol store = site.world().names().intern("etcd");
    for (std::uint32_t number = 1; number <= spec_.nodes; ++number) {
      Process& process = site.add_server(ProcessRole::etcd, "etcd", number);
      servers_.push_back(
          site.make<etcd::Server>(process, kinds_, log_kinds_, spec_.options, group_, store));
      process.set_actor(*servers_.back());
      ids_.push_back(process.id());
    }
    for (etcd::Server* server : servers_) server->join(ids_);
  }
  ~EtcdCluster() override {
    for (etcd::Server* server : servers_) server->~Server();
  }

  ServiceClient* equip(Environment& environment) override {
    Process& self = environment.self;
    const std::size_t first = first_server(self.world(), self, spec_.endpoints, ids_);
    environment.etcd =
        new (self.arena().take(sizeof(etcd::Client))) etcd::Client(self, ids_, first, kinds_);
    return nullptr;
  }

 private:
  const EtcdSpec& spec_;
  etcd::Kinds kinds_;
  raft::Kinds log_kinds_;
  raft::Group group_;
  std::pmr::vector<etcd::Server*> servers_;
  std::pmr::vector<ProcessId> ids_;
};

DeployedService* deploy(Site& site) { return site.make<EtcdCluster>(site); }

}  // namespace

const ServiceKind kEtcdService{ProcessRole::etcd, "etcd",         "etcd servers", read,
                               read_references,   name_processes, deploy};

}  // namespace locklab
