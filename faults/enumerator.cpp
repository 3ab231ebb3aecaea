#include "faults/enumerator.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "faults/names_in_fault.hpp"
#include "sim/assert.hpp"
#include "sim/bits.hpp"

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

/// n over k, for k up to 3; nothing above 2^63.
std::optional<std::uint64_t> binomial(std::uint64_t n, std::size_t k) {
  if (n < k) return 0;
  Uint128 ways = 1;
  for (std::size_t i = 0; i < k; ++i) ways = ways * (n - i) / (i + 1);
  if (ways > (Uint128{1} << 63)) return std::nullopt;
  return static_cast<std::uint64_t>(ways);
}

/// Two lists of atoms in order: which schedule comes first in the enumeration?
bool comes_before(std::span<const std::size_t> a, std::span<const std::size_t> b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

/// Within a list of names their order means nothing.
void sort_names(Fault& fault) {
  std::visit(
      [](auto& f) {
        using F = std::decay_t<decltype(f)>;
        if constexpr (std::is_same_v<F, WallJump> || std::is_same_v<F, SetRate>) {
          std::ranges::sort(f.machines);
        } else if constexpr (std::is_same_v<F, Partition>) {
          std::ranges::sort(f.side_a);
          std::ranges::sort(f.side_b);
        } else if constexpr (std::is_same_v<F, LoseKey>) {
          std::ranges::sort(f.nodes);
        }
      },
      fault);
}

/// Fit for comparison: two atoms that do the same have the same.
std::string key_of(ScheduledFault scheduled) {
  sort_names(scheduled.fault);
  return to_text(scheduled);
}

}  // namespace

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

