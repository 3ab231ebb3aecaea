// A server as the leader [spec D.1 "Write path", "Sessions", "Failure detection"; ZooKeeper Leader,
// LearnerHandler, ContainerManager]. A new leader first agrees on an epoch with a quorum, so that
// proposals of an older one find no quorum any more; brings each follower's log in line with its
// own; and serves when a quorum has that on disk. From then on: propose, gather acknowledgements,
// commit in order.
#include <algorithm>
#include <functional>

#include "sim/services/zookeeper/server.hpp"
#include "sim/world.hpp"

namespace locklab::zookeeper {

// ---- becoming the leader ------------------------------------------------------------------------

void Server::lead() {
  standing_ = Standing::leading;
  epoch_ = 0;
  history_agreed_ = established_ = false;
  learners_.clear();
  role_timer_ = after<&Server::look>(options().init_limit * options().tick);
  consider_epoch();
}

Server::Learner* Server::find_learner(std::uint32_t server) {
  const auto found = std::ranges::find(learners_, server, &Learner::server);
  return found == learners_.end() ? nullptr : &*found;
}

void Server::send(Learner& learner, PeerMessage& message, Symbol subject) {
  message.channel = learner.channel;
  message.sequence = ++learner.sent;
  send(learner.server, message, subject);
}

std::uint32_t Server::learners_at(Learner::Stage stage) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      learners_, [stage](const Learner& learner) { return learner.stage >= stage; }));
}

void Server::drop_learner(std::uint32_t server, bool tell) {
  Learner* learner = find_learner(server);
  if (learner == nullptr) return;
  if (tell) {
    PeerMessage gone;
    gone.word = PeerWord::reset;
    gone.yes = true;
    send(*learner, gone);
  }
  std::erase_if(learners_, [server](const Learner& each) { return each.server == server; });
}

void Server::on_learner(const PeerMessage& message) {
  Learner* learner = standing_ == Standing::leading ? find_learner(message.from) : nullptr;
  if (message.word == PeerWord::follower_info) {
    if (learner == nullptr || learner->channel != message.channel) on_follower_info(message);
    return;
  }
  if (learner == nullptr || learner->channel != message.channel) return;
  if (message.sequence <= learner->heard) return;  // seen before
  if (message.sequence != learner->heard + 1 || message.word == PeerWord::reset) {
    drop_learner(message.from, message.word != PeerWord::reset);
    return;
  }
  learner->heard = message.sequence;
  learner->deadline_tick = ticks_ + options().sync_limit;
  switch (message.word) {
    case PeerWord::ack_epoch:
      on_ack_epoch(*learner, message);
      break;
    case PeerWord::ack_new_leader: {
      learner->stage = Learner::Stage::synced;
      learner->acked = message.zxid;
      if (!established_) {
        consider_establishing();
        break;
      }
      PeerMessage go;
      go.word = PeerWord::up_to_date;
      go.zxid = applied_;
      send(*learner, go);
      try_commit();
      break;
    }
    case PeerWord::ack:
      learner->acked = std::max(learner->acked, message.zxid);
      try_commit();
      break;
    case PeerWord::ping_reply:
      for (std::size_t i = 0; i < message.count; ++i) sessions_.touch(message.touched[i], now_ms());
      break;
    case PeerWord::request:
      submit_for(message.transaction.request, message.transaction.client, message.from);
      break;
    case PeerWord::revalidate: {
      PeerMessage answer;
      answer.word = PeerWord::revalidated;
      answer.client = message.client;
      answer.connection = message.connection;
      answer.yes = sessions_.touch_and_own(message.session, message.from, now_ms());
      send(*learner, answer);
      break;
    }
    case PeerWord::sync: {
      PeerMessage answer = message;
      answer.word = PeerWord::synced;
      pending_syncs_.push_back({log_.last(), answer, message.from});
      flush_syncs();
      break;
    }
    default:
      break;
  }
}

void Server::on_follower_info(const PeerMessage& message) {
  if (standing_ != Standing::leading) {  // nobody listens on the leader's port
    PeerMessage refusal;
    refusal.word = PeerWord::reset;
    refusal.yes = true;
    refusal.channel = message.channel;
    refusal.sequence = 1;
    send(message.from, refusal);
    return;
  }
  drop_learner(message.from, false);
  Learner learner;
  learner.server = message.from;
  learner.channel = message.channel;
  learner.heard = message.sequence;
  learner.accepted_epoch = message.epoch;
  learner.deadline_tick = ticks_ + options().init_limit;
  learners_.push_back(learner);
  if (epoch_ == 0) {
    consider_epoch();
    return;
  }
  PeerMessage info;
  info.word = PeerWord::leader_info;
  info.epoch = epoch_;
  send(learners_.back(), info);
}

