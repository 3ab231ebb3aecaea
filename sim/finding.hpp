// What an invariant found: structured, so that a fuzz run formats no text for it. Beside the
// trace's ViolationBegan and ViolationEnded events it is all that a report needs to say who, when
// and why.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/time.hpp"

namespace locklab {

/// A list of at most N, without memory of its own; what does not fit is counted.
template <class T, std::size_t N>
class ShortList {
 public:
  void add(const T& item) {
    if (count_ < N) items_[count_] = item;
    ++count_;
  }
  /// Adds `item` unless it is there already.
  void add_once(const T& item) {
    for (const T& present : *this)
      if (present == item) return;
    add(item);
  }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size(); }
  std::size_t size() const { return count_ < N ? count_ : N; }
  std::size_t total() const { return count_; }
  bool empty() const { return count_ == 0; }
  const T& operator[](std::size_t i) const { return items_[i]; }

 private:
  std::array<T, N> items_{};
  std::uint32_t count_ = 0;
};

struct Finding {
  std::string_view invariant;  // a name of the invariants' registry
  std::string_view what;       // which of the invariant's ways to be violated: "two_promises"
  Symbol subject;              // the lock, or the register
  Instant from{};
  Instant until = kEndOfTime;  // kEndOfTime: still so when the run ended
  Duration dormant{};          // of from..until: at least one of the processes did not run
  Duration active{};           // of from..until: all of them ran
  ShortList<ProcessId, 4> processes;
  ShortList<AttemptId, 4> attempts;
  ShortList<FencingToken, 4> tokens;
  ShortList<EventSeq, 8> events;  // that prove it, in order
};

/// The name of a process, for a sentence.
using ProcessNames = std::span<const std::string_view>;  // by ProcessId number - 1

}  // namespace locklab
