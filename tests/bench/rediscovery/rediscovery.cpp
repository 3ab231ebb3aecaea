// Is the corpus of published failures found again? Each entry that needs faults is searched from
// its scenario without them, by each strategy, with many seeds: how many schedules until its
// gravest invariant breaks for the first time, and how small what was found gets. Figures are
// reported, never asserted.
//
//   locklab_rediscovery [--seeds 101] [--cap 2000] [--strategies portfolio,uniform] [--only TEXT]
//                       [--jobs 2] [--date DATE] [--machine TEXT] [--markdown FILE]
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "faults/campaign.hpp"
#include "faults/shrinker.hpp"
#include "scenarios/corpus.hpp"
#include "scenarios/library.hpp"
#include "scenarios/search.hpp"

namespace locklab::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// An entry to be found again.
struct Entry {
  std::string id;
  std::string invariant;  // the gravest that its scenario violates
  Scenario scenario;      // without its faults
  FaultSpace space;
  std::size_t minimum = 0;  // faults that its own schedule needs
};

/// What one search came to.
struct Sight {
  std::uint64_t schedules = 0;  // 0: not found within the cap
  std::size_t faults = 0;       // after shrinking
  std::uint64_t shrink_runs = 0;
  Clock::duration shrink_time{};
};

/// The figures of one entry under one strategy.
struct Figures {
  std::vector<Sight> sights;  // by seed

  std::uint64_t quantile(std::size_t percent, std::uint64_t cap) const {
    std::vector<std::uint64_t> all;
    for (const Sight& sight : sights)
      all.push_back(sight.schedules == 0 ? cap + 1 : sight.schedules);
    std::ranges::sort(all);
    return all.empty() ? 0 : all[(all.size() - 1) * percent / 100];
  }
  std::size_t found() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(sights, [](const Sight& sight) { return sight.schedules > 0; }));
  }
};

struct Options {
  std::uint64_t seeds = 101;
  std::uint64_t cap = 2'000;
  std::vector<std::string> strategies{"portfolio", "enumerate", "anchored",
                                      "swarm",     "branch",    "uniform"};
  std::string only;
  unsigned jobs = std::max(std::thread::hardware_concurrency(), 1U);
  std::string date = "undated";
  std::string machine = "unnamed machine";
  std::string markdown;
  bool show = false;
};

// ---- what is searched ---------------------------------------------------------------------------

SameBug breaks(const std::string& invariant) {
  return [invariant](const Trial& trial) { return trial.invariant == invariant; };
}

/// An entry whose invariant breaks without any fault has nothing to be searched.
std::optional<Entry> entry_of(const CorpusItem& item) {
  const std::string name = corpus_scenario(item.id);
  if (!library_text(name)) return std::nullopt;
  Entry entry;
  entry.id = item.id;
  entry.scenario = built_in_scenario(name);
  if (entry.scenario.faults.empty()) return std::nullopt;
  const FaultSchedule own = std::exchange(entry.scenario.faults, {});
  for (const std::string& invariant : entry.scenario.expect.violates)
    if (entry.invariant.empty() || severity(invariant) > severity(entry.invariant))
      entry.invariant = invariant;
  if (entry.invariant.empty()) return std::nullopt;

  ScenarioOracle oracle(entry.scenario, {entry.invariant});
  if (oracle.run({}).violated() || !oracle.run(own).violated()) return std::nullopt;
  entry.space = fault_space(entry.scenario);
  entry.minimum = shrink(own, entry.space, oracle, breaks(entry.invariant)).schedule.size();
  return entry;
}

// ---- one search ---------------------------------------------------------------------------------

