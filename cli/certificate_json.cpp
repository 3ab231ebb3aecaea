#include "cli/certificate_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/schedule_json.hpp"
#include "invariants/registry.hpp"

namespace locklab {
namespace {

constexpr std::string_view kSchema = "locklab-certificate/1";

Json kinds_json(SearchKinds kinds) {
  Json json = Json::array();
  for (std::size_t i = 0; i < kSearchKinds; ++i)
    if (const auto kind = static_cast<SearchKind>(i); (kinds & kind_bit(kind)) != 0)
      json.push_back(to_string(kind));
  return json;
}

Json durations_json(const std::vector<Duration>& durations) {
  Json json = Json::array();
  for (const Duration duration : durations) json.push_back(to_string(duration));
  return json;
}

Json request_json(const CertificateRequest& request) {
  Json json;
  json["faults"] = request.faults;
  json["kinds"] = kinds_json(request.choice.kinds);
  json["sizes"] = durations_json(request.choice.sizes);
  json["every_anchor"] = request.choice.every_anchor;
  json["checks"] = request.wanted;
  return json;
}

Json space_json(const Enumerator& all) {
  const Enumeration& what = all.what();
  const FaultSpace& space = what.space;
  Json json;
  json["kinds"] = kinds_json(space.kinds);
  json["targets"] = Json::array();
  for (const Target& target : space.targets)
    json["targets"].push_back({{"name", target.name},
                               {"machine", target.machine},
                               {"client", target.client},
                               {"storage", target.storage},
                               {"keeps_keys", target.keeps_keys},
                               {"group", target.group}});
  json["server_sets"] = what.server_sets;
  json["anchors"] = Json::array();
  for (const Anchor& anchor : space.anchors) {
    Json one = to_json(ScheduledFault{anchor.on, Fault{}});
    json["anchors"].push_back({{"on", one["on"]}, {"at", to_string(anchor.at)}});
  }
  json["lasts"] = durations_json(what.lasts);
  json["restarts"] = durations_json(what.restarts);
  json["jumps"] = durations_json(what.jumps);
  json["rates_ppm"] = what.rates;
  json["limits"] = {
      {"pause", to_string(space.longest_pause)}, {"partition", to_string(space.longest_partition)},
      {"delay", to_string(space.longest_delay)}, {"jump", to_string(space.largest_jump)},
      {"rate_ppm", space.largest_rate_ppm},      {"horizon", to_string(space.horizon)}};
  json["atoms"] = all.atoms();
  return json;
}

Json symmetry_json(const Enumerator& all) {
  Json json;
  json["groups"] = Json::array();
  std::vector<std::uint32_t> told;
  for (const Target& target : all.what().space.targets) {
    if (std::ranges::find(told, target.group) != told.end()) continue;
    told.push_back(target.group);
    const std::vector<const Target*> members = all.what().space.group(target.group);
    if (members.size() < 2) continue;
    Json names = Json::array();
    for (const Target* member : members) names.push_back(member->name);
    json["groups"].push_back(std::move(names));
  }
  json["exchanges"] = all.permutations();
  return json;
}

Json place_json(const SchedulePlace& place, const FaultSchedule& schedule) {
  return {{"faults", place.faults}, {"index", place.index}, {"schedule", to_json(schedule)}};
}

/// The member, if it is there and of that type.
const Json* member(const Json& json, const char* key, Json::value_t type) {
  if (!json.is_object() || !json.contains(key)) return nullptr;
  const Json& value = json.at(key);
  if (type == Json::value_t::number_unsigned) return value.is_number_unsigned() ? &value : nullptr;
  return value.type() == type ? &value : nullptr;
}

std::string lacks(std::string_view what) {
  return fmt::format("the certificate has no proper \"{}\"", what);
}

Result<EnumerationChoice, std::string> read_choice(const Json& request) {
  EnumerationChoice choice;
  const Json* kinds = member(request, "kinds", Json::value_t::array);
  const Json* sizes = member(request, "sizes", Json::value_t::array);
  const Json* every = member(request, "every_anchor", Json::value_t::boolean);
  if (kinds == nullptr || kinds->empty()) return lacks("request/kinds");
  if (sizes == nullptr) return lacks("request/sizes");
  if (every == nullptr) return lacks("request/every_anchor");
  choice.kinds = 0;
  for (const Json& name : *kinds) {
    const auto kind = name.is_string() ? search_kind(name.get<std::string>()) : std::nullopt;
    if (!kind) return lacks("request/kinds");
    choice.kinds |= kind_bit(*kind);
  }
  for (const Json& text : *sizes) {
    const auto size = text.is_string() ? parse_duration(text.get<std::string>()) : std::nullopt;
    if (!size || *size <= Duration{0}) return lacks("request/sizes");
    choice.sizes.push_back(*size);
  }
  choice.every_anchor = every->get<bool>();
  return choice;
}

}  // namespace

Json certificate_json(const Node& document, const Scenario& scenario,
                      const CertificateRequest& request, const Enumerator& all,
                      const Certificate& certificate) {
  Json json;
  json["schema"] = kSchema;
  json["version"] = LOCKLAB_VERSION;
  json["scenario"] = scenario.name;
  json["scenario_hash"] = scenario.hash;
  json["seed"] = scenario.seed;
  json["request"] = request_json(request);
  json["space"] = space_json(all);
  json["symmetry"] = symmetry_json(all);
  json["levels"] = Json::array();
  for (const LevelCount& level : certificate.levels)
    json["levels"].push_back({{"faults", level.faults},
                              {"all", level.all},
                              {"skipped", level.skipped},
                              {"run", level.run},
                              {"violating", level.violating},
                              {"undecided", level.undecided}});
  json["events"] = certificate.events;
  json["digest"] = digest_text(certificate.digest);
  json["violations"] = Json::array();
  for (const CertifiedViolation& violation : certificate.violations)
    json["violations"].push_back({{"invariant", violation.invariant},
                                  {"what", violation.what},
                                  {"kinds", kinds_json(violation.kinds)},
                                  {"schedules", violation.schedules},
                                  {"together", violation.together},
                                  {"first", place_json(violation.first, violation.schedule)}});
  json["least_slack"] = nullptr;
  if (certificate.least_slack != Duration::max()) {
    json["least_slack"] = place_json(certificate.closest_place, certificate.closest);
    json["least_slack"]["slack_ns"] = certificate.least_slack.count();
  }
  json["scenario_document"] = to_json(document);
  return json;
}

Result<CertificateFile, std::string> read_certificate(const Json& json) {
  const Json* schema = member(json, "schema", Json::value_t::string);
  if (schema == nullptr || *schema != kSchema)
    return std::string("this is no certificate that `locklab enumerate --out` wrote");
  const Json* request = member(json, "request", Json::value_t::object);
  const Json* document = member(json, "scenario_document", Json::value_t::object);
  if (request == nullptr) return lacks("request");
  if (document == nullptr) return lacks("scenario_document");
  const Json* faults = member(*request, "faults", Json::value_t::number_unsigned);
  const Json* checks = member(*request, "checks", Json::value_t::array);
  if (faults == nullptr || *faults < 1 || *faults > 3) return lacks("request/faults");
  if (checks == nullptr) return lacks("request/checks");
  CertificateFile file;
  file.scenario = json_text(*document);
  file.request.faults = faults->get<std::size_t>();
  for (const Json& check : *checks) {
    if (!check.is_string() || !find_invariant(check.get<std::string>()))
      return lacks("request/checks");
    file.request.wanted.push_back(check.get<std::string>());
  }
  auto choice = read_choice(*request);
  if (!choice) return choice.error();
  file.request.choice = std::move(*choice);
  return file;
}

std::string first_difference(const Json& a, const Json& b) {
  if (a == b) return {};
  const auto inside = [](const std::string& key, const std::string& rest) {
    return rest.empty() ? key : key + "/" + rest;
  };
  if (a.is_object() && b.is_object()) {
    for (const auto& [key, value] : a.items())
      if (!b.contains(key) || b.at(key) != value)
        return inside(key, b.contains(key) ? first_difference(value, b.at(key)) : std::string());
    for (const auto& [key, value] : b.items())
      if (!a.contains(key)) return key;
  }
  if (a.is_array() && b.is_array())
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
      if (i >= a.size() || i >= b.size() || a[i] != b[i])
        return inside(std::to_string(i),
                      i < a.size() && i < b.size() ? first_difference(a[i], b[i]) : std::string());
  return {};
}

}  // namespace locklab
