// A scenario from its JSON [docs/scenario-format.md, scenarios/schema.json]. All mistakes of a file
// are found in one go: those of form (types, units, unknown keys) and those of meaning (a fault
// that names a client that is not there).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "scenarios/diagnostics.hpp"
#include "scenarios/located_json.hpp"
#include "scenarios/scenario.hpp"

namespace locklab {

/// What a file says that it is; another number would mean another format.
inline constexpr std::string_view kScenarioSchema = "locklab-scenario/1";

/// The keys that the reader has asked for, by the kind of object, under the names that schema.json
/// has for them: "network", "steps/acquire", "faults/pause". For the test that keeps the two equal.
using KnownKeys = std::map<std::string, std::set<std::string>, std::less<>>;

/// The scenario, or nothing if anything was wrong. `diagnostics` must be empty when it is called.
std::optional<Scenario> read_scenario(const Node& root, Diagnostics& diagnostics,
                                      KnownKeys* keys = nullptr);

/// 16 hexadecimal digits that tell one scenario from another. Formatting, comments and the order of
/// an object's members do not matter; every value does.
std::string scenario_hash(const Node& root);

/// The kinds of step, as a program writes them, in the order of Step::Kind.
std::span<const std::string_view> step_names();

/// The names that a scenario gives its processes: the clients', "redis-1" to "redis-5", "storage".
/// In the order in which the runner creates them.
std::vector<std::string> process_names(const Scenario& scenario);

}  // namespace locklab
