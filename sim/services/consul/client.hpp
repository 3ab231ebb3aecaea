// A client's view of a Consul cluster: `co_await consul.ask(request, timeout)`.
#pragma once

#include "sim/services/consul/protocol.hpp"
#include "sim/services/raft/caller.hpp"

namespace locklab::consul {

class Client final : public raft::Caller<Request, Reply, Kinds> {
 public:
  using raft::Caller<Request, Reply, Kinds>::Caller;
  /// Names a session. Consul draws a UUID.
  std::uint64_t new_session() {
    return std::uint64_t{self().id().number} << 32 | std::uint64_t{self().life()} << 16 |
           ++sessions_;
  }

 private:
  std::uint32_t sessions_ = 0;
};

}  // namespace locklab::consul
