#include "tests/longrun/subjects.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "algorithms/registry.hpp"
#include "scenarios/diagnostics.hpp"
#include "scenarios/envelope.hpp"
#include "scenarios/fencing.hpp"
#include "scenarios/located_json.hpp"
#include "scenarios/lock_scenario.hpp"
#include "scenarios/scenario_json.hpp"

namespace locklab::longrun {
namespace {

constexpr std::string_view kDurable = R"("redis": {"persistence": "aof_always"})";
constexpr std::string_view kDurableFive = R"("redis": {"nodes": 5, "persistence": "aof_always"})";
constexpr std::string_view kGuardedFive = R"("redis": {"nodes": 5, "restart_guard": "11s"})";

constexpr std::array kSubjects{
    Subject{"simple_redis_lock:careful", Guard::none},
    Subject{"simple_redis_lock:careful", Guard::none, kDurable},
    Subject{"fenced_lock:careful", Guard::tokens},
    Subject{"fenced_lock:careful", Guard::tokens, kDurable},
    Subject{"redlock:spec", Guard::none},
    Subject{"redlock:spec", Guard::none, kDurableFive},
    Subject{"redlock:spec", Guard::none, kGuardedFive},
    Subject{"redlock:redsync", Guard::none},
    Subject{"redisson_lock", Guard::none},
    Subject{"redisson_fenced_lock", Guard::tokens},
    Subject{"redisson_fair_lock", Guard::none},
    Subject{"database_lock:server_clock", Guard::none},
    Subject{"table_lock", Guard::tokens},
    Subject{"select_for_update_lock", Guard::rows},
    Subject{"advisory_lock:session", Guard::none},
    Subject{"advisory_lock:transaction", Guard::none},
    Subject{"shedlock_jdbc:using_db_time", Guard::none},
    Subject{"shedlock_redis:safe_update", Guard::none},
    // With a session of its own for each hold, as `etcdctl lock` has it. One session for all can be
    // struck by its own past: Unlock deletes the session's key without asking whose try it belongs
    // to, so a delete that was given up and arrives late takes the next hold away.
    Subject{"etcd_mutex", Guard::tokens, {}, "close_session"},
    // zk_herd_lock is not among them: its node has one name for all, so a delete that is sent again
    // on a new connection may remove the next holder's.
    Subject{"zk_lock:careful", Guard::tokens},
    Subject{"curator_mutex", Guard::tokens},
    Subject{"consul_lock", Guard::tokens},
    Subject{"hazelcast_fenced_lock", Guard::tokens},
    Subject{"chubby_lock", Guard::tokens},
    Subject{"dynamodb_lock", Guard::none},
    Subject{"kubernetes_lease", Guard::none},
};

/// `section` goes before the lock's own line.
std::string with_section(std::string text, std::string_view section) {
  if (section.empty()) return text;
  const std::size_t place = text.find("\"lock\":");
  return text.insert(place, std::string(section) + ", ");
}

/// The stock in the database instead of in storage.
std::string in_rows(std::string text) {
  constexpr std::string_view kStorage = "\"storage\": {";
  return text.replace(text.find(kStorage), kStorage.size(), "\"database\": {");
}

Scenario read_or_die(const std::string& text, std::string_view name) {
  const auto root = parse_located_json(text, name);
  Diagnostics diagnostics;
  auto scenario = root ? read_scenario(*root, diagnostics) : std::nullopt;
  if (!scenario) {
    fmt::print(stderr, "{}: {}\n", name, root ? to_string(diagnostics) : to_string(root.error()));
    std::exit(70);
  }
  return std::move(*scenario);
}

}  // namespace

std::span<const Subject> correct_locks() { return kSubjects; }

Scenario scenario_of(const Subject& subject) {
  std::string text = with_section(lock_scenario_text(subject.lock), subject.servers);
  if (subject.guard == Guard::rows) text = in_rows(std::move(text));
  Scenario scenario = read_or_die(text, subject.lock);
  if (!subject.setting.empty() && !scenario.lock.settings.set(subject.setting, "true"))
    std::exit(70);
  return subject.guard == Guard::tokens ? with_fencing(std::move(scenario)) : scenario;
}

std::vector<std::string> all_locks() {
  std::vector<std::string> names;
  for (const Algorithm& algorithm : algorithms())
    for (const Preset& preset : algorithm.presets)
      names.push_back(fmt::format("{}:{}", algorithm.name, preset.name));
  return names;
}

Scenario scenario_of(std::string_view lock) { return read_or_die(lock_scenario_text(lock), lock); }

std::string label_of(const Subject& subject) {
  std::string label(subject.lock);
  if (subject.servers == kDurable || subject.servers == kDurableFive) label += ", fsync always";
  if (!subject.setting.empty()) label += fmt::format(", {}", subject.setting);
  if (subject.servers == kGuardedFive) label += ", delayed restarts";
  if (subject.guard == Guard::tokens) label += ", storage checks tokens";
  if (subject.guard == Guard::rows) label += ", data in the same transaction";
  return label;
}

std::vector<std::string> promises_of(const Scenario& scenario) {
  const auto names = promised_invariants(scenario);
  return {names.begin(), names.end()};
}

}  // namespace locklab::longrun
