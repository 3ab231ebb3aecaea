#include "sim/world.hpp"

#include <algorithm>
#include <new>

#include "sim/assert.hpp"

namespace locklab {

World::World(Arena& arena, std::uint64_t seed)
    : arena_(arena),
      seed_(seed),
      names_(&arena),
      loop_(arena),
      network_(*this),
      machines_(&arena),
      processes_(&arena),
      observers_(&arena) {}

World::~World() {
  for (Process* process : processes_) {
    process->~Process();
    arena_.give_back(process, sizeof(Process));
  }
}

MachineId World::add_machine(std::string_view name, Duration clock_offset, std::int64_t rate_ppm) {
  machines_.push_back({names_.intern(name), LocalClock(clock_offset, rate_ppm), {}, 0, 0, {}});
  return {static_cast<std::uint32_t>(machines_.size())};
}

Process& World::add_process(std::string_view name, MachineId machine) {
  const ProcessId id{static_cast<std::uint32_t>(processes_.size() + 1)};
  const Symbol symbol = names_.intern(name);
  processes_.push_back(new (arena_.take(sizeof(Process)))
                           Process(*this, id, machine, symbol, seed_, names_.text(symbol)));
  return *processes_.back();
}

Process* World::find_process(std::string_view name) {
  for (Process* process : processes_)
    if (names_.text(process->name()) == name) return process;
  return nullptr;
}

MachineId World::find_machine(std::string_view name) const {
  for (std::uint32_t i = 0; i < machines_.size(); ++i)
    if (names_.text(machines_[i].name) == name) return {i + 1};
  return {};
}

void World::observe(TraceObserver& observer, EventMask mask) {
  observers_.push_back({&observer, mask});
  watched_ |= mask;
}

void World::start() {
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    cause_ = {};
    processes_[i]->start();
  }
}

void World::drop_tasks() {
  for (Process* process : processes_) process->drop_tasks();
}

void World::tell(const TraceEvent& event, EventMask bit) {
  // By index: an observer may emit, and be told of its own event before the others of this one.
  for (std::size_t i = 0; i < observers_.size(); ++i)
    if ((observers_[i].mask & bit) != 0) observers_[i].observer->observe(event);
}

StopReason World::run(Instant horizon, std::uint64_t max_events) {
  const Instant limit = std::min(horizon, kEndOfTime - Duration{1});
  Event event;
  while (loop_.fired() < max_events) {
    if (!loop_.pop(limit, event))
      return loop_.pending_by(kEndOfTime - Duration{1}) ? StopReason::horizon
                                                        : StopReason::quiescent;
    dispatch(event);
  }
  if (loop_.pending_by(limit)) return StopReason::event_limit;
  return loop_.pending_by(kEndOfTime - Duration{1}) ? StopReason::horizon : StopReason::quiescent;
}

void World::dispatch(const Event& event) {
  cause_ = EventSeq{event.cause};
  if (event.gated && event.process != 0)
    process(ProcessId{event.process}).pass(event);
  else
    event.act(event.context, event.a);
}

EventId World::at(Instant when, Event::Act act, void* context, std::uint64_t a) {
  Event event;
  event.gated = false;
  event.cause = cause_.number;
  event.context = context;
  event.act = act;
  event.a = a;
  return loop_.schedule(std::max(when, now()), event);
}

EventId World::when_clock(ProcessId id, ClockKind clock, Duration after, Event::Act act,
                          void* context, std::uint64_t a) {
  Event event;
  event.gated = false;
  event.context = context;
  event.act = act;
  event.a = a;
  return process(id).timer(clock, after, event);
}

EventId World::schedule_gated(Process& process, Duration after, Event event) {
  event.process = process.id().number;
  event.life = process.life();
  event.cause = cause_.number;
  if (after == Duration{0}) return loop_.schedule_lane(after, event);
  return loop_.schedule(now() + after, event);
}

