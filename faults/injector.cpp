#include "faults/injector.hpp"

#include <algorithm>
#include <memory_resource>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sim/assert.hpp"

namespace locklab {

/// One fault, armed: what it does when it strikes, and what it undoes when it ends. Lives in the
/// world's arena.
class ArmedFault {
 public:
  ArmedFault(Injector& injector, std::uint32_t index, Symbol kind)
      : injector_(injector), index_(index), kind_(kind) {}
  ArmedFault(const ArmedFault&) = delete;
  ArmedFault& operator=(const ArmedFault&) = delete;
  virtual ~ArmedFault() = default;

  /// On the agenda: the trigger's instant has come.
  static void strike(void* fault, std::uint64_t) {
    auto& self = *static_cast<ArmedFault*>(fault);
    if (self.injector_.called_off_) return;
    if (!self.strikes_later()) {
      ++self.strikes;
      self.world().emit(ProcessId{}, self.struck());
    }
    self.begin();
  }

  /// Ends it now, if it is in effect.
  void call_off() {
    if (!std::exchange(in_effect_, false)) return;
    end();
  }

  std::size_t bytes = 0;  // of this object
  std::uint32_t strikes = 0;

 protected:
  World& world() { return injector_.world_; }
  Injector::Layers& layers() { return injector_.layers_; }

  virtual void begin() = 0;
  virtual void end() {}
  /// It only lies in wait when its trigger's instant comes, and says itself when it strikes.
  virtual bool strikes_later() const { return false; }

  FaultStruck struck() const { return {index_, kind_}; }
  /// It stays in effect so long, or for good, and then end() undoes it.
  void lasts_for(std::optional<Duration> lasts) {
    in_effect_ = true;
    if (!lasts) return;
    world().at(
        world().now() + *lasts,
        [](void* fault, std::uint64_t) { static_cast<ArmedFault*>(fault)->call_off(); }, this);
  }

 private:
  Injector& injector_;
  std::uint32_t index_;
  Symbol kind_;
  bool in_effect_ = false;
};

namespace {

// ---- names --------------------------------------------------------------------------------------

ProcessId process_named(World& world, const std::string& name) {
  Process* process = world.find_process(name);
  LOCKLAB_ASSERT(process != nullptr);  // validate() knows
  return process->id();
}

ProcessId process_or_any(World& world, const std::string& name) {
  return name.empty() ? ProcessId{} : process_named(world, name);
}

MachineId machine_named(World& world, const std::string& name) {
  if (const MachineId machine = world.find_machine(name)) return machine;
  return world.process(process_named(world, name)).machine();
}

using Machines = std::pmr::vector<MachineId>;
using Processes = std::pmr::vector<ProcessId>;
using Pairs = std::pmr::vector<std::pair<ProcessId, ProcessId>>;

Machines machines_named(World& world, const std::vector<std::string>& names) {
  Machines machines(&world.arena());
  for (const std::string& name : names) {
    const MachineId machine = machine_named(world, name);
    if (std::find(machines.begin(), machines.end(), machine) == machines.end())
      machines.push_back(machine);
  }
  return machines;
}

void add_once(Processes& processes, ProcessId process) {
  if (std::find(processes.begin(), processes.end(), process) == processes.end())
    processes.push_back(process);
}

/// Processes by name, or all of a machine by its name. A process's own name wins.
Processes side_named(World& world, const std::vector<std::string>& names) {
  Processes side(&world.arena());
  for (const std::string& name : names) {
    if (Process* process = world.find_process(name)) {
      add_once(side, process->id());
      continue;
    }
    const MachineId machine = machine_named(world, name);
    for (std::uint32_t number = 1; number <= world.processes(); ++number)
      if (world.process(ProcessId{number}).machine() == machine) add_once(side, ProcessId{number});
  }
  return side;
}

template <class Visit>
void for_each_process(World& world, MachineId machine, Visit visit) {
  for (std::uint32_t number = 1; number <= world.processes(); ++number)
    if (Process& process = world.process(ProcessId{number}); process.machine() == machine)
      visit(process);
}

/// A dead one has no disk to write to; it is told if it comes back while the stall lasts.
void tell_of_stall(Process& process) {
  if (process.alive() && process.actor() != nullptr) process.actor()->on_disk_stall(true);
}

// ---- processes and machines ---------------------------------------------------------------------

class ArmedPause final : public ArmedFault {
 public:
  ArmedPause(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Pause& f)
      : ArmedFault(injector, index, kind), who_(process_named(world, f.who)), lasts_(f.lasts) {}

