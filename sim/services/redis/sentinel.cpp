#include "sim/services/redis/sentinel.hpp"

#include <algorithm>

#include "sim/assert.hpp"
#include "sim/world.hpp"

namespace locklab::redis {

namespace {

constexpr std::uint64_t kHz = 10;            // timers a second, and up to as many more
constexpr std::int64_t kAskPeriodMs = 1000;  // SENTINEL_ASK_PERIOD
constexpr std::int64_t kOpinionMs = 5 * kAskPeriodMs;
constexpr std::uint64_t kMaxDesyncMs = 1000;    // SENTINEL_MAX_DESYNC
constexpr std::int64_t kFailoverInfoMs = 1000;  // INFO period of replicas when it matters
constexpr std::int64_t kConvertHellos = 4;      // a stray master is left alone for so long

}  // namespace

Sentinel::Sentinel(Process& self, const NodeKinds& kinds, const SentinelOptions& options)
    : self_(self), kinds_(kinds), options_(options), sets_(&self.arena()), peers_(&self.arena()) {}

void Sentinel::watch(Symbol name, std::span<const ProcessId> nodes) {
  Set set(&self_.arena());
  set.name = name;
  for (const ProcessId id : nodes) {
    Node node;
    node.id = id;
    node.role = set.nodes.empty() ? NodeRole::master : NodeRole::replica;
    if (!set.nodes.empty()) node.follows = nodes.front();
    set.nodes.push_back(node);
  }
  sets_.push_back(std::move(set));
}

void Sentinel::meet(std::span<const ProcessId> sentinels) {
  for (const ProcessId id : sentinels)
    if (id != self_.id()) peers_.push_back(id);
  for (Set& set : sets_) set.opinions.resize(peers_.size());
}

std::int64_t Sentinel::now() const { return whole_ms(self_.wall_now()); }

std::int64_t Sentinel::ms(Duration duration) { return duration / 1ms; }

std::uint32_t Sentinel::number_of(const Set& set) const {
  return static_cast<std::uint32_t>(&set - sets_.data());
}

Sentinel::Node* Sentinel::Set::find(ProcessId id) {
  for (Node& node : nodes)
    if (node.id == id) return &node;
  return nullptr;
}

// ---- life ---------------------------------------------------------------------------------------

void Sentinel::on_start() {
  previous_time_ms_ = now();
  tilt_ = false;
  for (Set& set : sets_) {
    for (Node& node : set.nodes) {
      node.connected = true;
      node.last_valid_ms = node.role_since_ms = node.follows_since_ms = now();
    }
  }
  arm_timer(Duration{0});
}

// Epochs, votes and masters stand in its configuration file; all else was in memory.
void Sentinel::on_crash(bool) {
  for (Set& set : sets_) {
    for (Node& node : set.nodes) {
      Node fresh;
      fresh.id = node.id;
      fresh.role = node.role;
      fresh.follows = node.follows;
      node = fresh;
    }
    for (Opinion& opinion : set.opinions) opinion = {};
    set.clients.clear();
    set.objectively_down = false;
    set.state = State::none;
    set.forced = false;
    set.failover_start_ms = kNoTime;
    set.hello_ms = kNoTime;
  }
}

void Sentinel::arm_timer(Duration after) {
  Event timer;
  timer.context = this;
  timer.act = [](void* context, std::uint64_t) { static_cast<Sentinel*>(context)->on_timer(); };
  self_.timer(ClockKind::mono, after, timer);
}

void Sentinel::on_timer() {
  // The rate is drawn anew each time, so that Sentinels do not act in step.
  const auto hz = static_cast<std::int64_t>(kHz + self_.rng().below(kHz));
  arm_timer(std::chrono::milliseconds(1000 / hz));
  const bool passive = check_tilt();
  for (Set& set : sets_) {
    for (Node& node : set.nodes) watch_node(set, node);
    if (now() - set.hello_ms > ms(options_.hello)) say_hello(set);
    if (passive) continue;
    for (Node& node : set.nodes) check_subjectively_down(set, node);
    check_objectively_down(set);
    if (may_start_failover(set)) {
      start_failover(set);
      ask_others(set, true);
    }
    run_failover(set);
    ask_others(set, false);
  }
}

bool Sentinel::check_tilt() {
  const std::int64_t delta = now() - previous_time_ms_;
  previous_time_ms_ = now();
  if (delta < 0 || delta > ms(options_.tilt_trigger)) {
    tilt_ = true;
    tilt_since_ms_ = now();
  }
  if (tilt_ && now() - tilt_since_ms_ >= ms(options_.tilt)) tilt_ = false;
  return tilt_;
}

// ---- watching -----------------------------------------------------------------------------------

/// sentinelSendPeriodicCommands.
void Sentinel::watch_node(Set& set, Node& node) {
  const bool is_master = &node == &set.nodes[set.master];
  const bool urgent =
      !is_master && (set.objectively_down || set.state != State::none || !node.link_up);
  const std::int64_t info_every = urgent ? kFailoverInfoMs : ms(options_.info);
  if (node.connected && now() - std::max(node.info_ms, node.asked_info_ms) > info_every) {
    node.asked_info_ms = now();
    send(node.id, {.kind = NodeMessage::Kind::info});
  }
  const std::int64_t ping_every = std::min(ms(options_.ping), ms(options_.down_after));
  if (now() - node.last_pong_ms <= ping_every || now() - node.last_ping_ms <= ping_every / 2)
    return;
  node.last_ping_ms = now();
  // Without a connection it is the try to connect that nobody answers, not a ping.
  if (node.connected && node.pending_ping_ms == kNoTime) node.pending_ping_ms = now();
  send(node.id, {.kind = NodeMessage::Kind::ping});
}

void Sentinel::check_subjectively_down(const Set& set, Node& node) {
  std::int64_t silent_ms = 0;
  if (node.pending_ping_ms != kNoTime)
    silent_ms = now() - node.pending_ping_ms;
  else if (!node.connected)
    silent_ms = now() - node.last_valid_ms;
  const bool is_master = &node == &set.nodes[set.master];
  const bool denies = is_master && node.role == NodeRole::replica &&
                      now() - node.role_since_ms > ms(options_.down_after) + 2 * ms(options_.info);
  const bool down = silent_ms > ms(options_.down_after) || denies;
  if (down && !node.down) node.down_since_ms = now();
  node.down = down;
}

void Sentinel::check_objectively_down(Set& set) {
  const Node& master = set.nodes[set.master];
  const auto others = std::count_if(set.opinions.begin(), set.opinions.end(),
                                    [](const Opinion& opinion) { return opinion.down; });
  set.objectively_down = master.down && 1 + others >= std::int64_t{options_.quorum};
}

/// sentinelAskMasterStateToOtherSentinels.
void Sentinel::ask_others(Set& set, bool force) {
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    Opinion& opinion = set.opinions[i];
    if (now() - opinion.said_ms > kOpinionMs) {
      opinion.down = false;
      opinion.leader = {};
    }
    if (!set.nodes[set.master].down) continue;
    if (!force && now() - std::max(opinion.said_ms, opinion.asked_ms) < kAskPeriodMs) continue;
    opinion.asked_ms = now();
    SentinelMessage question;
    question.kind = SentinelMessage::Kind::is_master_down;
    question.set = number_of(set);
    question.master = set.master_id();
    question.epoch = current_epoch_;
    if (set.state != State::none) question.candidate = self_.id();
    send(peers_[i], question);
  }
}

