// A Consul cluster in a scenario: the section "consul", the servers consul-1, consul-2, ..., and
// each client's way to them.
#include <fmt/format.h>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/raft_section.hpp"
#include "sim/services/consul/client.hpp"
#include "sim/services/consul/server.hpp"

namespace locklab {
namespace {

using namespace reading;

void read(Reading& reading, const Node* node) {
  if (node == nullptr) return;
  ConsulSpec& consul = reading.scenario.consul;
  Section r(reading, *node, "consul");
  read_log_options(r, consul.nodes, consul.options.log);
  r.child("endpoints");     // later: they name clients
  r.items("false_alarms");  // the same
}

void read_references(Reading& reading, const Node* node) {
  ConsulSpec& consul = reading.scenario.consul;
  read_endpoints(reading, node, "consul", consul.nodes, consul.endpoints);
  const Node* alarms = node == nullptr ? nullptr : node->find("false_alarms");
  if (alarms == nullptr) return;
  for (const Node& item : alarms->items) {
    Section r(reading, item, "false_alarm");
    ConsulSpec::Alarm alarm;
    alarm.client = r.text("client", required);
    alarm.at = r.duration("at", required);
    if (const Node* at = item.find("client"); at != nullptr && !alarm.client.empty())
      check_name(reading, *at, alarm.client, "client", reading.clients);
    consul.false_alarms.push_back(std::move(alarm));
  }
}

void name_processes(const Scenario& scenario, std::vector<std::string>& names) {
  for (std::uint32_t i = 1; i <= scenario.consul.nodes; ++i)
    names.push_back(fmt::format("consul-{}", i));
}

class ConsulCluster final : public RaftCluster<consul::Server, consul::Client, consul::Kinds> {
 public:
  explicit ConsulCluster(Site& site)
      : RaftCluster(site, ProcessRole::consul, site.scenario().consul.nodes,
                    site.scenario().consul.options, site.scenario().consul.endpoints,
                    &Environment::consul) {
    for (const ConsulSpec::Alarm& alarm : site.scenario().consul.false_alarms) {
      const ProcessId client = site.world().find_process(alarm.client)->id();
      for (consul::Server* server : servers()) server->raise_false_alarm({client, alarm.at});
    }
  }
};

DeployedService* deploy(Site& site) { return site.make<ConsulCluster>(site); }

}  // namespace

const ServiceKind kConsulService{
    ProcessRole::consul, "consul", "Consul servers", read, read_references, name_processes, deploy};

}  // namespace locklab
