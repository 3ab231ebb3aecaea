// scenarios/schema.json is written by hand, except for its end, which follows from the lists of
// events and algorithms: LOCKLAB_REWRITE=1 writes that part anew. These tests keep it true: the
// keys that it knows are those that the reader asks for, and its words are those of the registries.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faults/fault.hpp"
#include "scenarios/metrics.hpp"
#include "scenarios/scenario_json.hpp"
#include "scenarios/services/service.hpp"
#include "scenarios/workload.hpp"

namespace locklab {
namespace {

const std::string kSchemaPath = LOCKLAB_SOURCE_DIR "/scenarios/schema.json";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Node parsed(std::string_view text) {
  auto root = parse_located_json(text, "schema.json");
  if (!root) FAIL(to_string(root.error()));
  return *root;
}

/// Not null, or the test ends.
const Node& member(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  if (found == nullptr) FAIL(fmt::format("{} is not there", key));
  return *found;
}

// ---- the end of the schema ----------------------------------------------------------------------

std::string json_text(std::string_view text) { return in_quotes(text, text.size() + 1); }

/// `"a", "b"`, each on a line of its own.
template <class Names>
std::string lines(const Names& names, std::string_view indent) {
  std::string out;
  for (const auto& name : names)
    out += fmt::format("{}{}{}", out.empty() ? "" : ",\n", indent, json_text(name));
  return out;
}

std::string of_parameter(const Parameter& parameter) {
  std::string type;
  std::string standard(parameter.standard);
  switch (parameter.type) {
    case Parameter::Type::duration:
      type = R"("$ref": "#/$defs/time")";
      standard = json_text(standard);
      break;
    case Parameter::Type::integer:
      type = R"("type": "integer")";
      if (parameter.name.ends_with("_permille")) type += R"(, "minimum": 0, "maximum": 1000)";
      break;
    case Parameter::Type::flag:
      type = R"("type": "boolean")";
      break;
    case Parameter::Type::choice: {
      std::string words;
      for (const std::string_view choice : parameter.choices)
        words += (words.empty() ? "" : ", ") + json_text(choice);
      type = fmt::format(R"("enum": [{}])", words);
      standard = json_text(standard);
      break;
    }
  }
  return fmt::format(
      "        {}: {{\n          {},\n          \"default\": {},\n          \"description\": {}\n"
      "        }}",
      json_text(parameter.name), type, standard, json_text(parameter.help));
}

std::string of_algorithm(const Algorithm& algorithm) {
  std::string out = fmt::format(
      "    {}: {{\n      \"type\": \"object\",\n      \"description\": {},\n"
      "      \"additionalProperties\": false,\n      \"properties\": {{\n"
      "        \"algorithm\": {{ \"const\": {} }},\n",
      json_text(fmt::format("locks.{}", algorithm.name)), json_text(algorithm.description),
      json_text(algorithm.name));
  std::vector<std::string_view> presets;
  std::string help = "What is set before the keys beside it.";
  for (const Preset& preset : algorithm.presets) {
    presets.push_back(preset.name);
    help += fmt::format(" {}: {}.", preset.name, preset.help);
  }
  if (!presets.empty())
    out += fmt::format(
        "        \"preset\": {{\n          \"enum\": [\n{}\n          ],\n"
        "          \"description\": {}\n        }},\n",
        lines(presets, "            "), json_text(help));
  for (std::size_t i = 0; i < algorithm.parameters.size(); ++i)
    out += of_parameter(algorithm.parameters[i]) +
           (i + 1 < algorithm.parameters.size() ? ",\n" : "\n");
  return out + "      }\n    }";
}

constexpr std::string_view kEndBegins = "    \"event\": {\n";

/// From "event" on.
std::string end_of_schema() {
  std::string references;
  std::string definitions;
  for (const Algorithm& algorithm : algorithms()) {
    references += fmt::format("{}        {{ \"$ref\": \"#/$defs/locks.{}\" }}",
                              references.empty() ? "" : ",\n", algorithm.name);
    definitions += ",\n" + of_algorithm(algorithm);
  }
  std::string out(kEndBegins);
  out += fmt::format("      \"enum\": [\n{}\n      ]\n    }},\n", lines(event_names(), "        "));
  out += fmt::format(
      "    \"lock\": {{\n      \"type\": \"object\",\n"
      "      \"description\": \"The lock of all clients that have none of their own.\",\n"
      "      \"required\": [\"algorithm\"],\n      \"oneOf\": [\n{}\n      ],\n"
      "      \"examples\": [{{ \"algorithm\": \"redlock\", \"preset\": \"document\", \"ttl\": "
      "\"10s\" }}]\n    }},\n",
      references);
  out += fmt::format(
      "    \"client_lock\": {{\n      \"type\": \"object\",\n"
      "      \"description\": \"What differs from the scenario's lock. Another algorithm, or a "
      "preset, begins anew from its own defaults.\",\n      \"anyOf\": [\n{}\n      ]\n    }}",
      references);
  return out + definitions + "\n  }\n}\n";
}

TEST_CASE("the schema's end is what events and algorithms make it") {
  std::string text = contents(kSchemaPath);
  const std::size_t begin = text.find(kEndBegins);
  REQUIRE(begin != std::string::npos);
  if (std::getenv("LOCKLAB_REWRITE") != nullptr) {
    text = text.substr(0, begin) + end_of_schema();
    std::ofstream(kSchemaPath, std::ios::binary) << text;
  }
  CHECK(text.substr(begin) == end_of_schema());
}

// ---- keys ---------------------------------------------------------------------------------------

/// A document in which every kind of object is present, whatever else is wrong with it.
std::string with_everything() {
  std::string steps;
  for (const std::string_view step : step_names())
    steps += fmt::format("{}{{\"{}\": {{}}}}", steps.empty() ? "" : ", ", step);
  std::string faults;
  for (const FaultKind& fault : fault_kinds())
    faults +=
        fmt::format("{}{{\"on\": {{}}, \"{}\": {{}}}}", faults.empty() ? "" : ", ", fault.name);
  std::string clients;
  for (const Algorithm& algorithm : algorithms())
    clients += fmt::format("{{\"lock\": {{\"algorithm\": \"{}\"}}}}, ", algorithm.name);
  // Sections that hold objects of their own stand below.
  std::string services;
  for (const ServiceKind& kind : service_kinds())
    if (kind.section != "redis" && kind.section != "database" && kind.section != "consul" &&
        kind.section != "dynamodb")
      services += fmt::format("\"{}\": {{}}, ", kind.section);
  return fmt::format(
      R"({{{} "corpus": {{}}, "network": {{"latency": {{"lognormal": {{}}}}, "links": [{{}}],
           "regions": {{"here": []}}, "between": [{{}}]}}, "machines": [{{}}],
           "redis": {{"keys": [{{}}], "save_points": [{{}}], "sentinel": {{}}, "failovers": [{{}}]}},
           "storage": {{}}, "database": {{"standby": {{}}, "pooler": {{}}}},
           "consul": {{"false_alarms": [{{}}]}},
           "dynamodb": {{"unavailable": [{{}}]}},
           "lock": {{"algorithm": "redlock"}}, "workload": {{}},
           "clients": [{} {{"program": [{}]}}], "faults": [{}],
           "checks": {{"bounded_wait": {{}}, "lost_release": {{}}, "fairness": {{}}}},
           "expect": {{"findings": [{{}}], "grants": [{{}}], "refusals": [{{}}], "writes": [{{}}],
                      "damage": {{}}}}}})",
      services, clients, steps, faults);
}

