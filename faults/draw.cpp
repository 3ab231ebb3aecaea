#include "faults/draw.hpp"

#include <algorithm>
#include <array>

#include "sim/assert.hpp"

namespace locklab {

SearchKind Draw::kind(SearchKinds kinds) {
  const SearchKinds allowed = kinds & space_.kinds & kEveryKind;
  LOCKLAB_ASSERT(allowed != 0);
  std::array<SearchKind, kSearchKinds> all{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < kSearchKinds; ++i)
    if ((allowed & kind_bit(static_cast<SearchKind>(i))) != 0)
      all[count++] = static_cast<SearchKind>(i);
  return all[below(count)];
}

// ---- when and how hard --------------------------------------------------------------------------

Duration Draw::wide(Duration limit) {
  std::int64_t top = 1'000'000;  // a millisecond
  while (top < limit.count() && !one_in(4)) top *= 4;
  return std::min(limit, rng_.between(Duration{1}, Duration{top}));
}

Duration Draw::size(Duration limit) {
  const auto end = std::upper_bound(space_.sizes.begin(), space_.sizes.end(), limit);
  const auto known = static_cast<std::size_t>(end - space_.sizes.begin());
  if (known == 0 || one_in(4)) return std::max(wide(limit), Duration{1});
  return std::max(space_.sizes[below(known)], Duration{1});
}

Trigger Draw::trigger(bool anchored) {
  if (anchored && !space_.anchors.empty()) {
    OnEvent on = space_.anchors[below(space_.anchors.size())].on;
    // At the event itself, a little later, or as much later as something here takes.
    if (one_in(2))
      on.plus = Duration{0};
    else
      on.plus = one_in(2) ? wide(2ms) : size(space_.horizon / 2);
    return on;
  }
  if (anchored && !one_in(2)) return AtTime{size(space_.horizon)};
  return AtTime{
      std::chrono::floor<std::chrono::microseconds>(rng_.between(Duration{0}, space_.horizon))};
}

std::optional<Duration> Draw::life(Duration limit) {
  if (one_in(4)) return std::nullopt;
  return size(limit);
}

// ---- whom ---------------------------------------------------------------------------------------

const Target& Draw::target() {
  // Storage is what the lock guards: whatever befalls it proves little about the lock.
  for (;;) {
    const Target& chosen = space_.targets[below(space_.targets.size())];
    if (!chosen.storage || one_in(8)) return chosen;
  }
}

const Target& Draw::client() {
  for (;;) {
    const Target& chosen = space_.targets[below(space_.targets.size())];
    if (chosen.client) return chosen;
  }
}

const Target& Draw::server() {
  const bool any = std::ranges::any_of(space_.targets, &Target::keeps_keys);
  for (;;) {
    const Target& chosen = space_.targets[below(space_.targets.size())];
    if (any ? chosen.keeps_keys : !chosen.client) return chosen;
  }
}

std::vector<const Target*> Draw::some_servers() {
  std::vector<const Target*> servers;
  for (const Target& each : space_.targets)
    if (each.keeps_keys) servers.push_back(&each);
  if (servers.size() < 2) return servers;
  // One, half, a majority or all are what quorums are about; which ones is by chance.
  for (std::size_t i = servers.size(); i > 1; --i) std::swap(servers[i - 1], servers[below(i)]);
  servers.resize(one_in(3) ? 1 : 1 + below(servers.size()));
  std::ranges::sort(servers);
  return servers;
}

// ---- what ---------------------------------------------------------------------------------------

Fault Draw::partition() {
  Partition cut;
  cut.lasts = size(space_.longest_partition);
  const std::vector<const Target*> servers = some_servers();
  if (servers.empty() || one_in(3)) {
    cut.side_a = {target().name};  // from everybody
  } else {
    cut.side_a = {client().name};
    for (const Target* each : servers) cut.side_b.push_back(each->name);
  }
  if (one_in(4)) cut.direction = one_in(2) ? CutDirection::a_to_b : CutDirection::b_to_a;
  if (one_in(4)) cut.mode = CutMode::hold;
  return cut;
}

Fault Draw::message(MessageAction action) {
  MessageFault fault;
  fault.action = action;
  const Target& one = target();
  const Target& other = target();
  fault.from = one.name;
  if (other.name != one.name && one_in(2)) fault.to = other.name;
  if (!space_.message_kinds.empty() && one_in(2))
    fault.kind = space_.message_kinds[below(space_.message_kinds.size())];
  fault.nth = 1 + static_cast<std::uint32_t>(below(one_in(2) ? 2 : 8));
  if (action != MessageAction::drop) fault.by = size(space_.longest_delay);
  if (one_in(4)) fault.times = 1 + static_cast<std::uint32_t>(below(4));
  return fault;
}

Fault Draw::any_fault_of(SearchKind kind) {
  switch (kind) {
    case SearchKind::pause:
      return Pause{one_in(3) ? target().name : client().name, size(space_.longest_pause)};
    case SearchKind::suspend:
      return Suspend{target().machine, size(space_.longest_pause),
                     one_in(2) ? WallOnWake::stale : WallOnWake::corrected};
    case SearchKind::crash:
      return Crash{target().name, life(space_.horizon / 2)};
    case SearchKind::power_loss:
      return PowerLoss{target().machine, life(space_.horizon / 2)};
    case SearchKind::clock_jump:
    case SearchKind::clock_rate: {
      std::vector<std::string> machines;
      if (one_in(3)) {
        machines.push_back(target().machine);
      } else {
        for (const Target* each : some_servers()) machines.push_back(each->machine);
        if (machines.empty()) machines.push_back(target().machine);
      }
      if (kind == SearchKind::clock_jump) {
        const Duration by = size(space_.largest_jump);
        return WallJump{std::move(machines), one_in(3) ? -by : by};
      }
      const std::int64_t largest = std::max<std::int64_t>(space_.largest_rate_of(machines), 1);
      std::int64_t rate =
          1 + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(largest)));
      if (one_in(2)) rate = std::max<std::int64_t>(rate / 50, 1);
      if (one_in(3)) rate = -std::min<std::int64_t>(rate, 800'000);
      return SetRate{std::move(machines), rate, std::nullopt};
    }
    case SearchKind::partition:
      return partition();
    case SearchKind::drop:
      return message(MessageAction::drop);
    case SearchKind::delay:
      return message(MessageAction::delay);
    case SearchKind::duplicate:
      return message(MessageAction::duplicate);
    case SearchKind::reset: {
      const Target& a = client();
      for (;;) {
        const Target& b = target();
        if (a.name != b.name) return ResetConnection{a.name, b.name};
      }
    }
    case SearchKind::disk_stall:
      return DiskStall{server().machine, size(space_.longest_pause)};
    case SearchKind::lose_key: {
      LoseKey fault;
      for (const Target* each : some_servers()) fault.nodes.push_back(each->name);
      if (fault.nodes.empty()) fault.nodes.push_back(server().name);
      return fault;
    }
  }
  return Pause{};
}

