#include "scenarios/runner.hpp"

#include <algorithm>
#include <new>
#include <numeric>

#include "faults/injector.hpp"
#include "invariants/invariant.hpp"
#include "scenarios/client.hpp"
#include "scenarios/expectation.hpp"
#include "scenarios/services/service.hpp"
#include "sim/assert.hpp"
#include "sim/services/storage/server.hpp"

namespace locklab {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::as_expected:
      return "as expected";
    case Verdict::not_as_expected:
      return "not as expected";
    case Verdict::undecided:
      return "undecided";
  }
  return {};
}

std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::quiescent:
      return "quiescent";
    case StopReason::horizon:
      return "horizon";
    case StopReason::event_limit:
      return "event_limit";
  }
  return {};
}

namespace {

/// What an invariant found is said in the trace too.
class TraceAnnouncer final : public Announcer {
 public:
  explicit TraceAnnouncer(World& world) : world_(world) {}
  void violation_began(std::uint32_t finding, std::string_view invariant) override {
    world_.remark(ProcessId{}, ViolationBegan{finding, world_.names().intern(invariant)});
  }
  void violation_ended(std::uint32_t finding, std::string_view invariant,
                       Duration lasted) override {
    world_.remark(ProcessId{}, ViolationEnded{finding, world_.names().intern(invariant), lasted});
  }

 private:
  World& world_;
};

class TraceKeeper final : public TraceObserver {
 public:
  explicit TraceKeeper(std::vector<TraceEvent>* events) : events_(events) {}
  void observe(const TraceEvent& event) override { events_->push_back(event); }

 private:
  std::vector<TraceEvent>* events_;
};

}  // namespace

/// A scenario as a world, with all that lives in it. Built in the arena of its runner.
struct Runner::Deployment {
  Deployment(Arena& arena, const Scenario& given, std::uint64_t seed, const RunOptions& options);
  ~Deployment();
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  template <class T, class... Arguments>
  T* make(Arguments&&... arguments) {
    return new (arena.take(sizeof(T))) T(std::forward<Arguments>(arguments)...);
  }
  MachineId machine(std::string_view name);
  Value value(const Datum& datum);
  ProcessId named(std::string_view name);
  void add_clients();
  void add_services();
  void add_storage();
  void connect();
  const RegionSpec* region_of(std::string_view process) const;
  std::uint32_t redis_of(std::string_view region) const;
  std::string_view redis_name(std::uint32_t node) const;
  Tiers tiers_of(const ClientSpec& client);
  void wire_clients();

  Arena& arena;
  const Scenario& scenario;
  World world;
  storage::Kinds storage_kinds;
  StepWords words;
  std::uint32_t attempts = 0;
  std::pmr::vector<std::string_view> process_names;
  std::pmr::vector<ProcessRole> roles;  // by ProcessId, from 1
  std::pmr::vector<DeployedService*> services;
  std::pmr::vector<Authority> authorities;
  std::pmr::vector<Client*> clients;
  storage::Server* storage = nullptr;
  ProcessId storage_process;
  TraceAnnouncer announcer;
  Watch watch;
  Metrics metrics;
  Robustness robustness;
  TraceKeeper keeper;
  Injector injector;
};

Runner::Deployment::Deployment(Arena& memory, const Scenario& given, std::uint64_t seed,
                               const RunOptions& options)
    : arena(memory),
      scenario(given),
      world(memory, seed),
      storage_kinds(world.names()),
      words(world.names()),
      process_names(&memory),
      roles(&memory),
      services(&memory),
      authorities(&memory),
      clients(&memory),
      announcer(world),
      watch(&memory, &announcer),
      metrics(&memory),
      robustness(&memory),
      keeper(options.recording != nullptr ? &options.recording->events : nullptr),
      injector(world) {
  world.network().set_default(scenario.network.standard);
  for (const MachineSpec& machine : scenario.machines)
    world.add_machine(machine.name, machine.clock_offset, machine.rate_ppm);
  add_clients();
  add_services();
  add_storage();
  for (std::uint32_t number = 1; number <= world.processes(); ++number)
    process_names.push_back(world.names().text(world.process(ProcessId{number}).name()));
  connect();
  wire_clients();

  // The trace first, so that a finding stands behind the event that shows it.
  if (options.recording != nullptr) world.observe(keeper, kEveryEvent);
  add_invariants(watch, &memory, scenario.checks);
  if (watch.events() != 0) world.observe(watch, watch.events());
  world.observe(metrics, Metrics::events());
  if (options.measure_slack) world.observe(robustness, Robustness::events());
  injector.arm(scenario.faults, options.faults_until);
}

Runner::Deployment::~Deployment() {
  world.drop_tasks();  // they refer to the clients
  for (Client* client : clients) client->~Client();
  for (DeployedService* service : services) service->~DeployedService();
  if (storage != nullptr) storage->~Server();
}

