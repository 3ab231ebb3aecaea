#include "sim/services/etcd/server.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab::etcd {

Server::Server(Process& self, const Kinds& kinds, const raft::Kinds& log_kinds,
               const ServerOptions& options, raft::Group& group, Symbol store_name)
    : raft::Server(self, log_kinds, options.log, group, store_name),
      kinds_(kinds),
      options_(options),
      store_(&self.arena()),
      changes_(&self.arena()),
      counts_(&self.arena()),
      watches_(&self.arena()),
      waiting_(&self.arena()),
      renewing_(&self.arena()),
      to_revoke_(&self.arena()) {}

void Server::on_start() {
  raft::Server::on_start();
  arm_lessor();
}

void Server::on_death() {
  primary_ = false;
  counts_.clear();
  watches_.clear();
  waiting_.clear();
  renewing_.clear();
}

void Server::reset() { store_.clear(); }

// ---- requests -----------------------------------------------------------------------------------

void Server::on_request(const Packet& packet) {
  if (packet.kind == kinds_.renewal) return on_renewal(packet.from, packet.as<Renewal>());
  if (packet.kind == kinds_.renewed) return on_renewed(packet.as<Renewal>());
  Request request = packet.as<Request>();
  const Network::Return to(packet);
  switch (request.operation) {
    case Operation::lease_grant:
      request.ttl = std::max(request.ttl, options_.min_ttl());
      node_.submit(raft::Command::of(request), to);
      return;
    case Operation::lease_revoke:
    case Operation::put_if_absent:
    case Operation::erase:
      node_.submit(raft::Command::of(request), to);
      return;
    case Operation::get:
    case Operation::last_before:
      wait_for_confirmation(request, Caller{to, {}, 0});  // linearizable reads
      return;
    case Operation::watch_deletion:
      if (store_.deleted_since(request.key, request.revision)) {
        Reply reply;
        reply.revision = store_.revision();
        answer(request, to, reply);
      } else {
        watches_.push_back({request.key, request.revision, to});
      }
      return;
    case Operation::lease_keep_alive:
      keep_alive(request, to);
      return;
  }
}

void Server::wait_for_confirmation(const Request& request, const std::optional<Caller>& caller) {
  const std::uint32_t ticket = ++tickets_;
  waiting_.push_back({ticket, request, caller});
  node_.confirm(ticket);
}

void Server::confirmed(std::uint32_t ticket, bool yes) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& one) { return one.ticket == ticket; });
  if (found == waiting_.end()) return;
  const Waiting waited = *found;
  waiting_.erase(found);
  // That somebody leads is not enough to revoke or to renew: it has to be this server.
  const bool leads = yes && node_.leads();
  if (!waited.caller) {
    if (leads) node_.submit(raft::Command::of(waited.request));
  } else if (waited.request.operation == Operation::lease_keep_alive) {
    if (leads)
      renew(waited.request, *waited.caller);
    else
      tell_renewed(*waited.caller, Reply{.status = Status::no_leader});
  } else if (yes) {
    answer(waited.request, *waited.caller->client, store_.read(waited.request));
  } else {
    refused(*waited.caller->client);
  }
}

/// Model: etcd keeps a request for a while in case that a leader is elected.
void Server::refused(const Network::Return& asked) {
  Reply reply;
  reply.status = Status::no_leader;
  reply.revision = store_.revision();
  self_.world().network().reply(asked, kinds_.refusal, reply);
}

void Server::answer(const Request& request, const Network::Return& to, const Reply& reply) {
  self_.world().network().reply(to, kinds_.reply(request.operation), reply);
}

// ---- the log ------------------------------------------------------------------------------------

void Server::apply(const raft::Committed& committed) {
  const Request request = committed.entry->command.as<Request>();
  changes_.clear();
  const Reply reply = store_.apply(request, changes_);
  for (const Change& change : changes_) {
    if (committed.first) say(change);
    switch (change.kind) {
      case Change::Kind::stored:
        break;
      case Change::Kind::erased:
        notify(change.key.name);
        break;
      case Change::Kind::lease_began:
        if (primary_) count(change.lease, Duration{0});
        break;
      case Change::Kind::lease_ended:
        std::erase_if(counts_, [&](const Count& one) { return one.lease == change.lease.id; });
        break;
    }
  }
  if (committed.asked != nullptr) answer(request, *committed.asked, reply);
}

/// Once for the whole cluster, by the server that applies it first.
void Server::say(const Change& change) {
  World& world = self_.world();
  switch (change.kind) {
    case Change::Kind::stored:
      say_stored({change.key.name, change.key.lease, change.key.attempt}, change.key.created);
      return;
    case Change::Kind::erased:
      say_removed({change.key.name, change.key.lease, change.key.attempt}, change.by,
                  change.with_lease);
      return;
    case Change::Kind::lease_began:
      world.emit(self_.id(), SessionBegan{change.lease.id, change.lease.client, change.lease.ttl});
      return;
    case Change::Kind::lease_ended:
      world.emit(self_.id(),
                 SessionEnded{change.lease.id, change.lease.client,
                              change.expired ? SessionEnd::expired : SessionEnd::closed});
      return;
  }
}