void Sentinel::say_hello(Set& set) {
  set.hello_ms = now();
  SentinelMessage hello;
  hello.kind = SentinelMessage::Kind::hello;
  hello.set = number_of(set);
  hello.master = set.told_master();
  hello.epoch = current_epoch_;
  hello.config_epoch = set.config_epoch;
  for (const ProcessId peer : peers_) send(peer, hello);
}

// ---- votes --------------------------------------------------------------------------------------

/// sentinelVoteLeader: the leader this Sentinel has voted for, now or before.
ProcessId Sentinel::vote(Set& set, std::uint64_t epoch, ProcessId candidate) {
  current_epoch_ = std::max(current_epoch_, epoch);
  if (set.leader_epoch < epoch && current_epoch_ <= epoch) {
    set.leader = candidate;
    set.leader_epoch = current_epoch_;
    // Who has voted for another does not stand himself for a while.
    if (candidate != self_.id())
      set.failover_start_ms = now() + static_cast<std::int64_t>(self_.rng().below(kMaxDesyncMs));
  }
  return set.leader;
}

/// sentinelGetLeader: who has the votes of a majority, and of the quorum, in this epoch.
ProcessId Sentinel::elected(Set& set, std::uint64_t epoch) {
  const auto votes_for = [&](ProcessId candidate) {
    return std::count_if(set.opinions.begin(), set.opinions.end(), [&](const Opinion& opinion) {
      return opinion.leader == candidate && opinion.leader_epoch == current_epoch_;
    });
  };
  ProcessId winner;
  std::int64_t most = 0;
  for (const Opinion& opinion : set.opinions) {
    if (!opinion.leader || opinion.leader_epoch != current_epoch_) continue;
    const std::int64_t votes = votes_for(opinion.leader);
    if (votes <= most) continue;
    most = votes;
    winner = opinion.leader;
  }
  const ProcessId mine = vote(set, epoch, winner ? winner : self_.id());
  if (mine && set.leader_epoch == epoch) {
    const std::int64_t votes = votes_for(mine) + 1;
    if (votes > most) {
      most = votes;
      winner = mine;
    }
  }
  const auto majority = static_cast<std::int64_t>((peers_.size() + 1) / 2 + 1);
  return most >= majority && most >= std::int64_t{options_.quorum} ? winner : ProcessId{};
}

