#include "faults/shrinker.hpp"

#include <algorithm>
#include <bit>

namespace locklab {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// ---- the numbers of a schedule ------------------------------------------------------------------

/// Calls visit(field, duration) or visit(field, ppm) on each number of a fault and its trigger.
template <class Visit>
void for_each_number(ScheduledFault& scheduled, Visit visit) {
  if (auto* at = std::get_if<AtTime>(&scheduled.trigger))
    visit("at", at->at);
  else
    visit("plus", std::get<OnEvent>(scheduled.trigger).plus);
  const auto maybe = [&](std::string_view field, std::optional<Duration>& duration) {
    if (duration) visit(field, *duration);
  };
  std::visit(Overloaded{[&](Pause& f) { visit("lasts", f.lasts); },
                        [&](Suspend& f) { visit("lasts", f.lasts); },
                        [&](Crash& f) { maybe("restart_after", f.restart_after); },
                        [&](PowerLoss& f) { maybe("restart_after", f.restart_after); },
                        [&](WallJump& f) { visit("by", f.by); },
                        [&](SetRate& f) {
                          visit("rate_ppm", f.rate_ppm);
                          maybe("lasts", f.lasts);
                        },
                        [&](Slew& f) { visit("by", f.by); },
                        [&](MessageFault& f) {
                          if (f.action != MessageAction::drop) visit("by", f.by);
                        },
                        [&](Partition& f) { maybe("lasts", f.lasts); },
                        [&](DiskStall& f) { visit("lasts", f.lasts); }, [](auto&) {}},
             scheduled.fault);
}

std::uint64_t digits_of(std::int64_t value, std::int64_t unit) {
  std::int64_t magnitude = value < 0 ? -value : value;
  std::uint64_t finer = 0;  // what is finer than the unit costs most
  while (unit > 1 && magnitude % unit != 0) {
    unit /= 1'000;
    finer += 4;
  }
  magnitude /= std::max<std::int64_t>(unit, 1);
  if (magnitude == 0) return finer;
  while (magnitude % 10 == 0) magnitude /= 10;
  std::uint64_t digits = 0;
  for (; magnitude > 0; magnitude /= 10) ++digits;
  return finer + digits;
}

std::uint64_t options_of(const ScheduledFault& scheduled) {
  std::uint64_t options = 0;
  if (const auto* on = std::get_if<OnEvent>(&scheduled.trigger))
    if (on->plus != Duration{0}) ++options;
  options += std::visit(
      Overloaded{
          [](const Suspend& f) { return f.wall == WallOnWake::stale ? 0u : 1u; },
          [](const Crash& f) { return f.restart_after ? 1u : 0u; },
          [](const PowerLoss& f) { return f.restart_after ? 1u : 0u; },
          [](const SetRate& f) { return f.lasts ? 1u : 0u; },
          [](const MessageFault& f) { return (f.times == 1 ? 0u : 1u) + std::min(f.nth - 1, 8u); },
          [](const Partition& f) {
            return (f.direction == CutDirection::both ? 0u : 1u) +
                   (f.mode == CutMode::drop ? 0u : 1u);
          },
          [](const auto&) { return 0u; }},
      scheduled.fault);
  return options;
}

// ---- smaller schedules --------------------------------------------------------------------------

class Shrinker {
 public:
  Shrinker(const FaultSpace& space, Oracle& oracle, const SameBug& same, std::uint64_t most_tries)
      : space_(space), oracle_(oracle), same_(same), most_tries_(most_tries) {}

  Shrunk run(const FaultSchedule& failing) {
    inside_ = inside(failing, space_);
    best_.schedule = failing;
    best_.trial = oracle_.run(failing);
    best_.tries = 1;
    drop_faults();
    while (simplify_once() && !spent()) {
    }
    best_.one_minimal = !spent();
    return best_;
  }

 private:
  bool spent() const { return best_.tries >= most_tries_; }

  /// Takes the candidate if it is smaller, shows the same bug, and does not leave the space.
  bool take(FaultSchedule candidate) {
    if (spent() || size_of(candidate) >= size_of(best_.schedule)) return false;
    if (inside_ && !inside(candidate, space_)) return false;
    const Trial trial = oracle_.run(candidate);
    ++best_.tries;
    if (!same_(trial)) return false;
    best_.schedule = std::move(candidate);
    best_.trial = trial;
    return true;
  }

