#include "tests/longrun/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace locklab::longrun {
namespace {

std::string heading(const Occasion& occasion) {
  return fmt::format("<!-- `{}` writes this page. -->\n", occasion.command);
}

std::string when_and_where(const Occasion& occasion) {
  return fmt::format("{}, on {}.\n\n", occasion.date, occasion.machine);
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += fmt::format("{}`{}`", out.empty() ? "" : ", ", name);
  return out;
}

std::string slack(Duration least) {
  return least == Duration::max() ? "-" : fmt::format("{} ms", least / 1ms);
}

}  // namespace

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "an unnamed processor";
}

std::string false_alarms_page(std::span<const QuietRun> runs, const Occasion& occasion) {
  std::string out = heading(occasion) +
                    "# False alarms\n\n"
                    "Each lock below was searched inside its [assumption envelope](envelopes.md) "
                    "with the `portfolio` strategy, for a violation of what it promises there. A "
                    "violation would be a mistake: of a model, of the lock's code, or of the "
                    "envelope. The digest is that of all runs, in order, and the same on any "
                    "machine and with any number of threads.\n\n"
                    "The least slack is that of a holder who relied on the lock: below zero, its "
                    "protection was over, as after a long pause, and what it promises held all "
                    "the same.\n\n" +
                    when_and_where(occasion) +
                    "| lock | promises | schedules | violations | undecided | least slack | "
                    "schedules a second | digest |\n|---|---|---:|---:|---:|---:|---:|---|\n";
  for (const QuietRun& run : runs)
    out += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} | `{:016x}` |\n", run.label, joined(run.promises),
        run.tally.tries, run.tally.violations, run.tally.undecided, slack(run.tally.least_slack),
        run.tally.tries * 1000 / std::max<std::uint64_t>(run.milliseconds, 1), run.tally.digest);
  return out;
}

std::string determinism_page(std::span<const DeterminismRow> rows, const Occasion& occasion) {
  std::uint64_t runs = 0;
  for (const DeterminismRow& row : rows) runs += row.runs.runs;
  std::string out =
      heading(occasion) +
      fmt::format(
          "# Determinism\n\n"
          "{} schedules of random faults, each run twice: in a runner that has never run "
          "anything, and in one that has run all the schedules before it in the same "
          "memory. Digest, events, slack and findings have to be equal.\n\n",
          runs) +
      when_and_where(occasion) +
      "| lock | double runs | events | differences | digest |\n|---|---:|---:|---:|---|\n";
  for (const DeterminismRow& row : rows)
    out += fmt::format("| {} | {} | {} | {} | `{:016x}` |\n", row.lock, row.runs.runs,
                       row.runs.events, row.runs.divergence ? 1 : 0, row.runs.digest);
  return out;
}

}  // namespace locklab::longrun