using Keys = std::set<std::string>;

/// The keys of an object that the schema describes: its own, or those of its long form.
void add_properties(const Node& schema, Keys& keys) {
  if (const Node* properties = schema.find("properties"))
    for (const Member& property : properties->members) keys.insert(property.key);
  if (const Node* forms = schema.find("anyOf"))
    for (const Node& form : forms->items) add_properties(form, keys);
}

std::string listed(const Keys& keys) {
  std::string out;
  for (const std::string& key : keys) out += (out.empty() ? "" : ", ") + key;
  return out;
}

TEST_CASE("the schema knows the keys that the reader asks for, and no others") {
  const Node schema = parsed(contents(kSchemaPath));
  const Node& definitions = member(schema, "$defs");
  Diagnostics diagnostics;
  KnownKeys known;
  CHECK_FALSE(read_scenario(parsed(with_everything()), diagnostics, &known));
  CHECK(known.size() > 50);

  std::set<std::string> described;  // the definitions that belong to an object of the reader's
  for (const auto& [section, keys] : known) {
    std::string name = section;
    std::replace(name.begin(), name.end(), '/', '.');
    CAPTURE(name);
    described.insert(name);
    const Node& schema_of_section = name.empty() ? schema : member(definitions, name);
    Keys in_schema;
    add_properties(schema_of_section, in_schema);
    CHECK(listed(keys) == listed(in_schema));
  }
  // And back: whatever else the schema defines as an object is put together from those above.
  for (const Member& definition : definitions.members) {
    if (described.contains(definition.key)) continue;
    if (definition.key == "step" || definition.key == "fault" || definition.key == "latency")
      continue;
    CAPTURE(definition.key);
    Keys in_schema;
    add_properties(definition.value, in_schema);
    CHECK(listed(in_schema).empty());
  }
}