  /// One after the other goes; then all smaller parts of what there was are tried, the smallest
  /// first, since which fault goes first decides where that ends.
  void drop_faults() {
    const FaultSchedule all = best_.schedule;
    for (std::size_t i = best_.schedule.size(); i-- > 0;) without(i);
    const std::size_t count = std::min<std::size_t>(all.size(), 16);
    for (std::size_t keep = 0; keep < best_.schedule.size(); ++keep)
      for (std::uint32_t part = 0; part < 1u << count; ++part) {
        if (static_cast<std::size_t>(std::popcount(part)) != keep) continue;
        FaultSchedule fewer;
        for (std::size_t i = 0; i < count; ++i)
          if ((part >> i & 1) != 0) fewer.push_back(all[i]);
        if (take(std::move(fewer))) return;
      }
  }

  /// A fault goes, and another one does its work: it lasts longer, strikes more servers, or strikes
  /// when the one that goes did.
  bool spared(std::size_t place) {
    for (std::size_t other = 0; other < best_.schedule.size(); ++other) {
      if (other == place) continue;
      for (const Trigger& trigger :
           {best_.schedule[other].trigger, best_.schedule[place].trigger}) {
        std::vector<Fault> its = stronger_than(best_.schedule[other].fault);
        its.push_back(best_.schedule[other].fault);
        for (Fault& stronger : its) {
          FaultSchedule candidate = best_.schedule;
          candidate[other] = {trigger, std::move(stronger)};
          candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(place));
          if (take(std::move(candidate))) return true;
        }
      }
    }
    return false;
  }

  std::vector<Fault> stronger_than(const Fault& fault) const {
    std::vector<Fault> all;
    const auto add = [&](auto changed) { all.emplace_back(std::move(changed)); };
    const auto longer = [&](auto changed, Duration limit) {
      for (const Duration size : {limit / 4, limit / 3, limit / 2, limit / 3 * 2}) {
        changed.lasts = size;
        add(changed);
      }
    };
    std::vector<std::string> servers;
    std::vector<std::string> machines;
    for (const Target& target : space_.targets) {
      if (!target.keeps_keys) continue;
      servers.push_back(target.name);
      machines.push_back(target.machine);
    }
    std::visit(
        Overloaded{
            [&](const Pause& f) { longer(f, space_.longest_pause); },
            [&](const Suspend& f) { longer(f, space_.longest_pause); },
            [&](const DiskStall& f) { longer(f, space_.longest_pause); },
            [&](WallJump f) {
              for (const bool farther : {false, true}) {
                if (farther) f.by = f.by < Duration{0} ? -space_.largest_jump : space_.largest_jump;
                add(f);
                WallJump everywhere = f;
                everywhere.machines = machines;
                add(everywhere);
              }
            },
            [&](MessageFault f) {
              if (f.action == MessageAction::drop) {
                f.times = 4;
                add(f);
                return;
              }
              for (const Duration by : {space_.longest_delay / 3, space_.longest_delay / 2}) {
                f.by = by;
                add(f);
              }
            },
            [&](Crash f) {
              f.restart_after.reset();
              add(f);
              f.restart_after = 1ms;
              add(f);
            },
            [&](PowerLoss f) {
              f.restart_after.reset();
              add(f);
              f.restart_after = 1ms;
              add(f);
            },
            [&](SetRate f) {
              f.machines = machines;
              add(f);
            },
            [&](LoseKey f) {
              f.nodes = servers;
              add(f);
            },
            [&](Partition f) {
              longer(f, space_.longest_partition);
              f.side_b = servers;
              f.mode = CutMode::drop;
              f.direction = CutDirection::both;
              longer(f, space_.longest_partition);
            },
            [](const auto&) {}},
        fault);
    return all;
  }

  bool simplify_once() {
    for (std::size_t i = 0; i < best_.schedule.size(); ++i)
      if (without(i) || spared(i) || fewer_victims(i) || plainer(i) || anchored(i) || rounder(i))
        return true;
    return false;
  }

  template <class Change>
  bool with(std::size_t place, Change change) {
    FaultSchedule candidate = best_.schedule;
    change(candidate[place]);
    return take(std::move(candidate));
  }

