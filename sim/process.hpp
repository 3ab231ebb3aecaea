// A process: tasks (a client proceeds) or an actor (a server reacts), and the one gate that pause,
// crash, restart and machine suspension share. A paused process runs nothing; its messages queue
// and its timers fire late, in the order in which they came due. A crashed one loses its tasks and
// its volatile state; what was on its way to it finds nobody.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sim/event_loop.hpp"
#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/rng.hpp"
#include "sim/task.hpp"
#include "sim/time.hpp"

namespace locklab {

class CallBase;
class Process;
class World;
struct Packet;

/// A server's or a client program's inside, as its process sees it.
class Actor {
 public:
  virtual ~Actor() = default;
  /// A request arrived.
  virtual void on_message(const Packet& packet) = 0;
  /// The process died: volatile state is gone. After a power loss, so is what was not yet synced.
  virtual void on_crash(bool power_loss) = 0;
  /// A new life begins.
  virtual void on_start() = 0;
  /// The other side of a connection is gone, as far as this side's network stack can tell.
  virtual void on_connection_lost(ProcessId peer) { static_cast<void>(peer); }
  /// Its disk takes writes no more, or takes them again.
  virtual void on_disk_stall(bool stalled) { static_cast<void>(stalled); }
  /// A key is gone without anybody's request: evicted, flushed, deleted by an operator. None: all.
  virtual void on_key_lost(Symbol key) { static_cast<void>(key); }
};

/// A coroutine that waits, seen from what will wake it. Lives in the frame of the awaiting
/// coroutine.
struct Waiter {
  Process* process = nullptr;
  std::coroutine_handle<> handle;
  EventId event;          // that will wake it; none while something else will
  std::string_view what;  // for "client-a waits for …"
  Instant since{};
};

/// co_await self.sleep(50ms)
class [[nodiscard]] Sleep : Waiter {
 public:
  Sleep(Process& self, ClockKind clock, Duration after);
  Sleep(Process& self, Instant until);
  Sleep(const Sleep&) = delete;
  Sleep& operator=(const Sleep&) = delete;
  ~Sleep();
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting);
  void await_resume() noexcept {}

 private:
  enum class Until : std::uint8_t { wall, mono, true_time };
  Until until_;
  std::int64_t amount_;  // ns: a duration, or the true instant
};

/// A task of a process, as the one that started it sees it. Refers to nothing once the task is
/// over.
struct TaskHandle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

/// Wakes tasks of one process: co_await signal.wait(). A set() with nobody waiting is remembered
/// once.
class Signal {
 public:
  explicit Signal(Process& self) : self_(&self) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void set();

  class [[nodiscard]] Wait : Waiter {
   public:
    Wait(Signal& signal, Process& self, Duration timeout);
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait();
    bool await_ready() noexcept;
    void await_suspend(std::coroutine_handle<> waiting);
    /// True: it was set. False: the time-out passed first.
    bool await_resume() noexcept;

   private:
    friend class Signal;
    Signal* signal_;
    Duration timeout_;  // on the process's monotonic clock; negative: none
    bool was_set_ = false;
  };
  /// Until set() is called, or `timeout` has passed on the monotonic clock (negative: never).
  Wait wait(Duration timeout = Duration{-1}) { return {*this, *self_, timeout}; }

 private:
  Process* self_;
  Wait* waiting_ = nullptr;
  bool set_ = false;
};

class Process {
 public:
  Process(World& world, ProcessId id, MachineId machine, Symbol name, std::uint64_t seed,
          std::string_view name_text);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  // ---- what a program may use ----

  ProcessId id() const { return id_; }
  MachineId machine() const { return machine_; }
  Symbol name() const { return name_; }
  World& world() const { return world_; }
  Arena& arena() const;
  Rng& rng() { return rng_; }

  WallInstant wall_now() const;
  MonoInstant mono_now() const;

  /// On this process's monotonic clock, as sleep() of every runtime does, unless said otherwise.
  Sleep sleep(Duration duration, ClockKind clock = ClockKind::mono) {
    return {*this, clock, duration};
  }
  /// Until a true instant: for scripts that say when their client appears, not for algorithms.
  Sleep sleep_until(Instant until) { return {*this, until}; }

  /// Starts another task of this process at the next scheduling point.
  TaskHandle spawn(std::string_view label, Task<> program);
  /// Ends a task at once, wherever it waits; its pending calls go unanswered. Nothing if it is
  /// over. A task cannot cancel itself.
  void cancel(TaskHandle task);
  bool finished(TaskHandle task) const;

  // ---- what the world and the faults use ----

  void set_actor(Actor& actor) { actor_ = &actor; }
  Actor* actor() const { return actor_; }

  bool alive() const { return alive_; }
  bool paused() const { return pauses_ > 0; }
  /// Paused, or about to run what came due while it was.
  bool held_up() const { return pauses_ > 0 || draining_; }
  std::uint32_t life() const { return life_; }
  /// False between a power loss and the restart: not even its machine answers.
  bool powered() const { return powered_; }
  /// A number for its name, for streams named after it.
  std::uint64_t key() const { return key_; }

  void start();
  void pause(bool suspended);
  void resume(bool suspended);
  void crash(bool power_loss);
  void restart();
  /// Destroys every task, the youngest first.
  void drop_tasks();

  /// The gate: every wake-up, delivery and gated action of the process passes here.
  void pass(const Event& event);

  /// A parked event of this process will come due anew.
  void unqueue(EventId event);
  /// Runs an event of this process, which is alive and not paused.
  void run(const Event& event);
  void resume_task(std::coroutine_handle<> waiting);

  /// A wake-up for a waiter of this process when its clock has advanced by `after`.
  EventId wake_after(ClockKind clock, Duration after, Waiter& waiter);
  EventId timer(ClockKind clock, Duration after, Event event);
  /// As timer(), for a duration that recurs: cheap to withdraw.
  EventId recurring_timer(ClockKind clock, Duration after, Event event);
  EventId wake_soon(Waiter& waiter);

  // Calls that await a reply. A slot's generation tells a late reply from one that is waited for.
  CallId register_call(CallBase& call);
  void forget_call(CallId id);
  CallBase* find_call(CallId id) const;
  /// Fails every call that awaits a reply from `peer`.
  void connection_lost(ProcessId peer);
  bool awaits(ProcessId peer) const;

  /// Label and wait of each unfinished task, for whoever explains a stall.
  template <class Visit>
  void for_each_task(Visit visit) const {
    for (const Root* root : roots_)
      if (root != nullptr) visit(root->label);
  }
  bool has_tasks() const;

 private:
  struct Root {
    std::string_view label;
    Task<> task;
    bool finished = false;
    std::uint32_t generation = 0;
  };
  struct CallSlot {
    CallBase* call = nullptr;
    std::uint32_t generation = 0;
  };

  void reap();

  World& world_;
  ProcessId id_;
  MachineId machine_;
  Symbol name_;
  Rng rng_;
  Actor* actor_ = nullptr;

  std::uint64_t key_;
  bool alive_ = false;
  bool powered_ = true;
  std::uint32_t life_ = 0;
  std::uint32_t pauses_ = 0;
  Instant paused_since_{};
  bool draining_ = false;
  std::pmr::vector<EventId> waiting_;  // parked: what came due while paused, in due order

  Trampoline trampoline_;
  std::pmr::vector<Root*> roots_;
  std::uint32_t next_generation_ = 1;
  std::pmr::vector<CallSlot> calls_;
  std::uint32_t next_call_generation_ = 1;
};

}  // namespace locklab
