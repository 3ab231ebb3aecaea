// `locklab fuzz`: schedules of faults are tried until something breaks; what broke is shrunk to the
// smallest schedule that breaks it, measured, and written as a scenario file. Sixteen islands
// search side by side, whatever the number of threads, so N tries are the same N tries everywhere.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/fuzz/journal.hpp"
#include "cli/fuzz/plan.hpp"
#include "cli/fuzz/progress.hpp"
#include "cli/fuzz/reporting.hpp"
#include "cli/fuzz/search.hpp"
#include "cli/signals.hpp"
#include "scenarios/diagnostics.hpp"

namespace locklab {
namespace {

using std::chrono::milliseconds;

/// Of how many schedules the whole is, and this part of it.
std::uint64_t runs_of(const CampaignPlan& plan, std::uint64_t runs) {
  std::uint64_t ours = 0;
  for (std::uint32_t island = 0; island < kIslands; ++island)
    if (plan.shard.has(island)) ours += share_of(runs, island);
  return ours;
}

/// The journal in --out, at its beginning. Null after an error, which standard error was told of.
std::unique_ptr<Journal> open_journal(const CampaignPlan& plan) {
  const FuzzCommand& command = plan.command;
  if (!make_folder(command.out)) return nullptr;
  const std::string path = (std::filesystem::path(command.out) / journal_name(plan.shard)).string();
  auto opened = Journal::open(path, Journal::For::writing);
  if (!opened) {
    complain(opened.error().sentence);
    return nullptr;
  }
  std::unique_ptr<Journal> journal = std::move(*opened);
  const std::string header = header_of(plan);
  if (journal->header().empty()) {
    const auto begun = journal->begin(header);
    if (begun) return journal;
    complain(begun.error().sentence);
    return nullptr;
  }
  const std::string differs = difference(journal->header(), header, CompareShards::yes);
  if (command.resume && differs.empty()) return journal;
  complain(
      command.resume
          ? fmt::format("cannot go on with the campaign in {}: {}", in_quotes(path, 400), differs)
          : fmt::format("there is a campaign in {} already: --resume goes on with it, another "
                        "--out begins anew",
                        in_quotes(command.out, 400)));
  return nullptr;
}

void tell_of_damage(const Journal& journal) {
  if (journal.left_out() == 0) return;
  complain(
      fmt::format("the last {} bytes of {} were torn or damaged; what they told of was tried "
                  "again",
                  journal.left_out(), in_quotes(journal.path(), 400)));
}

/// With a journal nothing is lost, and reported once it is complete.
ExitCode stopped(const CampaignPlan& plan, const Tally& tally) {
  print_error(
      fmt::format("Interrupted after {} schedules, {} distinct violation{} so far. The same "
                  "command goes on{}.\n",
                  tally.tries, tally.found.size(), tally.found.size() == 1 ? "" : "s",
                  plan.command.resume ? "" : " if --resume is added to it"));
  return ExitCode::interrupted;
}

/// A shard has found what it has found; what that comes to is said when all are merged.
ExitCode shard_done(const CampaignPlan& plan, const Tally& tally) {
  print(
      fmt::format("{}: shard {} of {} is complete: {} schedules, {} distinct violation{}. "
                  "`locklab merge` reports.\n",
                  printable(plan.loaded.argument), plan.shard.number, plan.shard.of, tally.tries,
                  tally.found.size(), tally.found.size() == 1 ? "" : "s"));
  return ExitCode::ok;
}

}  // namespace

ExitCode fuzz_scenario(const FuzzCommand& command, const TerminalChoice& choice) {
  const auto plan = plan_campaign(command);
  if (!plan) return ExitCode::bad_input;
  std::vector<std::unique_ptr<Journal>> journals;
  if (!command.out.empty()) {
    journals.push_back(open_journal(*plan));
    if (journals.front() == nullptr) return ExitCode::bad_input;
  }
  Search search(*plan, journals, SearchMode::run, command.jobs);
  std::optional<std::uint64_t> runs;
  if (command.runs) runs = runs_of(*plan, *command.runs);
  Progress progress(standard_error(choice), runs, command.time);
  SearchEnd end{};
  {
    const GracefulInterrupt interrupt;
    end = search.run(progress, interrupt);
  }
  if (!journals.empty()) tell_of_damage(*journals.front());
  if (end == SearchEnd::failed) {
    complain(search.error());
    return ExitCode::bad_input;
  }
  if (end == SearchEnd::interrupted && !journals.empty()) return stopped(*plan, search.tally());
  if (plan->shard.of > 1) return shard_done(*plan, search.tally());
  const ExitCode code = report_campaign(
      *plan, end, search.tally(), std::chrono::duration_cast<milliseconds>(search.took()), choice);
  return end == SearchEnd::interrupted ? worse(code, ExitCode::interrupted) : code;
}

}  // namespace locklab
