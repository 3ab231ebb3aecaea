// Words that the commands share that search a scenario for faults: what is searched, which kinds of
// faults, which invariants.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/loading.hpp"
#include "faults/space.hpp"
#include "scenarios/search.hpp"
#include "sim/result.hpp"

namespace locklab {

/// "redlock" and "redlock:spec" are locks, all else is what `locklab run` takes. Nothing after a
/// mistake, which standard error was then told of.
std::optional<LoadedScenario> load_searched(const std::string& argument,
                                            std::span<const std::string> sets);

/// None named: none. `command` is who lists them, for the sentence about a mistake.
Result<SearchKinds, std::string> kinds_named(const std::vector<std::string>& names,
                                             std::string_view command);

Result<WantedInvariants, std::string> invariants_named(const std::vector<std::string>& names);

}  // namespace locklab
