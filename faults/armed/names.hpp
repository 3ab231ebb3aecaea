// What a fault's names stand for in a world. All are known to it: validate() has seen to that.
#pragma once

#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include "sim/world.hpp"

namespace locklab {

using Machines = std::pmr::vector<MachineId>;
using Processes = std::pmr::vector<ProcessId>;
using Pairs = std::pmr::vector<std::pair<ProcessId, ProcessId>>;

ProcessId process_named(World& world, const std::string& name);
/// None if there is no name.
ProcessId process_or_any(World& world, const std::string& name);
/// A machine by its own name, or that of a process by the process's.
MachineId machine_named(World& world, const std::string& name);
/// Each once, in the world's arena, as below.
Machines machines_named(World& world, const std::vector<std::string>& names);
void add_once(Processes& processes, ProcessId process);
/// Processes by name, or all of a machine by its name. A process's own name wins.
Processes side_named(World& world, const std::vector<std::string>& names);

template <class Visit>
void for_each_process(World& world, MachineId machine, Visit visit) {
  for (std::uint32_t number = 1; number <= world.processes(); ++number)
    if (Process& process = world.process(ProcessId{number}); process.machine() == machine)
      visit(process);
}

/// That its disk stalls. A dead one has no disk to write to; it is told if it comes back while the
/// stall lasts.
void tell_of_stall(Process& process);

}  // namespace locklab
