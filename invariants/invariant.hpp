// What must never, or must at last, be true of a run, and the watch that feeds it [spec 1.3]. An
// invariant is told of events as they happen and of nothing else, so it judges a recording read
// back from disk as it judges a running world.
//
// It runs inside every run of a fuzz campaign. So nothing here formats text, memory comes from the
// run's own, and the watch asks for the events that concern locks and never for messages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "invariants/lock_book.hpp"
#include "sim/finding.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"

namespace locklab {

/// Who says aloud that a violation began or ended: the runner, which remarks it in the trace.
class Announcer {
 public:
  virtual ~Announcer() = default;
  /// `finding` is the index among the findings.
  virtual void violation_began(std::uint32_t finding, std::string_view invariant) = 0;
  virtual void violation_ended(std::uint32_t finding, std::string_view invariant,
                               Duration lasted) = 0;
};

class Findings {
 public:
  explicit Findings(std::pmr::memory_resource* memory, Announcer* announcer = nullptr)
      : findings_(memory), announcer_(announcer) {}

  /// A violation that lasts: announces its beginning. Its index.
  std::uint32_t open(const Finding& finding);
  /// It is over since `until`, which may lie before the event that shows it: a promise, for one,
  /// ends without any event. At the end of a quiescent run it may also lie ahead. Announces the
  /// end.
  void close(std::uint32_t index, Instant until, Duration dormant, Duration active);
  /// A violation that is a single instant: it begins, and has no end to announce.
  void note(Finding finding);
  /// What an open finding has lasted so far; at the end of the run, when nothing will close it.
  void measure(std::uint32_t index, Duration dormant, Duration active);

  std::span<const Finding> all() const { return findings_; }
  bool empty() const { return findings_.empty(); }

 private:
  std::pmr::vector<Finding> findings_;
  Announcer* announcer_;
};

/// How a run came to its end, for those that judge what never happened.
struct RunEnd {
  Instant at{};
  bool quiescent = false;  // nothing was left to happen: what has not come by now never will
};

class Invariant {
 public:
  Invariant() = default;
  Invariant(const Invariant&) = delete;
  Invariant& operator=(const Invariant&) = delete;
  virtual ~Invariant() = default;

  virtual EventMask events() const = 0;
  /// Safety speaks at once. The book has heard of the event already.
  virtual void observe(const TraceEvent& event, const LockBook& book, Findings& findings) = 0;
  /// Liveness speaks at the end; what still lasts is measured.
  virtual void finish(const RunEnd& end, const LockBook& book, Findings& findings);
};

/// Gives an invariant back to the memory that it came from.
struct InvariantDeleter {
  std::pmr::memory_resource* memory = nullptr;
  void* block = nullptr;
  std::size_t bytes = 0;
  void operator()(Invariant* invariant) const {
    invariant->~Invariant();
    memory->deallocate(block, bytes, alignof(std::max_align_t));
  }
};
using InvariantPtr = std::unique_ptr<Invariant, InvariantDeleter>;

template <class T, class... Arguments>
InvariantPtr make_invariant(std::pmr::memory_resource* memory, Arguments&&... arguments) {
  void* block = memory->allocate(sizeof(T), alignof(std::max_align_t));
  return {::new (block) T(std::forward<Arguments>(arguments)...),
          InvariantDeleter{memory, block, sizeof(T)}};
}

/// Owns the invariants of one run and what they share. Add the invariants first, then register it
/// with the world for events().
class Watch final : public TraceObserver {
 public:
  explicit Watch(std::pmr::memory_resource* memory, Announcer* announcer = nullptr);

  void add(InvariantPtr invariant);
  /// What to be told of; nothing if there is no invariant.
  EventMask events() const;

  void observe(const TraceEvent& event) override;
  /// Once, after the last event.
  void finish(const RunEnd& end);

  const Findings& findings() const { return findings_; }
  const LockBook& book() const { return book_; }

 private:
  LockBook book_;
  Findings findings_;
  std::pmr::vector<InvariantPtr> invariants_;
  EventMask events_ = 0;
  // By payload type: which invariants want it, one bit each.
  std::array<std::uint32_t, std::variant_size_v<TracePayload>> wanted_by_{};
};

}  // namespace locklab