Enumeration enumeration_of(const FaultSpace& space) {
  Enumeration all;
  all.space = space;
  std::vector<std::string> servers;
  for (const Target& target : space.targets)
    if (target.keeps_keys) servers.push_back(target.name);
  all.server_sets = runs_of(servers);
  all.lasts = all.restarts = all.jumps = spread(space.sizes);
  all.rates = {5'000, 20'000, 500'000, 1'000'000};
  return all;
}

// ---- atoms --------------------------------------------------------------------------------------

Enumerator::Enumerator(Enumeration what, std::size_t most_permutations) : what_(std::move(what)) {
  for (const auto& set : what_.server_sets) {
    std::vector<std::string> machines;
    for (const std::string& name : set) {
      const Target* target = what_.space.find(name);
      LOCKLAB_ASSERT(target != nullptr);
      machines.push_back(target->machine);
    }
    machine_sets_.push_back(std::move(machines));
  }
  for (const Target& target : what_.space.targets)
    if (!target.storage) add_faults_on(target);
  add_faults_on_sets();
  add_permutations(most_permutations);
}

/// Unless the space leaves it out.
void Enumerator::add(Fault fault) {
  if (what_.space.contains(fault)) faults_.push_back(std::move(fault));
}

void Enumerator::add_faults_on(const Target& target) {
  const FaultSpace& space = what_.space;
  const auto sized = [](const std::vector<Duration>& sizes, Duration limit, auto make) {
    for (const Duration size : sizes)
      if (size > Duration{0} && size <= limit) make(size);
  };
  const auto message = [this, &target](MessageAction action, std::uint32_t nth, Duration by) {
    add(MessageFault{action, target.name, {}, {}, nth, 1, by});
  };
  if (space.allows(SearchKind::pause))
    sized(what_.lasts, space.longest_pause, [&](Duration size) { add(Pause{target.name, size}); });
  if (space.allows(SearchKind::suspend))
    sized(what_.lasts, space.longest_pause, [&](Duration size) {
      add(Suspend{target.machine, size, WallOnWake::stale});
    });
  if (space.allows(SearchKind::crash)) {
    add(Crash{target.name, std::nullopt});
    sized(what_.restarts, space.horizon, [&](Duration size) { add(Crash{target.name, size}); });
  }
  if (space.allows(SearchKind::power_loss)) {
    add(PowerLoss{target.machine, std::nullopt});
    sized(what_.restarts, space.horizon, [&](Duration size) {
      add(PowerLoss{target.machine, size});
    });
  }
  if (space.allows(SearchKind::clock_jump) && target.client)
    sized(what_.jumps, space.largest_jump, [&](Duration size) {
      add(WallJump{{target.machine}, size});
      add(WallJump{{target.machine}, -size});
    });
  if (space.allows(SearchKind::drop))
    for (const std::uint32_t nth : {1u, 2u}) message(MessageAction::drop, nth, {});
  if (space.allows(SearchKind::delay))
    sized(what_.lasts, space.longest_delay,
          [&](Duration size) { message(MessageAction::delay, 1, size); });
  if (space.allows(SearchKind::duplicate))
    sized(what_.lasts, space.longest_delay,
          [&](Duration size) { message(MessageAction::duplicate, 1, size); });
  if (!target.client) return;
  if (space.allows(SearchKind::partition))
    for (const auto& set : what_.server_sets)
      sized(what_.lasts, space.longest_partition, [&](Duration size) {
        add(Partition{{target.name}, set, CutDirection::both, CutMode::drop, size});
      });
  if (space.allows(SearchKind::reset))
    for (const auto& set : what_.server_sets)
      if (set.size() == 1) add(ResetConnection{target.name, set.front()});
}

void Enumerator::add_faults_on_sets() {
  const FaultSpace& space = what_.space;
  for (const auto& set : machine_sets_) {
    if (space.allows(SearchKind::clock_jump))
      for (const Duration size : what_.jumps)
        if (size > Duration{0} && size <= space.largest_jump) {
          add(WallJump{set, size});
          add(WallJump{set, -size});
        }
    if (space.allows(SearchKind::clock_rate))
      for (const std::int64_t rate : what_.rates)
        if (rate <= space.largest_rate_ppm) {
          add(SetRate{set, rate, std::nullopt});
          // A clock that runs backwards, or hardly at all, is no clock.
          add(SetRate{set, -std::min<std::int64_t>(rate, 800'000), std::nullopt});
        }
    if (space.allows(SearchKind::disk_stall) && set.size() == 1)
      for (const Duration size : what_.lasts)
        if (size > Duration{0} && size <= space.longest_pause) add(DiskStall{set.front(), size});
  }
  if (space.allows(SearchKind::lose_key))
    for (const auto& set : what_.server_sets) add(LoseKey{set, {}});
}

ScheduledFault Enumerator::atom(std::size_t index) const {
  LOCKLAB_ASSERT(index < atoms());
  return {what_.space.anchors[index / faults_.size()].on, faults_[index % faults_.size()]};
}

// ---- symmetry -----------------------------------------------------------------------------------

void Enumerator::add_permutations(std::size_t most) {
  std::map<std::uint32_t, std::vector<const Target*>> groups;
  for (const Target& target : what_.space.targets) groups[target.group].push_back(&target);
  std::erase_if(groups, [](const auto& group) { return group.second.size() < 2; });
  for (const auto& group : groups) {
    const std::vector<const Target*>& members = group.second;
    std::size_t ways = 1;
    for (std::size_t i = 2; i <= members.size() && ways <= most; ++i) ways *= i;
    std::vector<std::size_t> places(members.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    const auto add = [&] {
      Renaming renaming;
      for (std::size_t i = 0; i < places.size(); ++i) {
        renaming.emplace_back(members[i]->name, members[places[i]]->name);
        if (members[i]->machine != members[i]->name)
          renaming.emplace_back(members[i]->machine, members[places[i]]->machine);
      }
      add_permutation(renaming);
    };
    if (ways <= most) {
      while (std::ranges::next_permutation(places).found) add();
    } else {
      for (std::size_t i = 0; i < places.size(); ++i)
        for (std::size_t j = i + 1; j < places.size(); ++j) {
          std::swap(places[i], places[j]);
          add();
          std::swap(places[i], places[j]);
        }
    }
  }
}

void Enumerator::add_permutation(const Renaming& renaming) {
  const auto renamed = [&](ScheduledFault scheduled) {
    for_each_name(scheduled, [&](std::string& name) {
      const auto to = std::ranges::find(renaming, name, &Renaming::value_type::first);
      if (to != renaming.end()) name = to->second;
    });
    return scheduled;
  };
  // Something stands in the place of what is not looked at.
  const Fault any_fault = LoseKey{};
  const Trigger any_trigger = AtTime{};
  const auto images = [&](std::size_t count, auto original) {
    std::map<std::string, std::uint32_t> places;
    for (std::size_t i = 0; i < count; ++i)
      places.emplace(key_of(original(i)), static_cast<std::uint32_t>(i));
    std::vector<std::uint32_t> out;
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = places.find(key_of(renamed(original(i))));
      out.push_back(found == places.end() ? kNone : found->second);
    }
    return out;
  };
  const std::vector<Anchor>& anchors = what_.space.anchors;
  Permutation permutation;
  permutation.anchors = images(anchors.size(), [&](std::size_t i) {
    return ScheduledFault{anchors[i].on, any_fault};
  });
  permutation.faults = images(faults_.size(), [&](std::size_t i) {
    return ScheduledFault{any_trigger, faults_[i]};
  });
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const bool of_a_member = std::ranges::any_of(
        renaming, [&](const auto& pair) { return pair.first == anchors[i].on.process; });
    if (anchors[i].on.nth > 1 && !of_a_member) permutation.anchors[i] = kNone;
  }
  permutations_.push_back(std::move(permutation));
}

/// atoms(): it makes something outside of the enumeration of it.
std::size_t Enumerator::image(const Permutation& permutation, std::size_t atom) const {
  const std::uint32_t anchor = permutation.anchors[atom / faults_.size()];
  const std::uint32_t fault = permutation.faults[atom % faults_.size()];
  if (anchor == kNone || fault == kNone) return atoms();
  return std::size_t{anchor} * faults_.size() + fault;
}

bool Enumerator::is_representative(std::span<const std::size_t> atoms) const {
  std::vector<std::size_t> other(atoms.size());
  for (const Permutation& permutation : permutations_) {
    bool inside = true;
    for (std::size_t i = 0; i < atoms.size() && inside; ++i) {
      other[i] = image(permutation, atoms[i]);
      inside = other[i] < this->atoms();
    }
    if (!inside) continue;
    std::ranges::sort(other);
    if (comes_before(other, atoms)) return false;
  }
  return true;
}

std::size_t Enumerator::representative(std::size_t atom) const {
  for (std::size_t first = atom;; atom = first) {
    for (const Permutation& permutation : permutations_)
      first = std::min(first, image(permutation, atom));
    if (first == atom) return atom;
  }
}

// ---- schedules ----------------------------------------------------------------------------------

std::optional<std::uint64_t> Enumerator::count(std::size_t faults) const {
  LOCKLAB_ASSERT(faults <= 3);
  return binomial(atoms(), faults);
}

std::vector<std::size_t> Enumerator::atoms_at(std::size_t faults, std::uint64_t index) const {
  LOCKLAB_ASSERT(index < count(faults));
  // The combinatorial number system: the index is C(c3, 3) + C(c2, 2) + c1 with c3 > c2 > c1.
  std::vector<std::size_t> places;
  std::uint64_t rest = index;
  for (std::size_t left = faults; left > 0; --left) {
    std::uint64_t low = left - 1;
    std::uint64_t high = atoms() - 1;
    while (low < high) {
      const std::uint64_t middle = low + (high - low + 1) / 2;
      if (binomial(middle, left) <= rest)
        low = middle;
      else
        high = middle - 1;
    }
    rest -= *binomial(low, left);
    places.push_back(static_cast<std::size_t>(low));
  }
  std::ranges::reverse(places);
  return places;
}

FaultSchedule Enumerator::schedule(std::span<const std::size_t> atoms) const {
  FaultSchedule schedule;
  for (const std::size_t place : atoms) schedule.push_back(atom(place));
  return schedule;
}

std::optional<FaultSchedule> Enumerator::at(std::size_t faults, std::uint64_t index) const {
  const std::vector<std::size_t> places = atoms_at(faults, index);
  if (!is_representative(places)) return std::nullopt;
  return schedule(places);
}

}  // namespace locklab
