#include "scenarios/corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "scenarios/library.hpp"
#include "scenarios/object_reader.hpp"
#include "scenarios/scenario_json.hpp"
#include "sim/assert.hpp"

namespace locklab {
namespace {

// ---- the list -----------------------------------------------------------------------------------

CorpusItem read_item(const Node& node, Diagnostics& diagnostics) {
  ObjectReader r(node, diagnostics);
  CorpusItem item;
  item.number = r.integer("number", 0, {.min = 0, .max = 999});
  item.id = r.text("id", required);
  item.core = r.boolean("core", false);
  item.left_out = r.text("left_out", "");
  return item;
}

CorpusChapter read_chapter(const Node& node, Diagnostics& diagnostics) {
  ObjectReader r(node, diagnostics);
  CorpusChapter chapter;
  chapter.letter = r.text("letter", required);
  chapter.title = r.text("title", required);
  for (const Node& item : r.items("entries")) chapter.items.push_back(read_item(item, diagnostics));
  return chapter;
}

CorpusList read_list() {
  const auto root = parse_located_json(corpus_text(), "corpus.json");
  LOCKLAB_ASSERT(root);
  Diagnostics diagnostics;
  CorpusList list;
  {
    ObjectReader r(*root, diagnostics);
    list.later = r.text("later", "");
    for (const Node& chapter : r.items("chapters"))
      list.chapters.push_back(read_chapter(chapter, diagnostics));
  }
  LOCKLAB_ASSERT(diagnostics.empty());
  return list;
}

// ---- one entry ----------------------------------------------------------------------------------

std::vector<std::string> violated(const RunResult& result) {
  std::vector<std::string> names;
  for (const InvariantRow& row : invariant_rows())
    if (std::any_of(result.findings.begin(), result.findings.end(),
                    [&row](const Finding& finding) { return finding.invariant == row.name; }))
      names.emplace_back(row.name);
  return names;
}

std::vector<std::string> fault_kinds_of(const Scenario& scenario) {
  std::vector<std::string> kinds;
  if (!scenario.machines.empty()) kinds.emplace_back("wrong clocks");
  for (const ScheduledFault& fault : scenario.faults) {
    const std::string kind(kind_of(fault.fault));
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  return kinds;
}

/// Where what the run says of fencing is not what the source says of it.
std::string disagreement(FencingAnswer run, std::string_view claim) {
  switch (run) {
    case FencingAnswer::saves:
    case FencingAnswer::saves_data:
      if (claim == "no") return "fencing: in this schedule a strict storage is enough";
      if (claim == "n.a.") return "fencing: a critical section that writes would be harmed";
      return {};
    case FencingAnswer::no:
      if (claim == "saves" || claim == "partly") return "fencing: not with this lock's tokens";
      if (claim == "n.a.") return "fencing: a critical section that writes would be harmed";
      return {};
    case FencingAnswer::no_token:
      if (claim == "saves" || claim == "partly")
        return "fencing: would need a token, and this lock has none";
      return {};
    case FencingAnswer::nothing_stale:
      if (claim == "saves" || claim == "partly")
        return "fencing: in this schedule nothing stale is written";
      return {};
  }
  return {};
}

CorpusResult run_entry(const CorpusItem& item, Runner& runner) {
  CorpusResult result{built_in_scenario(corpus_scenario(item.id)), {}, {}, false, {}, {}, {}};
  RunResult run;
  runner.run(result.scenario, {.explain_mismatches = false}, run);
  result.faults = fault_kinds_of(result.scenario);
  result.violated = violated(run);
  result.as_expected = run.verdict == Verdict::as_expected;
  if (const std::string twin = corpus_twin(item.id); library_text(twin)) {
    const Scenario mended = built_in_scenario(twin);
    runner.run(mended, {.explain_mismatches = false}, run);
    result.twin = {twin, violated(run), run.verdict == Verdict::as_expected};
  }
  result.fencing = does_fencing_save(result.scenario, runner);
  if (result.scenario.corpus)
    result.remark = disagreement(result.fencing, result.scenario.corpus->fencing);
  return result;
}

}  // namespace

const CorpusList& corpus_list() {
  static const CorpusList list = read_list();
  return list;
}

std::string corpus_scenario(std::string_view id) { return fmt::format("corpus/{}", id); }
std::string corpus_twin(std::string_view id) { return fmt::format("corpus/{}+fixed", id); }

Scenario built_in_scenario(std::string_view name) {
  const auto text = library_text(name);
  LOCKLAB_ASSERT(text);
  const auto root = parse_located_json(*text, name);
  LOCKLAB_ASSERT(root);
  Diagnostics diagnostics;
  std::optional<Scenario> scenario = read_scenario(*root, diagnostics);
  LOCKLAB_ASSERT(scenario);
  return *std::move(scenario);
}

CorpusTable run_corpus(const std::function<bool(const CorpusItem&)>& wanted, Runner& runner) {
  CorpusTable table;
  for (const CorpusChapter& chapter : corpus_list().chapters) {
    CorpusTable::Chapter rows{&chapter, {}};
    for (const CorpusItem& item : chapter.items) {
      if (!wanted(item)) continue;
      CorpusRow row{&item, {}, item.left_out.empty() ? corpus_list().later : item.left_out};
      if (library_text(corpus_scenario(item.id))) row.result = run_entry(item, runner);
      rows.rows.push_back(std::move(row));
    }
    if (!rows.rows.empty()) table.chapters.push_back(std::move(rows));
  }
  return table;
}

// ---- docs/corpus.md -----------------------------------------------------------------------------

namespace {

constexpr std::string_view kBefore =
    R"(<!-- Written by `locklab corpus --markdown`. Do not edit. -->
# The corpus of failures

Published, documented and derived ways in which distributed locks fail, each with the fault that it
takes, at an exact millisecond. An entry is a scenario of the library: `locklab run
corpus/gc-pause-stale-write`. Its file, in `scenarios/library/corpus/`, says what happens and why, and
what must be found: all invariants that break, and from when to when. `locklab verify` runs them all;
`locklab corpus` prints this table, or a part of it: `locklab corpus redlock`, `locklab corpus 71`.

* **★** marks the core of the corpus. Numbers that are missing are not used.
* **faults**: what the schedule strikes with; "none" needs no fault at all.
* **breaks**: every invariant that the scenario violates, the unavoidable ones included: a lock that is
  given to two clients by the service is also believed in by two. [The scenario
  format](scenario-format.md) and `locklab list invariants` explain them.
* **does fencing save it?** was found by running the scenario twice more: before a storage that checks
  nothing, and before one that checks as much as a storage can (older tokens, equal ones of another
  owner, reads that register their token, a mark that survives a restart), under the same lock with a
  token from its own grant. Clients whose program never writes got a critical section that does: it
  reads when it has the lock, and writes before it gives the lock back. *saves*: data that came to harm
  without tokens did not with them; there may still be two holders. *saves the data only*: and
  somebody's lock was still removed by somebody else. *n.a.*: nobody harmed the data anyway; somebody
  waited too long.
* **source says**: what the source says of fencing; the last column says where the run and the source
  disagree.
* **fix**: the remedy; where there is a scenario `…+fixed`, it is the same schedule with it. Mostly
  nothing is violated any more; what remains is named.

The schedules are ours to the millisecond; the sources, which every file names, describe failures of
that shape. Conventions: one way through the network takes 0.5 ms, a lock lives for ten seconds, a
server expires keys when a command looks at them, and clients believe until they have released. A
key that is written in the millisecond *s* has the deadline *s* + 10000 and is dead from *s* + 10001 on; a
grant that was asked for at *t* is promised until *t* + 9978, which leaves 22 ms to the clocks.
)";

constexpr std::string_view kNegatives =
    "Who names one of these as a failure is mistaken; each must come out without a violation, "
    "unless\n"
    "the table says otherwise.\n";

/// For the inside of a cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '|') out += '\\';
    out += letter;
  }
  return out;
}

