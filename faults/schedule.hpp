// A schedule: the faults of one run, in the order in which those of one instant strike. It is a
// value, so a search copies, compares and shortens it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faults/fault.hpp"

namespace locklab {

using FaultSchedule = std::vector<ScheduledFault>;

/// The names that a schedule may use.
struct KnownNames {
  std::span<const std::string> processes;
  std::span<const std::string> machines;  // a process's name stands for its machine as well
  std::span<const std::string_view> events = event_names();
};

/// What is wrong with one fault of a schedule.
struct ScheduleProblem {
  enum class Expected : std::uint8_t { value, process, machine, process_or_machine, event };

  std::size_t fault = 0;  // index in the schedule
  std::string field;      // "on/event", "pause/who", "partition/side_a/1": a path within that fault
  std::string message;    // "there is no process named 'client-x'"
  Expected expected = Expected::value;  // which list of names would know better
  std::string unknown;                  // the name that no such list has; empty for a wrong value
};

/// All that would keep the schedule from being armed, in order; empty: nothing.
std::vector<ScheduleProblem> validate(const FaultSchedule& schedule, const KnownNames& known);

/// One line a fault, equal exactly if the faults are equal; fit for hashing and for reading:
/// `on lock_granted process=client-a nth=1 plus=30ms: pause who=client-a lasts=9000ms`.
std::string to_text(const ScheduledFault& scheduled);
std::string to_text(const FaultSchedule& schedule);

}  // namespace locklab
