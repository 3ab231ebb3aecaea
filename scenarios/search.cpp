#include "scenarios/search.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "invariants/message.hpp"
#include "sim/assert.hpp"
#include "sim/bits.hpp"

namespace locklab {

namespace {

// ---- sizes --------------------------------------------------------------------------------------

/// Each number a little less and a little more than it is, and doubled: a bug sits at its edge.
std::vector<Duration> around(const std::vector<Duration>& numbers, Duration limit) {
  std::set<Duration> all;
  for (const Duration number : numbers) {
    const Duration tenth = number / 10;
    for (const Duration near : {number - tenth, number, number + tenth, number * 2})
      for (const Duration nudged : {near - 1ms, near, near + 1ms})
        if (nudged > Duration{0} && nudged <= limit) all.insert(nudged);
  }
  return {all.begin(), all.end()};
}

void add_settings(const Settings& settings, std::set<Duration>& numbers) {
  for (const Parameter& parameter : settings.parameters()) {
    if (parameter.type != Parameter::Type::duration) continue;
    const Duration value = settings.duration(parameter.name);
    if (value > Duration{0} && value < 24h) numbers.insert(value);
  }
}

std::set<Duration> numbers_of(const Scenario& scenario, const Metrics& reference) {
  std::set<Duration> numbers;
  const auto add = [&](Duration number) {
    if (number > Duration{0} && number < 24h) numbers.insert(number);
  };
  add_settings(scenario.lock.settings, numbers);
  for (const ClientSpec& client : scenario.clients)
    if (client.lock) add_settings(client.lock->settings, numbers);
  add(scenario.workload.work);
  add(scenario.network.standard.latency.low * 2);
  for (const GrantRecord& grant : reference.grants()) {
    if (grant.promise_until != kEndOfTime) add(grant.promise_until - grant.at);
    add(grant.validity);
  }
  for (const Duration hold : reference.hold_times()) add(hold);
  return numbers;
}

// ---- anchors ------------------------------------------------------------------------------------

/// Where a fault is worth hanging: what the protocol does, rather than each message of it.
constexpr EventMask kAnchors =
    events_of<CallBegan, CallEnded, LockRequested, LockGranted, LeaseExtended, ReleaseBegan,
              LockReleased, KeyStored, KeyExtended, WriteAccepted, StepTaken, RoleChanged,
              SessionBegan>();
/// Of each sort and lane; what comes later is the same again.
constexpr AnchorLimits kFewAnchors{6, 240};

/// Faults count most around a grant, and least when the lock is given back.
std::uint32_t weight_of(const TracePayload& what) {
  if (std::holds_alternative<LockGranted>(what)) return 6;
  if (std::holds_alternative<KeyStored>(what) || std::holds_alternative<StepTaken>(what)) return 4;
  if (std::holds_alternative<ReleaseBegan>(what) || std::holds_alternative<LockReleased>(what) ||
      std::holds_alternative<WriteAccepted>(what))
    return 1;
  return 3;
}

std::vector<Anchor> anchors_of(const Recording& recording, AnchorLimits limits) {
  struct Sort {
    std::uint32_t nth = 0;   // the last one's number
    std::uint32_t kept = 0;  // how many of them are anchors
  };
  std::vector<Anchor> anchors;
  bool begun = false;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, Sort> sorts;
  for (const TraceEvent& event : recording.events) {
    if (std::holds_alternative<LockRequested>(event.what)) begun = true;
    if ((kAnchors >> event.what.index() & 1) == 0 || !event.process) continue;
    OnEvent on;
    on.event = payload_name(event.what);
    on.process = recording.processes[event.process.number - 1].name;
    std::visit(
        [&](const auto& payload) {
          if constexpr (requires { payload.kind; })
            if constexpr (std::is_same_v<std::decay_t<decltype(payload.kind)>, Symbol>)
              on.kind = recording.names.text(payload.kind);
        },
        event.what);
    // What came before the first request is counted, since who waits for the n-th counts it too.
    Sort& sort = sorts[{on.event, on.process, on.kind, on.subject}];
    on.nth = ++sort.nth;
    if (!begun || sort.kept == limits.of_a_sort) continue;
    ++sort.kept;
    anchors.push_back({std::move(on), event.at.time_since_epoch(), weight_of(event.what)});
    if (anchors.size() == limits.all) break;
  }
  return anchors;
}

/// The keys that locks lived in.
std::vector<std::string> keys_of(const Recording& recording) {
  std::set<std::string> keys;
  for (const TraceEvent& event : recording.events)
    if (const auto* stored = std::get_if<KeyStored>(&event.what))
      keys.emplace(recording.names.text(stored->key));
  return {keys.begin(), keys.end()};
}

std::vector<std::string> message_kinds_of(const Recording& recording) {
  std::set<std::string> kinds;
  for (const TraceEvent& event : recording.events)
    if (const auto* sent = std::get_if<MessageSent>(&event.what))
      kinds.emplace(recording.names.text(sent->kind));
  return {kinds.begin(), kinds.end()};
}

// ---- who ----------------------------------------------------------------------------------------

/// Nodes are interchangeable where nothing tells them apart: the same settings; no links, keys,
/// replicas or operators of their own; no chance, whose streams are named after who draws; and a
/// lock that asks all of them at once and waits for what all have to say, so that every round of
/// requests arrives at one instant and is answered at one. Then an exchange of nodes changes in
/// which order the events of an instant come, and nothing else.
bool nodes_are_alike(const Scenario& scenario) {
  const NetworkSpec& network = scenario.network;
  const RedisSpec& redis = scenario.redis;
  const bool chance = network.realistic ||
                      network.standard.latency.kind != Latency::Kind::constant ||
                      network.standard.loss_ppm != 0 || network.standard.duplicate_ppm != 0;
  if (chance || !network.links.empty() || !network.regions.empty() || !scenario.machines.empty() ||
      !scenario.authorities.empty() || !redis.keys.empty() || redis.replicas != 0 ||
      redis.sentinels != 0 || !redis.failovers.empty() || !scenario.faults.empty())
    return false;
  const auto asks_all_at_once = [](const LockSpec& lock) {
    const Settings& settings = lock.settings;
    return lock.algorithm != nullptr && settings.find("send") != nullptr &&
           settings.text("send") == "parallel" &&
           (settings.find("early_return") == nullptr || !settings.flag("early_return"));
  };
  return asks_all_at_once(scenario.lock) &&
         std::ranges::all_of(scenario.clients, [&](const ClientSpec& client) {
           return !client.lock || asks_all_at_once(*client.lock);
         });
}

std::vector<Target> targets_of(const Scenario& scenario, const Recording& recording) {
  const bool alike = nodes_are_alike(scenario);
  std::vector<Target> targets;
  for (const RecordedProcess& process : recording.processes) {
    Target target;
    target.name = process.name;
    target.machine = process.machine;
    target.client = process.role == ProcessRole::client;
    target.storage = process.role == ProcessRole::storage;
    target.keeps_keys = is_lock_service(process.role);
    target.group = process.role == ProcessRole::redis && alike
                       ? 1
                       : static_cast<std::uint32_t>(targets.size()) + 2;
    targets.push_back(std::move(target));
  }
  return targets;
}

std::uint64_t signature_of(const Finding& finding) {
  return fold_multiply(hash_text(finding.invariant) ^ 0x9E3779B97F4A7C15u,
                       hash_text(finding.what) + 0xD6E8FEB86659FD93u) |
         1;
}

}  // namespace

Reference reference_run(const Scenario& scenario) {
  Scenario without_faults = scenario;
  without_faults.faults.clear();
  Reference reference;
  Runner runner;
  RunResult result;
  RunOptions options;
  options.recording = &reference.recording;
  options.explain_mismatches = false;
  runner.run(without_faults, options, result);
  const std::set<Duration> numbers = numbers_of(scenario, runner.metrics());
  reference.numbers.assign(numbers.begin(), numbers.end());
  for (const Duration hold : runner.metrics().hold_times())
    reference.shortest_hold = std::min(reference.shortest_hold.value_or(hold), hold);
  return reference;
}

FaultSpace fault_space(const Scenario& scenario, const Reference& reference, AnchorLimits limits) {
  const Recording& recording = reference.recording;
  FaultSpace space;
  space.horizon = scenario.horizon;
  space.quiet_after = std::min(scenario.horizon, recording.ended.time_since_epoch() + 1s);
  space.targets = targets_of(scenario, recording);
  set_anchors(space, anchors_of(recording, limits));
  space.keys = keys_of(recording);
  space.message_kinds = message_kinds_of(recording);
  const Duration limit = scenario.horizon;
  space.longest_pause = space.longest_partition = space.longest_delay = limit;
  space.largest_jump = std::max<Duration>(limit, 60s);
  space.sizes = around(reference.numbers, limit);
  return space;
}

FaultSpace fault_space(const Scenario& scenario) {
  return fault_space(scenario, reference_run(scenario), kFewAnchors);
}

int severity(std::string_view invariant) {
  constexpr std::array<std::string_view, 10> kHeaviestFirst{
      "service_mutual_exclusion", "token_order", "foreign_release", "stale_write",  "lost_update",
      "client_mutual_exclusion",  "deadlock",    "lost_release",    "bounded_wait", "fairness"};
  const auto found = std::ranges::find(kHeaviestFirst, invariant);
  return static_cast<int>(kHeaviestFirst.end() - found);
}

bool is_benign(const Finding& finding) { return finding.what == "while_releasing"; }

ScenarioOracle::ScenarioOracle(const Scenario& scenario, WantedInvariants wanted)
    : scenario_(scenario), own_faults_(scenario.faults.size()), wanted_(std::move(wanted)) {}

Trial ScenarioOracle::run(const FaultSchedule& schedule) {
  scenario_.faults.resize(own_faults_);
  scenario_.faults.insert(scenario_.faults.end(), schedule.begin(), schedule.end());
  RunOptions options;
  options.explain_mismatches = false;
  options.measure_slack = true;
  runner_.run(scenario_, options, result_);

  Trial trial;
  trial.digest = result_.digest;
  trial.events = result_.events;
  trial.undecided = result_.stopped == StopReason::event_limit;
  trial.slack = runner_.robustness().slack(result_.ended);
  trial.shape = runner_.robustness().shape();
  for (std::size_t i = 0; i < schedule.size() && i < 64; ++i)
    if (runner_.strikes(own_faults_ + i) > 0) trial.struck |= std::uint64_t{1} << i;
  if (const Finding* found = heaviest()) {
    trial.signature = signature_of(*found);
    trial.invariant = found->invariant;
    trial.what = found->what;
  }
  return trial;
}

const Finding* ScenarioOracle::heaviest() const {
  const Finding* heaviest = nullptr;
  for (const Finding& finding : result_.findings) {
    if (!wanted_.empty() && std::ranges::find(wanted_, finding.invariant) == wanted_.end())
      continue;
    if (is_benign(finding)) continue;
    if (heaviest == nullptr || severity(finding.invariant) > severity(heaviest->invariant))
      heaviest = &finding;
  }
  return heaviest;
}

std::string ScenarioOracle::heaviest_message() const {
  const Finding* found = heaviest();
  return found == nullptr ? std::string()
                          : message(*found, runner_.names(), runner_.process_names());
}

}  // namespace locklab
