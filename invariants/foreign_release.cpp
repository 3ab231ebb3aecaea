// FOREIGN-RELEASE: a release or an extension on behalf of one attempt removes or changes the key of
// another [spec 1.3; corpus 7, 8, 9, 27]. What expired, was evicted or was lost is nobody's
// release.
//
// Judged only while somebody counts on the other attempt: it is being tried, believed in or
// promised. Clearing away what a dead or beaten attempt left behind does no harm, and some recipes
// live by it.
#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class ForeignRelease final : public Invariant {
 public:
  EventMask events() const override { return events_of<KeyRemoved, KeyExtended>(); }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    if (const auto* removed = std::get_if<KeyRemoved>(&event.what)) {
      if (removed->why == RemovalReason::deleted)
        judge("deleted", removed->attempt, removed->by, event, book, findings);
      else if (removed->why == RemovalReason::overwritten)
        judge("overwritten", removed->attempt, removed->by, event, book, findings);
    } else if (const auto* extended = std::get_if<KeyExtended>(&event.what)) {
      judge("extended", extended->attempt, extended->by, event, book, findings);
    }
  }

 private:
  static void judge(std::string_view what, AttemptId whose, AttemptId by, const TraceEvent& event,
                    const LockBook& book, Findings& findings) {
    if (!whose || !by || whose == by) return;
    const LockBook::Attempt* victim = book.find(whose);
    if (victim == nullptr || !victim->matters(event.at)) return;
    Finding finding;
    finding.invariant = "foreign_release";
    finding.what = what;
    finding.subject = book.lock(victim->lock).name;
    finding.from = event.at;
    finding.processes.add(book.process_of(by));
    finding.processes.add(victim->process);
    finding.attempts.add(by);
    finding.attempts.add(whose);
    if (victim->order && victim->order < event.seq) finding.events.add(victim->order);
    finding.events.add(event.seq);
    findings.note(finding);
  }
};

}  // namespace

InvariantPtr make_foreign_release(std::pmr::memory_resource* memory, const InvariantSettings&) {
  return make_invariant<ForeignRelease>(memory);
}

}  // namespace locklab
