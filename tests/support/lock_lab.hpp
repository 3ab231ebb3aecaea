// A small world for stories about locks: Redis nodes, clients and storage in document mode (500 us
// each way, no service time), a recorder, and verbs. A test says what happens when; each verb
// starts a task of the client at the present instant and hands out the place where its outcome will
// stand.
//
//   LockLab lab({.nodes = 5});
//   Lock& a = lab.lock(lab.client(0), "redlock", "document");
//   Try& first = lab.acquire(a);
//   lab.run_until(5000ms);
//   lab.release(a, first.lease());
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "algorithms/auto_extend.hpp"
#include "algorithms/execute_with_lock.hpp"
#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "sim/services/redis/server.hpp"
#include "sim/services/redis/session.hpp"
#include "sim/services/sql/client.hpp"
#include "sim/services/sql/server.hpp"
#include "sim/services/storage/client.hpp"
#include "sim/services/storage/server.hpp"
#include "sim/world.hpp"

namespace locklab {

/// The outcome of a verb, and when it came.
template <class T>
struct Outcome {
  std::optional<T> result;
  Instant at{};
  bool done() const { return result.has_value(); }
  bool ok() const { return done() && result->has_value(); }
  Errc error() const { return !done() ? Errc::cancelled : ok() ? Errc::none : result->error(); }
  /// "9978ms", or "-" while it is under way.
  std::string when() const { return done() ? to_string(at) : std::string("-"); }
};

struct Try : Outcome<Result<Lease>> {
  Lease& lease() { return **result; }
};
using Done = Outcome<Result<void>>;
using Stored = Outcome<Result<storage::Reply>>;

/// Remembers the whole trace.
class Recorder final : public TraceObserver {
 public:
  void observe(const TraceEvent& event) override { events.push_back(event); }
  std::vector<TraceEvent> events;
};

/// A client's process: what it believes dies with it.
class LabClient final : public Actor {
 public:
  LabClient(Process& process, Beliefs::Mode mode) : self(process), beliefs(process, mode) {}
  void on_message(const Packet& packet) override {
    if (redis_session != nullptr) redis_session->on_message(packet);
  }
  void on_crash(bool) override { beliefs.end_all(BeliefEnd::crashed); }
  void on_start() override {}
  void on_connection_lost(ProcessId peer) override {
    if (redis_session != nullptr) redis_session->on_connection_lost(peer);
    if (database != nullptr) database->on_connection_lost(peer);
  }

  ProcessId id() const { return self.id(); }
  MachineId machine() const { return self.machine(); }

  Process& self;
  Beliefs beliefs;
  std::vector<redis::Client> redis;
  std::unique_ptr<redis::Session> redis_session;
  std::unique_ptr<sql::Pool> database;
};

using Overrides = std::vector<std::pair<std::string_view, std::string_view>>;

class LockLab {
 public:
  struct Options {
    std::size_t nodes = 1;
    std::size_t clients = 3;
    Beliefs::Mode beliefs = Beliefs::Mode::naive;
    redis::ServerOptions redis{};
    bool database = false;  // there is one
    sql::ServerOptions sql{};
    storage::Options storage{};
    std::int64_t counter_start = 0;
    std::uint64_t seed = 1;
  };

