#include "faults/campaign.hpp"

#include <algorithm>

#include "sim/assert.hpp"
#include "sim/bits.hpp"

namespace locklab {

std::uint64_t signature_of(const FaultSchedule& schedule, const Trial& trial) {
  if (!trial.violated()) return 0;
  SearchKinds kinds = 0;
  for (std::size_t i = 0; i < schedule.size() && i < 64; ++i)
    if ((trial.struck >> i & 1) != 0)
      if (const auto kind = search_kind(schedule[i].fault)) kinds |= kind_bit(*kind);
  return fold_multiply(trial.signature ^ 0x9E3779B97F4A7C15u, kinds + 0xD6E8FEB86659FD93u) | 1;
}

std::uint64_t share_of(std::uint64_t runs, std::uint32_t island) {
  return runs / kIslands + (island < runs % kIslands ? 1 : 0);
}

void Tally::join(const Tally& other) {
  tries += other.tries;
  events += other.events;
  violations += other.violations;
  undecided += other.undecided;
  digest += other.digest;  // a sum: the same in any order
  if (other.least_slack < least_slack ||
      (other.least_slack == least_slack && to_text(other.closest) < to_text(closest))) {
    least_slack = other.least_slack;
    closest = other.closest;
  }
  for (const Found& one : other.found) {
    const auto known = std::ranges::find(found, one.signature, &Found::signature);
    if (known == found.end())
      found.push_back(one);
    else if (one.number < known->number)
      *known = one;
  }
  std::ranges::sort(found, {}, &Found::number);
  if (anchors.size() < other.anchors.size()) anchors.resize(other.anchors.size());
  for (std::size_t i = 0; i < other.anchors.size(); ++i) {
    anchors[i].hung += other.anchors[i].hung;
    anchors[i].struck += other.anchors[i].struck;
  }
  for (const auto& [name, its] : other.strategies) {
    strategies[name].tries += its.tries;
    strategies[name].violations += its.violations;
  }
}

Island::Island(const FaultSpace& space, const CampaignSettings& settings, std::uint32_t number)
    : space_(space),
      number_(number),
      strategy_name_(settings.strategy->name),
      rng_(settings.seed, "fuzz/island", number),
      strategy_(settings.strategy->make({space, number, kIslands})) {
  LOCKLAB_ASSERT(number < kIslands);
  tally_.anchors.resize(space.anchors.size());
}

bool Island::step(Oracle& oracle) {
  auto schedule = strategy_->propose(rng_);
  if (!schedule) return false;
  const std::string_view proposer = strategy_->proposer();
  StrategyTally& its = tally_.strategies[proposer.empty() ? strategy_name_ : proposer];
  const Trial trial = oracle.run(*schedule);
  ++tally_.tries;
  ++its.tries;
  tally_.events += trial.events;
  tally_.digest = fold_multiply(tally_.digest ^ trial.digest, 0x9E3779B97F4A7C15u) + tally_.tries;
  if (trial.undecided) ++tally_.undecided;
  count_anchors(*schedule, trial);

  Trial lesson = trial;
  lesson.digest = lesson.events = 0;
  strategy_->learn(*schedule, lesson);

  if (trial.violated()) {
    ++tally_.violations;
    ++its.violations;
    const std::uint64_t signature = signature_of(*schedule, trial);
    if (std::ranges::find(tally_.found, signature, &Found::signature) == tally_.found.end())
      tally_.found.push_back(
          {(tally_.tries - 1) * kIslands + number_ + 1, signature, std::move(*schedule), trial});
  } else if (trial.slack < tally_.least_slack) {
    tally_.least_slack = trial.slack;
    tally_.closest = std::move(*schedule);
  }
  return true;
}

void Island::count_anchors(const FaultSchedule& schedule, const Trial& trial) {
  for (std::size_t i = 0; i < schedule.size() && i < 64; ++i) {
    const auto* on = std::get_if<OnEvent>(&schedule[i].trigger);
    if (on == nullptr) continue;
    const bool struck = (trial.struck >> i & 1) != 0;
    for (std::size_t place = 0; place < space_.anchors.size(); ++place) {
      const OnEvent& anchor = space_.anchors[place].on;
      if (anchor.event != on->event || anchor.process != on->process || anchor.nth != on->nth ||
          anchor.kind != on->kind || anchor.subject != on->subject)
        continue;
      ++tally_.anchors[place].hung;
      if (struck) ++tally_.anchors[place].struck;
    }
  }
}

void Island::set_totals(const Totals& totals) {
  tally_.events = totals.events;
  tally_.digest = totals.digest;
}

std::uint64_t Island::fingerprint() const {
  Rng copy = rng_;
  return copy.next();
}

}  // namespace locklab
