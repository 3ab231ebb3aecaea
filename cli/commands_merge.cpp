// `locklab merge`: the shards of a campaign, searched by several processes or machines, are put
// together. Their journals tell what came of each try, so nothing is run again but to shrink what
// was found; the result is that of one process, byte for byte.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "cli/commands.hpp"
#include "cli/fuzz/journal.hpp"
#include "cli/fuzz/plan.hpp"
#include "cli/fuzz/progress.hpp"
#include "cli/fuzz/reporting.hpp"
#include "cli/fuzz/search.hpp"
#include "cli/signals.hpp"
#include "scenarios/diagnostics.hpp"

namespace locklab {
namespace {

namespace fs = std::filesystem;
using Journals = std::vector<std::unique_ptr<Journal>>;

std::string quoted(const std::string& path) { return in_quotes(path, 400); }

/// The journals in a folder, by name.
Result<std::vector<std::string>, std::string> journals_in(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (is_journal_name(entry->path().filename().string())) paths.push_back(entry->path().string());
  if (error) return fmt::format("cannot read {}: {}", quoted(folder), error.message());
  if (paths.empty())
    return fmt::format("there is no campaign in {}: `locklab fuzz --out` begins one",
                       quoted(folder));
  std::ranges::sort(paths);
  return paths;
}

Result<Journals, std::string> open_all(const std::vector<std::string>& folders) {
  Journals journals;
  for (const std::string& folder : folders) {
    const auto paths = journals_in(folder);
    if (!paths) return paths.error();
    for (const std::string& path : *paths) {
      auto opened = Journal::open(path, Journal::For::reading);
      if (!opened) return opened.error().sentence;
      if ((*opened)->header().empty())
        return fmt::format("{} is not even begun: go on with it by --resume", quoted(path));
      journals.push_back(std::move(*opened));
    }
  }
  return journals;
}

/// What keeps these from being all shards of one campaign, once each; empty: nothing.
std::string trouble_with(const Journals& journals) {
  const Journal& first = *journals.front();
  const Shard shape = shard_of_header(first.header());
  std::vector<const Journal*> by_number(shape.of);
  for (const std::unique_ptr<Journal>& journal : journals) {
    const std::string differs = difference(first.header(), journal->header(), CompareShards::no);
    const Shard shard = shard_of_header(journal->header());
    if (!differs.empty() || shard.of != shape.of)
      return fmt::format("{} belongs to another campaign than {}: {}", quoted(journal->path()),
                         quoted(first.path()),
                         differs.empty()
                             ? fmt::format("it is cut into {} shards, and the other one into {}",
                                           shard.of, shape.of)
                             : differs);
    const Journal*& place = by_number[shard.number - 1];
    if (place != nullptr)
      return fmt::format("shard {} of {} is there twice: {} and {}", shard.number, shard.of,
                         quoted(place->path()), quoted(journal->path()));
    place = journal.get();
  }
  std::string missing;
  for (std::size_t i = 0; i < by_number.size(); ++i)
    if (by_number[i] == nullptr) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", i + 1);
  if (missing.empty()) return {};
  return fmt::format("of {} shards these are missing: {}", shape.of, missing);
}

/// Which shards made fewer tries than they should have.
std::string unfinished(const CampaignPlan& plan, const Journals& journals, const Search& search) {
  std::string out;
  for (const std::unique_ptr<Journal>& journal : journals) {
    if (search.is_complete(shard_of_header(journal->header()))) continue;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", quoted(journal->path()));
  }
  return fmt::format("not all of {} schedules are tried; --resume goes on with: {}",
                     *plan.command.runs, out);
}

}  // namespace

ExitCode merge_shards(const MergeCommand& command, const TerminalChoice& choice) {
  const auto refuse = [](const std::string& sentence) {
    complain(sentence);
    return ExitCode::bad_input;
  };
  auto journals = open_all(command.folders);
  if (!journals) return refuse(journals.error());
  if (const std::string trouble = trouble_with(*journals); !trouble.empty()) return refuse(trouble);
  auto plan = plan_of_header(journals->front()->header(), journals->front()->path());
  if (!plan) return ExitCode::bad_input;
  plan->command.out = command.out;
  plan->command.jobs = command.jobs;
  plan->command.json = command.json;
  plan->command.junit = command.junit;
  plan->command.sarif = command.sarif;

  Search search(*plan, *journals, SearchMode::repeat, command.jobs);
  Progress progress(standard_error(choice), plan->command.runs, std::nullopt);
  SearchEnd end{};
  {
    const GracefulInterrupt interrupt;
    end = search.run(progress, interrupt);
  }
  if (end == SearchEnd::failed) return refuse(search.error());
  if (end == SearchEnd::interrupted) return ExitCode::interrupted;
  if (end == SearchEnd::unfinished && plan->command.runs)
    return refuse(unfinished(*plan, *journals, search));
  if (!command.out.empty() && !make_folder(command.out)) return ExitCode::bad_input;
  return report_campaign(*plan, end, search.tally(), std::nullopt, choice);
}

}  // namespace locklab
