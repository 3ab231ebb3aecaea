// A small world with a ZooKeeper ensemble for stories and properties: servers, clients with a
// session each, verbs as in lock_lab.hpp, and a witness that sees what each server applies.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "sim/services/zookeeper/client.hpp"
#include "sim/services/zookeeper/server.hpp"
#include "sim/world.hpp"
#include "tests/support/lock_lab.hpp"

namespace locklab {

/// One history for all: the n-th transaction that a server applies is the n-th of every other, in
/// rising order, and what one has applied no other may ever do differently. That is what is left of
/// "no committed transaction is lost, none is applied twice or out of order".
class OneHistory final : public zookeeper::Witness {
 public:
  void applied(std::uint32_t server, const zookeeper::Transaction& transaction) override {
    std::size_t& count = counts_[server];
    const Entry entry{transaction.zxid, transaction.request.session, transaction.request.op,
                      transaction.request.sequence, transaction.request.attempt};
    if (count > 0 && count <= history_.size() && history_[count - 1].zxid >= entry.zxid)
      broken_ = true;
    if (count == history_.size())
      history_.push_back(entry);
    else if (!(history_[count] == entry))
      broken_ = true;
    ++count;
  }
  void started(std::uint32_t server) override { counts_[server] = 0; }

  bool broken() const { return broken_; }
  std::size_t committed() const { return history_.size(); }

 private:
  struct Entry {
    zookeeper::Zxid zxid;
    zookeeper::SessionId session;
    zookeeper::Op op;
    std::uint32_t sequence;
    AttemptId attempt;
    bool operator==(const Entry&) const = default;
  };
  std::array<std::size_t, 16> counts_{};
  std::vector<Entry> history_;
  bool broken_ = false;
};

/// A client's process, with a session for each life.
class ZkClient final : public Actor {
 public:
  ZkClient(Process& process, const zookeeper::Ensemble& ensemble, const zookeeper::Kinds& kinds,
           const zookeeper::ClientOptions& options)
      : self(process),
        beliefs(process, Beliefs::Mode::naive),
        ensemble_(ensemble),
        kinds_(kinds),
        options_(options) {}
  void on_message(const Packet& packet) override {
    if (session) static_cast<void>(session->on_message(packet));
  }
  void on_crash(bool) override {
    beliefs.end_all(BeliefEnd::crashed);
    session.reset();
  }
  void on_start() override { session.emplace(self, ensemble_.servers, kinds_, options_); }
  void on_connection_lost(ProcessId peer) override {
    if (session) session->on_connection_lost(peer);
  }
  ProcessId id() const { return self.id(); }

  Process& self;
  Beliefs beliefs;
  std::optional<zookeeper::Client> session;

 private:
  const zookeeper::Ensemble& ensemble_;
  const zookeeper::Kinds& kinds_;
  zookeeper::ClientOptions options_;
};

class ZkLab {
 public:
  struct Setup {
    zookeeper::Options servers{.fsync = Duration{0}};
    std::size_t clients = 3;
    Duration session_timeout = 4s;
    bool client_expiry = false;
    std::vector<std::uint32_t> first_servers{};  // of each client, from 1; none: 1, 2, 3, …
    bool record = true;
    std::uint64_t seed = 1;
  };

  ZkLab() : ZkLab(Setup{}) {}
  explicit ZkLab(const Setup& setup)
      : world_(arena_, setup.seed),
        kinds_(world_.names()),
        ensemble_(setup.servers, kinds_, world_.names().intern("zookeeper"), &arena_) {
    world_.network().set_default({Latency::constant(500us), 0, 0});
    if (setup.record) world_.observe(recorder_, kEveryEvent);
    ensemble_.witness = &history;
    for (std::size_t i = 0; i < setup.clients; ++i) {
      Process& process = add(std::string("client-") + static_cast<char>('a' + i));
      zookeeper::ClientOptions options;
      options.session_timeout = setup.session_timeout;
      options.expires_sessions = setup.client_expiry;
      options.first_server = i < setup.first_servers.size() ? setup.first_servers[i] - 1
                                                            : static_cast<std::uint32_t>(i);
      clients_.push_back(std::make_unique<ZkClient>(process, ensemble_, kinds_, options));
      process.set_actor(*clients_.back());
    }
    for (std::uint32_t number = 1; number <= setup.servers.servers; ++number) {
      Process& process = add("zookeeper-" + std::to_string(number));
      ensemble_.servers.push_back(process.id());
      servers_.push_back(std::make_unique<zookeeper::Server>(process, ensemble_, number));
      process.set_actor(*servers_.back());
    }
  }
  ~ZkLab() { world_.drop_tasks(); }
  /// What is there before the run.
  ZkLab& directory(std::int32_t next = 0) {
    ensemble_.seed.add_directory(name("/locks/inventory"), zookeeper::NodeKind::persistent, next);
    return *this;
  }
  ZkLab& start() {
    world_.start();
    return *this;
  }

