#include "scenarios/envelope.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "algorithms/registry.hpp"
#include "scenarios/assumptions.hpp"
#include "scenarios/search.hpp"

namespace locklab {

namespace {

/// The locks that clients use, each algorithm once, in the order of the clients.
std::vector<const LockSpec*> locks_in_use(const Scenario& scenario) {
  std::vector<const LockSpec*> locks;
  const auto add = [&](const LockSpec& lock) {
    if (lock.algorithm == nullptr) return;
    const bool known = std::ranges::any_of(locks, [&](const LockSpec* other) {
      return other->algorithm == lock.algorithm && other->settings == lock.settings;
    });
    if (!known) locks.push_back(&lock);
  };
  for (const ClientSpec& client : scenario.clients) add(client.lock ? *client.lock : scenario.lock);
  return locks;
}

bool checks_tokens(const storage::Options& options) {
  return options.rule == storage::CheckRule::owner_bound && options.require_token &&
         options.fenced_read && options.persistent_high_water && options.durable_datum;
}

/// Are the data where the lock can protect them: in rows of its own database, or behind a check of
/// its tokens?
bool guards_data(const Scenario& scenario) {
  const bool in_database = !scenario.database.registers.empty();
  const bool in_storage = !scenario.storage.registers.empty();
  if (in_storage) return !in_database && checks_tokens(scenario.storage.options);
  return in_database;
}

bool promises(const Envelope& envelope, std::string_view invariant, bool guarded) {
  const auto has = [invariant](std::span<const std::string_view> names) {
    return std::ranges::find(names, invariant) != names.end();
  };
  return has(envelope.promises) || (guarded && has(envelope.promises_guarded));
}

Exclusion exclusion_of(const Assumption& assumption, const Scenario& scenario,
                       const LockSpec& lock) {
  Exclusion exclusion;
  exclusion.kinds = assumption.kinds;
  exclusion.whom = assumption.whom;
  exclusion.because = assumption.text;
  exclusion.only_if_back = assumption.only_if_back;
  if (assumption.rate_ppm != nullptr) exclusion.rate_ppm = assumption.rate_ppm(scenario, lock);
  return exclusion;
}

}  // namespace

void narrow_to_envelope(FaultSpace& space, const Scenario& scenario) {
  for (const LockSpec* lock : locks_in_use(scenario)) {
    const Envelope* envelope = find_envelope(lock->algorithm->name);
    if (envelope == nullptr) continue;
    for (const Assumption& assumption : envelope->assumptions)
      if (assumption.needed == nullptr || assumption.needed(scenario, *lock))
        space.exclusions.push_back(exclusion_of(assumption, scenario, *lock));
    for (const Assumption& assumption : common_assumptions())
      space.exclusions.push_back(exclusion_of(assumption, scenario, *lock));
  }
}

FaultSpace envelope(const Scenario& scenario) {
  FaultSpace space = fault_space(scenario);
  narrow_to_envelope(space, scenario);
  return space;
}

std::vector<std::string_view> promised_invariants(const Scenario& scenario) {
  std::vector<std::string_view> promised;
  const bool guarded = guards_data(scenario);
  const auto locks = locks_in_use(scenario);
  for (const InvariantRow& row : invariant_rows()) {
    const bool all = std::ranges::all_of(locks, [&](const LockSpec* lock) {
      const Envelope* envelope = find_envelope(lock->algorithm->name);
      return envelope != nullptr && promises(*envelope, row.name, guarded);
    });
    if (all && !locks.empty()) promised.push_back(row.name);
  }
  return promised;
}

std::string locks_of(const Scenario& scenario) {
  std::vector<std::string_view> names;
  for (const LockSpec* lock : locks_in_use(scenario))
    if (std::ranges::find(names, lock->algorithm->name) == names.end())
      names.push_back(lock->algorithm->name);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == names.size() ? " and " : ", ", names[i]);
  return text;
}

EnvelopeVerdict envelope_verdict(const Scenario& scenario, const FaultSpace& space,
                                 const FaultSchedule& schedule, std::string_view invariant) {
  EnvelopeVerdict verdict;
  verdict.locks = locks_of(scenario);
  verdict.outside = first_outside(schedule, space);
  const auto promised = promised_invariants(scenario);
  verdict.promised = std::ranges::find(promised, invariant) != promised.end();
  if (verdict.locks.empty()) return verdict;
  verdict.sentence = fmt::format("{} the assumption envelope of {}",
                                 verdict.outside ? "outside" : "inside", verdict.locks);
  if (verdict.outside)
    verdict.sentence += fmt::format(", which assumes that {}", verdict.outside->because);
  else if (!verdict.promised)
    verdict.sentence += fmt::format(", which does not promise {}", invariant);
  return verdict;
}

}  // namespace locklab
