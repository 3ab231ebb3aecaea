#include "faults/draw.hpp"

#include <algorithm>
#include <array>

#include "sim/assert.hpp"

namespace locklab {

namespace {

/// How often a kind is drawn, of those that are allowed: a choice, by what is reported most.
/// Pauses, crashes and partitions are most of the published failures [docs/corpus.md].
constexpr std::array<std::size_t, kSearchKinds> kWeights{
    6,  // pause
    4,  // suspend
    5,  // crash
    4,  // power_loss
    3,  // clock_jump
    1,  // clock_rate
    5,  // partition
    2,  // drop
    3,  // delay
    1,  // duplicate
    1,  // reset
    1,  // disk_stall
    2,  // lose_key
};

}  // namespace

SearchKind Draw::kind(SearchKinds kinds) {
  const SearchKinds allowed = kinds & space_.kinds & kEveryKind;
  LOCKLAB_ASSERT(allowed != 0);
  const auto weight = [&](std::size_t i) -> std::size_t {
    if ((allowed & kind_bit(static_cast<SearchKind>(i))) == 0) return 0;
    return taste_ == Taste::informed ? kWeights[i] : 1;
  };
  std::size_t total = 0;
  for (std::size_t i = 0; i < kSearchKinds; ++i) total += weight(i);
  std::size_t left = below(total);
  std::size_t chosen = 0;
  while (left >= weight(chosen)) left -= weight(chosen++);
  return static_cast<SearchKind>(chosen);
}

std::size_t Draw::how_many() {
  if (taste_ == Taste::blind) return 1 + below(std::min<std::size_t>(space_.most_faults, 3));
  const std::size_t least = std::min<std::size_t>(space_.most_faults, one_in(8) ? 1 : 4);
  return least + below(space_.most_faults - least + 1);
}

// ---- when ---------------------------------------------------------------------------------------

const Anchor& Draw::anchor() {
  // First a sort of event, so that what happens often is not drawn often; of these the early ones,
  // since most later ones are the same again.
  std::size_t total = 0;
  for (const AnchorFamily& family : space_.families) total += family.weight;
  std::size_t left = below(total);
  auto family = space_.families.begin();
  while (left >= family->weight) left -= (family++)->weight;
  std::size_t place = 0;
  while (place + 1 < family->places.size() && one_in(2)) ++place;
  return space_.anchors[family->places[place]];
}

Draw::Moment Draw::moment() {
  if (taste_ == Taste::blind || space_.families.empty() || one_in(4)) {
    const Duration end = taste_ == Taste::blind ? space_.horizon : space_.quiet_after;
    const Duration at =
        std::chrono::floor<std::chrono::microseconds>(rng_.between(Duration{0}, end));
    return {AtTime{at}, at, nullptr};
  }
  const Anchor& chosen = anchor();
  OnEvent on = chosen.on;
  // At the event itself, a little later, or as much later as something here takes.
  if (one_in(2)) on.plus = one_in(2) ? wide(2ms) : std::min(wide(space_.horizon), space_.horizon);
  const Duration at = chosen.at + on.plus;
  const Target* who = space_.find(on.process);
  return {std::move(on), at, who};
}

// ---- how hard -----------------------------------------------------------------------------------

Duration Draw::wide(Duration limit) {
  Duration top = limit;
  while (top > 1ms && !one_in(4)) top /= 4;
  return std::max(rng_.between(Duration{1}, std::max(top, Duration{2})), Duration{1});
}

Duration Draw::until_event(const Moment& from) {
  const auto later = std::ranges::upper_bound(space_.anchors, from.at, {}, &Anchor::at);
  const auto count = static_cast<std::size_t>(space_.anchors.end() - later);
  if (count == 0) return Duration{0};
  const Anchor& end = later[static_cast<std::ptrdiff_t>(below(count))];
  return end.at - from.at + (one_in(2) ? wide(5ms) : wide(space_.horizon / 4));
}

Duration Draw::size(Duration limit, const Moment& from) {
  Duration chosen{0};
  if (taste_ == Taste::informed && !space_.sizes.empty() && !one_in(4)) {
    if (one_in(3)) {
      chosen = until_event(from);
    } else if (one_in(2)) {
      // Beyond all that is promised here: what a long fault does not break, few shorter ones do.
      chosen = space_.sizes.back() + wide(space_.sizes.back());
    } else {
      chosen = space_.sizes[below(space_.sizes.size())];
    }
  }
  // What lasts beyond the run's end shows nothing.
  if (taste_ == Taste::informed) limit = std::clamp(space_.horizon - from.at, Duration{1}, limit);
  if (chosen <= Duration{0} || chosen > limit) chosen = wide(limit);
  return chosen;
}

std::optional<Duration> Draw::life(const Moment& from) {
  if (one_in(4)) return std::nullopt;
  return size(space_.horizon / 2, from);
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
  if (taste_ == Taste::informed && !one_in(4)) {
    if (prey_ == nullptr) {
      do prey_ = &space_.targets[below(space_.targets.size())];
      while (!prey_->client);
    }
    return *prey_;
  }
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

const Target& Draw::victim(const Moment& from) {
  if (from.who != nullptr && !from.who->storage && !from.who->client && one_in(2)) return *from.who;
  const Target& chosen = target();
  return chosen.client ? client_at(from) : chosen;
}

const Target& Draw::client_at(const Moment& from) {
  if (from.who != nullptr && from.who->client && one_in(4)) return *from.who;
  return client();
}

std::vector<const Target*> Draw::some_servers() {
  std::vector<const Target*> servers;
  for (const Target& each : space_.targets)
    if (each.keeps_keys) servers.push_back(&each);
  if (servers.size() < 2) return servers;
  // One, half, a majority or all are what quorums are about; which ones is by chance.
  for (std::size_t i = servers.size(); i > 1; --i) std::swap(servers[i - 1], servers[below(i)]);
  if (!one_in(3)) servers.resize(one_in(2) ? 1 : 1 + below(servers.size()));
  std::ranges::sort(servers);
  return servers;
}

std::vector<std::string> Draw::some_machines(const Moment& from) {
  std::vector<std::string> machines;
  if (!one_in(3))
    for (const Target* each : some_servers()) machines.push_back(each->machine);
  if (machines.empty()) machines.push_back(victim(from).machine);
  return machines;
}

// ---- what ---------------------------------------------------------------------------------------

Fault Draw::partition(const Moment& from) {
  Partition cut;
  cut.lasts = size(space_.longest_partition, from);
  const std::vector<const Target*> servers = some_servers();
  if (servers.empty() || one_in(3)) {
    cut.side_a = {victim(from).name};  // from everybody
  } else {
    cut.side_a = {client_at(from).name};
    for (const Target* each : servers) cut.side_b.push_back(each->name);
  }
  if (one_in(4)) cut.direction = one_in(2) ? CutDirection::a_to_b : CutDirection::b_to_a;
  if (one_in(4)) cut.mode = CutMode::hold;
  return cut;
}

Fault Draw::message(MessageAction action, const Moment& from) {
  MessageFault fault;
  fault.action = action;
  const Target& one = victim(from);
  const Target& other = target();
  fault.from = one.name;
  if (other.name != one.name && one_in(2)) fault.to = other.name;
  if (one_in(4)) std::swap(fault.from, fault.to);
  if (!space_.message_kinds.empty() && one_in(2))
    fault.kind = space_.message_kinds[below(space_.message_kinds.size())];
  while (one_in(3) && fault.nth < 8) ++fault.nth;
  if (action != MessageAction::drop) fault.by = size(space_.longest_delay, from);
  if (one_in(4)) fault.times = 1 + static_cast<std::uint32_t>(below(4));
  return fault;
}

Fault Draw::lost_key() {
  LoseKey fault;
  for (const Target* each : some_servers()) fault.nodes.push_back(each->name);
  if (fault.nodes.empty()) fault.nodes.push_back(server().name);
  if (!space_.keys.empty() && one_in(2)) fault.key = space_.keys[below(space_.keys.size())];
  return fault;
}

Fault Draw::any_fault_of(SearchKind kind, const Moment& from) {
  switch (kind) {
    case SearchKind::pause:
      return Pause{one_in(4) ? target().name : client_at(from).name,
                   size(space_.longest_pause, from)};
    case SearchKind::suspend:
      return Suspend{(one_in(4) ? target() : client_at(from)).machine,
                     size(space_.longest_pause, from),
                     one_in(2) ? WallOnWake::stale : WallOnWake::corrected};
    case SearchKind::crash:
      return Crash{victim(from).name, life(from)};
    case SearchKind::power_loss:
      return PowerLoss{(one_in(2) ? server() : victim(from)).machine, life(from)};
    case SearchKind::clock_jump: {
      const Duration by = size(space_.largest_jump, from);
      return WallJump{some_machines(from), one_in(3) ? -by : by};
    }
    case SearchKind::clock_rate: {
      std::vector<std::string> machines = some_machines(from);
      const std::int64_t largest = std::max<std::int64_t>(space_.largest_rate_of(machines), 1);
      std::int64_t rate =
          1 + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(largest)));
      if (one_in(2)) rate = std::max<std::int64_t>(rate / 50, 1);
      if (one_in(3)) rate = -std::min<std::int64_t>(rate, 800'000);
      return SetRate{std::move(machines), rate, std::nullopt};
    }
    case SearchKind::partition:
      return partition(from);
    case SearchKind::drop:
      return message(MessageAction::drop, from);
    case SearchKind::delay:
      return message(MessageAction::delay, from);
    case SearchKind::duplicate:
      return message(MessageAction::duplicate, from);
    case SearchKind::reset: {
      const Target& a = client_at(from);
      for (;;) {
        const Target& b = target();
        if (a.name != b.name) return ResetConnection{a.name, b.name};
      }
    }
    case SearchKind::disk_stall:
      return DiskStall{server().machine, size(space_.longest_pause, from)};
    case SearchKind::lose_key:
      return lost_key();
  }
  return Pause{};
}

Fault Draw::fault_of(SearchKind kind, const Moment& from) {
  constexpr int kPatience = 16;
  constexpr int kMost = 10'000;  // then there is nothing in the space
  for (int tries = 1;; ++tries) {
    Fault fault = any_fault_of(kind, from);
    if (space_.contains(fault)) return fault;
    LOCKLAB_ASSERT(tries < kMost);
    if (tries % kPatience == 0) kind = this->kind(kEveryKind);
  }
}

ScheduledFault Draw::fault(SearchKind kind) {
  Moment from = moment();
  Fault fault = fault_of(kind, from);
  return {std::move(from.trigger), std::move(fault)};
}

FaultSchedule Draw::mutate(FaultSchedule schedule, SearchKinds kinds) {
  if (schedule.empty() || (schedule.size() < space_.most_faults && one_in(3))) {
    schedule.push_back(fault(kind(kinds)));
    return schedule;
  }
  ScheduledFault& chosen = schedule[below(schedule.size())];
  switch (below(4)) {
    case 0:
      chosen.trigger = moment().trigger;
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
        chosen.fault = fault_of(*same, moment());
        break;
      }
      [[fallthrough]];
    default:
      chosen = fault(kind(kinds));
  }
  return schedule;
}

}  // namespace locklab
