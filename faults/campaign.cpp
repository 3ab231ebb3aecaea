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
  if (unreached.empty() && tries == other.tries) {
    unreached = other.unreached;
  } else {
    std::vector<std::uint32_t> both;
    std::ranges::set_intersection(unreached, other.unreached, std::back_inserter(both));
    unreached = std::move(both);
  }
}

Island::Island(const FaultSpace& space, const CampaignSettings& settings, std::uint32_t number)
    : space_(space),
      number_(number),
      rng_(settings.seed, "fuzz/island", number),
      strategy_(settings.strategy->make({space, number, kIslands})),
      reached_(space.anchors.size()) {
  LOCKLAB_ASSERT(number < kIslands);
}

bool Island::step(Oracle& oracle) {
  auto schedule = strategy_->propose(rng_);
  if (!schedule) return false;
  const Trial trial = oracle.run(*schedule);
  ++tally_.tries;
  tally_.events += trial.events;
  tally_.digest = fold_multiply(tally_.digest ^ trial.digest, 0x9E3779B97F4A7C15u) + tally_.tries;
  if (trial.undecided) ++tally_.undecided;
  for (std::size_t i = 0; i < schedule->size() && i < 64; ++i) {
    const auto* on = std::get_if<OnEvent>(&(*schedule)[i].trigger);
    if (on == nullptr || (trial.struck >> i & 1) == 0) continue;
    for (std::size_t place = 0; place < space_.anchors.size(); ++place) {
      const OnEvent& anchor = space_.anchors[place].on;
      if (anchor.event == on->event && anchor.process == on->process && anchor.nth == on->nth &&
          anchor.kind == on->kind && anchor.subject == on->subject)
        reached_[place] = true;
    }
  }
  strategy_->learn(*schedule, trial);
  if (trial.violated()) {
    ++tally_.violations;
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

Tally Island::tally() const {
  Tally tally = tally_;
  for (std::uint32_t place = 0; place < reached_.size(); ++place)
    if (!reached_[place]) tally.unreached.push_back(place);
  return tally;
}

}  // namespace locklab