  World& world() { return world_; }
  ZkClient& client(std::size_t i) { return *clients_[i]; }
  zookeeper::Server& server(std::size_t number) { return *servers_[number - 1]; }
  ProcessId server_id(std::size_t number) const { return ensemble_.servers[number - 1]; }
  Symbol name(std::string_view text) { return world_.names().intern(text); }
  const Recorder& recorder() const { return recorder_; }
  /// The number of the only server that leads and serves; zero: none, or two.
  std::uint32_t leader() const {
    std::uint32_t found = 0;
    for (std::uint32_t number = 1; number <= servers_.size(); ++number) {
      const zookeeper::Server& server = *servers_[number - 1];
      if (server.standing() != zookeeper::Standing::leading || !server.serving()) continue;
      if (found != 0) return 0;
      found = number;
    }
    return found;
  }

  Lock& lock(std::size_t client, std::string_view algorithm, const Overrides& overrides = {}) {
    const Algorithm* row = find_algorithm(algorithm);
    REQUIRE(row != nullptr);
    Settings settings(row->parameters);
    for (const auto& [parameter, value] : overrides)
      REQUIRE(settings.set(parameter, value).has_value());
    Environment environment{clients_[client]->self, clients_[client]->beliefs, &attempts_};
    environment.zookeeper = &*clients_[client]->session;
    return *row->make(environment, settings, name("inventory"));
  }

  void run_until(Duration at) {
    world_.at(
        Instant{at}, [](void*, std::uint64_t) {}, nullptr);
    world_.run(Instant{at}, 100'000'000);
  }
  void cut(ProcessId a, ProcessId b) {
    world_.network().cut(a, b, false);
    world_.network().cut(b, a, false);
  }
  void heal(ProcessId a, ProcessId b) {
    world_.network().heal(a, b, false);
    world_.network().heal(b, a, false);
  }

  Try& acquire(Lock& lock) {
    Try& out = tries_.emplace_back();
    lock.self().spawn("acquire", acquiring(lock, out));
    return out;
  }
  Done& release(Lock& lock, const Lease& lease) {
    Done& out = dones_.emplace_back();
    lock.self().spawn("release", releasing(lock, lease, out));
    return out;
  }

  template <class Payload>
  std::vector<const TraceEvent*> all(ProcessId process = {}) const {
    std::vector<const TraceEvent*> found;
    for (const TraceEvent& event : recorder_.events)
      if (std::holds_alternative<Payload>(event.what) && (!process || event.process == process))
        found.push_back(&event);
    return found;
  }
  /// "3ms 5.5ms": when they happened.
  template <class Payload>
  std::string times(ProcessId process = {}) const {
    std::string text;
    for (const TraceEvent* event : all<Payload>(process))
      text += (text.empty() ? "" : " ") + to_string(event->at);
    return text;
  }
  /// "suspended at 6000ms": what the client's library told.
  std::string states(std::size_t client) const {
    std::string text;
    for (const TraceEvent* event : all<ConnectionStateChanged>(clients_[client]->id())) {
      const auto& change = std::get<ConnectionStateChanged>(event->what);
      text += (text.empty() ? "" : ", ") + std::string(to_string(change.state)) + " at " +
              to_string(event->at);
    }
    return text;
  }
  std::size_t messages_of(std::string_view kind) {
    std::size_t count = 0;
    for (const TraceEvent* event : all<MessageSent>())
      if (std::get<MessageSent>(event->what).kind == name(kind)) ++count;
    return count;
  }

  OneHistory history;

 private:
  Process& add(const std::string& text) {
    return world_.add_process(text, world_.add_machine(text));
  }
  static Task<> acquiring(Lock& lock, Try& out) {
    const Result<Lease> result = co_await lock.acquire();
    out.result = result;
    out.at = lock.self().world().now();
  }
  static Task<> releasing(Lock& lock, Lease lease, Done& out) {
    const Result<void> result = co_await lock.release(lease);
    out.result = result;
    out.at = lock.self().world().now();
  }

  Arena arena_;
  Recorder recorder_;
  std::uint32_t attempts_ = 0;
  std::deque<Try> tries_;
  std::deque<Done> dones_;
  std::vector<std::unique_ptr<ZkClient>> clients_;
  std::vector<std::unique_ptr<zookeeper::Server>> servers_;
  World world_;
  zookeeper::Kinds kinds_;
  zookeeper::Ensemble ensemble_;
};

}  // namespace locklab
