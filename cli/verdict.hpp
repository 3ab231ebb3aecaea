// A run's outcome in words and as an exit code, for every command that runs scenarios.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "live/verdict_words.hpp"
#include "reports/text_report.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"
#include "sim/finding.hpp"
#include "sim/recording.hpp"

namespace locklab {

ExitCode exit_code_of(Verdict verdict);

/// "stale_write, token_order", or "none".
std::string violated_text(std::span<const Finding> findings);

/// What a report takes from beside the recording, for this terminal; `scenario` (null: unknown)
/// adds its story and its remarks.
TextOptions report_options(const Recording& recording, const Scenario* scenario,
                           const std::string& verdict, Detail detail, const Terminal& terminal);
/// The text report of these.
std::string report_text(const Recording& recording, const Scenario* scenario,
                        const std::string& verdict, Detail detail, const Terminal& terminal);

}  // namespace locklab