/// A watch is answered by the server that the client asked, when that one has applied the deletion.
void Server::notify(Symbol deleted) {
  Reply reply;
  reply.revision = store_.revision();
  std::erase_if(watches_, [&](const Watch& watch) {
    if (watch.key != deleted) return false;
    self_.world().network().reply(watch.to, kinds_.reply(Operation::watch_deletion), reply);
    return true;
  });
}

// ---- the lessor ---------------------------------------------------------------------------------

void Server::leads(bool now) {
  primary_ = now;
  counts_.clear();
  if (!now) return;
  // Nobody knows how much of each was left: all begin anew, and have the time that an election may
  // have taken on top.
  for (const Lease& lease : store_.leases()) count(lease, options_.log.election);
}

void Server::count(const Lease& lease, Duration extra) {
  const MonoInstant now = self_.mono_now();
  counts_.push_back({lease.id, lease.ttl, now + lease.ttl + extra, now});
}

/// A renewal does not go through the log: whoever counts, renews. The others send it on.
void Server::keep_alive(const Request& request, const Network::Return& to) {
  if (primary_) return on_renewal_asked(request, Caller{to, {}, 0});
  const ProcessId leader = node_.leader();
  if (!leader || leader == self_.id()) return refused(to);
  Renewal renewal;
  renewal.ticket = ++tickets_;
  renewal.lease = request.lease;
  renewing_.push_back({renewal.ticket, to});
  self_.world().network().send(self_.id(), leader, kinds_.renewal, Symbol{}, CallId{}, renewal);
}

void Server::on_renewal(ProcessId from, const Renewal& renewal) {
  Request request;
  request.operation = Operation::lease_keep_alive;
  request.lease = renewal.lease;
  on_renewal_asked(request, Caller{std::nullopt, from, renewal.ticket});
}

void Server::on_renewal_asked(const Request& request, const Caller& caller) {
  if (!primary_)
    tell_renewed(caller, Reply{.status = Status::no_leader});
  else if (options_.confirm_leadership)
    wait_for_confirmation(request, caller);
  else
    renew(request, caller);
}

void Server::renew(const Request& request, const Caller& caller) {
  Reply reply;
  reply.status = Status::not_found;
  reply.lease = request.lease;
  reply.revision = store_.revision();
  for (Count& count : counts_) {
    if (count.lease != request.lease) continue;
    // One that has expired is not renewed: it only has yet to be revoked.
    if (count.ends <= self_.mono_now()) break;
    count.ends = self_.mono_now() + count.ttl;
    reply.ttl = count.ttl;
    reply.status = Status::ok;
  }
  tell_renewed(caller, reply);
}

void Server::tell_renewed(const Caller& caller, const Reply& reply) {
  Network& network = self_.world().network();
  if (caller.client) {
    network.reply(*caller.client, kinds_.reply(Operation::lease_keep_alive), reply);
    return;
  }
  const Renewal renewed{caller.ticket, reply.status, reply.lease, reply.ttl};
  network.send(self_.id(), caller.server, kinds_.renewed, Symbol{}, CallId{}, renewed);
}

void Server::on_renewed(const Renewal& renewal) {
  const auto found = std::find_if(renewing_.begin(), renewing_.end(), [&](const Renewing& one) {
    return one.ticket == renewal.ticket;
  });
  if (found == renewing_.end()) return;
  Reply reply;
  reply.status = renewal.status;
  reply.lease = renewal.lease;
  reply.ttl = renewal.ttl;
  reply.revision = store_.revision();
  self_.world().network().reply(found->client, kinds_.reply(Operation::lease_keep_alive), reply);
  renewing_.erase(found);
}

void Server::arm_lessor() {
  Event due;
  due.context = this;
  due.act = [](void* server, std::uint64_t) {
    auto& self = *static_cast<Server*>(server);
    self.look_for_expired();
    self.arm_lessor();
  };
  self_.timer(ClockKind::mono, options_.lessor_period, due);
}

/// This runs beside the log's loop: it goes on while that one is stuck.
void Server::look_for_expired() {
  if (!primary_) return;
  const MonoInstant now = self_.mono_now();
  for (Count& count : counts_) {
    if (count.ends > now || count.not_before > now) continue;
    count.not_before = now + options_.revoke_retry;
    Request revoke;
    revoke.operation = Operation::lease_revoke;
    revoke.expired = true;
    revoke.lease = count.lease;
    if (options_.confirm_leadership)
      to_revoke_.push_back(revoke);
    else
      node_.submit(raft::Command::of(revoke));
  }
  // Not while the counts are looked through: a group of one answers at once.
  while (!to_revoke_.empty()) {
    const Request revoke = to_revoke_.back();
    to_revoke_.pop_back();
    wait_for_confirmation(revoke, std::nullopt);
  }
}

}  // namespace locklab::etcd
