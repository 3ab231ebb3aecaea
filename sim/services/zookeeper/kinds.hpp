// The kinds of message of a ZooKeeper ensemble and its clients, as symbols of one run.
#pragma once

#include <array>

#include "sim/names.hpp"
#include "sim/services/zookeeper/protocol.hpp"

namespace locklab::zookeeper {

struct Kinds {
  static constexpr std::size_t kOps = static_cast<std::size_t>(Op::close_session) + 1;

  explicit Kinds(Names& names);
  Symbol request(Op op) const { return requests[static_cast<std::size_t>(op)]; }
  Symbol reply(Op op) const { return replies[static_cast<std::size_t>(op)]; }
  Symbol peer(PeerWord word) const { return peers[static_cast<std::size_t>(word)]; }

  std::array<Symbol, kOps> requests;
  std::array<Symbol, kOps> replies;
  std::array<Symbol, kPeerWords> peers;
  Symbol ping, ping_reply, watch_event, children, close;
};

}  // namespace locklab::zookeeper
