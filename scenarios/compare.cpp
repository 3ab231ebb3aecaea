#include "scenarios/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scenarios/fencing.hpp"
#include "scenarios/scenario_json.hpp"
#include "scenarios/services/service.hpp"
#include "sim/bits.hpp"
#include "sim/rng.hpp"

namespace locklab {
namespace {

constexpr std::array<CompareFaultRow, kCompareFaults> kRows{{
    {"none", "nothing goes wrong"},
    {"client-pause", "a client stops for a while, mostly while it holds the lock"},
    {"client-crash", "a client dies, mostly while it holds the lock"},
    {"server-restart", "a server of the lock's service restarts and has its data"},
    {"server-amnesia", "a server of the lock's service restarts and has forgotten its data"},
    {"partition", "a client, or some servers, are cut off"},
    {"message-loss", "the network is slow, and now and then loses a message"},
    {"clock-forward", "wall clocks are set forward"},
    {"clock-back", "wall clocks are set back"},
    {"clock-rate", "a machine's clocks run too fast or too slow"},
    {"vm-suspend", "a client's machine is suspended, mostly while it holds the lock"},
}};

constexpr std::string_view kResource = "resource";

// ---- the scenario of a lock ---------------------------------------------------------------------

/// A scenario as a user would write it: so that a service needs no line here to be deployed.
std::optional<Scenario> read_written(const std::string& text, std::string& why_not) {
  const auto root = parse_located_json(text, "compare");
  if (!root) {
    why_not = to_string(root.error(), 1);
    return std::nullopt;
  }
  Diagnostics diagnostics;
  std::optional<Scenario> scenario = read_scenario(*root, diagnostics);
  if (!scenario && !diagnostics.empty()) why_not = diagnostics.sorted().front().message;
  return scenario;
}

std::string clients_text(std::uint32_t count, std::string_view program) {
  std::string out;
  for (std::uint32_t i = 1; i <= count; ++i)
    out += fmt::format("{}{{\"name\": \"client-{}\", \"program\": [{}]}}", i > 1 ? ", " : "", i,
                       program);
  return out;
}

std::optional<Scenario> scenario_of(const CompareLock& lock, const CompareScale& scale,
                                    std::string_view program, std::string& why_not) {
  std::string settings;
  if (!lock.preset.empty()) settings += fmt::format(", \"preset\": {}", in_quotes(lock.preset));
  const std::string text = fmt::format(
      R"({{"schema": "{}", "name": "compare", "horizon": "{}", "max_events": 20000000,
          "network": {{"mode": "realistic",
                      "latency": {{"lognormal": {{"median": "{}", "sigma_permille": 300}}}}}},
          "storage": {{"check": "plain", "timeout": "1s", "registers": {{"data": 0}}}},
          "lock": {{"algorithm": "{}"{}}}, "workload": {{"resource": "{}"}},
          "clients": [{}]}})",
      kScenarioSchema, to_string(scale.horizon), to_string(scale.one_way), lock.algorithm->name,
      settings, kResource, clients_text(scale.clients, program));
  std::optional<Scenario> scenario = read_written(text, why_not);
  if (!scenario) return scenario;
  for (const std::string& set : lock.sets) {
    const std::size_t equals = set.find('=');
    const auto done = scenario->lock.settings.set(set.substr(0, equals), set.substr(equals + 1));
    if (!done) {
      why_not = done.error();
      return std::nullopt;
    }
  }
  return scenario;
}

// The numbers are the means of what each run draws anew.
constexpr std::string_view kContending = R"({"repeat": {"times": 100000, "do": [
    {"acquire": {"lock": "resource", "mode": "blocking", "poll": "200ms", "poll_jitter": "100ms",
                 "on_error": "retry", "if_refused": "skip"}},
    {"read": {"from": "data", "ignore_errors": true}},
    {"work": "1s"},
    {"write": {"to": "data", "value": 1, "after_read": true, "ignore_errors": true}},
    "release",
    {"sleep": "200ms"}]}})";

