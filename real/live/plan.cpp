#include "real/live/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <variant>

#include "scenarios/services/service.hpp"
#include "sim/role.hpp"

namespace locklab::real {

namespace {

constexpr std::string_view kStorage = "storage";

std::optional<std::string> objection(const LockSpec& lock) {
  if (lock.algorithm == nullptr) return std::nullopt;
  if (std::string_view(lock.algorithm->name).starts_with("redisson"))
    return fmt::format("the lock {} listens to a channel, which a live run does not do yet",
                       lock.algorithm->name);
  return std::nullopt;
}

std::optional<std::string> objection(const Scenario& scenario) {
  for (const ServiceKind& kind : service_kinds())
    if (kind.role != ProcessRole::redis && (scenario.services & role_bit(kind.role)) != 0)
      return fmt::format("it needs {}, and a live run has Redis and storage only", kind.title);
  const RedisSpec& redis = scenario.redis;
  if (redis.replicas > 0 || redis.sentinels > 0)
    return "its Redis nodes have replicas or Sentinels, and a live run has single nodes only";
  if (redis.eviction.max_keys > 0)
    return "its Redis nodes have room for so many keys, and a real one counts bytes";
  if (redis.options.expiry_clock != ClockKind::wall)
    return "its Redis nodes judge expiry by the monotonic clock, and no real one does";
  if (redis.options.service_time > Duration{0})
    return "its Redis nodes take a given time for each request, and a real one takes its own";
  for (const MachineSpec& machine : scenario.machines)
    if (node_number(scenario, machine.name))
      return fmt::format("the clock of {} is not right from the start", machine.name);
  for (const ClientSpec& client : scenario.clients)
    if (!client.machine.empty() && client.machine != client.name)
      return fmt::format("{} shares the machine {} with others", client.name, client.machine);
  if (auto why = objection(scenario.lock)) return why;
  for (const ClientSpec& client : scenario.clients)
    if (client.lock)
      if (auto why = objection(*client.lock)) return why;
  return std::nullopt;
}

/// A fault that strikes one process must find it among those that there really are.
bool is_known(const Scenario& scenario, const std::string& who) {
  return is_client(scenario, who) || who == kStorage || node_number(scenario, who).has_value();
}

std::optional<std::string> objection(const Scenario& scenario, const Fault& any) {
  return std::visit(
      [&](const auto& fault) -> std::optional<std::string> {
        using F = std::decay_t<decltype(fault)>;
        if constexpr (std::is_same_v<F, Pause> || std::is_same_v<F, Crash> ||
                      std::is_same_v<F, Restart>) {
          if (!is_known(scenario, fault.who)) return fmt::format("there is no {}", fault.who);
        } else if constexpr (std::is_same_v<F, Suspend>) {
          return "a machine is suspended, and a live run has processes but no machines";
        } else if constexpr (std::is_same_v<F, PowerLoss>) {
          return "a machine loses power, and a live run has processes but no machines";
        } else if constexpr (std::is_same_v<F, DiskStall>) {
          return "a disk stalls, and a live run leaves the disk alone";
        } else if constexpr (std::is_same_v<F, SetRate> || std::is_same_v<F, Slew>) {
          for (const std::string& machine : fault.machines)
            if (!is_client(scenario, machine))
              return fmt::format(
                  "the clock of {} runs at another speed, and a live run can only "
                  "set it",
                  machine);
        } else if constexpr (std::is_same_v<F, WallJump>) {
          for (const std::string& machine : fault.machines)
            if (machine == kStorage) return "the clock of storage is set, and nobody reads it";
        } else if constexpr (std::is_same_v<F, MessageFault>) {
          if (!is_client(scenario, fault.from) && !is_client(scenario, fault.to))
            return "a fault on messages names no client, and nobody counts those of all clients";
        }
        return std::nullopt;
      },
      any);
}

/// Is what it strikes a client's own business: its messages, its clock?
bool concerns(const Fault& any, const std::string& client) {
  return std::visit(
      [&](const auto& fault) {
        using F = std::decay_t<decltype(fault)>;
        if constexpr (std::is_same_v<F, MessageFault>)
          return fault.from == client || fault.to == client;
        return true;  // what strikes others shows in no message of this client's
      },
      any);
}

}  // namespace

bool is_client(const Scenario& scenario, const std::string& name) {
  return std::ranges::any_of(scenario.clients,
                             [&](const ClientSpec& client) { return client.name == name; });
}

std::optional<std::size_t> node_number(const Scenario& scenario, const std::string& name) {
  if ((scenario.services & role_bit(ProcessRole::redis)) == 0) return std::nullopt;
  for (std::uint32_t number = 0; number < scenario.redis.nodes; ++number)
    if (name == fmt::format("redis-{}", number + 1)) return number;
  return std::nullopt;
}

std::optional<std::string> why_not_live(const Scenario& scenario) {
  if (auto why = objection(scenario)) return why;
  for (const ScheduledFault& scheduled : scenario.faults) {
    if (auto why = objection(scenario, scheduled.fault)) return why;
    const auto* on = std::get_if<OnEvent>(&scheduled.trigger);
    if (on != nullptr && !is_client(scenario, on->process))
      return fmt::format(
          "a fault waits for {} of {}, and only a client's own events are seen in "
          "time",
          on->event, on->process.empty() ? "anybody" : on->process);
  }
  return std::nullopt;
}

bool is_from_outside(const Fault& fault) {
  return std::holds_alternative<Pause>(fault) || std::holds_alternative<Crash>(fault) ||
         std::holds_alternative<Restart>(fault) || std::holds_alternative<WallJump>(fault) ||
         std::holds_alternative<LoseKey>(fault);
}

ClientSchedule schedule_of(const Scenario& scenario, const std::string& client) {
  ClientSchedule own;
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const ScheduledFault& scheduled = scenario.faults[i];
    const auto* on = std::get_if<OnEvent>(&scheduled.trigger);
    const bool waits_here = on != nullptr && on->process == client;
    // A clock that is set is set in this process's world too: that is what the client reads, and
    // what the trace says of a node's clock.
    const bool here = !is_from_outside(scheduled.fault) ||
                      (std::holds_alternative<WallJump>(scheduled.fault) && on == nullptr);
    if (here && concerns(scheduled.fault, client) && (on == nullptr || waits_here)) {
      own.faults.push_back(scheduled);
    } else if (waits_here) {
      // It only says when its trigger comes: nothing begins anew that is alive.
      own.faults.push_back({scheduled.trigger, Restart{client}});
    } else {
      continue;
    }
    own.numbers.push_back(i);
  }
  return own;
}

std::vector<std::string> nodes_with_jumps(const Scenario& scenario) {
  std::vector<std::string> nodes;
  for (const ScheduledFault& scheduled : scenario.faults)
    if (const auto* jump = std::get_if<WallJump>(&scheduled.fault))
      for (const std::string& machine : jump->machines)
        if (node_number(scenario, machine)) nodes.push_back(machine);
  return nodes;
}

}  // namespace locklab::real