MachineId Runner::Deployment::machine(std::string_view name) {
  const MachineId known = world.find_machine(name);
  return known ? known : world.add_machine(name);
}

Value Runner::Deployment::value(const Datum& datum) {
  return datum.is_number ? Value::integer(datum.number)
                         : Value::name(world.names().intern(datum.word));
}

ProcessId Runner::Deployment::named(std::string_view name) {
  const Process* process = world.find_process(name);
  LOCKLAB_ASSERT(process != nullptr);
  return process->id();
}

void Runner::Deployment::add_clients() {
  for (const ClientSpec& client : scenario.clients) {
    world.add_process(client.name, machine(client.machine.empty() ? client.name : client.machine));
    roles.push_back(ProcessRole::client);
  }
}

void Runner::Deployment::add_services() {
  Site site(world, scenario, roles);
  for (const ServiceKind& kind : service_kinds())
    if ((scenario.services & role_bit(kind.role)) != 0) services.push_back(kind.deploy(site));
}

void Runner::Deployment::add_storage() {
  Process& process = world.add_process("storage", machine("storage"));
  storage_process = process.id();
  roles.push_back(ProcessRole::storage);
  storage = make<storage::Server>(process, storage_kinds, scenario.storage.options);
  process.set_actor(*storage);
  const auto initialize = [this](const SeedRegister& seed) {
    const Symbol name = world.names().intern(seed.name);
    storage->initialize(name, value(seed.value));
    if (seed.value.is_number) metrics.initial_amount(name, seed.value.number);
  };
  for (const SeedRegister& seed : scenario.storage.registers) initialize(seed);
  for (const SeedRegister& seed : scenario.database.registers)
    if (seed.value.is_number)
      metrics.initial_amount(world.names().intern(seed.name), seed.value.number);
}

void Runner::Deployment::connect() {
  const NetworkSpec& network = scenario.network;
  for (const DistanceSpec& distance : network.distances) {
    LinkQuality quality = network.standard;
    quality.latency = distance.latency;
    for (const RegionSpec& a : network.regions) {
      for (const RegionSpec& b : network.regions) {
        if (a.name != distance.from || b.name != distance.to) continue;
        for (const std::string& here : a.members)
          for (const std::string& there : b.members) {
            world.network().set_link(named(here), named(there), quality);
            world.network().set_link(named(there), named(here), quality);
          }
      }
    }
  }
  for (const LinkSpec& link : scenario.network.links) {
    world.network().set_link(named(link.from), named(link.to), link.quality);
    if (link.both_ways) world.network().set_link(named(link.to), named(link.from), link.quality);
  }
}

/// None for a process that is in no region.
const RegionSpec* Runner::Deployment::region_of(std::string_view process) const {
  for (const RegionSpec& region : scenario.network.regions)
    if (std::ranges::find(region.members, process) != region.members.end()) return &region;
  return nullptr;
}

/// The region's Redis, by its place among the nodes: the first of them that is there.
std::uint32_t Runner::Deployment::redis_of(std::string_view region) const {
  for (std::uint32_t node = 0; node < scenario.redis.nodes; ++node) {
    const RegionSpec* place = region_of(redis_name(node));
    if (place != nullptr && place->name == region) return node;
  }
  return 0;
}

std::string_view Runner::Deployment::redis_name(std::uint32_t node) const {
  for (std::size_t i = 0; i < roles.size(); ++i)
    if (roles[i] == ProcessRole::redis && node-- == 0) return process_names[i];
  return {};
}

Tiers Runner::Deployment::tiers_of(const ClientSpec& client) {
  if (scenario.network.regions.empty() && scenario.authorities.empty()) return {};
  if (authorities.empty())
    for (const AuthoritySpec& each : scenario.authorities)
      authorities.push_back({world.names().intern(each.resource), each.region.empty(),
                             each.region.empty() ? 0 : redis_of(each.region)});

  const std::size_t nodes =
      (scenario.services & role_bit(ProcessRole::redis)) != 0 ? scenario.redis.nodes : 0;
  auto* order = static_cast<std::uint32_t*>(arena.take(nodes * sizeof(std::uint32_t) + 1));
  std::iota(order, order + nodes, 0u);
  const RegionSpec* home = region_of(client.name);
  const auto distance = [&](std::uint32_t node) {
    const RegionSpec* place = region_of(redis_name(node));
    if (home == nullptr || place == nullptr) return Duration::max();
    if (home == place) return Duration{0};
    for (const DistanceSpec& way : scenario.network.distances)
      if ((way.from == home->name && way.to == place->name) ||
          (way.to == home->name && way.from == place->name))
        return way.latency.low;
    return Duration::max();
  };
  std::stable_sort(order, order + nodes,
                   [&](std::uint32_t a, std::uint32_t b) { return distance(a) < distance(b); });
  return {authorities, {order, nodes}};
}