// ---- failover -----------------------------------------------------------------------------------

bool Sentinel::may_start_failover(const Set& set) const {
  return set.objectively_down && set.state == State::none &&
         now() - set.failover_start_ms >= 2 * ms(options_.failover_timeout);
}

void Sentinel::start_failover(Set& set) {
  set.failover_epoch = ++current_epoch_;
  set.failover_start_ms = now() + static_cast<std::int64_t>(self_.rng().below(kMaxDesyncMs));
  go_to(set, State::wait_start);
}

void Sentinel::fail_over(std::size_t set) {
  if (!self_.alive() || sets_[set].state != State::none) return;
  sets_[set].forced = true;
  start_failover(sets_[set]);
}

void Sentinel::go_to(Set& set, State state) {
  set.state = state;
  set.state_since_ms = now();
}

void Sentinel::abort_failover(Set& set) {
  set.forced = false;
  go_to(set, State::none);
}

/// sentinelFailoverStateMachine: one step with each timer.
void Sentinel::run_failover(Set& set) {
  const bool too_long = now() - set.state_since_ms > ms(options_.failover_timeout);
  switch (set.state) {
    case State::none:
      return;
    case State::wait_start:
      return wait_for_votes(set);
    case State::select_replica: {
      const Node* best = select_replica(set);
      if (best == nullptr) return abort_failover(set);
      set.promoted = static_cast<std::size_t>(best - set.nodes.data());
      return go_to(set, State::promote);
    }
    case State::promote:
      if (!set.nodes[set.promoted].connected) {
        if (too_long) abort_failover(set);
        return;
      }
      tell_to_follow(set.nodes[set.promoted].id, ProcessId{}, set.failover_epoch);
      return go_to(set, State::wait_promotion);
    case State::wait_promotion:  // until its INFO says so
      if (too_long) abort_failover(set);
      return;
    case State::reconfigure:
      return reconfigure(set);
  }
}

void Sentinel::wait_for_votes(Set& set) {
  if (!set.forced && elected(set, set.failover_epoch) != self_.id()) {
    const std::int64_t patience =
        std::min(ms(options_.election_timeout), ms(options_.failover_timeout));
    if (now() - set.failover_start_ms > patience) abort_failover(set);
    return;
  }
  self_.world().emit(self_.id(), RoleChanged{ServerRole::leader, set.failover_epoch});
  go_to(set, State::select_replica);
}

