// A server and its clients [spec D.1 "Reads", "Watches"]. The requests of one client are answered
// in their order: a read that stands behind a write waits until this server has applied the write.
// Reads are answered from this server's own state, which may be behind. Watches are one-shot, are
// kept here for the connection that set them, and fire before the client can see the new state.
#include <algorithm>

#include "sim/assert.hpp"
#include "sim/services/zookeeper/server.hpp"
#include "sim/world.hpp"

namespace locklab::zookeeper {

Server::Connection* Server::find_connection(ProcessId client) {
  const auto found = std::ranges::find(connections_, client, &Connection::client);
  return found == connections_.end() ? nullptr : &*found;
}

void Server::send_notice(ProcessId client, Symbol kind, const Notice& notice) {
  self_.world().network().send(self_.id(), client, kind, notice.path, CallId{}, notice);
}

/// `tell`: the client's side of the connection is closed too.
void Server::close(ProcessId client, bool tell) {
  Connection* connection = find_connection(client);
  if (connection == nullptr) return;
  if (tell) send_notice(client, ensemble_.kinds.close, {connection->number, 0, applied_, {}});
  std::erase_if(watches_, [client](const Watch& watch) { return watch.client == client; });
  std::erase_if(connections_, [client](const Connection& each) { return each.client == client; });
}

void Server::close_all() {
  while (!connections_.empty()) close(connections_.back().client, true);
}

/// The session's client is alive: the leader notes it, a follower passes it on with its answer to
/// the next ping.
void Server::touch(SessionId session) {
  if (session == 0) return;
  if (standing_ == Standing::leading)
    sessions_.touch(session, now_ms());
  else if (std::ranges::find(touched_, session) == touched_.end())
    touched_.push_back(session);
}

std::uint32_t Server::negotiated(std::uint32_t requested_ms) const {
  const Duration least =
      options().min_session > Duration{0} ? options().min_session : 2 * options().tick;
  const Duration most =
      options().max_session > Duration{0} ? options().max_session : 20 * options().tick;
  const Duration asked = std::chrono::milliseconds(requested_ms);
  return static_cast<std::uint32_t>(in_ms(std::max(least, std::min(asked, most))));
}

// ---- requests -----------------------------------------------------------------------------------

void Server::on_request(const Packet& packet) {
  const auto& request = packet.as<Request>();
  if (!serving_) {
    self_.world().network().refuse(packet);
    return;
  }
  if (request.op == Op::connect) {
    on_connect(packet, request);
    return;
  }
  Connection* connection = find_connection(packet.from);
  if (connection == nullptr || connection->number < request.connection) {
    // Of a connection that this server has given up, or never knew.
    send_notice(packet.from, ensemble_.kinds.close, {request.connection, 0, applied_, {}});
    return;
  }
  if (connection->number != request.connection || request.sequence <= connection->heard) return;
  if (request.sequence != connection->heard + 1) {
    close(packet.from, true);
    return;
  }
  connection->heard = request.sequence;
  touch(connection->session);
  const bool awaits = is_write(request.op) || request.op == Op::sync;
  connection->queue.push_back({request, Network::Return(packet), awaits});
  if (awaits) forward(request, packet.from);
  if (Connection* still = find_connection(packet.from)) advance(*still);
}

void Server::on_connect(const Packet& packet, const Request& asked) {
  if (const Connection* known = find_connection(packet.from)) {
    if (known->number >= asked.connection) return;  // seen before
    close(packet.from, false);
  }
  // "Our last zxid is …, client must try another server."
  if (asked.seen > applied_) {
    self_.world().network().refuse(packet);
    return;
  }
  Request request = asked;
  Connection& connection = connections_.emplace_back(&self_.arena());
  connection.client = packet.from;
  connection.number = request.connection;
  connection.heard = request.sequence;
  const bool fresh = request.session == 0;
  if (fresh) {
    // Model: ids count, by server and life, where the real ones begin with the time of day.
    constexpr SessionId kPerServer = 1'000'000'000;
    constexpr SessionId kPerLife = 1'000'000;
    request.session = number_ * kPerServer + self_.life() * kPerLife + ++sessions_made_;
    request.timeout_ms = negotiated(request.timeout_ms);
  }
  connection.session = request.session;
  connection.queue.push_back({request, Network::Return(packet), true});
  if (fresh) {
    forward(request, packet.from);
  } else if (standing_ == Standing::leading) {
    finish_connect(packet.from, request.connection,
                   sessions_.touch_and_own(request.session, number_, now_ms()));
  } else {
    PeerMessage question;
    question.word = PeerWord::revalidate;
    question.client = packet.from;
    question.connection = request.connection;
    question.session = request.session;
    send_to_leader(question);
  }
}

void Server::forward(const Request& request, ProcessId client) {
  if (request.op == Op::sync) {
    PeerMessage message;
    message.word = PeerWord::sync;
    message.client = client;
    message.connection = request.connection;
    message.epoch = request.sequence;
    if (standing_ == Standing::following) {
      send_to_leader(message);
      return;
    }
    pending_syncs_.push_back({log_.last(), message, number_});
    flush_syncs();
    return;
  }
  if (standing_ == Standing::leading) {
    submit_for(request, client, number_);
    return;
  }
  PeerMessage message;
  message.word = PeerWord::request;
  message.transaction.request = request;
  message.transaction.client = client;
  send_to_leader(message, request.path);
}

/// Carries out reads as long as none stands behind something that is still on its way.
void Server::advance(Connection& connection) {
  while (!connection.queue.empty() && !connection.queue.front().awaits) {
    const Queued queued = connection.queue.front();
    connection.queue.erase(connection.queue.begin());
    read(connection, queued);
  }
}

void Server::reply(Connection& connection, const Queued& queued, Reply& reply) {
  reply.sequence = ++connection.sent;
  reply.zxid = applied_;
  self_.world().network().reply(queued.to, ensemble_.kinds.reply(queued.request.op), reply);
}

void Server::read(Connection& connection, const Queued& queued) {
  const Request& request = queued.request;
  Reply answer;
  answer.session = connection.session;
  if (request.op == Op::get_children) {
    std::pmr::vector<Child> children(&self_.arena());
    tree_.for_each_child(request.path, [&](const Node& node) {
      children.push_back({node.path, node.number, node.guid});
    });
    if (tree_.find(request.path) == nullptr) answer.code = Code::no_node;
    std::size_t next = 0;
    while (children.size() - next > kChildrenInReply) {
      ChildrenPart part;
      part.connection = connection.number;
      part.sequence = ++connection.sent;
      while (next < children.size() && part.count < kChildrenInPart)
        part.children[part.count++] = children[next++];
      self_.world().network().send(self_.id(), connection.client, ensemble_.kinds.children,
                                   request.path, CallId{}, part);
    }
    while (next < children.size()) answer.children[answer.count++] = children[next++];
    reply(connection, queued, answer);
    return;
  }
  const Node* node = tree_.find(request.path);
  if (node != nullptr)
    answer.stat = {node->czxid, node->owner, node->number};
  else
    answer.code = Code::no_node;
  const Watch watch{request.path, request.watch, connection.client, connection.number};
  if (request.op == Op::set_watch) {
    // What the client missed while it was away, it hears now.
    const bool missed = request.watch == WatchKind::existence
                            ? node != nullptr
                            : node == nullptr || node->czxid > request.seen;
    if (missed)
      notify(connection, request.path);
    else
      add_watch(watch);
  } else if (request.watch != WatchKind::none) {
    // Of a node that is not there only exists() leaves a watch: for its creation.
    if (node != nullptr)
      add_watch({request.path, WatchKind::data, watch.client, watch.connection});
    else if (request.op == Op::exists)
      add_watch({request.path, WatchKind::existence, watch.client, watch.connection});
  }
  reply(connection, queued, answer);
}

// ---- answers that had to wait -------------------------------------------------------------------

void Server::finish_connect(ProcessId client, std::uint32_t number, bool valid) {
  Connection* connection = find_connection(client);
  if (connection == nullptr || connection->number != number || connection->queue.empty()) return;
  const Queued queued = connection->queue.front();
  connection->queue.erase(connection->queue.begin());
  Reply answer;
  if (valid) {
    const SessionRecord* session = tree_.find_session(connection->session);
    answer.session = connection->session;
    answer.timeout_ms =
        session != nullptr ? session->timeout_ms : negotiated(queued.request.timeout_ms);
  }
  reply(*connection, queued, answer);
  if (valid)
    advance(*connection);
  else
    close(client, false);
}

void Server::finish_sync(ProcessId client, std::uint32_t number, std::uint32_t sequence) {
  Connection* connection = find_connection(client);
  if (connection == nullptr || connection->number != number || connection->queue.empty()) return;
  const Queued queued = connection->queue.front();
  if (queued.request.sequence != sequence) return;
  connection->queue.erase(connection->queue.begin());
  Reply answer;
  reply(*connection, queued, answer);
  advance(*connection);
}

/// The transaction of one of this server's clients was applied here.
void Server::answer(const Transaction& transaction, const Outcome& outcome) {
  const Request& request = transaction.request;
  if (transaction.origin == number_) {
    Connection* connection = find_connection(transaction.client);
    if (connection != nullptr && connection->number == request.connection &&
        !connection->queue.empty() &&
        connection->queue.front().request.sequence == request.sequence) {
      const Queued queued = connection->queue.front();
      connection->queue.erase(connection->queue.begin());
      Reply answer;
      answer.code = outcome.code;
      answer.path = outcome.path;
      answer.stat = outcome.stat;
      if (request.op == Op::connect) {
        answer.session = request.session;
        answer.timeout_ms = request.timeout_ms;
      }
      reply(*connection, queued, answer);
      advance(*connection);
    }
  }
  if (request.op != Op::close_session) return;
  // The session is over: so is its connection, wherever it is.
  for (const Connection& connection : connections_) {
    if (connection.session != request.session) continue;
    close(connection.client, true);
    return;
  }
}

// ---- notices ------------------------------------------------------------------------------------

void Server::on_notice(const Packet& packet) {
  const auto& notice = packet.as<Notice>();
  Connection* connection = find_connection(packet.from);
  if (packet.kind == ensemble_.kinds.close) {
    if (connection != nullptr && connection->number == notice.connection) close(packet.from, false);
    return;
  }
  if (connection == nullptr || connection->number < notice.connection) {
    send_notice(packet.from, ensemble_.kinds.close, {notice.connection, 0, applied_, {}});
    return;
  }
  if (connection->number != notice.connection) return;
  if (notice.sequence > connection->heard) {  // a request before it never came
    close(packet.from, true);
    return;
  }
  touch(connection->session);
  send_notice(packet.from, ensemble_.kinds.ping_reply,
              {connection->number, ++connection->sent, applied_, {}});
}

void Server::notify(Connection& connection, Symbol path) {
  send_notice(connection.client, ensemble_.kinds.watch_event,
              {connection.number, ++connection.sent, applied_, path});
}

/// Whoever watches twice hears once.
void Server::add_watch(const Watch& watch) {
  if (std::ranges::find(watches_, watch) == watches_.end()) watches_.push_back(watch);
}

void Server::fire(const Change& change) {
  const bool created = change.kind == Change::Kind::node_created;
  if (!created && change.kind != Change::Kind::node_removed) return;
  for (std::size_t i = 0; i < watches_.size();) {
    const Watch watch = watches_[i];
    if (watch.path != change.node.path || (created && watch.kind != WatchKind::existence)) {
      ++i;
      continue;
    }
    watches_.erase(watches_.begin() + static_cast<std::ptrdiff_t>(i));
    Connection* connection = find_connection(watch.client);
    if (connection != nullptr && connection->number == watch.connection)
      notify(*connection, watch.path);
  }
}

}  // namespace locklab::zookeeper
