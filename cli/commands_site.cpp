// `locklab report --all --out DIR`: a page for each built-in scenario, an index and the lesson, as
// a folder that can be opened from disk or hosted as it stands. Every run is independent of the
// others, so any number of threads writes the same bytes.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/loading.hpp"
#include "cli/pages.hpp"
#include "cli/team.hpp"
#include "live/page.hpp"
#include "reports/page_files.hpp"
#include "reports/page_parts.hpp"
#include "reports/site.hpp"
#include "scenarios/compare.hpp"
#include "scenarios/corpus.hpp"
#include "scenarios/library.hpp"
#include "sim/assert.hpp"

namespace locklab {
namespace {

/// Small enough that the page of a run can be read, and long enough that leases run out.
constexpr CompareScale kScale{.horizon = 22s, .longest_stop = 12s, .clients = 2};
constexpr std::uint64_t kSeed = 1;
constexpr std::uint64_t kRuns = 40;

struct File {
  std::string address;
  std::string text;
};

/// What one task made.
struct Made {
  File page;
  SiteEntry entry;
  std::string picture;
};

std::string title_of_chapter(std::string_view scenario) {
  for (const CorpusChapter& chapter : corpus_list().chapters)
    for (const CorpusItem& item : chapter.items)
      if (scenario == corpus_scenario(item.id) || scenario == corpus_twin(item.id))
        return fmt::format("{}. {}", chapter.letter, chapter.title);
  return "The document";
}

std::string lock_label(const LockSpec& lock) {
  return lock.preset.empty() ? std::string(lock.algorithm->name)
                             : fmt::format("{}:{}", lock.algorithm->name, lock.preset);
}

std::vector<std::string> fault_kinds_of(const Scenario& scenario) {
  std::vector<std::string> kinds;
  for (const ScheduledFault& fault : scenario.faults) {
    const std::string kind(kind_of(fault.fault));
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  return kinds;
}

/// To the index, and within the document's four stories to the one before and the next one.
std::vector<PageLink> links_of(const std::string& name, const std::string& root) {
  std::vector<PageLink> links{{root + "index.html", "All scenarios"}};
  constexpr std::string_view kLesson = "doc-";
  if (name.size() != 5 || !name.starts_with(kLesson)) return links;
  links.push_back({root + "lesson.html#" + name, "The lesson"});
  const char number = name.back();
  if (number > '1') links.push_back({fmt::format("doc-{}.html", number - '1'), "← Before"});
  if (number < '4') links.push_back({fmt::format("doc-{}.html", number - '0' + 1), "Next →"});
  return links;
}

Made make_page(std::string_view name, Runner& runner) {
  ScenarioLoader loader;
  const auto loaded = loader.load(std::string(name));
  LOCKLAB_ASSERT(loaded);  // built-in scenarios have no mistakes
  Recording recording;
  recording.version = LOCKLAB_VERSION;
  RunOptions options;
  options.recording = &recording;
  RunResult result;
  runner.run(loaded->scenario, options, result);

  HtmlOptions page = page_of(*loaded, recording, result, {}, {});
  Made made;
  made.entry = site_entry(recording, page);
  made.entry.lock = lock_label(loaded->scenario.lock);
  made.entry.group = title_of_chapter(name);
  made.entry.faults = fault_kinds_of(loaded->scenario);
  const std::string root = site_root_from(made.entry.href);
  page.shared = root;
  page.links = links_of(std::string(name), root);
  made.page = {made.entry.href, html_report(recording, page)};
  if (name.size() == 5 && name.starts_with("doc-")) made.picture = site_picture(recording);
  return made;
}

/// One cell of the matrix: the counts, and the page of the first run that broke (or of the first).
struct MadeCell {
  std::optional<SiteCell> cell;
  std::optional<File> page;
};

MadeCell make_cell(const ComparePlan& plan, CompareFault fault, Runner& runner) {
  if (!applies(plan, fault)) return {};
  MadeCell made{SiteCell{}, std::nullopt};
  std::uint64_t shown = 0;
  bool any = false;
  for (std::uint64_t number = 0; number < kRuns; ++number) {
    const CompareRun run = run_compare(plan, fault, kSeed, number, runner);
    if (run.undecided) continue;
    ++made.cell->runs;
    made.cell->broken += run.broken_belief ? 1u : 0u;
    made.cell->damaged += run.stale ? 1u : 0u;
    if ((run.broken_belief || run.stale) && !any) {
      any = true;
      shown = number;
    }
  }
  Scenario scenario = compare_scenario(plan, fault, kSeed, shown, false);
  scenario.name = fmt::format("compare/{}-{}", plan.lock.label(), row_of(fault).name);
  std::replace(scenario.name.begin(), scenario.name.end(), ':', '-');
  scenario.title = fmt::format("{} under {}", plan.lock.label(), row_of(fault).name);
  scenario.story = fmt::format(
      "Run {} of the {} under this fault: two clients take the lock again and again, read, work, "
      "and write what follows from what they read, to a storage that checks nothing. {}.",
      shown + 1, kRuns, row_of(fault).description);
  RunResult result;
  runner.run(scenario, {}, result);
  // What comes long after the first break teaches nothing new, and a page is as long as its run.
  if (!result.findings.empty())
    scenario.horizon = std::min(scenario.horizon, result.findings.front().from - Instant{} + 3s);
  Recording recording;
  recording.version = LOCKLAB_VERSION;
  RunOptions options;
  options.recording = &recording;
  runner.run(scenario, options, result);
  HtmlOptions page = page_options(recording, &scenario);
  const std::string address = site_address(scenario.name);
  page.reason = page_reason(scenario, recording);
  page.shared = site_root_from(address);
  page.links = {{*page.shared + "index.html", "All scenarios"}};
  made.page = File{address, html_report(recording, page)};
  made.cell->href = address;
  return made;
}

std::vector<ComparePlan> plans() {
  std::vector<ComparePlan> all;
  Runner runner;
  for (const Algorithm& algorithm : algorithms()) {
    std::string why_not;
    if (auto plan = plan_compare({&algorithm, {}, {}}, kScale, runner, why_not))
      all.push_back(*std::move(plan));
  }
  return all;
}

/// The folders of all files, then the files; the index comes last. False after saying what failed.
bool write_all(const std::string& folder, const std::vector<File>& files) {
  for (const File& file : files) {
    const std::filesystem::path path = std::filesystem::path(folder) / file.address;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
      complain(fmt::format("cannot make the folder {}: {}",
                           in_quotes(path.parent_path().string(), 400), error.message()));
      return false;
    }
    if (const auto written = write_file(path.string(), file.text); !written) {
      complain(written.error().sentence);
      return false;
    }
  }
  return true;
}

}  // namespace

ExitCode report_site(const ReportCommand& command, const TerminalChoice& choice) {
  const std::vector<std::string_view> names = library_names();
  const std::vector<ComparePlan> locks = plans();
  std::vector<Made> made(names.size());
  std::vector<MadeCell> cells(locks.size() * kCompareFaults);
  work_together(names.size() + cells.size(), command.jobs, "runs",
                standard_error(choice).is_terminal, [&](std::size_t task, Runner& runner) {
                  if (task < names.size()) {
                    made[task] = make_page(names[task], runner);
                    return;
                  }
                  const std::size_t cell = task - names.size();
                  cells[cell] = make_cell(locks[cell / kCompareFaults],
                                          static_cast<CompareFault>(cell % kCompareFaults), runner);
                });

  Site site;
  site.version = LOCKLAB_VERSION;
  std::vector<File> files{{"page.css", page_styles()},
                          {"page.js", page_scripts()},
                          {"site.css", std::string(page_file("site/site.css"))},
                          {"site.js", std::string(page_file("site/site.js"))}};
  if (std::string core = page_core_script(); !core.empty())
    files.push_back({"core.js", std::move(core)});
  for (Made& one : made) {
    if (!one.picture.empty()) site.pictures[one.entry.name] = std::move(one.picture);
    files.push_back(std::move(one.page));
    site.entries.push_back(std::move(one.entry));
  }
  site.matrix.about = fmt::format(
      "{} runs of {} s a cell, each with another draw of the fault: two clients contend, look at "
      "no "
      "clock, and write to a storage that checks nothing. docs/compare.md has longer runs and how "
      "sure the numbers are.",
      kRuns, kScale.horizon / 1s);
  for (std::size_t i = 0; i < kCompareFaults; ++i)
    site.matrix.faults.emplace_back(row_of(static_cast<CompareFault>(i)).name);
  for (std::size_t i = 0; i < locks.size(); ++i) {
    SiteMatrix::Row row{locks[i].lock.label(), {}};
    for (std::size_t j = 0; j < kCompareFaults; ++j) {
      MadeCell& cell = cells[i * kCompareFaults + j];
      if (cell.page) files.push_back(*std::move(cell.page));
      row.cells.push_back(std::move(cell.cell));
    }
    site.matrix.rows.push_back(std::move(row));
  }
  files.push_back({"lesson.html", site_lesson(site)});
  files.push_back({"index.html", site_index(site)});
  if (!write_all(command.out, files)) return ExitCode::bad_input;
  print(fmt::format("{} pages; open {}\n", files.size(),
                    (std::filesystem::path(command.out) / "index.html").string()));
  return ExitCode::ok;
}

}  // namespace locklab
