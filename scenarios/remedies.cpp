#include "scenarios/remedies.hpp"

#include <fmt/format.h>

#include <functional>

namespace locklab {

namespace {

/// Sets the parameter of every lock that has it; false: none has.
bool set_everywhere(Scenario& scenario, std::string_view parameter, std::string_view value) {
  bool any = false;
  const auto set = [&](LockSpec& lock) {
    if (lock.settings.find(parameter) == nullptr) return;
    any = lock.settings.set(parameter, value).has_value() || any;
  };
  set(scenario.lock);
  for (ClientSpec& client : scenario.clients)
    if (client.lock) set(*client.lock);
  return any;
}

bool holds(const Scenario& scenario, const FaultSchedule& schedule, const Trial& broken,
           const WantedInvariants& wanted) {
  ScenarioOracle oracle(scenario, wanted);
  const Trial trial = oracle.run(schedule);
  // A remedy that brings another invariant down is none.
  return !trial.undecided && !trial.violated() && trial.signature != broken.signature;
}

}  // namespace

std::vector<std::string> remedies(const Scenario& scenario, const FaultSchedule& schedule,
                                  const Trial& broken, const WantedInvariants& wanted) {
  std::vector<std::string> all;
  const auto with = [&](std::string phrase, const std::function<bool(Scenario&)>& change) {
    Scenario changed = scenario;
    if (!change(changed) || !holds(changed, schedule, broken, wanted)) return false;
    all.push_back(std::move(phrase));
    return true;
  };

  if (scenario.lock.settings.find("ttl") != nullptr) {
    const Duration ttl = scenario.lock.settings.duration("ttl");
    for (const std::int64_t tenths : {12, 15, 20, 30, 50, 100}) {
      const std::string longer = to_string(ttl * tenths / 10);
      if (with("a TTL of " + longer, [&](Scenario& s) { return set_everywhere(s, "ttl", longer); }))
        break;
    }
  }
  with("storage that checks tokens", [](Scenario& s) {
    storage::Options& o = s.storage.options;
    if (o.rule == storage::CheckRule::owner_bound && o.fenced_read) return false;
    o.rule = storage::CheckRule::owner_bound;
    o.fenced_read = true;
    o.persistent_high_water = true;
    return true;
  });
  with("clients that watch their deadline", [](Scenario& s) {
    bool any = false;
    for (ClientSpec& client : s.clients) {
      any = any || client.belief == Beliefs::Mode::naive;
      client.belief = Beliefs::Mode::deadline_aware;
    }
    return any;
  });
  with("elapsed time by the clients' monotonic clocks",
       [](Scenario& s) { return set_everywhere(s, "elapsed_clock", "mono"); });
  if ((scenario.services & role_bit(ProcessRole::redis)) != 0) {
    with("Redis expiry by a monotonic clock", [](Scenario& s) {
      if (s.redis.options.expiry_clock == ClockKind::mono) return false;
      s.redis.options.expiry_clock = ClockKind::mono;
      return true;
    });
    with("Redis with appendfsync always", [](Scenario& s) {
      if (s.redis.options.persistence == redis::PersistenceMode::aof_always) return false;
      s.redis.options.persistence = redis::PersistenceMode::aof_always;
      return true;
    });
  }
  return all;
}

}  // namespace locklab
