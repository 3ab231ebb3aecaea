// A server as a follower [spec D.1; ZooKeeper Follower, Learner]: it accepts the leader's epoch,
// takes over its log, writes down and acknowledges what is proposed, and applies what is committed.
// It gives up a leader of which it has heard nothing for syncLimit ticks, and with it its clients'
// connections.
#include "sim/services/zookeeper/server.hpp"
#include "sim/world.hpp"

namespace locklab::zookeeper {

namespace {

constexpr Duration kRetryConnect = 100ms;  // leaderConnectDelayDuringRetryMs

}  // namespace

void Server::follow(std::uint32_t leader) {
  standing_ = Standing::following;
  leader_ = leader;
  heard_at_ = self_.mono_now();
  role_timer_ = after<&Server::leader_silent>(options().init_limit * options().tick);
  connect_to_leader();
}

/// Channels are numbered across lives, so that old bytes are known to be old.
void Server::connect_to_leader() {
  retry_timer_ = {};
  channel_ = self_.life() << 16 | ++channels_;
  sent_ = heard_ = 0;
  new_leader_pending_ = false;
  PeerMessage info;
  info.word = PeerWord::follower_info;
  info.epoch = accepted_epoch_;
  send_to_leader(info);
}

void Server::send_to_leader(PeerMessage& message, Symbol subject) {
  message.channel = channel_;
  message.sequence = ++sent_;
  send(leader_, message, subject);
}

void Server::leader_silent() {
  role_timer_ = {};
  const std::int64_t ticks = serving_ ? options().sync_limit : options().init_limit;
  const Duration left = heard_at_ + ticks * options().tick - self_.mono_now();
  if (left > Duration{0})
    role_timer_ = after<&Server::leader_silent>(left);
  else
    look();
}

void Server::on_leader(const PeerMessage& message) {
  if (standing_ != Standing::following || message.from != leader_ || message.channel != channel_)
    return;
  if (message.sequence <= heard_) return;  // seen before
  if (message.word == PeerWord::reset && !serving_ && epoch_ == 0) {
    // It does not lead yet; it may before long. A leader that was and is no more is given up.
    channel_ = 0;
    if (!retry_timer_) retry_timer_ = after<&Server::connect_to_leader>(kRetryConnect);
    return;
  }
  if (message.sequence != heard_ + 1 || message.word == PeerWord::reset) {
    look();
    return;
  }
  heard_ = message.sequence;
  if (epoch_ != 0 || message.word == PeerWord::leader_info) heard_at_ = self_.mono_now();
  switch (message.word) {
    case PeerWord::leader_info: {
      if (message.epoch < accepted_epoch_) {
        look();
        return;
      }
      epoch_ = accepted_epoch_ = message.epoch;
      PeerMessage ack;
      ack.word = PeerWord::ack_epoch;
      ack.vote = {number_, current_epoch_, log_.last()};
      send_to_leader(ack);
      break;
    }
    case PeerWord::trunc:
      truncate(message.zxid);
      break;
    case PeerWord::diff:
    case PeerWord::proposal:
      append(message.transaction);
      break;
    case PeerWord::new_leader:
      new_leader_pending_ = true;
      acknowledge();
      break;
    case PeerWord::up_to_date: {
      apply_up_to(message.zxid);
      serving_ = true;
      self_.world().emit(self_.id(), RoleChanged{ServerRole::follower, epoch_});
      withdraw(role_timer_);
      role_timer_ = after<&Server::leader_silent>(options().sync_limit * options().tick);
      break;
    }
    case PeerWord::commit:
      apply_up_to(message.zxid);
      break;
    case PeerWord::ping:
      answer_ping();
      break;
    case PeerWord::revalidated:
      finish_connect(message.client, message.connection, message.yes);
      break;
    case PeerWord::synced:
      finish_sync(message.client, message.connection, message.epoch);
      break;
    default:
      break;
  }
}

/// Drops what the leader does not have. Should the two have no such transaction in common, it
/// begins again with an empty log.
void Server::truncate(Zxid zxid) {
  withdraw(sync_timer_);
  syncing_ = 0;
  log_.truncate_after(zxid);
  if (applied_ > zxid) rebuild();
  begin_sync();
  if (log_.last() == zxid) return;
  log_.truncate_after(0);
  rebuild();
  look();
}

/// Tells the leader how far its disk is.
void Server::acknowledge() {
  if (epoch_ == 0) return;
  PeerMessage ack;
  ack.zxid = on_disk();
  if (new_leader_pending_) {
    if (!log_.all_synced() && !options().ack_before_sync) return;
    new_leader_pending_ = false;
    current_epoch_ = epoch_;
    vote_.epoch = epoch_;
    ack.word = PeerWord::ack_new_leader;
  } else {
    if (current_epoch_ != epoch_) return;  // not synchronised yet
    ack.word = PeerWord::ack;
  }
  send_to_leader(ack);
}

void Server::answer_ping() {
  std::size_t next = 0;
  do {
    PeerMessage answer;
    answer.word = PeerWord::ping_reply;
    while (next < touched_.size() && answer.count < kTouchedInReply)
      answer.touched[answer.count++] = touched_[next++];
    send_to_leader(answer);
  } while (next < touched_.size());
  touched_.clear();
}

}  // namespace locklab::zookeeper