void Runner::Deployment::wire_clients() {
  const Symbol default_lock = world.names().intern(scenario.workload.resource);
  for (std::uint32_t i = 0; i < scenario.clients.size(); ++i) {
    const ClientSpec& spec = scenario.clients[i];
    Process& process = world.process(ProcessId{i + 1});
    const storage::Client to_storage(process, storage_process, storage_kinds,
                                     {.timeout = scenario.storage.call_timeout});
    auto* client = make<Client>(process, spec, spec.lock ? *spec.lock : scenario.lock, default_lock,
                                std::span<const Program>(spec.threads),
                                std::span<DeployedService* const>(services), tiers_of(spec),
                                to_storage, words, &attempts);
    process.set_actor(*client);
    clients.push_back(client);
  }
}

// ---- running ------------------------------------------------------------------------------------

Runner::Runner() = default;

Runner::~Runner() { drop(); }

void Runner::drop() {
  if (deployment_ == nullptr) return;
  deployment_->~Deployment();
  deployment_ = nullptr;
}

void Runner::run(const Scenario& scenario, const RunOptions& options, RunResult& result) {
  drop();
  arena_.reset();
  const std::uint64_t seed = options.seed.value_or(scenario.seed);
  if (options.recording != nullptr) options.recording->events.clear();
  deployment_ = new (arena_.take(sizeof(Deployment))) Deployment(arena_, scenario, seed, options);
  Deployment& deployed = *deployment_;
  World& world = deployed.world;
  if (options.observer != nullptr) world.observe(*options.observer, options.observed);

  const Instant horizon{scenario.horizon};
  if (options.driver != nullptr) options.driver->take(world, deployed.roles);
  world.start();
  result.stopped = options.driver == nullptr
                       ? world.run(horizon, scenario.max_events)
                       : options.driver->drive(world, horizon, scenario.max_events);
  deployed.watch.finish({world.now(), result.stopped == StopReason::quiescent});

  const auto findings = deployed.watch.findings().all();
  result.ended = world.now();
  result.seed = seed;
  result.digest = world.digest();
  result.events = world.events();
  result.traced = world.last_event().number;
  result.messages = world.network().messages();
  result.findings.assign(findings.begin(), findings.end());
  result.mismatches.clear();
  const bool fits = matches(scenario.expect, findings, deployed.metrics, deployed.process_names,
                            options.explain_mismatches ? &result.mismatches : nullptr);
  if (result.stopped == StopReason::event_limit)
    result.verdict = Verdict::undecided;
  else
    result.verdict = fits ? Verdict::as_expected : Verdict::not_as_expected;
  if (options.recording != nullptr) fill(*options.recording, result);
}

void Runner::fill(Recording& recording, const RunResult& result) const {
  const World& world = deployment_->world;
  const Scenario& scenario = deployment_->scenario;
  recording.scenario = scenario.name;
  recording.title = scenario.title;
  recording.scenario_hash = scenario.hash;
  recording.seed = result.seed;
  recording.processes.clear();
  for (std::uint32_t number = 1; number <= world.processes(); ++number) {
    const Process& process = world.process(ProcessId{number});
    recording.processes.push_back(
        {std::string(world.names().text(process.name())),
         std::string(world.names().text(world.machine_name(process.machine()))),
         deployment_->roles[number - 1]});
  }
  recording.faults.clear();
  for (const ScheduledFault& fault : scenario.faults) recording.faults.push_back({describe(fault)});
  recording.names.copy_from(world.names());
  recording.findings = result.findings;
  recording.ended = result.ended;
  recording.stopped = to_string(result.stopped);
  recording.messages = result.messages;
  recording.digest = result.digest;
  recording.verdict = to_string(result.verdict);
}

const Metrics& Runner::metrics() const {
  LOCKLAB_ASSERT(deployment_ != nullptr);
  return deployment_->metrics;
}

const Robustness& Runner::robustness() const {
  LOCKLAB_ASSERT(deployment_ != nullptr);
  return deployment_->robustness;
}

std::uint32_t Runner::strikes(std::size_t fault) const {
  LOCKLAB_ASSERT(deployment_ != nullptr);
  return deployment_->injector.strikes(fault);
}

const Names& Runner::names() const {
  LOCKLAB_ASSERT(deployment_ != nullptr);
  return deployment_->world.names();
}

ProcessNames Runner::process_names() const {
  LOCKLAB_ASSERT(deployment_ != nullptr);
  return deployment_->process_names;
}

RunResult run(const Scenario& scenario, const RunOptions& options) {
  Runner runner;
  RunResult result;
  runner.run(scenario, options, result);
  return result;
}

}  // namespace locklab
