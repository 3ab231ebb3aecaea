#include "scenarios/smaller_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "faults/names_in_fault.hpp"
#include "scenarios/scenario_json.hpp"
#include "scenarios/services/service.hpp"

namespace locklab {

namespace {

/// What a section calls the number of its servers.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kServerCounts{{
    {"redis", "nodes"},
    {"zookeeper", "servers"},
    {"etcd", "nodes"},
    {"consul", "nodes"},
    {"hazelcast", "nodes"},
    {"chubby", "nodes"},
}};

constexpr std::array<Duration, 14> kHorizons{100ms, 200ms, 500ms, 1s,  2s,   5s,   10s,
                                             20s,   30s,   60s,   90s, 120s, 300s, 600s};

Node* member(Node& object, std::string_view key) {
  const auto found = std::ranges::find(object.members, key, &Member::key);
  return found == object.members.end() ? nullptr : &found->value;
}

bool erase_member(Node& object, std::string_view key) {
  return std::erase_if(object.members, [key](const Member& each) { return each.key == key; }) > 0;
}

class Reducer {
 public:
  Reducer(SmallerScenario& best, const WantedInvariants& wanted, const SpaceOf& space_of)
      : best_(best),
        wanted_(wanted),
        space_of_(space_of),
        signature_(best.shrunk.trial.signature) {}

  /// True if anything went.
  bool reduce() {
    const std::size_t before = best_.changes.size();
    fewer_clients();
    fewer_servers();
    fewer_rounds();
    plain("network", "the default network");
    plain("machines", "machines as they are by default");
    sooner_over();
    return best_.changes.size() > before;
  }

  /// The schedule in the scenario that is left.
  void shrink_schedule() {
    const FaultSpace space = space_of_(best_.scenario);
    ScenarioOracle oracle(best_.scenario, wanted_);
    const std::uint64_t tries = best_.shrunk.tries;
    best_.shrunk = shrink(best_.shrunk.schedule, space, oracle,
                          [this](const Trial& trial) { return trial.signature == signature_; });
    best_.shrunk.tries += tries;
  }

 private:
  /// Takes the document if it can be read, all that the schedule names is there, and it breaks in
  /// the same way; `whole_story`: and by as much.
  bool take(Node document, std::string change, bool whole_story = false) {
    Diagnostics mistakes;
    auto scenario = read_scenario(document, mistakes);
    if (!scenario || !names_all(*scenario)) return false;
    ScenarioOracle oracle(*scenario, wanted_);
    const Trial trial = oracle.run(best_.shrunk.schedule);
    ++best_.shrunk.tries;
    if (trial.signature != signature_) return false;
    if (whole_story && trial.slack != best_.shrunk.trial.slack) return false;
    best_.document = std::move(document);
    best_.scenario = std::move(*scenario);
    best_.shrunk.trial = trial;
    best_.changes.push_back(std::move(change));
    return true;
  }

  bool names_all(const Scenario& scenario) const {
    const FaultSpace space = fault_space(scenario);
    bool all = true;
    for (ScheduledFault scheduled : best_.shrunk.schedule)
      for_each_name(scheduled,
                    [&](std::string& name) { all = all && space.find(name) != nullptr; });
    return all;
  }

  void fewer_clients() {
    for (std::size_t i = best_.scenario.clients.size();
         i-- > 0 && best_.scenario.clients.size() > 1;) {
      Node document = best_.document;
      Node* clients = member(document, "clients");
      if (clients == nullptr || i >= clients->items.size()) return;
      const std::string name = best_.scenario.clients[i].name;
      clients->items.erase(clients->items.begin() + static_cast<std::ptrdiff_t>(i));
      take(std::move(document), "without " + name);
    }
  }

  void fewer_servers() {
    for (const auto& [section, key] : kServerCounts) {
      const ServiceKind* service = nullptr;
      for (const ServiceKind& kind : service_kinds())
        if (kind.section == section && (best_.scenario.services & role_bit(kind.role)) != 0)
          service = &kind;
      if (service == nullptr) continue;
      std::vector<std::string> servers;
      service->name_processes(best_.scenario, servers);
      const std::size_t now = servers.size();
      for (std::size_t fewer = 1; fewer < now; ++fewer)
        if (set(fmt::format("{}.{}", section, key), fmt::format("{}", fewer),
                fmt::format("{} of {} instead of {}", fewer, section, now)))
          break;
    }
  }

  void fewer_rounds() {
    const std::uint32_t now = best_.scenario.workload.rounds;
    for (std::uint32_t fewer = 1; fewer < now; ++fewer)
      if (set("workload.rounds", fmt::format("{}", fewer),
              fmt::format("{} instead of {} rounds", fewer, now)))
        return;
  }

  void plain(std::string_view section, std::string change) {
    Node document = best_.document;
    if (erase_member(document, section)) take(std::move(document), std::move(change));
  }

  /// Over when the story is.
  void sooner_over() {
    for (const Duration end : kHorizons) {
      if (end >= best_.scenario.horizon) return;
      const std::string text = to_string(end);
      if (set("horizon", text, "over after " + text, true)) return;
    }
  }

  bool set(std::string_view path, std::string_view value, std::string change,
           bool whole_story = false) {
    Node document = best_.document;
    return set_path(document, path, value).has_value() &&
           take(std::move(document), std::move(change), whole_story);
  }

  SmallerScenario& best_;
  const WantedInvariants& wanted_;
  const SpaceOf& space_of_;
  std::uint64_t signature_;
};

}  // namespace

SmallerScenario smaller_scenario(const Node& document, const Scenario& scenario, Shrunk shrunk,
                                 const WantedInvariants& wanted, const SpaceOf& space_of) {
  SmallerScenario best{document, scenario, {}, std::move(shrunk)};
  erase_member(best.document, "expect");
  Reducer reducer(best, wanted, space_of);
  while (reducer.reduce()) reducer.shrink_schedule();
  return best;
}

}  // namespace locklab