constexpr std::string_view kHurrying = R"({"repeat": {"times": 1000000, "do": [
    {"acquire": {"lock": "resource", "mode": "blocking", "poll": "5ms", "poll_jitter": "5ms",
                 "on_error": "retry", "if_refused": "skip"}},
    "release"]}})";

/// Only what is counted is watched for.
void keep_invariants(Scenario& scenario, std::initializer_list<std::string_view> names) {
  scenario.checks.enabled.fill(false);
  for (const std::string_view name : names)
    if (const auto place = find_invariant(name)) scenario.checks.enabled[*place] = true;
}

void draw_programs(Scenario& scenario, Rng rng) {
  for (ClientSpec& client : scenario.clients)
    for (Step& step : client.threads.front().front().body) {
      if (step.kind == Step::Kind::work)
        step.time = rng.below(4) == 0 ? rng.between(4s, 7s) : rng.between(200ms, 2s);
      if (step.kind == Step::Kind::sleep) step.time = rng.between(0ms, 500ms);
    }
}

// ---- the fault of a run -------------------------------------------------------------------------

/// Draws one run's fault. Every draw is taken whether or not it is used, so that the runs of two
/// locks under one number are struck alike.
class FaultMaker {
 public:
  FaultMaker(const ComparePlan& plan, Rng rng) : plan_(plan), rng_(rng) {
    client_ = fmt::format("client-{}", 1 + rng_.below(plan.scale.clients));
    const std::uint64_t server = rng_.next();
    server_ = plan.servers.empty() ? client_ : plan.servers[server % plan.servers.size()];
    at_ = rng_.between(5s, 15s);
    stop_ = rng_.between(1s, plan.scale.longest_stop);
    in_hold_ = rng_.between(0ms, 1s);
    in_round_ = rng_.between(0us, 2ms);
    in_acquisition_ = rng_.below(4) == 0;
    coin_ = rng_.below(2) == 0;
  }

  FaultSchedule make(CompareFault fault) {
    switch (fault) {
      case CompareFault::none:
        return {};
      case CompareFault::client_pause:
        return {{of_client(), Pause{client_, stop_}}};
      case CompareFault::client_crash:
        return {{of_client(), Crash{client_, {}}}};
      case CompareFault::server_restart:
      case CompareFault::server_amnesia:
        return {{AtTime{at_}, Crash{server_, rng_.between(100ms, 2s)}}};
      case CompareFault::partition:
        return partition();
      case CompareFault::message_loss:
        return trouble();
      case CompareFault::clock_forward:
        return {{AtTime{at_}, WallJump{machines(), rng_.between(1s, 30s)}}};
      case CompareFault::clock_back:
        return {{AtTime{at_}, WallJump{machines(), -rng_.between(1s, 30s)}}};
      case CompareFault::clock_rate:
        return {{AtTime{at_}, SetRate{{coin_ ? server_ : client_}, rate(), {}}}};
      case CompareFault::vm_suspend:
        return {{of_client(),
                 Suspend{client_, stop_, coin_ ? WallOnWake::corrected : WallOnWake::stale}}};
    }
    return {};
  }

 private:
  /// While the client holds the lock, or now and then while it asks for it.
  Trigger of_client() const {
    OnEvent on;
    on.process = client_;
    on.event = in_acquisition_ ? "lock_requested" : "lock_granted";
    on.plus = in_acquisition_ ? in_round_ : in_hold_;
    return on;
  }

  FaultSchedule partition() {
    Partition cut;
    cut.mode = rng_.below(2) == 0 ? CutMode::hold : CutMode::drop;
    cut.lasts = rng_.between(1s, 20s);
    // A minority of the servers, or the only one.
    const std::uint64_t most = plan_.servers.size() < 3 ? 1 : (plan_.servers.size() - 1) / 2;
    const std::uint64_t first = rng_.next();
    const std::uint64_t count = 1 + rng_.below(most);
    if (coin_ ||
        plan_.servers.empty()) {  // the holder from the lock's servers: it still reaches storage
      cut.side_a = {client_};
      cut.side_b = plan_.servers;
      return {{of_client(), cut}};
    }
    for (std::uint64_t i = 0; i < count; ++i)
      cut.side_a.push_back(plan_.servers[(first + i) % plan_.servers.size()]);
    std::sort(cut.side_a.begin(), cut.side_a.end());
    return {{AtTime{at_}, cut}};
  }

