// locklab_conformance [SUITE...] [--full] [--seed N] [--record DIR --date D]: the models' answers
// against the real servers'.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "cli/files.hpp"
#include "tests/conformance/suite.hpp"

using namespace locklab;
using namespace locklab::conformance;

namespace {

enum Exit : int { kEqual = 0, kDifferent = 1, kUsage = 2, kNothingRan = 3 };

std::string joined(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::string explained(const Record::Row& row) {
  if (!row.skipped.empty()) return "**skipped**: " + row.skipped;
  std::vector<std::string> parts = row.measured;
  for (const auto& [why, times] : row.as_said) parts.push_back(fmt::format("{} × {}", times, why));
  return joined(parts);
}

std::string markdown(const Suite& suite, const Context& context, const std::string& date) {
  const Record& record = context.record;
  std::string text = fmt::format(
      "# {} and its model, answer by answer\n\n"
      "{} answers compared with {} on {}, seed {}: {} unexplained differences. Made by\n"
      "`./dev test --conformance {} --full --record docs/conformance --date {}`; a sample of it "
      "runs in every\nCI.\n\n"
      "| behaviour | model | compared | answers | unexplained | measured, and explained |\n"
      "| --- | --- | --- | ---: | ---: | --- |\n",
      suite.server, record.answers(), record.version(), date, context.seed, record.unexplained(),
      suite.name, date);
  for (const Record::Row& row : record.rows())
    text += fmt::format("| {} | `{}` | {} | {} | {} | {} |\n", row.behaviour, row.model,
                        row.compared, row.answers, row.differences, explained(row));
  return text;
}

void print(const Suite& suite, const Record& record) {
  fmt::print("{} ({}): {} answers compared, {} unexplained differences\n", suite.server,
             record.version(), record.answers(), record.unexplained());
  for (const Record::Row& row : record.rows()) {
    const std::string more = explained(row);
    fmt::print("  {:<44} {:>8}{}{}\n", row.behaviour, row.answers, more.empty() ? "" : "  ", more);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares the models' answers with those of the real servers.");
  std::vector<std::string> wanted;
  std::uint64_t seed = 1;
  bool full = false;
  std::string folder;
  std::string date;
  std::vector<std::string> names;
  for (const Suite& suite : suites()) names.emplace_back(suite.name);
  app.add_option("SUITE", wanted, "Which: " + joined(names))->check(CLI::IsMember(names));
  app.add_flag("--full", full, "As much as the record is of, instead of a sample");
  app.add_option("--seed", seed, "Of the random programs");
  CLI::Option* record_option =
      app.add_option("--record", folder, "Writes DIR/SUITE.md")->type_name("DIR");
  app.add_option("--date", date, "That the record is to bear")->needs(record_option);
  bool only_missing = false;
  app.add_flag("--missing", only_missing, "Only says which of them cannot run here, and why");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kEqual : kUsage;
  }

  std::uint64_t different = 0;
  std::size_t ran = 0;
  for (const Suite& suite : suites()) {
    if (!wanted.empty() && std::ranges::find(wanted, suite.name) == wanted.end()) continue;
    const std::string missing = suite.missing();
    if (only_missing) {
      if (!missing.empty()) fmt::print("{}: {}\n", suite.server, missing);
      continue;
    }
    if (!missing.empty()) {
      fmt::print("SKIPPED    {}: {}\n", suite.server, missing);
      continue;
    }
    ++ran;
    Record record;
    Context context{full ? Scale::full : Scale::sample, seed, record};
    suite.run(context);
    print(suite, record);
    different += record.unexplained();
    if (folder.empty()) continue;
    const std::string path = fmt::format("{}/{}.md", folder, suite.name);
    if (const auto written = write_file(path, markdown(suite, context, date)); !written) {
      fmt::print(stderr, "{}\n", written.error().sentence);
      return kUsage;
    }
  }
  if (different != 0) return kDifferent;
  if (only_missing) return kEqual;
  return ran == 0 ? kNothingRan : kEqual;
}
