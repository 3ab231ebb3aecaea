#include "sim/services/redis/replication.hpp"

#include <algorithm>

#include "sim/assert.hpp"
#include "sim/services/redis/server.hpp"
#include "sim/world.hpp"

namespace locklab::redis {

namespace {

constexpr Duration kCron = 1s;           // replicationCron
constexpr std::int64_t kPingEvery = 10;  // repl-ping-replica-period, in crons
constexpr std::int64_t kNothing = -1;    // an offset that nobody has

}  // namespace

// ---- the history --------------------------------------------------------------------------------

void History::append(const Change& change, bool last) {
  const std::size_t place = static_cast<std::size_t>(offset_ - base_) % capacity_;
  if (place == backlog_.size())
    backlog_.push_back({change, last});
  else
    backlog_[place] = {change, last};
  ++offset_;
}

const History::Effect& History::effect(std::int64_t offset) const {
  LOCKLAB_ASSERT(offset > offset_ - static_cast<std::int64_t>(backlog_.size()) &&
                 offset <= offset_);
  return backlog_[static_cast<std::size_t>(offset - 1 - base_) % capacity_];
}

bool History::continues(std::uint64_t id, std::int64_t offset) const {
  const bool same = id == id_ && offset <= offset_;
  const bool same_so_far = id == second_id_ && offset <= second_offset_;
  if (!same && !same_so_far) return false;
  return offset_ - offset <= static_cast<std::int64_t>(backlog_.size());
}

void History::begin(std::uint64_t id, std::int64_t offset) {
  backlog_.clear();
  id_ = id;
  base_ = offset_ = offset;
  second_id_ = 0;
  second_offset_ = kNothing;
}

void History::fork(std::uint64_t id) {
  second_id_ = id_;
  second_offset_ = offset_;
  id_ = id;
}

void History::rename(std::uint64_t id) {
  if (id != id_) fork(id);
}

// ---- life ---------------------------------------------------------------------------------------

Replication::Replication(Process& self, Server& server, const NodeKinds& kinds,
                         const ReplicationOptions& options, std::uint32_t priority)
    : self_(self),
      server_(server),
      kinds_(kinds),
      options_(options),
      priority_(priority),
      history_(&self.arena(), options.backlog),
      followers_(&self.arena()),
      waits_(&self.arena()),
      written_(&self.arena()),
      clients_(&self.arena()),
      unit_(&self.arena()),
      loading_(&self.arena()) {}

std::int64_t Replication::wall_s() const { return whole_ms(self_.wall_now()) / 1000; }

void Replication::settle(ReplicaSet& set, ProcessId master, std::uint64_t history) {
  set_ = &set;
  history_.begin(history, 0);
  if (master == self_.id()) {
    for (const Replication* node : set.nodes())
      if (node != this) followers_.push_back({node->id(), 0, 0, wall_s()});
    good_replicas_ = static_cast<std::uint32_t>(followers_.size());
    return;
  }
  role_ = NodeRole::replica;
  master_ = master;
  link_ = Link::up;
}

void Replication::on_start(bool first) {
  heard_s_ = wall_s();
  crons_ = 0;
  for (Follower& each : followers_) each.seen_s = wall_s();
  arm_cron();
  if (first) {
    self_.world().emit(self_.id(),
                       RoleChanged{is_master() ? ServerRole::master : ServerRole::replica, 0});
    if (!is_master()) acknowledge();  // its connection is there from the start
    return;
  }
  // Model: what it has loaded is a history of its own, so a replica is sent everything anew. Redis
  // keeps id and offset in a snapshot, and may go on from them.
  history_.begin(self_.rng().next(), 0);
  if (is_master()) return;
  link_ = Link::down;
  link_down_since_ms_ = whole_ms(self_.wall_now());
  synchronise();
}

void Replication::on_crash() {
  followers_.clear();
  waits_.clear();
  written_.clear();
  clients_.clear();
  unit_.clear();
  good_replicas_ = 0;
  link_ = Link::down;
}

void Replication::arm_cron() {
  Event cron;
  cron.context = this;
  cron.act = [](void* context, std::uint64_t) { static_cast<Replication*>(context)->cron(); };
  self_.recurring_timer(ClockKind::mono, kCron, cron);
}

void Replication::cron() {
  arm_cron();
  ++crons_;
  const std::int64_t timeout_s = options_.timeout / 1s;
  if (is_master()) {
    for (std::size_t i = followers_.size(); i-- > 0;)
      if (wall_s() - followers_[i].seen_s > timeout_s) drop_follower(followers_[i].node);
    if (crons_ % kPingEvery == 0)
      for (const Follower& each : followers_) {
        NodeMessage ping{.kind = NodeMessage::Kind::master_ping};
        ping.offset = each.sent;
        send(each.node, ping);
      }
    count_good_replicas();
    return;
  }
  if (link_ == Link::up && wall_s() - heard_s_ > timeout_s) lose_link();
  if (link_ != Link::up) return synchronise();
  acknowledge();
}

void Replication::acknowledge() const {
  NodeMessage ack{.kind = NodeMessage::Kind::acknowledge};
  ack.offset = history_.offset();
  send(master_, ack);
}

void Replication::send(ProcessId to, const NodeMessage& message) const {
  self_.world().network().send(self_.id(), to, kinds_.of(message.kind), message.change.key,
                               CallId{}, message);
}

bool Replication::on_message(const Packet& packet) {
  if (!kinds_.is_node(packet.kind)) return false;
  const NodeMessage message = packet.as<NodeMessage>();
  using Kind = NodeMessage::Kind;
  switch (message.kind) {
    case Kind::ping:
      send(packet.from, {.kind = Kind::pong});
      return true;
    case Kind::info:
      answer_info(packet.from);
      return true;
    case Kind::replica_of:
      if (message.master)
        follow(message.master, message.epoch);
      else
        become_master(message.epoch);
      return true;
    case Kind::psync:
      if (is_master()) add_follower(packet.from, message);
      return true;
    case Kind::acknowledge:
      if (is_master()) on_ack(packet.from, message.offset);
      return true;
    default:
      break;
  }
  if (is_master() || packet.from != master_) return true;  // from a former master
  heard_s_ = wall_s();
  switch (message.kind) {
    case Kind::go_on:
      history_.rename(message.history);
      unit_.clear();
      link_ = Link::up;
      break;
    case Kind::full_resync:
      loading_ = Keyspace(&self_.arena());
      loading_id_ = message.history;
      loading_offset_ = message.offset;
      loading_left_ = message.count;
      link_ = Link::loading;
      if (loading_left_ == 0) load();
      break;
    case Kind::snapshot_key:
      on_snapshot_key(message);
      break;
    case Kind::effect:
      on_effect(message);
      break;
    case Kind::master_ping:
      // Model: the network does not repeat what it lost, so it shows in the numbers.
      if (link_ == Link::up &&
          message.offset > history_.offset() + static_cast<std::int64_t>(unit_.size()))
        synchronise();
      break;
    case Kind::ask_offset:
      if (link_ == Link::up) acknowledge();
      break;
    default:
      break;
  }
  return true;
}

void Replication::on_connection_lost(ProcessId peer) {
  std::erase(clients_, peer);
  if (is_master())
    drop_follower(peer);
  else if (peer == master_)
    lose_link();
}

void Replication::met(ProcessId client) {
  if (std::find(clients_.begin(), clients_.end(), client) == clients_.end())
    clients_.push_back(client);
}

void Replication::answer_info(ProcessId sentinel) const {
  NodeMessage reply{.kind = NodeMessage::Kind::info_reply};
  reply.role = role_;
  reply.master = master_;
  reply.link_up = link_ == Link::up;
  if (!reply.link_up) reply.link_down_ms = whole_ms(self_.wall_now()) - link_down_since_ms_;
  reply.offset = history_.offset();
  reply.priority = priority_;
  send(sentinel, reply);
}

// ---- as a master --------------------------------------------------------------------------------

void Replication::executed(const Changes& changes, ProcessId client) {
  if (!is_master()) return;
  const auto replicated = [](const Change& change) {
    return change.kind != Change::Kind::published;
  };
  const auto count = std::count_if(changes.begin(), changes.end(), replicated);
  std::int64_t done = 0;
  for (const Change& change : changes)
    if (replicated(change)) history_.append(change, ++done == count);
  if (client) {
    const auto known = std::find_if(written_.begin(), written_.end(),
                                    [client](const Written& w) { return w.client == client; });
    if (known != written_.end())
      known->offset = history_.offset();
    else
      written_.push_back({client, history_.offset()});
  }
  if (followers_.empty()) return;
  if (options_.delay == Duration{0}) return flush(history_.offset());
  Event leaves;
  leaves.context = this;
  leaves.a = static_cast<std::uint64_t>(history_.offset());
  leaves.act = [](void* context, std::uint64_t up_to) {
    static_cast<Replication*>(context)->flush(static_cast<std::int64_t>(up_to));
  };
  self_.timer(ClockKind::mono, options_.delay, leaves);
}

void Replication::flush(std::int64_t up_to) {
  if (!is_master()) return;
  up_to = std::min(up_to, history_.offset());
  for (Follower& each : followers_) {
    while (each.sent < up_to) {
      const History::Effect& effect = history_.effect(++each.sent);
      NodeMessage message{.kind = NodeMessage::Kind::effect};
      message.offset = each.sent;
      message.change = effect.change;
      message.last = effect.last;
      send(each.node, message);
    }
  }
}

Replication::Follower* Replication::follower(ProcessId node) {
  for (Follower& each : followers_)
    if (each.node == node) return &each;
  return nullptr;
}

void Replication::drop_follower(ProcessId node) {
  std::erase_if(followers_, [node](const Follower& each) { return each.node == node; });
  count_good_replicas();
}

void Replication::add_follower(ProcessId node, const NodeMessage& psync) {
  std::erase_if(followers_, [node](const Follower& each) { return each.node == node; });
  if (history_.continues(psync.history, psync.offset)) {
    NodeMessage go_on{.kind = NodeMessage::Kind::go_on};
    go_on.history = history_.id();
    send(node, go_on);
    followers_.push_back({node, psync.offset, psync.offset, wall_s()});
    flush(history_.offset());
    count_good_replicas();
    return;
  }
  // Model: the snapshot is taken and sent at once; the real one waits five seconds for company
  // (repl-diskless-sync-delay), and is the state at the fork.
  const Keyspace& keys = server_.keys();
  NodeMessage full{.kind = NodeMessage::Kind::full_resync};
  full.history = history_.id();
  full.offset = history_.offset();
  full.count = static_cast<std::uint32_t>(keys.size() + keys.elements().size());
  send(node, full);
  for (const Entry& entry : keys.entries()) {
    NodeMessage key{.kind = NodeMessage::Kind::snapshot_key};
    key.change = {.kind = entry.counter ? Change::Kind::counted : Change::Kind::stored,
                  .key = entry.key,
                  .attempt = entry.attempt,
                  .value = entry.value,
                  .deadline_ms = entry.deadline_ms};
    send(node, key);
  }
  for (const Element& element : keys.elements()) {
    NodeMessage key{.kind = NodeMessage::Kind::snapshot_key};
    key.change = {.kind = Change::Kind::element_put,
                  .key = element.key,
                  .value = element.member,
                  .deadline_ms = element.score};
    send(node, key);
  }
  followers_.push_back({node, history_.offset(), kNothing, wall_s()});
  count_good_replicas();
}

/// refreshGoodSlavesCount: in whole seconds of the wall clock.
void Replication::count_good_replicas() {
  const std::int64_t max_lag_s = options_.max_lag / 1s;
  good_replicas_ = static_cast<std::uint32_t>(
      std::count_if(followers_.begin(), followers_.end(), [&](const Follower& each) {
        return each.acknowledged != kNothing && wall_s() - each.seen_s <= max_lag_s;
      }));
}

ReplyError Replication::refusal(Command command) const {
  if (!writes(command)) return ReplyError::none;
  if (!is_master()) return ReplyError::read_only;
  if (good_replicas_ < options_.min_replicas_to_write) return ReplyError::not_enough_replicas;
  return ReplyError::none;
}

void Replication::on_ack(ProcessId node, std::int64_t offset) {
  Follower* known = follower(node);
  if (known == nullptr) return;
  const bool first = known->acknowledged == kNothing;
  known->acknowledged = offset;
  known->seen_s = wall_s();
  if (first) count_good_replicas();
  answer_waits(false);
}

void Replication::wait(const Request& request, const Network::Return& to) {
  std::int64_t offset = 0;
  for (const Written& written : written_)
    if (written.client == to.client) offset = written.offset;
  const std::uint64_t ticket = ++tickets_;
  waits_.push_back({to, offset, request.wait_ms, ticket, {}});
  answer_waits(false);
  if (waits_.empty() || waits_.back().ticket != ticket) return;
  for (const Follower& each : followers_) send(each.node, {.kind = NodeMessage::Kind::ask_offset});
  if (request.ttl_ms <= 0) return;  // 0: for ever
  Event passes;
  passes.context = this;
  passes.a = ticket;
  passes.act = [](void* context, std::uint64_t which) {
    auto& self = *static_cast<Replication*>(context);
    for (Waiting& waiting : self.waits_)
      if (waiting.ticket == which) waiting.wanted = 0;
    self.answer_waits(false);
  };
  waits_.back().timer =
      self_.timer(ClockKind::wall, std::chrono::milliseconds(request.ttl_ms), passes);
}

void Replication::answer_waits(bool all) {
  for (std::size_t i = 0; i < waits_.size();) {
    const Waiting waiting = waits_[i];
    const std::int64_t have =
        std::count_if(followers_.begin(), followers_.end(),
                      [&](const Follower& each) { return each.acknowledged >= waiting.offset; });
    if (!all && have < waiting.wanted) {
      ++i;
      continue;
    }
    waits_.erase(waits_.begin() + static_cast<std::ptrdiff_t>(i));
    self_.world().loop().cancel(waiting.timer);
    server_.answer(waiting.to, Command::wait, Reply::integer(have));
  }
}

void Replication::become_master(std::uint64_t epoch) {
  if (is_master()) return;
  role_ = NodeRole::master;
  master_ = {};
  link_ = Link::down;
  unit_.clear();
  followers_.clear();
  good_replicas_ = 0;
  history_.fork(self_.rng().next());
  self_.world().emit(self_.id(), RoleChanged{ServerRole::master, epoch});
  server_.announce_keys();
  for (Replication* node : set_->nodes())
    if (node != this && node->is_master() && !self_.world().process(node->id()).alive())
      node->server().disown_keys();
}

// ---- as a replica -------------------------------------------------------------------------------

void Replication::follow(ProcessId master, std::uint64_t epoch) {
  if (!is_master() && master_ == master) return;
  const bool was_master = is_master();
  role_ = NodeRole::replica;
  master_ = master;
  unit_.clear();
  link_down_since_ms_ = whole_ms(self_.wall_now());
  if (was_master) {
    self_.world().emit(self_.id(), RoleChanged{ServerRole::replica, epoch});
    server_.disown_keys();
    answer_waits(true);
    followers_.clear();
    good_replicas_ = 0;
  }
  // CLIENT KILL TYPE normal, which a Sentinel sends with it.
  const std::pmr::vector<ProcessId> clients(clients_, &self_.arena());
  clients_.clear();
  for (const ProcessId client : clients)
    self_.world().network().reset_connection(self_.id(), client);
  synchronise();
}

void Replication::lose_link() {
  if (link_ == Link::up) link_down_since_ms_ = whole_ms(self_.wall_now());
  link_ = Link::down;
  unit_.clear();
}

void Replication::synchronise() {
  lose_link();
  link_ = Link::connecting;
  NodeMessage psync{.kind = NodeMessage::Kind::psync};
  psync.history = history_.id();
  psync.offset = history_.offset();
  send(master_, psync);
}

void Replication::on_effect(const NodeMessage& message) {
  if (link_ != Link::up) return;
  const std::int64_t next = history_.offset() + static_cast<std::int64_t>(unit_.size()) + 1;
  if (message.offset < next) return;  // a copy
  if (message.offset > next) return synchronise();
  unit_.push_back(message.change);
  if (!message.last) return;
  server_.apply(unit_);
  for (std::size_t i = 0; i < unit_.size(); ++i) history_.append(unit_[i], i + 1 == unit_.size());
  unit_.clear();
}

void Replication::on_snapshot_key(const NodeMessage& message) {
  if (link_ != Link::loading || loading_left_ == 0) return;
  loading_.apply(message.change);
  if (--loading_left_ == 0) load();
}

void Replication::load() {
  server_.replace_keys(loading_);
  history_.begin(loading_id_, loading_offset_);
  link_ = Link::up;
  acknowledge();
}

}  // namespace locklab::redis
