// The data of a ZooKeeper server as a value: its nodes and its sessions, changed by one transaction
// after another [spec D.1]. Every server that applies the same transactions holds the same.
//
// Sequential nodes are numbered by their parent's child-version counter, which counts every
// creation of a child, starts at 0 with the parent and is a signed 32-bit number: after 2147483647
// comes -2147483648 [ZooKeeper programmer's guide; corpus 67, 68].
//
// Model: nodes carry no data beyond one name, no version and no access list; a lock's directory has
// no parent of its own.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/zookeeper/protocol.hpp"
#include "sim/trace.hpp"

namespace locklab::zookeeper {

struct Node {
  Symbol path{};
  Symbol parent{};
  Symbol data{};
  AttemptId attempt{};
  NodeKind kind = NodeKind::persistent;
  std::int32_t number = 0;         // of a sequential node: what follows its name
  std::int32_t child_version = 0;  // the number of the next sequential child
  std::uint32_t children = 0;
  std::uint64_t guid = 0;
  SessionId owner = 0;  // of an ephemeral node
  Zxid czxid = 0;
  bool operator==(const Node&) const = default;
};

struct SessionRecord {
  SessionId id = 0;
  std::uint32_t timeout_ms = 0;
  ProcessId client{};
  bool operator==(const SessionRecord&) const = default;
};

/// What a transaction did.
struct Change {
  enum class Kind : std::uint8_t {
    node_created,
    node_removed,
    session_began,
    session_ended,
  };
  Kind kind{};
  /// node_removed: with its session, deleted, or by an operator (lost).
  RemovalReason why = RemovalReason::deleted;
  bool expired = false;  // session_ended: its time was over
  AttemptId by{};        // node_removed: on whose behalf
  Node node{};
  SessionRecord session{};
};
using Changes = std::pmr::vector<Change>;

/// What its client is told.
struct Outcome {
  Code code = Code::ok;
  Symbol path{};
  Stat stat{};
};

class Tree {
 public:
  explicit Tree(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : nodes_(memory), sessions_(memory) {}
  Tree(const Tree& other, std::pmr::memory_resource* memory)
      : nodes_(other.nodes_, memory), sessions_(other.sessions_, memory) {}

  /// A directory that is there before the run, whose next sequential child has the number `next`.
  void add_directory(Symbol path, NodeKind kind, std::int32_t next);

  /// Appends to `changes` what it does, in the order in which watchers are to hear of it. Names of
  /// sequential nodes are made in `names`.
  Outcome apply(const Transaction& transaction, Names& names, Changes& changes);

  const Node* find(Symbol path) const;
  const SessionRecord* find_session(SessionId id) const;
  std::span<const Node> nodes() const { return nodes_; }
  std::span<const SessionRecord> sessions() const { return sessions_; }
  template <class Visit>
  void for_each_child(Symbol parent, Visit visit) const {
    for (const Node& node : nodes_)
      if (node.parent == parent) visit(node);
  }
  bool operator==(const Tree&) const = default;

 private:
  Outcome create(const Transaction& transaction, Names& names, Changes& changes);
  Outcome remove(const Transaction& transaction, Changes& changes);
  void erase(std::size_t index, RemovalReason why, AttemptId by, Changes& changes);
  std::size_t place(Symbol path) const;
  Node* node_at(Symbol path) {
    return const_cast<Node*>(static_cast<const Tree*>(this)->find(path));
  }

  std::pmr::vector<Node> nodes_;  // by path
  std::pmr::vector<SessionRecord> sessions_;
};

}  // namespace locklab::zookeeper
