#include "sim/services/raft/node.hpp"

#include <algorithm>
#include <cstring>

#include "sim/assert.hpp"

namespace locklab::raft {

// ---- the group ----------------------------------------------------------------------------------

bool Group::first(std::uint32_t index, std::uint32_t term) {
  if (index > applied_.size()) {
    applied_.resize(index, 0);
    applied_[index - 1] = term;
    return true;
  }
  return applied_[index - 1] != term;
}

bool Group::first_commit(std::uint32_t index) {
  if (index <= committed_) return false;
  committed_ = index;
  return true;
}

// ---- life ---------------------------------------------------------------------------------------

Node::Node(Process& self, const Kinds& kinds, const Options& options, Group& group,
           Machine& machine)
    : self_(self),
      kinds_(kinds),
      options_(options),
      group_(group),
      machine_(machine),
      rng_(self.world().stream("raft/election", self.key())),
      peers_(&self.arena()),
      journal_(&self.arena()),
      asked_(&self.arena()),
      reads_(&self.arena()),
      behind_(&self.arena()),
      held_(&self.arena()) {}

void Node::join(std::span<const ProcessId> group) {
  first_leader_ = group.front();
  for (const ProcessId id : group) {
    if (id == self_.id()) continue;
    Peer peer;
    peer.id = id;
    peers_.push_back(peer);
  }
}

void Node::on_start() {
  machine_.reset();
  if (!first_start_) {
    self_.world().emit(self_.id(), ServiceRecovered{journal_.last_index(), lost_, Duration{0}});
    restart_election_timer();
    may_have_heard_ = options_.leader_lease;
    return;
  }
  first_start_ = false;
  if (!options_.settled) {
    restart_election_timer();
    return;
  }
  // As if the first server had been elected long ago: the entry that its term began with is
  // everywhere, committed and applied.
  journal_.set_state(1, first_leader_.number);
  journal_.append(Entry{.term = 1});
  journal_.synced(journal_.written());
  commit_ = applied_ = 1;
  leader_ = first_leader_;
  static_cast<void>(group_.first(1, 1));
  static_cast<void>(group_.first_commit(1));
  if (first_leader_ != self_.id()) {
    restart_election_timer();
    return;
  }
  role_ = Role::leader;
  term_start_ = 1;
  for (Peer& peer : peers_) {
    peer.match = 1;
    peer.next = 2;
    peer.probing = false;
  }
  emit_role(ServerRole::leader);
  say_role();
  arm_heartbeat();
}

void Node::on_crash(bool power_loss) {
  // What a process has written outlives it: the operating system has it.
  lost_ = power_loss ? journal_.lose_unsynced() : 0;
  journal_.synced(journal_.written());
  role_ = Role::follower;
  leader_ = {};
  commit_ = applied_ = 0;
  said_leads_ = false;
  stalled_ = false;  // the next life is told, if its disk still stands still
  syncing_ = 0;
  saving_ = false;
  tickets_ = 0;
  sync_timer_ = election_timer_ = heartbeat_timer_ = {};  // they die with the process's life
  asked_.clear();
  reads_.clear();
  behind_.clear();
  held_.clear();
}

bool Node::on_message(const Packet& packet) {
  if (packet.call) return false;
  if (packet.kind == kinds_.append || packet.kind == kinds_.heartbeat)
    on_append(packet.from, packet.as<Append>());
  else if (packet.kind == kinds_.append_reply)
    on_append_reply(packet.from, packet.as<AppendReply>());
  else if (packet.kind == kinds_.vote_request)
    on_vote_request(packet.from, packet.as<VoteRequest>());
  else if (packet.kind == kinds_.vote_reply)
    on_vote_reply(packet.from, packet.as<VoteReply>());
  else if (packet.kind == kinds_.forward)
    on_forward(packet);
  else if (packet.kind == kinds_.read_index)
    on_read_index(packet.from, packet.as<ReadIndex>());
  else if (packet.kind == kinds_.read_index_reply)
    on_read_index_reply(packet.as<ReadIndex>());
  else
    return false;
  return true;
}

// ---- the disk -----------------------------------------------------------------------------------

/// Brings what was written to the disk. Without a time for it, and without a fault, at once.
void Node::persist() {
  if (journal_.all_synced()) return;
  if (!stalled_ && options_.fsync == Duration{0} && syncing_ == 0) {
    journal_.synced(journal_.written());
    return;
  }
  saving_ = true;
  begin_sync();
}

void Node::begin_sync() {
  if (stalled_ || syncing_ != 0 || journal_.all_synced()) return;
  syncing_ = journal_.written();
  Event done;
  done.context = this;
  done.act = [](void* node, std::uint64_t) { static_cast<Node*>(node)->sync_done(); };
  sync_timer_ = self_.timer(ClockKind::mono, options_.fsync, done);
}

void Node::sync_done() {
  sync_timer_ = {};
  journal_.synced(syncing_);
  syncing_ = 0;
  saving_ = !journal_.all_synced();
  begin_sync();
  unstick();
}

void Node::on_disk_stall(bool stalled) {
  stalled_ = stalled;
  if (!self_.alive()) return;
  if (stalled) {
    self_.world().loop().cancel(sync_timer_);
    sync_timer_ = {};
    syncing_ = 0;
    return;
  }
  if (saving_)
    begin_sync();
  else
    unstick();
}

/// What waited for the disk, or for the loop that waited for it.
void Node::unstick() {
  flush_held();
  if (role_ == Role::leader) advance_commit();
  apply_committed();
  say_role();
}

void Node::hold(std::uint64_t write, ProcessId to, Symbol kind, const void* bytes,
                std::size_t size) {
  Held held;
  held.write = write;
  held.to = to;
  held.kind = kind;
  held.size = static_cast<std::uint16_t>(size);
  std::memcpy(held.bytes, bytes, size);
  held_.push_back(held);
}

void Node::flush_held() {
  const bool all = journal_.all_synced();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const Held& held = held_[i];
    if (stuck() || (held.write != 0 && !all && held.write > journal_.synced_through())) {
      held_[kept++] = held;
      continue;
    }
    self_.world().network().send_bytes(self_.id(), held.to, held.kind, Symbol{}, CallId{},
                                       held.bytes, held.size);
  }
  held_.resize(kept);
}