  FaultSchedule trouble() {
    LinkTrouble link;
    link.loss_ppm = static_cast<std::int64_t>(rng_.below(10'000));
    link.latency = Latency::lognormal(rng_.between(1ms, 200ms), 1000);
    link.lasts = rng_.between(5s, 20s);
    return {{AtTime{at_}, link}};
  }

  /// One server's, all servers', or one client's.
  std::vector<std::string> machines() {
    switch (rng_.below(4)) {
      case 0:
        return {client_};
      case 1:
        return plan_.servers.empty() ? std::vector<std::string>{client_} : plan_.servers;
      default:
        return {server_};
    }
  }

  /// From half as fast to twice as fast.
  std::int64_t rate() { return static_cast<std::int64_t>(rng_.below(1'500'001)) - 500'000; }

  const ComparePlan& plan_;
  Rng rng_;
  std::string client_;
  std::string server_;
  Duration at_;
  Duration stop_;
  Duration in_hold_;
  Duration in_round_;
  bool in_acquisition_;
  bool coin_;
};

void keep_data(Scenario& scenario, bool keep) {
  for (const ServiceKind& kind : service_kinds())
    if ((scenario.services & role_bit(kind.role)) != 0 && kind.keep_data != nullptr)
      kind.keep_data(scenario, keep);
}

// ---- watching a run -----------------------------------------------------------------------------

/// How long somebody waited, how much of that for a lock in nobody's hands, how long a dead holder
/// kept it, and whether two held it at once. Who has begun to give it back counts on it no longer,
/// though it believes until the answer is there: otherwise every hand-over whose two answers travel
/// unequally fast would be two holders.
class ContentionWatch final : public TraceObserver {
 public:
  static EventMask events() {
    return events_of<LockWaitBegan, LockWaitEnded, LockGranted, LockAssumed, ReleaseBegan,
                     BeliefEnded, ProcessCrashed>();
  }

  void observe(const TraceEvent& event) override {
    pass_to(event.at);
    const TracePayload& what = event.what;
    if (std::holds_alternative<LockWaitBegan>(what)) {
      waiting_.push_back(event.process);
    } else if (std::holds_alternative<LockWaitEnded>(what) ||
               std::holds_alternative<ProcessCrashed>(what)) {
      no_longer_waits(event.process);
    } else if (const auto* granted = std::get_if<LockGranted>(&what)) {
      if (crashed_ && !recovery_) recovery_ = event.at - *crashed_;
      hold(granted->attempt);
    } else if (const auto* assumed = std::get_if<LockAssumed>(&what)) {
      hold(assumed->attempt);
    } else if (const auto* releasing = std::get_if<ReleaseBegan>(&what)) {
      std::erase(holders_, releasing->attempt);
    } else if (const auto* ended = std::get_if<BeliefEnded>(&what)) {
      std::erase(holders_, ended->attempt);
      if (ended->why == BeliefEnd::crashed && !crashed_) crashed_ = event.at;
    }
  }

  void finish(Instant end) { pass_to(end); }
  void report(CompareRun& run) const {
    run.broken_belief = two_held_;
    run.waited = waited_;
    run.idle = idle_;
    run.holder_crashed = crashed_.has_value();
    run.recovery = recovery_;
  }

 private:
  void pass_to(Instant at) {
    if (!waiting_.empty()) {
      waited_ += at - now_;
      if (holders_.empty()) idle_ += at - now_;
    }
    now_ = at;
  }
  void hold(AttemptId attempt) {
    two_held_ = two_held_ || !holders_.empty();
    holders_.push_back(attempt);
  }
  void no_longer_waits(ProcessId process) { std::erase(waiting_, process); }

  Instant now_{};
  std::vector<ProcessId> waiting_;
  std::vector<AttemptId> holders_;
  bool two_held_ = false;
  Duration waited_{};
  Duration idle_{};
  std::optional<Instant> crashed_;
  std::optional<Duration> recovery_;
};

bool found(const RunResult& result, std::string_view invariant) {
  return std::any_of(
      result.findings.begin(), result.findings.end(),
      [invariant](const Finding& finding) { return finding.invariant == invariant; });
}

bool is_stale(const RunResult& result) {
  return found(result, "stale_write") || found(result, "lost_update");
}

/// From the begin of a release to its end.
class ReleaseWatch final : public TraceObserver {
 public:
  static EventMask events() { return events_of<ReleaseBegan, LockReleased>(); }
  void observe(const TraceEvent& event) override {
    if (std::holds_alternative<ReleaseBegan>(event.what))
      began_ = event.at;
    else
      times_.push_back(event.at - began_);
  }
  const std::vector<Duration>& times() const { return times_; }

 private:
  Instant began_{};
  std::vector<Duration> times_;
};

}  // namespace

const CompareFaultRow& row_of(CompareFault fault) { return kRows[static_cast<std::size_t>(fault)]; }

std::optional<CompareFault> compare_fault(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].name == name) return static_cast<CompareFault>(i);
  return std::nullopt;
}

