// `locklab compare`: every lock under every fault. The runs are independent of one another and
// counted in their own order, so any number of threads prints the same bytes.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/compare_report.hpp"
#include "cli/loading.hpp"
#include "cli/team.hpp"

namespace locklab {
namespace {

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at) words.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

std::optional<CompareLock> lock_named(const std::string& label, std::string& error) {
  const std::size_t colon = std::min(label.find(':'), label.size());
  CompareLock lock{find_algorithm(label.substr(0, colon)), {}, {}};
  if (lock.algorithm == nullptr) {
    std::vector<std::string_view> known;
    for (const Algorithm& algorithm : algorithms()) known.push_back(algorithm.name);
    error = no_such("lock", label.substr(0, colon), known, "locklab list algorithms");
    return std::nullopt;
  }
  if (colon == label.size()) return lock;
  lock.preset = label.substr(colon + 1);
  std::vector<std::string_view> known;
  for (const Preset& preset : lock.algorithm->presets) {
    if (preset.name == lock.preset) return lock;
    known.push_back(preset.name);
  }
  error = no_such(fmt::format("preset of {}", lock.algorithm->name), lock.preset, known,
                  fmt::format("locklab list algorithms {}", lock.algorithm->name));
  return std::nullopt;
}

std::vector<CompareLock> chosen_locks(const std::string& list, std::string& error) {
  std::vector<CompareLock> locks;
  if (list.empty())
    for (const Algorithm& algorithm : algorithms()) locks.push_back({&algorithm, {}, {}});
  for (const std::string& label : split(list))
    if (const auto lock = lock_named(label, error)) locks.push_back(*lock);
  return locks;
}

std::vector<CompareFault> chosen_faults(const std::string& list, std::string& error) {
  std::vector<CompareFault> faults;
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < kCompareFaults; ++i) {
    if (list.empty()) faults.push_back(static_cast<CompareFault>(i));
    known.push_back(row_of(static_cast<CompareFault>(i)).name);
  }
  for (const std::string& name : split(list)) {
    if (const auto fault = compare_fault(name))
      faults.push_back(*fault);
    else
      error = no_such("fault to compare under", name, known, "locklab compare --help");
  }
  return faults;
}

}  // namespace

ExitCode compare_locks(const CompareCommand& command, const TerminalChoice& choice) {
  std::string error;
  const std::vector<CompareLock> locks = chosen_locks(command.locks, error);
  Comparison comparison{command.seed, command.runs, chosen_faults(command.faults, error), {}, {}};
  if (!error.empty()) {
    complain(error);
    return ExitCode::bad_input;
  }
  {
    Runner runner;
    for (const CompareLock& lock : locks) {
      std::string why_not;
      if (auto plan = plan_compare(lock, {}, runner, why_not)) {
        const std::size_t faults = comparison.faults.size();
        comparison.locks.push_back({*std::move(plan), {}, {}, 0});
        comparison.locks.back().cells.resize(faults);
      } else {
        comparison.left_out.push_back(lock.label() + ": " + why_not);
      }
    }
  }

  // A task is one cell, or what a lock costs.
  const std::size_t columns = comparison.faults.size() + 1;
  work_together(comparison.locks.size() * columns, command.jobs, "cells",
                standard_error(choice).is_terminal, [&](std::size_t task, Runner& runner) {
                  ComparedLock& lock = comparison.locks[task / columns];
                  if (task % columns == 0) {
                    lock.performance = measure_performance(lock.plan.lock, command.seed, runner);
                    lock.survived = survivable_servers(lock.plan, command.seed, runner);
                    return;
                  }
                  const std::size_t column = task % columns - 1;
                  const CompareFault fault = comparison.faults[column];
                  if (!applies(lock.plan, fault)) return;
                  CompareCell cell;
                  for (std::uint64_t number = 0; number < command.runs; ++number)
                    cell.add(run_compare(lock.plan, fault, command.seed, number, runner));
                  lock.cells[column] = std::move(cell);
                });

  if (command.json)
    print(json_text(compare_json(comparison)));
  else if (command.csv)
    print(compare_csv(comparison));
  else if (command.markdown)
    print(compare_markdown(comparison));
  else
    print(compare_text(comparison, standard_output(choice)));
  for (const ComparedLock& lock : comparison.locks)
    for (const auto& cell : lock.cells)
      if (cell && cell->undecided > 0) return ExitCode::undecided;
  return ExitCode::ok;
}

}  // namespace locklab
