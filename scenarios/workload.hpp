// The businesses that break without a working lock [doc §1 "What breaks"]: each is a program for a
// client, the registers it works on, and a name for the damage.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "scenarios/scenario.hpp"

namespace locklab {

struct Workload {
  std::string_view name;
  std::string_view description;
  std::string_view damage;  // its name among the metrics; empty: none of its own
  /// What one client does.
  Program (*program)(const WorkloadSpec& spec);
  /// What storage holds at first.
  std::vector<SeedRegister> (*registers)(const WorkloadSpec& spec);
};

std::span<const Workload> workloads();
const Workload* find_workload(std::string_view name);

}  // namespace locklab
