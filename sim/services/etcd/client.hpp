// A client's view of an etcd cluster: `co_await etcd.ask(request)`. It talks to one server and goes
// to the next when that one does not answer, or knows no leader [etcd client/v3: balancer and retry
// policy]. What may have been carried out is not sent again, except for reads.
#pragma once

#include <cstdint>
#include <span>

#include "sim/ids.hpp"
#include "sim/process.hpp"
#include "sim/result.hpp"
#include "sim/rpc.hpp"
#include "sim/services/etcd/kinds.hpp"
#include "sim/services/etcd/protocol.hpp"
#include "sim/task.hpp"
#include "sim/time.hpp"

namespace locklab::etcd {

class Client {
 public:
  /// `servers` outlive the client; it begins with the one at `first`.
  Client(Process& self, std::span<const ProcessId> servers, std::size_t first, const Kinds& kinds)
      : self_(&self), servers_(servers), at_(first), kinds_(&kinds) {}

  Arena& arena() const { return self_->arena(); }
  Process& self() const { return *self_; }
  /// Waits for an answer for at most `timeout` (zero: for ever). Errors: timeout, connection_lost;
  /// then the outcome is unknown.
  Task<Result<Reply>> ask(Request request, Duration timeout);
  /// One call to the present server, whatever comes of it.
  Call<Reply> call(const Request& request, Duration timeout) const;
  void next_server() { at_ = (at_ + 1) % servers_.size(); }

  /// An id that no other lease has: the server's number, the time in milliseconds and a count
  /// [etcd pkg/idutil]. Larger ids are not later ones.
  std::uint64_t new_lease_id();

 private:
  Process* self_;
  std::span<const ProcessId> servers_;
  std::size_t at_;
  const Kinds* kinds_;
  std::uint32_t leases_ = 0;
};

/// A lease that is kept alive [etcd client/v3/concurrency.NewSession; client/v3/lease.go]: every
/// half second the library sees whether a third of the TTL has passed since the last answer, and
/// asks again if so; every half second, too, it sees whether the lease's deadline has passed, which
/// it counts from when the last answer *arrived*. Then Session.Done is closed. All by the monotonic
/// clock. Model: a keep-alive that stays without an answer for half a second is sent to the next
/// server; the library's stream would go on waiting for its own connection to break.
class Session {
 public:
  /// What a lock that stands on the session is told.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The lease is being asked for, or its renewal.
    virtual void lease_asked() = 0;
    /// It was given, or renewed: it lives for its TTL from that asking on, at least.
    virtual void lease_renewed() = 0;
    /// Session.Done: it is over, or nobody knows.
    virtual void session_done() = 0;
  };

  Session(Client& client, Listener& listener) : client_(&client), listener_(&listener) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Arena& arena() const { return client_->arena(); }
  /// Asks for a lease and begins to keep it alive. `timeout`: of the request; zero: none.
  Task<Result<void>> open(Duration ttl, Duration timeout);
  /// Gives the lease back, and with it all that is bound to it.
  Task<Result<void>> close(Duration timeout);
  bool is_open() const { return open_; }
  std::uint64_t lease() const { return lease_; }
  Duration ttl() const { return ttl_; }  // as granted

 private:
  static constexpr Duration kLook{500ms};         // retryConnWait, and the deadline loop's pause
  static constexpr Duration kFirstKeepAlive{5s};  // longest wait for the first answer

  Task<> keep_alive(std::uint64_t lease);
  Task<> watch_deadline(std::uint64_t lease);
  bool keeps(std::uint64_t lease) const { return open_ && lease_ == lease; }
  void end();

  Client* client_;
  Listener* listener_;
  bool open_ = false;
  std::uint64_t lease_ = 0;
  Duration ttl_{};
  MonoInstant deadline_{};
  MonoInstant next_{};  // keep-alive
};

}  // namespace locklab::etcd
