// A replica of a Chubby cell, and the master while it is one [spec G; Chubby paper 2.8, 2.9]. The
// master counts the sessions' leases in its memory, by its monotonic clock. It holds a client's
// KeepAlive until the lease is near its end, and answers it with a longer one; a lease that runs
// out ends the session in the database. A new master has another epoch, and gives each session the
// longest lease that its predecessor may have promised; so a lease stands still while there is no
// master. It counts every lock-delay anew.
// The master promises something only while it has a lease itself, by a majority.
// Model: "near the end" is two seconds before it.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/services/chubby/cell.hpp"
#include "sim/services/raft/server.hpp"

namespace locklab::chubby {

struct ServerOptions {
  raft::Options log{.heartbeat = std::chrono::milliseconds{500},
                    .election = std::chrono::milliseconds{4000},
                    .leader_lease = true};
  Duration lease{12s};
  bool operator==(const ServerOptions&) const = default;
};

class Server final : public raft::Server {
 public:
  static constexpr Duration kNearTheEnd{2s};
  static constexpr Duration kAgain{1s};  // before an end that was proposed is proposed once more

  Server(Process& self, const Kinds& kinds, const raft::Kinds& log_kinds,
         const ServerOptions& options, raft::Group& group, Symbol store_name);

  const Cell& cell() const { return cell_; }

 private:
  struct Lease {
    std::uint64_t session;
    MonoInstant ends;
    EventId timer;
  };
  /// A KeepAlive that is held open.
  struct Held {
    std::uint64_t session;
    MonoInstant received;
    bool news;  // the client does not know this master: it is answered as soon as may be
    Network::Return to;
  };
  /// Who waits in Acquire.
  struct Waiting {
    Request request;
    Network::Return to;
  };

  void on_request(const Packet& packet) override;
  void on_death() override;
  void reset() override;
  void apply(const raft::Committed& committed) override;
  void leads(bool now) override;
  void refused(const Network::Return& asked) override;

  void answer(Operation operation, const Network::Return& to, Reply reply);
  void say(const Change& change);
  Lease* lease_of(std::uint64_t session);
  void begin_lease(std::uint64_t session);
  void arm_lease(Lease& lease, Duration after);
  void lease_due(std::uint64_t session);
  void answer_keep_alive(Lease& lease);
  void begin_delay(const LockFile& lock);
  void arm_delay(Symbol key, Duration after);
  void let_next(Symbol key);

  const Kinds& kinds_;
  ServerOptions options_;
  Cell cell_;
  Changes changes_;
  // In the master's memory.
  bool master_ = false;
  std::pmr::vector<Lease> leases_;
  std::pmr::vector<Held> held_;
  std::pmr::vector<Waiting> waiting_;
};

}  // namespace locklab::chubby