 private:
  void begin() override {
    Process& process = world().process(who_);
    if (!process.alive()) return;
    life_ = process.life();
    process.pause(false);
    lasts_for(lasts_);
  }
  void end() override {
    Process& process = world().process(who_);
    if (process.alive() && process.life() == life_) process.resume(false);
  }

  ProcessId who_;
  Duration lasts_;
  std::uint32_t life_ = 0;  // a crash ends the pause, and the next life has pauses of its own
};

class ArmedSuspend final : public ArmedFault {
 public:
  ArmedSuspend(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Suspend& f)
      : ArmedFault(injector, index, kind),
        machine_(machine_named(world, f.machine)),
        lasts_(f.lasts),
        corrected_(f.wall == WallOnWake::corrected) {}

 private:
  void begin() override {
    world().suspend(machine_);
    power_losses_ = world().power_losses(machine_);
    lasts_for(lasts_);
  }
  void end() override {
    // A power loss ends a suspension; what was suspended since is not ours to wake.
    if (world().power_losses(machine_) == power_losses_) world().wake(machine_, corrected_);
  }

  MachineId machine_;
  Duration lasts_;
  bool corrected_;
  std::uint32_t power_losses_ = 0;
};

class ArmedCrash final : public ArmedFault {
 public:
  ArmedCrash(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Crash& f)
      : ArmedFault(injector, index, kind),
        who_(process_named(world, f.who)),
        restart_after_(f.restart_after) {}

 private:
  void begin() override {
    Process& process = world().process(who_);
    if (!process.alive()) return;
    process.crash(false);
    life_ = process.life();
    if (restart_after_) lasts_for(restart_after_);
  }
  void end() override {
    // Not if it has lived again since, nor if its machine has lost power.
    Process& process = world().process(who_);
    if (!process.alive() && process.powered() && process.life() == life_) process.restart();
  }

  ProcessId who_;
  std::optional<Duration> restart_after_;
  std::uint32_t life_ = 0;
};

class ArmedPowerLoss final : public ArmedFault {
 public:
  ArmedPowerLoss(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                 const PowerLoss& f)
      : ArmedFault(injector, index, kind),
        machine_(machine_named(world, f.machine)),
        restart_after_(f.restart_after) {}

 private:
  void begin() override {
    world().power_loss(machine_);
    power_losses_ = world().power_losses(machine_);
    if (restart_after_) lasts_for(restart_after_);
  }
  void end() override {
    // The machine boots, and with it all that ran on it: those that had crashed before as well.
    if (world().power_losses(machine_) != power_losses_) return;
    for_each_process(world(), machine_, [](Process& process) {
      if (!process.alive() && !process.powered()) process.restart();
    });
  }

  MachineId machine_;
  std::optional<Duration> restart_after_;
  std::uint32_t power_losses_ = 0;
};

class ArmedRestart final : public ArmedFault {
 public:
  ArmedRestart(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Restart& f)
      : ArmedFault(injector, index, kind), who_(process_named(world, f.who)) {}

 private:
  void begin() override { world().restart(who_); }

  ProcessId who_;
};

// ---- clocks -------------------------------------------------------------------------------------

class ArmedWallJump final : public ArmedFault {
 public:
  ArmedWallJump(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const WallJump& f)
      : ArmedFault(injector, index, kind),
        machines_(machines_named(world, f.machines)),
        by_(f.by) {}

 private:
  void begin() override {
    for (const MachineId machine : machines_) world().jump_wall(machine, by_);
  }

