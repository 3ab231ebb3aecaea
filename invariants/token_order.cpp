// TOKEN-ORDER: fencing tokens rise in the order in which the service gave the lock away, and no two
// grants share one [spec 1.3]. Judged when the client hears of its grant, since its token comes
// with that. Grants without a token are left out.
//
//   inversion     an earlier grant carries the larger token (corpus 58, 59, 64, 67)
//   shared_token  two grants carry the same (corpus 60)
#include <algorithm>
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class TokenOrder final : public Invariant {
 public:
  explicit TokenOrder(std::pmr::memory_resource* memory) : grants_(memory), latest_(memory) {}

  EventMask events() const override { return events_of<LockGranted>(); }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    const auto& payload = std::get<LockGranted>(event.what);
    if (!payload.token) return;
    const LockBook::Attempt& attempt = book.attempt(payload.attempt);
    if (latest_.size() <= attempt.lock) latest_.resize(std::size_t{attempt.lock} + 1);
    Latest& latest = latest_[attempt.lock];
    const Grant grant{attempt.lock, attempt.id, attempt.order, payload.token, event.seq};

    // As it should be: later than all and larger than all. Otherwise there is somebody to blame.
    if (attempt.order <= latest.order || payload.token <= latest.token)
      if (const Grant* other = conflict(grant)) report(grant, *other, book, event, findings);
    latest.order = std::max(latest.order, attempt.order);
    latest.token = std::max(latest.token, payload.token);
    grants_.push_back(grant);
  }

 private:
  struct Grant {
    LockBook::LockNumber lock = 0;
    AttemptId attempt;
    EventSeq order;
    FencingToken token;
    EventSeq event;
  };
  struct Latest {  // of a lock's grants so far
    EventSeq order;
    FencingToken token;
  };

  /// The grant of which the client heard last among those that disagree with `grant`; one that
  /// shares its token before any other.
  const Grant* conflict(const Grant& grant) const {
    const Grant* inverted = nullptr;
    for (auto other = grants_.rbegin(); other != grants_.rend(); ++other) {
      if (other->lock != grant.lock) continue;
      if (other->token == grant.token) return &*other;
      if (inverted == nullptr && (other->order < grant.order) != (other->token < grant.token))
        inverted = &*other;
    }
    return inverted;
  }

  static void report(const Grant& grant, const Grant& other, const LockBook& book,
                     const TraceEvent& event, Findings& findings) {
    Finding finding;
    finding.invariant = "token_order";
    finding.what = grant.token == other.token ? "shared_token" : "inversion";
    finding.subject = book.lock(grant.lock).name;
    finding.from = event.at;
    const bool other_first = other.order < grant.order;
    for (const Grant* each : {other_first ? &other : &grant, other_first ? &grant : &other}) {
      finding.processes.add(book.process_of(each->attempt));
      finding.attempts.add(each->attempt);
      finding.tokens.add(each->token);
    }
    finding.events.add(other.event);
    finding.events.add(grant.event);
    findings.note(finding);
  }

  std::pmr::vector<Grant> grants_;   // as the clients heard of them
  std::pmr::vector<Latest> latest_;  // by lock
};

}  // namespace

InvariantPtr make_token_order(std::pmr::memory_resource* memory, const InvariantSettings&) {
  return make_invariant<TokenOrder>(memory, memory);
}

}  // namespace locklab