void Server::consider_epoch() {
  if (learners_.size() + 1 < options().needed()) return;
  epoch_ = accepted_epoch_;
  for (const Learner& learner : learners_) epoch_ = std::max(epoch_, learner.accepted_epoch);
  ++epoch_;
  accepted_epoch_ = epoch_;
  for (Learner& learner : learners_) {
    PeerMessage info;
    info.word = PeerWord::leader_info;
    info.epoch = epoch_;
    send(learner, info);
  }
  consider_epoch_acks();
}

void Server::on_ack_epoch(Learner& learner, const PeerMessage& message) {
  learner.last = message.vote.zxid;
  learner.stage = Learner::Stage::acked_epoch;
  if (history_agreed_) {
    synchronise(learner);
    return;
  }
  // A follower knows more than this server: it should not have been elected.
  const Vote own{0, current_epoch_, log_.last()};
  const Vote theirs{0, message.vote.epoch, message.vote.zxid};
  if (theirs.beats(own))
    look();
  else
    consider_epoch_acks();
}

void Server::consider_epoch_acks() {
  if (learners_at(Learner::Stage::acked_epoch) + 1 < options().needed()) return;
  history_agreed_ = true;
  current_epoch_ = epoch_;
  for (Learner& learner : learners_)
    if (learner.stage == Learner::Stage::acked_epoch) synchronise(learner);
  consider_establishing();
}

/// TRUNC to the last transaction that both have, then all that the follower lacks, then NEWLEADER.
/// From here on it hears every proposal. Model: one transaction a message, however many (SNAP).
void Server::synchronise(Learner& learner) {
  const std::size_t common = log_.count_up_to(learner.last);
  const Zxid common_zxid = common == 0 ? 0 : log_[common - 1].zxid;
  if (common_zxid != learner.last) {
    PeerMessage trunc;
    trunc.word = PeerWord::trunc;
    trunc.zxid = common_zxid;
    send(learner, trunc);
  }
  for (std::size_t i = common; i < log_.size(); ++i) {
    PeerMessage diff;
    diff.word = PeerWord::diff;
    diff.transaction = log_[i];
    send(learner, diff, log_[i].request.path);
  }
  PeerMessage last;
  last.word = PeerWord::new_leader;
  last.zxid = first_of(epoch_);
  send(learner, last);
  learner.stage = Learner::Stage::syncing;
}

void Server::consider_establishing() {
  if (!history_agreed_ || established_ || (!log_.all_synced() && !options().ack_before_sync))
    return;
  if (learners_at(Learner::Stage::synced) + 1 < options().needed()) return;
  establish();
}

/// A quorum has this history on disk: all of it is committed.
void Server::establish() {
  withdraw(role_timer_);
  vote_.epoch = epoch_;
  apply_up_to(log_.last());
  // Every session starts anew with its full time.
  for (const SessionRecord& session : tree_.sessions())
    sessions_.add(session.id, session.timeout_ms, 0, now_ms());
  serve_as_leader();
  for (Learner& learner : learners_) {
    if (learner.stage != Learner::Stage::synced) continue;
    PeerMessage go;
    go.word = PeerWord::up_to_date;
    go.zxid = applied_;
    send(learner, go);
  }
}

void Server::serve_as_leader() {
  established_ = serving_ = true;
  counter_ = 0;
  ticks_ = 0;
  skip_tick_ = true;
  for (Learner& learner : learners_) learner.deadline_tick = options().sync_limit;
  self_.world().emit(self_.id(), RoleChanged{ServerRole::leader, epoch_});
  role_timer_ = after<&Server::half_tick>(options().tick / 2);
  container_timer_ = after<&Server::check_containers>(options().container_check);
  arm_expiry();
}

/// Every half tick it pings; at every full one it makes sure that a quorum was heard from within
/// syncLimit ticks, or resigns.
void Server::half_tick() {
  role_timer_ = {};
  if (!skip_tick_) {
    ++ticks_;
    std::uint32_t in_touch = 1;
    for (const Learner& learner : learners_)
      if (learner.stage == Learner::Stage::synced && learner.deadline_tick >= ticks_) ++in_touch;
    if (in_touch < options().needed()) {
      look();
      return;
    }
    // A reader of a follower's connection gives up after the same time.
    for (std::size_t i = learners_.size(); i-- > 0;)
      if (learners_[i].deadline_tick < ticks_) drop_learner(learners_[i].server, true);
  }
  skip_tick_ = !skip_tick_;
  for (Learner& learner : learners_) {
    if (learner.stage < Learner::Stage::syncing) continue;
    PeerMessage ping;
    ping.word = PeerWord::ping;
    send(learner, ping);
  }
  role_timer_ = after<&Server::half_tick>(options().tick / 2);
}

