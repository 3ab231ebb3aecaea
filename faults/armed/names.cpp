#include "faults/armed/names.hpp"

#include <algorithm>

#include "sim/assert.hpp"

namespace locklab {

ProcessId process_named(World& world, const std::string& name) {
  Process* process = world.find_process(name);
  LOCKLAB_ASSERT(process != nullptr);  // validate() knows
  return process->id();
}

ProcessId process_or_any(World& world, const std::string& name) {
  return name.empty() ? ProcessId{} : process_named(world, name);
}

MachineId machine_named(World& world, const std::string& name) {
  if (const MachineId machine = world.find_machine(name)) return machine;
  return world.process(process_named(world, name)).machine();
}

Machines machines_named(World& world, const std::vector<std::string>& names) {
  Machines machines(&world.arena());
  for (const std::string& name : names) {
    const MachineId machine = machine_named(world, name);
    if (std::find(machines.begin(), machines.end(), machine) == machines.end())
      machines.push_back(machine);
  }
  return machines;
}

void add_once(Processes& processes, ProcessId process) {
  if (std::find(processes.begin(), processes.end(), process) == processes.end())
    processes.push_back(process);
}

Processes side_named(World& world, const std::vector<std::string>& names) {
  Processes side(&world.arena());
  for (const std::string& name : names) {
    if (Process* process = world.find_process(name)) {
      add_once(side, process->id());
      continue;
    }
    const MachineId machine = machine_named(world, name);
    for (std::uint32_t number = 1; number <= world.processes(); ++number)
      if (world.process(ProcessId{number}).machine() == machine) add_once(side, ProcessId{number});
  }
  return side;
}

void tell_of_stall(Process& process) {
  if (process.alive() && process.actor() != nullptr) process.actor()->on_disk_stall(true);
}

}  // namespace locklab
