// A client's view of a Chubby cell, and its session [spec G; Chubby paper 2.8]. The library keeps a
// KeepAlive at the master at all times, and works out for itself, on the safe side, until when its
// lease lasts: it counts from when it *sent* what was answered, and allows for a master whose clock
// is faster than its own. When that time is over it does not know whether its session lives: the
// session is in *jeopardy*. It looks for a master for the grace period, 45 seconds; if one knows
// the session it is *safe*, if none does in time, *expired*. Model: calls that are under way in
// jeopardy wait because there is no master, not since the library holds them back.
#pragma once

#include <cstdint>

#include "sim/process.hpp"
#include "sim/result.hpp"
#include "sim/services/chubby/protocol.hpp"
#include "sim/services/raft/caller.hpp"
#include "sim/task.hpp"
#include "sim/time.hpp"

namespace locklab::chubby {

class Client final : public raft::Caller<Request, Reply, Kinds> {
 public:
  using raft::Caller<Request, Reply, Kinds>::Caller;
  std::uint64_t new_session() {
    return std::uint64_t{self().id().number} << 32 | std::uint64_t{self().life()} << 16 |
           ++sessions_;
  }

 private:
  std::uint32_t sessions_ = 0;
};

class ClientSession {
 public:
  /// What a lock that stands on the session is told.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// A lease is being asked for.
    virtual void lease_asked() = 0;
    /// It lives for so long from that asking on, at least.
    virtual void lease_extended(Duration lasts) = 0;
    virtual void in_jeopardy() = 0;
    virtual void expired() = 0;
  };

  struct Options {
    Duration grace{45s};
    std::int64_t clock_permille = 10;  // by so much the master's clock may be faster
  };

  ClientSession(Client& client, Listener& listener, const Options& options)
      : client_(&client), listener_(&listener), options_(options) {}
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  Arena& arena() const { return client_->arena(); }
  Task<Result<void>> open();
  bool is_open() const { return id_ != 0; }
  std::uint64_t id() const { return id_; }

 private:
  static constexpr Duration kSearch{1s};  // in jeopardy: before the next server is asked

  Task<> keep_alive(std::uint64_t id);
  Task<> watch_lease(std::uint64_t id);
  void extend(MonoInstant asked, Duration lease);
  void end();
  void say(ConnectionState state);

  Client* client_;
  Listener* listener_;
  Options options_;
  std::uint64_t id_ = 0;  // 0: none
  std::uint64_t epoch_ = 0;
  MonoInstant lease_ends_{};  // as far as the client knows
  bool jeopardy_ = false;
};

}  // namespace locklab::chubby
