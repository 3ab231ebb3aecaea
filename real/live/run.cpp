#include "real/live/run.hpp"

#include "real/libraries.hpp"

#if LOCKLAB_HAS_HIREDIS

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "real/live/client.hpp"
#include "real/live/clock.hpp"
#include "real/live/nodes.hpp"
#include "real/live/plan.hpp"
#include "real/live/wire.hpp"
#include "scenarios/runner.hpp"
#include "sim/services/storage/register.hpp"

namespace locklab::real {

namespace {

using namespace std::chrono_literals;

constexpr Duration kUntilOrigin = 50ms;
constexpr Duration kProgress = 5s;
constexpr Duration kGrace =
    2s;  // after the horizon, for those who have not said that they are done
constexpr Duration kAwake = 300us;  // before something is due: sleeping ends late
constexpr int kPriority = -15;      // so that other work of the machine delays less; if we may

class LiveRun {
 public:
  LiveRun(const Scenario& scenario, const LiveOptions& options, LiveNodes& nodes,
          const Recording& like)
      : scenario_(scenario),
        options_(options),
        nodes_(nodes),
        history_(like),
        registers_(scenario.storage.options) {
    for (std::size_t i = 0; i < like.processes.size(); ++i)
      ids_[like.processes[i].name] = ProcessId{static_cast<std::uint32_t>(i + 1)};
    for (const SeedRegister& seed : scenario.storage.registers)
      registers_.initialize(history_.names().intern(seed.name), value_of(seed.value));
  }
  LiveRun(const LiveRun&) = delete;
  LiveRun& operator=(const LiveRun&) = delete;
  ~LiveRun() {
    for (ClientProcess& client : clients_) end(client);
  }

  Result<void, Trouble> run() {
    for (const ClientSpec& spec : scenario_.clients) {
      clients_.push_back({});
      clients_.back().name = spec.name;
      if (auto born = bear(clients_.back()); !born) return born;
    }
    for (ClientProcess& client : clients_)
      if (!await_ready(client)) return Trouble{"the process of " + client.name + " is not ready"};
    clock_ = LiveClock::starting(kUntilOrigin);
    for (ClientProcess& client : clients_)
      client.wire->send_values(WireKind::origin, clock_.origin_ns());
    arm();
    return watch();
  }

  std::unique_ptr<Metrics> judge(Recording& recording) {
    return history_.judge(scenario_, ended_, quiescent_, recording);
  }
  Duration latest() const { return latest_; }

 private:
  struct Belief {
    Symbol lock;
    Instant until{};
  };
  struct ClientProcess {
    std::string name;
    std::uint32_t life = 0;
    pid_t pid = -1;  // -1: it is dead
    std::optional<Wire> wire;
    std::size_t teller = 0;
    bool done = false;
    bool quiescent = true;
    int pauses = 0;
    std::map<AttemptId, Belief> beliefs;
  };
  struct Action {
    std::function<void()> act;
    bool is_birth = false;  // of a client: the run is not over before it
  };

  // ---- clients ----

  Result<void, Trouble> bear(ClientProcess& client) {
    auto ends = Wire::make();
    if (!ends) return Trouble{"no socket pair"};
    ++client.life;
    LiveClient who{&scenario_, client.name, client.life, nodes_.ports(), options_.distances};
    const pid_t parent = getpid();
    client.pid = fork();
    if (client.pid < 0) return Trouble{"cannot start the process of " + client.name};
    if (client.pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() == parent) live_as(who, ends->second);
      _exit(0);  // what the parent owns is not ours to give back
    }
    client.wire.emplace(std::move(ends->first));
    client.teller = history_.add_teller();
    client.done = false;
    client.quiescent = true;
    client.beliefs.clear();
    return {};
  }

  static bool await_ready(ClientProcess& client) {
    const auto message = client.wire->receive(true);
    return message && message->kind == WireKind::ready;
  }

