// What Redis nodes, Sentinels and the clients of Sentinels send to one another. All of it goes one
// way: an answer is a message of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/redis/keyspace.hpp"

namespace locklab::redis {

enum class NodeRole : std::uint8_t { master, replica };

struct NodeMessage {
  enum class Kind : std::uint8_t {
    psync,         // a replica has (history, offset) and wants to go on
    acknowledge,   // a replica has done all up to `offset`
    go_on,         // CONTINUE, under `history`
    full_resync,   // `count` keys follow: history and offset of the snapshot
    snapshot_key,  // one of them
    effect,        // number `offset`
    master_ping,   // the master is there, and has sent all up to `offset`
    ask_offset,    // REPLCONF GETACK
    ping,          // a Sentinel's
    pong,
    info,
    info_reply,
    replica_of,  // a Sentinel's: follow `master`; none: be the master
  };
  Kind kind{};
  NodeRole role{};       // of an info reply
  bool last = true;      // of a unit
  bool link_up = false;  // of an info reply: with its master
  bool is_element = false;
  std::uint32_t count = 0;
  std::uint32_t priority = 0;
  ProcessId master{};
  std::uint64_t history = 0;
  std::int64_t offset = 0;
  std::int64_t link_down_ms = 0;  // for how long
  std::uint64_t epoch = 0;        // of a replica_of: the configuration's, for the trace
  Change change{};
};
static_assert(std::is_trivially_copyable_v<NodeMessage> && sizeof(NodeMessage) <= 128);

struct SentinelMessage {
  enum class Kind : std::uint8_t {
    is_master_down,  // a Sentinel asks another; with a candidate: and for its vote
    master_down,     // what it says
    hello,           // who is master of the set, in which configuration
    get_master,      // a client asks, and wants to be told of changes
    master_is,       // what it is told
    switch_master,   // and later
  };
  Kind kind{};
  bool down = false;
  std::uint32_t set = 0;  // which master, by number from 0
  ProcessId candidate{};  // or the leader that was voted for
  ProcessId master{};
  std::uint64_t epoch = 0;         // the sender's present one
  std::uint64_t vote_epoch = 0;    // in which the candidate wants to lead, or leads
  std::uint64_t config_epoch = 0;  // of the master that is told
};
static_assert(std::is_trivially_copyable_v<SentinelMessage> && sizeof(SentinelMessage) <= 128);

/// Their kinds, as symbols of one run. Only a run with replicas or Sentinels has them.
class NodeKinds {
 public:
  explicit NodeKinds(Names& names);
  Symbol of(NodeMessage::Kind kind) const { return node_[static_cast<std::size_t>(kind)]; }
  Symbol of(SentinelMessage::Kind kind) const { return sentinel_[static_cast<std::size_t>(kind)]; }
  bool is_node(Symbol kind) const { return contains(node_, kind); }
  bool is_sentinel(Symbol kind) const { return contains(sentinel_, kind); }

 private:
  template <std::size_t N>
  static bool contains(const std::array<Symbol, N>& symbols, Symbol kind) {
    return std::find(symbols.begin(), symbols.end(), kind) != symbols.end();
  }
  std::array<Symbol, 13> node_;
  std::array<Symbol, 6> sentinel_;
};

}  // namespace locklab::redis
