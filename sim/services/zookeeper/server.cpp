#include "sim/services/zookeeper/server.hpp"

#include <algorithm>

#include "sim/assert.hpp"
#include "sim/world.hpp"

namespace locklab::zookeeper {

std::uint32_t Ensemble::number_of(ProcessId process) const {
  for (std::uint32_t i = 0; i < servers.size(); ++i)
    if (servers[i] == process) return i + 1;
  return 0;
}

Server::Server(Process& self, Ensemble& ensemble, std::uint32_t number)
    : self_(self),
      ensemble_(ensemble),
      number_(number),
      log_(&self.arena()),
      tree_(&self.arena()),
      changes_(&self.arena()),
      votes_(&self.arena()),
      outside_(&self.arena()),
      learners_(&self.arena()),
      pending_syncs_(&self.arena()),
      acked_(&self.arena()),
      sessions_(&self.arena()),
      touched_(&self.arena()),
      connections_(&self.arena()),
      watches_(&self.arena()) {
  sessions_.set_tick(in_ms(ensemble.options.tick));
}

std::int64_t Server::now_ms() const { return whole_ms(self_.mono_now()); }

void Server::withdraw(EventId& timer) {
  self_.world().loop().cancel(timer);
  timer = {};
}

// ---- life ---------------------------------------------------------------------------------------

void Server::on_start() {
  rebuild();
  const bool first = std::exchange(first_start_, false);
  if (first && options().settled) {
    settle();
    return;
  }
  if (!first)
    self_.world().emit(self_.id(),
                       ServiceRecovered{static_cast<std::uint32_t>(log_.size()), 0, Duration{0}});
  begin_sync();
  look();
}

/// As if the first election were over: epoch 1, everybody follows the leader on a connection of
/// their own, and has nothing to catch up with.
void Server::settle() {
  const std::uint32_t leader = options().leader != 0 ? options().leader : options().servers;
  accepted_epoch_ = current_epoch_ = epoch_ = 1;
  round_ = 1;
  vote_ = {leader, 1, 0};
  serving_ = true;
  channel_ = ++channels_;
  if (number_ != leader) {
    standing_ = Standing::following;
    leader_ = leader;
    heard_at_ = self_.mono_now();
    role_timer_ = after<&Server::leader_silent>(options().sync_limit * options().tick);
    self_.world().emit(self_.id(), RoleChanged{ServerRole::follower, epoch_});
    return;
  }
  standing_ = Standing::leading;
  history_agreed_ = true;
  for (std::uint32_t server = 1; server <= options().servers; ++server) {
    if (server == number_) continue;
    Learner learner;
    learner.server = server;
    learner.channel = 1;
    learner.stage = Learner::Stage::synced;
    learner.deadline_tick = options().sync_limit;
    learners_.push_back(learner);
  }
  serve_as_leader();
}

void Server::on_crash(bool power_loss) {
  if (power_loss) log_.lose_unsynced();
  standing_ = Standing::looking;
  serving_ = false;
  stalled_ = false;  // the next life is told, if its disk still stands still
  syncing_ = 0;
  for (EventId* timer : {&sync_timer_, &notification_timer_, &decision_timer_, &role_timer_,
                         &expiry_timer_, &container_timer_, &retry_timer_})
    *timer = {};
  round_ = 0;
  epoch_ = 0;
  channels_ = 0;
  sessions_made_ = 0;
  votes_.clear();
  outside_.clear();
  learners_.clear();
  pending_syncs_.clear();
  sessions_.clear();
  touched_.clear();
  connections_.clear();
  watches_.clear();
}

/// Neither leads nor follows any more: peers and clients lose their connections.
void Server::leave_role() {
  if (standing_ == Standing::following) {
    PeerMessage gone;
    gone.word = PeerWord::reset;
    send_to_leader(gone);
  }
  while (!learners_.empty()) drop_learner(learners_.back().server, true);
  close_all();
  for (EventId* timer : {&role_timer_, &expiry_timer_, &container_timer_, &retry_timer_})
    withdraw(*timer);
  pending_syncs_.clear();
  sessions_.clear();
  touched_.clear();
  watches_.clear();
  serving_ = established_ = history_agreed_ = new_leader_pending_ = false;
  epoch_ = 0;
}

void Server::on_connection_lost(ProcessId peer) {
  const std::uint32_t server = ensemble_.number_of(peer);
  if (server == 0) {
    close(peer, false);
  } else if (standing_ == Standing::following && server == leader_) {
    look();
  } else if (standing_ == Standing::leading) {
    drop_learner(server, false);
  }
}

// ---- messages -----------------------------------------------------------------------------------

void Server::on_message(const Packet& packet) {
  if (ensemble_.number_of(packet.from) != 0)
    on_peer(packet.as<PeerMessage>());
  else if (packet.call)
    on_request(packet);
  else
    on_notice(packet);
}

void Server::on_peer(const PeerMessage& message) {
  switch (message.word) {
    case PeerWord::vote:
      on_vote(message);
      break;
    case PeerWord::leader_info:
    case PeerWord::trunc:
    case PeerWord::diff:
    case PeerWord::new_leader:
    case PeerWord::up_to_date:
    case PeerWord::proposal:
    case PeerWord::commit:
    case PeerWord::ping:
    case PeerWord::revalidated:
    case PeerWord::synced:
      on_leader(message);
      break;
    case PeerWord::reset:
      if (message.yes)
        on_leader(message);
      else
        on_learner(message);
      break;
    default:
      on_learner(message);
      break;
  }
}

void Server::send(std::uint32_t server, PeerMessage& message, Symbol subject) {
  message.from = number_;
  self_.world().network().send(self_.id(), ensemble_.servers[server - 1],
                               ensemble_.kinds.peer(message.word), subject, CallId{}, message);
}

// ---- the disk -----------------------------------------------------------------------------------

void Server::append(const Transaction& transaction) {
  log_.append(transaction);
  begin_sync();
  if (options().ack_before_sync) confirm();
}

// One fsync at a time; what is appended meanwhile shares the next one.
void Server::begin_sync() {
  if (stalled_ || syncing_ != 0) return;
  if (log_.all_synced()) return;
  syncing_ = log_.size();
  if (options().fsync > Duration{0})
    sync_timer_ = after<&Server::end_sync>(options().fsync);
  else
    end_sync();
}

void Server::end_sync() {
  sync_timer_ = {};
  log_.synced(syncing_);
  syncing_ = 0;
  begin_sync();
  confirm();
}

/// Tells whoever counts how far the disk is.
void Server::confirm() {
  if (standing_ == Standing::following)
    acknowledge();
  else if (standing_ == Standing::leading && established_)
    try_commit();
  else if (standing_ == Standing::leading)
    consider_establishing();
}

void Server::on_disk_stall(bool stalled) {
  stalled_ = stalled;
  if (stalled) {
    withdraw(sync_timer_);
    syncing_ = 0;
  } else {
    begin_sync();
  }
}

/// An operator's delete, through this server.
void Server::on_key_lost(Symbol key) {
  if (!serving_ || !key) return;
  Request removal;
  removal.op = Op::remove;
  removal.path = key;
  removal.by_operator = true;
  forward(removal, ProcessId{});
}

// ---- transactions -------------------------------------------------------------------------------

void Server::rebuild() {
  tree_ = Tree(ensemble_.seed, &self_.arena());
  applied_count_ = 0;
  applied_ = 0;
  if (ensemble_.witness != nullptr) ensemble_.witness->started(number_);
}

void Server::apply_up_to(Zxid zxid) {
  while (applied_count_ < log_.size() && log_[applied_count_].zxid <= zxid) {
    const Transaction transaction = log_[applied_count_++];
    apply(transaction);
  }
}

void Server::apply(const Transaction& transaction) {
  changes_.clear();
  const Outcome outcome = tree_.apply(transaction, self_.world().names(), changes_);
  applied_ = transaction.zxid;
  if (ensemble_.witness != nullptr) ensemble_.witness->applied(number_, transaction);
  if (transaction.zxid > ensemble_.told) tell(transaction);
  // Watchers hear of it before anybody can read it here.
  for (const Change& change : changes_) fire(change);
  for (const Change& change : changes_) {
    // Whoever connected it, each follower counts a new session among those that it has heard from.
    if (change.kind == Change::Kind::session_began && standing_ == Standing::following && serving_)
      touch(change.session.id);
    if (change.kind == Change::Kind::session_ended && standing_ == Standing::leading)
      sessions_.remove(change.session.id);
  }
  answer(transaction, outcome);
}

/// To the trace, once for the whole ensemble: the first server to know that it is committed.
void Server::tell(const Transaction& transaction) {
  ensemble_.told = transaction.zxid;
  World& world = self_.world();
  world.emit(self_.id(), EntryCommitted{transaction.zxid, epoch_of(transaction.zxid)});
  for (const Change& change : changes_) {
    const Node& node = change.node;
    switch (change.kind) {
      case Change::Kind::node_created:
        if (node.attempt)
          world.emit(self_.id(), KeyStored{node.path, Value::name(node.data), node.attempt, false,
                                           WallInstant{}, ensemble_.store, node.czxid});
        break;
      case Change::Kind::node_removed:
        if (node.attempt)
          world.emit(self_.id(), KeyRemoved{node.path, Value::name(node.data), node.attempt,
                                            change.by, change.why, ensemble_.store});
        break;
      case Change::Kind::session_began:
        world.emit(self_.id(), SessionBegan{change.session.id, change.session.client,
                                            std::chrono::milliseconds(change.session.timeout_ms)});
        break;
      case Change::Kind::session_ended:
        world.emit(self_.id(),
                   SessionEnded{change.session.id, change.session.client,
                                change.expired ? SessionEnd::expired : SessionEnd::closed});
        break;
    }
  }
}

}  // namespace locklab::zookeeper
