#include "real/live/client.hpp"

#include "real/libraries.hpp"

#if LOCKLAB_HAS_HIREDIS

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <span>

#include "real/live/clock.hpp"
#include "real/live/plan.hpp"
#include "real/redis/proxy.hpp"
#include "scenarios/runner.hpp"
#include "sim/services/storage/kinds.hpp"
#include "sim/services/storage/protocol.hpp"

namespace locklab::real {

namespace {

using namespace std::chrono_literals;

// Sleeping ends up to this much late; what is left is waited for awake.
constexpr Duration kAwake = 300us;
constexpr Duration kLongestSleep = 1s;
// A step that is later than this is told to the coordinator.
constexpr Duration kLate = 200us;

/// A process whose program runs elsewhere.
class Elsewhere final : public Actor {
 public:
  void on_message(const Packet&) override {}
  void on_crash(bool) override {}
  void on_start() override {}
};

/// Storage, which the coordinator keeps.
class StorageProxy final : public Actor {
 public:
  StorageProxy(Process& self, Wire& wire)
      : self_(self), kinds_(self.world().names()), wire_(wire) {}

  void on_message(const Packet& packet) override {
    asked_.emplace(++number_, Network::Return(packet));
    wire_.send_values(WireKind::store, number_, packet.as<storage::Request>());
  }
  void on_crash(bool) override {}
  void on_start() override {}

  void stored(WireMessage& message) {
    const auto number = message.take<std::uint64_t>();
    auto reply = message.take<storage::Reply>();
    if (reply.value.kind == Value::Kind::name)
      reply.value = Value::name(self_.world().names().intern(message.body));
    const auto asked = asked_.find(number);
    if (asked == asked_.end()) return;
    // Only a read is answered with a value.
    const Symbol kind =
        reply.kind == storage::ReplyKind::value ? kinds_.read_reply : kinds_.write_reply;
    self_.world().network().reply(asked->second, kind, reply);
    asked_.erase(asked);
  }
  std::size_t outstanding() const { return asked_.size(); }

 private:
  Process& self_;
  storage::Kinds kinds_;
  Wire& wire_;
  std::map<std::uint64_t, Network::Return> asked_;
  std::uint64_t number_ = 0;
};

class LiveDriver final : public Driver, public TraceObserver {
 public:
  LiveDriver(const LiveClient& client, const ClientSchedule& schedule, Wire& wire)
      : client_(client), schedule_(schedule), wire_(wire) {}

  void take(World& world, std::span<const ProcessRole> roles) override {
    world_ = &world;
    own_ = world.find_process(client_.name)->id();
    kinds_ = std::make_unique<redis::Kinds>(world.names());
    for (std::uint32_t number = 1; number <= world.processes(); ++number) {
      Process& process = world.process(ProcessId{number});
      if (process.id() == own_) continue;
      switch (roles[number - 1]) {
        case ProcessRole::redis:
          nodes_.push_back(
              std::make_unique<RedisProxy>(process, own_, *kinds_, client_.ports[nodes_.size()]));
          nodes_.back()->connect();
          process.set_actor(*nodes_.back());
          break;
        case ProcessRole::storage:
          storage_ = std::make_unique<StorageProxy>(process, wire_);
          process.set_actor(*storage_);
          break;
        default:
          process.set_actor(elsewhere_);
          break;
      }
    }
    // A new life draws other random numbers than the one before it.
    Rng& random = world.process(own_).rng();
    for (std::uint32_t i = 64; i < 64 * client_.life; ++i) random.next();
    wait_for_origin();
    world.loop().advance(std::max(clock_.now(), Instant{}));
  }

  StopReason drive(World& world, Instant horizon, std::uint64_t max_events) override {
    const Instant limit = std::min(horizon, kEndOfTime - Duration{1});
    for (;;) {
      take_replies();
      const Instant due = world.loop().next_due();
      const Instant now = std::min(clock_.now(), limit);
      if (due + kLate < now) tell_late(due, now, own_);
      world.loop().advance(now);
      const StopReason stopped = world.run(now, max_events);
      if (stopped == StopReason::event_limit || now >= limit || wire_.ended())
        return stopped == StopReason::event_limit ? stopped : StopReason::horizon;
      if (stopped == StopReason::quiescent && outstanding() == 0) return stopped;
      sleep(std::min(world.loop().next_due(), limit));
    }
  }

  void observe(const TraceEvent& event) override {
    if (const auto* struck = std::get_if<FaultStruck>(&event.what)) {
      const auto number = static_cast<std::uint32_t>(schedule_.numbers[struck->fault]);
      wire_.send_values(WireKind::strike, number);
      strike_me(client_.scenario->faults[number]);
      return;
    }
    if (!is_mine(event)) return;
    for (; named_ < world_->names().size(); ++named_)
      wire_.send_values(WireKind::name, named_, std::string(world_->names().text(Symbol{named_})));
    wire_.send_values(WireKind::event, event, asked_at(event));
  }

 private:
  void wait_for_origin() {
    wire_.send(WireKind::ready);
    auto message = wire_.receive(true);
    if (!message || message->kind != WireKind::origin) return;
    clock_ = LiveClock(message->take<std::int64_t>());
    while (clock_.now() < Instant{}) {
      if (clock_.now() < Instant{} - 1ms) poll(nullptr, 0, 1);
    }
  }