Sight search(const Entry& entry, const StrategyKind& strategy, std::uint64_t seed,
             const Options& options) {
  const CampaignSettings settings{seed, &strategy};
  std::vector<std::unique_ptr<Island>> islands;
  for (std::uint32_t number = 0; number < kIslands; ++number)
    islands.push_back(std::make_unique<Island>(entry.space, settings, number));
  ScenarioOracle oracle(entry.scenario, {entry.invariant});
  for (std::uint64_t tries = 0; tries < options.cap; ++tries) {
    Island& island = *islands[tries % kIslands];
    island.step(oracle);
    if (!island.found()) continue;
    Sight sight;
    sight.schedules = tries + 1;
    const Tally tally = island.tally();
    const Clock::time_point begin = Clock::now();
    const std::uint64_t signature = tally.found.front().trial.signature;
    const Shrunk shrunk =
        shrink(tally.found.front().schedule, entry.space, oracle,
               [signature](const Trial& trial) { return trial.signature == signature; });
    sight.shrink_time = Clock::now() - begin;
    sight.faults = shrunk.schedule.size();
    sight.shrink_runs = shrunk.tries;
    if (options.show) {
      fmt::print("{} seed {} after {}:\n", entry.id, seed, sight.schedules);
      for (const ScheduledFault& fault : shrunk.schedule) fmt::print("    {}\n", describe(fault));
    }
    return sight;
  }
  return {};
}

// ---- words --------------------------------------------------------------------------------------

struct Row {
  const Entry* entry;
  std::vector<Figures> by_strategy;
};

std::string count_text(std::uint64_t count, std::uint64_t cap) {
  return count > cap ? fmt::format("> {}", cap) : fmt::format("{}", count);
}

double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return values.empty() ? 0 : std::exp(sum / static_cast<double>(values.size()));
}

std::uint64_t median_of(std::vector<std::uint64_t> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

/// The figures over all entries, strategy by strategy.
std::string summary(const std::vector<Row>& rows, const Options& options) {
  std::string out =
      "| strategy | found with every seed | median of medians | geometric mean of medians | median "
      "of p90 | gain over uniform "
      "(geometric mean) | slowest against uniform | shrunk to the known minimum | shrinking, "
      "median "
      "|\n| --- | --: | --: | --: | --: | --: | --: | --: | --: |\n";
  const auto uniform = static_cast<std::size_t>(std::ranges::find(options.strategies, "uniform") -
                                                options.strategies.begin());
  for (std::size_t s = 0; s < options.strategies.size(); ++s) {
    std::size_t always = 0;
    std::size_t found = 0;
    std::size_t minimal = 0;
    std::vector<std::uint64_t> medians;
    std::vector<std::uint64_t> p90s;
    std::vector<std::uint64_t> shrink_us;
    std::vector<double> gains;
    double slowest = 0;
    for (const Row& row : rows) {
      const Figures& figures = row.by_strategy[s];
      always += figures.found() == figures.sights.size() ? 1 : 0;
      medians.push_back(figures.quantile(50, options.cap));
      p90s.push_back(figures.quantile(90, options.cap));
      for (const Sight& sight : figures.sights) {
        if (sight.schedules == 0) continue;
        ++found;
        minimal += sight.faults <= row.entry->minimum ? 1 : 0;
        shrink_us.push_back(static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(sight.shrink_time).count()));
      }
      if (uniform < options.strategies.size()) {
        const double gain =
            static_cast<double>(row.by_strategy[uniform].quantile(50, options.cap)) /
            static_cast<double>(medians.back());
        gains.push_back(gain);
        slowest = std::max(slowest, 1 / gain);
      }
    }
    out += fmt::format(
        "| {} | {} of {} | {} | {:.1f} | {} | {:.1f} | {:.1f} times | {:.1f} % | {:.1f} ms |\n",
        options.strategies[s], always, rows.size(), count_text(median_of(medians), options.cap),
        geometric_mean({medians.begin(), medians.end()}), count_text(median_of(p90s), options.cap),
        geometric_mean(gains), slowest,
        found == 0 ? 0.0 : 100.0 * static_cast<double>(minimal) / static_cast<double>(found),
        static_cast<double>(median_of(shrink_us)) / 1000.0);
  }
  return out;
}

std::string table(const std::vector<Row>& rows, const Options& options) {
  std::string out = "| entry | invariant | faults needed |";
  for (const std::string& strategy : options.strategies) out += fmt::format(" {} |", strategy);
  out += "\n| --- | --- | --: |";
  for (std::size_t i = 0; i < options.strategies.size(); ++i) out += " --: |";
  out += '\n';
  for (const Row& row : rows) {
    out += fmt::format("| {} | {} | {} |", row.entry->id, row.entry->invariant, row.entry->minimum);
    for (const Figures& figures : row.by_strategy) {
      out += fmt::format(" {} / {}", count_text(figures.quantile(50, options.cap), options.cap),
                         count_text(figures.quantile(90, options.cap), options.cap));
      if (figures.found() < figures.sights.size())
        out += fmt::format(" ({} of {})", figures.found(), figures.sights.size());
      out += " |";
    }
    out += '\n';
  }
  return out;
}

