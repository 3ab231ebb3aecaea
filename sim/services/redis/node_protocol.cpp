#include "sim/services/redis/node_protocol.hpp"

#include <string_view>

namespace locklab::redis {

NodeKinds::NodeKinds(Names& names) {
  constexpr std::array<std::string_view, 13> kNode{
      "PSYNC",     "REPLCONF ACK", "CONTINUE",        "FULLRESYNC",    "snapshot",
      "replicate", "repl PING",    "REPLCONF GETACK", "sentinel PING", "PONG",
      "INFO",      "INFO reply",   "SLAVEOF"};
  constexpr std::array<std::string_view, 6> kSentinel{
      "is-master-down-by-addr", "master-down", "hello",
      "get-master-addr",        "master-addr", "+switch-master"};
  for (std::size_t i = 0; i < kNode.size(); ++i) node_[i] = names.intern(kNode[i]);
  for (std::size_t i = 0; i < kSentinel.size(); ++i) sentinel_[i] = names.intern(kSentinel[i]);
}

}  // namespace locklab::redis