  LockLab() : LockLab(Options{}) {}
  explicit LockLab(const Options& options)
      : world_(arena_, options.seed),
        redis_kinds_(world_.names()),
        sql_kinds_(world_.names()),
        storage_kinds_(world_.names()) {
    world_.network().set_default({Latency::constant(500us), 0, 0});
    world_.observe(recorder_, kEveryEvent);
    resource_ = world_.names().intern("inventory");
    for (std::size_t i = 0; i < options.clients; ++i) {
      Process& process = add(std::string("client-") + static_cast<char>('a' + i));
      clients_.push_back(std::make_unique<LabClient>(process, options.beliefs));
      process.set_actor(*clients_.back());
    }
    for (std::size_t i = 0; i < options.nodes; ++i) {
      Process& process = add("redis-" + std::to_string(i + 1));
      servers_.push_back(std::make_unique<redis::Server>(process, redis_kinds_, options.redis));
      process.set_actor(*servers_.back());
      nodes_.push_back(process.id());
      if (options.counter_start != 0)
        servers_.back()->initialize(world_.names().intern("token:inventory"),
                                    Value::integer(options.counter_start));
      for (const auto& client : clients_)
        client->redis.emplace_back(client->self, process.id(), redis_kinds_, CallOptions{});
    }
    for (const auto& client : clients_)
      client->redis_session = std::make_unique<redis::Session>(
          client->self, redis_kinds_, nodes_, nullptr, std::span<const ProcessId>());
    if (options.database) {
      Process& process = add("database");
      database_ = std::make_unique<sql::Server>(process, sql_kinds_, options.sql,
                                                sql::Server::Part::primary, Symbol{});
      process.set_actor(*database_);
      database_id_ = process.id();
      for (const auto& client : clients_)
        client->database =
            std::make_unique<sql::Pool>(client->self, std::span<const ProcessId>(&database_id_, 1),
                                        std::span<const Symbol>(), sql_kinds_, &sessions_);
    }
    Process& storage = add("storage");
    storage_ = std::make_unique<storage::Server>(storage, storage_kinds_, options.storage);
    storage.set_actor(*storage_);
    storage_id_ = storage.id();
    world_.start();
  }

  World& world() { return world_; }
  LabClient& client(std::size_t i) { return *clients_[i]; }
  ProcessId node(std::size_t i) const { return nodes_[i - 1]; }  // redis-1 is node(1)
  MachineId machine(ProcessId id) { return world_.process(id).machine(); }
  ProcessId storage() const { return storage_id_; }
  ProcessId database() const { return database_id_; }
  const sql::Database& tables() const { return database_->database(); }
  Symbol name(std::string_view text) { return world_.names().intern(text); }
  Symbol key() { return name("lock:inventory"); }
  /// What a node holds under the lock's key, expired or not; nothing if there is none.
  const redis::Entry* held(std::size_t node) { return servers_[node - 1]->keys().find(key()); }

  // ---- building ----
  Lock& lock(LabClient& client, std::string_view algorithm, std::string_view preset,
             const Overrides& overrides = {}) {
    const Algorithm* row = find_algorithm(algorithm);
    REQUIRE(row != nullptr);
    Settings settings(row->parameters);
    bool found = false;
    for (const Preset& known : row->presets) {
      if (known.name != preset) continue;
      settings.apply(known);
      found = true;
    }
    REQUIRE(found);
    for (const auto& [parameter, value] : overrides)
      REQUIRE(settings.set(parameter, value).has_value());
    Environment environment{client.self, client.beliefs, &attempts_, client.redis,
                            client.database.get()};
    environment.redis_session = client.redis_session.get();
    return *row->make(environment, settings, resource_);
  }

  // ---- time ----
  void run_until(Duration at) {
    world_.at(
        Instant{at}, [](void*, std::uint64_t) {}, nullptr);
    world_.run(Instant{at}, 10'000'000);
  }

  // ---- verbs ----
  Try& acquire(Lock& lock, IfRefused if_refused = IfRefused::stop) {
    Try& out = tries_.emplace_back();
    lock.self().spawn("acquire", acquiring(lock, if_refused, out));
    return out;
  }
  Try& wait_for(Lock& lock, const Waiting& waiting) {
    Try& out = tries_.emplace_back();
    lock.self().spawn("wait", waiting_for(lock, waiting, out));
    return out;
  }
  Done& release(Lock& lock, const Lease& lease) {
    Done& out = dones_.emplace_back();
    lock.self().spawn("release", releasing(lock, lease, out));
    return out;
  }
  /// Brings `held` up to date.
  Done& extend(Lock& lock, Try& held, Duration to) {
    Done& out = dones_.emplace_back();
    lock.self().spawn("extend", extending(lock, held, to, out));
    return out;
  }
  Done& execute(Lock& lock, CriticalSection& section, const Waiting& waiting) {
    Done& out = dones_.emplace_back();
    lock.self().spawn("execute", executing(lock, section, waiting, out));
    return out;
  }
  Done& auto_extend(Lock& lock, CriticalSection& section, const AutoExtend& policy) {
    Done& out = dones_.emplace_back();
    lock.self().spawn("execute", auto_extending(lock, section, policy, out));
    return out;
  }
  Stored& write(LabClient& client, std::int64_t value, const Lease& lease) {
    Stored& out = stored_.emplace_back();
    client.self.spawn("write", writing(client.self, *this, value, lease, out));
    return out;
  }