// ---- words --------------------------------------------------------------------------------------

std::string words(const Node& list) {
  std::string out;
  for (const Node& item : list.items) out += item.text + "\n";
  return out;
}

template <class Rows>
std::string names(const Rows& rows) {
  std::string out;
  for (const auto& row : rows) out += std::string(row.name) + "\n";
  return out;
}

TEST_CASE("the schema's words are those of the registries") {
  const Node schema = parsed(contents(kSchemaPath));
  const Node& definitions = member(schema, "$defs");
  const auto keys_of = [&](std::string_view definition) {
    Keys keys;
    add_properties(member(definitions, definition), keys);
    return keys;
  };

  CHECK(words(member(member(definitions, "invariant"), "enum")) == names(invariant_rows()));
  const Node& workload = member(member(definitions, "workload"), "properties");
  CHECK(words(member(member(workload, "kind"), "enum")) == names(workloads()));

  Keys steps;
  for (const std::string_view step : step_names()) steps.emplace(step);
  CHECK(listed(keys_of("step")) == listed(steps));

  Keys faults{"at", "on"};
  for (const FaultKind& fault : fault_kinds()) faults.emplace(fault.name);
  CHECK(listed(keys_of("fault")) == listed(faults));

  CHECK(member(member(member(schema, "properties"), "schema"), "const").text == kScenarioSchema);
}

TEST_CASE("an independent validator agrees about good scenarios and bad ones") {
  const int status = std::system("python3 " LOCKLAB_SOURCE_DIR "/tests/tools/check_schema.py");
  constexpr int kSkipped = 77;
  constexpr int kNotFound = 127;
  const int code = status / 256;
  if (code == kSkipped || code == kNotFound) {
    MESSAGE("SKIPPED: python3 with python3-jsonschema is needed to validate the scenarios");
    return;
  }
  CHECK(status == 0);
}

// ---- what scenarios are made of -----------------------------------------------------------------

TEST_CASE("every fault of the list of faults can be written as its example says") {
  for (const FaultKind& kind : fault_kinds()) {
    CAPTURE(kind.name);
    const std::string text = fmt::format(
        R"({{"schema": "{}", "name": "x", "lock": {{"algorithm": "redlock"}},
             "workload": {{"kind": "plain"}}, "clients": ["client-a"], "faults": [{}]}})",
        kScenarioSchema, kind.example);
    Diagnostics diagnostics;
    const auto scenario = read_scenario(parsed(text), diagnostics);
    CHECK(to_string(diagnostics).empty());
    REQUIRE(scenario);
    REQUIRE(scenario->faults.size() == 1);
    CHECK(kind_of(scenario->faults.front().fault) == kind.name);
  }
}

}  // namespace
}  // namespace locklab