  /// A fault on this very process that waited for one of its events strikes between this step and
  /// the next one. Whoever watches the process wakes it up again.
  void strike_me(const ScheduledFault& scheduled) const {
    if (!std::holds_alternative<OnEvent>(scheduled.trigger)) return;
    if (const auto* pause = std::get_if<Pause>(&scheduled.fault);
        pause && pause->who == client_.name)
      raise(SIGSTOP);
    if (const auto* crash = std::get_if<Crash>(&scheduled.fault);
        crash && crash->who == client_.name)
      raise(SIGKILL);
  }

  /// What happens to others' messages and clocks is for their own processes to say.
  bool is_mine(const TraceEvent& event) const {
    if (event.process == own_) return true;
    if (const auto* cut = std::get_if<LinkCut>(&event.what)) return cut->to == own_;
    if (const auto* healed = std::get_if<LinkHealed>(&event.what)) return healed->to == own_;
    return event.process && !std::holds_alternative<ClockChanged>(event.what) &&
           !std::holds_alternative<ConnectionBroken>(event.what);
  }

  void tell_late(Instant due, Instant came, ProcessId who) const {
    wire_.send_values(WireKind::late, LateStep{due.time_since_epoch().count(),
                                               came.time_since_epoch().count(), who});
  }

  /// Of what a server's answer tells: when it was asked. Else when it happened.
  Instant asked_at(const TraceEvent& event) const {
    for (const auto& node : nodes_)
      if (node->id() == event.process && node->telling_of()) return *node->telling_of();
    return event.at;
  }

  std::size_t outstanding() const {
    std::size_t count = storage_ ? storage_->outstanding() : 0;
    for (const auto& node : nodes_) count += node->outstanding();
    return count;
  }

  void watch(std::vector<pollfd>& watched) const {
    watched.push_back({wire_.descriptor(), POLLIN, 0});
    for (const auto& node : nodes_) watched.push_back({node->descriptor(), POLLIN, 0});
  }

  void take_replies() {
    std::vector<pollfd> watched;
    watch(watched);
    if (poll(watched.data(), watched.size(), 0) <= 0) return;
    world_->loop().advance(clock_.now());
    if (watched[0].revents != 0)
      while (auto message = wire_.receive(false))
        if (message->kind == WireKind::stored) storage_->stored(*message);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (watched[i + 1].revents == 0) continue;
      const Instant now = world_->now();
      if (const auto asked = nodes_[i]->asked_at(); asked && *asked + kLate < now)
        tell_late(*asked + kLate, now, nodes_[i]->id());
      nodes_[i]->take_answers();
    }
  }

  /// Until `due`, or until somebody answers. By a timer with a date: one that counts down would
  /// go on counting after a pause.
  void sleep(Instant due) const {
    const Instant until = std::min(due, clock_.now() + kLongestSleep) - kAwake;
    const std::int64_t date = clock_.origin_ns() + until.time_since_epoch().count();
    constexpr std::int64_t kSecond = 1'000'000'000;
    itimerspec alarm{};
    alarm.it_value = {date / kSecond, date % kSecond};
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &alarm, nullptr);
    std::vector<pollfd> watched;
    watch(watched);
    watched.push_back({timer_, POLLIN, 0});
    poll(watched.data(), watched.size(), -1);
  }

  const LiveClient& client_;
  const ClientSchedule& schedule_;
  Wire& wire_;
  World* world_ = nullptr;
  ProcessId own_;
  LiveClock clock_;
  Elsewhere elsewhere_;
  std::unique_ptr<redis::Kinds> kinds_;
  std::vector<std::unique_ptr<RedisProxy>> nodes_;  // in their order
  std::unique_ptr<StorageProxy> storage_;
  int timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);  // until the process ends
  std::uint32_t named_ = 1;  // the first name that the coordinator has not heard of
};

/// The way to a real server takes the time that it takes. Where a scenario wants a longer one than
/// is usual within a building, the client's process adds it.
void leave_near_ways_to_the_machine(NetworkSpec& network) {
  static constexpr Duration kNear = 1ms;
  const auto shorten = [](Latency& latency) {
    if (latency.low <= kNear) latency = Latency::constant(Duration{0});
  };
  shorten(network.standard.latency);
  for (DistanceSpec& distance : network.distances) shorten(distance.latency);
  for (LinkSpec& link : network.links) shorten(link.quality.latency);
}

}  // namespace

void live_as(const LiveClient& client, Wire& wire) {
  prctl(PR_SET_TIMERSLACK, 1);
  Scenario scenario = *client.scenario;
  const ClientSchedule schedule = schedule_of(scenario, client.name);
  scenario.faults = schedule.faults;
  if (!client.distances) leave_near_ways_to_the_machine(scenario.network);

  Runner runner;
  RunResult result;
  runner.run(scenario, {}, result);  // once in virtual time: memory and code are warm then
  LiveDriver driver(client, schedule, wire);
  RunOptions options;
  options.driver = &driver;
  options.observer = &driver;
  options.observed = kEveryEvent;
  runner.run(scenario, options, result);
  wire.send_values(WireKind::done, result.stopped, result.messages);
}

}  // namespace locklab::real

#endif
