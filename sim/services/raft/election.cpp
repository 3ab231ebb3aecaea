// Who leads [Raft 5.2, 5.4.1; thesis 4.2.3 (servers that hear a leader do not vote), 9.6
// (pre-vote)].
#include <algorithm>

#include "sim/assert.hpp"
#include "sim/services/raft/node.hpp"

namespace locklab::raft {

// ---- time-outs ----------------------------------------------------------------------------------

/// Draws a new time-out and begins to count.
void Node::restart_election_timer() {
  const std::int64_t spread = std::max<std::int64_t>(options_.election / 1ms, 1);
  patience_ =
      options_.election + std::chrono::milliseconds(rng_.below(static_cast<std::uint64_t>(spread)));
  heard_ = self_.mono_now();
  self_.world().loop().cancel(election_timer_);
  arm_election_timer(patience_);
}

void Node::arm_election_timer(Duration after) {
  Event due;
  due.context = this;
  due.act = [](void* node, std::uint64_t) { static_cast<Node*>(node)->on_election_timer(); };
  election_timer_ = self_.timer(ClockKind::mono, after, due);
}

/// One timer serves many heartbeats: they only move the time from which it counts.
void Node::on_election_timer() {
  election_timer_ = {};
  if (role_ == Role::leader) return;
  const Duration left = heard_ + patience_ - self_.mono_now();
  if (left > Duration{0}) return arm_election_timer(left);
  if (stuck())
    return arm_election_timer(options_.heartbeat);  // nobody counts while the loop stands
  may_have_heard_ = false;
  campaign(options_.pre_vote);
}

// ---- standing for election ----------------------------------------------------------------------

void Node::campaign(bool pre) {
  leader_ = {};
  for (Peer& peer : peers_) peer.vote = false;
  if (pre) {
    role_ = Role::pre_candidate;
  } else {
    role_ = Role::candidate;
    journal_.set_state(term() + 1, self_.id().number);
    persist();
    emit_role(ServerRole::candidate);
  }
  restart_election_timer();
  say_role();
  VoteRequest request;
  request.term = pre ? term() + 1 : term();
  request.last_index = journal_.last_index();
  request.last_term = journal_.last_term();
  request.pre = pre;
  for (const Peer& peer : peers_) send_when_synced(peer.id, kinds_.vote_request, request);
  count_votes();
}

void Node::count_votes() {
  // A vote for oneself counts like any other: once it is on the disk. It is synced before the
  // requests leave, so only a server without peers has to wait for it here.
  const auto votes =
      1 + static_cast<std::uint32_t>(std::count_if(peers_.begin(), peers_.end(),
                                                   [](const Peer& peer) { return peer.vote; }));
  if (votes < majority()) return;
  if (role_ == Role::pre_candidate)
    campaign(false);
  else
    become_leader();
}

void Node::become_leader() {
  role_ = Role::leader;
  leader_ = self_.id();
  emit_role(ServerRole::leader);
  for (Peer& peer : peers_) {
    peer.next = journal_.last_index() + 1;
    peer.match = 0;
    peer.round = round_;
    peer.probing = true;
    peer.active = true;
  }
  heartbeats_ = 0;
  term_round_ = round_;
  lease_from_ = MonoInstant{} - options_.election;
  term_start_ = journal_.last_index() + 1;
  arm_heartbeat();
  // An entry of its own term, since only such may be committed by counting [Raft 5.4.2].
  journal_.append(Entry{.term = term()});
  for (Peer& peer : peers_) send_entries(peer);
  persist();
  advance_commit();
}

void Node::become_follower(std::uint32_t term, ProcessId leader) {
  const bool led = role_ == Role::leader;
  const bool was_follower = role_ == Role::follower;
  if (term > this->term()) {
    journal_.set_state(term, 0);
    if (options_.sync_votes) persist();
  }
  role_ = Role::follower;
  leader_ = leader;
  if (!was_follower || !election_timer_) restart_election_timer();
  if (led) {
    self_.world().loop().cancel(heartbeat_timer_);
    heartbeat_timer_ = {};
    drop_reads();
  }
  if (!was_follower) emit_role(ServerRole::follower);
  say_role();
}

void Node::emit_role(ServerRole role) { self_.world().emit(self_.id(), RoleChanged{role, term()}); }

// ---- votes --------------------------------------------------------------------------------------

/// It has heard from a leader within the shortest election time-out.
bool Node::hears_leader() const {
  if (role_ == Role::leader) return true;
  return (leader_ || may_have_heard_) && self_.mono_now() - heard_ < options_.election;
}

void Node::on_vote_request(ProcessId from, const VoteRequest& request) {
  if (request.term > term()) {
    // Whoever was cut off for a while does not disturb those who were not.
    if (options_.check_quorum && hears_leader()) return;
    if (!request.pre) become_follower(request.term, {});
  }
  const bool up_to_date =
      request.last_term > journal_.last_term() ||
      (request.last_term == journal_.last_term() && request.last_index >= journal_.last_index());
  VoteReply reply;
  reply.pre = request.pre;
  if (request.pre) {
    reply.granted = request.term > term() && up_to_date;
    reply.term = reply.granted ? request.term : term();
    send(from, kinds_.vote_reply, reply);
    return;
  }
  const bool free = journal_.vote() == from.number || (journal_.vote() == 0 && !leader_);
  reply.term = term();
  reply.granted = request.term == term() && role_ == Role::follower && free && up_to_date;
  if (!reply.granted) {
    send(from, kinds_.vote_reply, reply);
    return;
  }
  journal_.set_state(term(), from.number);
  heard_ = self_.mono_now();
  if (!options_.sync_votes) {
    send(from, kinds_.vote_reply, reply);
    return;
  }
  persist();
  send_when_synced(from, kinds_.vote_reply, reply);
}

void Node::on_vote_reply(ProcessId from, const VoteReply& reply) {
  if (!reply.granted) {
    if (reply.term > term()) become_follower(reply.term, {});
    return;
  }
  const bool counts = reply.pre ? role_ == Role::pre_candidate && reply.term == term() + 1
                                : role_ == Role::candidate && reply.term == term();
  Peer* voter = peer(from);
  if (!counts || voter == nullptr) return;
  voter->vote = true;
  count_votes();
}

}  // namespace locklab::raft