const Sentinel::Node* Sentinel::select_replica(const Set& set) const {
  const Node& master = set.nodes[set.master];
  const std::int64_t ping_every = ms(options_.ping);
  const std::int64_t info_valid = master.down ? 5 * ping_every : 3 * ms(options_.info);
  const std::int64_t longest_gap =
      (master.down ? now() - master.down_since_ms : 0) + 10 * ms(options_.down_after);
  const Node* best = nullptr;
  for (const Node& node : set.nodes) {
    if (&node == &master || node.down || !node.connected || node.priority == 0) continue;
    if (now() - node.last_valid_ms > 5 * ping_every) continue;
    if (now() - node.info_ms > info_valid) continue;
    if (node.link_down_ms > longest_gap) continue;
    const auto worse = [](const Node& a, const Node& b) {
      if (a.priority != b.priority) return a.priority > b.priority;
      if (a.offset != b.offset) return a.offset < b.offset;
      return a.id > b.id;  // Model: by number, where Redis compares random run ids
    };
    if (best == nullptr || worse(*best, node)) best = &node;
  }
  return best;
}

void Sentinel::reconfigure(Set& set) {
  const bool too_long = now() - set.state_since_ms > ms(options_.failover_timeout);
  const ProcessId promoted = set.nodes[set.promoted].id;
  std::uint32_t under_way = 0;
  bool all_done = true;
  for (const Node& node : set.nodes)
    if (node.told_to_follow && !node.follows_promoted && !node.down) ++under_way;
  for (Node& node : set.nodes) {
    if (node.id == promoted || node.id == set.master_id()) continue;
    if (node.down || node.follows_promoted) continue;
    all_done = false;
    if (node.told_to_follow || !node.connected) continue;
    if (under_way >= options_.parallel_syncs && !too_long) continue;
    ++under_way;
    node.told_to_follow = true;
    tell_to_follow(node.id, promoted, set.failover_epoch);
  }
  if (all_done || too_long) switch_master(set, promoted);
}

void Sentinel::switch_master(Set& set, ProcessId master) {
  for (std::size_t i = 0; i < set.nodes.size(); ++i) {
    Node& node = set.nodes[i];
    if (node.id == master) set.master = i;
    node.role = node.id == master ? NodeRole::master : NodeRole::replica;
    node.follows = node.id == master ? ProcessId{} : master;
    node.down = false;
    node.down_since_ms = kNoTime;
    node.pending_ping_ms = kNoTime;
    node.last_valid_ms = node.role_since_ms = node.follows_since_ms = now();
    node.told_to_follow = node.follows_promoted = false;
  }
  set.objectively_down = false;
  set.forced = false;
  set.failover_start_ms = kNoTime;
  go_to(set, State::none);
  SentinelMessage news;
  news.kind = SentinelMessage::Kind::switch_master;
  news.set = number_of(set);
  news.master = master;
  news.config_epoch = set.config_epoch;
  for (const ProcessId client : set.clients) send(client, news);
}

// ---- messages -----------------------------------------------------------------------------------

void Sentinel::on_message(const Packet& packet) {
  if (kinds_.is_sentinel(packet.kind)) return on_peer(packet.from, packet.as<SentinelMessage>());
  const NodeMessage message = packet.as<NodeMessage>();
  for (Set& set : sets_) {
    Node* node = set.find(packet.from);
    if (node == nullptr) continue;
    node->connected = true;
    if (message.kind == NodeMessage::Kind::info_reply) on_info(set, *node, message);
    if (message.kind != NodeMessage::Kind::pong) continue;
    node->pending_ping_ms = kNoTime;
    node->last_pong_ms = node->last_valid_ms = now();
  }
}

void Sentinel::on_connection_lost(ProcessId peer) {
  for (Set& set : sets_) {
    if (Node* node = set.find(peer)) node->connected = false;
    std::erase(set.clients, peer);
  }
}

