// A run's outcome in words and as an exit code, for every command that runs scenarios.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "reports/text_report.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"
#include "sim/finding.hpp"
#include "sim/recording.hpp"

namespace locklab {

ExitCode exit_code_of(Verdict verdict);

/// The invariants that were violated, each once, in the order of the first finding.
std::vector<std::string> violated(std::span<const Finding> findings);
/// "stale_write, token_order", or "none".
std::string violated_text(std::span<const Finding> findings);

/// "as expected: stale write is violated", "not as expected: stale_write was expected to be
/// violated, and held".
std::string verdict_sentence(const Scenario& scenario, const RunResult& result);

/// What a report takes from beside the recording, for this terminal; `scenario` (null: unknown)
/// adds its story and its remarks.
TextOptions report_options(const Recording& recording, const Scenario* scenario,
                           const std::string& verdict, Detail detail, const Terminal& terminal);
/// The text report of these.
std::string report_text(const Recording& recording, const Scenario* scenario,
                        const std::string& verdict, Detail detail, const Terminal& terminal);

}  // namespace locklab
