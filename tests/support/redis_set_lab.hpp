// A replicated Redis set in a world of its own: one master, replicas, Sentinels, and a client that
// sends a command to any node and keeps the answer. Every message takes 0.5 ms.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/services/redis/client.hpp"
#include "sim/services/redis/replication.hpp"
#include "sim/services/redis/sentinel.hpp"
#include "sim/services/redis/server.hpp"
#include "sim/services/redis/session.hpp"
#include "sim/world.hpp"

namespace locklab::test {

struct SetOptions {
  std::size_t replicas = 1;
  std::size_t sentinels = 0;
  redis::ReplicationOptions replication{};
  redis::SentinelOptions sentinel{};
  redis::ServerOptions server{};
  std::vector<std::uint32_t> priorities{};
  std::vector<Duration> clock_offsets{};  // by node, the master first
  std::uint64_t seed = 1;
};

class RedisSetLab final : TraceObserver {
 public:
  explicit RedisSetLab(const SetOptions& options = {})
      : world(arena_, options.seed),
        kinds_(world.names()),
        node_kinds_(world.names()),
        set_(&arena_) {
    world.network().set_default({Latency::constant(500us), 0, 0});
    world.observe(*this, events_of<KeyStored, KeyRemoved, RoleChanged, MessageSent>());
    client_ = &add("client", {});
    client_->set_actor(client_actor_);
    for (std::size_t i = 0; i <= options.replicas; ++i) {
      const Duration offset =
          i < options.clock_offsets.size() ? options.clock_offsets[i] : Duration{0};
      Process& process = add("node-" + std::to_string(i), offset);
      servers_.push_back(std::make_unique<redis::Server>(process, kinds_, options.server));
      const std::uint32_t priority =
          i > 0 && i <= options.priorities.size() ? options.priorities[i - 1] : 100;
      replications_.push_back(std::make_unique<redis::Replication>(
          process, *servers_.back(), node_kinds_, options.replication, priority));
      servers_.back()->set_replication(*replications_.back());
      set_.add(*replications_.back());
      process.set_actor(*servers_.back());
      nodes.push_back(process.id());
    }
    for (auto& node : replications_) node->settle(set_, nodes[0], 77);
    for (std::size_t i = 0; i < options.sentinels; ++i) {
      Process& process = add("sentinel-" + std::to_string(i + 1), {});
      sentinels_.push_back(
          std::make_unique<redis::Sentinel>(process, node_kinds_, options.sentinel));
      sentinels_.back()->watch(world.names().intern("the set"), nodes);
      process.set_actor(*sentinels_.back());
      sentinels.push_back(process.id());
    }
    for (auto& sentinel : sentinels_) sentinel->meet(sentinels);
    world.start();
  }

  void run_until(Duration at) {
    world.at(
        Instant{at}, [](void*, std::uint64_t) {}, nullptr);
    world.run(Instant{at}, 50'000'000);
  }

  struct Answer {
    std::optional<Result<redis::Reply>> result;
    Instant at{};
    bool ok() const { return result && *result && **result; }
    redis::ReplyError error() const {
      return result && *result ? (**result).error : redis::ReplyError::none;
    }
  };
  /// Sends it now.
  Answer& call(std::size_t node, const redis::Request& request) {
    Answer& answer = answers_.emplace_back();
    client_->spawn("call", calling(*client_, redis::Client(*client_, nodes[node], kinds_, {}),
                                   request, answer));
    return answer;
  }
  Answer& set(std::size_t node, std::string_view key, Duration ttl, std::uint32_t attempt = 1) {
    redis::Request request;
    request.command = redis::Command::set;
    request.options = {.nx = true, .expiry = redis::Expiry::px};
    request.attempt = AttemptId{attempt};
    request.key = name(key);
    request.value = Value::unique(1, attempt);
    request.ttl_ms = ttl / 1ms;
    return call(node, request);
  }
  Answer& get(std::size_t node, std::string_view key) {
    redis::Request request;
    request.command = redis::Command::get;
    request.key = name(key);
    return call(node, request);
  }
  Answer& wait(std::size_t node, std::int64_t replicas, Duration timeout) {
    redis::Request request;
    request.command = redis::Command::wait;
    request.wait_ms = replicas;
    request.ttl_ms = timeout / 1ms;
    return call(node, request);
  }

  bool has(std::size_t node, std::string_view key) {
    return servers_[node]->keys().find(name(key)) != nullptr;
  }
  Symbol name(std::string_view text) { return world.names().intern(text); }
  redis::Server& server(std::size_t node) { return *servers_[node]; }
  redis::Replication& replication(std::size_t node) { return *replications_[node]; }
  redis::Sentinel& sentinel(std::size_t i) { return *sentinels_[i]; }
  Process& process(ProcessId id) { return world.process(id); }

  void order(std::size_t node, ProcessId master) {  // SLAVEOF, as a Sentinel sends it
    redis::NodeMessage message;
    message.kind = redis::NodeMessage::Kind::replica_of;
    message.master = master;
    world.network().send(client_->id(), nodes[node], node_kinds_.of(message.kind), Symbol{},
                         CallId{}, message);
  }
  void cut(ProcessId a, ProcessId b) {
    world.network().cut(a, b, false);
    world.network().cut(b, a, false);
  }
  void heal(ProcessId a, ProcessId b) {
    world.network().heal(a, b, false);
    world.network().heal(b, a, false);
  }
  void drop_next(ProcessId from, ProcessId to, std::string_view kind) {
    MessageRule rule;
    rule.from = from;
    rule.to = to;
    rule.kind = name(kind);
    world.network().add_rule(rule);
  }

  template <class Payload>
  std::vector<std::pair<TraceEvent, Payload>> all() const {
    std::vector<std::pair<TraceEvent, Payload>> found;
    for (const TraceEvent& event : trace)
      if (const auto* payload = std::get_if<Payload>(&event.what))
        found.emplace_back(event, *payload);
    return found;
  }
  std::size_t sent(ProcessId from, std::string_view kind) {
    std::size_t count = 0;
    for (const auto& [event, message] : all<MessageSent>())
      if (event.process == from && message.kind == name(kind)) ++count;
    return count;
  }

  void observe(const TraceEvent& event) override { trace.push_back(event); }

  Arena arena_;
  World world;
  std::vector<ProcessId> nodes;
  std::vector<ProcessId> sentinels;
  std::vector<TraceEvent> trace;

 private:
  class Nobody final : public Actor {
   public:
    void on_message(const Packet&) override {}
    void on_crash(bool) override {}
    void on_start() override {}
  };

  Process& add(const std::string& text, Duration offset) {
    return world.add_process(text, world.add_machine(text, offset));
  }
  static Task<> calling(Process& self, redis::Client client, redis::Request request,
                        Answer& answer) {
    const Result<redis::Reply> reply = co_await client.call(request);
    answer.result = reply;
    answer.at = self.world().now();
  }

  redis::Kinds kinds_;
  redis::NodeKinds node_kinds_;
  redis::ReplicaSet set_;
  Nobody client_actor_;
  Process* client_ = nullptr;
  std::deque<Answer> answers_;
  std::vector<std::unique_ptr<redis::Server>> servers_;
  std::vector<std::unique_ptr<redis::Replication>> replications_;
  std::vector<std::unique_ptr<redis::Sentinel>> sentinels_;
};

}  // namespace locklab::test
