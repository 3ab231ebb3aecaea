// LIVENESS: nobody waits long for a lock that nobody believes to hold [spec 1.3; corpus 5, 10, 18,
// 40, 43, 44]. Only idle time counts against the bound: time in which no living client believes to
// hold the lock, and in which the waiter itself runs. A bound on the whole wait may be set beside
// it, for holders that never let go (corpus 52), and one on the time that a release takes (corpus
// 45). The waiter's crash ends its wait; one that gave up is judged by what it had waited.
//
//   idle     the lock was idle for longer than the bound
//   total    the wait was longer than the bound, whatever the reason
//   never    the run came to rest, and the waiter still waits for a lock that nobody holds
//   no_try   the waiter gave up on a lock that nobody holds, without having asked for it (corpus
//            114)
//   release  giving the lock back took longer than the bound, or does not end
//
// A finding spans the whole wait, or release. Its `dormant` is what the waiter slept of it, its
// `active` what was counted against the bound.
#include <algorithm>
#include <optional>
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class BoundedWait final : public Invariant {
 public:
  BoundedWait(std::pmr::memory_resource* memory, const InvariantSettings& settings)
      : idle_bound_(settings.bounded_wait_idle),
        total_bound_(settings.bounded_wait_total),
        release_bound_(settings.bounded_wait_release),
        waiters_(memory) {}

  EventMask events() const override {
    return events_of<LockWaitBegan, LockWaitEnded, LockRequested, LockRefused, LockGranted,
                     LockAssumed, ReleaseBegan, LockReleased, ProcessPaused, ProcessResumed,
                     ProcessCrashed>();
  }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    if (std::holds_alternative<LockWaitBegan>(event.what)) {
      begin(std::get<LockWaitBegan>(event.what).lock, {}, event, book);
      return;
    }
    if (const auto* release = std::get_if<ReleaseBegan>(&event.what)) {
      if (release_bound_) begin(release->lock, release->attempt, event, book);
      return;
    }
    if (waiters_.empty()) return;
    if (const auto* ended = std::get_if<LockWaitEnded>(&event.what)) {
      end_wait(*ended, event, book, findings);
    } else if (const auto* released = std::get_if<LockReleased>(&event.what)) {
      end_release(released->attempt, event, book, findings);
    } else if (const auto* grant = std::get_if<LockGranted>(&event.what)) {
      judge_all(grant->lock, event.at, book, findings);  // an idle time ends here
    } else if (const auto* assumed = std::get_if<LockAssumed>(&event.what)) {
      judge_all(assumed->lock, event.at, book, findings);
    } else if (const auto* request = std::get_if<LockRequested>(&event.what)) {
      judge_one(request->lock, event, book, findings);
    } else if (const auto* refusal = std::get_if<LockRefused>(&event.what)) {
      judge_one(refusal->lock, event, book, findings);
    } else if (std::holds_alternative<ProcessCrashed>(event.what)) {
      std::erase_if(waiters_, [&](Waiter& waiter) {
        if (waiter.process != event.process) return false;
        close(waiter, event.at, book, findings);
        return true;
      });
    } else {
      for (Waiter& waiter : waiters_) {
        if (waiter.process != event.process) continue;
        settle(waiter, event.at, book);
        waiter.asleep = book.asleep(waiter.process);
      }
    }
  }

  void finish(const RunEnd& end, const LockBook& book, Findings& findings) override {
    for (Waiter& waiter : waiters_) {
      judge(waiter, end.at, book, findings);
      const bool idle = book.lock(waiter.lock).believers.empty();
      if (!waiter.reported && end.quiescent && !waiter.asleep) {
        if (waiter.releases)
          report("release", waiter, book, findings);
        else if (idle)
          report("never", waiter, book, findings);
      }
      if (waiter.reported) findings.measure(waiter.finding, slept(waiter, end.at), counted(waiter));
    }
  }

 private:
  struct Waiter {
    ProcessId process;
    LockBook::LockNumber lock = 0;
    AttemptId releases;  // none: it waits for the lock
    EventSeq event;
    Instant began{};
    bool asleep = false;
    bool of_idle = true;  // which of the two counts is reported
    bool reported = false;
    std::uint32_t finding = 0;
    // What has been counted, up to `since`, at which the lock's idle clock stood at `idle_since`.
    Instant since{};
    Duration idle_since{};
    Duration idle{};
    Duration awake{};
  };

  void begin(Symbol name, AttemptId releases, const TraceEvent& event, const LockBook& book) {
    const LockBook::LockState* found = book.find_lock(name);
    if (found == nullptr) return;  // of a release: nobody has asked for that lock
    const LockBook::LockState& lock = *found;
    Waiter waiter;
    waiter.process = event.process;
    waiter.lock = book.number_of(lock);
    waiter.releases = releases;
    waiter.of_idle = !releases;
    waiter.event = event.seq;
    waiter.began = event.at;
    waiter.asleep = book.asleep(event.process);
    waiter.since = event.at;
    waiter.idle_since = lock.idle(event.at);
    waiters_.push_back(waiter);
  }

  static void settle(Waiter& waiter, Instant now, const LockBook& book) {
    const Duration idle_now = book.lock(waiter.lock).idle(now);
    if (!waiter.asleep) {
      waiter.idle += idle_now - waiter.idle_since;
      waiter.awake += now - waiter.since;
    }
    waiter.since = now;
    waiter.idle_since = idle_now;
  }

  void judge(Waiter& waiter, Instant now, const LockBook& book, Findings& findings) const {
    settle(waiter, now, book);
    if (waiter.reported) return;
    if (waiter.releases) {
      if (waiter.awake > *release_bound_) report("release", waiter, book, findings);
      return;
    }
    const Duration bound = idle_bound_.value_or(book.lock(waiter.lock).longest_ttl + 1s);
    if (waiter.idle > bound) {
      report("idle", waiter, book, findings);
    } else if (total_bound_ && waiter.awake > *total_bound_) {
      waiter.of_idle = false;
      report("total", waiter, book, findings);
    }
  }

  void judge_one(Symbol name, const TraceEvent& event, const LockBook& book, Findings& findings) {
    for (Waiter& waiter : waiters_)
      if (waiter.process == event.process && book.lock(waiter.lock).name == name)
        judge(waiter, event.at, book, findings);
  }

  void judge_all(Symbol name, Instant now, const LockBook& book, Findings& findings) {
    for (Waiter& waiter : waiters_)
      if (book.lock(waiter.lock).name == name) judge(waiter, now, book, findings);
  }

  void end_wait(const LockWaitEnded& ended, const TraceEvent& event, const LockBook& book,
                Findings& findings) {
    const auto waiter = std::ranges::find_if(waiters_, [&](const Waiter& open) {
      return !open.releases && open.process == event.process &&
             book.lock(open.lock).name == ended.lock;
    });
    if (waiter == waiters_.end()) return;
    judge(*waiter, event.at, book, findings);
    const bool idle = book.lock(waiter->lock).believers.empty();
    if (!waiter->reported && !ended.granted && ended.tries == 0 && idle)
      report("no_try", *waiter, book, findings);
    close(*waiter, event.at, book, findings);
    waiters_.erase(waiter);
  }

  void end_release(AttemptId attempt, const TraceEvent& event, const LockBook& book,
                   Findings& findings) {
    const auto waiter = std::ranges::find(waiters_, attempt, &Waiter::releases);
    if (waiter == waiters_.end()) return;
    close(*waiter, event.at, book, findings);
    waiters_.erase(waiter);
  }

  void close(Waiter& waiter, Instant now, const LockBook& book, Findings& findings) const {
    judge(waiter, now, book, findings);
    if (waiter.reported) findings.close(waiter.finding, now, slept(waiter, now), counted(waiter));
  }

  static void report(std::string_view what, Waiter& waiter, const LockBook& book,
                     Findings& findings) {
    Finding finding;
    finding.invariant = "bounded_wait";
    finding.what = what;
    finding.subject = book.lock(waiter.lock).name;
    finding.from = waiter.began;
    finding.processes.add(waiter.process);
    finding.events.add(waiter.event);
    waiter.reported = true;
    waiter.finding = findings.open(finding);
  }

  static Duration slept(const Waiter& waiter, Instant now) {
    return now - waiter.began - waiter.awake;
  }
  static Duration counted(const Waiter& waiter) {
    return waiter.of_idle ? waiter.idle : waiter.awake;
  }

  std::optional<Duration> idle_bound_;
  std::optional<Duration> total_bound_;
  std::optional<Duration> release_bound_;
  std::pmr::vector<Waiter> waiters_;
};

}  // namespace

InvariantPtr make_bounded_wait(std::pmr::memory_resource* memory,
                               const InvariantSettings& settings) {
  return make_invariant<BoundedWait>(memory, memory, settings);
}

}  // namespace locklab