  Machines machines_;
  Duration by_;
};

class ArmedSlew final : public ArmedFault {
 public:
  ArmedSlew(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Slew& f)
      : ArmedFault(injector, index, kind),
        machines_(machines_named(world, f.machines)),
        by_(f.by),
        speed_ppm_(f.speed_ppm) {}

 private:
  void begin() override {
    for (const MachineId machine : machines_) world().slew(machine, by_, speed_ppm_);
  }

  Machines machines_;
  Duration by_;
  std::int64_t speed_ppm_;
};

class ArmedSetRate final : public ArmedFault {
 public:
  ArmedSetRate(Injector& injector, World& world, std::uint32_t index, Symbol kind, const SetRate& f)
      : ArmedFault(injector, index, kind),
        machines_(machines_named(world, f.machines)),
        rate_ppm_(f.rate_ppm),
        lasts_(f.lasts) {}

 private:
  void begin() override {
    auto& rates = layers().rates;
    for (const MachineId machine : machines_) {
      if (top(machine) == nullptr)  // what the machine is like without any fault
        rates.push_back({machine, nullptr, world().clock(machine).rate_ppm()});
      rates.push_back({machine, this, rate_ppm_});
      world().set_rate(machine, rate_ppm_);
    }
    lasts_for(lasts_);
  }
  void end() override {
    std::erase_if(layers().rates, [this](const auto& layer) { return layer.by == this; });
    for (const MachineId machine : machines_)
      if (const std::int64_t rate_ppm = *top(machine);
          rate_ppm != world().clock(machine).rate_ppm())
        world().set_rate(machine, rate_ppm);
  }
  const std::int64_t* top(MachineId machine) {
    const std::int64_t* found = nullptr;
    for (const auto& layer : layers().rates)
      if (layer.machine == machine) found = &layer.rate_ppm;
    return found;
  }

  Machines machines_;
  std::int64_t rate_ppm_;
  std::optional<Duration> lasts_;
};

// ---- messages -----------------------------------------------------------------------------------

class ArmedMessageFault final : public ArmedFault {
 public:
  ArmedMessageFault(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                    const MessageFault& f)
      : ArmedFault(injector, index, kind) {
    rule_.from = process_or_any(world, f.from);
    rule_.to = process_or_any(world, f.to);
    rule_.kind = world.names().intern(f.kind);
    rule_.nth = f.nth;
    rule_.times = f.times;
    rule_.delay = f.by;
    switch (f.action) {
      case MessageAction::drop:
        rule_.action = MessageRule::Action::drop;
        break;
      case MessageAction::delay:
        rule_.action = MessageRule::Action::delay;
        break;
      case MessageAction::duplicate:
        rule_.action = MessageRule::Action::duplicate;
        break;
    }
    rule_.context = this;
    rule_.on_strike = [](void* fault, std::uint64_t) {
      auto& self = *static_cast<ArmedMessageFault*>(fault);
      if (self.strikes++ == 0) self.world().remark(ProcessId{}, self.struck());
    };
  }

 private:
  bool strikes_later() const override { return true; }
  void begin() override { world().network().add_rule(rule_); }

  MessageRule rule_;
};

class ArmedPartition final : public ArmedFault {
 public:
  ArmedPartition(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                 const Partition& f)
      : ArmedFault(injector, index, kind),
        cuts_(&world.arena()),
        hold_(f.mode == CutMode::hold),
        lasts_(f.lasts) {
    const Processes side_a = side_named(world, f.side_a);
    Processes side_b = side_named(world, f.side_b);
    const auto in_a = [&](ProcessId process) {
      return std::find(side_a.begin(), side_a.end(), process) != side_a.end();
    };
    if (f.side_b.empty())  // everybody else
      for (std::uint32_t number = 1; number <= world.processes(); ++number)
        side_b.push_back(ProcessId{number});
    std::erase_if(side_b, in_a);
    for (const ProcessId a : side_a)
      for (const ProcessId b : side_b) {
        if (f.direction != CutDirection::b_to_a) cuts_.emplace_back(a, b);
        if (f.direction != CutDirection::a_to_b) cuts_.emplace_back(b, a);
      }
  }

