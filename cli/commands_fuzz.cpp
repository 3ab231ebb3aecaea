// `locklab fuzz`: schedules of faults are tried until something breaks; what broke is shrunk to the
// smallest schedule that breaks it, measured, and written as a scenario file. Sixteen islands
// search side by side, whatever the number of threads, so N tries are the same N tries everywhere.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/loading.hpp"
#include "cli/schedule_json.hpp"
#include "cli/table.hpp"
#include "cli/verdict.hpp"
#include "faults/campaign.hpp"
#include "faults/shrinker.hpp"
#include "invariants/registry.hpp"
#include "scenarios/lock_scenario.hpp"
#include "scenarios/remedies.hpp"
#include "scenarios/search.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t kStepsARound = 32;

/// The islands, and the threads that let them search.
class Search {
 public:
  Search(const Scenario& scenario, const FaultSpace& space, const WantedInvariants& wanted,
         const CampaignSettings& settings, const FuzzCommand& command, std::size_t jobs)
      : command_(command) {
    for (std::uint32_t number = 0; number < kIslands; ++number)
      islands_.push_back(std::make_unique<Island>(space, settings, number));
    for (std::size_t i = 0; i < jobs; ++i)
      oracles_.push_back(std::make_unique<ScenarioOracle>(scenario, wanted));
  }

  Tally run(bool show_progress) {
    const Clock::time_point begin = Clock::now();
    Clock::time_point shown = begin;
    for (;;) {
      if (!round()) break;
      const Tally tally = joined();
      if (command_.until_found && !tally.found.empty()) break;
      const auto took = Clock::now() - begin;
      if (command_.time && took >= *command_.time) break;
      if (show_progress && Clock::now() - shown > std::chrono::milliseconds(200)) {
        shown = Clock::now();
        show(tally, took);
      }
    }
    if (show_progress) print_error("\r\033[K");
    took_ = Clock::now() - begin;
    return joined();
  }

  ScenarioOracle& oracle() { return *oracles_.front(); }
  Clock::duration took() const { return took_; }

 private:
  /// How many tries an island may make in all.
  std::uint64_t share(std::uint32_t island) const {
    if (!command_.runs) return ~std::uint64_t{0};
    return *command_.runs / kIslands + (island < *command_.runs % kIslands ? 1 : 0);
  }

  /// Some tries by every island. False: none has any left.
  bool round() {
    std::atomic<std::uint32_t> next{0};
    std::atomic<bool> any{false};
    const auto work = [&](ScenarioOracle& oracle) {
      for (std::uint32_t mine = next++; mine < kIslands; mine = next++) {
        Island& island = *islands_[mine];
        for (std::uint64_t step = 0; step < kStepsARound; ++step) {
          if (island.tries() >= share(mine) || !island.step(oracle)) break;
          any = true;
        }
      }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < oracles_.size(); ++i)
      threads.emplace_back([&, i] { work(*oracles_[i]); });
    work(*oracles_.front());
    for (std::thread& thread : threads) thread.join();
    return any;
  }

  Tally joined() const {
    Tally all = islands_.front()->tally();
    for (std::uint32_t i = 1; i < kIslands; ++i) all.join(islands_[i]->tally());
    return all;
  }

  static void show(const Tally& tally, Clock::duration took) {
    const auto ms = std::max<std::int64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(took).count(), 1);
    std::string line =
        fmt::format("\r\033[K{} schedules, {} a second, {} found", tally.tries,
                    tally.tries * 1000 / static_cast<std::uint64_t>(ms), tally.found.size());
    if (tally.least_slack != Duration::max())
      line += fmt::format(", least slack {}", to_string(tally.least_slack));
    print_error(line);
  }

  const FuzzCommand& command_;
  std::vector<std::unique_ptr<Island>> islands_;
  std::vector<std::unique_ptr<ScenarioOracle>> oracles_;
  Clock::duration took_{};
};

/// A bug, shrunk.
struct Counterexample {
  std::uint64_t number = 0;  // of the try that showed it first
  Shrunk shrunk;
  std::vector<FailingRange> intervals;
  std::vector<std::string> remedies;
  std::vector<Finding> findings;
  std::string sentence;  // of its heaviest finding
  std::string file;      // empty: not written
};

bool same_bug(const Trial& trial, std::uint64_t signature) { return trial.signature == signature; }

// ---- words --------------------------------------------------------------------------------------

std::string number_text(const FailingRange& interval, std::int64_t value) {
  return interval.is_time ? to_string(Duration{value}) : fmt::format("{} ppm", value);
}

/// "lasts: from 4988ms on (it is 9000ms)"
std::string interval_text(const FailingRange& interval) {
  std::string range;
  if (interval.low && interval.high)
    range = fmt::format("from {} to {}", number_text(interval, *interval.low),
                        number_text(interval, *interval.high));
  else if (interval.low)
    range = fmt::format("from {} on", number_text(interval, *interval.low));
  else if (interval.high)
    range = fmt::format("up to {}", number_text(interval, *interval.high));
  else
    range = "whatever it is";
  return fmt::format("fault {}, {}: {} (here {})", interval.fault + 1, interval.field, range,
                     number_text(interval, interval.value));
}

