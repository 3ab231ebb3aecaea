// The database in a scenario: the section "database", the servers database, database-standby and
// pooler, and each client's connections to them.
#include <fmt/format.h>

#include <array>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/service.hpp"
#include "sim/services/sql/client.hpp"
#include "sim/services/sql/pooler.hpp"
#include "sim/services/sql/server.hpp"

namespace locklab {
namespace {

using namespace reading;

constexpr std::array<std::string_view, 2> kTimestamps{"without_zone", "with_zone"};
constexpr std::array<std::string_view, 2> kNow{"transaction", "statement"};
constexpr std::array<std::string_view, 2> kReplication{"asynchronous", "synchronous"};
constexpr std::array<std::string_view, 2> kPoolModes{"transaction", "session"};

// ---- reading ------------------------------------------------------------------------------------

void read_registers(Reading& reading, const Node* section) {
  const Node* registers = section == nullptr ? nullptr : section->find("registers");
  if (registers == nullptr || !registers->is_object()) return;
  for (const Member& member : registers->members) {
    const auto value = read_datum(member.value, reading.diagnostics);
    for (const SeedRegister& other : reading.scenario.storage.registers)
      if (other.name == member.key)
        reading.mistake(member.value, fmt::format("the register {} is in storage as well",
                                                  in_quotes(member.key)));
    reading.scenario.database.registers.push_back({member.key, value.value_or(Datum{})});
    reading.registers.push_back(member.key);
  }
}

std::optional<Duration> time_if_said(Section& r, std::string_view key) {
  if (!r.has(key)) return std::nullopt;
  return r.duration(key, 0ms);
}

void read_standby(Reading& reading, const Node& node, sql::ServerOptions& options) {
  Section r(reading, node, "database/standby");
  options.synchronous_replication =
      r.choice("replication", kReplication, options.synchronous_replication ? 1 : 0) == 1;
  options.replication_delay = r.duration("delay", options.replication_delay);
  options.failover_delay = time_if_said(r, "failover_delay");
  options.promote_at = time_if_said(r, "promote_at");
}

void read_pooler(Reading& reading, const Node& node, sql::PoolerOptions& options) {
  Section r(reading, node, "database/pooler");
  options.mode = r.choice("mode", kPoolModes, options.mode);
  options.size = r.integer("size", options.size, {.min = 1, .max = 1'000});
  options.round_robin = r.boolean("server_round_robin", options.round_robin);
}

void read(Reading& reading, const Node* node) {
  if (node == nullptr) return;
  DatabaseSpec& database = reading.scenario.database;
  Section r(reading, *node, "database");
  sql::ServerOptions& o = database.options;
  o.fsync = r.duration("fsync", o.fsync);
  o.synchronous_commit = r.boolean("synchronous_commit", o.synchronous_commit);
  o.wal_writer_delay = r.duration("wal_writer_delay", o.wal_writer_delay);
  o.deadlock_timeout = r.duration("deadlock_timeout", o.deadlock_timeout);
  o.keepalive_idle = r.duration("keepalive_idle", o.keepalive_idle, {.min = 1ms});
  o.keepalive_interval = r.duration("keepalive_interval", o.keepalive_interval, {.min = 1ms});
  o.keepalive_count = r.integer("keepalive_count", o.keepalive_count, {.min = 1, .max = 1'000});
  o.database.timestamps_with_zone =
      r.choice("timestamps", kTimestamps, o.database.timestamps_with_zone ? 1 : 0) == 1;
  o.database.now_is_statement = r.choice("now", kNow, o.database.now_is_statement ? 1 : 0) == 1;
  r.child("registers");  // before: clients' steps name them
  if (const Node* standby = r.child("standby")) {
    database.standby = true;
    read_standby(reading, *standby, o);
  }
  if (const Node* pooler = r.child("pooler"))
    read_pooler(reading, *pooler, database.pooler.emplace());
}

void name_processes(const Scenario& scenario, std::vector<std::string>& names) {
  names.emplace_back("database");
  if (scenario.database.standby) names.emplace_back("database-standby");
  if (scenario.database.pooler) names.emplace_back("pooler");
}

// ---- deploying ----------------------------------------------------------------------------------

class DatabaseServers final : public DeployedService {
 public:
  explicit DatabaseServers(Site& site)
      : kinds_(site.world().names()),
        servers_(&site.arena()),
        processes_(&site.arena()),
        registers_(&site.arena()) {
    const DatabaseSpec& spec = site.scenario().database;
    locklab::Names& names = site.world().names();
    const Symbol store = spec.standby ? names.intern("database") : Symbol{};
    add(site, "database", sql::Server::Part::primary, store);
    if (spec.standby) {
      add(site, "database-standby", sql::Server::Part::standby, store);
      servers_[1]->follow(*servers_[0]);
    }
    for (const SeedRegister& seed : spec.registers) {
      registers_.push_back(names.intern(seed.name));
      for (sql::Server* server : servers_)
        server->initialize(sql::Table::data, registers_.back(), {.value = site.value(seed.value)});
    }
    if (!spec.pooler) return;
    Process& process = site.add_server(ProcessRole::pooler, "pooler");
    pooler_ = site.make<sql::Pooler>(process, kinds_, *spec.pooler,
                                     std::span<const ProcessId>(processes_), &sessions_);
    process.set_actor(*pooler_);
    front_ = process.id();
  }
  ~DatabaseServers() override {
    if (pooler_ != nullptr) pooler_->~Pooler();
    for (sql::Server* server : servers_) server->~Server();
  }

  ServiceClient* equip(Environment& environment) override {
    const std::span<const ProcessId> reached =
        pooler_ != nullptr ? std::span(&front_, 1) : std::span<const ProcessId>(processes_);
    environment.database = new (environment.arena().take(sizeof(sql::Pool)))
        sql::Pool(environment.self, reached, registers_, kinds_, &sessions_);
    return environment.database;
  }

 private:
  void add(Site& site, std::string_view name, sql::Server::Part part, Symbol store) {
    Process& process = site.add_server(ProcessRole::database, name);
    auto* server =
        site.make<sql::Server>(process, kinds_, site.scenario().database.options, part, store);
    process.set_actor(*server);
    servers_.push_back(server);
    processes_.push_back(process.id());
  }

  sql::Kinds kinds_;
  std::uint64_t sessions_ = 0;
  std::pmr::vector<sql::Server*> servers_;
  std::pmr::vector<ProcessId> processes_;
  std::pmr::vector<Symbol> registers_;
  sql::Pooler* pooler_ = nullptr;
  ProcessId front_{};
};

DeployedService* deploy(Site& site) { return site.make<DatabaseServers>(site); }

}  // namespace

const ServiceKind kDatabaseService{
    ProcessRole::database, "database", "A database", read,          nullptr,
    name_processes,        deploy,     nullptr,      read_registers};

}  // namespace locklab
