// What a page about a run of a scenario says beside the run itself: the scenario's words, and what
// the invariants have to say of their findings. Used by the program and by the core inside the
// page, so that both write the same page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/html_report.hpp"
#include "scenarios/scenario.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// `scenario` may be null: nothing is known but the recording.
HtmlOptions page_options(const Recording& recording, const Scenario* scenario);

/// Why it came to this: the scenario is run again and again [scenarios/explanation]. Nothing if it
/// gives another run than this, and for one that broke nothing and granted nothing whose protection
/// ends.
std::optional<PageReason> page_reason(const Scenario& scenario, const Recording& recording);

/// The same of the run that the scenario gives, as the page's markup; empty: nothing.
std::string page_reason_markup(const Scenario& scenario);

/// "locklab run doc-4 --seed 7 --set 'lock.ttl=5s'": the command, for a shell.
std::string run_command(const std::string& argument, std::optional<std::uint64_t> seed,
                        const std::vector<std::string>& sets);

}  // namespace locklab
