// `locklab list`: the names that scenarios and commands may use, from the registries themselves.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/registry.hpp"
#include "cli/commands.hpp"
#include "cli/loading.hpp"
#include "cli/patterns.hpp"
#include "cli/result_json.hpp"
#include "cli/table.hpp"
#include "faults/fault.hpp"
#include "invariants/registry.hpp"
#include "reports/registry.hpp"
#include "scenarios/workload.hpp"

namespace locklab {
namespace {

/// One thing of a list: its cells, all of it as JSON, and its page where one can ask for it alone.
struct Item {
  std::string name;
  std::vector<std::string> cells;
  Json json;
  std::string page;
};

struct Listing {
  std::string what;  // "algorithm"
  std::vector<Table::Column> columns;
  std::vector<Item> items;
};

constexpr auto kLeft = Table::Align::left;

// ---- algorithms ---------------------------------------------------------------------------------

std::string_view type_name(Parameter::Type type) {
  switch (type) {
    case Parameter::Type::duration:
      return "duration";
    case Parameter::Type::integer:
      return "integer";
    case Parameter::Type::flag:
      return "flag";
    case Parameter::Type::choice:
      return "choice";
  }
  return {};
}

Json algorithm_json(const Algorithm& algorithm) {
  Json json;
  json["name"] = algorithm.name;
  json["description"] = algorithm.description;
  json["source"] = algorithm.source;
  json["several_nodes"] = !algorithm.several_nodes.empty();
  json["parameters"] = Json::array();
  for (const Parameter& parameter : algorithm.parameters) {
    Json row;
    row["name"] = parameter.name;
    row["type"] = type_name(parameter.type);
    row["default"] = parameter.standard;
    if (!parameter.choices.empty()) row["choices"] = parameter.choices;
    row["help"] = parameter.help;
    json["parameters"].push_back(std::move(row));
  }
  json["presets"] = Json::array();
  for (const Preset& preset : algorithm.presets) {
    Json row;
    row["name"] = preset.name;
    row["help"] = preset.help;
    row["values"] = Json::object();
    for (const PresetValue& value : preset.values)
      row["values"][std::string(value.parameter)] = value.value;
    json["presets"].push_back(std::move(row));
  }
  return json;
}

std::string algorithm_page(const Algorithm& algorithm, const Terminal& terminal) {
  std::string out =
      paragraph(fmt::format("{}: {}", algorithm.name, algorithm.description), terminal);
  out += paragraph(fmt::format("Source: {}", algorithm.source), terminal);
  out += paragraph(algorithm.several_nodes.empty()
                       ? std::string("It uses the first Redis node.")
                       : fmt::format("It uses all {} nodes.", algorithm.several_nodes),
                   terminal);
  out += "\nParameters (in a scenario: \"lock\": {\"algorithm\": ..., PARAMETER: VALUE}):\n";
  Table parameters({{"name"}, {"default"}, {"meaning", kLeft, true}});
  for (const Parameter& parameter : algorithm.parameters) {
    std::string meaning(parameter.help);
    if (!parameter.choices.empty())
      meaning += fmt::format(" [{}]", fmt::join(parameter.choices, ", "));
    parameters.add({std::string(parameter.name), std::string(parameter.standard), meaning});
  }
  out += parameters.text(terminal, 2);
  if (algorithm.presets.empty()) return out;
  out += "\nPresets (\"preset\": NAME):\n";
  Table presets({{"name"}, {"meaning", kLeft, true}});
  for (const Preset& preset : algorithm.presets) {
    std::vector<std::string> values;
    for (const PresetValue& value : preset.values)
      values.push_back(fmt::format("{} {}", value.parameter, value.value));
    std::string meaning(preset.help);
    if (!values.empty()) meaning += fmt::format(" [{}]", fmt::join(values, ", "));
    presets.add({std::string(preset.name), meaning});
  }
  return out + presets.text(terminal, 2);
}

Listing list_algorithms(const Terminal& terminal) {
  Listing listing{"algorithm", {{"algorithm"}, {"what it is", kLeft, true}}, {}};
  for (const Algorithm& algorithm : algorithms())
    listing.items.push_back({std::string(algorithm.name),
                             {std::string(algorithm.name), std::string(algorithm.description)},
                             algorithm_json(algorithm),
                             algorithm_page(algorithm, terminal)});
  return listing;
}

// ---- the others ---------------------------------------------------------------------------------

Listing list_faults(const Terminal& terminal) {
  Listing listing{"fault", {{"fault"}, {"what it is", kLeft, true}}, {}};
  for (const FaultKind& kind : fault_kinds()) {
    Json json;
    json["name"] = kind.name;
    json["description"] = kind.description;
    json["example"] = Json::parse(kind.example, nullptr, false);
    if (json["example"].is_discarded()) json["example"] = kind.example;
    const std::string page =
        paragraph(fmt::format("{}: {}", kind.name, kind.description), terminal) +
        "\nIn a scenario's \"faults\":\n" + fmt::format("  {}\n", kind.example);
    listing.items.push_back({std::string(kind.name),
                             {std::string(kind.name), std::string(kind.description)},
                             std::move(json),
                             page});
  }
  return listing;
}

Listing list_invariants(const Terminal& terminal) {
  Listing listing{"invariant", {{"invariant"}, {"id"}, {"what it demands", kLeft, true}}, {}};
  for (const InvariantRow& row : invariant_rows()) {
    Json json;
    json["name"] = row.name;
    json["id"] = row.id;
    json["description"] = row.description;
    listing.items.push_back(
        {std::string(row.name),
         {std::string(row.name), std::string(row.id), std::string(row.description)},
         std::move(json),
         paragraph(fmt::format("{} ({}): {}", row.name, row.id, row.description), terminal)});
  }
  return listing;
}

Listing list_workloads(const Terminal& terminal) {
  Listing listing{"workload", {{"workload"}, {"damage"}, {"what clients do", kLeft, true}}, {}};
  for (const Workload& workload : workloads()) {
    Json json;
    json["name"] = workload.name;
    json["description"] = workload.description;
    json["damage"] = workload.damage.empty() ? Json(nullptr) : Json(workload.damage);
    const std::string damage(workload.damage.empty() ? "none" : workload.damage);
    listing.items.push_back(
        {std::string(workload.name),
         {std::string(workload.name), damage, std::string(workload.description)},
         std::move(json),
         paragraph(fmt::format("{}: {}; damage: {}", workload.name, workload.description, damage),
                   terminal)});
  }
  return listing;
}

Listing list_formats(const Terminal& terminal) {
  Listing listing{
      "format", {{"format"}, {"what it is for", kLeft, true}, {"opens in", kLeft, true}}, {}};
  for (const Format& format : formats()) {
    Json json;
    json["name"] = format.name;
    json["description"] = format.help;
    json["extension"] = format.extension;
    json["opens_in"] = format.opens;
    const std::string page =
        paragraph(fmt::format("{}: {}; opens in {}", format.name, format.help, format.opens),
                  terminal) +
        fmt::format("\n  locklab run doc-3-jump --format {} --out run{}\n", format.name,
                    format.extension);
    listing.items.push_back(
        {std::string(format.name),
         {std::string(format.name), std::string(format.help), std::string(format.opens)},
         std::move(json),
         page});
  }
  return listing;
}

/// Scenarios are chosen by a pattern, as for `verify`.
std::optional<Listing> list_scenarios(const std::string& pattern) {
  std::string error;
  std::vector<std::string> patterns;
  if (!pattern.empty()) patterns.push_back(pattern);
  const std::vector<std::string> names = matching_scenarios(patterns, error);
  if (!error.empty()) {
    complain(error);
    return std::nullopt;
  }
  Listing listing{
      "scenario", {{"scenario"}, {"violates", kLeft, true}, {"what happens", kLeft, true}}, {}};
  ScenarioLoader loader;
  for (const std::string& name : names) {
    const auto loaded = loader.load(name);
    if (!loaded) continue;
    const Scenario& scenario = loaded->scenario;
    const std::vector<std::string>& violates = scenario.expect.violates;
    Json json;
    json["name"] = name;
    json["title"] = scenario.title;
    json["violates"] = violates;
    json["sources"] = scenario.sources;
    listing.items.push_back(
        {name,
         {name,
          violates.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(violates, ", ")),
          scenario.title},
         std::move(json),
         {}});
  }
  if (loader.mistakes() == 0) return listing;
  print_error(loader.errors());
  return std::nullopt;
}

std::optional<Listing> listing_of(const ListCommand& command, const Terminal& terminal) {
  if (command.kind == "scenarios") return list_scenarios(command.name);
  if (command.kind == "algorithms") return list_algorithms(terminal);
  if (command.kind == "faults") return list_faults(terminal);
  if (command.kind == "invariants") return list_invariants(terminal);
  if (command.kind == "formats") return list_formats(terminal);
  return list_workloads(terminal);
}

ExitCode show_one(const Listing& listing, const ListCommand& command) {
  std::vector<std::string_view> names;
  for (const Item& item : listing.items) {
    names.push_back(item.name);
    if (item.name != command.name) continue;
    print(command.json ? json_text(item.json) : item.page);
    return ExitCode::ok;
  }
  complain(no_such(listing.what, command.name, names, "locklab list " + command.kind));
  return ExitCode::bad_input;
}

}  // namespace

ExitCode list_things(const ListCommand& command, const TerminalChoice& choice) {
  const Terminal terminal = standard_output(choice);
  const std::optional<Listing> listing = listing_of(command, terminal);
  if (!listing) return ExitCode::bad_input;
  if (!command.name.empty() && command.kind != "scenarios") return show_one(*listing, command);

  if (command.json) {
    Json json = Json::array();
    for (const Item& item : listing->items) json.push_back(item.json);
    print(json_text(json));
    return ExitCode::ok;
  }
  Table table(listing->columns);
  for (const Item& item : listing->items) table.add(item.cells);
  print(table.text(terminal));
  return ExitCode::ok;
}

}  // namespace locklab
