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
  explicit ClientMutualExclusion(std::pmr::memory_resource* memory)
      : open_(memory), ties_(memory) {}

  EventMask events() const override {
    return events_of<LockGranted, LockAssumed, BeliefEnded, ProcessCrashed, ProcessPaused,
                     ProcessResumed>();
  }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    if (!ties_.empty()) settle_ties(event, book, findings);
    const auto* grant = std::get_if<LockGranted>(&event.what);
    const auto* assumption = std::get_if<LockAssumed>(&event.what);
    if (grant != nullptr || assumption != nullptr) {
      const LockBook::Attempt& later =
          book.attempt(grant != nullptr ? grant->attempt : assumption->attempt);
      for (const AttemptId id : book.lock(later.lock).believers) {
        const LockBook::Attempt& earlier = book.attempt(id);
        if (earlier.process == later.process) continue;
        // A belief lasts up to its end, and not including it: if the answer to the release comes in
        // this same instant, there were never two.
        if (earlier.releasing)
          ties_.push_back({earlier.id, later.id, event.at, asleep(earlier, later, book)});
        else
          open(earlier, later, event.at, asleep(earlier, later, book), book, findings);
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

  void finish(const RunEnd& end, const LockBook& book, Findings& findings) override {
    for (const Tie& tie : ties_)
      if (end.at > tie.at)
        open(book.attempt(tie.earlier), book.attempt(tie.later), tie.at, tie.asleep, book,
             findings);
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

  /// A grant that met a release under way.
  struct Tie {
    AttemptId earlier;
    AttemptId later;
    Instant at{};
    bool asleep = false;  // one of the two, then
  };

  void settle_ties(const TraceEvent& event, const LockBook& book, Findings& findings) {
    std::erase_if(ties_, [&](const Tie& tie) {
      if (event.at > tie.at) {
        open(book.attempt(tie.earlier), book.attempt(tie.later), tie.at, tie.asleep, book,
             findings);
        return true;
      }
      return !book.attempt(tie.earlier).believing || !book.attempt(tie.later).believing;
    });
  }

  static bool asleep(const LockBook::Attempt& earlier, const LockBook::Attempt& later,
                     const LockBook& book) {
    return book.asleep(earlier.process) || book.asleep(later.process);
  }
  static bool asleep(const Overlap& overlap, const LockBook& book) {
    return asleep(book.attempt(overlap.earlier), book.attempt(overlap.later), book);
  }

  void open(const LockBook::Attempt& earlier, const LockBook::Attempt& later, Instant from,
            bool asleep_then, const LockBook& book, Findings& findings) {
    Finding finding;
    finding.invariant = "client_mutual_exclusion";
    // Who has begun to give the lock back no longer relies on it, but does not know it is gone.
    finding.what = earlier.release_began ? "while_releasing" : "two_believers";
    finding.subject = book.lock(later.lock).name;
    finding.from = from;
    for (const LockBook::Attempt* attempt : {&earlier, &later}) {
      finding.processes.add(attempt->process);
      finding.attempts.add(attempt->id);
      finding.events.add(attempt->believed);
    }
    Overlap overlap;
    overlap.earlier = earlier.id;
    overlap.later = later.id;
    overlap.since = from;
    overlap.asleep = asleep_then;
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
  std::pmr::vector<Tie> ties_;
};

}  // namespace

InvariantPtr make_client_mutual_exclusion(std::pmr::memory_resource* memory,
                                          const InvariantSettings&) {
  return make_invariant<ClientMutualExclusion>(memory, memory);
}

}  // namespace locklab
