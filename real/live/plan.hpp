// Can a scenario be run live, and who does what of its faults: the coordinator from outside by
// signals, files and commands, or each client's own process, before its sockets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "faults/schedule.hpp"
#include "scenarios/scenario.hpp"

namespace locklab::real {

/// Why it cannot, as a sentence without its full stop that names the part; nothing: it can.
std::optional<std::string> why_not_live(const Scenario& scenario);

/// Is it done from outside? Otherwise each client's process does it to its own messages and clock.
bool is_from_outside(const Fault& fault);

/// What the process of one client arms: its part of the schedule.
struct ClientSchedule {
  FaultSchedule faults;
  std::vector<std::size_t> numbers;  // of each in the scenario's own schedule
};
ClientSchedule schedule_of(const Scenario& scenario, const std::string& client);

/// The Redis nodes whose clocks are set in the run.
std::vector<std::string> nodes_with_jumps(const Scenario& scenario);

bool is_client(const Scenario& scenario, const std::string& name);
/// "redis-3": 2. Nothing for other names.
std::optional<std::size_t> node_number(const Scenario& scenario, const std::string& name);

}  // namespace locklab::real
