#include "scenarios/client.hpp"

#include <algorithm>
#include <new>

#include "algorithms/auto_extend.hpp"
#include "algorithms/execute_with_lock.hpp"
#include "algorithms/several_locks.hpp"
#include "sim/assert.hpp"
#include "sim/world.hpp"

namespace locklab {

Client::Client(Process& self, const ClientSpec& spec, const LockSpec& lock, Symbol default_lock,
               std::span<const Program> threads, std::span<DeployedService* const> services,
               const Tiers& tiers, const storage::Client& storage, const StepWords& words,
               std::uint32_t* attempts)
    : self_(self),
      spec_(spec),
      lock_(lock),
      default_lock_(default_lock),
      programs_(threads),
      words_(words),
      beliefs_(self, spec.belief),
      environment_{self, beliefs_, attempts},
      registers_(environment_, storage),
      services_(services),
      service_clients_(&self.arena()),
      locks_(&self.arena()),
      threads_(&self.arena()) {
  beliefs_.set_listener(this);
  environment_.tiers = tiers;
}

Client::~Client() { leave_services(); }

// ---- life ---------------------------------------------------------------------------------------

void Client::on_start() {
  for (DeployedService* service : services_)
    if (ServiceClient* client = service->equip(environment_)) service_clients_.push_back(client);
  for (std::uint32_t i = 0; i < programs_.size(); ++i) {
    void* block = arena().take(sizeof(Thread));
    threads_.push_back(new (block) Thread(*this, programs_[i], &arena()));
    threads_.back()->task = self_.spawn("program", run_thread(i));
  }
}

void Client::on_crash(bool) {
  beliefs_.end_all(BeliefEnd::crashed);
  // A new life begins with new objects: what the old ones knew was in memory.
  locks_.clear();
  threads_.clear();
  leave_services();
}

void Client::leave_services() {
  while (!service_clients_.empty()) {
    service_clients_.back()->~ServiceClient();
    service_clients_.pop_back();
  }
}

void Client::on_message(const Packet& packet) {
  for (ServiceClient* client : service_clients_)
    if (client->on_message(packet)) return;
  LOCKLAB_ASSERT(!"a message that is nobody's");
}

void Client::on_connection_lost(ProcessId peer) {
  for (ServiceClient* client : service_clients_) client->on_connection_lost(peer);
}

// The library calls back in a thread of its own: the one that works is stopped at the next
// scheduling point.
void Client::told(AttemptId attempt) {
  const bool stops = spec_.when_told == WhenTold::stop;
  for (Thread* thread : threads_)
    for (Thread::Held& holding : thread->held) {
      if (holding.lease.attempt != attempt) continue;
      holding.told = true;
      thread->told = stops;
    }
  if (!stops) return;
  Event stop;
  stop.context = this;
  stop.act = [](void* client, std::uint64_t) { static_cast<Client*>(client)->stop_told_threads(); };
  self_.world().schedule_gated(self_, Duration{0}, stop);
}

void Client::prolonged(const Lease& lease) {
  for (Thread* thread : threads_)
    for (Thread::Held& holding : thread->held)
      if (holding.lease.attempt == lease.attempt) holding.lease = lease;
}

void Client::stop_told_threads() {
  for (std::uint32_t i = 0; i < threads_.size(); ++i) {
    Thread& thread = *threads_[i];
    if (!thread.told) continue;
    thread.told = false;
    self_.cancel(thread.task);
    thread.task = self_.spawn("give back", give_back(i));
  }
}

Task<> Client::give_back(std::uint32_t index) {
  Thread& thread = *threads_[index];
  while (!thread.held.empty()) {
    const Thread::Held holding = thread.held.back();
    thread.held.pop_back();
    static_cast<void>(co_await holding.lock->release(holding.lease));
  }
}

Task<> Client::run_thread(std::uint32_t index) {
  Thread& thread = *threads_[index];
  if (spec_.start > Duration{0}) co_await self_.sleep_until(Instant{spec_.start});
  const Flow flow = co_await run_steps(thread, *thread.program);
  // An exception that nobody caught, or the program's own stop: nobody is left who would act on
  // what the thread held, nor give it back [corpus 106].
  if (flow == Flow::stop)
    for (const Thread::Held& holding : thread.held)
      beliefs_.end(holding.lease.attempt, BeliefEnd::stopped);
}

Task<Client::Flow> Client::run_steps(Thread& thread, const Program& steps) {
  for (const Step& step : steps) {
    if (thread.skipping && step.kind != Step::Kind::acquire && step.kind != Step::Kind::with_lock &&
        step.kind != Step::Kind::auto_extend && step.kind != Step::Kind::with_locks &&
        step.kind != Step::Kind::hybrid && step.kind != Step::Kind::at &&
        step.kind != Step::Kind::sleep)
      continue;
    const Flow flow = co_await run_step(thread, step);
    if (flow == Flow::stop) co_return Flow::stop;
  }
  co_return Flow::next;
}

Task<Client::Flow> Client::run_step(Thread& thread, const Step& step) {
  switch (step.kind) {
    case Step::Kind::at:
      if (Instant{step.time} > self_.world().now()) co_await self_.sleep_until(Instant{step.time});
      co_return Flow::next;
    case Step::Kind::sleep:
      co_await self_.sleep(step.time);
      co_return Flow::next;
    case Step::Kind::work:
      self_.world().emit(self_.id(), StepTaken{words_.work, step.time, true});
      co_await self_.sleep(step.time);
      co_return Flow::next;
    case Step::Kind::acquire:
      co_return co_await acquire(thread, step);
    case Step::Kind::check: {
      Thread::Held* holding = held(thread, step);
      if (holding == nullptr) co_return Flow::next;
      const Lease& lease = holding->lease;
      const bool in_time =
          lease.promised == kForever || lease.start.elapsed(self_, lease.clock) < lease.promised;
      // Who was told that the lock is gone knows it at a check.
      const bool valid = in_time && !holding->told;
      self_.world().emit(self_.id(), StepTaken{words_.check, Duration{0}, valid});
      if (valid) co_return Flow::next;
      co_return refused(thread, step);
    }
    case Step::Kind::extend:
      co_return co_await extend(thread, step);
    case Step::Kind::release: {
      Thread::Held* holding = held(thread, step);
      if (holding == nullptr) co_return Flow::next;
      const Lease lease = holding->lease;
      Lock& lock = *holding->lock;
      static_cast<void>(co_await lock.release(lease));
      drop(thread, lease.attempt);
      co_return Flow::next;
    }
    case Step::Kind::read:
      co_return co_await read(thread, step);
    case Step::Kind::write:
      co_return co_await write(thread, step);
    case Step::Kind::sell:
      co_return co_await sell(thread, step);
    case Step::Kind::charge:
      co_return co_await charge(thread, step);
    case Step::Kind::run_job:
      co_return co_await run_job(thread, step);
    case Step::Kind::lead:
      co_return co_await lead(thread, step);
    case Step::Kind::append:
      co_return co_await append(thread, step);
    case Step::Kind::with_lock:
      co_return co_await with_lock(thread, step);
    case Step::Kind::auto_extend:
      co_return co_await auto_extend(thread, step);
    case Step::Kind::with_locks:
      co_return co_await with_locks(thread, step);
    case Step::Kind::optimistic:
      co_return co_await optimistic(thread, step);
    case Step::Kind::hybrid:
      co_return co_await hybrid(thread, step);
    case Step::Kind::repeat:
      for (std::int64_t round = 0; round < step.amount; ++round) {
        const Flow flow = co_await run_steps(thread, step.body);
        if (flow == Flow::stop) co_return Flow::stop;
      }
      co_return Flow::next;
    case Step::Kind::stop:
      co_return Flow::stop;
  }
  co_return Flow::stop;
}

// ---- locks --------------------------------------------------------------------------------------

Lock& Client::lock_on(Symbol resource) {
  for (Lock* lock : locks_)
    if (lock->resource() == resource) return *lock;
  locks_.push_back(lock_.algorithm->make(environment_, lock_.settings, resource));
  return *locks_.back();
}

Symbol Client::lock_of(const Thread& thread, const Step& step) const {
  if (!step.lock.empty()) return symbol(step.lock);
  return thread.held.empty() ? default_lock_ : thread.held.back().lease.lock;
}

Client::Thread::Held* Client::held(Thread& thread, const Step& step) {
  const Symbol wanted = lock_of(thread, step);
  for (std::size_t i = thread.held.size(); i-- > 0;)
    if (thread.held[i].lease.lock == wanted) return &thread.held[i];
  return nullptr;
}

void Client::drop(Thread& thread, AttemptId attempt) {
  std::erase_if(thread.held, [attempt](const Thread::Held& holding) {
    return holding.lease.attempt == attempt;
  });
}

Client::Flow Client::refused(Thread& thread, const Step& step) {
  switch (step.if_refused) {
    case AfterRefusal::stop:
      return Flow::stop;
    case AfterRefusal::skip:
      thread.skipping = true;
      return Flow::next;
    case AfterRefusal::go_on:
      return Flow::next;
  }
  return Flow::stop;
}

Waiting Client::waiting(const Step& step) {
  Waiting waiting;
  waiting.timeout = step.mode == Step::Mode::blocking ? kForever : step.timeout;
  waiting.poll = step.poll;
  waiting.poll_jitter = step.poll_jitter;
  switch (step.on_error) {
    case OnAcquireError::escape:
      waiting.on_error = Waiting::OnError::escape;
      break;
    case OnAcquireError::retry:
      waiting.on_error = Waiting::OnError::retry;
      break;
    case OnAcquireError::fail_open:
      waiting.on_error = Waiting::OnError::fail_open;
      break;
  }
  return waiting;
}

Task<Client::Flow> Client::acquire(Thread& thread, const Step& step) {
  thread.skipping = false;
  Lock& lock = lock_on(lock_of(thread, step));
  // A client that ignores the answer works on what it asked for [corpus 6].
  const IfRefused if_refused =
      step.if_refused == AfterRefusal::go_on ? IfRefused::ignore : IfRefused::stop;
  Result<Lease> lease = Errc::not_acquired;
  if (step.mode == Step::Mode::once) {
    World& world = self_.world();
    world.emit(self_.id(), LockWaitBegan{lock.resource(), true});
    lease = co_await lock.acquire(if_refused);
    world.emit(self_.id(), LockWaitEnded{lock.resource(), lease.has_value(), 1});
  } else {
    lease = co_await acquire_until(lock, waiting(step));
    if (!lease && if_refused == IfRefused::ignore) lease = co_await lock.acquire(if_refused);
  }
  if (!lease) co_return refused(thread, step);
  thread.held.push_back({&lock, *lease, false});
  co_return Flow::next;
}

/// The steps of a with_lock or auto_extend, as the critical section that those expect.
class Client::Section final : public CriticalSection {
 public:
  Section(Client& client, Thread& thread, Lock& lock, const Program& body)
      : client_(client), thread_(thread), lock_(lock), body_(body) {}
  // Told or stopped, the work may end in the middle of its steps.
  ~Section() override { client_.drop(thread_, attempt_); }

