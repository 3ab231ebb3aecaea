// How close a run came to breaking something: for each grant, how much of its protection was left
// when its holder last relied on it. Protection ends with the promise, or with the next grant to
// somebody else; a holder relies on the lock when storage takes its write, and until it begins to
// give the lock back or believes no longer. The least of these is the run's slack; below zero
// nothing but luck kept the invariants.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "sim/trace.hpp"

namespace locklab {

class Robustness final : public TraceObserver {
 public:
  explicit Robustness(std::pmr::memory_resource* memory) : grants_(memory) {}

  /// Who was protected until when, and relied on it until when: later, if it went wrong.
  struct Closest {
    Symbol lock;
    ProcessId process;
    Instant protected_until{};
    Instant relied{};
  };

  static EventMask events();
  void observe(const TraceEvent& event) override;

  /// Of the run so far, the grant with the least left, the first of several; none if no protection
  /// ever ends.
  std::optional<Closest> closest(Instant now) const;
  /// Of the run so far; Duration::max() if nothing was granted.
  Duration slack(Instant now) const;
  /// A number for the sorts of events that the run showed, in the order of their first appearance.
  std::uint64_t shape() const { return shape_; }

 private:
  struct Grant {
    Symbol lock;
    AttemptId attempt;
    ProcessId process;
    Instant at{};
    Instant protected_until{};
    Instant relied{};  // the last time
    bool relies = true;
  };
  Grant* find(AttemptId attempt);

  std::pmr::vector<Grant> grants_;
  std::uint64_t shape_ = 0x243F6A8885A308D3u;
  std::uint64_t seen_ = 0;
};

}  // namespace locklab