std::string names(const std::vector<std::string>& list, std::string_view none, bool as_code) {
  if (list.empty()) return std::string(none);
  std::string out;
  for (const std::string& name : list) {
    if (!out.empty()) out += ", ";
    out += as_code ? fmt::format("`{}`", name) : name;
  }
  return out;
}

std::string lock_of(const Scenario& scenario) {
  const LockSpec& lock = scenario.lock;
  std::string out(lock.algorithm->name);
  if (!lock.preset.empty()) out += ' ' + lock.preset;
  return out;
}

std::string told(const Scenario& scenario) {
  if (!scenario.corpus) return cell(scenario.title);
  const std::string_view stop = scenario.title.ends_with('?') ? "" : ".";
  return cell(fmt::format("{}{} {}", scenario.title, stop, scenario.corpus->why));
}

std::string sources(const Scenario& scenario) {
  std::string out;
  for (const std::string& source : scenario.sources) {
    if (source.starts_with("corpus ")) continue;
    if (!out.empty()) out += "; ";
    out += cell(source);
  }
  return out.empty() ? "ours" : out;
}

std::string fix(const CorpusResult& result) {
  std::string out = result.scenario.corpus ? cell(result.scenario.corpus->fix) : std::string();
  if (!result.twin) return out;
  if (!out.empty()) out += ": ";
  out += "`…+fixed`";
  if (!result.twin->violated.empty())
    out += fmt::format(", where {} remains", names(result.twin->violated, "", true));
  return out;
}

