// MX-BELIEF: no two clients believe at the same instant that they hold a lock [spec 1.3]. A belief
// lasts from the grant to its BeliefEnded; a crashed client believes nothing. Time in which one of
// the two does not run (dormant) is told apart from time in which both could act (active): after a
// pause the harm begins when the sleeper wakes (document scenario 4; corpus 1).
//
// One finding a pair of clients and overlap.
#include <algorithm>
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class ClientMutualExclusion final : public Invariant {
 public:
  explicit ClientMutualExclusion(std::pmr::memory_resource* memory) : open_(memory) {}

  EventMask events() const override {
    return events_of<LockGranted, LockAssumed, BeliefEnded, ProcessCrashed, ProcessPaused,
                     ProcessResumed>();
  }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    const auto* grant = std::get_if<LockGranted>(&event.what);
    const auto* assumption = std::get_if<LockAssumed>(&event.what);
    if (grant != nullptr || assumption != nullptr) {
      const LockBook::Attempt& later =
          book.attempt(grant != nullptr ? grant->attempt : assumption->attempt);
      for (const AttemptId id : book.lock(later.lock).believers) {
        const LockBook::Attempt& earlier = book.attempt(id);
        if (earlier.process != later.process) open(earlier, later, event, book, findings);
      }
      return;
    }
    if (open_.empty()) return;
    if (std::holds_alternative<BeliefEnded>(event.what) ||
        std::holds_alternative<ProcessCrashed>(event.what)) {
      close_what_is_over(event.at, book, findings);
    } else {
      for (Overlap& overlap : open_) {
        overlap.settle(event.at);
        overlap.asleep = asleep(overlap, book);
      }
    }
  }

  void finish(const RunEnd& end, const LockBook&, Findings& findings) override {
    for (Overlap& overlap : open_) {
      overlap.settle(end.at);
      findings.measure(overlap.finding, overlap.dormant, overlap.active);
    }
  }

 private:
  struct Overlap {
    AttemptId earlier;
    AttemptId later;
    std::uint32_t finding = 0;
    bool asleep = false;  // one of the two, since `since`
    Instant since{};
    Duration dormant{};
    Duration active{};

    void settle(Instant now) {
      (asleep ? dormant : active) += now - since;
      since = now;
    }
  };

  static bool asleep(const Overlap& overlap, const LockBook& book) {
    return book.asleep(book.attempt(overlap.earlier).process) ||
           book.asleep(book.attempt(overlap.later).process);
  }

  void open(const LockBook::Attempt& earlier, const LockBook::Attempt& later,
            const TraceEvent& event, const LockBook& book, Findings& findings) {
    Finding finding;
    finding.invariant = "client_mutual_exclusion";
    // Who has begun to give the lock back no longer relies on it, but does not know it is gone.
    finding.what = earlier.releasing ? "while_releasing" : "two_believers";
    finding.subject = book.lock(later.lock).name;
    finding.from = event.at;
    for (const LockBook::Attempt* attempt : {&earlier, &later}) {
      finding.processes.add(attempt->process);
      finding.attempts.add(attempt->id);
      finding.events.add(attempt->believed);
    }
    Overlap overlap;
    overlap.earlier = earlier.id;
    overlap.later = later.id;
    overlap.since = event.at;
    overlap.asleep = asleep(overlap, book);
    overlap.finding = findings.open(finding);
    open_.push_back(overlap);
  }

  void close_what_is_over(Instant now, const LockBook& book, Findings& findings) {
    std::erase_if(open_, [&](Overlap& overlap) {
      if (book.attempt(overlap.earlier).believing && book.attempt(overlap.later).believing)
        return false;
      overlap.settle(now);
      findings.close(overlap.finding, now, overlap.dormant, overlap.active);
      return true;
    });
  }

  std::pmr::vector<Overlap> open_;
};

}  // namespace

InvariantPtr make_client_mutual_exclusion(std::pmr::memory_resource* memory,
                                          const InvariantSettings&) {
  return make_invariant<ClientMutualExclusion>(memory, memory);
}

}  // namespace locklab
