// What each lock was built to survive, and what it promises there: its assumption envelope, one row
// a lock. What is not assumed away is in: every other fault has to leave its promises
// whole. The rows are about what the algorithm claims, not about what one
// implementation of it keeps, so that a preset with a mistake is found out inside the envelope.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "faults/space.hpp"
#include "scenarios/scenario.hpp"

namespace locklab {

/// One assumption, and the faults that would break it.
struct Assumption {
  std::string_view text;  // completes "it assumes that ..."
  SearchKinds kinds = 0;
  Victims whom = Victims::anyone;
  /// Is it needed with these settings? Null: always.
  bool (*needed)(const Scenario& scenario, const LockSpec& lock) = nullptr;
  /// How far a clock's rate may be off all the same. Null: not at all.
  std::int64_t (*rate_ppm)(const Scenario& scenario, const LockSpec& lock) = nullptr;
  /// About coming back: who crashes and stays down breaks nothing.
  bool only_if_back = false;
};

struct Envelope {
  std::string_view lock;    // of the registry
  std::string_view source;  // where its claims are written down
  /// Invariants that hold inside the envelope, wherever its clients write.
  std::span<const std::string_view> promises;
  /// Those that hold as well where the data are guarded as the lock means them to be: behind a
  /// storage that checks its tokens, or in rows of its own database.
  std::span<const std::string_view> promises_guarded;
  std::span<const Assumption> assumptions;
};

/// What every lock assumes, whatever it is made of.
std::span<const Assumption> common_assumptions();

/// In the order of the registry, one for each lock.
std::span<const Envelope> envelopes();
const Envelope* find_envelope(std::string_view lock);

}  // namespace locklab