std::string CompareLock::label() const {
  return preset.empty() ? std::string(algorithm->name)
                        : fmt::format("{}:{}", algorithm->name, preset);
}

std::optional<ComparePlan> plan_compare(const CompareLock& lock, const CompareScale& scale,
                                        Runner& runner, std::string& why_not) {
  std::optional<Scenario> base = scenario_of(lock, scale, kContending, why_not);
  if (!base) return std::nullopt;
  keep_invariants(
      *base, {"client_mutual_exclusion", "service_mutual_exclusion", "stale_write", "lost_update"});
  ComparePlan plan{lock, scale, *std::move(base), {}, false, false};
  for (const std::string& name : process_names(plan.base)) {
    const bool is_client =
        std::any_of(plan.base.clients.begin(), plan.base.clients.end(),
                    [&name](const ClientSpec& client) { return client.name == name; });
    if (!is_client && name != "storage") plan.servers.push_back(name);
  }
  for (const ServiceKind& kind : service_kinds())
    if ((plan.base.services & role_bit(kind.role)) != 0 && kind.keep_data != nullptr)
      plan.can_forget = true;
  keep_data(plan.base, true);

  RunResult result;
  runner.run(plan.base, {.explain_mismatches = false}, result);
  for (const GrantRecord& grant : runner.metrics().grants())
    plan.has_token = plan.has_token || bool(grant.token);
  return plan;
}

bool applies(const ComparePlan& plan, CompareFault fault) {
  switch (fault) {
    case CompareFault::server_restart:
      return !plan.servers.empty();
    case CompareFault::server_amnesia:
      return plan.can_forget && !plan.servers.empty();
    default:
      return true;
  }
}

Scenario compare_scenario(const ComparePlan& plan, CompareFault fault, std::uint64_t seed,
                          std::uint64_t number, bool fenced) {
  Scenario scenario = plan.base;
  const auto stream = static_cast<std::uint64_t>(fault);
  scenario.seed = Rng(seed, "compare/world", stream, number).next();
  draw_programs(scenario, Rng(seed, "compare/programs", stream, number));
  scenario.faults = FaultMaker(plan, Rng(seed, "compare/fault", stream, number)).make(fault);
  if (fault == CompareFault::server_amnesia) keep_data(scenario, false);
  if (fenced) check_tokens(scenario);
  return scenario;
}

CompareRun run_compare(const ComparePlan& plan, CompareFault fault, std::uint64_t seed,
                       std::uint64_t number, Runner& runner) {
  CompareRun run;
  RunResult result;
  ContentionWatch watch;
  const Scenario plain = compare_scenario(plan, fault, seed, number, false);
  RunOptions options{.explain_mismatches = false};
  options.observer = &watch;
  options.observed = ContentionWatch::events();
  runner.run(plain, options, result);
  watch.finish(result.ended);
  watch.report(run);
  run.undecided = result.stopped == StopReason::event_limit;
  run.broken_service = found(result, "service_mutual_exclusion");
  run.stale = is_stale(result);
  if (!plan.has_token) return run;

  const Scenario fenced = compare_scenario(plan, fault, seed, number, true);
  runner.run(fenced, {.explain_mismatches = false}, result);
  run.undecided = run.undecided || result.stopped == StopReason::event_limit;
  run.was_fenced = true;
  run.stale_fenced = is_stale(result);
  return run;
}

