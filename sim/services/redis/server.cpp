#include "sim/services/redis/server.hpp"

#include <algorithm>

#include "sim/assert.hpp"
#include "sim/services/redis/eviction.hpp"
#include "sim/services/redis/replication.hpp"
#include "sim/world.hpp"

namespace locklab::redis {

namespace {

constexpr Duration kExpiryPass = 100ms;  // hz 10

std::int64_t tick_after(std::int64_t now_ms, std::int64_t at_ms) {
  return std::max<std::int64_t>(at_ms - now_ms, 0);
}

}  // namespace

Server::Server(Process& self, const Kinds& kinds, const ServerOptions& options)
    : self_(self),
      kinds_(kinds),
      options_(options),
      keys_(&self.arena()),
      before_crash_(&self.arena()),
      persistence_(options.persistence, &self.arena(), options.save_points),
      subscriptions_(&self.arena()),
      queue_(&self.arena()) {}

// Persistence reads the wall clock whatever clock expiry reads.
std::int64_t Server::wall_ms() const { return whole_ms(self_.wall_now()); }

std::int64_t Server::now_ms() const {
  return options_.expiry_clock == ClockKind::wall ? whole_ms(self_.wall_now())
                                                  : whole_ms(self_.mono_now());
}

void Server::initialize(Symbol key, const Value& value) {
  keys_.apply({.kind = Change::Kind::stored, .key = key, .value = value});
}

void Server::on_start() {
  World& world = self_.world();
  if (first_start_) {
    first_start_ = false;
    listening_ = true;
    persistence_.booted(wall_ms(), keys_);
    arm_persistence();
    if (replication_ != nullptr) replication_->on_start(true);
    return;
  }
  keys_ = Keyspace(persistence_.reloaded(ending_, before_crash_, now_ms()), &self_.arena());
  const bool is_replica = replication_ != nullptr && !replication_->is_master();
  std::uint32_t lost = 0;
  for_each_difference(before_crash_, keys_, now_ms(), [&](const Change& change) {
    if (change.kind != Change::Kind::removed) return;
    ++lost;
    if (is_replica || disowned_) return;
    world.emit(self_.id(),
               KeyRemoved{change.key, change.value, change.attempt, AttemptId{}, change.why});
  });
  if (disowned_ && !is_replica) announce_keys();  // a master that nobody has told otherwise
  disowned_ = false;
  persistence_.booted(wall_ms(), keys_);
  arm_persistence();
  if (replication_ != nullptr) replication_->on_start(false);
  world.emit(self_.id(), ServiceRecovered{static_cast<std::uint32_t>(keys_.size()), lost,
                                          options_.restart_guard});
  if (options_.restart_guard == Duration{0}) {
    listening_ = true;
    return;
  }
  Event opens;
  opens.context = this;
  opens.act = [](void* server, std::uint64_t) { static_cast<Server*>(server)->listening_ = true; };
  self_.timer(options_.restart_guard_clock, options_.restart_guard, opens);
}

void Server::on_crash(bool power_loss) {
  ending_ = power_loss ? Ending::power_loss : Ending::process_kill;
  before_crash_ = keys_;
  keys_ = Keyspace(&self_.arena());
  listening_ = false;
  queue_.clear();
  subscriptions_.clear();
  busy_until_ = Instant{};
  expiry_timer_ = {};
  persistence_timer_ = {};
  if (replication_ != nullptr) replication_->on_crash();
}

void Server::on_message(const Packet& packet) {
  World& world = self_.world();
  if (!listening_) {
    world.network().refuse(packet);
    return;
  }
  if (replication_ != nullptr) {
    if (replication_->on_message(packet)) return;
    replication_->met(packet.from);
  }
  const auto& request = packet.as<Request>();
  if (options_.service_time == Duration{0} && !persistence_.blocks_server()) {
    execute_and_reply(request, Network::Return(packet));
    return;
  }
  queue_.push_back({request, Network::Return(packet)});
  busy_until_ = std::max(busy_until_, world.now()) + options_.service_time;
  Event done;
  done.context = this;
  done.act = [](void* server, std::uint64_t) { static_cast<Server*>(server)->execute_waiting(); };
  world.schedule_gated(self_, busy_until_ - world.now(), done);
}

void Server::execute_waiting() {
  if (queue_.empty() || persistence_.blocks_server()) return;
  const Pending next = queue_.front();
  queue_.erase(queue_.begin());
  execute_and_reply(next.request, next.to);
}

void Server::execute_and_reply(const Request& request, const Network::Return& to) {
  if (concerns_server(request.command)) return answer_itself(request, to);
  if ((replication_ != nullptr || eviction_ != nullptr) && !may_execute(request, to)) return;
  Changes changes;
  const std::int64_t now = now_ms();
  const Reply reply = execute(keys_, now, request, changes);
  if (!changes.empty()) {
    done(changes, to.client);
    arm_expiry();
    arm_persistence();
  }
  self_.world().network().reply(to, kinds_.reply(request.command), reply);
}

void Server::done(const Changes& changes, ProcessId client) {
  persistence_.executed(wall_ms(), keys_, changes);
  if (replication_ != nullptr) replication_->executed(changes, client);
  report(changes);
}

/// As processCommand does: memory first, then the replicas.
bool Server::may_execute(const Request& request, const Network::Return& to) {
  ReplyError refusal = ReplyError::none;
  if (eviction_ != nullptr && (replication_ == nullptr || replication_->is_master())) {
    Changes evicted;
    if (!eviction_->make_room(keys_, self_.rng(), evicted) && needs_memory(request.command))
      refusal = ReplyError::out_of_memory;
    if (!evicted.empty()) {
      done(evicted, ProcessId{});
      arm_persistence();
    }
    eviction_->touch(request.key, wall_ms() / 1000);
  }
  if (refusal == ReplyError::none && replication_ != nullptr)
    refusal = replication_->refusal(request.command);
  // A replica answers a reader as if it had expired what is over by its own clock, and removes
  // nothing: it works on a copy.
  if (refusal == ReplyError::none && replication_ != nullptr && !replication_->is_master()) {
    Changes forgotten;
    Keyspace copy(keys_, &self_.arena());
    answer(to, request.command, execute(copy, now_ms(), request, forgotten));
    return false;
  }
  if (refusal == ReplyError::none) return true;
  answer(to, request.command, Reply::failed(refusal));
  return false;
}

void Server::answer_itself(const Request& request, const Network::Return& to) {
  const Subscription subscription{request.key, request.value, to.client};
  Reply reply = Reply::ok();
  switch (request.command) {
    case Command::subscribe:
      if (std::find(subscriptions_.begin(), subscriptions_.end(), subscription) ==
          subscriptions_.end())
        subscriptions_.push_back(subscription);
      break;
    case Command::unsubscribe:
      std::erase(subscriptions_, subscription);
      break;
    case Command::info_replication:
      reply = Reply::integer(replication_ == nullptr
                                 ? 0
                                 : static_cast<std::int64_t>(replication_->connected_replicas()));
      break;
    default:  // WAIT
      if (replication_ != nullptr) return replication_->wait(request, to);
      reply = Reply::integer(0);
      break;
  }
  if (to.call) answer(to, request.command, reply);
}

// At most once: who is not connected at this instant never hears of it.
void Server::publish(const Change& message) {
  for (const Subscription& subscription : subscriptions_)
    if (subscription.channel == message.key && subscription.to == message.value)
      self_.world().network().send(self_.id(), subscription.client, kinds_.notice(), message.key,
                                   CallId{}, Notice{message.key, message.value});
}

void Server::on_connection_lost(ProcessId peer) {
  std::erase_if(subscriptions_, [peer](const Subscription& s) { return s.client == peer; });
  if (replication_ != nullptr) replication_->on_connection_lost(peer);
}

void Server::report(const Changes& changes) {
  World& world = self_.world();
  const ProcessId id = self_.id();
  for (const Change& change : changes) {
    const WallInstant expires_at =
        change.expires() ? wall_instant(change.deadline_ms) : WallInstant{};
    switch (change.kind) {
      case Change::Kind::stored:
        world.emit(
            id, KeyStored{change.key, change.value, change.attempt, change.expires(), expires_at});
        break;
      case Change::Kind::extended:
        world.emit(id,
                   KeyExtended{change.key, change.value, change.attempt, change.by, expires_at});
        break;
      case Change::Kind::removed:
        world.emit(id, KeyRemoved{change.key, change.value, change.attempt, change.by, change.why});
        break;
      case Change::Kind::counted:
        world.emit(id,
                   TokenIssued{change.key,
                               FencingToken{static_cast<std::uint64_t>(change.value.as_integer())},
                               change.by});
        break;
      case Change::Kind::published:
        publish(change);
        break;
      case Change::Kind::element_put:
      case Change::Kind::element_removed:
      case Change::Kind::scores_shifted:
        break;
    }
  }
}

// ---- replication --------------------------------------------------------------------------------

void Server::apply(std::span<const Change> unit) {
  Changes changes;
  for (const Change& change : unit) {
    keys_.apply(change);
    changes.add(change);
  }
  persistence_.executed(wall_ms(), keys_, changes);
  arm_persistence();
}

void Server::replace_keys(const Keyspace& keys) {
  keys_ = keys;
  persistence_.booted(wall_ms(), keys_);
  arm_persistence();
}

void Server::announce_keys() {
  for (const Entry& entry : keys_.entries()) {
    if (entry.counter) continue;  // INCR made it: it is no lock's key
    const WallInstant expires_at =
        entry.expires() ? wall_instant(entry.deadline_ms) : WallInstant{};
    self_.world().emit(
        self_.id(), KeyStored{entry.key, entry.value, entry.attempt, entry.expires(), expires_at});
  }
  arm_expiry();
}

void Server::disown_keys() {
  const bool dead = !self_.alive();
  if (dead && disowned_) return;
  disowned_ = dead;
  const Keyspace& known = dead ? before_crash_ : keys_;
  for (const Entry& entry : known.entries())
    self_.world().emit(self_.id(), KeyRemoved{entry.key, entry.value, entry.attempt, AttemptId{},
                                              RemovalReason::lost});
}

// ---- what the node does by itself ---------------------------------------------------------------

// The background cycle. Its timer is Redis' event loop's and reads the monotonic clock; what has
// expired is judged by the expiry clock. It rests while nothing here can expire.
void Server::arm_expiry() {
  if (replication_ != nullptr && !replication_->is_master()) return;
  if (!options_.active_expiry || expiry_timer_ || keys_.earliest_deadline_ms() == kNever) return;
  Event pass;
  pass.context = this;
  pass.act = [](void* context, std::uint64_t) {
    auto& server = *static_cast<Server*>(context);
    server.expiry_timer_ = {};
    bool again = server.replication_ == nullptr || server.replication_->is_master();
    while (again) {
      Changes changes;
      again = server.keys_.expire_some(server.now_ms(), server.cycle_, changes);
      if (changes.empty()) break;
      server.done(changes, ProcessId{});
    }
    server.arm_expiry();
    server.arm_persistence();
  };
  const Duration since = self_.mono_now().time_since_epoch() % kExpiryPass;
  expiry_timer_ = self_.timer(ClockKind::mono, kExpiryPass - since, pass);
}

void Server::arm_persistence() {
  if (persistence_.mode() == PersistenceMode::none) return;
  self_.world().loop().cancel(persistence_timer_);
  persistence_timer_ = {};
  const std::int64_t at = persistence_.next_tick_ms();
  if (at == kNever) return;
  Event tick;
  tick.context = this;
  tick.act = [](void* context, std::uint64_t) {
    auto& server = *static_cast<Server*>(context);
    server.persistence_timer_ = {};
    server.persistence_.tick(server.wall_ms(), server.keys_);
    server.arm_persistence();
  };
  const Duration after = std::chrono::milliseconds(tick_after(wall_ms(), at));
  persistence_timer_ = self_.timer(ClockKind::wall, after, tick);
}

void Server::on_disk_stall(bool stalled) {
  if (stalled) {
    persistence_.disk_stalled();
    return;
  }
  persistence_.disk_recovered(wall_ms(), keys_);
  arm_persistence();
  while (!queue_.empty()) execute_waiting();
}

void Server::on_key_lost(Symbol key) {
  Changes changes;
  if (key) {
    keys_.remove(key, RemovalReason::lost, changes);
  } else {
    while (!keys_.empty() && changes.room() > 0)
      keys_.remove(keys_.entries().front().key, RemovalReason::lost, changes);
  }
  if (!changes.empty()) done(changes, ProcessId{});
}

}  // namespace locklab::redis