  // ---- faults ----
  void cut(ProcessId a, ProcessId b) {
    world_.network().cut(a, b, false);
    world_.network().cut(b, a, false);
  }
  void heal(ProcessId a, ProcessId b) {
    world_.network().heal(a, b, false);
    world_.network().heal(b, a, false);
  }
  void drop(ProcessId from, ProcessId to, std::string_view kind) {
    MessageRule rule;
    rule.from = from;
    rule.to = to;
    rule.kind = name(kind);
    world_.network().add_rule(rule);
  }
  void delay(ProcessId from, ProcessId to, std::string_view kind, Duration by) {
    MessageRule rule;
    rule.from = from;
    rule.to = to;
    rule.kind = name(kind);
    rule.action = MessageRule::Action::delay;
    rule.delay = by;
    world_.network().add_rule(rule);
  }

  // ---- what the trace says ----
  const std::vector<TraceEvent>& events() const { return recorder_.events; }
  /// Events of one type, of one process or all.
  template <class Payload>
  std::vector<const TraceEvent*> all(ProcessId process = {}) const {
    std::vector<const TraceEvent*> found;
    for (const TraceEvent& event : recorder_.events)
      if (std::holds_alternative<Payload>(event.what) && (!process || event.process == process))
        found.push_back(&event);
    return found;
  }
  template <class Payload>
  std::size_t count(ProcessId process = {}) const {
    return all<Payload>(process).size();
  }
  /// "0.5ms 1.5ms 2.5ms": when they happened.
  template <class Payload>
  std::string times(ProcessId process = {}) const {
    std::string text;
    for (const TraceEvent* event : all<Payload>(process))
      text += (text.empty() ? "" : " ") + to_string(event->at);
    return text;
  }
  template <class Payload>
  const Payload& last(ProcessId process = {}) const {
    const auto found = all<Payload>(process);
    REQUIRE(!found.empty());
    return std::get<Payload>(found.back()->what);
  }

  /// How long, up to now, two attempts believed at once that they hold the lock (MX-BELIEF).
  Duration both_believed() const {
    Duration both{};
    Instant since{};
    int believers = 0;
    for (const TraceEvent& event : recorder_.events) {
      const bool begins = std::holds_alternative<LockGranted>(event.what) ||
                          std::holds_alternative<LockAssumed>(event.what);
      const bool ends = std::holds_alternative<BeliefEnded>(event.what);
      if (!begins && !ends) continue;
      if (believers > 1) both += event.at - since;
      since = event.at;
      believers += begins ? 1 : -1;
    }
    return believers > 1 ? both + (world_.now() - since) : both;
  }
  /// Grants that fell within the live promise of another (MX-SERVICE, first form).
  std::size_t grants_inside_a_promise() const {
    struct Promise {
      AttemptId attempt;
      Instant until;
    };
    std::vector<Promise> promises;
    std::size_t broken = 0;
    for (const TraceEvent& event : recorder_.events) {
      if (const auto* granted = std::get_if<LockGranted>(&event.what)) {
        for (const Promise& promise : promises)
          if (promise.until > event.at) ++broken;
        promises.push_back({granted->attempt, granted->promise_until});
      } else if (const auto* extended = std::get_if<LeaseExtended>(&event.what)) {
        for (Promise& promise : promises)
          if (promise.attempt == extended->attempt) promise.until = extended->promise_until;
      } else if (const auto* released = std::get_if<ReleaseBegan>(&event.what)) {
        for (Promise& promise : promises)
          if (promise.attempt == released->attempt) promise.until = Instant{};
      }
    }
    return broken;
  }
  /// Keys that one attempt took away from another (FOREIGN-RELEASE).
  std::size_t foreign_removals() const {
    std::size_t foreign = 0;
    for (const TraceEvent& event : recorder_.events)
      if (const auto* removed = std::get_if<KeyRemoved>(&event.what))
        if (removed->by && removed->by != removed->attempt) ++foreign;
    return foreign;
  }