// ---- broadcast ----------------------------------------------------------------------------------

/// A client's request, from this server or a follower.
void Server::submit_for(const Request& request, ProcessId client, std::uint32_t origin) {
  if (!established_) return;
  Transaction transaction;
  transaction.request = request;
  transaction.client = client;
  transaction.origin = origin;
  if (request.op == Op::connect)
    sessions_.add(request.session, request.timeout_ms, origin, now_ms());
  else if (request.session != 0)  // an operator has none here
    transaction.refused = sessions_.claim(request.session, origin);
  if (request.op == Op::close_session) sessions_.set_closing(request.session);
  submit(transaction);
}

void Server::submit(Transaction transaction) {
  if (counter_ == ~std::uint32_t{0}) {  // out of numbers: a new epoch has new ones
    look();
    return;
  }
  transaction.zxid = first_of(epoch_) | ++counter_;
  for (Learner& learner : learners_) {
    if (learner.stage < Learner::Stage::syncing) continue;
    PeerMessage proposal;
    proposal.word = PeerWord::proposal;
    proposal.transaction = transaction;
    send(learner, proposal, transaction.request.path);
  }
  append(transaction);
  try_commit();
}

/// Commits all that a quorum has on disk.
void Server::try_commit() {
  if (!established_) return;
  acked_.clear();
  acked_.push_back(on_disk());
  for (const Learner& learner : learners_)
    if (learner.stage == Learner::Stage::synced) acked_.push_back(learner.acked);
  const std::size_t needed = options().needed();
  if (acked_.size() < needed) return;
  std::ranges::sort(acked_, std::greater{});
  const Zxid safe = acked_[needed - 1];
  while (applied_count_ < log_.size() && log_[applied_count_].zxid <= safe) {
    const Zxid zxid = log_[applied_count_].zxid;
    for (Learner& learner : learners_) {
      if (learner.stage < Learner::Stage::syncing) continue;
      PeerMessage commit;
      commit.word = PeerWord::commit;
      commit.zxid = zxid;
      send(learner, commit);
    }
    apply_up_to(zxid);
  }
  flush_syncs();
}

/// A sync is answered when all that was proposed before it is committed. Not a quorum operation: a
/// leader that has lost its quorum and knows of nothing uncommitted answers at once
/// [ZOOKEEPER-1675].
void Server::flush_syncs() {
  while (!pending_syncs_.empty() && pending_syncs_.front().after <= applied_) {
    PendingSync done = pending_syncs_.front();
    pending_syncs_.erase(pending_syncs_.begin());
    if (done.server == number_)
      finish_sync(done.answer.client, done.answer.connection, done.answer.epoch);
    else if (Learner* learner = find_learner(done.server))
      send(*learner, done.answer);
  }
}

// ---- sessions and containers --------------------------------------------------------------------

/// At each full tick of the monotonic clock: that is where the buckets end.
void Server::arm_expiry() {
  const std::int64_t tick = in_ms(options().tick);
  const std::int64_t next = (now_ms() / tick + 1) * tick;
  const Duration until = std::chrono::milliseconds(next) - self_.mono_now().time_since_epoch();
  expiry_timer_ = after<&Server::expire_sessions>(until);
}

void Server::expire_sessions() {
  arm_expiry();
  while (const SessionId id = sessions_.due(now_ms())) {
    sessions_.set_closing(id);
    Transaction close;
    close.request.op = Op::close_session;
    close.request.session = id;
    submit(close);
    if (standing_ != Standing::leading) return;
  }
}

/// Empty containers that have had a child are deleted.
void Server::check_containers() {
  container_timer_ = after<&Server::check_containers>(options().container_check);
  std::pmr::vector<Symbol> empty(&self_.arena());
  for (const Node& node : tree_.nodes())
    if (node.kind == NodeKind::container && node.children == 0 && node.child_version > 0)
      empty.push_back(node.path);
  for (const Symbol path : empty) {
    Transaction removal;
    removal.request.op = Op::remove;
    removal.request.path = path;
    removal.request.if_empty_container = true;
    submit(removal);
    if (standing_ != Standing::leading) return;
  }
}

}  // namespace locklab::zookeeper