 private:
  void begin() override {
    for (const auto& [from, to] : cuts_) world().network().cut(from, to, hold_);
    lasts_for(lasts_);
  }
  void end() override {
    for (const auto& [from, to] : cuts_) world().network().heal(from, to, hold_);
  }

  Pairs cuts_;
  bool hold_;
  std::optional<Duration> lasts_;
};

class ArmedReset final : public ArmedFault {
 public:
  ArmedReset(Injector& injector, World& world, std::uint32_t index, Symbol kind,
             const ResetConnection& f)
      : ArmedFault(injector, index, kind),
        a_(process_named(world, f.a)),
        b_(process_named(world, f.b)) {}

 private:
  void begin() override { world().network().reset_connection(a_, b_); }

  ProcessId a_;
  ProcessId b_;
};

class ArmedLinkTrouble final : public ArmedFault {
 public:
  ArmedLinkTrouble(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                   const LinkTrouble& f)
      : ArmedFault(injector, index, kind),
        links_(&world.arena()),
        quality_{f.latency.value_or(Latency{}), f.loss_ppm, f.duplicate_ppm},
        latency_too_(f.latency.has_value()),
        lasts_(f.lasts) {
    const ProcessId only_from = process_or_any(world, f.from);
    const ProcessId only_to = process_or_any(world, f.to);
    for (std::uint32_t from = 1; from <= world.processes(); ++from)
      for (std::uint32_t to = 1; to <= world.processes(); ++to)
        if (from != to && (!only_from || only_from.number == from) &&
            (!only_to || only_to.number == to))
          links_.emplace_back(ProcessId{from}, ProcessId{to});
  }

 private:
  void begin() override {
    auto& troubles = layers().links;
    for (const auto& [from, to] : links_) {
      if (!troubled(from, to))  // what the link is like without any fault
        troubles.push_back({from, to, nullptr, world().network().link_quality(from, to), true});
      troubles.push_back({from, to, this, quality_, latency_too_});
      apply(from, to);
    }
    lasts_for(lasts_);
  }
  void end() override {
    std::erase_if(layers().links, [this](const auto& layer) { return layer.by == this; });
    for (const auto& [from, to] : links_) apply(from, to);
  }
  bool troubled(ProcessId from, ProcessId to) {
    for (const auto& layer : layers().links)
      if (layer.from == from && layer.to == to) return true;
    return false;
  }
  /// The last trouble that began and has not ended decides; its latency only if it has one.
  void apply(ProcessId from, ProcessId to) {
    LinkQuality now;
    for (const auto& layer : layers().links) {
      if (layer.from != from || layer.to != to) continue;
      now.loss_ppm = layer.quality.loss_ppm;
      now.duplicate_ppm = layer.quality.duplicate_ppm;
      if (layer.latency_too) now.latency = layer.quality.latency;
    }
    world().network().set_loss(from, to, now.loss_ppm, now.duplicate_ppm);
    world().network().set_latency(from, to, now.latency);
  }

  Pairs links_;
  LinkQuality quality_;
  bool latency_too_;
  std::optional<Duration> lasts_;
};

// ---- what a service keeps -----------------------------------------------------------------------

class ArmedDiskStall final : public ArmedFault {
 public:
  ArmedDiskStall(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                 const DiskStall& f)
      : ArmedFault(injector, index, kind),
        machine_(machine_named(world, f.machine)),
        lasts_(f.lasts) {}

