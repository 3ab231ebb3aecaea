// What a campaign is: the scenario, the space of faults, and all that decides which schedules are
// tried. A journal begins with it, so that whoever goes on with a campaign goes on with the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/loading.hpp"
#include "cli/options.hpp"
#include "cli/result_json.hpp"
#include "faults/campaign.hpp"
#include "faults/space.hpp"
#include "scenarios/search.hpp"

namespace locklab {

struct CampaignPlan {
  FuzzCommand command;
  LoadedScenario loaded;
  WantedInvariants wanted;
  FaultSpace space;
  CampaignSettings settings;
  Shard shard;

  const Scenario& scenario() const { return loaded.scenario; }
};

/// The fault space of the plan's command for a scenario that is the plan's, or one made from it.
FaultSpace space_of(const Scenario& scenario, const CampaignPlan& plan);

/// Nothing after a mistake, which standard error was then told of.
std::optional<CampaignPlan> plan_campaign(const FuzzCommand& command);

/// In one line. Equal where the same schedules are tried with the same outcome; how many threads
/// there are, and how long they may take, is no part of it.
std::string header_of(const CampaignPlan& plan);

/// The plan that a journal of this program begins with. `path` is the journal's.
std::optional<CampaignPlan> plan_of_header(std::string_view header, const std::string& path);

/// In what two headers differ, as in "--seed is 2 there, and 1 here"; empty: in nothing, and
/// nothing but the shard where that is left out.
enum class CompareShards : bool { no, yes };
std::string difference(std::string_view there, std::string_view here, CompareShards shards);

/// The shard of a header that `plan_of_header` accepts.
Shard shard_of_header(std::string_view header);

}  // namespace locklab
