#include "sim/services/chubby/server.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab::chubby {

Server::Server(Process& self, const Kinds& kinds, const raft::Kinds& log_kinds,
               const ServerOptions& options, raft::Group& group, Symbol store_name)
    : raft::Server(self, log_kinds, options.log, group, store_name),
      kinds_(kinds),
      options_(options),
      cell_(&self.arena()),
      changes_(&self.arena()),
      leases_(&self.arena()),
      held_(&self.arena()),
      waiting_(&self.arena()) {}

void Server::on_death() {
  master_ = false;
  leases_.clear();
  held_.clear();
  waiting_.clear();
}

void Server::reset() { cell_.clear(); }

void Server::on_request(const Packet& packet) {
  const auto& request = packet.as<Request>();
  const Network::Return to(packet);
  if (!master_) return refused(to);
  switch (request.operation) {
    case Operation::keep_alive: {
      Lease* lease = lease_of(request.session);
      if (lease == nullptr) {
        Reply reply;
        reply.status = Status::session_expired;
        return answer(request.operation, to, reply);
      }
      std::erase_if(held_, [&](const Held& one) { return one.session == request.session; });
      held_.push_back({request.session, self_.mono_now(), request.epoch != node_.term(), to});
      lease_due(request.session);
      return;
    }
    case Operation::create_session:
    case Operation::end_session:
    case Operation::acquire:
    case Operation::release:
    case Operation::end_delay:
      node_.submit(raft::Command::of(request), to);
      return;
  }
}

/// Who is not the master says who is.
void Server::refused(const Network::Return& asked) {
  Reply reply;
  reply.no_leader = true;
  reply.leader = node_.leader();
  self_.world().network().reply(asked, kinds_.refusal, reply);
}

void Server::answer(Operation operation, const Network::Return& to, Reply reply) {
  reply.epoch = node_.term();
  self_.world().network().reply(to, kinds_.reply(operation), reply);
}

void Server::apply(const raft::Committed& committed) {
  const Request request = committed.entry->command.as<Request>();
  changes_.clear();
  Reply reply = cell_.apply(request, changes_);
  if (request.operation == Operation::create_session) reply.lease = options_.lease;
  Symbol opened{};
  for (const Change& change : changes_) {
    if (committed.first) say(change);
    if (!master_) continue;
    switch (change.kind) {
      case Change::Kind::held:
        break;
      case Change::Kind::freed:
        if (change.lock.delayed)
          begin_delay(change.lock);
        else
          opened = change.lock.key;
        break;
      case Change::Kind::opened:
        opened = change.lock.key;
        break;
      case Change::Kind::session_began:
        begin_lease(change.session.id);
        break;
      case Change::Kind::session_ended:
        std::erase_if(leases_, [&](const Lease& one) { return one.session == change.session.id; });
        break;
    }
  }
  if (request.operation == Operation::acquire) {
    // Whoever asks again waits once.
    std::erase_if(waiting_, [&](const Waiting& one) {
      return one.request.session == request.session && one.request.key == request.key;
    });
    // A waiter whose session is gone leaves the lock to the next one.
    if (reply.status == Status::session_expired && request.wait) opened = request.key;
  }
  if (committed.asked != nullptr) {
    if (master_ && request.wait && reply.status == Status::taken)
      waiting_.push_back({request, *committed.asked});
    else
      answer(request.operation, *committed.asked, reply);
  }
  if (opened && master_) let_next(opened);
}

void Server::say(const Change& change) {
  World& world = self_.world();
  switch (change.kind) {
    case Change::Kind::held:
      say_stored({change.lock.key, change.lock.holder, change.lock.attempt});
      return;
    case Change::Kind::freed:
      say_removed({change.lock.key, change.lock.holder, change.lock.attempt}, change.by,
                  change.failed);
      return;
    case Change::Kind::opened:
      return;
    case Change::Kind::session_began:
      world.emit(self_.id(),
                 SessionBegan{change.session.id, change.session.client, options_.lease});
      return;
    case Change::Kind::session_ended:
      world.emit(self_.id(),
                 SessionEnded{change.session.id, change.session.client, SessionEnd::expired});
      return;
  }
}

