// A Hazelcast cluster in a scenario: the section "hazelcast", the members hazelcast-1, hazelcast-2,
// ..., and each client's way to them. Whether they are a CP group or members as before it is the
// lock's choice, and so are the times of its sessions: they are the same on both sides.
#include <fmt/format.h>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/raft_section.hpp"
#include "sim/services/hazelcast/client.hpp"
#include "sim/services/hazelcast/server.hpp"

namespace locklab {
namespace {

using namespace reading;

/// The first lock of the scenario that needs the service.
const LockSpec* lock_of(const Scenario& scenario) {
  const auto needs = [](const LockSpec& lock) {
    return lock.algorithm != nullptr &&
           (lock.algorithm->needs & role_bit(ProcessRole::hazelcast)) != 0;
  };
  if (needs(scenario.lock)) return &scenario.lock;
  for (const ClientSpec& client : scenario.clients)
    if (client.lock && needs(*client.lock)) return &*client.lock;
  return nullptr;
}

void read(Reading& reading, const Node* node) {
  HazelcastSpec& hazelcast = reading.scenario.hazelcast;
  if (const LockSpec* lock = lock_of(reading.scenario)) {
    hazelcast.ap = lock->settings.text("subsystem") == "ap";
    hazelcast.options.session_ttl = lock->settings.duration("session_ttl");
    hazelcast.options.session_heartbeat = lock->settings.duration("session_heartbeat");
  }
  if (node == nullptr) return;
  Section r(reading, *node, "hazelcast");
  read_log_options(r, hazelcast.nodes, hazelcast.options.log);
  hazelcast::ApOptions& ap = hazelcast.ap_options;
  ap.heartbeat = r.duration("member_heartbeat", ap.heartbeat, {.min = 1ms});
  ap.max_no_heartbeat = r.duration("max_no_heartbeat", ap.max_no_heartbeat, {.min = 1ms});
  r.child("endpoints");  // later: they name clients
}

void read_references(Reading& reading, const Node* node) {
  HazelcastSpec& hazelcast = reading.scenario.hazelcast;
  read_endpoints(reading, node, "hazelcast", hazelcast.nodes, hazelcast.endpoints);
}

void name_processes(const Scenario& scenario, std::vector<std::string>& names) {
  for (std::uint32_t i = 1; i <= scenario.hazelcast.nodes; ++i)
    names.push_back(fmt::format("hazelcast-{}", i));
}

using CpGroup = RaftCluster<hazelcast::Server, hazelcast::Client, hazelcast::Kinds>;

/// Members of 3.x.
class ApCluster final : public DeployedService {
 public:
  explicit ApCluster(Site& site)
      : spec_(site.scenario().hazelcast),
        kinds_(site.world().names()),
        members_(&site.arena()),
        ids_(&site.arena()) {
    for (std::uint32_t number = 1; number <= spec_.nodes; ++number) {
      Process& process = site.add_server(ProcessRole::hazelcast, "hazelcast", number);
      members_.push_back(site.make<hazelcast::ApMember>(process, kinds_, spec_.ap_options));
      process.set_actor(*members_.back());
      ids_.push_back(process.id());
    }
    for (hazelcast::ApMember* member : members_) member->join(ids_);
  }
  ~ApCluster() override {
    for (hazelcast::ApMember* member : members_) member->~ApMember();
  }

  ServiceClient* equip(Environment& environment) override {
    Process& self = environment.self;
    const std::size_t first = first_server(self.world(), self, spec_.endpoints, ids_);
    environment.hazelcast = new (self.arena().take(sizeof(hazelcast::Client)))
        hazelcast::Client(self, ids_, first, kinds_);
    return nullptr;
  }

 private:
  const HazelcastSpec& spec_;
  hazelcast::Kinds kinds_;
  std::pmr::vector<hazelcast::ApMember*> members_;
  std::pmr::vector<ProcessId> ids_;
};

DeployedService* deploy(Site& site) {
  const HazelcastSpec& spec = site.scenario().hazelcast;
  if (spec.ap) return site.make<ApCluster>(site);
  return site.make<CpGroup>(site, ProcessRole::hazelcast, spec.nodes, spec.options, spec.endpoints,
                            &Environment::hazelcast);
}

}  // namespace

const ServiceKind kHazelcastService{
    ProcessRole::hazelcast, "hazelcast", "Hazelcast members", read, read_references,
    name_processes,         deploy};

}  // namespace locklab
