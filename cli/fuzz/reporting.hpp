// The end of a campaign, whether it was searched here or merged from shards: counterexamples are
// made and written, files for CI as well, and the result is printed.
#pragma once

#include "cli/exit_code.hpp"
#include "cli/fuzz/result.hpp"
#include "cli/terminal.hpp"

namespace locklab {

/// `plan.command` says what is to be written where. 1 if something was found, 3 if nothing was but
/// not all runs were decided, else 0; 2 if something cannot be written.
ExitCode report_campaign(const CampaignPlan& plan, SearchEnd end, const Tally& tally,
                         std::optional<std::chrono::milliseconds> took,
                         const TerminalChoice& choice);

/// Makes the folder, and those above it. False after an error, which standard error was told of.
bool make_folder(const std::string& folder);

}  // namespace locklab
