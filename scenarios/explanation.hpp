// Why a run ended as it did, by running it otherwise: which of its faults a violation needs, until
// when it could still have ended well, and what would have helped. Everything said here is the
// fate of a run, not an inference from the trace; the causal order that the trace shows is told
// by reports/causal_story.
//
// A run "breaks in the same way" if it has a finding of the same invariant that was violated in the
// same manner (two promises; a write without a token), whoever took part in it and whenever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// What became of a run in which something was changed.
struct Fate {
  enum class Kind : std::uint8_t {
    breaks,     // in the same way
    other,      // not in this way, but something is violated
    holds,      // nothing is
    undecided,  // the event limit was spent
  };
  Kind kind = Kind::breaks;
  std::vector<std::string_view> violated;  // the invariants, each once; those of `other`
  bool operator==(const Fate&) const = default;
};
/// "breaks", "other", "holds", "undecided"
std::string_view to_string(Fate::Kind kind);

/// What one fault of the schedule has to do with the violation.
struct FaultPart {
  std::size_t fault = 0;  // its place in the scenario
  bool struck = false;    // if it did not, the run without it is the run
  Fate without;
  /// Faults that strike in the run, and not without this one: what they wait for does not come.
  std::vector<std::size_t> silenced;

  bool needed() const { return without.kind != Fate::Kind::breaks; }
};

/// Two faults of which either can be left out, but not both.
struct EitherFault {
  std::size_t a = 0;
  std::size_t b = 0;
  Fate without_both;
};

/// The last instant at which the run could still end well.
///
/// The run is continued from an instant without further faults: those that would strike then or
/// later do not, and those in effect end [Injector::arm says what that means for each]. It ends
/// well if no invariant is violated, but for those that are violated without any faults as well.
/// The search goes backwards over the instants at which something happens in the run, from the
/// violation on, to the first that still ends well; between it and the next one it goes on by
/// halves.
struct PointOfNoReturn {
  Instant safe{};         // called off then, before anything else that is due, it ends well
  Instant lost{};         // called off then, it breaks; at most a microsecond later
  bool at_event = false;  // `lost` follows an instant at which something happens; otherwise only
                          // time has passed
  bool every_instant = false;  // all instants of the run after `safe` were tried, not a selection
  Fate fate;                   // of the run that is called off at `safe`: `holds` or `other`
};

/// The grant that came closest to losing its protection while its holder relied on it.
struct ClosestGrant {
  Symbol lock;
  ProcessId process;
  Instant protected_until{};
  Instant relied{};
  Duration slack() const { return protected_until - relied; }
};

struct Explanation {
  RunResult result;
  std::optional<std::size_t> finding;  // the one explained, of the result's; none: nothing broke
  std::string message;                 // its sentence
  std::vector<FaultPart> faults;       // one each
  std::vector<EitherFault> either;
  /// Without any fault at all.
  Fate without_faults;
  /// None if the run ends no better without its faults: it was decided from the start.
  std::optional<PointOfNoReturn> no_return;
  /// Changes of the scenario under which the same faults do not break it [remedies.hpp].
  std::vector<std::string> remedies;
  std::optional<ClosestGrant> closest;  // if anything was granted that is not for ever
  std::uint64_t runs = 0;               // that this took
};

/// The place of the finding that weighs most, the earliest of several; with `check` the earliest of
/// that invariant. None if there is none.
std::optional<std::size_t> heaviest_finding(const std::vector<Finding>& findings,
                                            std::string_view check = {});

/// Runs the scenario, which must have been read without mistakes, again and again. `recording` is
/// filled with the run itself. `check`: the name of an invariant; empty: the heaviest violation.
Explanation explain(const Scenario& scenario, std::string_view check, Recording& recording);

}  // namespace locklab