std::string markdown(const std::vector<Row>& rows, const Options& options) {
  return fmt::format(
      "# The corpus, found again\n\n"
      "Each entry of the [corpus](corpus.md) whose failure needs faults, searched from its "
      "scenario "
      "without\nthem: how many schedules until its gravest invariant breaks for the first time. "
      "{} seeds an entry and\nstrategy, at most {} schedules a search, with `--beyond` and "
      "otherwise the default settings of "
      "`locklab fuzz`.\n\n"
      "Made on {} ({}) with\n\n```\n./dev bench fuzz --seeds {} --cap {}\n```\n\n"
      "Only the times depend on the machine. \"Faults needed\" is what the entry's own schedule "
      "shrinks to.\n`uniform` draws one to three faults a schedule, the others up to twelve: "
      "[Searching for faults](fuzzing.md)\nsays what that is worth.\n\n"
      "{}\n## Entry by entry\n\nMedian / 90th percentile of the schedules until the first "
      "violation; "
      "in brackets with how many seeds it\nwas found, where not with all.\n\n{}",
      options.seeds, options.cap, options.date, options.machine, options.seeds, options.cap,
      summary(rows, options), table(rows, options));
}

// ---- all of it ----------------------------------------------------------------------------------

int measure(const Options& options) {
  std::vector<Entry> entries;
  for (const CorpusChapter& chapter : corpus_list().chapters)
    for (const CorpusItem& item : chapter.items)
      if (options.only.empty() || item.id.find(options.only) != std::string::npos)
        if (auto entry = entry_of(item)) entries.push_back(std::move(*entry));

  std::vector<Row> rows;
  for (const Entry& entry : entries) {
    Row row{&entry, std::vector<Figures>(options.strategies.size())};
    // A list is the same with every seed.
    for (std::size_t s = 0; s < options.strategies.size(); ++s)
      row.by_strategy[s].sights.resize(options.strategies[s] == "enumerate" ? 1 : options.seeds);
    rows.push_back(std::move(row));
  }
  const std::size_t a_row = options.strategies.size() * options.seeds;
  const std::size_t tasks = rows.size() * a_row;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t task = next++; task < tasks; task = next++) {
      Row& row = rows[task / a_row];
      const std::size_t strategy = task % a_row / options.seeds;
      const std::size_t seed = task % options.seeds;
      if (seed >= row.by_strategy[strategy].sights.size()) continue;
      row.by_strategy[strategy].sights[seed] =
          search(*row.entry, *find_strategy(options.strategies[strategy]), seed + 1, options);
      if (task % 512 == 0) fmt::print(stderr, "\r{} of {} searches", task, tasks);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  fmt::print(stderr, "\r{} searches            \n", tasks);

  const std::string report = markdown(rows, options);
  if (options.markdown.empty()) {
    fmt::print("{}", report);
    return 0;
  }
  std::ofstream(options.markdown) << report;
  return 0;
}

}  // namespace
}  // namespace locklab::bench

int main(int argc, char** argv) {
  locklab::bench::Options options;
  CLI::App app{"Searches the corpus of failures anew and counts the schedules that it takes."};
  app.add_option("--seeds", options.seeds, "Searches an entry and strategy")->capture_default_str();
  app.add_option("--cap", options.cap, "Schedules a search at most")->capture_default_str();
  app.add_option("--strategies", options.strategies, "Which")->delimiter(',');
  app.add_option("--only", options.only, "Entries whose id contains this");
  app.add_option("--jobs", options.jobs, "Threads");
  app.add_option("--date", options.date, "Said in the report");
  app.add_option("--machine", options.machine, "Said in the report");
  app.add_option("--markdown", options.markdown, "Write the report to this file");
  app.add_flag("--show", options.show, "Print what each search found");
  CLI11_PARSE(app, argc, argv);
  for (const std::string& name : options.strategies) {
    if (locklab::find_strategy(name) != nullptr) continue;
    fmt::print(stderr, "no strategy is called {}\n", name);
    return 2;
  }
  return locklab::bench::measure(options);
}
