#include "sim/services/hazelcast/server.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab::hazelcast {

Server::Server(Process& self, const Kinds& kinds, const raft::Kinds& log_kinds,
               const ServerOptions& options, raft::Group& group, Symbol store_name)
    : raft::Server(self, log_kinds, options.log, group, store_name),
      kinds_(kinds),
      options_(options),
      locks_(&self.arena()),
      changes_(&self.arena()),
      expiries_(&self.arena()),
      waiting_(&self.arena()) {}

void Server::on_start() {
  raft::Server::on_start();
  arm_look();
}

void Server::on_death() {
  leads_ = false;
  expiries_.clear();
  waiting_.clear();
}

void Server::reset() {
  locks_.clear();
  expiries_.clear();
}

void Server::on_request(const Packet& packet) {
  const Network::Return to(packet);
  if (!leads_) return refused(to);
  node_.submit(raft::Command::of(packet.as<Request>()), to);
}

/// NotLeaderException: who leads, if this one knows.
void Server::refused(const Network::Return& asked) {
  Reply reply;
  reply.no_leader = true;
  reply.leader = node_.leader();
  self_.world().network().reply(asked, kinds_.refusal, reply);
}

void Server::leads(bool now) {
  leads_ = now;
  if (!now) {
    for (const Waiting& one : waiting_) refused(one.to);
    waiting_.clear();
    return;
  }
  // Nobody may have been able to send a heartbeat meanwhile.
  for (Expiry& one : expiries_) one.at += options_.session_heartbeat;
}

void Server::apply(const raft::Committed& committed) {
  const Request request = committed.entry->command.as<Request>();
  changes_.clear();
  const Answer answer = locks_.apply(request, committed.index, changes_);
  for (const Change& change : changes_) {
    if (committed.first) say(change);
    switch (change.kind) {
      case Change::Kind::held:
        if (change.was_waiting) answer_waiting(change);
        break;
      case Change::Kind::freed:
        break;
      case Change::Kind::session_began:
      case Change::Kind::session_beat:
        note(change.session.id);
        break;
      case Change::Kind::session_ended:
        std::erase_if(expiries_,
                      [&](const Expiry& one) { return one.session == change.session.id; });
        break;
    }
  }
  if (committed.asked == nullptr) return;
  if (answer)
    self_.world().network().reply(*committed.asked, kinds_.reply(request.operation), *answer);
  else
    waiting_.push_back({request.invocation, *committed.asked});
}

/// Those who waited for the lock are answered now, if they asked this member; else they ask again.
void Server::answer_waiting(const Change& change) {
  std::erase_if(waiting_, [&](const Waiting& one) {
    if (one.invocation != change.claim.invocation) return false;
    const Reply reply{.fence = change.fence, .holds = 1};
    self_.world().network().reply(one.to, kinds_.reply(Operation::lock), reply);
    return true;
  });
}

void Server::say(const Change& change) {
  World& world = self_.world();
  switch (change.kind) {
    case Change::Kind::held:
      say_stored({change.key, change.claim.session, change.claim.attempt});
      return;
    case Change::Kind::freed:
      say_removed({change.key, change.claim.session, change.claim.attempt}, change.by,
                  change.by_session_end);
      return;
    case Change::Kind::session_began:
      world.emit(self_.id(),
                 SessionBegan{change.session.id, change.session.client, options_.session_ttl});
      return;
    case Change::Kind::session_beat:
      return;
    case Change::Kind::session_ended:
      world.emit(self_.id(),
                 SessionEnded{change.session.id, change.session.client, SessionEnd::expired});
      return;
  }
}

// ---- sessions -----------------------------------------------------------------------------------

void Server::note(std::uint64_t session) {
  const WallInstant at = self_.wall_now() + options_.session_ttl;
  for (Expiry& one : expiries_) {
    if (one.session != session) continue;
    one.at = std::max(one.at, at);
    return;
  }
  expiries_.push_back({session, at});
}

void Server::arm_look() {
  Event due;
  due.context = this;
  due.act = [](void* server, std::uint64_t) {
    auto& self = *static_cast<Server*>(server);
    self.look();
    self.arm_look();
  };
  self_.timer(ClockKind::mono, kLook, due);
}

void Server::look() {
  if (!leads_) return;
  const WallInstant now = self_.wall_now();
  // By index: a group of one carries it out at once.
  for (std::size_t i = expiries_.size(); i-- > 0;) {
    if (i >= expiries_.size() || expiries_[i].at > now) continue;
    const Session* session = locks_.find_session(expiries_[i].session);
    if (session == nullptr) continue;
    Request expire;
    expire.operation = Operation::expire_session;
    expire.session = session->id;
    expire.version = session->version;
    node_.submit(raft::Command::of(expire));
  }
}

}  // namespace locklab::hazelcast