std::string heading(const std::string& lock, const FaultSpace& space, const Tally& tally,
                    Clock::duration took) {
  const auto ms = std::max<std::int64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(took).count(), 1);
  return fmt::format(
      "{}: {} schedules of up to {} faults on {} anchors in {} ms ({} a second, {} events a "
      "second)",
      lock, tally.tries, space.most_faults, space.anchors.size(), ms,
      tally.tries * 1000 / static_cast<std::uint64_t>(ms),
      tally.events * 1000 / static_cast<std::uint64_t>(ms));
}

/// What "nothing was found" means: with n tries and no hit, a probability above 3/n would have
/// shown itself with 95 % certainty.
std::string nothing_found(const Tally& tally, const FaultSpace& space) {
  std::string out = fmt::format(
      "No violation in {} schedules. If such schedules broke it with a probability above {} in a "
      "million, 95 times in 100 one would have been seen.",
      tally.tries, tally.tries == 0 ? 1'000'000 : 2'995'732 / tally.tries + 1);
  if (tally.least_slack != Duration::max())
    out += fmt::format(" The closest came within {}:", to_string(tally.least_slack));
  out += '\n';
  for (const ScheduledFault& fault : tally.closest) out += "  " + describe(fault) + '\n';
  if (!tally.unreached.empty()) {
    out += fmt::format("At {} of {} anchors no fault struck", tally.unreached.size(),
                       space.anchors.size());
    for (std::size_t i = 0; i < std::min<std::size_t>(tally.unreached.size(), 3); ++i)
      out += (i == 0 ? ": " : ", ") + describe(Trigger(space.anchors[tally.unreached[i]].on));
    out += tally.unreached.size() > 3 ? ", ...\n" : ".\n";
  }
  return out;
}

std::string text_of(const Counterexample& example, const Terminal& terminal) {
  std::string out = paragraph(example.sentence, terminal);
  out += fmt::format("  found by schedule {}, shrunk to {} in {} runs{}\n", example.number,
                     example.shrunk.schedule.size() == 1
                         ? std::string("1 fault")
                         : fmt::format("{} faults", example.shrunk.schedule.size()),
                     example.shrunk.tries,
                     example.shrunk.one_minimal ? "; no smaller step keeps the bug" : "");
  for (std::size_t i = 0; i < example.shrunk.schedule.size(); ++i)
    out += fmt::format("  {}. {}\n", i + 1, describe(example.shrunk.schedule[i]));
  for (const FailingRange& interval : example.intervals)
    out += "     " + interval_text(interval) + '\n';
  if (!example.remedies.empty()) {
    out += "  Under the same faults it holds with:\n";
    for (const std::string& remedy : example.remedies) out += "     " + remedy + '\n';
  }
  if (!example.file.empty()) out += fmt::format("  locklab run {}\n", example.file);
  return out;
}

Json json_of(const Counterexample& example) {
  Json json;
  json["invariant"] = example.shrunk.trial.invariant;
  json["what"] = example.shrunk.trial.what;
  json["message"] = example.sentence;
  json["found_by_schedule"] = example.number;
  json["shrink_runs"] = example.shrunk.tries;
  json["one_minimal"] = example.shrunk.one_minimal;
  json["slack_ns"] = example.shrunk.trial.slack.count();
  json["faults"] = to_json(example.shrunk.schedule);
  json["intervals"] = Json::array();
  for (const FailingRange& interval : example.intervals) {
    Json one;
    one["fault"] = interval.fault;
    one["field"] = interval.field;
    one["value"] = interval.value;
    one["low"] = interval.low ? Json(*interval.low) : Json(nullptr);
    one["high"] = interval.high ? Json(*interval.high) : Json(nullptr);
    json["intervals"].push_back(std::move(one));
  }
  json["holds_with"] = example.remedies;
  if (!example.file.empty()) json["file"] = example.file;
  return json;
}

// ---- what was asked for -------------------------------------------------------------------------

/// "redlock" and "redlock:spec" are locks, all else is what `locklab run` takes.
std::optional<LoadedScenario> load(const FuzzCommand& command, std::string& errors) {
  ScenarioLoader loader(command.sets);
  const std::string text = lock_scenario_text(command.scenario);
  auto loaded =
      text.empty() ? loader.load(command.scenario) : loader.load_text(command.scenario, text);
  errors = loader.errors();
  return loaded;
}

Result<SearchKinds, std::string> kinds_of(const std::vector<std::string>& names) {
  if (names.empty()) return kEveryKind;
  SearchKinds kinds = 0;
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < kSearchKinds; ++i)
    known.push_back(to_string(static_cast<SearchKind>(i)));
  for (const std::string& name : names) {
    const auto kind = search_kind(name);
    if (!kind) return no_such("kind of fault", name, known, "locklab fuzz --help");
    kinds |= kind_bit(*kind);
  }
  return kinds;
}

