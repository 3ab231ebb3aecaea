// Single faults by chance, within a space: what strikes whom, when, and how hard. An informed draw
// knows the fault-free run: it hangs faults on the protocol's events, lets them strike who takes
// part in these, and lets them last until something else has happened or a promise has run out,
// since bugs sit there rather than anywhere. A blind one knows nothing but the names of the
// processes.
#pragma once

#include "faults/schedule.hpp"
#include "faults/space.hpp"
#include "sim/rng.hpp"

namespace locklab {

enum class Taste : std::uint8_t { informed, blind };

class Draw {
 public:
  Draw(const FaultSpace& space, Rng& rng, Taste taste = Taste::informed)
      : space_(space), rng_(rng), taste_(taste) {}

  /// One fault of the kind; of another one where chance finds none of this one in the space.
  ScheduledFault fault(SearchKind kind);
  /// How many faults a schedule is to have. Informed: rather many, since each is a guess of its
  /// own, a run that tries eight costs no more than one that tries one, and the shrinker removes
  /// what was not needed.
  std::size_t how_many();
  /// One of the kinds in `kinds` that the space allows; kEveryKind: any. Informed: what befalls
  /// systems often more often than what befalls them seldom.
  SearchKind kind(SearchKinds kinds);

  bool one_in(std::uint64_t n) { return rng_.below(n) == 0; }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(rng_.below(n)); }

  /// Changes one thing about one fault of the schedule: its moment, its size, its victim; or adds
  /// or removes a fault.
  FaultSchedule mutate(FaultSchedule schedule, SearchKinds kinds);

 private:
  /// When a fault strikes, in the run without faults, and in whose lane.
  struct Moment {
    Trigger trigger;
    Duration at{};
    const Target* who = nullptr;  // none: an instant
  };
  Moment moment();
  const Anchor& anchor();
  /// Never above `limit`, at least a nanosecond.
  Duration size(Duration limit, const Moment& from);
  /// From `from` until an event of the fault-free run is over; zero if none comes after it.
  Duration until_event(const Moment& from);
  /// Anywhere between a nanosecond and `limit`, each order of magnitude as likely as the next.
  Duration wide(Duration limit);
  std::optional<Duration> life(const Moment& from);

  const Target& target();
  const Target& server();
  const Target& client();
  /// Who takes part in the moment's event, as often as anybody.
  const Target& victim(const Moment& from);
  const Target& client_at(const Moment& from);
  /// A part of the servers that keep keys: one, some, or all.
  std::vector<const Target*> some_servers();
  std::vector<std::string> some_machines(const Moment& from);

  /// In the space, of the kind if that can be had.
  Fault fault_of(SearchKind kind, const Moment& from);
  Fault any_fault_of(SearchKind kind, const Moment& from);
  Fault partition(const Moment& from);
  Fault message(MessageAction action, const Moment& from);
  Fault lost_key();

  const FaultSpace& space_;
  Rng& rng_;
  Taste taste_;
  const Target* prey_ = nullptr;
};

}  // namespace locklab
