// How entries get from the leader to all others, when they are committed, and how a leader makes
// sure that it still is one [Raft 5.3, 5.4.2; thesis 6.2, 6.4; the probing of a follower whose log
// is not known follows etcd's raft].
#include <algorithm>
#include <array>
#include <utility>

#include "sim/assert.hpp"
#include "sim/services/raft/node.hpp"

namespace locklab::raft {

namespace {

constexpr std::size_t kMostServers = 9;

}  // namespace

Node::Peer* Node::peer(ProcessId id) {
  for (Peer& peer : peers_)
    if (peer.id == id) return &peer;
  return nullptr;
}

// ---- the leader's side --------------------------------------------------------------------------

void Node::arm_heartbeat() {
  Event due;
  due.context = this;
  due.act = [](void* node, std::uint64_t) { static_cast<Node*>(node)->on_heartbeat_timer(); };
  heartbeat_timer_ = self_.recurring_timer(ClockKind::mono, options_.heartbeat, due);
}

void Node::on_heartbeat_timer() {
  arm_heartbeat();
  if (stuck()) return;  // the loop that ticks stands still
  if (options_.check_quorum && ++heartbeats_ * options_.heartbeat >= options_.election) {
    heartbeats_ = 0;
    const auto active =
        1 + static_cast<std::uint32_t>(std::count_if(peers_.begin(), peers_.end(),
                                                     [](const Peer& peer) { return peer.active; }));
    for (Peer& peer : peers_) peer.active = false;
    if (active < majority()) return become_follower(term(), {});
  }
  broadcast(true);
}

void Node::broadcast(bool heartbeat) {
  if (heartbeat) round_sent_[++round_ % kRounds] = self_.mono_now();
  for (Peer& peer : peers_) send_append(peer, heartbeat);
}

/// Without an entry. It names the entry before the next one all the same: so it finds out whether
/// something was lost on the way.
void Node::send_append(Peer& peer, bool heartbeat) {
  Append message;
  message.term = term();
  message.prev_index = peer.next - 1;
  message.prev_term = journal_.term_at(message.prev_index);
  message.commit = commit_;
  message.round = round_;
  send(peer.id, heartbeat ? kinds_.heartbeat : kinds_.append, message);
}

void Node::send_entries(Peer& peer) {
  const std::uint32_t last = journal_.last_index();
  for (std::uint32_t index = peer.next; index <= last; ++index) {
    Append message;
    message.term = term();
    message.prev_index = index - 1;
    message.prev_term = journal_.term_at(index - 1);
    message.commit = commit_;
    message.round = round_;
    message.has_entry = true;
    message.entry = journal_.at(index);
    send(peer.id, kinds_.append, message);
    if (peer.probing) return;
    peer.next = index + 1;
  }
}

void Node::on_append_reply(ProcessId from, const AppendReply& reply) {
  if (reply.term > term()) return become_follower(reply.term, {});
  Peer* found = peer(from);
  if (role_ != Role::leader || reply.term != term() || found == nullptr) return;
  Peer& follower = *found;
  follower.active = true;
  follower.round = std::max(follower.round, reply.round);
  if (!reply.matched) {
    // Of a refusal that answers an old message nothing follows: one lost message makes all behind
    // it be refused.
    if (follower.probing ? reply.prev_index != follower.next - 1
                         : reply.prev_index <= follower.match)
      return;
    follower.next = follower.probing
                        ? std::max(std::min(reply.prev_index, reply.index + 1), follower.match + 1)
                        : follower.match + 1;
    follower.probing = true;
    if (follower.next <= journal_.last_index())
      send_entries(follower);
    else
      send_append(follower, false);
  } else {
    // Only a follower of a log that commits without a quorum has committed more than its leader
    // has.
    const std::uint32_t matched = std::min(reply.index, journal_.last_index());
    const bool news = matched > follower.match;
    follower.match = std::max(follower.match, matched);
    follower.next = std::max(follower.next, follower.match + 1);
    const bool was_probing = std::exchange(follower.probing, false);
    if (news) advance_commit();
    // It may have stepped down: a group whose state machine is told can do anything.
    if (role_ == Role::leader && (news || was_probing)) send_entries(follower);
  }
  if (role_ != Role::leader) return;
  if (options_.leader_lease) {
    const std::uint32_t answered = answered_round();
    if (answered > term_round_ && round_ - answered < kRounds)
      lease_from_ = std::max(lease_from_, round_sent_[answered % kRounds]);
  }
  if (!reads_.empty()) confirm_reads();
}

bool Node::holds_lease() const {
  if (!leads()) return false;
  return peers_.empty() || self_.mono_now() < lease_from_ + options_.election;
}

/// An entry of this term that a quorum has is committed, and all before it with it.
void Node::advance_commit() {
  if (role_ != Role::leader) return;
  std::array<std::uint32_t, kMostServers> matches{};
  std::size_t count = 0;
  LOCKLAB_ASSERT(size() <= kMostServers);
  matches[count++] = journal_.durable_index();
  for (const Peer& peer : peers_) matches[count++] = peer.match;
  std::sort(matches.begin(), matches.begin() + static_cast<std::ptrdiff_t>(count),
            [](std::uint32_t a, std::uint32_t b) { return a > b; });
  const std::uint32_t quorum = options_.commit_quorum != 0 ? options_.commit_quorum : majority();
  const std::uint32_t everywhere = matches[quorum - 1];
  if (everywhere <= commit_ || journal_.term_at(everywhere) != term()) return;
  for (std::uint32_t index = commit_ + 1; index <= everywhere; ++index)
    if (group_.first_commit(index))
      self_.world().emit(self_.id(), EntryCommitted{index, journal_.term_at(index)});
  const bool own_term_before = commit_ >= term_start_;
  commit_ = everywhere;
  apply_committed();
  if (role_ != Role::leader) return;
  for (Peer& peer : peers_)
    if (!peer.probing) send_append(peer, false);
  // Reads that came before the term's first commit may go on.
  if (!own_term_before && !reads_.empty()) {
    for (Read& read : reads_) {
      read.index = commit_;
      read.round = round_ + 1;
    }
    broadcast(true);
    confirm_reads();
  }
}

// ---- the follower's side ------------------------------------------------------------------------

void Node::on_append(ProcessId from, const Append& append) {
  AppendReply reply;
  reply.round = append.round;
  reply.prev_index = append.prev_index;
  if (append.term < term()) {
    reply.term = term();
    send(from, kinds_.append_reply, reply);
    return;
  }
  if (append.term > term() || role_ != Role::follower || leader_ != from)
    become_follower(append.term, from);
  heard_ = self_.mono_now();
  reply.term = term();

  const std::uint32_t last = journal_.last_index();
  if (append.prev_index < commit_ && append.prev_index + (append.has_entry ? 1 : 0) <= commit_) {
    reply.matched = true;  // an old message: all of that is committed
    reply.index = commit_;
    send_when_synced(from, kinds_.append_reply, reply);
    return;
  }
  if (append.prev_index > last || journal_.term_at(append.prev_index) != append.prev_term) {
    // No use in trying entries whose term is above that of the one that did not match.
    std::uint32_t hint = std::min(append.prev_index - 1, last);
    while (hint > commit_ && journal_.term_at(hint) > append.prev_term) --hint;
    reply.index = hint;
    send(from, kinds_.append_reply, reply);
    return;
  }
  std::uint32_t match = append.prev_index;
  if (append.has_entry) {
    match = append.prev_index + 1;
    if (match > last || journal_.term_at(match) != append.entry.term) {
      if (match <= last) {
        // Only a log that commits without a quorum comes to this.
        LOCKLAB_ASSERT(match > commit_ || options_.commit_quorum != 0 || !options_.sync_votes);
        journal_.cut_after(match - 1);
        commit_ = std::min(commit_, match - 1);
        applied_ = std::min(applied_, match - 1);
      }
      journal_.append(append.entry);
    }
  }
  persist();
  const std::uint32_t commit = std::min(append.commit, match);
  if (commit > commit_) {
    commit_ = commit;
    apply_committed();
  }
  reply.matched = true;
  reply.index = match;
  send_when_synced(from, kinds_.append_reply, reply);
}

// ---- reads --------------------------------------------------------------------------------------

void Node::confirm(std::uint32_t ticket) {
  if (leads()) {
    read_on_leader(self_.id(), ticket);
  } else if (leader_) {
    ReadIndex request;
    request.ticket = ticket;
    send(leader_, kinds_.read_index, request);
  } else {
    machine_.confirmed(ticket, false);
  }
}

void Node::read_on_leader(ProcessId from, std::uint32_t ticket) {
  if (commit_ < term_start_) {  // it does not know yet how far its predecessors have come
    reads_.push_back({from, ticket, 0, 0});
    return;
  }
  reads_.push_back({from, ticket, round_ + 1, commit_});
  broadcast(true);
  confirm_reads();
}

/// The last round of heartbeats that a quorum has answered.
std::uint32_t Node::answered_round() const {
  std::array<std::uint32_t, kMostServers> rounds{};
  std::size_t count = 0;
  rounds[count++] = round_;
  for (const Peer& peer : peers_) rounds[count++] = peer.round;
  std::sort(rounds.begin(), rounds.begin() + static_cast<std::ptrdiff_t>(count),
            [](std::uint32_t a, std::uint32_t b) { return a > b; });
  return rounds[majority() - 1];
}

/// Reads whose round of heartbeats a quorum has answered.
void Node::confirm_reads() {
  if (stuck()) return;
  const std::uint32_t answered = answered_round();
  while (!reads_.empty() && reads_.front().round != 0 && reads_.front().round <= answered) {
    const Read read = reads_.front();
    reads_.erase(reads_.begin());
    answer_read(read, true);
  }
}

void Node::drop_reads() {
  while (!reads_.empty()) {
    const Read read = reads_.front();
    reads_.erase(reads_.begin());
    answer_read(read, false);
  }
}

void Node::answer_read(const Read& read, bool yes) {
  if (read.from == self_.id()) return machine_.confirmed(read.ticket, yes);
  ReadIndex reply;
  reply.ticket = read.ticket;
  reply.index = read.index;
  reply.confirmed = yes;
  send(read.from, kinds_.read_index_reply, reply);
}

void Node::on_read_index(ProcessId from, const ReadIndex& request) {
  if (leads()) return read_on_leader(from, request.ticket);
  ReadIndex reply;
  reply.ticket = request.ticket;
  send(from, kinds_.read_index_reply, reply);
}

void Node::on_read_index_reply(const ReadIndex& reply) {
  if (!reply.confirmed) return machine_.confirmed(reply.ticket, false);
  if (reply.index <= applied_) return machine_.confirmed(reply.ticket, true);
  behind_.push_back({reply.ticket, reply.index});
}

}  // namespace locklab::raft
