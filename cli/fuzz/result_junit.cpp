#include <fmt/format.h>

#include <algorithm>

#include "cli/fuzz/result.hpp"
#include "invariants/registry.hpp"
#include "reports/escape.hpp"

namespace locklab {
namespace {

std::string details(const Counterexample& example) {
  std::string out = example.sentence + '\n';
  for (std::size_t i = 0; i < example.shrunk.schedule.size(); ++i)
    out += fmt::format("{}. {}\n", i + 1, describe(example.shrunk.schedule[i]));
  if (!example.file.empty()) out += fmt::format("locklab run {}\n", example.file);
  return out;
}

/// Line by line: what could harm a reader is written out, and a line break is meant here.
std::string escaped_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += xml_text(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_violated(std::string_view invariant, const std::vector<Counterexample>& examples) {
  return std::ranges::any_of(examples, [&](const Counterexample& example) {
    return example.shrunk.trial.invariant == invariant;
  });
}

}  // namespace

std::vector<std::string_view> invariants_checked(const CampaignPlan& plan) {
  std::vector<std::string_view> names;
  const std::span<const InvariantRow> rows = invariant_rows();
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (plan.scenario().checks.enabled[i] &&
        (plan.wanted.empty() || std::ranges::find(plan.wanted, rows[i].name) != plan.wanted.end()))
      names.push_back(rows[i].name);
  return names;
}

std::string junit_text(const CampaignResult& result) {
  const std::string lock = xml_text(result.plan.loaded.argument);
  std::string cases;
  std::size_t tests = 0;
  for (const std::string_view invariant : invariants_checked(result.plan)) {
    if (is_violated(invariant, result.examples)) continue;
    ++tests;
    cases +=
        fmt::format("    <testcase classname=\"{}\" name=\"{}\"/>\n", lock, xml_text(invariant));
  }
  for (const Counterexample& example : result.examples) {
    ++tests;
    cases += fmt::format(
        "    <testcase classname=\"{}\" name=\"{}\">\n"
        "      <failure type=\"{}\" message=\"{}\">{}</failure>\n"
        "    </testcase>\n",
        lock, xml_text(example.name), xml_text(example.shrunk.trial.invariant),
        xml_text(example.sentence), escaped_lines(details(example)));
  }
  const std::string counts = fmt::format(
      "name=\"locklab fuzz {}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\"", lock,
      tests, result.examples.size());
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite {}>\n{}"
      "  </testsuite>\n</testsuites>\n",
      counts, cases);
}

}  // namespace locklab
