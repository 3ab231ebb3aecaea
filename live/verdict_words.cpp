#include "live/verdict_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/narrator.hpp"

namespace locklab {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

/// "client mutual exclusion and stale write": names of invariants as a part of a sentence.
std::string in_words(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += plain_words(names[i]);
  }
  return out;
}

}  // namespace

std::vector<std::string> violated(std::span<const Finding> findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings)
    if (std::find(names.begin(), names.end(), finding.invariant) == names.end())
      names.emplace_back(finding.invariant);
  return names;
}

std::string verdict_sentence(const Scenario& scenario, const RunResult& result) {
  switch (result.verdict) {
    case Verdict::as_expected: {
      const std::vector<std::string> names = violated(result.findings);
      if (names.empty()) return "as expected: nothing is violated";
      return fmt::format("as expected: {} {} violated", in_words(names),
                         names.size() == 1 ? "is" : "are");
    }
    case Verdict::not_as_expected:
      return "not as expected: " + joined(result.mismatches, "; ");
    case Verdict::undecided:
      return fmt::format("undecided: stopped at the scenario's limit of {} events (max_events)",
                         scenario.max_events);
  }
  return {};
}

}  // namespace locklab