// ---- the master ---------------------------------------------------------------------------------

void Server::leads(bool now) {
  master_ = now;
  leases_.clear();
  for (const Held& one : held_) refused(one.to);
  for (const Waiting& one : waiting_) refused(one.to);
  held_.clear();
  waiting_.clear();
  if (!now) return;
  for (const Session& session : cell_.sessions()) begin_lease(session.id);
  for (const LockFile& lock : cell_.locks())
    if (lock.delayed) begin_delay(lock);
}

Server::Lease* Server::lease_of(std::uint64_t session) {
  for (Lease& lease : leases_)
    if (lease.session == session) return &lease;
  return nullptr;
}

void Server::begin_lease(std::uint64_t session) {
  leases_.push_back({session, self_.mono_now() + options_.lease, {}});
  arm_lease(leases_.back(), options_.lease - kNearTheEnd);
}

/// One timer a lease.
void Server::arm_lease(Lease& lease, Duration after) {
  self_.world().loop().cancel(lease.timer);
  Event due;
  due.context = this;
  due.a = lease.session;
  due.act = [](void* server, std::uint64_t id) { static_cast<Server*>(server)->lease_due(id); };
  lease.timer = self_.timer(ClockKind::mono, after, due);
}

/// A lease is near its end, or at it; or its client has asked.
void Server::lease_due(std::uint64_t session) {
  Lease* lease = lease_of(session);
  if (lease == nullptr) return;
  const Duration left = lease->ends - self_.mono_now();
  bool asked = false;
  bool news = false;
  for (const Held& one : held_) {
    if (one.session != session) continue;
    asked = true;
    news = news || one.news;
  }
  if (left > kNearTheEnd && !news) return arm_lease(*lease, left - kNearTheEnd);
  // Who may not be the master any more promises nothing, and ends nothing.
  if (!node_.holds_lease()) return arm_lease(*lease, options_.log.heartbeat);
  if (asked) {
    answer_keep_alive(*lease);
    return arm_lease(*lease, lease->ends - self_.mono_now() - kNearTheEnd);
  }
  if (left > Duration{0}) return arm_lease(*lease, left);
  arm_lease(*lease, kAgain);
  Request end;
  end.operation = Operation::end_session;
  end.session = session;
  node_.submit(raft::Command::of(end));
}

/// The lease is extended; how far, the answer says from when the question was received.
void Server::answer_keep_alive(Lease& lease) {
  const MonoInstant now = self_.mono_now();
  lease.ends = now + options_.lease;
  std::erase_if(held_, [&](const Held& one) {
    if (one.session != lease.session) return false;
    Reply reply;
    reply.lease = lease.ends - one.received;
    answer(Operation::keep_alive, one.to, reply);
    return true;
  });
}

void Server::begin_delay(const LockFile& lock) { arm_delay(lock.key, lock.lock_delay); }

void Server::arm_delay(Symbol key, Duration after) {
  Event due;
  due.context = this;
  due.a = key.number;
  due.act = [](void* context, std::uint64_t number) {
    auto& server = *static_cast<Server*>(context);
    const Symbol name{static_cast<std::uint32_t>(number)};
    const LockFile* lock = server.cell_.find(name);
    if (!server.master_ || lock == nullptr || !lock->delayed) return;
    Request end;
    end.operation = Operation::end_delay;
    end.key = name;
    end.generation = lock->generation;
    server.arm_delay(name, kAgain);
    server.node_.submit(raft::Command::of(end));
  };
  self_.timer(ClockKind::mono, after, due);
}

/// Whoever has waited longest tries again.
void Server::let_next(Symbol key) {
  const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                 [&](const Waiting& one) { return one.request.key == key; });
  if (next == waiting_.end()) return;
  const Waiting waited = *next;
  waiting_.erase(next);
  node_.submit(raft::Command::of(waited.request), waited.to);
}

}  // namespace locklab::chubby
