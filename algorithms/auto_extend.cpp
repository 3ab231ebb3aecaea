#include "algorithms/auto_extend.hpp"

#include <algorithm>

#include "sim/process.hpp"
#include "sim/world.hpp"

namespace locklab {

namespace {

/// One hold of a lock, as the tasks that work, renew and watch share it. They end with it.
class Hold {
 public:
  Hold(Lock& lock, const Lease& lease, CriticalSection& section, const AutoExtend& policy)
      : lock_(lock), lease_(lease), section_(section), policy_(policy), over_(lock.self()) {}
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() { cancel_tasks(); }

  Arena& arena() const { return lock_.arena(); }
  Task<Result<void>> run();

 private:
  Task<> renew();
  Task<> work();
  Task<> watch_deadline();
  Task<> watch_max_hold();

  Process& self() const { return lock_.self(); }
  Duration period() const;
  bool past_deadline() const;
  /// The work ends here, unless it has.
  void stop(BeliefEnd belief, Errc outcome);
  void cancel_tasks();

  Lock& lock_;
  Lease lease_;
  CriticalSection& section_;
  const AutoExtend policy_;

  Signal over_;  // the work is done, or was stopped
  bool is_over_ = false;
  Errc outcome_ = Errc::none;
  TaskHandle extender_;
  TaskHandle worker_;
  TaskHandle deadline_watch_;
  TaskHandle max_hold_watch_;
};

Task<Result<void>> Hold::run() {
  if (lock_.traits().ttl > Duration{0}) extender_ = self().spawn("extender", renew());
  if (policy_.stop_at_deadline && lease_.promised != kForever)
    deadline_watch_ = self().spawn("deadline watch", watch_deadline());
  if (policy_.max_hold > Duration{0})
    max_hold_watch_ = self().spawn("max hold watch", watch_max_hold());

  if (policy_.cancels_work()) {
    worker_ = self().spawn("section", work());
    co_await over_.wait();
  } else {
    co_await section_.run(lease_);
  }

  // finally: extender.interrupt(); release(). A renewal under way is on the wire before the
  // release, and both compare the value, so it does no harm. Model: the interrupted thread drops
  // its reply.
  cancel_tasks();
  static_cast<void>(co_await lock_.release(lease_));
  if (outcome_ != Errc::none) co_return outcome_;
  co_return Result<void>();
}

Task<> Hold::renew() {
  Duration pause = period();
  for (;;) {
    co_await self().sleep(pause);  // Thread.sleep(ttl / 3)
    const Result<void> extended = co_await lock_.extend(lease_, lock_.traits().ttl);
    pause = period();
    if (extended) continue;

    const bool told_no = extended.error() == Errc::lost || extended.error() == Errc::no_validity;
    if (!told_no) {  // an exception
      if (policy_.on_error == AutoExtend::OnError::die) co_return;
      if (!past_deadline()) {
        if (policy_.retry_after > Duration{0}) pause = policy_.retry_after;
        continue;
      }
    }
    if (policy_.on_false == AutoExtend::OnFalse::notify) stop(BeliefEnd::told, Errc::lost);
    co_return;  // break: "Lost the lock"
  }
}

Task<> Hold::work() {
  co_await section_.run(lease_);
  is_over_ = true;
  over_.set();
}

Task<> Hold::watch_deadline() {
  // An extension puts the deadline off, so look again. A jump of the clock that the lease reads
  // does too; a timer on that clock follows it.
  while (!past_deadline())
    co_await self().sleep(lease_.promised - lease_.start.elapsed(self(), lease_.clock),
                          lease_.clock);
  stop(BeliefEnd::deadline, Errc::lost);
}

Task<> Hold::watch_max_hold() {
  co_await self().sleep(policy_.max_hold);
  stop(BeliefEnd::told, Errc::cancelled);
}

bool Hold::past_deadline() const {
  return lease_.promised != kForever &&
         lease_.start.elapsed(self(), lease_.clock) >= lease_.promised;
}

Duration Hold::period() const {
  if (policy_.period > Duration{0}) return policy_.period;
  // lockTtl.toMillis() / 3. Model: at least 1 ms, where Thread.sleep(0) would spin.
  return std::max<Duration>(std::chrono::floor<std::chrono::milliseconds>(lock_.traits().ttl / 3),
                            1ms);
}

void Hold::stop(BeliefEnd belief, Errc outcome) {
  if (is_over_) return;
  is_over_ = true;
  outcome_ = outcome;
  self().cancel(worker_);
  lock_.beliefs().end(lease_.attempt, belief);
  over_.set();
}

void Hold::cancel_tasks() {
  for (const TaskHandle task : {max_hold_watch_, deadline_watch_, worker_, extender_})
    self().cancel(task);
}

}  // namespace

Task<Result<void>> hold_with_auto_extend(Lock& lock, Lease lease, CriticalSection& section,
                                         AutoExtend policy) {
  Hold hold(lock, lease, section, policy);
  co_return co_await hold.run();
}

Task<Result<void>> execute_with_auto_extend(Lock& lock, CriticalSection& section,
                                            AutoExtend policy) {
  const Result<Lease> granted = co_await lock.acquire();
  if (!granted) co_return granted.error();  // LockException
  co_return co_await hold_with_auto_extend(lock, *granted, section, policy);
}

}  // namespace locklab