/// sentinelRefreshInstanceInfo.
void Sentinel::on_info(Set& set, Node& node, const NodeMessage& info) {
  if (node.role != info.role) node.role_since_ms = now();
  if (node.follows != info.master) node.follows_since_ms = now();
  node.role = info.role;
  node.follows = info.master;
  node.link_up = info.link_up;
  node.link_down_ms = info.link_down_ms;
  node.offset = info.offset;
  node.priority = info.priority;
  node.info_ms = now();
  if (tilt_ || &node == &set.nodes[set.master]) return;

  const auto no_down_for = [&](std::int64_t wait_ms) {
    return now() - node.down_since_ms > wait_ms;
  };
  const bool is_promoted = set.state != State::none && &node == &set.nodes[set.promoted];
  if (info.role == NodeRole::master) {
    if (set.state == State::wait_promotion && is_promoted) {
      set.config_epoch = set.failover_epoch;
      go_to(set, State::reconfigure);
      say_hello(set);
      return;
    }
    // A replica by our account that says it is a master: an old one that came back.
    const std::int64_t wait_ms = kConvertHellos * ms(options_.hello);
    if (!is_promoted && looks_sane(set) && no_down_for(wait_ms) &&
        now() - node.role_since_ms > wait_ms)
      tell_to_follow(node.id, set.master_id(), set.config_epoch);
    return;
  }
  if (set.state == State::reconfigure && node.follows == set.nodes[set.promoted].id && node.link_up)
    node.follows_promoted = true;
  if (node.follows != set.master_id() && set.state == State::none && looks_sane(set) &&
      no_down_for(ms(options_.failover_timeout)) &&
      now() - node.follows_since_ms > ms(options_.failover_timeout))
    tell_to_follow(node.id, set.master_id(), set.config_epoch);
}

bool Sentinel::looks_sane(const Set& set) const {
  const Node& master = set.nodes[set.master];
  return master.role == NodeRole::master && !master.down && !set.objectively_down &&
         now() - master.info_ms < 2 * ms(options_.info);
}

void Sentinel::on_peer(ProcessId from, const SentinelMessage& message) {
  using Kind = SentinelMessage::Kind;
  Set& set = sets_[message.set];
  const Node& master = set.nodes[set.master];
  switch (message.kind) {
    case Kind::is_master_down: {
      SentinelMessage answer;
      answer.kind = Kind::master_down;
      answer.set = message.set;
      answer.down = !tilt_ && master.id == message.master && master.down;
      if (message.candidate) {
        answer.candidate = vote(set, message.epoch, message.candidate);
        answer.vote_epoch = set.leader_epoch;
      }
      answer.epoch = current_epoch_;
      return send(from, answer);
    }
    case Kind::master_down:
      for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (peers_[i] != from) continue;
        Opinion& opinion = set.opinions[i];
        opinion.said_ms = now();
        opinion.down = message.down;
        if (!message.candidate) continue;
        opinion.leader = message.candidate;
        opinion.leader_epoch = message.vote_epoch;
      }
      return;
    case Kind::hello:
      return on_hello(set, message);
    case Kind::get_master: {
      if (std::find(set.clients.begin(), set.clients.end(), from) == set.clients.end())
        set.clients.push_back(from);
      SentinelMessage answer;
      answer.kind = Kind::master_is;
      answer.set = message.set;
      answer.master = set.told_master();
      answer.config_epoch = set.config_epoch;
      return send(from, answer);
    }
    case Kind::master_is:
    case Kind::switch_master:
      return;  // a client's
  }
}

/// sentinelProcessHelloMessage: the greater configuration wins.
void Sentinel::on_hello(Set& set, const SentinelMessage& message) {
  current_epoch_ = std::max(current_epoch_, message.epoch);
  if (message.config_epoch <= set.config_epoch) return;
  set.config_epoch = message.config_epoch;
  if (message.master != set.master_id()) switch_master(set, message.master);
}

void Sentinel::send(ProcessId to, NodeMessage message) const {
  self_.world().network().send(self_.id(), to, kinds_.of(message.kind), Symbol{}, CallId{},
                               message);
}

void Sentinel::send(ProcessId to, SentinelMessage message) const {
  self_.world().network().send(self_.id(), to, kinds_.of(message.kind), sets_[message.set].name,
                               CallId{}, message);
}

void Sentinel::tell_to_follow(ProcessId node, ProcessId master, std::uint64_t epoch) const {
  NodeMessage order{.kind = NodeMessage::Kind::replica_of};
  order.master = master;
  order.epoch = epoch;
  send(node, order);
}

}  // namespace locklab::redis
