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

using EtcdCluster = RaftCluster<etcd::Server, etcd::Client, etcd::Kinds>;

DeployedService* deploy(Site& site) {
  const EtcdSpec& spec = site.scenario().etcd;
  return site.make<EtcdCluster>(site, ProcessRole::etcd, spec.nodes, spec.options, spec.endpoints,
                                &Environment::etcd);
}

}  // namespace

const ServiceKind kEtcdService{ProcessRole::etcd, "etcd",         "etcd servers", read,
                               read_references,   name_processes, deploy};

}  // namespace locklab
