#include "faults/enumerator.hpp"

#include <algorithm>

#include "sim/assert.hpp"

namespace locklab {

namespace {

/// Five of them, spread evenly: what is known of the scenario, without trying every millisecond.
std::vector<Duration> spread(const std::vector<Duration>& sizes) {
  constexpr std::size_t kMost = 5;
  if (sizes.size() <= kMost) return sizes;
  std::vector<Duration> chosen;
  for (std::size_t i = 0; i < kMost; ++i)
    chosen.push_back(sizes[i * (sizes.size() - 1) / (kMost - 1)]);
  return chosen;
}

/// Each one, and each run of two or more from either end.
std::vector<std::vector<std::string>> runs_of(const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> sets;
  for (const std::string& name : names) sets.push_back({name});
  for (std::size_t length = 2; length <= names.size(); ++length) {
    const auto count = static_cast<std::ptrdiff_t>(length);
    sets.emplace_back(names.begin(), names.begin() + count);
    if (length < names.size()) sets.emplace_back(names.end() - count, names.end());
  }
  return sets;
}

}  // namespace

Enumerator::Enumerator(const FaultSpace& space, std::vector<Duration> sizes)
    : space_(space), sizes_(sizes.empty() ? spread(space.sizes) : std::move(sizes)) {
  std::vector<std::string> names;
  std::vector<std::string> machines;
  for (const Target& target : space.targets) {
    if (!target.keeps_keys) continue;
    names.push_back(target.name);
    machines.push_back(target.machine);
  }
  server_sets_ = runs_of(names);
  machine_sets_ = runs_of(machines);
  for (const Anchor& anchor : space.anchors) add_atoms(anchor);
}

void Enumerator::add(const Anchor& anchor, Fault fault) {
  if (space_.contains(fault)) atoms_.push_back({anchor.on, std::move(fault)});
}

void Enumerator::add_atoms(const Anchor& anchor) {
  const auto sized = [&](Duration limit, auto make) {
    for (const Duration size : sizes_)
      if (size > Duration{0} && size <= limit) make(size);
  };
  for (const Target& target : space_.targets) {
    if (target.storage) continue;
    if (space_.allows(SearchKind::pause))
      sized(space_.longest_pause, [&](Duration size) { add(anchor, Pause{target.name, size}); });
    if (space_.allows(SearchKind::suspend))
      sized(space_.longest_pause, [&](Duration size) {
        add(anchor, Suspend{target.machine, size, WallOnWake::stale});
      });
    if (space_.allows(SearchKind::crash)) {
      add(anchor, Crash{target.name, std::nullopt});
      sized(space_.horizon, [&](Duration size) { add(anchor, Crash{target.name, size}); });
    }
    if (space_.allows(SearchKind::power_loss)) {
      add(anchor, PowerLoss{target.machine, std::nullopt});
      sized(space_.horizon, [&](Duration size) { add(anchor, PowerLoss{target.machine, size}); });
    }
    if (space_.allows(SearchKind::clock_jump) && target.client)
      sized(space_.largest_jump, [&](Duration size) {
        add(anchor, WallJump{{target.machine}, size});
        add(anchor, WallJump{{target.machine}, -size});
      });
    if (space_.allows(SearchKind::drop))
      for (const std::uint32_t nth : {1u, 2u})
        add(anchor, MessageFault{MessageAction::drop, target.name, {}, {}, nth, 1, {}});
    if (space_.allows(SearchKind::delay))
      sized(space_.longest_delay, [&](Duration size) {
        add(anchor, MessageFault{MessageAction::delay, target.name, {}, {}, 1, 1, size});
      });
    if (space_.allows(SearchKind::duplicate))
      sized(space_.longest_delay, [&](Duration size) {
        add(anchor, MessageFault{MessageAction::duplicate, target.name, {}, {}, 1, 1, size});
      });
    if (!target.client) continue;
    if (space_.allows(SearchKind::partition))
      for (const auto& set : server_sets_)
        sized(space_.longest_partition, [&](Duration size) {
          add(anchor, Partition{{target.name}, set, CutDirection::both, CutMode::drop, size});
        });
    if (space_.allows(SearchKind::reset))
      for (const auto& set : server_sets_)
        if (set.size() == 1) add(anchor, ResetConnection{target.name, set.front()});
  }
  for (const auto& set : machine_sets_) {
    if (space_.allows(SearchKind::clock_jump))
      sized(space_.largest_jump, [&](Duration size) {
        add(anchor, WallJump{set, size});
        add(anchor, WallJump{set, -size});
      });
    if (space_.allows(SearchKind::clock_rate))
      for (const std::int64_t rate : {5'000, 20'000, 500'000, 1'000'000})
        if (rate <= space_.largest_rate_ppm) {
          add(anchor, SetRate{set, rate, std::nullopt});
          add(anchor, SetRate{set, -std::min<std::int64_t>(rate, 800'000), std::nullopt});
        }
    if (space_.allows(SearchKind::disk_stall) && set.size() == 1)
      sized(space_.longest_pause, [&](Duration size) { add(anchor, DiskStall{set[0], size}); });
  }
  if (space_.allows(SearchKind::lose_key))
    for (const auto& set : server_sets_) add(anchor, LoseKey{set, {}});
}

std::uint64_t Enumerator::count(std::size_t faults) const {
  const std::uint64_t n = atoms_.size();
  switch (faults) {
    case 0:
      return 1;
    case 1:
      return n;
    case 2:
      return n == 0 ? 0 : n * (n - 1) / 2;
    default:
      LOCKLAB_ASSERT(faults == 3);
      return n < 3 ? 0 : n * (n - 1) / 2 * (n - 2) / 3;
  }
}

std::optional<FaultSchedule> Enumerator::at(std::size_t faults, std::uint64_t index) const {
  LOCKLAB_ASSERT(index < count(faults));
  // The combinatorial number system: the index is C(c3, 3) + C(c2, 2) + c1 with c3 > c2 > c1.
  FaultSchedule schedule;
  std::uint64_t rest = index;
  for (std::size_t left = faults; left > 0; --left) {
    std::uint64_t low = left - 1;
    std::uint64_t high = atoms_.size() - 1;
    const auto choose = [left](std::uint64_t n) {
      return left == 1 ? n : left == 2 ? n * (n - 1) / 2 : n * (n - 1) / 2 * (n - 2) / 3;
    };
    while (low < high) {
      const std::uint64_t middle = low + (high - low + 1) / 2;
      if (choose(middle) <= rest)
        low = middle;
      else
        high = middle - 1;
    }
    rest -= choose(low);
    schedule.push_back(atoms_[low]);
  }
  std::ranges::reverse(schedule);
  if (canonical(schedule, space_) != schedule) return std::nullopt;
  return schedule;
}

}  // namespace locklab
