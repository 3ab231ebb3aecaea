// `locklab advise`: asks what the lock is for, tries what the services allow, and says which lock,
// with which settings, on what evidence, and what remains unsafe.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/compare_report.hpp"
#include "cli/loading.hpp"
#include "cli/table.hpp"
#include "cli/team.hpp"
#include "scenarios/advice.hpp"

namespace locklab {
namespace {

constexpr std::size_t kFinalists = 3;
constexpr std::uint64_t kTrialRuns = 8;  // a fault, before the finalists get as many as were wanted

/// One question: its option, what is asked, and what may be answered.
struct Question {
  const char* option;
  std::string AdviseCommand::*answer;
  std::string text;
  const char* otherwise;  // what an empty answer means; null: there must be one
};

std::vector<Question> questions() {
  return {
      {"--correctness", &AdviseCommand::correctness,
       "If two clients held the lock at once, would data be corrupted (correctness), or work be "
       "done twice (efficiency)?",
       nullptr},
      {"--storage-checks-tokens", &AdviseCommand::storage_checks_tokens,
       "Can what the lock protects compare a fencing token with every write (yes or no)?", nullptr},
      {"--longest-pause", &AdviseCommand::longest_pause,
       "What is the longest pause of a client that must do no harm (10s)?", nullptr},
      {"--have", &AdviseCommand::have,
       fmt::format("Which services do you have, with commas between them ({})?",
                   fmt::join(known_services(), ", ")),
       nullptr},
      {"--contention", &AdviseCommand::contention,
       "Do many clients want the same lock at the same time (low or high; low)?", "low"},
      {"--cross-region", &AdviseCommand::cross_region,
       "Are clients and servers in several regions (yes or no; no)?", "no"},
  };
}

/// Asks for what the command line does not say. False: the input ended.
bool ask_the_rest(AdviseCommand& command) {
  for (const Question& question : questions()) {
    std::string& answer = command.*question.answer;
    while (answer.empty()) {
      print_error(question.text + ' ');
      if (!std::getline(std::cin, answer)) return false;
      if (answer.empty() && question.otherwise != nullptr) answer = question.otherwise;
    }
  }
  return true;
}

std::string missing_options(const AdviseCommand& command) {
  std::vector<std::string> missing;
  for (const Question& question : questions())
    if ((command.*question.answer).empty() && question.otherwise == nullptr)
      missing.emplace_back(question.option);
  return fmt::format("{}", fmt::join(missing, ", "));
}

/// One of two words, as true for the first.
bool read_either(const std::string& option, const std::string& answer, const std::string& first,
                 const std::string& second, std::string& error) {
  if (answer != first && answer != second && error.empty())
    error = fmt::format("{}: {} is neither {} nor {}", option, answer, first, second);
  return answer == first;
}

Requirements read_requirements(const AdviseCommand& command, std::string& error) {
  Requirements needs;
  needs.correctness =
      read_either("--correctness", command.correctness, "correctness", "efficiency", error);
  needs.storage_checks_tokens =
      read_either("--storage-checks-tokens", command.storage_checks_tokens, "yes", "no", error);
  const std::string contention = command.contention.empty() ? "low" : command.contention;
  needs.contention = read_either("--contention", contention, "high", "low", error);
  const std::string cross_region = command.cross_region.empty() ? "no" : command.cross_region;
  needs.cross_region = read_either("--cross-region", cross_region, "yes", "no", error);
  const auto pause = parse_duration(command.longest_pause);
  if (pause && *pause >= 0s && *pause <= 1h)
    needs.longest_pause = *pause;
  else if (error.empty())
    error = fmt::format("--longest-pause: {} is no time from 0s to 1h, such as 10s",
                        command.longest_pause);
  std::string unknown;
  if (const auto have = services_from(command.have, unknown))
    needs.have = *have;
  else if (error.empty())
    error = "--have: " + no_such("service", unknown, known_services(), "locklab advise --help");
  return needs;
}

// ---- the trials ---------------------------------------------------------------------------------

class Trials {
 public:
  Trials(const Requirements& needs, const AdviseCommand& command, bool progress)
      : needs_(needs), command_(command), progress_(progress) {
    Runner runner;
    for (const CompareLock& lock : candidates(needs)) {
      std::string why_not;
      if (auto plan = plan_compare(lock, advised_scale(needs), runner, why_not))
        locks_.push_back({*std::move(plan), {}, {}, 0});
    }
  }

  /// All locks, the fittest first; the finalists with as many runs as were wanted.
  std::vector<ComparedLock> run() {
    try_all(kTrialRuns);
    rank();
    if (locks_.size() > kFinalists) locks_.resize(kFinalists);
    try_all(command_.runs);
    rank();
    return std::move(locks_);
  }