// ---- faults -------------------------------------------------------------------------------------

void World::suspend(MachineId id) {
  Machine& machine = machines_[id.number - 1];
  if (machine.suspensions++ == 0) {
    machine.wall_at_suspend = machine.clock.wall(now());
    machine.clock.freeze_mono(now());
    clock_changed(id, {ClockChange::frozen, {}, 0});
  }
  for (Process* process : processes_)
    if (process->machine() == id) process->pause(true);
}

void World::wake(MachineId id, bool corrected) {
  Machine& machine = machines_[id.number - 1];
  if (machine.suspensions == 0) return;
  if (--machine.suspensions == 0) {
    machine.clock.thaw_mono(now());
    clock_changed(id, {ClockChange::thawed, {}, 0});
    // A guest whose wall clock is not corrected goes on from where it was suspended.
    if (!corrected) jump_wall(id, machine.wall_at_suspend - machine.clock.wall(now()));
    // Nothing came due while the machine was off: a timer that was put by, and whose reading the
    // clock does not show now, waits for it again.
    loop_.for_each_timer([&](EventId event_id, const Event& event) {
      if (!event.parked || event.timer != Event::Timer::wall) return;
      Process& owner = process(ProcessId{event.process});
      if (owner.machine() != id) return;
      const Instant due = machine.clock.when(WallInstant{Duration{event.reading}}, now());
      if (due <= now()) return;
      owner.unqueue(event_id);
      loop_.move(event_id, due);
    });
  }
  for (Process* process : processes_)
    if (process->machine() == id) process->resume(true);
}

void World::power_loss(MachineId id) {
  Machine& machine = machines_[id.number - 1];
  ++machine.power_losses;
  if (machine.suspensions > 0) {  // what boots later is not suspended
    machine.suspensions = 0;
    machine.clock.thaw_mono(now());
    clock_changed(id, {ClockChange::thawed, {}, 0});
  }
  for (Process* process : processes_)
    if (process->machine() == id) process->crash(true);
}

void World::jump_wall(MachineId id, Duration by) {
  machines_[id.number - 1].clock.jump(now(), by);
  clock_changed(id, {ClockChange::jump, by, 0});
}

void World::set_rate(MachineId id, std::int64_t rate_ppm) {
  machines_[id.number - 1].clock.set_rate(now(), rate_ppm);
  clock_changed(id, {ClockChange::rate, {}, rate_ppm});
}

void World::slew(MachineId id, Duration by, std::int64_t speed_ppm) {
  machines_[id.number - 1].clock.slew(now(), by, speed_ppm);
  clock_changed(id, {ClockChange::slew, by, speed_ppm});
}

void World::clock_changed(MachineId id, const ClockChanged& change) {
  for (Process* process : processes_)
    if (process->machine() == id) emit(process->id(), change);
  rearm(id);
}

void World::rearm(MachineId id) {
  Machine& machine = machines_[id.number - 1];
  const LocalClock& clock = machine.clock;
  loop_.for_each_timer([&](EventId event_id, const Event& event) {
    if (event.parked || process(ProcessId{event.process}).machine() != id) return;
    const Duration reading{event.reading};
    const Instant due = event.timer == Event::Timer::wall ? clock.when(WallInstant{reading}, now())
                                                          : clock.when(MonoInstant{reading}, now());
    loop_.move(event_id, due);
  });
  loop_.cancel(machine.slew_end);
  machine.slew_end = {};
  if (clock.slew_ends() != kEndOfTime) {
    machine.slew_end = at(
        clock.slew_ends(),
        [](void* context, std::uint64_t number) {
          auto& world = *static_cast<World*>(context);
          Machine& slewed = world.machines_[number - 1];
          slewed.slew_end = {};
          slewed.clock.end_slew(world.now());
          world.rearm(MachineId{static_cast<std::uint32_t>(number)});
        },
        this, id.number);
  }
}

}  // namespace locklab
