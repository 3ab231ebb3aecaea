#include "sim/services/redis/server.hpp"

#include <algorithm>

#include "sim/assert.hpp"
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
    return;
  }
  keys_ = Keyspace(persistence_.reloaded(ending_, before_crash_, now_ms()), &self_.arena());
  std::uint32_t lost = 0;
  for_each_difference(before_crash_, keys_, now_ms(), [&](const Change& change) {
    if (change.kind != Change::Kind::removed) return;
    ++lost;
    world.emit(self_.id(),
               KeyRemoved{change.key, change.value, change.attempt, AttemptId{}, change.why});
  });
  persistence_.booted(wall_ms(), keys_);
  arm_persistence();
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
  busy_until_ = Instant{};
  expiry_timer_ = {};
  persistence_timer_ = {};
}

void Server::on_message(const Packet& packet) {
  World& world = self_.world();
  if (!listening_) {
    world.network().refuse(packet);
    return;
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
  Changes changes;
  const std::int64_t now = now_ms();
  const Reply reply = execute(keys_, now, request, changes);
  if (!changes.empty()) {
    persistence_.executed(wall_ms(), keys_, changes);
    report(changes);
    arm_expiry();
    arm_persistence();
  }
  self_.world().network().reply(to, kinds_.reply(request.command), reply);
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
    }
  }
}

// The background cycle. Its timer is Redis' event loop's and reads the monotonic clock; what has
// expired is judged by the expiry clock. It rests while nothing here can expire.
void Server::arm_expiry() {
  if (!options_.active_expiry || expiry_timer_ || keys_.earliest_deadline_ms() == kNever) return;
  Event pass;
  pass.context = this;
  pass.act = [](void* context, std::uint64_t) {
    auto& server = *static_cast<Server*>(context);
    server.expiry_timer_ = {};
    bool again = true;
    while (again) {
      Changes changes;
      again = server.keys_.expire_some(server.now_ms(), server.cycle_, changes);
      if (changes.empty()) break;
      server.persistence_.executed(server.wall_ms(), server.keys_, changes);
      server.report(changes);
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
  if (changes.empty()) return;
  persistence_.executed(wall_ms(), keys_, changes);
  report(changes);
}

}  // namespace locklab::redis
