#include "cli/search_words.hpp"

#include <fmt/format.h>

#include "cli/terminal.hpp"
#include "invariants/registry.hpp"
#include "scenarios/lock_scenario.hpp"

namespace locklab {

std::optional<LoadedScenario> load_searched(const std::string& argument,
                                            std::span<const std::string> sets) {
  ScenarioLoader loader(sets);
  const std::string text = lock_scenario_text(argument);
  auto loaded = text.empty() ? loader.load(argument) : loader.load_text(argument, text);
  if (!loaded) print_error(loader.errors());
  return loaded;
}

Result<SearchKinds, std::string> kinds_named(const std::vector<std::string>& names,
                                             std::string_view command) {
  SearchKinds kinds = 0;
  for (const std::string& name : names) {
    if (const auto kind = search_kind(name)) {
      kinds |= kind_bit(*kind);
      continue;
    }
    std::vector<std::string_view> known;
    for (std::size_t i = 0; i < kSearchKinds; ++i)
      known.push_back(to_string(static_cast<SearchKind>(i)));
    return no_such("kind of fault", name, known, fmt::format("{} --help", command));
  }
  return kinds;
}

Result<WantedInvariants, std::string> invariants_named(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (find_invariant(name)) continue;
    std::vector<std::string_view> known;
    for (const InvariantRow& row : invariant_rows()) known.push_back(row.name);
    return no_such("invariant", name, known, "locklab list invariants");
  }
  return names;
}

}  // namespace locklab
