// A scenario's assumption envelope: the part of its fault space in which its locks have to keep
// what they promise, and what a schedule that broke something says about that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/space.hpp"
#include "scenarios/scenario.hpp"

namespace locklab {

/// The fault space of the scenario, without what its locks assume not to happen. Of several locks
/// each one's assumptions are kept.
FaultSpace envelope(const Scenario& scenario);
/// Leaves out of `space` what the scenario's locks assume not to happen.
void narrow_to_envelope(FaultSpace& space, const Scenario& scenario);

/// The invariants that every lock of the scenario promises inside its envelope; what holds only for
/// guarded data is promised if the scenario guards its data. None if a client uses no lock.
std::vector<std::string_view> promised_invariants(const Scenario& scenario);

/// "redlock", or "redlock and table_lock"; empty: no lock is used.
std::string locks_of(const Scenario& scenario);

/// What a violation under a schedule says about the locks.
struct EnvelopeVerdict {
  std::string locks;               // "redlock"
  std::optional<Outside> outside;  // the first fault that they assume not to happen
  bool promised = true;            // they promise what was violated

  /// A fault of the lock's own: it broke a promise inside its envelope.
  bool is_broken_promise() const { return !outside && promised; }
  /// "inside the assumption envelope of redlock"; "outside the assumption envelope of redlock,
  /// which assumes that its nodes' clocks are not set"; "inside the assumption envelope of redlock,
  /// which does not promise client_mutual_exclusion". Empty if there is no lock.
  std::string sentence;
};
/// `space` is the scenario's envelope.
EnvelopeVerdict envelope_verdict(const Scenario& scenario, const FaultSpace& space,
                                 const FaultSchedule& schedule, std::string_view invariant);

}  // namespace locklab