std::string negative_row(const CorpusRow& row) {
  const std::string star = row.item->core ? " ★" : "";
  if (!row.result)
    return fmt::format("| {}{} | {} | | | |\n", row.item->id, star, cell(row.why_not));
  const CorpusResult& result = *row.result;
  return fmt::format("| `{}`{} | {} | {} | {} | {} |\n", row.item->id, star, told(result.scenario),
                     lock_of(result.scenario), names(result.faults, "none", false),
                     names(result.violated, "nothing", true));
}

std::string failure_row(const CorpusRow& row) {
  const std::string number = fmt::format("{}{}", row.item->number, row.item->core ? " ★" : "");
  if (!row.result)
    return fmt::format("| {} | {} | {} | | | | | | | | |\n", number, row.item->id,
                       cell(row.why_not));
  const CorpusResult& result = *row.result;
  const std::string claim = result.scenario.corpus ? result.scenario.corpus->fencing : "";
  return fmt::format("| {} | `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", number,
                     row.item->id, told(result.scenario), lock_of(result.scenario),
                     names(result.faults, "none", false), names(result.violated, "nothing", true),
                     to_string(result.fencing), claim, fix(result), sources(result.scenario),
                     result.remark);
}

std::string counts(const CorpusTable& table) {
  std::size_t all = 0;
  std::size_t played = 0;
  for (const CorpusTable::Chapter& chapter : table.chapters)
    for (const CorpusRow& row : chapter.rows) {
      ++all;
      if (row.result) ++played;
    }
  if (all == played) return fmt::format("\nAll {} entries have a scenario.\n", all);
  return fmt::format("\n{} of {} entries have a scenario; of the others the table says why not.\n",
                     played, all);
}

}  // namespace

std::string corpus_markdown(const CorpusTable& table) {
  std::string out(kBefore);
  out += counts(table);
  for (const CorpusTable::Chapter& part : table.chapters) {
    out += fmt::format("\n## {}. {}\n\n", part.chapter->letter, part.chapter->title);
    const bool negative = part.chapter->letter == "N";
    if (negative)
      out += fmt::format(
          "{}\n| scenario | what happens | lock | faults | breaks |\n"
          "|---|---|---|---|---|\n",
          kNegatives);
    else
      out +=
          "| no. | scenario | what happens | lock | faults | breaks | does fencing save it? | "
          "source says | fix | sources | where they disagree |\n"
          "|---:|---|---|---|---|---|---|---|---|---|---|\n";
    for (const CorpusRow& row : part.rows) out += negative ? negative_row(row) : failure_row(row);
  }
  return out;
}

}  // namespace locklab
