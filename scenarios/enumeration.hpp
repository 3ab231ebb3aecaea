// The finite space of schedules that a certificate about a scenario is about. Small enough that all
// its pairs can be run within a minute, and chosen by rules that a reader can judge:
//
// - kinds: those that the argument about locks is led about, a process that stops, one that dies, a
//   clock that jumps, a network that parts;
// - anchors: of each lane and each sort of event the first, which is one acquisition, one use and
//   one release for each client, and for each server the moment at which it stores its key. Ends of
//   calls are left out, since what a client does with the answer begins at an anchor of its own; of
//   several at one instant the last counts, which is the gap before the next call;
// - sets of servers: each alone, the smallest majority from either end, all;
// - sizes: what lasts, and by how much a clock jumps, is twice the longest duration of the
//   scenario, so that nothing outlasts it; the dead come back within half the shortest time of
//   holding, so that the lock is still held, or stay dead.
//
// Each of these can be widened. Clients are never taken to be interchangeable: two that ask at the
// same instant are told apart by who is asked first, and their waits by their own random streams.
#pragma once

#include <vector>

#include "faults/enumerator.hpp"
#include "scenarios/scenario.hpp"
#include "sim/time.hpp"

namespace locklab {

inline constexpr SearchKinds kCertifiedKinds =
    kind_bit(SearchKind::pause) | kind_bit(SearchKind::crash) | kind_bit(SearchKind::clock_jump) |
    kind_bit(SearchKind::partition);

struct EnumerationChoice {
  SearchKinds kinds = kCertifiedKinds;
  std::vector<Duration> sizes;  // of all that has a size; empty: as above
  bool every_anchor = false;    // all events, of whatever number
};

Enumeration declared_enumeration(const Scenario& scenario, const EnumerationChoice& choice);

}  // namespace locklab
