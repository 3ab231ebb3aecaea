// What a campaign came to, for all the forms in which it is told: text, JSON, JUnit and SARIF.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/fuzz/counterexample.hpp"
#include "cli/fuzz/plan.hpp"
#include "cli/fuzz/search.hpp"
#include "cli/terminal.hpp"

namespace locklab {

struct CampaignResult {
  const CampaignPlan& plan;
  SearchEnd end;
  Tally tally;
  std::vector<Counterexample> examples;
  /// None: nothing was run now.
  std::optional<std::chrono::milliseconds> took;
};

/// For people.
std::string result_text(const CampaignResult& result, const Terminal& terminal);

/// "locklab-fuzz/1" [docs/fuzzing.md]. Without times: the same campaign gives the same bytes.
std::string fuzz_result_json(const CampaignResult& result);

/// JUnit's XML as Jenkins, GitLab and GitHub's reporters read it, after the schema of Maven's
/// Surefire: one test case for each counterexample, which failed, and one for each invariant that
/// was checked and not violated.
std::string junit_text(const CampaignResult& result);

/// SARIF 2.1.0 [OASIS]: a rule for each invariant that was checked, a result for each
/// counterexample, at its scenario file.
std::string sarif_text(const CampaignResult& result);

/// The names of the invariants that count in this campaign, in the registry's order.
std::vector<std::string_view> invariants_checked(const CampaignPlan& plan);

}  // namespace locklab
