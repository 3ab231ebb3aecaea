#include "scenarios/enumeration.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "scenarios/search.hpp"

namespace locklab {

namespace {

/// Of each sort and lane the first, but for the ends of calls; of those at one instant in one lane
/// the last.
std::vector<Anchor> first_of_each(const std::vector<Anchor>& all) {
  std::vector<Anchor> chosen;
  for (const Anchor& anchor : all) {
    if (anchor.on.nth != 1 || anchor.on.event == CallEnded::kName) continue;
    std::erase_if(chosen, [&](const Anchor& earlier) {
      return earlier.at == anchor.at && earlier.on.process == anchor.on.process;
    });
    chosen.push_back(anchor);
  }
  return chosen;
}

std::vector<std::vector<std::string>> sets_of(const std::vector<std::string>& servers) {
  std::vector<std::vector<std::string>> sets;
  for (const std::string& server : servers) sets.push_back({server});
  if (servers.size() < 2) return sets;
  const std::size_t majority = servers.size() / 2 + 1;
  if (majority < servers.size()) {
    const auto count = static_cast<std::ptrdiff_t>(majority);
    sets.emplace_back(servers.begin(), servers.begin() + count);
    sets.emplace_back(servers.end() - count, servers.end());
  }
  sets.push_back(servers);
  return sets;
}

}  // namespace

Enumeration declared_enumeration(const Scenario& scenario, const EnumerationChoice& choice) {
  const Reference reference = reference_run(scenario);
  Enumeration all;
  all.space = fault_space(
      scenario, reference,
      {std::numeric_limits<std::uint32_t>::max(), std::numeric_limits<std::size_t>::max()});
  all.space.kinds = choice.kinds;
  if (!choice.every_anchor) set_anchors(all.space, first_of_each(all.space.anchors));
  std::vector<std::string> servers;
  for (const Target& target : all.space.targets)
    if (target.keeps_keys) servers.push_back(target.name);
  all.server_sets = sets_of(servers);
  all.rates = {20'000, 500'000};
  if (!choice.sizes.empty()) {
    all.lasts = all.restarts = all.jumps = choice.sizes;
    return all;
  }
  const Duration longest = reference.numbers.empty() ? Duration{1s} : reference.numbers.back();
  all.lasts = {std::min<Duration>(longest * 2, scenario.horizon)};
  all.jumps = {std::min<Duration>(longest * 2, all.space.largest_jump)};
  all.restarts = {reference.shortest_hold.value_or(longest) / 2};
  return all;
}

}  // namespace locklab
