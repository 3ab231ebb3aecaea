// A server of an etcd cluster: the store behind a replicated log, the lessor of whoever leads, and
// the watches of its clients [spec I "etcd"; etcd server/etcdserver, server/lease/lessor.go].
//
// The lessor counts in the leader's memory and on its monotonic clock. Every half second it looks
// for leases that have expired and has them revoked through the log. A new leader begins all leases
// anew, with an election time-out on top. What etcd changed in 2023 [etcd #15247, PR 16822] is an
// option: whether a server makes sure that it leads before it revokes a lease or renews one.
// Model: the new leader's spreading of leases that would end together, and the limit on revocations
// a second, are left out: they matter to thousands of leases. Model: no check-points of a lease's
// remaining time, which etcd leaves out too unless it is told otherwise.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "sim/services/etcd/kinds.hpp"
#include "sim/services/etcd/store.hpp"
#include "sim/services/raft/server.hpp"

namespace locklab::etcd {

struct ServerOptions {
  raft::Options log{.heartbeat = std::chrono::milliseconds{100},
                    .election = std::chrono::milliseconds{1000},
                    .disk_blocks_loop = true};
  Duration lessor_period{500ms};
  /// Before it has an expired lease revoked once more.
  Duration revoke_retry{3s};
  /// Makes sure that it leads before it revokes a lease, or renews one.
  bool confirm_leadership = true;
  bool operator==(const ServerOptions&) const = default;

  /// ceil(1.5 election time-outs), in seconds: a lease is not granted for less.
  Duration min_ttl() const {
    return std::chrono::ceil<std::chrono::seconds>(log.election + log.election / 2);
  }
};

class Server final : public raft::Server {
 public:
  Server(Process& self, const Kinds& kinds, const raft::Kinds& log_kinds,
         const ServerOptions& options, raft::Group& group, Symbol store_name);

  void on_start() override;

  const Store& store() const { return store_; }
  /// What the lessor of the leader knows of a lease's end; nothing if this one does not count.
  bool is_primary() const { return primary_; }

 private:
  struct Count {
    std::uint64_t lease;
    Duration ttl;
    MonoInstant ends;
    MonoInstant not_before;  // for another try to have it revoked
  };
  struct Watch {
    Symbol key;
    std::uint64_t since;
    Network::Return to;
  };
  /// Who asked to have a lease renewed, or for a read: a client, or another server for its client.
  struct Caller {
    std::optional<Network::Return> client;
    ProcessId server;
    std::uint32_t ticket = 0;  // the other server's
  };
  /// What waits until this server is known to be up to date. Without a caller it is the lessor that
  /// wants to revoke.
  struct Waiting {
    std::uint32_t ticket;
    Request request;
    std::optional<Caller> caller;
  };
  /// A renewal that was sent on to the leader.
  struct Renewing {
    std::uint32_t ticket;
    Network::Return client;
  };

  void on_request(const Packet& packet) override;
  void on_death() override;
  void reset() override;
  void apply(const raft::Committed& committed) override;
  void leads(bool now) override;
  void confirmed(std::uint32_t ticket, bool yes) override;
  void refused(const Network::Return& asked) override;

  void wait_for_confirmation(const Request& request, const std::optional<Caller>& caller);
  void keep_alive(const Request& request, const Network::Return& to);
  void on_renewal(ProcessId from, const Renewal& renewal);
  void on_renewal_asked(const Request& request, const Caller& caller);
  void on_renewed(const Renewal& renewal);
  void renew(const Request& request, const Caller& caller);
  void tell_renewed(const Caller& caller, const Reply& reply);
  void answer(const Request& request, const Network::Return& to, const Reply& reply);
  void say(const Change& change);
  void notify(Symbol deleted);
  void count(const Lease& lease, Duration extra);
  void look_for_expired();
  void arm_lessor();

  const Kinds& kinds_;
  ServerOptions options_;
  Store store_;
  Changes changes_;
  // In memory.
  bool primary_ = false;
  std::uint32_t tickets_ = 0;
  std::pmr::vector<Count> counts_;
  std::pmr::vector<Watch> watches_;
  std::pmr::vector<Waiting> waiting_;
  std::pmr::vector<Renewing> renewing_;
  std::pmr::vector<Request> to_revoke_;
};

}  // namespace locklab::etcd
