// A counterexample's scenario made smaller around its schedule: what the bug does not need is taken
// away from the file, so that what is left is the story.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "faults/shrinker.hpp"
#include "scenarios/located_json.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/search.hpp"

namespace locklab {

struct SmallerScenario {
  Node document;  // without the expectation, which was for other faults
  Scenario scenario;
  std::vector<std::string> changes;  // "without client-c", "3 nodes of redis instead of 5"
  Shrunk shrunk;                     // of the schedule, in that scenario; tries count both
};

/// The fault space that a search of a scenario may use.
using SpaceOf = std::function<FaultSpace(const Scenario&)>;

/// Takes away clients, servers, rounds, settings of network and machines, and time after the bug,
/// one at a time, as long as the run still breaks in the same way; then shrinks the schedule anew,
/// until neither gets smaller. `shrunk` is the schedule in the scenario of `document`.
/// `space_of` is asked again for every smaller scenario.
SmallerScenario smaller_scenario(const Node& document, const Scenario& scenario, Shrunk shrunk,
                                 const WantedInvariants& wanted, const SpaceOf& space_of);

}  // namespace locklab
