// FAIRNESS: a lock that claims to serve in the order of arrival serves no later waiter before an
// earlier one [spec 1.3; corpus 28, 115]. The claim is LockRequested.fifo; it can be forced on
// every lock to see how unfair polling is.
//
// Model: the trace tells when a client began to wait, not when its request arrived, so waits that
// began within a margin of each other have no order. A waiter that is paused cannot be served and
// is not overtaken. A client that takes the lock without waiting arrives with its request.
//
// One finding for each overtaken wait: from the first overtaking until it is served or gives up.
#include <algorithm>
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class Fairness final : public Invariant {
 public:
  Fairness(std::pmr::memory_resource* memory, bool force, Duration margin)
      : force_(force), margin_(margin), overtaken_(memory) {}

  EventMask events() const override {
    return events_of<LockGranted, LockWaitEnded, ProcessCrashed>();
  }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    if (const auto* grant = std::get_if<LockGranted>(&event.what))
      judge(book.attempt(grant->attempt), event, book, findings);
    if (!overtaken_.empty()) close_what_is_over(event.at, book, findings);
  }

  void finish(const RunEnd& end, const LockBook&, Findings& findings) override {
    for (const Overtaken& wait : overtaken_)
      findings.measure(wait.finding, Duration{0}, end.at - wait.from);
  }

 private:
  struct Overtaken {
    EventSeq wait;  // its LockWaitBegan
    Instant from{};
    std::uint32_t finding = 0;
  };

  void judge(const LockBook::Attempt& served, const TraceEvent& event, const LockBook& book,
             Findings& findings) {
    const LockBook::LockState& lock = book.lock(served.lock);
    if (!force_ && !lock.fifo) return;
    const LockBook::Wait* own = book.find_wait(served.process, served.lock);
    const Instant arrived = own != nullptr ? own->began : served.requested_at;
    for (const LockBook::Wait& wait : book.waits()) {
      if (wait.lock != served.lock || wait.process == served.process || wait.served) continue;
      if (wait.began + margin_ >= arrived || book.asleep(wait.process)) continue;
      if (std::ranges::find(overtaken_, wait.event, &Overtaken::wait) != overtaken_.end()) continue;
      Finding finding;
      finding.invariant = "fairness";
      finding.what = "overtaken";
      finding.subject = lock.name;
      finding.from = event.at;
      finding.processes.add(wait.process);
      finding.processes.add(served.process);
      finding.attempts.add(served.id);
      finding.events.add(wait.event);
      finding.events.add(own != nullptr ? own->event : served.requested);
      finding.events.add(event.seq);
      overtaken_.push_back({wait.event, event.at, findings.open(finding)});
    }
  }

  void close_what_is_over(Instant now, const LockBook& book, Findings& findings) {
    std::erase_if(overtaken_, [&](const Overtaken& overtaken) {
      for (const LockBook::Wait& wait : book.waits())
        if (wait.event == overtaken.wait && !wait.served) return false;
      findings.close(overtaken.finding, now, Duration{0}, now - overtaken.from);
      return true;
    });
  }

  bool force_;
  Duration margin_;
  std::pmr::vector<Overtaken> overtaken_;
};

}  // namespace

InvariantPtr make_fairness(std::pmr::memory_resource* memory, const InvariantSettings& settings) {
  return make_invariant<Fairness>(memory, memory, settings.fairness_force,
                                  settings.fairness_margin);
}

}  // namespace locklab
