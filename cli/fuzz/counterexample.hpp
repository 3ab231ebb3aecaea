// A bug as people get it: shrunk, measured, with what would have helped, and as a scenario file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/fuzz/plan.hpp"
#include "faults/campaign.hpp"
#include "faults/minimum.hpp"
#include "faults/shrinker.hpp"
#include "reports/story.hpp"
#include "scenarios/envelope.hpp"
#include "scenarios/search.hpp"
#include "sim/finding.hpp"

namespace locklab {

struct Counterexample {
  std::uint64_t number = 0;  // of the try that showed it first
  std::string name;          // "stale_write--redlock--0badcafe", of its file without the ending
  /// In what its scenario was made to, below.
  Shrunk shrunk;
  Node document;
  Scenario scenario;
  std::vector<std::string> changes;  // "without client-c"
  EnvelopeVerdict envelope;
  std::optional<Minimum> minimum;  // if it was asked for
  std::vector<FailingRange> intervals;
  std::vector<std::string> remedies;
  std::vector<Finding> findings;
  std::string sentence;  // of its heaviest finding
  std::vector<StoryLine> story;
  std::string file;  // empty: not written
};

/// The smallest schedule that shows what was found. The oracle is of the plan's scenario.
Counterexample shrunk(const Found& found, const CampaignPlan& plan, ScenarioOracle& oracle);
/// Makes its scenario smaller, and adds all that is known of it beyond that: whether it left the
/// lock's envelope, in which ranges it persists, what would have helped.
void examine(Counterexample& example, const CampaignPlan& plan);

/// All that were found, in the order in which they were; what shrinks to the same bug is one. With
/// --until-found the first alone. Several threads work at it (--jobs), which changes nothing;
/// meanwhile a line of progress stands on standard error, if that is wanted.
std::vector<Counterexample> counterexamples(std::span<const Found> found, const CampaignPlan& plan,
                                            bool show_progress);

/// The counterexample as a scenario that expects its violations.
std::string scenario_text(const Counterexample& example);

}  // namespace locklab
