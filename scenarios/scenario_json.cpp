// The reader's main part: the file from top to bottom, without programs, faults and expectations.
// Model: which numbers "document" and "realistic" stand for [spec 1.4 and 3].
#include "scenarios/scenario_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/service.hpp"
#include "scenarios/suggest.hpp"
#include "scenarios/workload.hpp"

namespace locklab {
namespace reading {
namespace {

constexpr std::int64_t kMostClients = 1'000;
constexpr std::int64_t kMostThreads = 100;
// An algorithm multiplies its times by thousandths: 30 days and a margin of 100% stay within 64
// bits.
constexpr DurationRange kParameterTime{.max = 720h};
constexpr IntegerRange kParameterNumber{.min = -1'000'000'000'000, .max = 1'000'000'000'000};
constexpr IntegerRange kPermille{.min = 0, .max = 1'000};
// As for a fault that changes a rate.
constexpr PpmRange kRate{.min = -800'000, .max = 10'000'000};

// ---- network ------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 2> kNetworkModes{"document", "realistic"};
enum class NetworkMode : std::uint8_t { document, realistic };

LinkQuality standard_quality(NetworkMode mode) {
  LinkQuality quality;  // document: 500 us, always [spec 1.4]
  // Model: measured round trips have a tail; a sigma of 0.3 puts one message in a thousand above
  // 2.5 times the median.
  if (mode == NetworkMode::realistic) quality.latency = Latency::lognormal(500us, 300);
  return quality;
}

void read_quality(Section& r, Reading& reading, LinkQuality& quality) {
  if (const Node* latency = r.any("latency"))
    quality.latency = read_latency(reading, *latency).value_or(quality.latency);
  quality.loss_ppm = r.ppm("loss_ppm", quality.loss_ppm);
  quality.duplicate_ppm = r.ppm("duplicate_ppm", quality.duplicate_ppm);
}

void read_network(Reading& reading, const Node* node) {
  Scenario& s = reading.scenario;
  if (node == nullptr) return;
  Section r(reading, *node, "network");
  const NetworkMode mode = r.choice("mode", kNetworkModes, NetworkMode::document);
  s.network.standard = standard_quality(mode);
  s.network.realistic = mode == NetworkMode::realistic;
  if (s.network.realistic) {
    s.redis.options.service_time = 10us;
    s.database.options.fsync = 3ms;
    s.redis.options.active_expiry = true;
    s.etcd.options.log.fsync = 5ms;
    s.consul.options.log.fsync = 5ms;
    s.hazelcast.options.log.fsync = 5ms;
    s.chubby.options.log.fsync = 5ms;
  }
  read_quality(r, reading, s.network.standard);
  r.child("regions");  // these later: they name processes
  r.items("between");
  r.items("links");
}

// ---- regions ------------------------------------------------------------------------------------

reading::Names region_names(const Scenario& scenario) {
  reading::Names names;
  for (const RegionSpec& region : scenario.network.regions) names.push_back(region.name);
  return names;
}

bool is_distance(const DistanceSpec& distance, std::string_view a, std::string_view b) {
  return (distance.from == a && distance.to == b) || (distance.from == b && distance.to == a);
}

void read_region(Reading& reading, const Member& member) {
  Scenario& s = reading.scenario;
  RegionSpec region{member.key, {}};
  if (!member.value.is_array()) {
    reading.mistake(member.value,
                    "expected a list of process names, got " + describe(member.value));
    return;
  }
  for (const Node& item : member.value.items) {
    const auto name = read_name(item, reading.diagnostics);
    if (!name || !check_name(reading, item, *name, "process", reading.processes)) continue;
    for (const RegionSpec& other : s.network.regions)
      if (std::find(other.members.begin(), other.members.end(), *name) != other.members.end())
        reading.mistake(item, fmt::format("{} is in the region {} already", in_quotes(*name),
                                          in_quotes(other.name)));
    region.members.push_back(*name);
  }
  s.network.regions.push_back(std::move(region));
}

void read_regions(Reading& reading, const Node* network) {
  const Node* regions = network == nullptr ? nullptr : network->find("regions");
  if (regions == nullptr || !regions->is_object()) return;
  Scenario& s = reading.scenario;
  for (const Member& member : regions->members) read_region(reading, member);
  const reading::Names names = region_names(s);

  if (const Node* between = network->find("between")) {
    for (const Node& node : between->items) {
      Section r(reading, node, "distance");
      DistanceSpec distance;
      distance.from = r.text("from", required);
      distance.to = r.text("to", required);
      if (const Node* latency = r.any("latency", required))
        distance.latency = read_latency(reading, *latency).value_or(distance.latency);
      for (const auto& [key, name] :
           {std::pair("from", &distance.from), std::pair("to", &distance.to)})
        if (const Node* at = node.find(key); at != nullptr && !name->empty())
          check_name(reading, *at, *name, "region", names);
      s.network.distances.push_back(std::move(distance));
    }
  }
  for (std::size_t a = 0; a < names.size(); ++a)
    for (std::size_t b = a + 1; b < names.size(); ++b)
      if (std::none_of(
              s.network.distances.begin(), s.network.distances.end(),
              [&](const DistanceSpec& known) { return is_distance(known, names[a], names[b]); }))
        reading.mistake(*regions,
                        fmt::format("\"between\" does not say how far {} and {} are apart",
                                    in_quotes(names[a]), in_quotes(names[b])));
}

// ---- who decides --------------------------------------------------------------------------------

/// "authorities": {"payment:1": "global", "inventory:1": "us-east"}
void read_authorities(Reading& reading, const Node* node) {
  if (node == nullptr) return;
  reading::Names places = region_names(reading.scenario);
  places.emplace_back("global");
  for (const Member& member : node->members) {
    const auto place = read_name(member.value, reading.diagnostics);
    if (!place || !check_name(reading, member.value, *place, "region", places)) continue;
    reading.scenario.authorities.push_back({member.key, *place == "global" ? "" : *place});
  }
}

void read_links(Reading& reading, const Node* network) {
  const Node* links = network == nullptr ? nullptr : network->find("links");
  if (links == nullptr) return;
  for (const Node& node : links->items) {
    Section r(reading, node, "link");
    LinkSpec link;
    link.quality = reading.scenario.network.standard;
    link.from = r.text("from", required);
    link.to = r.text("to", required);
    link.both_ways = !r.boolean("one_way", false);
    read_quality(r, reading, link.quality);
    for (const auto& [key, name] : {std::pair("from", &link.from), std::pair("to", &link.to)})
      if (const Node* at = node.find(key); at != nullptr && !name->empty())
        check_name(reading, *at, *name, "process", reading.processes);
    if (!link.from.empty() && link.from == link.to)
      r.mistake("to", "a link has two different ends");
    reading.scenario.network.links.push_back(std::move(link));
  }
}

void read_machines(Reading& reading, std::span<const Node> nodes) {
  for (const Node& node : nodes) {
    Section r(reading, node, "machine");
    MachineSpec machine;
    machine.name = name_of(r, reading, "name", required);
    machine.clock_offset = r.duration("clock_offset", 0ms, kAnyTime);
    machine.rate_ppm = r.ppm("rate_ppm", 0, kRate);
    if (machine.name.empty()) continue;
    const Node& at = *node.find("name");
    const auto same = [&](const MachineSpec& other) { return other.name == machine.name; };
    std::vector<MachineSpec>& machines = reading.scenario.machines;
    if (std::any_of(machines.begin(), machines.end(), same)) {
      reading.mistake(at,
                      fmt::format("the machine {} is described twice", in_quotes(machine.name)));
    } else if (check_name(reading, at, machine.name, "machine", reading.machines)) {
      machines.push_back(std::move(machine));
    }
  }
}

// ---- storage ------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 5> kRules{"plain", "document", "strict", "owner_bound",
                                                 "not_equal"};

void read_storage(Reading& reading, const Node* node) {
  if (node == nullptr) return;
  StorageSpec& storage = reading.scenario.storage;
  Section r(reading, *node, "storage");
  storage::Options& o = storage.options;
  o.rule = r.choice("check", kRules, o.rule);
  o.require_token = r.boolean("require_token", o.require_token);
  o.fenced_read = r.boolean("fenced_read", o.fenced_read);
  o.persistent_high_water = r.boolean("persistent", o.persistent_high_water);
  o.durable_datum = r.boolean("durable", o.durable_datum);
  o.seed.number = static_cast<std::uint64_t>(
      r.integer("highest", static_cast<std::int64_t>(o.seed.number), {.min = 0}));
  storage.call_timeout = r.duration("timeout", 0ms);
  const Node* registers = r.child("registers");
  if (registers == nullptr) return;
  for (const Member& member : registers->members) {
    const auto value = read_datum(member.value, reading.diagnostics);
    storage.registers.push_back({member.key, value.value_or(Datum{})});
  }
}

// ---- the lock -----------------------------------------------------------------------------------

/// The value as Settings read it, or nothing after a mistake.
std::optional<std::string> parameter_text(const Parameter& parameter, const Node& node,
                                          Diagnostics& diagnostics) {
  switch (parameter.type) {
    case Parameter::Type::duration:
      if (read_duration(node, diagnostics, kParameterTime)) return node.text;
      return std::nullopt;
    case Parameter::Type::integer: {
      const bool permille = parameter.name.ends_with("_permille");
      const auto number = read_integer(node, diagnostics, permille ? kPermille : kParameterNumber);
      if (number) return std::to_string(*number);
      return std::nullopt;
    }
    case Parameter::Type::flag:
      if (const auto flag = read_boolean(node, diagnostics)) return *flag ? "true" : "false";
      return std::nullopt;
    case Parameter::Type::choice:
      if (read_choice(node, diagnostics, parameter.choices)) return node.text;
      return std::nullopt;
  }
  return std::nullopt;
}

void read_preset(Section& r, LockSpec& lock) {
  const Node* node = r.any("preset");
  if (node == nullptr) return;
  std::vector<std::string_view> names;
  for (const Preset& preset : lock.algorithm->presets) names.push_back(preset.name);
  const std::size_t chosen = r.choice("preset", names, names.size());
  if (chosen == names.size()) return;
  lock.preset = names[chosen];
  lock.settings = Settings(lock.algorithm->parameters);
  lock.settings.apply(lock.algorithm->presets[chosen]);
}

/// A client's lock changes what it names of the scenario's; another algorithm or a preset begins
/// anew from its defaults.
LockSpec read_lock(Reading& reading, const Node& node, const LockSpec* scenario_lock) {
  LockSpec lock = scenario_lock == nullptr ? LockSpec{} : *scenario_lock;
  // An object without (known) algorithm has no keys that could be judged.
  std::string section = "locks/";
  const Node* named = node.find("algorithm");
  const Algorithm* algorithm = named != nullptr && named->is_text()
                                   ? find_algorithm(named->text)
                                   : (named == nullptr ? lock.algorithm : nullptr);
  if (algorithm != nullptr) section += algorithm->name;
  Section r(reading, node, section);

  std::vector<std::string_view> names;
  for (const Algorithm& row : algorithms()) names.push_back(row.name);
  if (named != nullptr) {
    r.choice("algorithm", names, 0);
  } else if (scenario_lock == nullptr) {
    r.choice("algorithm", names, required);
  } else {
    r.has("algorithm");
  }
  if (algorithm == nullptr) {
    for (const Member& member : node.members) r.any(member.key);
    return lock;
  }

  if (named != nullptr) lock = {algorithm, "", Settings(algorithm->parameters)};
  read_preset(r, lock);
  for (const Parameter& parameter : algorithm->parameters) {
    const Node* value = r.any(parameter.name);
    if (value == nullptr) continue;
    const auto text = parameter_text(parameter, *value, reading.diagnostics);
    if (!text) continue;
    const auto set = lock.settings.set(parameter.name, *text);
    if (!set) reading.mistake(*value, set.error());
  }
  return lock;
}

// ---- clients and their work ---------------------------------------------------------------------

void read_workload(Reading& reading, const Node* node) {
  WorkloadSpec& workload = reading.scenario.workload;
  if (node != nullptr) {
    Section r(reading, *node, "workload");
    std::vector<std::string_view> kinds;
    for (const Workload& row : workloads()) kinds.push_back(row.name);
    const std::size_t kind = r.choice("kind", kinds, kinds.size());
    if (kind < kinds.size()) workload.kind = kinds[kind];
    if (r.any("resource") != nullptr) workload.resource = name_of(r, reading, "resource", required);
    workload.work = r.duration("work", workload.work);
    workload.rounds = r.integer("rounds", workload.rounds, {.min = 1, .max = kMostRounds});
    workload.mode = r.choice("mode", kModes, workload.mode);
    workload.timeout = r.duration("timeout", workload.timeout);
    workload.poll = r.duration("poll", workload.poll, kPollRange);
    workload.pause = r.duration("pause", workload.pause);
  }
  for (const SeedRegister& seed : reading.scenario.storage.registers)
    reading.registers.push_back(seed.name);
  const Workload* row = find_workload(workload.kind);
  if (row == nullptr) return;
  // What storage holds is written down in the scenario or, if not there, comes with the workload.
  for (SeedRegister& seed : row->registers(workload)) {
    const Names& named = reading.registers;
    if (std::find(named.begin(), named.end(), seed.name) != named.end()) continue;
    reading.registers.push_back(seed.name);
    reading.scenario.storage.registers.push_back(std::move(seed));
  }
}

/// Names first: every mistake about a name lists them.
void read_client_names(Reading& reading, std::span<const Node> nodes) {
  for (const Node& node : nodes) {
    const Node* named = node.is_text() ? &node : node.find("name");
    if (named == nullptr || !named->is_text() || named->text.empty()) continue;
    const std::string& name = named->text;
    if (std::find(reading.clients.begin(), reading.clients.end(), name) != reading.clients.end()) {
      reading.mistake(*named, fmt::format("two clients are named {}", in_quotes(name)));
    } else {
      reading.clients.push_back(name);
    }
  }
}

constexpr std::array<std::string_view, 2> kBeliefs{"naive", "deadline_aware"};
constexpr std::array<std::string_view, 2> kWhenTold{"go_on", "stop"};

ClientSpec read_client(Reading& reading, const Node& node) {
  ClientSpec client;
  if (node.is_text()) {
    client.name = read_name(node, reading.diagnostics).value_or("");
    return client;
  }
  if (!node.is_object()) {
    reading.mistake(
        node, "expected a client's name in quotes or an object in {braces}, got " + describe(node));
    return client;
  }
  Section r(reading, node, "client");
  client.name = name_of(r, reading, "name", required);
  client.machine = name_of(r, reading, "machine");
  client.belief = r.choice("belief", kBeliefs, client.belief);
  client.start = r.duration("start", 0ms);
  client.when_told = r.choice("when_told", kWhenTold, client.when_told);
  if (const Node* lock = r.child("lock"))
    client.lock = read_lock(reading, *lock, &reading.scenario.lock);

  std::vector<const Node*> programs;
  if (r.has("program") && r.has("threads"))
    r.mistake("threads", "\"program\" and \"threads\" exclude each other");
  r.items("program");
  if (const Node* program = node.find("program"); program != nullptr && program->is_array())
    programs.push_back(program);
  const std::span<const Node> threads = r.items("threads");
  if (threads.size() > kMostThreads)
    r.mistake("threads", fmt::format("at most {} threads", kMostThreads));
  for (const Node& thread : threads) {
    if (thread.is_array()) {
      programs.push_back(&thread);
    } else {
      reading.mistake(thread, "expected a list of steps, got " + describe(thread));
    }
  }
  client.threads = read_threads(reading, programs);
  return client;
}

void check_reserved(const Reading& reading, const Node& node, const std::string& name) {
  const auto is_of = [&](std::string_view role) {
    return name.starts_with(role) && (name.size() == role.size() || name[role.size()] == '-');
  };
  bool reserved = name == "world";
  for (std::uint32_t i = 0; i < kRoles; ++i) {
    const auto role = static_cast<ProcessRole>(i);
    reserved = reserved || (role != ProcessRole::client && is_of(to_string(role)));
  }
  if (!reserved) return;
  const Node* at = node.is_text() ? &node : node.find("name");
  reading.mistake(
      *at, fmt::format("a client cannot be named {}: that is a server's name", in_quotes(name)));
}

/// A workload whose kind nobody knows is one mistake, not one for each client.
void read_clients(Reading& reading, std::span<const Node> nodes, const Node* workload_node) {
  Scenario& s = reading.scenario;
  const bool workload_given = workload_node != nullptr && workload_node->find("kind") != nullptr;
  for (const Node& node : nodes) {
    ClientSpec client = read_client(reading, node);
    check_reserved(reading, node, client.name);
    const Workload* workload = find_workload(s.workload.kind);
    if (client.threads.empty() && workload != nullptr) {
      client.threads.push_back(workload->program(s.workload));
    } else if (client.threads.empty() && !client.name.empty() && !workload_given) {
      reading.mistake(node, fmt::format("{} has nothing to do: it needs a \"program\", or the "
                                        "scenario a \"workload\" with a \"kind\"",
                                        in_quotes(client.name)));
    }
    s.clients.push_back(std::move(client));
  }
}

// ---- the file -----------------------------------------------------------------------------------

void read_schema(Section& r) {
  constexpr std::array kReadable{kScenarioSchema};
  const Node* schema = r.any("schema");
  if (schema == nullptr || !schema->is_text()) {
    r.choice("schema", kReadable, required);
  } else if (schema->text != kScenarioSchema) {
    r.mistake("schema", fmt::format("this program reads {}, and this says that it is {}",
                                    in_quotes(kScenarioSchema), in_quotes(schema->text)));
  }
  r.ignore("$schema");  // for editors
}

bool is_scenario_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  bool first = true;  // of a part between slashes
  for (const char c : name) {
    if (!letter(c) && (first || (c != '-' && c != '_' && c != '.' && c != '+' && c != '/')))
      return false;
    first = c == '/';
  }
  return !first && name.size() <= 100;
}

/// Names become file names, so they are plain.
void read_scenario_name(Section& r, Scenario& s) {
  s.name = r.text("name", required);
  if (!s.name.empty() && !is_scenario_name(s.name))
    r.mistake("name",
              "expected a name of letters, digits, \"-\", \"_\", \".\" and \"+\", with \"/\" "
              "between its parts, got " +
                  in_quotes(s.name));
}

/// JSON has no texts of several lines: a story may be a list of them.
std::string read_story(Section& r) {
  const Node* node = r.any("story");
  if (node == nullptr || !node->is_array()) return r.text("story", "");
  std::string story;
  for (const std::string& line : r.texts("story")) {
    if (!story.empty()) story += ' ';
    story += line;
  }
  return story;
}

}  // namespace

constexpr std::array<std::string_view, 4> kStatuses{"published", "documented", "code", "derived"};
constexpr std::array<std::string_view, 4> kFencingAnswers{"saves", "partly", "no", "n.a."};

CorpusEntry read_corpus_entry(Reading& reading, const Node& node) {
  Section r(reading, node, "corpus");
  CorpusEntry entry;
  entry.number = r.integer("number", 0, {.min = 0, .max = 999});
  entry.core = r.boolean("core", false);
  entry.status = kStatuses[r.choice("status", kStatuses, kStatuses.size() - 1)];
  entry.fencing = kFencingAnswers[r.choice("fencing", kFencingAnswers, kFencingAnswers.size() - 1)];
  entry.fix = r.text("fix", "");
  entry.why = r.text("why", required);
  return entry;
}

/// What the scenario's locks cannot do without.
RoleSet needed_services(const Scenario& scenario) {
  const auto needs = [](const LockSpec& lock) {
    return lock.algorithm == nullptr ? RoleSet{0} : lock.algorithm->needs;
  };
  RoleSet needed = needs(scenario.lock);
  for (const ClientSpec& client : scenario.clients)
    if (client.lock) needed |= needs(*client.lock);
  return needed;
}

void read_file(Reading& reading, const Node& root) {
  Scenario& s = reading.scenario;
  Section r(reading, root, "");
  read_schema(r);
  read_scenario_name(r, s);
  s.title = r.text("title", "");
  s.story = read_story(r);
  s.sources = r.texts("sources");
  s.remarks = r.texts("remarks");
  s.seed = r.unsigned_integer("seed", s.seed);
  s.horizon = r.duration("horizon", s.horizon, {.min = 1us});
  s.max_events = static_cast<std::uint64_t>(r.integer(
      "max_events", static_cast<std::int64_t>(s.max_events), {.min = 1, .max = 1'000'000'000}));

  if (const Node* corpus = r.child("corpus")) s.corpus = read_corpus_entry(reading, *corpus);
  const Node* network = r.child("network");
  const std::span<const Node> machines = r.items("machines");
  const std::span<const ServiceKind> kinds = service_kinds();
  std::vector<const Node*> sections;
  for (const ServiceKind& kind : kinds) sections.push_back(r.child(kind.section));
  read_network(reading, network);
  read_storage(reading, r.child("storage"));
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i].read_registers != nullptr) kinds[i].read_registers(reading, sections[i]);
  if (const Node* lock = r.child("lock", required)) s.lock = read_lock(reading, *lock, nullptr);
  const Node* workload = r.child("workload");
  read_workload(reading, workload);
  const std::span<const Node> clients = r.items("clients", required);
  if (clients.size() > kMostClients)
    r.mistake("clients", fmt::format("at most {} clients", kMostClients));
  read_client_names(reading, clients);
  read_clients(reading, clients, workload);

  // A service is there if the file describes it or a lock needs it.
  s.services = needed_services(s);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (sections[i] != nullptr) s.services |= role_bit(kinds[i].role);
    if ((s.services & role_bit(kinds[i].role)) != 0) kinds[i].read(reading, sections[i]);
  }

  // From here all names are known.
  reading.processes = process_names(s);
  reading.machines = reading.processes;
  for (const ClientSpec& client : s.clients)
    if (!client.machine.empty()) reading.machines.push_back(client.machine);
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i].read_references != nullptr) kinds[i].read_references(reading, sections[i]);
  read_regions(reading, network);
  read_links(reading, network);
  read_authorities(reading, r.child("authorities"));
  read_machines(reading, machines);
  read_faults(reading, r.items("faults"));
  if (const Node* checks = r.child("checks")) read_checks(reading, *checks);
  if (const Node* expect = r.child("expect")) read_expect(reading, *expect);
}

}  // namespace reading

std::vector<std::string> process_names(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const ClientSpec& client : scenario.clients) names.push_back(client.name);
  for (const ServiceKind& kind : service_kinds())
    if ((scenario.services & role_bit(kind.role)) != 0) kind.name_processes(scenario, names);
  names.emplace_back("storage");
  return names;
}

std::optional<Scenario> read_scenario(const Node& root, Diagnostics& diagnostics, KnownKeys* keys) {
  Scenario scenario;
  reading::Reading reading{diagnostics, keys, scenario, {}, {}, {}, {}};
  reading::read_file(reading, root);
  if (!diagnostics.empty()) return std::nullopt;
  scenario.hash = scenario_hash(root);
  return scenario;
}

}  // namespace locklab
