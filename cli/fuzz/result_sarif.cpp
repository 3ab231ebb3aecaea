#include <algorithm>

#include "cli/fuzz/result.hpp"
#include "cli/result_json.hpp"
#include "invariants/registry.hpp"

namespace locklab {
namespace {

/// A path as a relative or absolute reference [RFC 3986]: what is neither unreserved nor a slash
/// is written as its bytes.
std::string uri_of(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain)
      out += c;
    else
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return path.starts_with('/') ? "file://" + out : out;
}

Json rules_of(const std::vector<std::string_view>& invariants) {
  Json rules = Json::array();
  for (const std::string_view name : invariants) {
    const InvariantRow& row = invariant_rows()[*find_invariant(name)];
    rules.push_back({{"id", row.name},
                     {"shortDescription", {{"text", row.description}}},
                     {"defaultConfiguration", {{"level", "error"}}}});
  }
  return rules;
}

/// The text of a message is plain, but brackets in it would be read as links [SARIF 3.11.6].
std::string message_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

Json result_of(const Counterexample& example, const std::vector<std::string_view>& invariants) {
  const auto rule = std::ranges::find(invariants, example.shrunk.trial.invariant);
  std::string text = example.sentence;
  for (const ScheduledFault& fault : example.shrunk.schedule) text += "\n" + describe(fault);
  Json location = {
      {"physicalLocation",
       {{"artifactLocation", {{"uri", uri_of(example.file)}}}, {"region", {{"startLine", 1}}}}}};
  return {{"ruleId", example.shrunk.trial.invariant},
          {"ruleIndex", rule - invariants.begin()},
          {"level", "error"},
          {"message", {{"text", message_text(text)}}},
          {"locations", Json::array({std::move(location)})},
          {"partialFingerprints", {{"locklabCounterexample/v1", example.name}}}};
}

}  // namespace

std::string sarif_text(const CampaignResult& result) {
  const std::vector<std::string_view> invariants = invariants_checked(result.plan);
  Json driver;
  driver["name"] = "locklab";
  driver["semanticVersion"] = LOCKLAB_VERSION;
  driver["rules"] = rules_of(invariants);
  Json run;
  run["tool"]["driver"] = std::move(driver);
  run["results"] = Json::array();
  for (const Counterexample& example : result.examples)
    run["results"].push_back(result_of(example, invariants));
  Json json;
  json["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  json["version"] = "2.1.0";
  json["runs"] = Json::array({std::move(run)});
  return json_text(json);
}

}  // namespace locklab
