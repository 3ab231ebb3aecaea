// What would have helped: the same schedule against the scenario with one thing changed.
#pragma once

#include <string>
#include <vector>

#include "faults/oracle.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/search.hpp"

namespace locklab {

/// Single changes of the scenario under which the schedule breaks nothing of what `broken` broke,
/// each as a phrase: "a TTL of 20s", "storage that checks tokens". The most modest TTL alone.
std::vector<std::string> remedies(const Scenario& scenario, const FaultSchedule& schedule,
                                  const Trial& broken, const WantedInvariants& wanted);

}  // namespace locklab