 private:
  Process& add(const std::string& text) {
    return world_.add_process(text, world_.add_machine(text + "-machine"));
  }

  template <class Out, class Value>
  static void finish(Process& self, Out& out, const Value& value) {
    out.result = value;
    out.at = self.world().now();
  }
  static Task<> acquiring(Lock& lock, IfRefused if_refused, Try& out) {
    const Result<Lease> result = co_await lock.acquire(if_refused);
    finish(lock.self(), out, result);
  }
  static Task<> waiting_for(Lock& lock, Waiting waiting, Try& out) {
    const Result<Lease> result = co_await acquire_until(lock, waiting);
    finish(lock.self(), out, result);
  }
  static Task<> releasing(Lock& lock, Lease lease, Done& out) {
    const Result<void> result = co_await lock.release(lease);
    finish(lock.self(), out, result);
  }
  static Task<> extending(Lock& lock, Try& held, Duration to, Done& out) {
    const Result<void> result = co_await lock.extend(held.lease(), to);
    finish(lock.self(), out, result);
  }
  static Task<> executing(Lock& lock, CriticalSection& section, Waiting waiting, Done& out) {
    const Result<void> result = co_await execute_with_lock(lock, section, waiting);
    finish(lock.self(), out, result);
  }
  static Task<> auto_extending(Lock& lock, CriticalSection& section, AutoExtend policy, Done& out) {
    const Result<void> result = co_await execute_with_auto_extend(lock, section, policy);
    finish(lock.self(), out, result);
  }
  static Task<> writing(Process& self, LockLab& lab, std::int64_t value, Lease lease, Stored& out) {
    const storage::Client client(self, lab.storage_id_, lab.storage_kinds_, CallOptions{});
    storage::Guard guard;
    guard.token = lease.token;
    guard.attempt = lease.attempt;
    guard.owner = lease.owner;
    const Result<storage::Reply> result =
        co_await client.write(lab.resource_, Value::integer(value), guard);
    finish(self, out, result);
  }

  // The last to go: what runs in the world refers to all that stands above it.
  Arena arena_;
  Recorder recorder_;
  std::uint32_t attempts_ = 0;
  std::deque<Try> tries_;
  std::deque<Done> dones_;
  std::deque<Stored> stored_;
  std::vector<std::unique_ptr<LabClient>> clients_;
  std::vector<std::unique_ptr<redis::Server>> servers_;
  std::unique_ptr<sql::Server> database_;
  std::unique_ptr<storage::Server> storage_;
  World world_;
  redis::Kinds redis_kinds_;
  sql::Kinds sql_kinds_;
  storage::Kinds storage_kinds_;
  Symbol resource_;
  std::vector<ProcessId> nodes_;
  ProcessId storage_id_;
  ProcessId database_id_;
  std::uint64_t sessions_ = 0;
};

/// Work that takes a while and, if told so, writes once at its end.
class TimedSection final : public CriticalSection {
 public:
  TimedSection(Process& self, Duration work) : self_(self), work_(work) {}
  Arena& arena() const { return self_.arena(); }

  Task<> run(const Lease& lease) override {
    ++begun;
    began_at = self_.world().now();
    votes = lease.votes;
    co_await self_.sleep(work_);
    ++ended;
    ended_at = self_.world().now();
  }

  int begun = 0;
  int ended = 0;
  Instant began_at{};
  Instant ended_at{};
  std::uint32_t votes = 0;

 private:
  Process& self_;
  Duration work_;
};

}  // namespace locklab