Result<WantedInvariants, std::string> wanted_of(const std::vector<std::string>& names) {
  std::vector<std::string_view> known;
  for (const InvariantRow& row : invariant_rows()) known.push_back(row.name);
  for (const std::string& name : names)
    if (std::ranges::find(known, name) == known.end())
      return no_such("invariant", name, known, "locklab list invariants");
  return names;
}

std::string file_name_of(const Counterexample& example, const Scenario& scenario) {
  std::string lock(scenario.lock.algorithm->name);
  return fmt::format("{}--{}--{:08x}.json", example.shrunk.trial.invariant, lock,
                     hash_text(to_text(example.shrunk.schedule)) & 0xFFFFFFFFu);
}

}  // namespace

ExitCode fuzz_scenario(const FuzzCommand& command, const TerminalChoice& choice) {
  std::string errors;
  const auto loaded = load(command, errors);
  if (!loaded) {
    print_error(errors);
    return ExitCode::bad_input;
  }
  const auto kinds = kinds_of(command.faults);
  const auto wanted = wanted_of(command.checks);
  if (!kinds || !wanted) {
    complain(!kinds ? kinds.error() : wanted.error());
    return ExitCode::bad_input;
  }
  const Scenario& scenario = loaded->scenario;
  FaultSpace space = fault_space(scenario);
  space.kinds = *kinds;
  space.most_faults = command.most_faults;

  const CampaignSettings settings{command.seed, find_strategy(command.strategy)};
  const std::size_t jobs =
      command.jobs > 0 ? command.jobs : std::max(std::thread::hardware_concurrency(), 1U);
  const Terminal terminal = standard_output(choice);
  Search search(scenario, space, *wanted, settings, command, jobs);
  const Tally tally = search.run(standard_error(choice).is_terminal);

  std::vector<Counterexample> examples;
  std::vector<std::uint64_t> shrunk_to;
  for (const Found& found : tally.found) {
    ScenarioOracle& oracle = search.oracle();
    const SameBug same = [&](const Trial& trial) { return same_bug(trial, found.trial.signature); };
    Counterexample example;
    example.number = found.number;
    example.shrunk = shrink(found.schedule, space, oracle, same);
    // Many first sights are one bug: what they shrink to says which.
    const std::uint64_t smallest = signature_of(example.shrunk.schedule, example.shrunk.trial);
    if (std::ranges::find(shrunk_to, smallest) != shrunk_to.end()) continue;
    shrunk_to.push_back(smallest);
    example.intervals = failing_ranges(example.shrunk.schedule, space, oracle, same);
    example.remedies = remedies(scenario, example.shrunk.schedule, example.shrunk.trial, *wanted);
    oracle.run(example.shrunk.schedule);
    example.findings = oracle.result().findings;
    example.sentence = oracle.heaviest_message();
    if (!command.out.empty()) {
      const std::string name = file_name_of(example, scenario);
      std::error_code ignored;
      std::filesystem::create_directories(command.out, ignored);
      example.file = (std::filesystem::path(command.out) / name).string();
      const Json file = with_schedule(loaded->document, name.substr(0, name.size() - 5),
                                      example.shrunk.schedule, example.findings);
      const auto written = write_file(example.file, json_text(file));
      if (!written) {
        complain(written.error().sentence);
        return ExitCode::bad_input;
      }
    }
    examples.push_back(std::move(example));
    if (command.until_found) break;
  }

  if (command.json) {
    Json json;
    json["schema"] = "locklab-fuzz/1";
    json["scenario"] = scenario.name;
    json["seed"] = command.seed;
    json["strategy"] = command.strategy;
    json["schedules"] = tally.tries;
    json["events"] = tally.events;
    json["violating_schedules"] = tally.violations;
    json["undecided"] = tally.undecided;
    json["digest"] = digest_text(tally.digest);
    json["least_slack_ns"] =
        tally.least_slack == Duration::max() ? Json(nullptr) : Json(tally.least_slack.count());
    json["anchors"] = space.anchors.size();
    json["anchors_unreached"] = tally.unreached.size();
    json["found"] = Json::array();
    for (const Counterexample& example : examples) json["found"].push_back(json_of(example));
    print(json_text(json));
  } else {
    std::string out =
        paragraph(heading(loaded->argument, space, tally, search.took()), terminal) + '\n';
    if (examples.empty()) out += nothing_found(tally, space);
    // The smallest first; the rest is in the files and in --json.
    constexpr std::size_t kMostShown = 5;
    std::ranges::stable_sort(examples, {}, [](const Counterexample& example) {
      return size_of(example.shrunk.schedule);
    });
    for (std::size_t i = 0; i < std::min(examples.size(), kMostShown); ++i)
      out += text_of(examples[i], terminal) + '\n';
    if (examples.size() > kMostShown)
      out += fmt::format("and {} more; --out DIR writes all, --json lists them\n",
                         examples.size() - kMostShown);
    print(out);
  }
  return examples.empty() ? ExitCode::ok : ExitCode::not_as_expected;
}

}  // namespace locklab
