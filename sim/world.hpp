// The world of one run: machines and their clocks, processes, the network, the agenda and the
// trace's source. It owns everything, in one arena, and runs until nothing is left to happen, the
// horizon is reached or the event limit is spent.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sim/arena.hpp"
#include "sim/clock.hpp"
#include "sim/event_loop.hpp"
#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/rng.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"

namespace locklab {

enum class StopReason : std::uint8_t { quiescent, horizon, event_limit };

class World {
 public:
  World(Arena& arena, std::uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  Arena& arena() const { return arena_; }
  Names& names() { return names_; }
  const Names& names() const { return names_; }
  EventLoop& loop() { return loop_; }
  Network& network() { return network_; }
  std::uint64_t seed() const { return seed_; }
  Instant now() const { return loop_.now(); }
  Rng stream(std::string_view name, std::uint64_t a = 0, std::uint64_t b = 0) const {
    return {seed_, name, a, b};
  }

  // ---- how it is built ----
  MachineId add_machine(std::string_view name, Duration clock_offset = {},
                        std::int64_t rate_ppm = 0);
  Process& add_process(std::string_view name, MachineId machine);
  /// Tells `observer` of the events in `mask`, in the order in which observers were added.
  void observe(TraceObserver& observer, EventMask mask);
  /// Begins the first life of every process, in order.
  void start();
  /// Destroys every task, wherever it waits. Before what tasks refer to is destroyed.
  void drop_tasks();

  std::size_t processes() const { return processes_.size(); }
  Process& process(ProcessId id) { return *processes_[id.number - 1]; }
  const Process& process(ProcessId id) const { return *processes_[id.number - 1]; }
  Process* find_process(std::string_view name);
  std::size_t machines() const { return machines_.size(); }
  const LocalClock& clock(MachineId id) const { return machines_[id.number - 1].clock; }
  const LocalClock& clock(ProcessId id) const { return clock(process(id).machine()); }
  Symbol machine_name(MachineId id) const { return machines_[id.number - 1].name; }
  MachineId find_machine(std::string_view name) const;

  // ---- running ----
  /// Runs until quiescence, `horizon` (its instant included) or `max_events` in all.
  StopReason run(Instant horizon, std::uint64_t max_events);
  std::uint64_t events() const { return loop_.fired(); }

  // ---- the trace ----
  /// Appends an event in the lane of `process` (none: the world's). Its cause is what happened last
  /// in the present chain of events.
  template <class Payload>
  EventSeq emit(ProcessId process, const Payload& payload) {
    const EventSeq seq{++seq_};
    const Instant at = now();
    const WallInstant wall = process ? wall_of(process) : WallInstant{};
    digest_.absorb(at, process, cause_, wall, payload);
    constexpr EventMask bit = events_of<Payload>();
    if ((watched_ & bit) != 0) {
      const TraceEvent event{seq, cause_, at, process, wall, payload};
      tell(event, bit);
    }
    cause_ = seq;
    return seq;
  }
  /// As emit(), for what is said about the run rather than done in it: nothing follows from it.
  template <class Payload>
  EventSeq remark(ProcessId process, const Payload& payload) {
    const EventSeq cause = cause_;
    const EventSeq seq = emit(process, payload);
    cause_ = cause;
    return seq;
  }
  EventSeq cause() const { return cause_; }
  void set_cause(EventSeq cause) { cause_ = cause; }
  EventSeq last_event() const { return EventSeq{seq_}; }
  std::uint64_t digest() const { return digest_.value(); }

  // ---- scheduling, for the world's own purposes and for faults ----
  /// Runs act(context, a) at a true instant, whatever the state of any process.
  EventId at(Instant when, Event::Act act, void* context, std::uint64_t a = 0);
  /// Runs act(context, a) when a process's clock shows `after` more than now. Not held up by a
  /// pause.
  EventId when_clock(ProcessId process, ClockKind clock, Duration after, Event::Act act,
                     void* context, std::uint64_t a = 0);
  /// As schedule, with the present cause and for a process's gate.
  EventId schedule_gated(Process& process, Duration after, Event event);

  // ---- faults ----
  void pause(ProcessId process) { this->process(process).pause(false); }
  void resume(ProcessId process) { this->process(process).resume(false); }
  void suspend(MachineId machine);
  /// `corrected`: the wall clock shows true passage of time; otherwise it goes on where it stood.
  void wake(MachineId machine, bool corrected);
  /// How many suspensions of the machine have begun and not ended.
  std::uint32_t suspensions(MachineId id) const { return machines_[id.number - 1].suspensions; }
  void crash(ProcessId process) { this->process(process).crash(false); }
  void power_loss(MachineId machine);
  std::uint32_t power_losses(MachineId id) const { return machines_[id.number - 1].power_losses; }
  void restart(ProcessId process) { this->process(process).restart(); }
  void jump_wall(MachineId machine, Duration by);
  void set_rate(MachineId machine, std::int64_t rate_ppm);
  void slew(MachineId machine, Duration by, std::int64_t speed_ppm);

 private:
  struct Machine {
    Symbol name;
    LocalClock clock;
    EventId slew_end;
    std::uint32_t suspensions = 0;
    std::uint32_t power_losses = 0;
    WallInstant wall_at_suspend{};
  };
  struct Observer {
    TraceObserver* observer;
    EventMask mask;
  };

  WallInstant wall_of(ProcessId id) const { return clock(id).wall(now()); }
  void tell(const TraceEvent& event, EventMask bit);
  void dispatch(const Event& event);
  void clock_changed(MachineId machine, const ClockChanged& change);
  void rearm(MachineId machine);

  Arena& arena_;
  std::uint64_t seed_;
  Names names_;
  EventLoop loop_;
  Network network_;
  std::pmr::vector<Machine> machines_;
  std::pmr::vector<Process*> processes_;
  std::pmr::vector<Observer> observers_;
  EventMask watched_ = 0;
  EventSeq cause_;
  std::uint64_t seq_ = 0;
  Digest digest_;
};

}  // namespace locklab
