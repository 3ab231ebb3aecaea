// LOST-UPDATE: a read-modify-write based on a version that had been superseded overwrites an update
// that it never saw [spec 1.3; corpus 47, 62, 107]. The register counts versions, so what was lost
// are the versions between the one read and the one written; the first of them is named.
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class LostUpdate final : public Invariant {
 public:
  explicit LostUpdate(std::pmr::memory_resource* memory) : writes_(memory) {}

  EventMask events() const override { return events_of<WriteAccepted>(); }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    const auto& write = std::get<WriteAccepted>(event.what);
    if (write.read_modify_write && write.based_on + 1 != write.version)
      report(write, event, book, findings);
    writes_.push_back({write.subject, write.version, write.attempt, write.token, event.seq});
  }

 private:
  struct Write {
    Symbol subject;
    std::uint64_t version = 0;
    AttemptId attempt;
    FencingToken token;
    EventSeq event;
  };

  void report(const WriteAccepted& write, const TraceEvent& event, const LockBook& book,
              Findings& findings) const {
    Finding finding;
    finding.invariant = "lost_update";
    finding.what = "superseded_read";
    finding.subject = write.subject;
    finding.from = event.at;
    finding.processes.add(book.process_of(write.attempt));
    finding.attempts.add(write.attempt);
    if (const Write* lost = first_lost(write)) {
      finding.processes.add(book.process_of(lost->attempt));
      finding.attempts.add(lost->attempt);
      if (write.token || lost->token) {
        finding.tokens.add(write.token);
        finding.tokens.add(lost->token);
      }
      finding.events.add(lost->event);
    }
    finding.events.add(event.seq);
    findings.note(finding);
  }

  /// Null if no such write was seen: the register has lost its memory since the read.
  const Write* first_lost(const WriteAccepted& write) const {
    if (write.based_on >= write.version) return nullptr;
    for (auto lost = writes_.rbegin(); lost != writes_.rend(); ++lost)
      if (lost->subject == write.subject && lost->version == write.based_on + 1) return &*lost;
    return nullptr;
  }

  std::pmr::vector<Write> writes_;
};

}  // namespace

InvariantPtr make_lost_update(std::pmr::memory_resource* memory, const InvariantSettings&) {
  return make_invariant<LostUpdate>(memory, memory);
}

}  // namespace locklab