  bool without(std::size_t place) {
    FaultSchedule candidate = best_.schedule;
    candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(place));
    return take(std::move(candidate));
  }

  bool fewer_victims(std::size_t place) {
    const auto try_without_each = [&](auto names_of) {
      const std::size_t count = names_of(best_.schedule[place].fault).size();
      if (count < 2) return false;
      for (std::size_t one = 0; one < count; ++one)
        if (with(place, [&](ScheduledFault& changed) {
              auto& names = names_of(changed.fault);
              names.erase(names.begin() + static_cast<std::ptrdiff_t>(one));
            }))
          return true;
      return false;
    };
    const Fault& fault = best_.schedule[place].fault;
    if (std::holds_alternative<WallJump>(fault))
      return try_without_each([](auto& f) -> auto& { return std::get<WallJump>(f).machines; });
    if (std::holds_alternative<SetRate>(fault))
      return try_without_each([](auto& f) -> auto& { return std::get<SetRate>(f).machines; });
    if (std::holds_alternative<LoseKey>(fault))
      return try_without_each([](auto& f) -> auto& { return std::get<LoseKey>(f).nodes; });
    if (std::holds_alternative<Partition>(fault))
      return try_without_each([](auto& f) -> auto& { return std::get<Partition>(f).side_b; });
    return false;
  }

  bool plainer(std::size_t place) {
    const auto change = [&](auto edit) { return with(place, edit); };
    return change([](ScheduledFault& s) {
             if (auto* on = std::get_if<OnEvent>(&s.trigger)) on->plus = Duration{0};
           }) ||
           change([](ScheduledFault& s) {
             if (auto* f = std::get_if<Suspend>(&s.fault)) f->wall = WallOnWake::stale;
             if (auto* f = std::get_if<Crash>(&s.fault)) f->restart_after.reset();
             if (auto* f = std::get_if<PowerLoss>(&s.fault)) f->restart_after.reset();
             if (auto* f = std::get_if<SetRate>(&s.fault)) f->lasts.reset();
             if (auto* f = std::get_if<MessageFault>(&s.fault)) f->times = 1;
             if (auto* f = std::get_if<Partition>(&s.fault)) f->direction = CutDirection::both;
           }) ||
           change([](ScheduledFault& s) {
             if (auto* f = std::get_if<MessageFault>(&s.fault)) f->nth = 1;
             if (auto* f = std::get_if<Partition>(&s.fault)) f->mode = CutMode::drop;
           });
  }

  bool anchored(std::size_t place) {
    const auto* at = std::get_if<AtTime>(&best_.schedule[place].trigger);
    if (at == nullptr) return false;
    // The last events before it, then those after.
    const Duration when = at->at;
    std::vector<const Anchor*> near;
    for (const Anchor& anchor : space_.anchors) near.push_back(&anchor);
    std::ranges::stable_sort(near, {}, [when](const Anchor* anchor) {
      return anchor->at <= when ? when - anchor->at : (anchor->at - when) * 2;
    });
    if (near.size() > 16) near.resize(16);
    for (const Anchor* anchor : near)
      if (with(place, [&](ScheduledFault& s) { s.trigger = anchor->on; })) return true;
    return false;
  }

  bool rounder(std::size_t place) {
    std::size_t numbers = 0;
    for_each_number(best_.schedule[place], [&](std::string_view, auto&) { ++numbers; });
    for (std::size_t number = 0; number < numbers; ++number) {
      for (const std::int64_t candidate : rounder_than(value_of(place, number)))
        if (with(place, [&](ScheduledFault& s) { set(s, number, candidate); })) return true;
    }
    return false;
  }

  std::int64_t value_of(std::size_t place, std::size_t number) {
    std::int64_t value = 0;
    std::size_t at = 0;
    for_each_number(best_.schedule[place], [&](std::string_view, auto& field) {
      if (at++ == number) value = to_number(field);
    });
    return value;
  }

  static std::int64_t to_number(Duration duration) { return duration.count(); }
  static std::int64_t to_number(std::int64_t ppm) { return ppm; }

 public:
  static void set(ScheduledFault& scheduled, std::size_t number, std::int64_t value) {
    std::size_t at = 0;
    for_each_number(scheduled, [&](std::string_view, auto& field) {
      if (at++ != number) return;
      if constexpr (std::is_same_v<std::decay_t<decltype(field)>, Duration>)
        field = Duration{value};
      else
        field = value;
    });
  }

 private:
  /// Numbers of fewer digits near it, the roundest first.
  static std::vector<std::int64_t> rounder_than(std::int64_t value) {
    std::vector<std::int64_t> all;
    const std::int64_t sign = value < 0 ? -1 : 1;
    const std::int64_t magnitude = value * sign;
    std::int64_t unit = 1;
    while (unit <= magnitude / 10) unit *= 10;
    for (; unit >= 1; unit /= 10) {
      const std::int64_t down = magnitude / unit * unit;
      for (const std::int64_t near : {down + unit, down})
        if (near > 0 && near != magnitude) all.push_back(near * sign);
      if (down == magnitude) break;
    }
    return all;
  }

  const FaultSpace& space_;
  Oracle& oracle_;
  const SameBug& same_;
  std::uint64_t most_tries_;
  bool inside_ = true;
  Shrunk best_;
};

}  // namespace