 private:
  // Of two stalls at once the disk recovers with the later end.
  void begin() override {
    if (layers().stalls[machine_.number - 1]++ == 0)
      for_each_process(world(), machine_, [](Process& process) { tell_of_stall(process); });
    lasts_for(lasts_);
  }
  void end() override {
    if (--layers().stalls[machine_.number - 1] > 0) return;
    for_each_process(world(), machine_, [this](Process& process) {
      if (!process.alive() || process.actor() == nullptr) return;
      if (!process.paused()) {
        process.actor()->on_disk_stall(false);
        return;
      }
      // What a service does with its disk back is its own work: a paused one does it later.
      Event event;
      event.context = this;
      event.a = process.id().number;
      event.act = [](void* stall, std::uint64_t id) {
        auto& self = *static_cast<ArmedDiskStall*>(stall);
        if (self.layers().stalls[self.machine_.number - 1] > 0) return;  // stalled anew since
        self.world().process({static_cast<std::uint32_t>(id)}).actor()->on_disk_stall(false);
      };
      world().schedule_gated(process, Duration{0}, event);
    });
  }

  MachineId machine_;
  Duration lasts_;
};

class ArmedLoseKey final : public ArmedFault {
 public:
  ArmedLoseKey(Injector& injector, World& world, std::uint32_t index, Symbol kind, const LoseKey& f)
      : ArmedFault(injector, index, kind),
        nodes_(&world.arena()),
        key_(world.names().intern(f.key)) {
    for (const std::string& node : f.nodes) add_once(nodes_, process_named(world, node));
  }

 private:
  void begin() override {
    for (const ProcessId id : nodes_) {
      Process& node = world().process(id);
      if (!node.alive() || node.actor() == nullptr) continue;
      if (!node.paused()) {
        node.actor()->on_key_lost(key_);
        continue;
      }
      // Evicting a key and obeying an operator is the server's own work: a paused one does it
      // later.
      Event event;
      event.context = &node;
      event.a = key_.number;
      event.act = [](void* process, std::uint64_t key) {
        static_cast<Process*>(process)->actor()->on_key_lost(
            Symbol{static_cast<std::uint32_t>(key)});
      };
      world().schedule_gated(node, Duration{0}, event);
    }
  }

  Processes nodes_;
  Symbol key_;
};

// ---- from data to armed -------------------------------------------------------------------------

template <class F>
struct ArmedAs;
template <>
struct ArmedAs<Pause> {
  using type = ArmedPause;
};
template <>
struct ArmedAs<Suspend> {
  using type = ArmedSuspend;
};
template <>
struct ArmedAs<Crash> {
  using type = ArmedCrash;
};
template <>
struct ArmedAs<PowerLoss> {
  using type = ArmedPowerLoss;
};
template <>
struct ArmedAs<Restart> {
  using type = ArmedRestart;
};
template <>
struct ArmedAs<WallJump> {
  using type = ArmedWallJump;
};
template <>
struct ArmedAs<SetRate> {
  using type = ArmedSetRate;
};
template <>
struct ArmedAs<Slew> {
  using type = ArmedSlew;
};
template <>
struct ArmedAs<MessageFault> {
  using type = ArmedMessageFault;
};
template <>
struct ArmedAs<Partition> {
  using type = ArmedPartition;
};
template <>
struct ArmedAs<ResetConnection> {
  using type = ArmedReset;
};
template <>
struct ArmedAs<LinkTrouble> {
  using type = ArmedLinkTrouble;
};
template <>
struct ArmedAs<DiskStall> {
  using type = ArmedDiskStall;
};
template <>
struct ArmedAs<LoseKey> {
  using type = ArmedLoseKey;
};

ArmedFault* arm_fault(Injector& injector, World& world, std::uint32_t index, const Fault& fault) {
  const Symbol kind = world.names().intern(kind_of(fault));
  return std::visit(
      [&](const auto& f) -> ArmedFault* {
        using Armed = typename ArmedAs<std::remove_cvref_t<decltype(f)>>::type;
        auto* armed =
            new (world.arena().take(sizeof(Armed))) Armed(injector, world, index, kind, f);
        armed->bytes = sizeof(Armed);
        return armed;
      },
      fault);
}

/// Looks for an anchor's names among the fields of an event.
struct Wanted {
  Symbol kind;     // none: any
  Symbol subject;  // none: any
  bool kind_found = !kind;
  bool subject_found = !subject;

