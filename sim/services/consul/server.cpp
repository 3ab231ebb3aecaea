#include "sim/services/consul/server.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab::consul {

Server::Server(Process& self, const Kinds& kinds, const raft::Kinds& log_kinds,
               const ServerOptions& options, raft::Group& group, Symbol store_name)
    : raft::Server(self, log_kinds, options.log, group, store_name),
      kinds_(kinds),
      store_(&self.arena()),
      changes_(&self.arena()),
      alarms_(&self.arena()),
      counts_(&self.arena()),
      delays_(&self.arena()),
      blocked_(&self.arena()) {}

void Server::on_start() {
  raft::Server::on_start();
  if (started_) return;
  started_ = true;
  for (const FalseAlarm& one : alarms_) {
    Event due;
    due.context = this;
    due.a = one.client.number;
    due.act = [](void* server, std::uint64_t client) {
      static_cast<Server*>(server)->alarm(ProcessId{static_cast<std::uint32_t>(client)});
    };
    self_.timer(ClockKind::mono, one.at, due);
  }
}

void Server::on_death() {
  leads_ = false;
  counts_.clear();
  delays_.clear();
  blocked_.clear();
}

void Server::reset() { store_.clear(); }

void Server::on_request(const Packet& packet) {
  const auto& request = packet.as<Request>();
  const Network::Return to(packet);
  if (!leads_) return refused(to);
  switch (request.operation) {
    case Operation::session_create:
    case Operation::session_destroy:
    case Operation::kv_release:
      node_.submit(raft::Command::of(request), to);
      return;
    case Operation::kv_acquire:
      // Not a matter of the log: clocks differ, and the leader's counts.
      if (delayed(request.key)) return answer(request.operation, to, Reply{});
      node_.submit(raft::Command::of(request), to);
      return;
    case Operation::session_renew: {
      Reply reply;
      if (const Session* session = store_.find_session(request.session)) {
        count(*session);
        reply.yes = true;
      }
      answer(request.operation, to, reply);
      return;
    }
    case Operation::kv_get: {
      const Reply now = store_.read(request.key);
      if (request.index == 0 || now.index > request.index || !now.yes)
        answer(request.operation, to, now);
      else
        blocked_.push_back({request.key, request.index, to});
      return;
    }
  }
}

void Server::refused(const Network::Return& asked) {
  Reply reply;
  reply.no_leader = true;
  reply.leader = node_.leader();
  self_.world().network().reply(asked, kinds_.refusal, reply);
}

void Server::answer(Operation operation, const Network::Return& to, const Reply& reply) {
  self_.world().network().reply(to, kinds_.reply(operation), reply);
}

void Server::apply(const raft::Committed& committed) {
  const Request request = committed.entry->command.as<Request>();
  changes_.clear();
  const Reply reply = store_.apply(request, committed.index, changes_);
  for (const Change& change : changes_) {
    if (committed.first) say(change);
    switch (change.kind) {
      case Change::Kind::acquired:
        unblock(change.key.name);
        break;
      case Change::Kind::freed: {
        unblock(change.key.name);
        if (!change.by_session_end) break;
        const Duration delay = changes_.back().session.lock_delay;
        if (delay > Duration{0}) delays_.push_back({change.key.name, self_.mono_now() + delay});
        break;
      }
      case Change::Kind::session_began:
        if (leads_) count(change.session);
        break;
      case Change::Kind::session_ended:
        std::erase_if(counts_, [&](const Count& one) { return one.session == change.session.id; });
        break;
    }
  }
  if (committed.asked != nullptr) answer(request.operation, *committed.asked, reply);
}

void Server::say(const Change& change) {
  World& world = self_.world();
  switch (change.kind) {
    case Change::Kind::acquired:
      say_stored({change.key.name, change.key.session, change.key.attempt});
      return;
    case Change::Kind::freed:
      say_removed({change.key.name, change.key.session, change.key.attempt}, change.by,
                  change.by_session_end);
      return;
    case Change::Kind::session_began:
      world.emit(self_.id(),
                 SessionBegan{change.session.id, change.session.client, change.session.ttl});
      return;
    case Change::Kind::session_ended: {
      const SessionEnd why = change.ending == Ending::expired     ? SessionEnd::expired
                             : change.ending == Ending::destroyed ? SessionEnd::closed
                                                                  : SessionEnd::invalidated;
      world.emit(self_.id(), SessionEnded{change.session.id, change.session.client, why});
      return;
    }
  }
}

void Server::unblock(Symbol key) {
  const Reply now = store_.read(key);
  std::erase_if(blocked_, [&](const Blocked& one) {
    if (one.key != key) return false;
    answer(Operation::kv_get, one.to, now);
    return true;
  });
}

bool Server::delayed(Symbol key) const {
  return std::any_of(delays_.begin(), delays_.end(), [&](const Delay& delay) {
    return delay.key == key && delay.until > self_.mono_now();
  });
}

// ---- what the leader counts ---------------------------------------------------------------------

void Server::leads(bool now) {
  leads_ = now;
  counts_.clear();
  for (const Blocked& one : blocked_) refused(one.to);
  blocked_.clear();
  if (!now) return;
  for (const Session& session : store_.sessions()) count(session);
}

/// Begins, or begins anew, to count a session's time.
void Server::count(const Session& session) {
  const Duration lives = kTtlMultiplier * session.ttl;
  const MonoInstant ends = self_.mono_now() + lives;
  for (Count& one : counts_) {
    if (one.session != session.id) continue;
    one.ends = ends;
    return;
  }
  counts_.push_back({session.id, ends});
  arm(session.id, lives);
}

void Server::arm(std::uint64_t session, Duration after) {
  Event due;
  due.context = this;
  due.a = session;
  due.act = [](void* context, std::uint64_t id) {
    auto& server = *static_cast<Server*>(context);
    for (const Count& one : server.counts_) {
      if (one.session != id) continue;
      const Duration left = one.ends - server.self_.mono_now();
      if (left > Duration{0}) return server.arm(id, left);
      server.end(id, Ending::expired);
      return server.arm(id, kRetry);  // until it is gone
    }
  };
  self_.timer(ClockKind::mono, after, due);
}

void Server::end(std::uint64_t session, Ending why) {
  Request destroy;
  destroy.operation = Operation::session_destroy;
  destroy.ending = why;
  destroy.session = session;
  node_.submit(raft::Command::of(destroy));
}

/// The node's health check turns critical, and takes the sessions that are bound to it along.
void Server::alarm(ProcessId client) {
  if (!leads_) return;
  for (const Session& session : store_.sessions())
    if (session.client == client && session.health_check) end(session.id, Ending::health_check);
}

}  // namespace locklab::consul
