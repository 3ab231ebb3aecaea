#include "tests/longrun/false_alarms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "scenarios/envelope.hpp"
#include "scenarios/search.hpp"

namespace locklab::longrun {
namespace {

/// Islands number `first`, `first` + `jobs`, ... one after the other.
void search_islands(std::vector<std::unique_ptr<Island>>& islands, std::atomic<std::uint32_t>& next,
                    std::uint64_t runs, ScenarioOracle& oracle) {
  for (std::uint32_t mine = next++; mine < kIslands; mine = next++) {
    const std::uint64_t share = runs / kIslands + (mine < runs % kIslands ? 1 : 0);
    Island& island = *islands[mine];
    while (island.tries() < share && island.step(oracle)) {
    }
  }
}

std::string told(const Found& found, ScenarioOracle& oracle) {
  oracle.run(found.schedule);
  std::string out = fmt::format("schedule {}: {}", found.number, oracle.heaviest_message());
  for (const ScheduledFault& fault : found.schedule) out += "\n    " + to_text(fault);
  return out;
}

}  // namespace

QuietRun search_quietly(const Subject& subject, std::uint64_t runs, std::uint64_t seed,
                        std::size_t jobs) {
  const auto begin = std::chrono::steady_clock::now();
  const Scenario scenario = scenario_of(subject);
  const FaultSpace space = envelope(scenario);
  QuietRun quiet;
  quiet.label = label_of(subject);
  quiet.promises = promises_of(scenario);

  const CampaignSettings settings{seed, find_strategy("portfolio")};
  std::vector<std::unique_ptr<Island>> islands;
  for (std::uint32_t number = 0; number < kIslands; ++number)
    islands.push_back(std::make_unique<Island>(space, settings, number));
  std::atomic<std::uint32_t> next{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::max<std::size_t>(jobs, 1); ++i)
    threads.emplace_back([&] {
      ScenarioOracle oracle(scenario, quiet.promises);
      search_islands(islands, next, runs, oracle);
    });
  for (std::thread& thread : threads) thread.join();

  quiet.tally = islands.front()->tally();
  for (std::uint32_t i = 1; i < kIslands; ++i) quiet.tally.join(islands[i]->tally());
  ScenarioOracle oracle(scenario, quiet.promises);
  for (const Found& found : quiet.tally.found) quiet.findings.push_back(told(found, oracle));
  quiet.milliseconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now() - begin)
                                     .count());
  return quiet;
}

}  // namespace locklab::longrun