Fault Draw::fault_of(SearchKind kind) {
  constexpr int kPatience = 16;
  constexpr int kMost = 10'000;  // then there is nothing in the space
  for (int tries = 1;; ++tries) {
    Fault fault = any_fault_of(kind);
    if (space_.contains(fault)) return fault;
    LOCKLAB_ASSERT(tries < kMost);
    if (tries % kPatience == 0) kind = this->kind(kEveryKind);
  }
}

ScheduledFault Draw::fault(SearchKind kind, bool anchored) {
  Trigger when = trigger(anchored);
  return {std::move(when), fault_of(kind)};
}

FaultSchedule Draw::mutate(FaultSchedule schedule, SearchKinds kinds) {
  if (schedule.empty() || (schedule.size() < space_.most_faults && one_in(3))) {
    schedule.push_back(fault(kind(kinds), true));
    return schedule;
  }
  ScheduledFault& chosen = schedule[below(schedule.size())];
  switch (below(4)) {
    case 0:
      chosen.trigger = trigger(true);
      break;
    case 1:  // the same fault, a little earlier or later
      if (auto* on = std::get_if<OnEvent>(&chosen.trigger)) {
        on->plus = on->plus / 2 + (one_in(2) ? Duration{0} : wide(space_.horizon / 8));
      } else {
        auto& at = std::get<AtTime>(chosen.trigger).at;
        const Duration shift = wide(space_.horizon / 8);
        at = one_in(2) ? at + shift : std::max(at - shift, Duration{0});
      }
      break;
    case 2:  // the same kind, another size or victim
      if (const auto same = search_kind(chosen.fault); same && space_.allows(*same)) {
        chosen.fault = fault_of(*same);
        break;
      }
      [[fallthrough]];
    default:
      chosen = fault(kind(kinds), true);
  }
  return schedule;
}

}  // namespace locklab
