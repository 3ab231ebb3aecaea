#include "scenarios/lock_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "algorithms/registry.hpp"

namespace locklab {

std::string lock_scenario_text(std::string_view lock) {
  const std::size_t colon = std::min(lock.find(':'), lock.size());
  const Algorithm* algorithm = find_algorithm(lock.substr(0, colon));
  if (algorithm == nullptr) return {};
  std::string preset;
  if (colon < lock.size()) {
    const std::string_view wanted = lock.substr(colon + 1);
    if (std::ranges::find(algorithm->presets, wanted, &Preset::name) == algorithm->presets.end())
      return {};
    preset = fmt::format(R"(, "preset": "{}")", wanted);
  }
  // Both come back for more, so that a lock that was lost once is wanted again.
  return fmt::format(
      R"({{"schema": "locklab-scenario/1", "name": "{0}",
           "title": "Two clients sell from one stock under {0}",
           "lock": {{"algorithm": "{0}"{1}}},
           "storage": {{"registers": {{"stock": 100}}}},
           "workload": {{"kind": "inventory", "resource": "item", "work": "100ms", "rounds": 2,
                         "timeout": "30s"}},
           "clients": [{{"name": "client-a", "belief": "deadline_aware"}},
                       {{"name": "client-b", "belief": "deadline_aware", "start": "20ms"}}]}})",
      algorithm->name, preset);
}

}  // namespace locklab
