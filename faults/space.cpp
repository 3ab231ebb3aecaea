#include "faults/space.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

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

/// Is the size of the fault within the space's limits?
bool within_limits(const Fault& fault, const FaultSpace& space) {
  return std::visit(
      Overloaded{[&](const Pause& f) { return f.lasts <= space.longest_pause; },
                 [&](const Suspend& f) { return f.lasts <= space.longest_pause; },
                 [&](const WallJump& f) {
                   return f.by <= space.largest_jump && -f.by <= space.largest_jump;
                 },
                 [&](const SetRate& f) {
                   return f.rate_ppm <= space.largest_rate_ppm &&
                          -f.rate_ppm <= space.largest_rate_ppm;
                 },
                 [&](const Partition& f) { return within(f.lasts, space.longest_partition); },
                 [&](const MessageFault& f) { return f.by <= space.longest_delay; },
                 [&](const DiskStall& f) { return f.lasts <= space.longest_pause; },
                 [](const auto&) { return true; }},
      fault);
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

bool inside(const FaultSchedule& schedule, const FaultSpace& space) {
  return std::ranges::all_of(schedule, [&](const ScheduledFault& scheduled) {
    const auto kind = search_kind(scheduled.fault);
    return kind && space.allows(*kind) && within_limits(scheduled.fault, space);
  });
}

FaultSchedule canonical(FaultSchedule schedule, const FaultSpace& space) {
  std::map<std::string, std::string> renamed;
  std::map<std::uint32_t, std::size_t> named;  // of each group, how many so far
  for (ScheduledFault& scheduled : schedule) {
    for_each_name(scheduled, [&](std::string& name) {
      const auto known = renamed.find(name);
      if (known != renamed.end()) {
        name = known->second;
        return;
      }
      const Target* target = space.find(name);
      if (target == nullptr) return;
      const std::vector<const Target*> members = space.group(target->group);
      const std::size_t place = named[target->group]++;
      LOCKLAB_ASSERT(place < members.size());
      const bool by_machine = target->name != name;
      const std::string& other = by_machine ? members[place]->machine : members[place]->name;
      renamed.emplace(name, other);
      // A process and its machine change places together.
      renamed.emplace(by_machine ? target->name : target->machine,
                      by_machine ? members[place]->name : members[place]->machine);
      name = other;
    });
    // Within a list order means nothing.
    std::visit(Overloaded{[](WallJump& f) { std::ranges::sort(f.machines); },
                          [](SetRate& f) { std::ranges::sort(f.machines); },
                          [](Partition& f) {
                            std::ranges::sort(f.side_a);
                            std::ranges::sort(f.side_b);
                          },
                          [](LoseKey& f) { std::ranges::sort(f.nodes); }, [](auto&) {}},
               scheduled.fault);
  }
  return schedule;
}

}  // namespace locklab