  template <class T>
  void operator()(std::string_view field, const T& value) {
    if constexpr (std::is_same_v<T, Symbol>) {
      // A message's kind, a step's name and an invariant's say what; lock, key, register and
      // counter say about what.
      if (field == "kind" || field == "step" || field == "invariant")
        kind_found |= value == kind;
      else
        subject_found |= value == subject;
    }
  }
  bool found() const { return kind_found && subject_found; }
};

}  // namespace

Injector::Injector(World& world)
    : world_(world),
      faults_(&world.arena()),
      anchors_(&world.arena()),
      layers_{std::pmr::vector<Layers::Rate>(&world.arena()),
              std::pmr::vector<Layers::Link>(&world.arena()),
              std::pmr::vector<std::uint32_t>(&world.arena())} {}

Injector::~Injector() {
  for (ArmedFault* fault : faults_) {
    const std::size_t bytes = fault->bytes;
    fault->~ArmedFault();
    world_.arena().give_back(fault, bytes);
  }
}

void Injector::arm(const FaultSchedule& schedule, std::optional<Instant> until) {
  LOCKLAB_ASSERT(faults_.empty());
  if (until)  // queued first: what is due at the same instant comes after it
    world_.at(
        *until, [](void* injector, std::uint64_t) { static_cast<Injector*>(injector)->call_off(); },
        this);
  faults_.reserve(schedule.size());
  layers_.stalls.resize(world_.machines());
  EventMask watched = 0;
  for (const ScheduledFault& scheduled : schedule) {
    ArmedFault* fault =
        arm_fault(*this, world_, static_cast<std::uint32_t>(faults_.size()), scheduled.fault);
    faults_.push_back(fault);
    if (std::holds_alternative<DiskStall>(scheduled.fault))
      watched |= events_of<ProcessRestarted>();
    if (const auto* at = std::get_if<AtTime>(&scheduled.trigger)) {
      world_.at(Instant{at->at}, ArmedFault::strike, fault);
      continue;
    }
    const OnEvent& on = std::get<OnEvent>(scheduled.trigger);
    const auto names = event_names();
    const auto event =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), on.event) - names.begin());
    LOCKLAB_ASSERT(event < names.size() && on.nth > 0);  // validate() knows
    watched |= EventMask{1} << event;
    anchors_.push_back({event, process_or_any(world_, on.process), world_.names().intern(on.kind),
                        world_.names().intern(on.subject), on.nth, on.plus, fault});
  }
  if (watched != 0) world_.observe(*this, watched);
}

void Injector::call_off() {
  called_off_ = true;
  world_.network().drop_rules();
  for (ArmedFault* fault : faults_) fault->call_off();
}

std::uint32_t Injector::strikes(std::size_t index) const { return faults_[index]->strikes; }

bool Injector::matches(const Anchor& anchor, const TraceEvent& event) {
  if (anchor.event != event.what.index()) return false;
  if (anchor.process && anchor.process != event.process) return false;
  if (!anchor.kind && !anchor.subject) return true;
  Wanted wanted{anchor.kind, anchor.subject};
  std::visit([&](const auto& payload) { payload.fields(payload, wanted); }, event.what);
  return wanted.found();
}

void Injector::observe(const TraceEvent& event) {
  if (std::holds_alternative<ProcessRestarted>(event.what) &&
      layers_.stalls[world_.process(event.process).machine().number - 1] > 0) {
    // A stall outlasts a crash. Told after the service has begun its new life.
    world_.at(
        event.at,
        [](void* process, std::uint64_t) { tell_of_stall(*static_cast<Process*>(process)); },
        &world_.process(event.process));
  }
  for (Anchor& anchor : anchors_) {
    if (anchor.left == 0 || !matches(anchor, event) || --anchor.left > 0) continue;
    // Queued now, it strikes before whatever the event's process schedules after this event.
    const EventSeq cause = world_.cause();
    world_.set_cause(event.seq);
    world_.at(event.at + anchor.plus, ArmedFault::strike, anchor.fault);
    world_.set_cause(cause);
  }
}

}  // namespace locklab