Size size_of(const FaultSchedule& schedule) {
  Size size;
  size.faults = schedule.size();
  for (ScheduledFault scheduled : schedule) {
    for_each_name(scheduled, [&](std::string&) { ++size.victims; });
    if (const auto* on = std::get_if<OnEvent>(&scheduled.trigger))
      if (!on->process.empty()) --size.victims;  // that is a witness
    size.options += options_of(scheduled);
    if (std::holds_alternative<AtTime>(scheduled.trigger)) ++size.instants;
    for_each_number(scheduled, [&](std::string_view, auto& field) {
      if constexpr (std::is_same_v<std::decay_t<decltype(field)>, Duration>)
        size.digits += digits_of(field.count(), 1'000'000);
      else
        size.digits += digits_of(field, 1);
    });
  }
  return size;
}

Shrunk shrink(const FaultSchedule& failing, const FaultSpace& space, Oracle& oracle,
              const SameBug& same, std::uint64_t most_tries) {
  return Shrinker(space, oracle, same, most_tries).run(failing);
}

// ---- intervals ----------------------------------------------------------------------------------

namespace {

/// The last value from `good` towards `bad` that shows the bug; `bad` itself does not.
std::int64_t edge(std::int64_t good, std::int64_t bad, std::int64_t step,
                  const std::function<bool(std::int64_t)>& shows) {
  while ((good < bad ? bad - good : good - bad) > step) {
    const std::int64_t middle = good + (bad - good) / 2 / step * step;
    if (middle == good) break;
    if (shows(middle))
      good = middle;
    else
      bad = middle;
  }
  return good;
}

/// How far the number may go, down and up.
std::pair<std::int64_t, std::int64_t> limits_of(const Fault& fault, std::string_view field,
                                                std::int64_t value, const FaultSpace& space) {
  if (field == "at" || field == "plus") return {0, space.horizon.count()};
  if (field == "rate_ppm")
    return value > 0 ? std::pair<std::int64_t, std::int64_t>{1, space.largest_rate_ppm}
                     : std::pair<std::int64_t, std::int64_t>{
                           -std::min<std::int64_t>(space.largest_rate_ppm, 800'000), -1};
  if (std::holds_alternative<WallJump>(fault))
    return value > 0 ? std::pair{std::int64_t{1}, space.largest_jump.count()}
                     : std::pair{-space.largest_jump.count(), std::int64_t{-1}};
  if (std::holds_alternative<Partition>(fault)) return {1, space.longest_partition.count()};
  if (std::holds_alternative<MessageFault>(fault)) return {1, space.longest_delay.count()};
  return {1, space.longest_pause.count()};
}

}  // namespace

std::vector<FailingRange> failing_ranges(const FaultSchedule& failing, const FaultSpace& space,
                                         Oracle& oracle, const SameBug& same) {
  std::vector<FailingRange> all;
  for (std::size_t place = 0; place < failing.size(); ++place) {
    std::size_t number = 0;
    ScheduledFault scheduled = failing[place];
    for_each_number(scheduled, [&](std::string_view field, auto& value) {
      FailingRange interval;
      interval.fault = place;
      interval.field = field;
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Duration>) {
        interval.value = value.count();
      } else {
        interval.value = value;
        interval.is_time = false;
      }
      const std::size_t slot = number++;
      const auto shows = [&](std::int64_t other) {
        FaultSchedule changed = failing;
        Shrinker::set(changed[place], slot, other);
        return same(oracle.run(changed));
      };
      const std::int64_t magnitude = interval.value < 0 ? -interval.value : interval.value;
      std::int64_t step = 1;
      if (interval.is_time) step = magnitude >= 10'000'000 ? 1'000'000 : 1'000;
      const auto [least, most] = limits_of(failing[place].fault, field, interval.value, space);
      if (least < interval.value && !shows(least))
        interval.low = edge(interval.value, least, step, shows);
      if (most > interval.value && !shows(most))
        interval.high = edge(interval.value, most, step, shows);
      all.push_back(interval);
    });
  }
  return all;
}

}  // namespace locklab