  static void end(ClientProcess& client) {
    if (client.pid < 0) return;
    kill(client.pid, SIGKILL);
    while (waitpid(client.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    client.pid = -1;
  }

  ClientProcess* client_named(const std::string& name) {
    const auto found = std::ranges::find(clients_, name, &ClientProcess::name);
    return found == clients_.end() ? nullptr : &*found;
  }

  // ---- time ----

  void at(Instant when, std::function<void()> act, bool is_birth = false) {
    actions_.emplace(when, Action{std::move(act), is_birth});
  }

  void arm() {
    for (std::size_t i = 0; i < scenario_.faults.size(); ++i) {
      const ScheduledFault& scheduled = scenario_.faults[i];
      const auto* time = std::get_if<AtTime>(&scheduled.trigger);
      if (time == nullptr || !is_from_outside(scheduled.fault)) continue;
      const auto* again = std::get_if<Restart>(&scheduled.fault);
      at(
          Instant{time->at}, [this, i] { strike(i, clock_.now()); },
          again != nullptr && is_client(scenario_, again->who));
    }
  }

  bool over() const {
    const bool somebody = std::ranges::any_of(
        clients_, [](const ClientProcess& client) { return client.pid >= 0 && !client.done; });
    return !somebody && std::ranges::none_of(
                            actions_, [](const auto& action) { return action.second.is_birth; });
  }

  Result<void, Trouble> watch() {
    const Instant horizon{scenario_.horizon};
    Instant progress{kProgress};
    while (!over() && !trouble_) {
      const Instant now = clock_.now();
      if (now >= horizon + kGrace) break;
      if (options_.interrupted && options_.interrupted()) return Trouble{"interrupted"};
      while (!actions_.empty() && actions_.begin()->first <= clock_.now()) {
        const Action action = actions_.extract(actions_.begin()).mapped();
        action.act();
      }
      if (now >= progress) {
        say(fmt::format("{} s of at most {} s", now.time_since_epoch() / 1s,
                        scenario_.horizon / 1s));
        progress += kProgress;
      }
      wait(std::min({actions_.empty() ? horizon + kGrace : actions_.begin()->first, progress,
                     horizon + kGrace}));
    }
    if (trouble_) return *trouble_;
    ended_ = std::min(clock_.now(), horizon);
    quiescent_ = std::ranges::all_of(clients_, [](const ClientProcess& client) {
      return client.pid < 0 || (client.done && client.quiescent);
    });
    return {};
  }

  void wait(Instant due) {
    std::vector<pollfd> watched;
    for (const ClientProcess& client : clients_)
      watched.push_back(
          {client.pid >= 0 && !client.wire->ended() ? client.wire->descriptor() : -1, POLLIN, 0});
    const Duration left = std::clamp<Duration>(due - clock_.now() - kAwake, 0ns, 500ms);
    const timespec time{0, left.count()};
    if (ppoll(watched.data(), watched.size(), &time, nullptr) <= 0) return;
    for (std::size_t i = 0; i < clients_.size(); ++i)
      if (watched[i].revents != 0) hear(clients_[i]);
  }

  // ---- what clients say ----

  void hear(ClientProcess& client) {
    while (auto message = client.wire->receive(false)) hear(client, *message);
    if (client.wire->ended() && !client.done && client.pauses == 0 && !killed_itself(client))
      trouble_ = Trouble{"the process of " + client.name + " ended by itself"};
  }

  void hear(ClientProcess& client, WireMessage& message) {
    switch (message.kind) {
      case WireKind::name: {
        const auto number = message.take<std::uint32_t>();
        history_.name(client.teller, number, message.body);
        break;
      }
      case WireKind::event: {
        auto event = message.take<TraceEvent>();
        // A server did at once what a stopped client hears of when it goes on.
        const auto asked = message.take<Instant>();
        const Instant resumed = resumed_at_[ids_[client.name]];
        if (asked < resumed && resumed <= event.at) {
          move_back(event, event.at - asked);
        }
        remember_belief(client, event);
        history_.add(client.teller, event);
        break;
      }
      case WireKind::late: {
        const auto late = message.take<LateStep>();
        const Instant due{Duration{late.due_ns}};
        const Instant came{Duration{late.at_ns}};
        // What a pause held up came as late as it should.
        const Instant resumed = std::max(resumed_at_[late.who], resumed_at_[ids_[client.name]]);
        const bool was_paused = resumed > due && resumed <= came;
        latest_ = std::max(latest_, came - (was_paused ? resumed : due));
        break;
      }
      case WireKind::store:
        store(client, message);
        break;
      case WireKind::strike:
        heard_strike(message.take<std::uint32_t>());
        break;
      case WireKind::done:
        client.done = true;
        client.quiescent = message.take<StopReason>() == StopReason::quiescent;
        break;
      default:
        break;
    }
  }

  /// It happened so much earlier, and a life that the event gives to a key began then.
  static void move_back(TraceEvent& event, Duration by) {
    event.at -= by;
    event.wall -= by;
    if (auto* stored = std::get_if<KeyStored>(&event.what); stored != nullptr && stored->expires)
      stored->expires_at -= by;
    if (auto* extended = std::get_if<KeyExtended>(&event.what)) extended->expires_at -= by;
  }

  /// A belief with a deadline ends then, whatever holds the process up that would say so.
  void remember_belief(ClientProcess& client, TraceEvent& event) {
    const auto begin = [&](AttemptId own, Symbol lock, Instant until) {
      client.beliefs[history_.attempt(client.teller, own)] = {history_.symbol(client.teller, lock),
                                                              until};
    };
    if (const auto* grant = std::get_if<LockGranted>(&event.what)) {
      begin(grant->attempt, grant->lock, grant->belief_until);
    } else if (const auto* extended = std::get_if<LeaseExtended>(&event.what)) {
      begin(extended->attempt, extended->lock, extended->belief_until);
    } else if (const auto* assumed = std::get_if<LockAssumed>(&event.what)) {
      begin(assumed->attempt, assumed->lock, kEndOfTime);
    } else if (const auto* ended = std::get_if<BeliefEnded>(&event.what)) {
      const auto belief = client.beliefs.find(history_.attempt(client.teller, ended->attempt));
      if (belief == client.beliefs.end()) return;
      if (ended->why == BeliefEnd::deadline) event.at = std::min(event.at, belief->second.until);
      client.beliefs.erase(belief);
    }
  }

  // ---- storage ----

  Value value_of(const Datum& datum) {
    return datum.is_number ? Value::integer(datum.number)
                           : Value::name(history_.names().intern(datum.word));
  }

  void store(ClientProcess& client, WireMessage& message) {
    const auto number = message.take<std::uint64_t>();
    auto request = message.take<storage::Request>();
    request.subject = history_.symbol(client.teller, request.subject);
    request.attempt = history_.attempt(client.teller, request.attempt);
    request.value = history_.value(client.teller, request.value);
    request.owner = history_.value(client.teller, request.owner);
    if (!storage_alive_) return;  // nobody is there to answer
    if (storage_pauses_ > 0)
      stored_later_.push_back([this, &client, life = client.life, number, request] {
        if (client.life == life) carry_out(client, number, request);
      });
    else
      carry_out(client, number, request);
  }

  void carry_out(ClientProcess& client, std::uint64_t number, const storage::Request& request) {
    const storage::Reply reply = storage::execute(registers_, request);
    const Instant now = clock_.now();
    const ProcessId id = ids_["storage"];
    if (request.operation == storage::Operation::read) {
      history_.add(now, id, storage::served_event(request, reply));
    } else if (reply.kind == storage::ReplyKind::rejected) {
      history_.add(now, id, storage::rejected_event(request, reply));
    } else if (!reply.repeated) {
      history_.add(now, id, storage::accepted_event(request, reply));
      if (request.update_id != 0)
        history_.add(now, id,
                     DomainEvent{DomainAct::applied, request.subject,
                                 static_cast<std::int64_t>(request.update_id), request.attempt});
    }
    std::string word;
    if (reply.value.kind == Value::Kind::name) word = history_.names().text(reply.value.as_name());
    if (client.pid >= 0) client.wire->send_values(WireKind::stored, number, reply, word);
  }

  // ---- faults ----

  void say(const std::string& line) const {
    if (options_.say) options_.say(line);
  }

  void announce(std::size_t number, Instant when) {
    if (!struck_.insert(number).second) return;
    const Fault& fault = scenario_.faults[number].fault;
    history_.add(
        when, {},
        FaultStruck{static_cast<std::uint32_t>(number), history_.names().intern(kind_of(fault))});
    say(fmt::format("{}: {}", to_string(rounded(when)), describe(fault)));
  }

  /// A client's process says that a fault's trigger has come, or that it did the fault itself.
  void heard_strike(std::size_t number) {
    const ScheduledFault& scheduled = scenario_.faults[number];
    if (std::holds_alternative<OnEvent>(scheduled.trigger) && is_from_outside(scheduled.fault))
      strike(number, clock_.now());
    else
      announce(number, clock_.now());
  }

  void strike(std::size_t number, Instant now) {
    const Fault& fault = scenario_.faults[number].fault;
    announce(number, now);
    if (const auto* pause = std::get_if<Pause>(&fault)) {
      begin_pause(pause->who, now);
      at(now + pause->lasts, [this, who = pause->who, life = life_of(pause->who)] {
        if (life_of(who) == life) end_pause(who);
      });
    } else if (const auto* crash = std::get_if<Crash>(&fault)) {
      end_life(crash->who, now);
      if (crash->restart_after)
        at(
            now + *crash->restart_after, [this, who = crash->who] { begin_life(who); },
            is_client(scenario_, crash->who));
    } else if (const auto* again = std::get_if<Restart>(&fault)) {
      begin_life(again->who);
    } else if (const auto* jump = std::get_if<WallJump>(&fault)) {
      for (const std::string& machine : jump->machines)
        if (const auto node = node_number(scenario_, machine)) {
          need(nodes_.jump(*node, jump->by));
          history_.add(now, ids_[machine], ClockChanged{ClockChange::jump, jump->by, 0});
        }
    } else if (const auto* lose = std::get_if<LoseKey>(&fault)) {
      for (const std::string& name : lose->nodes) {
        const auto node = node_number(scenario_, name);
        if (!node || node_pauses_[*node] > 0) continue;
        need(nodes_.lose(*node, lose->key));
        tell_lost_keys(*node, name, now);
      }
    }
  }

  /// Of the keys that were stored there, those that the node does not have.
  void tell_lost_keys(std::size_t node, const std::string& name, Instant when) {
    for (const Symbol key : history_.keys_of(ids_[name]))
      if (!nodes_.has(node, std::string(history_.names().text(key))))
        history_.add(
            when, ids_[name],
            KeyRemoved{
                .key = key, .value = {}, .attempt = {}, .by = {}, .why = RemovalReason::lost});
  }

  void need(const Result<void, Trouble>& done) {
    if (!done && !trouble_) trouble_ = done.error();
  }

  std::uint32_t life_of(const std::string& who) {
    const ClientProcess* client = client_named(who);
    return client == nullptr ? deaths_[who] : client->life;
  }

  void begin_pause(const std::string& who, Instant now) {
    if (ClientProcess* client = client_named(who)) {
      if (client->pid < 0 || client->pauses++ > 0) return;
      kill(client->pid, SIGSTOP);
      int status = 0;
      waitpid(client->pid, &status, WUNTRACED);
    } else if (const auto node = node_number(scenario_, who)) {
      if (node_pauses_[*node]++ > 0) return;
      nodes_.freeze(*node);
    } else if (storage_pauses_++ > 0) {
      return;
    }
    paused_at_[who] = now;
    history_.add(now, ids_[who], ProcessPaused{false});
  }

  void end_pause(const std::string& who) {
    const Instant now = clock_.now();
    ClientProcess* client = client_named(who);
    const auto node = node_number(scenario_, who);
    if (client != nullptr) {
      if (client->pid < 0 || --client->pauses > 0) return;
    } else if (node) {
      if (--node_pauses_[*node] > 0) return;
    } else if (--storage_pauses_ > 0) {
      return;
    }
    resumed_at_[ids_[who]] = now;
    history_.add(now, ids_[who], ProcessResumed{now - paused_at_[who], false, 0});
    if (client != nullptr) {
      kill(client->pid, SIGCONT);
    } else if (node) {
      nodes_.thaw(*node);
    } else {
      const auto waiting = std::move(stored_later_);
      stored_later_.clear();
      for (const auto& one : waiting) one();
    }
    say(fmt::format("{}: {} runs again", to_string(rounded(now)), who));
  }

  /// SIGKILL. A client that waited for one of its own events did it to itself.
  void end_life(const std::string& who, Instant now) {
    ++deaths_[who];
    if (ClientProcess* client = client_named(who)) {
      if (client->pid < 0) return;
      end(*client);
      while (auto message = client->wire->receive(false)) hear(*client, *message);
      client->pauses = 0;
      history_.add(now, ids_[who], ProcessCrashed{false});
      for (const auto& [attempt, belief] : client->beliefs) {
        const bool over = belief.until < now;
        history_.add(
            over ? belief.until : now, ids_[who],
            BeliefEnded{belief.lock, attempt, over ? BeliefEnd::deadline : BeliefEnd::crashed});
      }
      return;
    }
    history_.add(now, ids_[who], ProcessCrashed{false});
    if (const auto node = node_number(scenario_, who)) {
      nodes_.kill(*node);
      node_pauses_[*node] = 0;
      dead_nodes_.insert(*node);
    } else {
      storage_alive_ = false;
      storage_pauses_ = 0;
      stored_later_.clear();
    }
  }

  void begin_life(const std::string& who) {
    const Instant now = clock_.now();
    if (ClientProcess* client = client_named(who)) {
      if (client->pid >= 0) return;
      history_.add(now, ids_[who], ProcessRestarted{});
      need(bear(*client));
      if (!trouble_ && await_ready(*client))
        client->wire->send_values(WireKind::origin, clock_.origin_ns());
    } else if (const auto node = node_number(scenario_, who)) {
      if (dead_nodes_.erase(*node) == 0) return;
      history_.add(now, ids_[who], ProcessRestarted{});
      // A restart guard keeps the node out for so long: it starts only then.
      at(now + scenario_.redis.options.restart_guard, [this, who, number = *node, now] {
        need(nodes_.restart(number));
        if (!trouble_) tell_lost_keys(number, who, now);
      });
    } else if (!storage_alive_) {
      storage_alive_ = true;
      registers_.restart();
      history_.add(now, ids_[who], ProcessRestarted{});
    } else {
      return;
    }
    say(fmt::format("{}: {} begins a new life", to_string(rounded(now)), who));
  }

  /// Its wire ended because a crash that waited for one of its events has come, and we are about
  /// to hear of it.
  bool killed_itself(ClientProcess& client) {
    int status = 0;
    if (client.pid < 0) return true;
    if (waitpid(client.pid, &status, WNOHANG) != client.pid) return false;
    client.pid = -1;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  const Scenario& scenario_;
  const LiveOptions& options_;
  LiveNodes& nodes_;
  LiveHistory history_;
  LiveClock clock_;
  std::map<std::string, ProcessId> ids_;
  std::vector<ClientProcess> clients_;
  std::multimap<Instant, Action> actions_;
  std::set<std::size_t> struck_;
  std::map<std::size_t, int> node_pauses_;
  std::set<std::size_t> dead_nodes_;
  std::map<std::string, Instant> paused_at_;
  std::map<ProcessId, Instant> resumed_at_;
  std::map<std::string, std::uint32_t> deaths_;
  storage::Registers registers_;
  bool storage_alive_ = true;
  int storage_pauses_ = 0;
  std::vector<std::function<void()>> stored_later_;
  std::optional<Trouble> trouble_;
  Duration latest_{};
  Instant ended_{};
  bool quiescent_ = false;
};

}  // namespace

std::optional<std::string> missing_for(const Scenario& scenario) {
  if (redis_program().empty()) return "there is no redis-server (Debian package redis-server)";
  if (!nodes_with_jumps(scenario).empty() && !ServerClock::is_there())
    return "there is no libfaketime for a node's clock (Debian package libfaketime)";
  return std::nullopt;
}

Result<void, Trouble> run_live(const Scenario& scenario, const LiveOptions& options,
                               LiveResult& result) {
  Runner runner;
  RunResult simulated;
  RunOptions recorded;
  recorded.recording = &result.simulated;
  runner.run(scenario, recorded, simulated);
  result.simulated_outcome = outcome_of(result.simulated, runner.metrics());

  auto workspace = Workspace::make();
  if (!workspace) return workspace.error();
  errno = 0;
  const int priority = getpriority(PRIO_PROCESS, 0);
  setpriority(PRIO_PROCESS, 0, kPriority);
  prctl(PR_SET_TIMERSLACK, 1);
  auto nodes = LiveNodes::start(scenario, *workspace);
  if (!nodes) return nodes.error();
  if (options.say)
    options.say(fmt::format("{} Redis servers and {} clients are up", nodes->size(),
                            scenario.clients.size()));
  {
    LiveRun run(scenario, options, *nodes, result.simulated);
    const auto done = run.run();
    setpriority(PRIO_PROCESS, 0, priority);
    if (!done) return done.error();
    result.latest = run.latest();
    Recording& recording = result.recording;
    recording.scenario = scenario.name + ", live";  // beside the simulation it has to be told apart
    recording.title = scenario.title;
    recording.scenario_hash = scenario.hash;
    recording.seed = result.simulated.seed;
    recording.processes = result.simulated.processes;
    recording.faults = result.simulated.faults;
    const auto metrics = run.judge(recording);
    result.real_outcome = outcome_of(recording, *metrics);
  }
  result.differences = differences(result.simulated_outcome, result.real_outcome);
  return {};
}

}  // namespace locklab::real

#else

namespace locklab::real {

std::optional<std::string> missing_for(const Scenario&) {
  return "this build has no hiredis (Debian package libhiredis-dev)";
}

Result<void, Trouble> run_live(const Scenario& scenario, const LiveOptions&, LiveResult&) {
  return Trouble{*missing_for(scenario)};
}

}  // namespace locklab::real

#endif
