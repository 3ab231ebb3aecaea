// A client's view of a Hazelcast cluster: `co_await hazelcast.ask(request, timeout)`.
#pragma once

#include "sim/services/hazelcast/protocol.hpp"
#include "sim/services/raft/caller.hpp"

namespace locklab::hazelcast {

class Client final : public raft::Caller<Request, Reply, Kinds> {
 public:
  using raft::Caller<Request, Reply, Kinds>::Caller;
  /// An id that no other invocation has.
  std::uint64_t new_id() {
    return std::uint64_t{self().id().number} << 40 | std::uint64_t{self().life()} << 24 | ++ids_;
  }

 private:
  std::uint32_t ids_ = 0;
};

}  // namespace locklab::hazelcast
