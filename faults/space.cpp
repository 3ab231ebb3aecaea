#include "faults/space.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "faults/names_in_fault.hpp"
#include "sim/assert.hpp"

namespace locklab {

namespace {

constexpr std::array<std::string_view, kSearchKinds> kNames{
    "pause", "suspend", "crash",     "power-loss", "clock-jump", "clock-rate", "partition",
    "drop",  "delay",   "duplicate", "reset",      "disk-stall", "lose-key"};

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

bool within(const std::optional<Duration>& lasts, Duration limit) {
  return lasts.has_value() && *lasts <= limit;
}

std::string too_long(std::string_view what, Duration limit) {
  return std::string(what) + " lasts up to " + to_string(limit);
}

/// What the space says of a fault's size.
std::optional<std::string> beyond_limits(const Fault& fault, const FaultSpace& space) {
  using Why = std::optional<std::string>;
  const auto unless = [](bool fine, auto why) -> Why {
    if (fine) return std::nullopt;
    return why();
  };
  const auto pause = [&](std::string_view what, Duration lasts) {
    return unless(lasts <= space.longest_pause,
                  [&] { return too_long(what, space.longest_pause); });
  };
  return std::visit(
      Overloaded{[&](const Pause& f) { return pause("a pause", f.lasts); },
                 [&](const Suspend& f) { return pause("a suspension", f.lasts); },
                 [&](const DiskStall& f) { return pause("a stall of a disk", f.lasts); },
                 [&](const WallJump& f) {
                   return unless(f.by <= space.largest_jump && -f.by <= space.largest_jump, [&] {
                     return "a clock jumps by up to " + to_string(space.largest_jump);
                   });
                 },
                 [&](const SetRate& f) {
                   return unless(f.rate_ppm <= space.largest_rate_ppm &&
                                     -f.rate_ppm <= space.largest_rate_ppm,
                                 [&] {
                                   return "a clock is off by up to " +
                                          std::to_string(space.largest_rate_ppm) + " ppm";
                                 });
                 },
                 [&](const Partition& f) {
                   return unless(within(f.lasts, space.longest_partition),
                                 [&] { return too_long("a partition", space.longest_partition); });
                 },
                 [&](const MessageFault& f) {
                   return unless(f.by <= space.longest_delay, [&] {
                     return "a message is late by up to " + to_string(space.longest_delay);
                   });
                 },
                 [](const auto&) -> Why { return std::nullopt; }},
      fault);
}

bool is_victim(const Target& target, Victims whom) {
  switch (whom) {
    case Victims::anyone:
      return true;
    case Victims::clients:
      return target.client;
    case Victims::servers:
      return target.keeps_keys;
    case Victims::storage:
      return target.storage;
  }
  return false;
}

/// What a crash or a loss of power says about coming back; true for all else.
bool comes_back(const Fault& fault) {
  if (const auto* crash = std::get_if<Crash>(&fault)) return crash->restart_after.has_value();
  if (const auto* loss = std::get_if<PowerLoss>(&fault)) return loss->restart_after.has_value();
  return true;
}

bool tolerated(const Exclusion& exclusion, const Fault& fault) {
  if (const auto* rate = std::get_if<SetRate>(&fault))
    return rate->rate_ppm <= exclusion.rate_ppm && -rate->rate_ppm <= exclusion.rate_ppm;
  return exclusion.only_if_back && !comes_back(fault);
}

}  // namespace

std::string_view to_string(SearchKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<SearchKind> search_kind(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<SearchKind>(i);
  return std::nullopt;
}

std::optional<SearchKind> search_kind(const Fault& fault) {
  using Kind = std::optional<SearchKind>;
  return std::visit(Overloaded{[](const Pause&) -> Kind { return SearchKind::pause; },
                               [](const Suspend&) -> Kind { return SearchKind::suspend; },
                               [](const Crash&) -> Kind { return SearchKind::crash; },
                               [](const PowerLoss&) -> Kind { return SearchKind::power_loss; },
                               [](const WallJump&) -> Kind { return SearchKind::clock_jump; },
                               [](const SetRate&) -> Kind { return SearchKind::clock_rate; },
                               [](const Partition&) -> Kind { return SearchKind::partition; },
                               [](const MessageFault& f) -> Kind {
                                 switch (f.action) {
                                   case MessageAction::drop:
                                     return SearchKind::drop;
                                   case MessageAction::delay:
                                     return SearchKind::delay;
                                   case MessageAction::duplicate:
                                     return SearchKind::duplicate;
                                 }
                                 return std::nullopt;
                               },
                               [](const ResetConnection&) -> Kind { return SearchKind::reset; },
                               [](const DiskStall&) -> Kind { return SearchKind::disk_stall; },
                               [](const LoseKey&) -> Kind { return SearchKind::lose_key; },
                               [](const auto&) -> Kind { return std::nullopt; }},
                    fault);
}

const Target* FaultSpace::find(std::string_view name) const {
  for (const Target& target : targets)
    if (target.name == name || target.machine == name) return &target;
  return nullptr;
}

std::vector<const Target*> FaultSpace::group(std::uint32_t number) const {
  std::vector<const Target*> members;
  for (const Target& target : targets)
    if (target.group == number) members.push_back(&target);
  return members;
}

void set_anchors(FaultSpace& space, std::vector<Anchor> anchors) {
  std::ranges::stable_sort(anchors, {}, &Anchor::at);
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::size_t> known;
  space.families.clear();
  for (std::size_t place = 0; place < anchors.size(); ++place) {
    const OnEvent& on = anchors[place].on;
    const auto [family, is_new] =
        known.try_emplace({on.process, on.event, on.kind, on.subject}, space.families.size());
    if (is_new) space.families.push_back({{}, anchors[place].weight});
    space.families[family->second].places.push_back(place);
  }
  space.anchors = std::move(anchors);
}

std::int64_t FaultSpace::largest_rate_of(std::span<const std::string> machines) const {
  std::int64_t largest = largest_rate_ppm;
  for (const Exclusion& exclusion : exclusions) {
    if ((exclusion.kinds & kind_bit(SearchKind::clock_rate)) == 0) continue;
    const bool concerned = std::ranges::any_of(machines, [&](const std::string& machine) {
      const Target* target = find(machine);
      return target != nullptr && is_victim(*target, exclusion.whom);
    });
    if (concerned) largest = std::min(largest, exclusion.rate_ppm);
  }
  return largest;
}

std::optional<std::string> FaultSpace::why_outside(const Fault& fault) const {
  const auto kind = search_kind(fault);
  if (!kind) return "no search makes a fault like this one";
  if (!allows(*kind)) return "there is no " + std::string(to_string(*kind));
  if (auto why = beyond_limits(fault, *this)) return why;
  for (const Exclusion& exclusion : exclusions) {
    if ((exclusion.kinds & kind_bit(*kind)) == 0 || tolerated(exclusion, fault)) continue;
    bool strikes = false;
    for_each_victim(fault, [&](const std::string& name) {
      const Target* target = find(name);
      if (target != nullptr && is_victim(*target, exclusion.whom)) strikes = true;
    });
    if (strikes) return exclusion.because;
  }
  return std::nullopt;
}

bool FaultSpace::contains(const Fault& fault) const { return !why_outside(fault).has_value(); }

std::optional<Outside> first_outside(const FaultSchedule& schedule, const FaultSpace& space) {
  for (std::size_t i = 0; i < schedule.size(); ++i)
    if (auto why = space.why_outside(schedule[i].fault)) return Outside{i, std::move(*why)};
  return std::nullopt;
}

bool inside(const FaultSchedule& schedule, const FaultSpace& space) {
  return !first_outside(schedule, space).has_value();
}

}  // namespace locklab
