// What a client process has of Redis besides its calls, for one life: where the masters are, as
// Sentinel tells it, and who waits for a message of which channel.
//
// Masters, as Jedis keeps them: every Sentinel is asked at the start and tells of later changes by
// itself; when the connection to a master breaks, they are asked again, every second until one
// names another. Model: until a Sentinel has answered, the first master of the configuration is
// used, where a real pool would not be ready yet.
#pragma once

#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/process.hpp"
#include "sim/service_client.hpp"
#include "sim/services/redis/client.hpp"
#include "sim/task.hpp"

namespace locklab::redis {

class NodeKinds;

/// Something that a client library keeps for all its locks: Redisson's renewal timer.
class LibraryState {
 public:
  virtual ~LibraryState() = default;
};

class Session final : public ServiceClient {
 public:
  /// `kinds_of_nodes` and `sentinels`: null and none where there are no Sentinels.
  Session(Process& self, const Kinds& kinds, std::span<const ProcessId> masters,
          const NodeKinds* kinds_of_nodes, std::span<const ProcessId> sentinels);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Where the present master of set `number` (from 0) stands; stays where it is.
  const ProcessId* master(std::size_t number) const { return &masters_[number]; }

  /// No replicas and no Sentinels: one server each ("useSingleServer").
  bool single() const { return kinds_of_nodes_ == nullptr; }

  bool on_message(const Packet& packet) override;
  void on_connection_lost(ProcessId server) override;

  Arena& arena() const { return self_.arena(); }

  /// One for all locks of this life; the session destroys it at its end.
  LibraryState* library = nullptr;

 private:
  friend class Listener;

  void ask(std::size_t set);
  void ask_later(Duration after);
  Task<> subscribe_again();

  Process& self_;
  const Kinds& kinds_;
  const NodeKinds* kinds_of_nodes_;
  std::pmr::vector<ProcessId> masters_;
  std::pmr::vector<bool> looking_;  // for a master, by set: the next answer counts
  std::pmr::vector<bool> lost_;     // its connection broke: only another master will do
  std::pmr::vector<ProcessId> sentinels_;
  EventId ask_timer_;
  std::pmr::vector<class Listener*> listeners_;
  TaskHandle subscribing_;
};

/// Waits for the messages of a channel (and, on a fair lock's channel, of one waiter), as long as
/// it lives. The SUBSCRIBE itself is the caller's business.
class Listener {
 public:
  Listener(Session& session, const Client& server, Symbol channel, const Value& to = {});
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Signal& heard() { return heard_; }
  /// Is nobody else of this process subscribed to the same?
  bool alone() const;

 private:
  friend class Session;

  Session& session_;
  Client server_;
  Symbol channel_;
  Value to_;
  Signal heard_;
};

}  // namespace locklab::redis
