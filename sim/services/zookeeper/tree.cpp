#include "sim/services/zookeeper/tree.hpp"

#include <algorithm>
#include <limits>

namespace locklab::zookeeper {

std::size_t Tree::place(Symbol path) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(nodes_, path, {}, &Node::path) -
                                  nodes_.begin());
}

const Node* Tree::find(Symbol path) const {
  const std::size_t at = place(path);
  return at < nodes_.size() && nodes_[at].path == path ? &nodes_[at] : nullptr;
}

const SessionRecord* Tree::find_session(SessionId id) const {
  const auto found = std::ranges::find(sessions_, id, &SessionRecord::id);
  return found == sessions_.end() ? nullptr : &*found;
}

void Tree::add_directory(Symbol path, NodeKind kind, std::int32_t next) {
  Node node;
  node.path = path;
  node.kind = kind;
  node.child_version = next;
  nodes_.insert(nodes_.begin() + static_cast<std::ptrdiff_t>(place(path)), node);
}

Outcome Tree::apply(const Transaction& transaction, Names& names, Changes& changes) {
  const Request& request = transaction.request;
  if (transaction.refused != Code::ok) return {transaction.refused, {}, {}};
  if (request.op == Op::connect) {
    sessions_.push_back({request.session, request.timeout_ms, transaction.client});
    Change began;
    began.kind = Change::Kind::session_began;
    began.session = sessions_.back();
    changes.push_back(began);
    return {};
  }
  // What the leader does of its own accord belongs to no session.
  if (request.session != 0 && find_session(request.session) == nullptr)
    return {Code::session_expired, {}, {}};
  switch (request.op) {
    case Op::create:
      return create(transaction, names, changes);
    case Op::remove:
      return remove(transaction, changes);
    case Op::close_session: {
      for (std::size_t i = 0; i < nodes_.size();) {
        if (nodes_[i].owner == request.session)
          erase(i, RemovalReason::session, AttemptId{}, changes);
        else
          ++i;
      }
      const auto session = std::ranges::find(sessions_, request.session, &SessionRecord::id);
      Change ended;
      ended.kind = Change::Kind::session_ended;
      ended.expired = transaction.origin == 0;
      ended.session = *session;
      changes.push_back(ended);
      sessions_.erase(session);
      return {};
    }
    default:
      return {};
  }
}

Outcome Tree::create(const Transaction& transaction, Names& names, Changes& changes) {
  const Request& request = transaction.request;
  Node* parent = request.parent ? node_at(request.parent) : nullptr;
  if (request.parent && parent == nullptr) return {Code::no_node, {}, {}};
  Node node;
  node.path = request.path;
  if (request.sequential) {
    node.number = parent == nullptr ? 0 : parent->child_version;
    node.path = names.join(names.text(request.path), SuffixText(node.number).text());
  }
  if (find(node.path) != nullptr) return {Code::node_exists, {}, {}};
  if (parent != nullptr && parent->kind == NodeKind::ephemeral)
    return {Code::no_children_for_ephemerals, {}, {}};
  if (parent != nullptr) {
    ++parent->children;
    // Wraps around, as a Java int does.
    parent->child_version = parent->child_version == std::numeric_limits<std::int32_t>::max()
                                ? std::numeric_limits<std::int32_t>::min()
                                : parent->child_version + 1;
  }
  node.parent = request.parent;
  node.data = request.data;
  node.attempt = request.attempt;
  node.kind = request.kind;
  node.guid = request.guid;
  node.owner = request.kind == NodeKind::ephemeral ? request.session : 0;
  node.czxid = transaction.zxid;
  nodes_.insert(nodes_.begin() + static_cast<std::ptrdiff_t>(place(node.path)), node);
  Change created;
  created.kind = Change::Kind::node_created;
  created.node = node;
  changes.push_back(created);
  return {Code::ok, node.path, {node.czxid, node.owner, node.number}};
}

Outcome Tree::remove(const Transaction& transaction, Changes& changes) {
  const Request& request = transaction.request;
  const std::size_t at = place(request.path);
  if (at >= nodes_.size() || nodes_[at].path != request.path) return {Code::no_node, {}, {}};
  if (nodes_[at].children > 0) return {Code::not_empty, {}, {}};
  if (request.if_empty_container && nodes_[at].kind != NodeKind::container)
    return {Code::no_node, {}, {}};
  erase(at, request.by_operator ? RemovalReason::lost : RemovalReason::deleted, request.attempt,
        changes);
  return {};
}

void Tree::erase(std::size_t index, RemovalReason why, AttemptId by, Changes& changes) {
  const Node gone = nodes_[index];
  nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(index));
  if (Node* parent = node_at(gone.parent)) --parent->children;
  Change removed;
  removed.kind = Change::Kind::node_removed;
  removed.why = why;
  removed.by = by;
  removed.node = gone;
  changes.push_back(removed);
}

}  // namespace locklab::zookeeper
