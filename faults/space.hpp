// A fault space as data: which faults a search may use, on whom, how many at once, within which
// limits, and anchored on what. A lock's assumption envelope is such a space: what it was built to
// survive. A search that looks for bugs in the lock's code stays inside it; one that looks for what
// its users must not rely on goes beyond.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faults/names_in_fault.hpp"
#include "faults/schedule.hpp"
#include "sim/time.hpp"

namespace locklab {

/// The kinds a search draws from. They are those of faults/fault.hpp, some of them told apart by
/// what they assume: a clock that is set is one thing, a clock that runs fast another.
enum class SearchKind : std::uint8_t {
  pause,
  suspend,
  crash,
  power_loss,
  clock_jump,
  clock_rate,
  partition,
  drop,
  delay,
  duplicate,
  reset,
  disk_stall,
  lose_key,
};
inline constexpr std::size_t kSearchKinds = static_cast<std::size_t>(SearchKind::lose_key) + 1;

/// "clock-jump"
std::string_view to_string(SearchKind kind);
std::optional<SearchKind> search_kind(std::string_view name);
/// Of a fault in a schedule; none for those that a search never makes (link trouble, slews, plain
/// restarts).
std::optional<SearchKind> search_kind(const Fault& fault);

using SearchKinds = std::uint32_t;
constexpr SearchKinds kind_bit(SearchKind kind) {
  return SearchKinds{1} << static_cast<unsigned>(kind);
}
inline constexpr SearchKinds kEveryKind = (SearchKinds{1} << kSearchKinds) - 1;

/// A process that faults may strike.
struct Target {
  std::string name;
  std::string machine;
  bool client = false;
  bool storage = false;  // the protected resource: faults strike who guards it, seldom it
  bool keeps_keys = false;
  /// Processes of one group are interchangeable: a schedule and the one in which two of a group
  /// have changed places are one.
  std::uint32_t group = 0;
};

/// An event of the run without faults, on which faults are hung.
struct Anchor {
  OnEvent on;
  Duration at{};             // when it happened in that run
  std::uint32_t weight = 1;  // how often faults are hung on its sort, against others
};

/// The anchors of one sort: the same event in the same lane, first, second, and so on.
struct AnchorFamily {
  std::vector<std::size_t> places;
  std::uint32_t weight = 1;
};

/// Whom a line of a lock's assumptions is about. Servers are those of the lock service.
enum class Victims : std::uint8_t { anyone, clients, servers, storage };

/// Faults that a space leaves out, and why.
struct Exclusion {
  SearchKinds kinds = 0;
  Victims whom = Victims::anyone;
  /// The assumption that they would break: "the nodes' clocks are not set".
  std::string because;
  /// Clock rates up to this much too fast or too slow are in all the same.
  std::int64_t rate_ppm = 0;
  /// Crashes and losses of power are in all the same if the victim stays down: what does not come
  /// back cannot have forgotten.
  bool only_if_back = false;
};

struct FaultSpace {
  SearchKinds kinds = kEveryKind;
  std::vector<Target> targets;
  std::vector<Anchor> anchors;  // in order of time
  std::vector<AnchorFamily> families;
  /// Durations that mean something to this scenario, in order: its TTLs, margins, periods, round
  /// trips, each a little less and a little more, and doubled.
  std::vector<Duration> sizes;
  std::vector<std::string> message_kinds;
  std::vector<std::string> keys;  // that servers stored in the run without faults

  std::size_t most_faults = 12;
  Duration horizon{60s};      // faults strike before
  Duration quiet_after{60s};  // the run without faults has nothing to do any more

  // limits
  Duration longest_pause{60s};
  Duration longest_partition{60s};
  Duration longest_delay{60s};
  Duration largest_jump{60s};
  std::int64_t largest_rate_ppm = 1'000'000;  // faster or slower
  std::vector<Exclusion> exclusions;

  bool allows(SearchKind kind) const { return (kinds & kind_bit(kind)) != 0; }
  const Target* find(std::string_view name) const;
  /// Those of one group, in order.
  std::vector<const Target*> group(std::uint32_t number) const;
  /// How far from the right rate the clocks of all these machines may be, at once.
  std::int64_t largest_rate_of(std::span<const std::string> machines) const;
  /// Why a fault is not in the space, in words; nothing if it is.
  std::optional<std::string> why_outside(const Fault& fault) const;
  bool contains(const Fault& fault) const;
};

/// Sorts the anchors by time and finds their families.
void set_anchors(FaultSpace& space, std::vector<Anchor> anchors);

/// The first fault of a schedule that is not in the space.
struct Outside {
  std::size_t fault = 0;  // index in the schedule
  std::string because;
};
std::optional<Outside> first_outside(const FaultSchedule& schedule, const FaultSpace& space);

/// Is every fault of the schedule within the space? Then a violation is the lock's own fault.
bool inside(const FaultSchedule& schedule, const FaultSpace& space);

}  // namespace locklab
