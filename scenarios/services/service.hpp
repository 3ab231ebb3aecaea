// What a lock service is to a scenario: a section of the file, server processes in the world, and a
// way to them for each client. One row a service; one file a service beside this one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/lock.hpp"
#include "scenarios/located_json.hpp"
#include "sim/role.hpp"
#include "sim/service_client.hpp"
#include "sim/world.hpp"

namespace locklab {

struct Scenario;
namespace reading {
struct Reading;
}

/// Where a service is deployed: the world of one run, while it is built.
class Site {
 public:
  Site(World& world, const Scenario& scenario, std::pmr::vector<ProcessRole>& roles)
      : world_(world), scenario_(scenario), roles_(roles) {}

  World& world() const { return world_; }
  Arena& arena() const { return world_.arena(); }
  const Scenario& scenario() const { return scenario_; }

  /// A server process named `name`, or "name-number", on a machine of the same name.
  Process& add_server(ProcessRole role, std::string_view name);
  Process& add_server(ProcessRole role, std::string_view name, std::uint32_t number);
  Value value(const struct Datum& datum) const;

  /// An object that lives as long as the run; whoever takes it destroys it.
  template <class T, class... Arguments>
  T* make(Arguments&&... arguments) const {
    return new (arena().take(sizeof(T))) T(std::forward<Arguments>(arguments)...);
  }

 private:
  World& world_;
  const Scenario& scenario_;
  std::pmr::vector<ProcessRole>& roles_;
};

/// The servers of one service in one run. Destroyed with the run, after all tasks.
class DeployedService {
 public:
  virtual ~DeployedService() = default;
  /// Puts what a client needs to reach the service into the environment of its new life. What it
  /// returns (null: nothing) is told of messages that answer no call, and destroyed when that life
  /// ends, before the next equip().
  virtual ServiceClient* equip(Environment& environment) = 0;
};

struct ServiceKind {
  ProcessRole role;          // of its servers; a lock that needs the service says so by this
  std::string_view section;  // of the scenario file: "redis"
  std::string_view title;    // "Redis nodes"
  /// Reads the section (null: there is none, and a lock needs the service all the same) into the
  /// scenario. The scenario's locks and clients are known by then.
  void (*read)(reading::Reading& reading, const Node* section);
  /// Reads what names processes; called when the names of all are known. May be null.
  void (*read_references)(reading::Reading& reading, const Node* section);
  /// Names of its processes, in the order in which deploy() adds them.
  void (*name_processes)(const Scenario& scenario, std::vector<std::string>& names);
  DeployedService* (*deploy)(Site& site);
  /// Lets its servers keep their data over a restart, or lose them. Null: what they have is on disk
  /// before anybody is told of it, and nothing can be lost.
  void (*keep_data)(Scenario& scenario, bool keep) = nullptr;
  /// Reads the registers that the service itself keeps, before any client's steps name them. Null:
  /// it keeps none.
  void (*read_registers)(reading::Reading& reading, const Node* section) = nullptr;
};

/// In the order in which they are deployed.
std::span<const ServiceKind> service_kinds();

extern const ServiceKind kRedisService;
extern const ServiceKind kDatabaseService;
extern const ServiceKind kEtcdService;
extern const ServiceKind kDynamoDbService;
extern const ServiceKind kKubernetesService;
extern const ServiceKind kZooKeeperService;
extern const ServiceKind kConsulService;
extern const ServiceKind kHazelcastService;
extern const ServiceKind kChubbyService;

}  // namespace locklab