// ---- requests -----------------------------------------------------------------------------------

void Node::submit(const Command& command, const Network::Return& asked) {
  if (!leads() && !leader_) return machine_.refused(asked);
  Entry entry;
  entry.origin = self_.id().number;
  entry.life = self_.life();
  entry.ticket = ++tickets_;
  entry.command = command;
  asked_.push_back({entry.ticket, asked});
  submit(entry);
}

void Node::submit(const Command& command) {
  Entry entry;
  entry.origin = self_.id().number;
  entry.life = self_.life();
  entry.ticket = ++tickets_;
  entry.command = command;
  submit(entry);
}

void Node::submit(Entry entry) {
  if (leads()) return append(entry);
  if (leader_) send(leader_, kinds_.forward, Forward{entry});
}

/// Model: a follower hands a request on once; one that reaches a server which leads no more is
/// lost, and its client times out.
void Node::on_forward(const Packet& packet) {
  const Entry entry = packet.as<Forward>().entry;
  if (leads() && !seen(entry)) append(entry);
}

/// The network doubled the message.
bool Node::seen(const Entry& entry) const {
  constexpr std::uint32_t kLately = 64;
  const std::uint32_t last = journal_.last_index();
  const std::uint32_t from = std::min(commit_, last > kLately ? last - kLately : 0);
  for (std::uint32_t index = last; index > from; --index)
    if (journal_.at(index).same_request(entry)) return true;
  return false;
}

void Node::append(const Entry& entry) {
  Entry mine = entry;
  mine.term = term();
  journal_.append(mine);
  // The entry travels while the leader's own disk is at work [thesis 10.2.1].
  for (Peer& peer : peers_)
    if (!peer.probing) send_entries(peer);
  persist();
  advance_commit();
}

// ---- the state machine --------------------------------------------------------------------------

void Node::apply_committed() {
  if (stuck() || applying_) return;
  applying_ = true;  // applying may commit: a group of one
  while (applied_ < commit_) {
    const std::uint32_t index = ++applied_;
    const Entry entry = journal_.at(index);
    const bool first = group_.first(index, entry.term);
    if (entry.empty()) {
      say_role();
      continue;
    }
    Committed committed;
    committed.index = index;
    committed.entry = &entry;
    committed.first = first;
    const auto asked = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& one) {
      return entry.origin == self_.id().number && entry.life == self_.life() &&
             one.ticket == entry.ticket;
    });
    if (asked == asked_.end()) {
      machine_.apply(committed);
      continue;
    }
    const Network::Return to = asked->to;
    asked_.erase(asked);
    committed.asked = &to;
    machine_.apply(committed);
  }
  applying_ = false;
  for (std::size_t i = 0; i < behind_.size();) {
    if (behind_[i].index > applied_) {
      ++i;
      continue;
    }
    const std::uint32_t ticket = behind_[i].ticket;
    behind_.erase(behind_.begin() + static_cast<std::ptrdiff_t>(i));
    machine_.confirmed(ticket, true);
  }
}

/// Tells the machine, if it has not been told, whether it leads.
void Node::say_role() {
  if (stuck()) return;
  const bool now = role_ == Role::leader && applied_ >= term_start_;
  if (now == said_leads_) return;
  said_leads_ = now;
  machine_.leads(now);
}

}  // namespace locklab::raft
