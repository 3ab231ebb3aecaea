// A Chubby cell in a scenario: the section "chubby", the replicas chubby-1, chubby-2, ..., and each
// client's way to them.
#include <fmt/format.h>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/raft_section.hpp"
#include "sim/services/chubby/client.hpp"
#include "sim/services/chubby/server.hpp"

namespace locklab {
namespace {

using namespace reading;

void read(Reading& reading, const Node* node) {
  if (node == nullptr) return;
  ChubbySpec& chubby = reading.scenario.chubby;
  Section r(reading, *node, "chubby");
  read_log_options(r, chubby.nodes, chubby.options.log);
  chubby.options.lease =
      r.duration("lease", chubby.options.lease, {.min = 2 * chubby::Server::kNearTheEnd});
  r.child("endpoints");  // later: they name clients
}

void read_references(Reading& reading, const Node* node) {
  ChubbySpec& chubby = reading.scenario.chubby;
  read_endpoints(reading, node, "chubby", chubby.nodes, chubby.endpoints);
}

void name_processes(const Scenario& scenario, std::vector<std::string>& names) {
  for (std::uint32_t i = 1; i <= scenario.chubby.nodes; ++i)
    names.push_back(fmt::format("chubby-{}", i));
}

using ChubbyCell = RaftCluster<chubby::Server, chubby::Client, chubby::Kinds>;

DeployedService* deploy(Site& site) {
  const ChubbySpec& spec = site.scenario().chubby;
  return site.make<ChubbyCell>(site, ProcessRole::chubby, spec.nodes, spec.options, spec.endpoints,
                               &Environment::chubby);
}

}  // namespace

const ServiceKind kChubbyService{
    ProcessRole::chubby, "chubby", "Chubby replicas", read, read_references,
    name_processes,      deploy};

}  // namespace locklab
