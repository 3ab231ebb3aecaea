#include "sim/process.hpp"

#include <algorithm>

#include "sim/assert.hpp"
#include "sim/rpc.hpp"
#include "sim/world.hpp"

namespace locklab {

namespace {

/// What a clock shows `after` from now; its last reading if that is too far to be told ("for
/// ever").
template <class AnyInstant>
AnyInstant later(AnyInstant reading, Duration after) {
  return after > AnyInstant::max() - std::max(reading, AnyInstant{}) ? AnyInstant::max()
                                                                     : reading + after;
}

}  // namespace

// ---- waiting ------------------------------------------------------------------------------------

Sleep::Sleep(Process& self, ClockKind clock, Duration after)
    : until_(clock == ClockKind::wall ? Until::wall : Until::mono),
      amount_(after < Duration{0} ? 0 : after.count()) {
  process = &self;
  what = "its sleep";
}

Sleep::Sleep(Process& self, Instant until)
    : until_(Until::true_time), amount_(until.time_since_epoch().count()) {
  process = &self;
  what = "its time to come";
}

Sleep::~Sleep() { process->world().loop().cancel(event); }

void Sleep::await_suspend(std::coroutine_handle<> waiting) {
  handle = waiting;
  since = process->world().now();
  if (until_ == Until::true_time) {
    const Instant until{Duration{amount_}};
    const Duration after = until > since ? until - since : Duration{0};
    Event wake;
    wake.kind = Event::Kind::wake;
    wake.context = static_cast<Waiter*>(this);
    event = process->world().schedule_gated(*process, after, wake);
  } else {
    const ClockKind clock = until_ == Until::wall ? ClockKind::wall : ClockKind::mono;
    event = process->wake_after(clock, Duration{amount_}, *this);
  }
}

void Signal::set() {
  if (waiting_ == nullptr) {
    set_ = true;
    return;
  }
  Wait& wait = *waiting_;
  waiting_ = nullptr;
  wait.was_set_ = true;
  self_->world().loop().cancel(wait.event);
  wait.event = self_->wake_soon(wait);
}

Signal::Wait::Wait(Signal& signal, Process& self, Duration timeout)
    : signal_(&signal), timeout_(timeout) {
  process = &self;
  what = "a signal";
}

Signal::Wait::~Wait() {
  if (signal_->waiting_ == this) signal_->waiting_ = nullptr;
  process->world().loop().cancel(event);
}

bool Signal::Wait::await_ready() noexcept {
  was_set_ = signal_->set_;
  signal_->set_ = false;
  return was_set_;
}

void Signal::Wait::await_suspend(std::coroutine_handle<> waiting) {
  LOCKLAB_ASSERT(signal_->waiting_ == nullptr);
  handle = waiting;
  since = process->world().now();
  signal_->waiting_ = this;
  if (timeout_ >= Duration{0}) event = process->wake_after(ClockKind::mono, timeout_, *this);
}

bool Signal::Wait::await_resume() noexcept {
  if (signal_->waiting_ == this) signal_->waiting_ = nullptr;
  return was_set_;
}

// ---- the process --------------------------------------------------------------------------------

Process::Process(World& world, ProcessId id, MachineId machine, Symbol name, std::uint64_t seed,
                 std::string_view name_text)
    : world_(world),
      id_(id),
      machine_(machine),
      name_(name),
      rng_(seed, name_text),
      key_(Rng(0, name_text).next()),
      waiting_(&world.arena()),
      roots_(&world.arena()),
      calls_(&world.arena()) {}

Process::~Process() { drop_tasks(); }

Arena& Process::arena() const { return world_.arena(); }

WallInstant Process::wall_now() const { return world_.clock(machine_).wall(world_.now()); }
MonoInstant Process::mono_now() const { return world_.clock(machine_).mono(world_.now()); }

EventId Process::timer(ClockKind clock, Duration after, Event event) {
  const LocalClock& local = world_.clock(machine_);
  const Instant now = world_.now();
  event.process = id_.number;
  event.life = life_;
  event.cause = world_.cause().number;
  if (clock == ClockKind::wall) {
    const WallInstant reading = later(local.wall(now), after);
    event.timer = Event::Timer::wall;
    event.reading = reading.time_since_epoch().count();
    return world_.loop().schedule(local.when(reading, now), event);
  }
  const MonoInstant reading = later(local.mono(now), after);
  event.timer = Event::Timer::mono;
  event.reading = reading.time_since_epoch().count();
  return world_.loop().schedule(local.when(reading, now), event);
}

EventId Process::recurring_timer(ClockKind clock, Duration after, Event event) {
  const LocalClock& local = world_.clock(machine_);
  if (!local.runs_true()) return timer(clock, after, event);
  const Instant now = world_.now();
  event.process = id_.number;
  event.life = life_;
  event.cause = world_.cause().number;
  event.timer = clock == ClockKind::wall ? Event::Timer::wall : Event::Timer::mono;
  event.reading = clock == ClockKind::wall ? (local.wall(now) + after).time_since_epoch().count()
                                           : (local.mono(now) + after).time_since_epoch().count();
  return world_.loop().schedule_lane(after, event);
}

EventId Process::wake_after(ClockKind clock, Duration after, Waiter& waiter) {
  Event event;
  event.kind = Event::Kind::wake;
  event.context = &waiter;
  return timer(clock, after, event);
}

EventId Process::wake_soon(Waiter& waiter) {
  Event event;
  event.kind = Event::Kind::wake;
  event.context = &waiter;
  return world_.schedule_gated(*this, Duration{0}, event);
}

TaskHandle Process::spawn(std::string_view label, Task<> program) {
  LOCKLAB_ASSERT(alive_);
  std::uint32_t index = 0;
  while (index < roots_.size() && roots_[index] != nullptr) ++index;
  if (index == roots_.size()) roots_.push_back(nullptr);
  void* block = arena().take(sizeof(Root));
  Root* root = new (block) Root{label, std::move(program), false, next_generation_++};
  roots_[index] = root;

  Event event;
  event.context = this;
  event.a = std::uint64_t{index} << 32 | root->generation;
  event.act = [](void* context, std::uint64_t which) {
    auto& self = *static_cast<Process*>(context);
    Root* starting = self.roots_[which >> 32];
    if (starting == nullptr || starting->generation != static_cast<std::uint32_t>(which)) return;
    self.resume_task(starting->task.root(self.trampoline_, starting->finished));
  };
  world_.schedule_gated(*this, Duration{0}, event);
  return {index, root->generation};
}

bool Process::finished(TaskHandle task) const {
  return task.index >= roots_.size() || roots_[task.index] == nullptr ||
         roots_[task.index]->generation != task.generation || roots_[task.index]->finished;
}

void Process::cancel(TaskHandle task) {
  if (finished(task)) return;
  Root* root = std::exchange(roots_[task.index], nullptr);
  root->~Root();
  arena().give_back(root, sizeof(Root));
}

bool Process::has_tasks() const {
  for (const Root* root : roots_)
    if (root != nullptr) return true;
  return false;
}

void Process::drop_tasks() {
  while (!roots_.empty()) {  // youngest first
    Root* root = roots_.back();
    roots_.pop_back();
    if (root == nullptr) continue;
    root->~Root();
    arena().give_back(root, sizeof(Root));
  }
}

void Process::reap() {
  for (Root*& place : roots_) {
    if (place == nullptr || !place->finished) continue;
    Root* root = std::exchange(place, nullptr);
    root->~Root();
    arena().give_back(root, sizeof(Root));
  }
}

void Process::resume_task(std::coroutine_handle<> waiting) {
  trampoline_.run(waiting);
  reap();
}

// ---- the gate -----------------------------------------------------------------------------------

void Process::pass(const Event& event) {
  if (!alive_ || event.life != life_) {
    if (event.kind == Event::Kind::deliver)
      world_.network().undeliverable(*static_cast<Packet*>(event.context));
    return;
  }
  if (pauses_ > 0) {
    waiting_.push_back(world_.loop().park(event));
    return;
  }
  run(event);
}

void Process::unqueue(EventId event) { std::erase(waiting_, event); }

void Process::run(const Event& event) {
  switch (event.kind) {
    case Event::Kind::deliver:
      world_.network().deliver(*static_cast<Packet*>(event.context));
      break;
    case Event::Kind::wake: {
      auto& waiter = *static_cast<Waiter*>(event.context);
      waiter.event = {};
      resume_task(waiter.handle);
      break;
    }
    case Event::Kind::action:
      event.act(event.context, event.a);
      break;
  }
}

void Process::start() {
  LOCKLAB_ASSERT(!alive_ && life_ == 0);
  alive_ = true;
  life_ = 1;
  if (actor_ != nullptr) actor_->on_start();
}

void Process::pause(bool suspended) {
  if (!alive_) return;
  if (pauses_++ > 0) return;
  paused_since_ = world_.now();
  world_.emit(id_, ProcessPaused{suspended});
}

void Process::resume(bool suspended) {
  if (pauses_ == 0 || --pauses_ > 0) return;
  LOCKLAB_ASSERT(!draining_);  // pauses and resumes come from the agenda alone
  world_.emit(id_, ProcessResumed{world_.now() - paused_since_, suspended,
                                  static_cast<std::uint32_t>(waiting_.size())});
  // What came due meanwhile runs now, in due order, before anything that comes due at this instant.
  draining_ = true;
  const EventSeq cause = world_.cause();
  for (const EventId id : waiting_) {
    Event event;
    if (!world_.loop().unpark(id, event)) continue;  // withdrawn by one that came before it
    world_.set_cause(EventSeq{event.cause});
    run(event);
  }
  waiting_.clear();
  world_.set_cause(cause);
  draining_ = false;
}

void Process::crash(bool power_loss) {
  if (!alive_) {
    // Model: a process that was dead when the power went had its writes synced by then. In truth an
    // operating system takes up to half a minute to write them back.
    if (power_loss) powered_ = false;
    return;
  }
  LOCKLAB_ASSERT(!draining_);
  world_.emit(id_, ProcessCrashed{power_loss});
  alive_ = false;
  powered_ = !power_loss;
  ++life_;
  pauses_ = 0;
  drop_tasks();
  for (const EventId id : waiting_) {
    Event event;
    if (world_.loop().unpark(id, event) && event.kind == Event::Kind::deliver)
      world_.network().undeliverable(*static_cast<Packet*>(event.context));
  }
  waiting_.clear();
  world_.network().process_gone(id_, power_loss);
  if (actor_ != nullptr) actor_->on_crash(power_loss);
}

void Process::restart() {
  if (alive_) return;
  alive_ = true;
  powered_ = true;
  world_.emit(id_, ProcessRestarted{});
  // On a machine that is suspended the new life waits with all others for the machine to wake.
  for (std::uint32_t i = world_.suspensions(machine_); i > 0; --i) pause(true);
  if (actor_ != nullptr) actor_->on_start();
}

// ---- calls --------------------------------------------------------------------------------------

CallId Process::register_call(CallBase& call) {
  std::uint32_t index = 0;
  while (index < calls_.size() && calls_[index].call != nullptr) ++index;
  if (index == calls_.size()) calls_.push_back({});
  calls_[index] = {&call, next_call_generation_++};
  return {std::uint64_t{calls_[index].generation} << 16 | (index + 1)};
}

CallBase* Process::find_call(CallId id) const {
  const std::uint64_t index = (id.number & 0xFFFF) - 1;
  if (index >= calls_.size() || calls_[index].generation != id.number >> 16) return nullptr;
  return calls_[index].call;
}

void Process::forget_call(CallId id) {
  const std::uint64_t index = (id.number & 0xFFFF) - 1;
  if (index < calls_.size() && calls_[index].generation == id.number >> 16)
    calls_[index].call = nullptr;
}

void Process::connection_lost(ProcessId peer) {
  std::pmr::vector<CallId> failing(&arena());
  for (std::uint32_t index = 0; index < calls_.size(); ++index) {
    const CallSlot& slot = calls_[index];
    if (slot.call != nullptr && slot.call->to() == peer)
      failing.push_back({std::uint64_t{slot.generation} << 16 | (index + 1)});
  }
  for (const CallId id : failing)
    if (CallBase* call = find_call(id)) call->complete(Errc::connection_lost, nullptr);
}

bool Process::awaits(ProcessId peer) const {
  for (const CallSlot& slot : calls_)
    if (slot.call != nullptr && slot.call->to() == peer) return true;
  return false;
}

}  // namespace locklab
