#include "scenarios/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>
#include <utility>

#include "scenarios/corpus.hpp"
#include "scenarios/library.hpp"

namespace locklab {
namespace {

/// How locks call the life of what they hold.
constexpr std::array<std::string_view, 6> kLives{
    "ttl", "lock_at_most_for", "session_timeout", "session_ttl", "lease", "lease_duration"};

std::string_view life_of(const Algorithm& algorithm) {
  for (const std::string_view life : kLives)
    for (const Parameter& parameter : algorithm.parameters)
      if (parameter.name == life && parameter.type == Parameter::Type::duration) return life;
  return {};
}

std::string seconds(Duration duration) {
  return fmt::format("{}ms", std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

/// The percentage of all runs that `count` counts, at the lower end of what it may be.
template <class Count>
std::int64_t surely_percent(const ComparedLock& lock, Count count) {
  std::uint64_t hits = 0;
  std::uint64_t runs = 0;
  for (const auto& cell : lock.cells) {
    if (!cell) continue;
    hits += count(*cell);
    runs += cell->runs;
  }
  return share_of(hits, runs).low / 10'000;
}

bool checks_token(const ComparedLock& lock, const Requirements& requirements) {
  return requirements.storage_checks_tokens && lock.plan.has_token;
}

bool uses(const Scenario& scenario, const Algorithm& algorithm, std::string_view preset) {
  const auto is_it = [&](const LockSpec& lock) {
    return lock.algorithm == &algorithm && lock.preset == preset;
  };
  return is_it(scenario.lock) || std::ranges::any_of(scenario.clients, [&](const ClientSpec& c) {
           return c.lock && is_it(*c.lock);
         });
}

/// Presets that a failure of the corpus runs, and its mended twin does not: versions with a bug.
std::vector<std::pair<const Algorithm*, std::string_view>> presets_with_a_bug() {
  std::vector<std::pair<const Algorithm*, std::string_view>> found;
  for (const CorpusChapter& chapter : corpus_list().chapters)
    for (const CorpusItem& item : chapter.items) {
      if (item.number == 0 || !library_text(corpus_scenario(item.id)) ||
          !library_text(corpus_twin(item.id)))
        continue;
      const Scenario broken = built_in_scenario(corpus_scenario(item.id));
      const Scenario mended = built_in_scenario(corpus_twin(item.id));
      for (const Algorithm& algorithm : algorithms())
        for (const Preset& preset : algorithm.presets)
          if (uses(broken, algorithm, preset.name) && !uses(mended, algorithm, preset.name))
            found.emplace_back(&algorithm, preset.name);
    }
  return found;
}

constexpr std::int64_t kOften = 20;  // percent of the runs under faults

}  // namespace

std::vector<std::string_view> known_services() {
  RoleSet all = 0;
  for (const Algorithm& algorithm : algorithms()) all |= algorithm.needs;
  std::vector<std::string_view> names;
  for (std::uint32_t i = 0; i < kRoles; ++i)
    if ((all & role_bit(static_cast<ProcessRole>(i))) != 0)
      names.push_back(to_string(static_cast<ProcessRole>(i)));
  return names;
}

std::optional<RoleSet> services_from(std::string_view list, std::string& unknown) {
  const std::vector<std::string_view> known = known_services();
  RoleSet services = 0;
  while (!list.empty()) {
    const std::string_view name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(name.size() + 1, list.size()));
    const auto role = role_from(name);
    if (!role || std::find(known.begin(), known.end(), name) == known.end()) {
      unknown = name;
      return std::nullopt;
    }
    services |= role_bit(*role);
  }
  return services;
}

Duration advised_ttl(Duration longest_pause) { return longest_pause * 3 / 2 + 10s; }

std::vector<CompareLock> candidates(const Requirements& requirements) {
  const auto bugs = presets_with_a_bug();
  std::vector<CompareLock> locks;
  for (const Algorithm& algorithm : algorithms()) {
    if ((algorithm.needs & ~requirements.have) != 0) continue;
    std::vector<std::string> sets;
    if (const std::string_view life = life_of(algorithm); !life.empty())
      sets.push_back(fmt::format("{}={}", life, seconds(advised_ttl(requirements.longest_pause))));
    locks.push_back({&algorithm, {}, sets});
    for (const Preset& preset : algorithm.presets)
      if (!preset.values.empty() &&
          std::ranges::find(bugs, std::pair(&algorithm, preset.name)) == bugs.end())
        locks.push_back({&algorithm, std::string(preset.name), sets});
  }
  return locks;
}

CompareScale advised_scale(const Requirements& requirements) {
  CompareScale scale;
  scale.longest_stop = std::max(requirements.longest_pause, Duration{1s});
  // A holder that crashes late is still missed before the end.
  scale.horizon = std::max<Duration>(60s, 30s + 2 * advised_ttl(requirements.longest_pause));
  if (requirements.contention) scale.clients = 16;
  if (requirements.cross_region) scale.one_way = 35ms;
  return scale;
}

const std::vector<CompareFault>& advised_faults() {
  static const std::vector<CompareFault> kFaults{
      CompareFault::client_pause,   CompareFault::client_crash, CompareFault::server_restart,
      CompareFault::server_amnesia, CompareFault::partition,    CompareFault::message_loss,
      CompareFault::clock_forward,  CompareFault::clock_rate,   CompareFault::vm_suspend};
  return kFaults;
}

bool has_unsound_token(const CompareLock& lock) {
  using Known = std::pair<const Algorithm*, std::string>;
  static const std::vector<Known> kUnsound = [] {
    std::vector<Known> unsound;
    for (const CorpusChapter& chapter : corpus_list().chapters)
      for (const CorpusItem& item : chapter.items) {
        if (!library_text(corpus_scenario(item.id))) continue;
        const Scenario scenario = built_in_scenario(corpus_scenario(item.id));
        const std::vector<std::string>& violates = scenario.expect.violates;
        if (std::find(violates.begin(), violates.end(), "token_order") != violates.end())
          unsound.emplace_back(scenario.lock.algorithm, scenario.lock.preset);
      }
    return unsound;
  }();
  return std::find(kUnsound.begin(), kUnsound.end(), Known{lock.algorithm, lock.preset}) !=
         kUnsound.end();
}

Fitness fitness_of(const ComparedLock& lock, const Requirements& requirements) {
  Fitness fitness;
  fitness.no_token = requirements.storage_checks_tokens &&
                     (!lock.plan.has_token || has_unsound_token(lock.plan.lock));
  fitness.services = std::popcount(lock.plan.lock.algorithm->needs);
  fitness.harmed_percent = surely_percent(lock, [&](const CompareCell& cell) {
    return checks_token(lock, requirements) ? cell.stale_fenced : cell.stale;
  });
  fitness.twice_percent =
      surely_percent(lock, [](const CompareCell& cell) { return cell.broken_service; });
  std::int64_t idle = 0;
  std::int64_t cells = 0;
  for (const auto& cell : lock.cells) {
    if (!cell) continue;
    fitness.gets_stuck = fitness.gets_stuck || cell->recoveries.size() < cell->holder_crashes;
    idle += 1'000'000 - cell->availability_ppm();
    ++cells;
  }
  fitness.idle_ppm = cells == 0 ? 0 : idle / cells;
  constexpr std::size_t kMany = 2;  // sixteen clients
  const std::int64_t rate = lock.performance.decigrants_per_second[kMany];
  fitness.cost =
      requirements.contention
          ? 1'000'000 / std::max<std::int64_t>(rate, 1)
          : std::chrono::round<std::chrono::milliseconds>(lock.performance.acquire_p50).count();
  return fitness;
}

bool is_fitter(const Fitness& a, const Fitness& b, const Requirements& requirements) {
  const auto rank = [&requirements](const Fitness& f) {
    if (requirements.correctness)
      return std::tuple(f.gets_stuck, f.no_token, f.harmed_percent, f.twice_percent, f.services,
                        f.cost, f.idle_ppm);
    // Duplicates are accepted, but not as the rule.
    const bool often = f.harmed_percent + f.twice_percent > kOften;
    return std::tuple(f.gets_stuck, often, std::int64_t{0}, std::int64_t{0}, f.services, f.cost,
                      f.harmed_percent + f.twice_percent);
  };
  return rank(a) < rank(b);
}

// ---- in words -----------------------------------------------------------------------------------

std::string document_answer(const Requirements& requirements) {
  if (requirements.correctness) return "ZooKeeper with fencing tokens, or a database transaction";
  return "Redis, one instance or Redlock, if speed matters, and duplicates are accepted; otherwise "
         "a lock in the database";
}

std::vector<std::string> settings_of(const ComparedLock& lock, const Requirements& requirements) {
  std::vector<std::string> sentences;
  const Duration ttl = advised_ttl(requirements.longest_pause);
  if (const std::string_view life = life_of(*lock.plan.lock.algorithm); !life.empty()) {
    sentences.push_back(
        fmt::format("{} {}: half as long again as the longest pause, and ten seconds for the work.",
                    life, seconds(ttl)));
    sentences.push_back(fmt::format(
        "Renew every {}, a third of it: a pause that begins just before a renewal still finds {} "
        "left. Stop the work when a renewal is refused, and bound the hold.",
        seconds(ttl / 3), seconds(ttl * 2 / 3)));
    sentences.push_back(
        fmt::format("A holder that crashes keeps the others waiting for up to {}.", seconds(ttl)));
  }
  if (checks_token(lock, requirements))
    sentences.emplace_back(
        "Send the grant's token with every write, and with the first read; let storage keep the "
        "highest one beside the data and refuse older ones and writes without one.");
  else if (requirements.correctness)
    sentences.emplace_back(
        "Let every write name the version that it was computed from, and storage refuse it if that "
        "has changed: this lock's grant proves nothing to storage.");
  if (requirements.contention)
    sentences.emplace_back("Add a random part to every pause between two tries.");
  return sentences;
}

std::vector<std::string> remaining_risks(const ComparedLock& lock,
                                         const Requirements& requirements) {
  std::vector<std::string> risks;
  const bool fenced = checks_token(lock, requirements);
  const std::vector<CompareFault>& faults = advised_faults();
  for (std::size_t i = 0; i < faults.size() && i < lock.cells.size(); ++i) {
    if (!lock.cells[i]) continue;
    const CompareCell& cell = *lock.cells[i];
    const std::string_view fault = row_of(faults[i]).description;
    const std::uint64_t harmed = fenced ? cell.stale_fenced : cell.stale;
    if (harmed > 0)
      risks.push_back(fmt::format("When {}: stale data in {} of the runs.", fault,
                                  share_text(share_of(harmed, cell.runs))));
    else if (cell.broken_service > 0)
      risks.push_back(fmt::format("When {}: given away twice in {} of the runs; {}.", fault,
                                  share_text(share_of(cell.broken_service, cell.runs)),
                                  fenced ? "the token saved the data" : "no write was late"));
  }
  if (!fenced)
    risks.push_back(
        fmt::format("A pause of more than {}: the holder does not know that its lock is "
                    "over, and writes.",
                    seconds(requirements.longest_pause)));
  else
    risks.emplace_back("Whatever checks no token: mail, payments, other people's services.");
  if (lock.survived < lock.plan.servers.size())
    risks.push_back(fmt::format("The loss of {}: nobody gets the lock until it is back.",
                                lock.plan.servers.size() == 1
                                    ? lock.plan.servers.front()
                                    : std::string("some of the servers")));
  if (requirements.cross_region)
    risks.emplace_back(
        "A lock in each region protects no resource that several regions share: one authority must "
        "decide about each.");
  return risks;
}

}  // namespace locklab
