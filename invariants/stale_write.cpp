// STALE-WRITE: storage accepted a write of grant g although a later grant g' of the same lock had
// superseded it [spec 1.3]. "Later" is the order at the lock service. Two ways to be violated:
//
//   after_later_write  the register had accepted a write of g' before
//   after_promise      the promise of g was over, and g' was live: promised, or believed in
//
// It is about grants, not tokens, so it judges plain storage as well, and it tells where a token
// lets a stale write pass (corpus 58 to 62). A write under no grant is nobody's and not judged.
#include <algorithm>
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class StaleWrite final : public Invariant {
 public:
  explicit StaleWrite(std::pmr::memory_resource* memory) : latest_(memory) {}

  EventMask events() const override { return events_of<WriteAccepted>(); }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    const auto& write = std::get<WriteAccepted>(event.what);
    const LockBook::Attempt* writer = book.find(write.attempt);
    if (writer == nullptr || !writer->granted) return;

    LatestWrite& latest = latest_write(write.subject, writer->lock);
    if (latest.order > writer->order) {
      report("after_later_write", write, event, *writer, book.attempt(latest.attempt), latest.event,
             findings);
    } else {
      latest.order = writer->order;
      latest.attempt = writer->id;
      latest.event = event.seq;
      if (writer->promised(event.at)) return;
      if (const LockBook::Attempt* later = live_later(*writer, event.at, book))
        report("after_promise", write, event, *writer, *later, later->granted, findings);
    }
  }

 private:
  struct LatestWrite {  // of the latest grant that has written, by register and lock
    Symbol subject;
    LockBook::LockNumber lock = 0;
    EventSeq order;
    AttemptId attempt;
    EventSeq event;
  };

  LatestWrite& latest_write(Symbol subject, LockBook::LockNumber lock) {
    for (LatestWrite& latest : latest_)
      if (latest.subject == subject && latest.lock == lock) return latest;
    latest_.push_back({subject, lock, {}, {}, {}});
    return latest_.back();
  }

  static const LockBook::Attempt* live_later(const LockBook::Attempt& writer, Instant now,
                                             const LockBook& book) {
    const LockBook::LockState& lock = book.lock(writer.lock);
    const LockBook::Attempt* found = nullptr;
    const auto consider = [&](AttemptId id) {
      const LockBook::Attempt& other = book.attempt(id);
      if (other.order <= writer.order) return;
      if (!other.believing && !other.promised(now)) return;
      if (found == nullptr || other.order > found->order) found = &other;
    };
    for (const AttemptId id : lock.believers) consider(id);
    for (const AttemptId id : lock.promised) consider(id);
    return found;
  }

  static void report(std::string_view what, const WriteAccepted& write, const TraceEvent& event,
                     const LockBook::Attempt& writer, const LockBook::Attempt& later,
                     EventSeq proof, Findings& findings) {
    Finding finding;
    finding.invariant = "stale_write";
    finding.what = what;
    finding.subject = write.subject;
    finding.from = event.at;
    finding.processes.add(writer.process);
    finding.processes.add(later.process);
    finding.attempts.add(writer.id);
    finding.attempts.add(later.id);
    if (write.token || later.token) {
      finding.tokens.add(write.token);
      finding.tokens.add(later.token);
    }
    finding.events.add(std::min(writer.granted, later.granted));
    finding.events.add(std::max(writer.granted, later.granted));
    finding.events.add_once(proof);
    finding.events.add_once(event.seq);
    findings.note(finding);
  }

  std::pmr::vector<LatestWrite> latest_;
};

}  // namespace

InvariantPtr make_stale_write(std::pmr::memory_resource* memory, const InvariantSettings&) {
  return make_invariant<StaleWrite>(memory, memory);
}

}  // namespace locklab
