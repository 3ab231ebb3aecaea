#include "faults/certificate.hpp"

#include <algorithm>

#include "faults/campaign.hpp"
#include "sim/assert.hpp"
#include "sim/bits.hpp"

namespace locklab {

namespace {

std::uint64_t absorbed(std::uint64_t digest, std::uint64_t next) {
  return fold_multiply(digest ^ next, 0x9E3779B97F4A7C15u) + 1;
}

SearchKinds kinds_that_struck(const FaultSchedule& schedule, const Trial& trial) {
  SearchKinds kinds = 0;
  for (std::size_t i = 0; i < schedule.size(); ++i)
    if ((trial.struck >> i & 1) != 0)
      if (const auto kind = search_kind(schedule[i].fault)) kinds |= kind_bit(*kind);
  return kinds;
}

}  // namespace

std::uint64_t Certifier::blocks(std::size_t faults) const {
  const auto count = all_.count(faults);
  LOCKLAB_ASSERT(count.has_value());
  return (*count + kSchedulesInBlock - 1) / kSchedulesInBlock;
}

bool Certifier::breaks_alone(std::size_t atom, std::uint64_t signature) const {
  return alone_[all_.representative(atom)] == signature;
}

CertificateBlock Certifier::run(std::size_t faults, std::uint64_t block, Oracle& oracle) const {
  CertificateBlock out;
  Certificate& part = out.part;
  LevelCount level;
  level.faults = faults;
  const std::uint64_t begin = block * kSchedulesInBlock;
  const std::uint64_t end = std::min(begin + kSchedulesInBlock, *all_.count(faults));
  for (std::uint64_t index = begin; index < end; ++index) {
    ++level.all;
    if (faults == 1) out.signatures.push_back(0);
    const std::vector<std::size_t> atoms = all_.atoms_at(faults, index);
    if (!all_.is_representative(atoms)) {
      ++level.skipped;
      continue;
    }
    const FaultSchedule schedule = all_.schedule(atoms);
    const Trial trial = oracle.run(schedule);
    ++level.run;
    part.events += trial.events;
    part.digest = absorbed(part.digest, trial.digest);
    if (trial.undecided) ++level.undecided;
    if (!trial.violated()) {
      if (!trial.undecided && trial.slack < part.least_slack) {
        part.least_slack = trial.slack;
        part.closest_place = {faults, index};
        part.closest = schedule;
      }
      continue;
    }
    ++level.violating;
    if (faults == 1) out.signatures.back() = trial.signature;
    const std::uint64_t signature = signature_of(schedule, trial);
    auto known = std::ranges::find(part.violations, signature, &CertifiedViolation::signature);
    if (known == part.violations.end()) {
      part.violations.push_back({signature,
                                 trial.invariant,
                                 trial.what,
                                 kinds_that_struck(schedule, trial),
                                 0,
                                 0,
                                 {faults, index},
                                 schedule});
      known = part.violations.end() - 1;
    }
    ++known->schedules;
    const bool by_one = faults > 1 && std::ranges::any_of(atoms, [&](std::size_t atom) {
                          return breaks_alone(atom, trial.signature);
                        });
    if (!by_one) ++known->together;
  }
  part.levels.push_back(level);
  return out;
}

void Certifier::add(const CertificateBlock& block) {
  LOCKLAB_ASSERT(block.part.levels.size() == 1);
  const Certificate& part = block.part;
  const LevelCount& more = part.levels.front();
  if (certificate_.levels.empty() || certificate_.levels.back().faults != more.faults) {
    certificate_.levels.push_back({});
    certificate_.levels.back().faults = more.faults;
  }
  LevelCount& level = certificate_.levels.back();
  level.all += more.all;
  level.skipped += more.skipped;
  level.run += more.run;
  level.violating += more.violating;
  level.undecided += more.undecided;
  certificate_.digest = absorbed(certificate_.digest, part.digest);
  certificate_.events += part.events;
  for (const CertifiedViolation& violation : part.violations) {
    const auto known = std::ranges::find(certificate_.violations, violation.signature,
                                         &CertifiedViolation::signature);
    if (known == certificate_.violations.end()) {
      certificate_.violations.push_back(violation);
    } else {
      known->schedules += violation.schedules;
      known->together += violation.together;
    }
  }
  if (part.least_slack < certificate_.least_slack) {
    certificate_.least_slack = part.least_slack;
    certificate_.closest_place = part.closest_place;
    certificate_.closest = part.closest;
  }
  alone_.insert(alone_.end(), block.signatures.begin(), block.signatures.end());
}

}  // namespace locklab
