#include <algorithm>

#include "cli/fuzz/result.hpp"
#include "cli/result_json.hpp"
#include "cli/schedule_json.hpp"

namespace locklab {
namespace {

Json json_of(const Minimum& minimum) {
  Json json;
  json["proved"] = minimum.exhausted;
  json["schedules"] = Json::array();
  for (const Minimum::Round& round : minimum.rounds) json["schedules"].push_back(round.schedules);
  return json;
}

Json json_of(const Counterexample& example) {
  Json json;
  json["invariant"] = example.shrunk.trial.invariant;
  json["what"] = example.shrunk.trial.what;
  json["message"] = example.sentence;
  json["found_by_schedule"] = example.number;
  json["shrink_runs"] = example.shrunk.tries;
  json["one_minimal"] = example.shrunk.one_minimal;
  json["envelope"] = {{"inside", !example.envelope.outside.has_value()},
                      {"promised", example.envelope.promised},
                      {"sentence", example.envelope.sentence}};
  json["scenario_changes"] = example.changes;
  if (example.minimum) json["minimum"] = json_of(*example.minimum);
  json["slack_ns"] = example.shrunk.trial.slack.count();
  json["faults"] = to_json(example.shrunk.schedule);
  json["intervals"] = Json::array();
  for (const FailingRange& interval : example.intervals) {
    Json one;
    one["fault"] = interval.fault;
    one["field"] = interval.field;
    one["value"] = interval.value;
    one["low"] = interval.low ? Json(*interval.low) : Json(nullptr);
    one["high"] = interval.high ? Json(*interval.high) : Json(nullptr);
    json["intervals"].push_back(std::move(one));
  }
  json["story"] = Json::array();
  for (const StoryLine& line : example.story)
    json["story"].push_back({{"at_ns", line.at.time_since_epoch().count()}, {"text", line.text}});
  json["holds_with"] = example.remedies;
  if (!example.file.empty()) json["file"] = example.file;
  return json;
}

Json strategies_json(const Tally& tally) {
  Json json = Json::object();
  for (const auto& [name, its] : tally.strategies)
    json[std::string(name)] = {{"schedules", its.tries}, {"violating", its.violations}};
  return json;
}

/// The anchors at which no fault struck, and for how many faults that was so.
Json unreached_json(const CampaignResult& result) {
  Json json = Json::array();
  for (std::size_t place = 0; place < result.tally.anchors.size(); ++place) {
    const AnchorTally& its = result.tally.anchors[place];
    if (its.struck > 0) continue;
    json.push_back({{"anchor", describe(Trigger(result.plan.space.anchors[place].on))},
                    {"faults_hung", its.hung}});
  }
  return json;
}

std::string_view to_string(SearchEnd end) {
  switch (end) {
    case SearchEnd::found:
      return "found";
    case SearchEnd::time:
      return "time";
    case SearchEnd::interrupted:
      return "interrupted";
    case SearchEnd::complete:
    case SearchEnd::unfinished:
    case SearchEnd::failed:
      break;
  }
  return "complete";
}

}  // namespace

std::string fuzz_result_json(const CampaignResult& result) {
  const CampaignPlan& plan = result.plan;
  const Tally& tally = result.tally;
  Json json;
  json["schema"] = "locklab-fuzz/1";
  json["scenario"] = plan.scenario().name;
  json["seed"] = plan.command.seed;
  json["strategy"] = plan.command.strategy;
  json["ended"] = to_string(result.end);
  json["schedules"] = tally.tries;
  json["events"] = tally.events;
  json["violating_schedules"] = tally.violations;
  json["undecided"] = tally.undecided;
  json["digest"] = digest_text(tally.digest);
  json["least_slack_ns"] =
      tally.least_slack == Duration::max() ? Json(nullptr) : Json(tally.least_slack.count());
  json["strategies"] = strategies_json(tally);
  Json unreached = unreached_json(result);
  json["anchors"] = plan.space.anchors.size();
  json["anchors_unreached"] = unreached.size();
  json["unreached"] = std::move(unreached);
  json["found"] = Json::array();
  for (const Counterexample& example : result.examples) json["found"].push_back(json_of(example));
  return json_text(json);
}

}  // namespace locklab
