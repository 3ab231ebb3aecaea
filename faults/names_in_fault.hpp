// The processes and machines that a fault and its trigger name, one after the other.
#pragma once

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "faults/fault.hpp"

namespace locklab {

/// Calls visit(name) on each that the fault itself names. `fault` is a Fault, const or not.
template <class AnyFault, class Visit>
void for_each_victim(AnyFault& any, Visit visit) {
  std::visit(
      [&](auto& fault) {
        using F = std::decay_t<decltype(fault)>;
        const auto each = [&](auto& names) {
          for (auto& name : names) visit(name);
        };
        const auto one = [&](auto& name) {
          if (!name.empty()) visit(name);
        };
        if constexpr (std::is_same_v<F, Pause> || std::is_same_v<F, Crash> ||
                      std::is_same_v<F, Restart>) {
          one(fault.who);
        } else if constexpr (std::is_same_v<F, Suspend> || std::is_same_v<F, PowerLoss> ||
                             std::is_same_v<F, DiskStall>) {
          one(fault.machine);
        } else if constexpr (std::is_same_v<F, WallJump> || std::is_same_v<F, SetRate> ||
                             std::is_same_v<F, Slew>) {
          each(fault.machines);
        } else if constexpr (std::is_same_v<F, MessageFault> || std::is_same_v<F, LinkTrouble>) {
          one(fault.from);
          one(fault.to);
        } else if constexpr (std::is_same_v<F, Partition>) {
          each(fault.side_a);
          each(fault.side_b);
        } else if constexpr (std::is_same_v<F, ResetConnection>) {
          one(fault.a);
          one(fault.b);
        } else {
          static_assert(std::is_same_v<F, LoseKey>);
          each(fault.nodes);
        }
      },
      any);
}

/// Calls visit(name) on each, in the order of the schedule's text; the name may be changed.
template <class Visit>
void for_each_name(ScheduledFault& scheduled, Visit visit) {
  if (auto* on = std::get_if<OnEvent>(&scheduled.trigger))
    if (!on->process.empty()) visit(on->process);
  for_each_victim(scheduled.fault, visit);
}

}  // namespace locklab
