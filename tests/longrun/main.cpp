// Runs that take too long for every day, and the records that they leave.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "cli/files.hpp"
#include "tests/longrun/determinism.hpp"
#include "tests/longrun/false_alarms.hpp"
#include "tests/longrun/record.hpp"

namespace locklab::longrun {
namespace {

constexpr int kViolation = 1;
constexpr int kBadFile = 2;
constexpr int kNotDeterministic = 4;

struct Options {
  std::uint64_t runs = 1'000'000;
  std::uint64_t seed = 1;
  std::size_t jobs = 1;
  std::string lock;      // a part of its name; empty: all
  std::string markdown;  // a file; empty: none
  std::string date;
};

Occasion occasion(const Options& options, std::string_view verb) {
  return {options.date, fmt::format("{}, {} threads", processor(), options.jobs),
          fmt::format("./dev bench {} --markdown FILE --date DATE", verb)};
}

int write_record(const Options& options, const std::string& page) {
  if (options.markdown.empty()) return 0;
  const auto written = write_file(options.markdown, page);
  if (written) return 0;
  fmt::print(stderr, "{}.\n", written.error().sentence);
  return kBadFile;
}

int false_alarms(const Options& options) {
  std::vector<QuietRun> runs;
  bool violated = false;
  for (const Subject& subject : correct_locks()) {
    if (label_of(subject).find(options.lock) == std::string::npos) continue;
    runs.push_back(search_quietly(subject, options.runs, options.seed, options.jobs));
    const QuietRun& run = runs.back();
    fmt::print("{}: {} schedules in {} ms, {} violations\n", run.label, run.tally.tries,
               run.milliseconds, run.tally.violations);
    for (const std::string& finding : run.findings) fmt::print("  {}\n", finding);
    std::fflush(stdout);
    violated = violated || run.tally.violations > 0;
  }
  const int wrote =
      write_record(options, false_alarms_page(runs, occasion(options, "false-alarms")));
  return violated ? kViolation : wrote;
}

int determinism(const Options& options) {
  std::vector<DeterminismRow> rows;
  for (const std::string& lock : all_locks())
    if (lock.find(options.lock) != std::string::npos) rows.push_back({lock, {}});
  if (rows.empty()) return 0;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t mine = next++; mine < rows.size(); mine = next++) {
      const std::uint64_t share =
          options.runs / rows.size() + (mine < options.runs % rows.size() ? 1 : 0);
      rows[mine].runs = run_twice(scenario_of(rows[mine].lock), share, options.seed);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.jobs, 1); ++i)
    threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();

  std::uint64_t runs = 0;
  bool diverged = false;
  for (const DeterminismRow& row : rows) {
    runs += row.runs.runs;
    if (!row.runs.divergence) continue;
    diverged = true;
    fmt::print("{} is not deterministic:\n{}", row.lock,
               explain(scenario_of(row.lock), *row.runs.divergence));
  }
  fmt::print("{} double runs of {} locks: {}\n", runs, rows.size(),
             diverged ? "not all are equal" : "all are equal");
  const int wrote = write_record(options, determinism_page(rows, occasion(options, "determinism")));
  return diverged ? kNotDeterministic : wrote;
}

}  // namespace
}  // namespace locklab::longrun

int main(int argc, char** argv) {
  using namespace locklab::longrun;
  CLI::App app{"Long runs, and the records that they leave", "./dev bench"};
  app.require_subcommand(1);
  Options options;
  CLI::App* alarms = app.add_subcommand(
      "false-alarms", "Search the correct locks inside their envelopes; 1 if something is found");
  CLI::App* twice = app.add_subcommand(
      "determinism", "Run random schedules twice; 4 and the first difference if there is one");
  for (CLI::App* command : {alarms, twice}) {
    command->add_option("--runs", options.runs, "Schedules, of each lock or in all")
        ->check(CLI::PositiveNumber);
    command->add_option("--seed", options.seed, "Another seed, other schedules");
    command->add_option("--jobs", options.jobs, "Threads")->check(CLI::PositiveNumber);
    command->add_option("--lock", options.lock, "Only locks with this in their name");
    CLI::Option* date = command->add_option("--date", options.date, "Today, for the record");
    command->add_option("--markdown", options.markdown, "Write the record to this file")
        ->needs(date);
  }
  CLI11_PARSE(app, argc, argv);
  return alarms->parsed() ? false_alarms(options) : determinism(options);
}