  Task<> run(const Lease& lease) override {
    attempt_ = lease.attempt;
    thread_.held.push_back({&lock_, lease, false});
    flow_ = co_await client_.run_steps(thread_, body_);
  }
  Arena& arena() const { return client_.arena(); }
  Flow flow() const { return flow_; }

 private:
  Client& client_;
  Thread& thread_;
  Lock& lock_;
  const Program& body_;
  AttemptId attempt_;
  Flow flow_ = Flow::next;
};

Task<Client::Flow> Client::with_lock(Thread& thread, const Step& step) {
  thread.skipping = false;
  Lock& lock = lock_on(lock_of(thread, step));
  Section section(*this, thread, lock, step.body);
  const Result<void> done = co_await execute_with_lock(lock, section, waiting(step));
  if (!done) co_return refused(thread, step);
  co_return section.flow();
}

Task<Client::Flow> Client::auto_extend(Thread& thread, const Step& step) {
  thread.skipping = false;
  Lock& lock = lock_on(lock_of(thread, step));
  Section section(*this, thread, lock, step.body);
  AutoExtend policy;
  policy.period = step.period;
  policy.retry_after = step.retry_after;
  policy.on_false = step.notify ? AutoExtend::OnFalse::notify : AutoExtend::OnFalse::stop_silently;
  policy.on_error = step.retry_errors ? AutoExtend::OnError::retry : AutoExtend::OnError::die;
  policy.stop_at_deadline = step.stop_at_deadline;
  policy.max_hold = step.max_hold;
  const Result<void> done = co_await execute_with_auto_extend(lock, section, policy);
  if (!done) co_return refused(thread, step);
  co_return section.flow();
}

Task<Client::Flow> Client::with_locks(Thread& thread, const Step& step) {
  thread.skipping = false;
  std::pmr::vector<Lock*> locks(&arena());
  for (const std::string& name : step.locks) locks.push_back(&lock_on(symbol(name)));
  SeveralLocks policy;
  if (step.global_order) policy.order = SeveralLocks::Order::global;
  if (step.try_all) policy.wait = SeveralLocks::Wait::try_all;
  policy.waiting = waiting(step);
  policy.tries = step.tries;
  policy.back_off = step.back_off;
  policy.back_off_jitter = step.back_off_jitter;
  policy.release_in_finally = step.release_in_finally;
  LockSet set(locks, policy);

  const Result<void> taken = co_await set.acquire();
  for (const LockSet::Held& each : set.held())
    thread.held.push_back({each.lock, each.lease, false});
  if (!taken) co_return refused(thread, step);
  const Flow flow = co_await run_steps(thread, step.body);
  // Without a finally an exception in the section leaps over the releases.
  if (flow == Flow::stop && !step.release_in_finally) co_return flow;
  while (!set.held().empty()) {
    const AttemptId attempt = set.held().back().lease.attempt;
    co_await set.release_last();
    drop(thread, attempt);
  }
  co_return flow;
}

Task<Client::Flow> Client::extend(Thread& thread, const Step& step) {
  Thread::Held* holding = held(thread, step);
  if (holding == nullptr) co_return Flow::next;
  Lock& lock = *holding->lock;
  Lease lease = holding->lease;
  const Result<void> extended = co_await lock.extend(lease, step.time);
  if (!extended) co_return refused(thread, step);
  for (Thread::Held& still : thread.held)
    if (still.lease.attempt == lease.attempt) still.lease = lease;
  co_return Flow::next;
}

// ---- storage and business -----------------------------------------------------------------------

Hold Client::hold(Thread& thread, const Step& step) {
  const Thread::Held* holding = held(thread, step);
  if (holding == nullptr) return {};
  const Lease& lease = holding->lease;
  return {{lease.token, lease.attempt, lease.owner}, holding->lock->session(lease)};
}

// What was written in a transaction has not happened before that is committed.
void Client::tell(DomainAct act, const Step& step, std::int64_t amount, const Hold& under) {
  const DomainEvent event{act, symbol(step.subject), amount, under.guard.attempt};
  if (under.session && under.session.in_transaction && registers_.in_database(event.subject))
    under.session.connection->say_after_commit(event);
  else
    self_.world().emit(self_.id(), event);
}

Task<Client::Flow> Client::read(Thread& thread, const Step& step) {
  const Symbol subject = symbol(step.subject);
  const Hold under = hold(thread, step);
  const auto reply = co_await registers_.read(subject, under);
  if (!reply) {  // what an earlier read said is no basis for what follows
    std::erase_if(thread.read,
                  [subject](const Thread::Read& known) { return known.subject == subject; });
    co_return step.ignore_errors ? Flow::next : Flow::stop;
  }
  for (Thread::Read& known : thread.read) {
    if (known.subject != subject) continue;
    known = {subject, reply->value, reply->version};
    co_return Flow::next;
  }
  thread.read.push_back({subject, reply->value, reply->version});
  co_return Flow::next;
}

Task<Client::Flow> Client::write(Thread& thread, const Step& step) {
  const Symbol subject = symbol(step.subject);
  Basis basis;
  if (step.after_read) {
    for (const Thread::Read& known : thread.read)
      if (known.subject == subject) basis = {true, known.version, step.compare_version};
  }
  const Hold under = hold(thread, step);
  const auto reply = co_await registers_.write(subject, value(step.value), under, basis);
  if (!reply) co_return step.ignore_errors ? Flow::next : Flow::stop;
  co_return Flow::next;
}

// The document's reserveInventory: read what is there, take it if it is enough, write the rest.
Task<Client::Flow> Client::sell(Thread& thread, const Step& step) {
  const Symbol subject = symbol(step.subject);
  const Hold under = hold(thread, step);
  const auto stock = co_await registers_.read(subject, under);
  if (!stock) co_return Flow::stop;
  if (step.think > Duration{0}) co_await self_.sleep(step.think);
  const std::int64_t available = stock->value.as_integer();
  if (available < step.amount) co_return Flow::next;
  const auto written =
      co_await registers_.write(subject, Value::integer(available - step.amount), under,
                                {true, stock->version, step.compare_version});
  if (!written) co_return Flow::stop;
  if (written->kind == storage::ReplyKind::accepted)
    tell(DomainAct::sold, step, step.amount, under);
  co_return Flow::next;
}

// Charge an order once. The payment provider is part of storage's answer, or (external) a party
// that checks no token and has charged before storage is asked.
Task<Client::Flow> Client::charge(Thread& thread, const Step& step) {
  const Symbol subject = symbol(step.subject);
  const Hold under = hold(thread, step);
  const auto paid = co_await registers_.read(subject, under);
  if (!paid) co_return Flow::stop;
  if (step.think > Duration{0}) co_await self_.sleep(step.think);
  if (paid->value.as_integer() != 0) co_return Flow::next;
  if (step.external) tell(DomainAct::charged, step, 1, under);
  const auto written = co_await registers_.write(subject, Value::integer(1), under,
                                                 {true, paid->version, step.compare_version});
  if (!written) co_return Flow::stop;
  if (!step.external && written->kind == storage::ReplyKind::accepted)
    tell(DomainAct::charged, step, 1, under);
  co_return Flow::next;
}

// A job runs when it begins; that it is done is written down when it ends.
Task<Client::Flow> Client::run_job(Thread& thread, const Step& step) {
  const Symbol subject = symbol(step.subject);
  const Hold under = hold(thread, step);
  const auto done = co_await registers_.read(subject, under);
  if (!done) co_return Flow::stop;
  if (done->value.as_integer() != 0) co_return Flow::next;
  tell(DomainAct::job_ran, step, 1, under);
  self_.world().emit(self_.id(), StepTaken{words_.work, step.time, true});
  co_await self_.sleep(step.time);
  const auto written = co_await registers_.write(subject, Value::integer(1), under,
                                                 {true, done->version, step.compare_version});
  co_return written ? Flow::next : Flow::stop;
}

Task<Client::Flow> Client::lead(Thread& thread, const Step& step) {
  const Symbol subject = symbol(step.subject);
  const Hold under = hold(thread, step);
  const Duration every = std::max(step.every, Duration{1ms});
  for (Duration led{0}; led < step.time; led += every) {
    const auto written = co_await registers_.write(subject, Value::name(self_.name()), under);
    if (!written) co_return Flow::stop;
    if (written->kind == storage::ReplyKind::accepted) tell(DomainAct::led, step, 1, under);
    co_await self_.sleep(every);
  }
  co_return Flow::next;
}

Task<Client::Flow> Client::append(Thread& thread, const Step& step) {
  const Symbol subject = symbol(step.subject);
  const Hold under = hold(thread, step);
  const auto length = co_await registers_.read(subject, under);
  if (!length) co_return Flow::stop;
  if (step.think > Duration{0}) co_await self_.sleep(step.think);
  const auto written =
      co_await registers_.write(subject, Value::integer(length->value.as_integer() + 1), under,
                                {true, length->version, step.compare_version});
  if (!written) co_return Flow::stop;
  if (written->kind == storage::ReplyKind::accepted) tell(DomainAct::appended, step, 1, under);
  co_return Flow::next;
}

// Read a value and its version, think, and write what it comes to; with `compare` only if the
// version is still that one. True: written.
Task<Result<bool>> Client::update(Hold under, const Step& step, Basis basis) {
  const Symbol subject = symbol(step.subject);
  const auto before = co_await registers_.read(subject, under);
  if (!before) co_return before.error();
  if (step.think > Duration{0}) co_await self_.sleep(step.think);
  basis.known = true;
  basis.version = before->version;
  const auto written = co_await registers_.write(
      subject, Value::integer(before->value.as_integer() + step.amount), under, basis);
  if (!written) co_return written.error();
  co_return written->kind == storage::ReplyKind::accepted;
}

// Compare and swap. After an error the update may have been made: who tries again without saying
// that it is the same operation makes it twice [corpus 109].
Task<Client::Flow> Client::optimistic(Thread& thread, const Step& step) {
  constexpr std::uint64_t kEach = 1'000'000;
  const Hold under = hold(thread, step);
  Basis basis;
  basis.compare = true;
  if (step.retry_errors) basis.update_id = self_.id().number * kEach + ++operations_;
  basis.once = step.operation_id;
  for (std::int64_t tries_left = step.tries; tries_left > 0; --tries_left) {
    const Result<bool> written = co_await update(under, step, basis);
    if (!written && !step.retry_errors) co_return Flow::stop;
    if (written && *written) co_return Flow::next;
  }
  co_return Flow::next;
}

/// What the hybrid does under the lock: the document's forced update, which compares nothing, or
/// one that goes on comparing, for which the lock is a queue [corpus 107].
class Client::LastResort final : public CriticalSection {
 public:
  LastResort(Client& client, Thread& thread, Lock& lock, const Step& step)
      : client_(client), thread_(thread), lock_(lock), step_(step) {}
  ~LastResort() override { client_.drop(thread_, attempt_); }

