// MX-SERVICE: the lock service has one owner at a time [spec 1.3]. Two ways to be violated:
//
//   two_promises  a grant (or an extension after its promise had lapsed) falls inside the promise
//   of
//                 another client's grant. Lasts from the later grant to the earlier end of the two.
//   two_owners    a quorum of nodes stores live keys for each of two clients that both still count
//   on
//                 the lock. Possible only where quorums need not meet: two tiers, two masters.
//
// A grant whose promise is over before the client hears of it (corpus 36, 42) breaks none: what is
// wrong then is what the client believes. A client that is granted the lock again while its own
// older promise lasts has wronged nobody.
#include <algorithm>
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class ServiceMutualExclusion final : public Invariant {
 public:
  explicit ServiceMutualExclusion(std::pmr::memory_resource* memory) : open_(memory) {}

  EventMask events() const override {
    return events_of<LockGranted, LeaseExtended, ReleaseBegan, KeyStored, KeyRemoved, LockRefused,
                     BeliefEnded, ProcessCrashed>();
  }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    if (!open_.empty()) close_what_is_over(event.at, book, findings);
    if (const auto* grant = std::get_if<LockGranted>(&event.what)) {
      judge_promises(book.attempt(grant->attempt), event, book, findings);
    } else if (const auto* extension = std::get_if<LeaseExtended>(&event.what)) {
      const LockBook::Attempt* attempt = book.find(extension->attempt);
      if (attempt != nullptr) judge_promises(*attempt, event, book, findings);
    } else if (const auto* stored = std::get_if<KeyStored>(&event.what)) {
      const LockBook::Attempt* attempt = book.find(stored->attempt);
      if (attempt != nullptr && attempt->owns) judge_keys(*attempt, event, book, findings);
    }
  }

  void finish(const RunEnd& end, const LockBook& book, Findings& findings) override {
    close_what_is_over(end.at, book, findings);
    for (const Conflict& conflict : open_) {
      const Instant until = std::min(book.attempt(conflict.earlier).promise_until,
                                     book.attempt(conflict.later).promise_until);
      // If nothing is left to happen, a promise is known to last to its end.
      if (end.quiescent && conflict.of_promises && until != kEndOfTime)
        findings.close(conflict.finding, until, Duration{0}, until - conflict.from);
      else
        findings.measure(conflict.finding, Duration{0}, end.at - conflict.from);
    }
  }

 private:
  struct Conflict {
    AttemptId earlier;
    AttemptId later;
    bool of_promises = false;
    Instant from{};
    std::uint32_t finding = 0;
  };

  bool is_open(AttemptId a, AttemptId b) const {
    return std::ranges::any_of(open_, [&](const Conflict& conflict) {
      return (conflict.earlier == a && conflict.later == b) ||
             (conflict.earlier == b && conflict.later == a);
    });
  }

  void judge_promises(const LockBook::Attempt& later, const TraceEvent& event, const LockBook& book,
                      Findings& findings) {
    if (!later.promised(event.at)) return;
    for (const AttemptId id : book.lock(later.lock).promised) {
      const LockBook::Attempt& earlier = book.attempt(id);
      if (earlier.process == later.process || !earlier.promised(event.at)) continue;
      if (!is_open(earlier.id, later.id))
        open("two_promises", earlier, later, event, book, findings);
    }
  }

  void judge_keys(const LockBook::Attempt& later, const TraceEvent& event, const LockBook& book,
                  Findings& findings) {
    const auto& keys = book.lock(later.lock).keys;
    for (const LockBook::StoredKey& key : keys) {
      if (key.attempt == later.id) continue;
      const LockBook::Attempt& earlier = book.attempt(key.attempt);
      if (earlier.process == later.process) continue;
      if (!owner(earlier, event.at, book) || !owner(later, event.at, book)) continue;
      if (!is_open(earlier.id, later.id)) open("two_owners", earlier, later, event, book, findings);
    }
  }

  /// By its keys, those that have expired unnoticed left out.
  static bool owner(const LockBook::Attempt& attempt, Instant now, const LockBook& book) {
    if (!attempt.owns || attempt.release_began || !attempt.matters(now)) return false;
    std::uint32_t expired = 0;
    for (const LockBook::StoredKey& key : book.lock(attempt.lock).keys)
      if (key.attempt == attempt.id && key.gone_at <= now) ++expired;
    return attempt.nodes >= attempt.quorum + expired;
  }

  void open(std::string_view what, const LockBook::Attempt& earlier, const LockBook::Attempt& later,
            const TraceEvent& event, const LockBook& book, Findings& findings) {
    const bool of_promises = what == "two_promises";
    Finding finding;
    finding.invariant = "service_mutual_exclusion";
    finding.what = what;
    finding.subject = book.lock(later.lock).name;
    finding.from = event.at;
    for (const LockBook::Attempt* attempt : {&earlier, &later}) {
      finding.processes.add(attempt->process);
      finding.attempts.add(attempt->id);
    }
    finding.events.add_once(of_promises ? earlier.granted : earlier.order);
    finding.events.add_once(event.seq);
    open_.push_back({earlier.id, later.id, of_promises, event.at, findings.open(finding)});
  }

  void close_what_is_over(Instant now, const LockBook& book, Findings& findings) {
    std::erase_if(open_, [&](const Conflict& conflict) {
      const LockBook::Attempt& earlier = book.attempt(conflict.earlier);
      const LockBook::Attempt& later = book.attempt(conflict.later);
      Instant until = now;
      if (conflict.of_promises) {
        // A promise ends without an event of its own.
        until = std::min(earlier.promise_until, later.promise_until);
        if (until > now) return false;
      } else if (owner(earlier, now, book) && owner(later, now, book)) {
        return false;
      } else {
        until = std::min({now, keys_gone(earlier, now, book), keys_gone(later, now, book)});
      }
      until = std::max(until, conflict.from);
      findings.close(conflict.finding, until, Duration{0}, until - conflict.from);
      return true;
    });
  }

  /// When a quorum of its keys stopped to be there by expiry alone; `now` if that is not so.
  static Instant keys_gone(const LockBook::Attempt& attempt, Instant now, const LockBook& book) {
    if (!attempt.owns) return now;
    Instant first = now;
    for (const LockBook::StoredKey& key : book.lock(attempt.lock).keys)
      if (key.attempt == attempt.id) first = std::min(first, key.gone_at);
    return attempt.nodes == attempt.quorum ? first : now;
  }

  std::pmr::vector<Conflict> open_;
};

}  // namespace

InvariantPtr make_service_mutual_exclusion(std::pmr::memory_resource* memory,
                                           const InvariantSettings&) {
  return make_invariant<ServiceMutualExclusion>(memory, memory);
}

}  // namespace locklab
