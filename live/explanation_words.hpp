// An explanation in words [scenarios/explanation.hpp], for whoever draws it: the program's text,
// its JSON, a page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/narrator.hpp"
#include "reports/story.hpp"
#include "reports/timeline.hpp"
#include "scenarios/explanation.hpp"
#include "scenarios/scenario.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// What is said of one fault of the schedule.
struct FaultWords {
  std::string what;  // "at 1000ms: client-a pauses for 9000ms"
  std::string part;  // "needed; without it nothing is violated"
  bool needed = false;
};

/// Sentences, in the order in which they are said. What it is made from outlives it.
class ExplanationWords {
 public:
  /// `check` is the invariant that was asked for; empty: none was.
  ExplanationWords(const Scenario& scenario, std::string_view check, const Recording& recording,
                   const Explanation& explanation);

  /// How it came about; empty if nothing broke.
  const std::vector<StoryLine>& story() const { return story_; }
  /// What broke.
  std::string verdict() const;
  /// One a fault.
  std::vector<FaultWords> faults() const;
  /// What is to be said of several faults at once.
  std::vector<std::string> together() const;
  /// Until when it could have ended well; empty: it never could.
  std::string no_return() const;
  /// How close a run came that broke nothing.
  std::string closest() const;

 private:
  std::string silenced(const FaultPart& part) const;
  /// "4999ms, when the clock of redis-3 jumps forwards"
  std::string at_words(const PointOfNoReturn& point) const;
  /// The first event of that instant, which has one: the first to those whom it concerns, if any.
  const TraceEvent& event_at(Instant at) const;

  const Scenario& scenario_;
  std::string_view check_;
  const Recording& recording_;
  const Explanation& explanation_;
  Timeline timeline_;
  Narrator narrator_;
  std::vector<StoryLine> story_;
};

}  // namespace locklab