  Task<> run(const Lease& lease) override {
    attempt_ = lease.attempt;
    thread_.held.push_back({&lock_, lease, false});
    const Hold under = client_.hold(thread_, step_);
    Basis basis;
    basis.compare = step_.compare_version;
    for (;;) {
      const Result<bool> written = co_await client_.update(under, step_, basis);
      failed_ = !written.has_value();
      if (failed_ || *written) co_return;
    }
  }
  Arena& arena() const { return client_.arena(); }
  bool failed() const { return failed_; }

 private:
  Client& client_;
  Thread& thread_;
  Lock& lock_;
  const Step& step_;
  AttemptId attempt_;
  bool failed_ = false;
};

// The document's hybrid: some optimistic tries without a lock, then the lock.
Task<Client::Flow> Client::hybrid(Thread& thread, const Step& step) {
  thread.skipping = false;
  const Hold no_lock;
  Basis compared;
  compared.compare = true;
  for (std::int64_t tries_left = step.tries; tries_left > 0; --tries_left) {
    const Result<bool> written = co_await update(no_lock, step, compared);
    if (!written) co_return Flow::stop;
    if (*written) co_return Flow::next;
  }
  Lock& lock = lock_on(lock_of(thread, step));
  LastResort section(*this, thread, lock, step);
  const Result<void> done = co_await execute_with_lock(lock, section, waiting(step));
  if (!done) co_return refused(thread, step);
  co_return section.failed() ? Flow::stop : Flow::next;
}

// ---- small things -------------------------------------------------------------------------------

Symbol Client::symbol(const std::string& text) const { return self_.world().names().intern(text); }

Value Client::value(const Datum& datum) const {
  return datum.is_number ? Value::integer(datum.number) : Value::name(symbol(datum.word));
}

}  // namespace locklab
