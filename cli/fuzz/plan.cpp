#include "cli/fuzz/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "cli/option_values.hpp"
#include "cli/search_words.hpp"
#include "cli/terminal.hpp"
#include "faults/strategy.hpp"
#include "scenarios/diagnostics.hpp"
#include "scenarios/envelope.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

constexpr std::string_view kSchema = "locklab-journal/1";

/// Without a word about faults: those that the locks were built to survive.
FaultSpace space_of(const Scenario& scenario, const FuzzCommand& command, SearchKinds kinds) {
  const bool within = command.faults.empty() && !command.beyond;
  FaultSpace space = within ? envelope(scenario) : fault_space(scenario);
  space.kinds &= kinds;
  space.most_faults = command.most_faults;
  return space;
}

/// What the command asks for; without a word about it what the locks promise. Beyond their envelope
/// they promise nothing: there, and where there is no lock, it is all that the scenario checks.
Result<WantedInvariants, std::string> wanted_of(const Scenario& scenario,
                                                const FuzzCommand& command) {
  if (!command.checks.empty() || command.beyond) return invariants_named(command.checks);
  const std::vector<std::string_view> promised = promised_invariants(scenario);
  return WantedInvariants(promised.begin(), promised.end());
}

/// Sees that a space is another one: its scenario is the same, but this program is not.
std::uint64_t fingerprint(const FaultSpace& space) {
  std::string text =
      fmt::format("{} {} {} {} {} {} {} {}", space.kinds, space.most_faults, space.horizon.count(),
                  space.longest_pause.count(), space.longest_partition.count(),
                  space.longest_delay.count(), space.largest_jump.count(), space.largest_rate_ppm);
  for (const Target& target : space.targets)
    text += fmt::format("\n{} {} {} {} {} {}", target.name, target.machine, target.client,
                        target.storage, target.keeps_keys, target.group);
  for (const Anchor& anchor : space.anchors)
    text +=
        fmt::format("\n{} {} {}", describe(Trigger(anchor.on)), anchor.at.count(), anchor.weight);
  for (const Exclusion& exclusion : space.exclusions)
    text += fmt::format("\n{} {} {} {} {}", exclusion.kinds, static_cast<int>(exclusion.whom),
                        exclusion.because, exclusion.rate_ppm, exclusion.only_if_back);
  for (const Duration size : space.sizes) text += fmt::format(" {}", size.count());
  for (const std::string& kind : space.message_kinds) text += '\n' + kind;
  for (const std::string& key : space.keys) text += '\n' + key;
  text += fmt::format(" {}", space.quiet_after.count());
  return hash_text(text);
}

std::optional<CampaignPlan> plan(const FuzzCommand& command, LoadedScenario loaded) {
  const auto wanted = wanted_of(loaded.scenario, command);
  if (!wanted) {
    complain(wanted.error());
    return std::nullopt;
  }
  const auto kinds = kinds_named(command.faults, "locklab fuzz");
  if (!kinds) {
    complain(kinds.error());
    return std::nullopt;
  }
  FaultSpace space =
      space_of(loaded.scenario, command, command.faults.empty() ? kEveryKind : *kinds);
  return CampaignPlan{command,
                      std::move(loaded),
                      *wanted,
                      std::move(space),
                      {command.seed, find_strategy(command.strategy)},
                      {command.shard, command.shards}};
}

bool are_texts(const Json& json) {
  return json.is_array() &&
         std::ranges::all_of(json, [](const Json& one) { return one.is_string(); });
}

/// Has it all that a header of this program has, each of the right type?
bool is_header(const Json& json) {
  const auto is_text = [&](const char* key) { return json.contains(key) && json[key].is_string(); };
  const auto is_number = [&](const char* key) {
    return json.contains(key) && json[key].is_number_unsigned();
  };
  return json.is_object() && is_text("schema") && json["schema"] == kSchema && is_text("locklab") &&
         is_text("lock") && is_text("strategy") && is_text("space") && is_number("most") &&
         is_number("seed") && json.contains("runs") && json.contains("until_found") &&
         json["until_found"].is_boolean() && json.contains("beyond") &&
         json["beyond"].is_boolean() && json.contains("shard") && json.contains("faults") &&
         are_texts(json["faults"]) && json.contains("check") && are_texts(json["check"]) &&
         json.contains("scenario");
}

/// What a key of the header is called where the user reads of it.
std::string_view name_of(std::string_view key) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kNames{
      {{"faults", "--faults"},
       {"beyond", "--beyond"},
       {"check", "--check"},
       {"most", "--most"},
       {"strategy", "--strategy"},
       {"seed", "--seed"},
       {"runs", "--runs"},
       {"until_found", "--until-found"},
       {"shard", "--shard"},
       {"locklab", "the version of locklab"}}};
  for (const auto& [known, name] : kNames)
    if (known == key) return name;
  return {};
}