 private:
  void try_all(std::uint64_t runs) {
    const std::vector<CompareFault>& faults = advised_faults();
    for (ComparedLock& lock : locks_) lock.cells.assign(faults.size(), std::nullopt);
    const std::size_t columns = faults.size() + 1;
    work_together(locks_.size() * columns, command_.jobs, "trials", progress_,
                  [&](std::size_t task, Runner& runner) {
                    ComparedLock& lock = locks_[task / columns];
                    if (task % columns == 0) {
                      lock.performance = measure_performance(lock.plan.lock, command_.seed, runner);
                      lock.survived = survivable_servers(lock.plan, command_.seed, runner);
                      return;
                    }
                    const CompareFault fault = faults[task % columns - 1];
                    if (!applies(lock.plan, fault)) return;
                    CompareCell cell;
                    for (std::uint64_t number = 0; number < runs; ++number)
                      cell.add(run_compare(lock.plan, fault, command_.seed, number, runner));
                    lock.cells[task % columns - 1] = std::move(cell);
                  });
  }

  void rank() {
    std::stable_sort(locks_.begin(), locks_.end(),
                     [this](const ComparedLock& a, const ComparedLock& b) {
                       return is_fitter(fitness_of(a, needs_), fitness_of(b, needs_), needs_);
                     });
  }

  const Requirements& needs_;
  const AdviseCommand& command_;
  bool progress_;
  std::vector<ComparedLock> locks_;
};

// ---- what is said -------------------------------------------------------------------------------

Comparison evidence(const ComparedLock& lock, const AdviseCommand& command) {
  return {command.seed, command.runs, advised_faults(), {lock}, {}};
}

Json advice_json(const std::vector<ComparedLock>& ranked, const Requirements& needs,
                 const AdviseCommand& command) {
  const ComparedLock& best = ranked.front();
  Json json;
  json["schema"] = "locklab-advice/1";
  json["lock"] = {{"algorithm", best.plan.lock.algorithm->name}, {"preset", best.plan.lock.preset}};
  json["set"] = best.plan.lock.sets;
  json["settings"] = settings_of(best, needs);
  json["remains_unsafe"] = remaining_risks(best, needs);
  json["document"] = document_answer(needs);
  json["next_best"] = Json::array();
  for (std::size_t i = 1; i < ranked.size(); ++i)
    json["next_best"].push_back(ranked[i].plan.lock.label());
  json["evidence"] = compare_json(evidence(best, command))["locks"][0];
  return json;
}

std::string list_text(const std::string& title, const std::vector<std::string>& sentences,
                      const Terminal& terminal) {
  std::string out = '\n' + title + '\n';
  for (const std::string& sentence : sentences) out += paragraph("- " + sentence, terminal, 2);
  return out;
}

std::string advice_text(const std::vector<ComparedLock>& ranked, const Requirements& needs,
                        const AdviseCommand& command, const Terminal& terminal) {
  const ComparedLock& best = ranked.front();
  std::string out = paragraph(
      fmt::format("Take {}: {}.", best.plan.lock.label(), best.plan.lock.algorithm->description),
      terminal);
  std::vector<std::string> others;
  for (std::size_t i = 1; i < ranked.size(); ++i) others.push_back(ranked[i].plan.lock.label());
  if (!others.empty())
    out += paragraph(fmt::format("Next best: {}.", fmt::join(others, ", ")), terminal);
  out += paragraph(fmt::format("The document's decision tree says: {}.", document_answer(needs)),
                   terminal);
  out += list_text("How to use it:", settings_of(best, needs), terminal);
  out += list_text("What remains unsafe:", remaining_risks(best, needs), terminal);
  out += fmt::format("\nThe evidence, {} runs a fault:\n\n", command.runs);
  return out + compare_text(evidence(best, command), terminal);
}

}  // namespace

ExitCode advise(AdviseCommand command, const TerminalChoice& choice) {
  const Terminal errors = standard_error(choice);
  if (const std::string missing = missing_options(command); !missing.empty()) {
    if (!standard_input_is_terminal()) {
      complain(fmt::format("advise needs {}; on a terminal it asks for them", missing));
      return ExitCode::bad_input;
    }
    if (!ask_the_rest(command)) return ExitCode::bad_input;
  }
  std::string error;
  const Requirements needs = read_requirements(command, error);
  if (!error.empty()) {
    complain(error);
    return ExitCode::bad_input;
  }
  const std::vector<ComparedLock> ranked = Trials(needs, command, errors.is_terminal).run();
  if (ranked.empty()) {
    complain("no lock can do with these services alone");
    return ExitCode::bad_input;
  }
  if (command.json)
    print(json_text(advice_json(ranked, needs, command)));
  else
    print(advice_text(ranked, needs, command, standard_output(choice)));
  return ExitCode::ok;
}

}  // namespace locklab
