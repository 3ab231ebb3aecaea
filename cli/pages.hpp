// What a page says beside a run that was just made: its command, its scenario, its twin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/loading.hpp"
#include "reports/html_report.hpp"
#include "scenarios/runner.hpp"

namespace locklab {

HtmlOptions page_of(const LoadedScenario& loaded, const Recording& recording,
                    const RunResult& result, std::optional<std::uint64_t> seed,
                    const std::vector<std::string>& sets);

}  // namespace locklab