void CompareCell::add(const CompareRun& run) {
  if (run.undecided) {
    ++undecided;
    return;
  }
  ++runs;
  broken_belief += run.broken_belief ? 1 : 0;
  broken_service += run.broken_service ? 1 : 0;
  stale += run.stale ? 1 : 0;
  fenced_runs += run.was_fenced ? 1 : 0;
  stale_fenced += run.stale_fenced ? 1 : 0;
  waited += run.waited;
  idle += run.idle;
  holder_crashes += run.holder_crashed ? 1 : 0;
  if (run.recovery) recoveries.push_back(*run.recovery);
}

std::int64_t CompareCell::availability_ppm() const {
  const std::int64_t total = std::chrono::floor<std::chrono::microseconds>(waited).count();
  if (total == 0) return 1'000'000;
  const std::int64_t lost = std::chrono::floor<std::chrono::microseconds>(idle).count();
  return 1'000'000 - static_cast<std::int64_t>(Uint128(static_cast<std::uint64_t>(lost)) *
                                               1'000'000 / static_cast<std::uint64_t>(total));
}

std::size_t survivable_servers(const ComparePlan& plan, std::uint64_t seed, Runner& runner) {
  constexpr Duration kLost = 5s;
  std::size_t survived = 0;
  RunResult result;
  for (const std::string& server : plan.servers) {
    Scenario scenario = compare_scenario(plan, CompareFault::none, seed, 0, false);
    scenario.faults = {{AtTime{kLost}, Crash{server, {}}}};
    runner.run(scenario, {.explain_mismatches = false}, result);
    // Long enough for a service to elect another leader, and for a lock that was held to end.
    const Instant settled = Instant{kLost} + (plan.scale.horizon - kLost) / 2;
    const auto grants = runner.metrics().grants();
    survived += std::any_of(grants.begin(), grants.end(),
                            [settled](const GrantRecord& grant) { return grant.at > settled; })
                    ? 1
                    : 0;
  }
  return survived;
}

ComparePerformance measure_performance(const CompareLock& lock, std::uint64_t seed,
                                       Runner& runner) {
  constexpr Duration kHorizon = 5s;
  ComparePerformance measured;
  for (std::size_t i = 0; i < ComparePerformance::kClients.size(); ++i) {
    std::string why_not;
    const CompareScale scale{.horizon = kHorizon, .clients = ComparePerformance::kClients[i]};
    std::optional<Scenario> scenario = scenario_of(lock, scale, kHurrying, why_not);
    if (!scenario) return measured;
    keep_invariants(*scenario, {});
    keep_data(*scenario, true);
    scenario->seed = Rng(seed, "compare/performance", i).next();
    ReleaseWatch releases;
    RunResult result;
    RunOptions options{.explain_mismatches = false};
    options.observer = &releases;
    options.observed = ReleaseWatch::events();
    runner.run(*scenario, options, result);
    const auto grants = static_cast<std::int64_t>(runner.metrics().grants().size());
    measured.decigrants_per_second[i] = grants * 10 / (kHorizon / 1s);
    if (i > 0) continue;
    measured.acquire_p50 = nearest_rank(runner.metrics().acquire_times(), 50);
    measured.acquire_p95 = nearest_rank(runner.metrics().acquire_times(), 95);
    measured.release_p50 = nearest_rank(releases.times(), 50);
    measured.release_p95 = nearest_rank(releases.times(), 95);
    if (grants > 0)
      measured.messages_permille = static_cast<std::int64_t>(result.messages) * 1000 / grants;
  }
  return measured;
}

}  // namespace locklab
