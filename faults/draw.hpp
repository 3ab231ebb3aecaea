// Single faults by chance, within a space: what strikes whom, when, and how hard. Sizes and moments
// come from the scenario's own numbers as often as from wide distributions, since bugs sit at a
// TTL's end rather than anywhere.
#pragma once

#include "faults/schedule.hpp"
#include "faults/space.hpp"
#include "sim/rng.hpp"

namespace locklab {

class Draw {
 public:
  Draw(const FaultSpace& space, Rng& rng) : space_(space), rng_(rng) {}

  /// One fault of the kind, anchored on an event of the fault-free run or at any instant. Of
  /// another kind where chance finds none of this one in the space.
  ScheduledFault fault(SearchKind kind, bool anchored);
  /// One of the kinds in `kinds` that the space allows; kEveryKind: any.
  SearchKind kind(SearchKinds kinds);
  Trigger trigger(bool anchored);
  /// Never above `limit`, at least a nanosecond.
  Duration size(Duration limit);
  /// Anywhere between a millisecond and `limit`, each order of magnitude as likely as the next.
  Duration wide(Duration limit);

  bool one_in(std::uint64_t n) { return rng_.below(n) == 0; }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(rng_.below(n)); }

  /// Changes one thing about one fault of the schedule: its moment, its size, its victim; or adds
  /// or removes a fault.
  FaultSchedule mutate(FaultSchedule schedule, SearchKinds kinds);

 private:
  const Target& target();
  const Target& server();
  const Target& client();
  /// A part of the servers that keep keys: one, some, or all.
  std::vector<const Target*> some_servers();
  std::optional<Duration> life(Duration limit);
  /// In the space, of the kind if that can be had.
  Fault fault_of(SearchKind kind);
  Fault any_fault_of(SearchKind kind);
  Fault partition();
  Fault message(MessageAction action);

  const FaultSpace& space_;
  Rng& rng_;
};

}  // namespace locklab
