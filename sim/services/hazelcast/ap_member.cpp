#include "sim/services/hazelcast/ap_member.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab::hazelcast {

ApMember::ApMember(Process& self, const Kinds& kinds, const ApOptions& options)
    : self_(self),
      kinds_(kinds),
      options_(options),
      members_(&self.arena()),
      locks_(&self.arena()),
      waiting_(&self.arena()),
      clients_(&self.arena()) {}

void ApMember::join(std::span<const ProcessId> members) {
  for (const ProcessId id : members) members_.push_back({id, {}, true});
}

void ApMember::on_start() {
  for (Member& member : members_) {
    member.heard = self_.mono_now();
    member.alive = true;
  }
  beat();
}

void ApMember::on_crash(bool) {
  locks_.clear();
  waiting_.clear();
  clients_.clear();
}

/// Of the partition, as far as this member can tell.
ProcessId ApMember::owner() const {
  for (const Member& member : members_)
    if (member.alive) return member.id;
  return self_.id();
}

void ApMember::on_message(const Packet& packet) {
  for (Member& member : members_)
    if (member.id == packet.from) member.heard = self_.mono_now();
  if (packet.kind == kinds_.alive) return;
  if (packet.kind == kinds_.forward) return execute(packet.as<Ask>());
  if (packet.kind == kinds_.backup) {
    const auto& copy = packet.as<Held>();
    at(copy.key) = copy;
    return;
  }
  if (packet.kind == kinds_.forwarded_reply) {
    const auto& answer = packet.as<Answer>();
    std::erase_if(clients_, [&](const Client& client) {
      if (client.ask.ticket != answer.ticket) return false;
      self_.world().network().reply(client.to, kinds_.reply(client.ask.request.operation),
                                    answer.reply);
      return true;
    });
    return;
  }
  const auto& request = packet.as<Request>();
  const Ask ask{request, self_.id(), ++tickets_};
  clients_.push_back({ask, Network::Return(packet)});
  dispatch(ask);
}

void ApMember::dispatch(const Ask& ask) {
  const ProcessId owns = owner();
  if (owns == self_.id())
    execute(ask);
  else
    self_.world().network().send(self_.id(), owns, kinds_.forward, ask.request.key, CallId{}, ask);
}

// ---- the owner of the partition -----------------------------------------------------------------

void ApMember::execute(const Ask& ask) {
  const Request& request = ask.request;
  // There are no sessions: a lock is its client's until the client's member is gone.
  if (request.operation != Operation::lock && request.operation != Operation::unlock)
    return answer(ask, Reply{});
  Held& lock = at(request.key);
  const Request& holder = lock.by.request;
  const bool mine =
      lock.holds > 0 && holder.client == request.client && holder.thread == request.thread;
  if (request.operation == Operation::unlock) {
    if (!mine) return answer(ask, Reply{.status = Status::not_owner});
    if (--lock.holds == 0) free(lock, request.attempt);
    back_up(lock);
    return answer(ask, Reply{});
  }
  if (mine) {
    if (holder.invocation != request.invocation) ++lock.holds;
    back_up(lock);
    return answer(ask, Reply{.holds = lock.holds});
  }
  if (lock.holds == 0) return take(lock, ask);
  if (!request.wait) return answer(ask, Reply{.status = Status::taken});
  std::erase_if(waiting_,
                [&](const Ask& one) { return one.request.invocation == request.invocation; });
  waiting_.push_back(ask);
}

void ApMember::take(Held& lock, const Ask& ask) {
  lock.by = ask;
  lock.holds = 1;
  KeyStored stored;
  stored.key = lock.key;
  stored.value = Value::integer(static_cast<std::int64_t>(ask.request.invocation));
  stored.attempt = ask.request.attempt;
  self_.world().emit(self_.id(), stored);
  back_up(lock);
  answer(ask, Reply{.holds = 1});
}

void ApMember::free(Held& lock, AttemptId by) {
  KeyRemoved removed;
  removed.key = lock.key;
  removed.value = Value::integer(static_cast<std::int64_t>(lock.by.request.invocation));
  removed.attempt = lock.by.request.attempt;
  removed.by = by;
  removed.why = by ? RemovalReason::deleted : RemovalReason::session;
  self_.world().emit(self_.id(), removed);
  lock.holds = 0;
  give_next(lock);
}

void ApMember::give_next(Held& lock) {
  const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                 [&](const Ask& ask) { return ask.request.key == lock.key; });
  if (next == waiting_.end()) return;
  const Ask ask = *next;
  waiting_.erase(next);
  take(lock, ask);
}

void ApMember::answer(const Ask& ask, const Reply& reply) {
  if (ask.member != self_.id()) {
    self_.world().network().send(self_.id(), ask.member, kinds_.forwarded_reply, ask.request.key,
                                 CallId{}, Answer{ask.ticket, reply});
    return;
  }
  std::erase_if(clients_, [&](const Client& client) {
    if (client.ask.ticket != ask.ticket) return false;
    self_.world().network().reply(client.to, kinds_.reply(client.ask.request.operation), reply);
    return true;
  });
}

void ApMember::back_up(const Held& lock) {
  for (const Member& member : members_)
    if (member.alive && member.id != self_.id())
      self_.world().network().send(self_.id(), member.id, kinds_.backup, lock.key, CallId{}, lock);
}

ApMember::Held& ApMember::at(Symbol key) {
  for (Held& lock : locks_)
    if (lock.key == key) return lock;
  locks_.push_back({key, {}, 0});
  return locks_.back();
}

// ---- who is alive -------------------------------------------------------------------------------

void ApMember::beat() {
  for (Member& member : members_) {
    if (member.id == self_.id() || !member.alive) continue;
    if (self_.mono_now() - member.heard > options_.max_no_heartbeat) {
      bury(member);
      continue;
    }
    self_.world().network().send(self_.id(), member.id, kinds_.alive, Symbol{}, CallId{}, Alive{});
  }
  Event due;
  due.context = this;
  due.act = [](void* member, std::uint64_t) { static_cast<ApMember*>(member)->beat(); };
  self_.timer(ClockKind::mono, options_.heartbeat, due);
}

/// Its clients are gone with it, as far as this side knows: what they held is free.
void ApMember::bury(const Member& dead) {
  const bool owned = owner() == dead.id;
  for (Member& member : members_)
    if (member.id == dead.id) member.alive = false;
  std::erase_if(waiting_, [&](const Ask& ask) { return ask.member == dead.id; });
  for (Held& lock : locks_) {
    if (lock.holds == 0 || lock.by.member != dead.id) continue;
    if (owner() == self_.id())
      free(lock, AttemptId{});
    else
      lock.holds = 0;
  }
  if (!owned) return;
  // What was under way to it goes to its successor.
  const std::pmr::vector<Client> pending(clients_, &self_.arena());
  for (const Client& client : pending) dispatch(client.ask);
}

}  // namespace locklab::hazelcast
