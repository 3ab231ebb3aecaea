// Fast leader election [spec D.1; ZooKeeper FastLeaderElection]. Who looks for a leader votes for
// itself, changes to every better vote it hears of, and decides when a quorum votes as it does and
// nothing better came for 200 ms. Who looks no more answers with what was decided.
//
// Model: no learners without a vote, and no leader election by groups or weights.
#include <algorithm>

#include "sim/services/zookeeper/server.hpp"
#include "sim/world.hpp"

namespace locklab::zookeeper {

namespace {

constexpr Duration kFinalizeWait = 200ms;
constexpr Duration kFirstNotificationGap = 200ms;
constexpr Duration kLongestNotificationGap = 60s;

}  // namespace

void Server::look() {
  if (standing_ != Standing::looking) leave_role();
  standing_ = Standing::looking;
  withdraw(decision_timer_);
  withdraw(notification_timer_);
  self_.world().emit(self_.id(), RoleChanged{ServerRole::candidate, current_epoch_});
  ++round_;
  vote_ = {number_, current_epoch_, log_.last()};
  votes_.clear();
  outside_.clear();
  notification_gap_ = kFirstNotificationGap;
  notification_timer_ = after<&Server::notify_again>(notification_gap_);
  broadcast_vote();
  consider_votes();
}

void Server::send_vote(std::uint32_t to) {
  PeerMessage message;
  message.word = PeerWord::vote;
  message.standing = standing_;
  message.epoch = round_;
  message.vote = vote_;
  send(to, message);
}

void Server::broadcast_vote() {
  for (std::uint32_t server = 1; server <= options().servers; ++server)
    if (server != number_) send_vote(server);
}

void Server::notify_again() {
  notification_gap_ = std::min(notification_gap_ * 2, kLongestNotificationGap);
  notification_timer_ = after<&Server::notify_again>(notification_gap_);
  broadcast_vote();
}

void Server::note(std::pmr::vector<Ballot>& ballots, const Ballot& ballot) {
  for (Ballot& known : ballots)
    if (known.server == ballot.server) {
      known = ballot;
      return;
    }
  ballots.push_back(ballot);
}

void Server::on_vote(const PeerMessage& message) {
  const bool peer_looks = message.standing == Standing::looking;
  if (standing_ != Standing::looking) {
    if (peer_looks) send_vote(message.from);
    return;
  }
  const Ballot ballot{message.from, message.epoch, message.standing, message.vote};
  if (peer_looks) {
    if (ballot.round < round_) {
      send_vote(message.from);
      return;
    }
    if (ballot.round > round_) {
      round_ = ballot.round;
      votes_.clear();
      withdraw(decision_timer_);
      const Vote own{number_, current_epoch_, log_.last()};
      vote_ = ballot.vote.beats(own) ? ballot.vote : own;
      broadcast_vote();
    } else if (ballot.vote.beats(vote_)) {
      vote_ = ballot.vote;
      withdraw(decision_timer_);
      broadcast_vote();
    }
    note(votes_, ballot);
    consider_votes();
    return;
  }
  // It has decided. Enough of those who agree, the leader among them, and this server joins.
  note(outside_, ballot);
  if (ballot.round == round_) note(votes_, ballot);
  const std::uint32_t leader = ballot.vote.leader;
  bool leader_leads = leader == number_ && ballot.round == round_;
  std::uint32_t agree = 0;
  for (const Ballot& each : outside_) {
    if (each.server == leader) leader_leads = each.standing == Standing::leading;
    if (each.vote.leader == leader && each.round == ballot.round) ++agree;
  }
  std::uint32_t in_round = vote_.leader == leader ? 1 : 0;
  for (const Ballot& each : votes_)
    if (each.vote.leader == leader) ++in_round;
  const bool quorum =
      agree >= options().needed() || (ballot.round == round_ && in_round >= options().needed());
  if (!quorum || !leader_leads) return;
  round_ = ballot.round;
  vote_ = ballot.vote;
  join(leader);
}

/// With a quorum behind its vote, it waits whether something better comes.
void Server::consider_votes() {
  if (decision_timer_) return;
  std::uint32_t agree = 1;
  for (const Ballot& ballot : votes_)
    if (ballot.vote == vote_) ++agree;
  if (agree < options().needed()) return;
  decision_timer_ = after<&Server::decide>(kFinalizeWait);
}

void Server::decide() {
  decision_timer_ = {};
  join(vote_.leader);
}

void Server::join(std::uint32_t leader) {
  withdraw(decision_timer_);
  withdraw(notification_timer_);
  if (leader == number_)
    lead();
  else
    follow(leader);
}

}  // namespace locklab::zookeeper