/// A scenario is too long for a sentence, and a fingerprint says nothing to people.
std::string what_differs(std::string_view key, const Json& there, const Json& here) {
  const std::string_view name = name_of(key);
  if (name.empty())
    return key == "space" ? "the faults that this build of locklab would try are others"
                          : "the scenario is another one";
  const auto shown = [](const Json& value) {
    return value.is_null() || value.empty() ? std::string("not given") : value.dump();
  };
  return fmt::format("{} is {} there, and {} here", name, shown(there), shown(here));
}

}  // namespace

FaultSpace space_of(const Scenario& scenario, const CampaignPlan& plan) {
  return space_of(scenario, plan.command, plan.space.kinds);
}

std::optional<CampaignPlan> plan_campaign(const FuzzCommand& command) {
  auto loaded = load_searched(command.scenario, command.sets);
  return loaded ? plan(command, std::move(*loaded)) : std::nullopt;
}

std::string header_of(const CampaignPlan& plan) {
  const FuzzCommand& command = plan.command;
  Json json;
  json["schema"] = kSchema;
  json["locklab"] = LOCKLAB_VERSION;
  json["faults"] = command.faults;
  json["beyond"] = command.beyond;
  json["check"] = command.checks;
  json["most"] = command.most_faults;
  json["strategy"] = command.strategy;
  json["seed"] = command.seed;
  json["runs"] = command.runs ? Json(*command.runs) : Json(nullptr);
  json["until_found"] = command.until_found;
  json["shard"] = plan.shard.of == 1 ? Json(nullptr)
                                     : Json(fmt::format("{}/{}", plan.shard.number, plan.shard.of));
  json["lock"] = plan.loaded.argument;
  json["scenario"] = to_json(plan.loaded.document);
  json["space"] = digest_text(fingerprint(plan.space));
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string difference(std::string_view there, std::string_view here, CompareShards shards) {
  const Json its = Json::parse(there, nullptr, false);
  const Json ours = Json::parse(here, nullptr, false);
  if (!is_header(its)) return "it was written by another locklab";
  for (const auto& [key, value] : ours.items()) {
    // One scenario can be named in several ways.
    if (key == "lock" || (key == "shard" && shards == CompareShards::no)) continue;
    const Json its_value = its.contains(key) ? its[key] : Json(nullptr);
    if (its_value != value) return what_differs(key, its_value, value);
  }
  return {};
}

Shard shard_of_header(std::string_view header) {
  const Json json = Json::parse(header, nullptr, false);
  Shard shard;
  if (!is_header(json) || !json["shard"].is_string()) return shard;
  const auto read = read_shard(json["shard"].get<std::string>());
  if (read) std::tie(shard.number, shard.of) = *read;
  return shard;
}

std::optional<CampaignPlan> plan_of_header(std::string_view header, const std::string& path) {
  const Json json = Json::parse(header, nullptr, false);
  const auto refuse = [&](std::string_view why) {
    complain(fmt::format("cannot go by {}: {}", in_quotes(path, 400), why));
    return std::nullopt;
  };
  if (!is_header(json)) return refuse("it was written by another locklab");
  const auto version = json["locklab"].get<std::string>();
  if (version != LOCKLAB_VERSION)
    return refuse(
        fmt::format("locklab {} wrote it, and this is " LOCKLAB_VERSION, printable(version)));
  FuzzCommand command;
  command.scenario = json["lock"].get<std::string>();
  command.faults = json["faults"].get<std::vector<std::string>>();
  command.beyond = json["beyond"].get<bool>();
  command.checks = json["check"].get<std::vector<std::string>>();
  command.most_faults = json["most"].get<std::size_t>();
  command.strategy = json["strategy"].get<std::string>();
  command.seed = json["seed"].get<std::uint64_t>();
  if (json["runs"].is_number_unsigned()) command.runs = json["runs"].get<std::uint64_t>();
  command.until_found = json["until_found"].get<bool>();
  const Shard shard = shard_of_header(header);
  command.shard = shard.number;
  command.shards = shard.of;
  if (find_strategy(command.strategy) == nullptr) return refuse("there is no strategy of its name");

  ScenarioLoader loader;
  auto loaded = loader.load_text(command.scenario, json["scenario"].dump());
  if (!loaded) {
    print_error(loader.errors());
    return refuse("its scenario cannot be read");
  }
  auto made = plan(command, std::move(*loaded));
  if (!made) return std::nullopt;
  const std::string differs = difference(header, header_of(*made), CompareShards::yes);
  if (!differs.empty()) return refuse(differs);
  return made;
}

}  // namespace locklab
