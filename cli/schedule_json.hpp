// Faults as the JSON that a scenario file has for them, and a scenario file with other faults.
#pragma once

#include "cli/result_json.hpp"
#include "faults/schedule.hpp"
#include "sim/finding.hpp"

namespace locklab {

Json to_json(const ScheduledFault& scheduled);
Json to_json(const FaultSchedule& schedule);

/// `document` under another name and with `schedule` after its own faults, expecting exactly what
/// the run of both violated.
Json with_schedule(const Node& document, const std::string& name, const FaultSchedule& schedule,
                   std::span<const Finding> findings);

}  // namespace locklab
