#include "faults/fault.hpp"

#include <array>
#include <utility>

#include "sim/trace.hpp"

namespace locklab {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // Clang 14 does not find it by itself

// The rows of `locklab list faults`, in the order in which people look for them.
constexpr std::array kKinds{
    FaultKind{"pause", "a process runs nothing for a while (GC, SIGSTOP); its clocks go on",
              R"({ "at": "1000ms", "pause": { "who": "client-a", "lasts": "9s" } })"},
    FaultKind{
        "suspend",
        "a machine stands still, its monotonic clock too; its wall clock wakes stale or "
        "corrected",
        R"({ "at": "1s", "suspend": { "machine": "client-a", "lasts": "9s", "wall": "stale" } })"},
    FaultKind{"crash", "a process dies and its machine closes its connections; it may start again",
              R"({ "at": "1s", "crash": { "who": "redis-1", "restart_after": "2s" } })"},
    FaultKind{"power_loss", "a machine goes dark: nobody is told, and what was not synced is gone",
              R"({ "at": "1s", "power_loss": { "machine": "redis-1", "restart_after": "2s" } })"},
    FaultKind{"restart", "a dead process begins a new life",
              R"({ "at": "3s", "restart": { "who": "redis-1" } })"},
    FaultKind{
        "wall_jump", "the wall clock of one or more machines is set forward or back",
        R"({ "at": "1s", "wall_jump": { "machines": ["redis-1", "redis-2"], "by": "10s" } })"},
    FaultKind{
        "set_rate", "both clocks of one or more machines run too fast or too slow",
        R"({ "at": "0s", "set_rate": { "machines": ["client-a"], "rate_ppm": 500, "lasts": "1h" } })"},
    FaultKind{
        "slew", "the wall clock of one or more machines is corrected little by little",
        R"({ "at": "1s", "slew": { "machines": ["redis-1"], "by": "-50ms", "speed_ppm": 500 } })"},
    FaultKind{
        "drop", "the n-th matching message is lost",
        R"({ "at": "0s", "drop": { "from": "redis-1", "to": "client-a", "kind": "SET reply", "nth": 1 } })"},
    FaultKind{
        "delay", "the n-th matching message, and all behind it on its connection, come late",
        R"({ "at": "0s", "delay": { "from": "client-a", "kind": "write", "nth": 1, "by": "3s" } })"},
    FaultKind{
        "duplicate", "the n-th matching message arrives twice",
        R"({ "at": "0s", "duplicate": { "to": "redis-1", "kind": "DEL", "nth": 1, "by": "20ms" } })"},
    FaultKind{
        "partition", "nothing passes between two sides, or in one direction; lost or held",
        R"({ "at": "1s", "partition": { "side_a": ["client-a"], "side_b": ["redis-1", "redis-2"], )"
        R"("direction": "both", "mode": "drop", "lasts": "4s" } })"},
    FaultKind{"reset", "the connection of two processes breaks; what was under way is lost",
              R"({ "at": "1s", "reset": { "a": "client-a", "b": "redis-1" } })"},
    FaultKind{
        "link", "one direction between processes loses or doubles messages by chance, or is slow",
        R"({ "at": "0s", "link": { "from": "client-a", "to": "redis-1", "loss_ppm": 10000, "lasts": "5s" } })"},
    FaultKind{"disk_stall", "a machine's disk takes no writes for a while",
              R"({ "at": "1s", "disk_stall": { "machine": "redis-1", "lasts": "2s" } })"},
    FaultKind{"lose_key", "a key, or every key, vanishes from one or more nodes",
              R"({ "at": "1s", "lose_key": { "nodes": ["redis-1"], "key": "lock:inventory" } })"},
};

template <std::size_t... I>
constexpr auto names_of_events(std::index_sequence<I...>) {
  return std::array{std::variant_alternative_t<I, TracePayload>::kName...};
}
constexpr auto kEventNames =
    names_of_events(std::make_index_sequence<std::variant_size_v<TracePayload>>{});

// ---- pieces of sentences ------------------------------------------------------------------------

/// "a", "a and b", "a, b and c"
std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

/// "first", "second", "third", "4th", "11th", "21st"
std::string ordinal(std::uint32_t n) {
  constexpr std::array<std::string_view, 4> kWords{"zeroth", "first", "second", "third"};
  if (n < kWords.size()) return std::string(kWords[n]);
  const bool teen = n % 100 >= 11 && n % 100 <= 13;
  const std::uint32_t last = teen ? 0 : n % 10;
  std::string text = std::to_string(n);
  text += last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
  return text;
}

void add_if(std::string& text, std::string_view before, const std::string& what) {
  if (what.empty()) return;
  text += before;
  text += what;
}

void add_if(std::string& text, std::string_view before, const std::optional<Duration>& duration) {
  if (!duration) return;
  text += before;
  text += to_string(*duration);
}

/// "1%" where it is whole percents, "500 ppm" elsewhere.
std::string share(std::int64_t ppm) {
  if (ppm % 10'000 == 0) return std::to_string(ppm / 10'000) + "%";
  return std::to_string(ppm) + " ppm";
}

std::string magnitude(Duration by) {
  std::string text = to_string(by);
  if (!text.empty() && text.front() == '-') text.erase(0, 1);
  return text;
}

std::string of_clocks(std::string_view clock, const std::vector<std::string>& machines) {
  std::string text(clock);
  text += machines.size() == 1 ? " clock of " : " clocks of ";
  text += list(machines);
  return text;
}

std::string sentence(const Latency& latency) {
  switch (latency.kind) {
    case Latency::Kind::constant:
      return "takes " + to_string(latency.low);
    case Latency::Kind::uniform:
      return "takes " + to_string(latency.low) + " to " + to_string(latency.high);
    case Latency::Kind::lognormal:
      return "takes about " + to_string(latency.low);
  }
  return {};
}

}  // namespace

std::string_view to_string(WallOnWake wall) {
  switch (wall) {
    case WallOnWake::stale:
      return "stale";
    case WallOnWake::corrected:
      return "corrected";
  }
  return "?";
}

std::string_view to_string(MessageAction action) {
  switch (action) {
    case MessageAction::drop:
      return "drop";
    case MessageAction::delay:
      return "delay";
    case MessageAction::duplicate:
      return "duplicate";
  }
  return "?";
}

std::string_view to_string(CutDirection direction) {
  switch (direction) {
    case CutDirection::both:
      return "both";
    case CutDirection::a_to_b:
      return "a_to_b";
    case CutDirection::b_to_a:
      return "b_to_a";
  }
  return "?";
}

std::string_view to_string(CutMode mode) {
  switch (mode) {
    case CutMode::drop:
      return "drop";
    case CutMode::hold:
      return "hold";
  }
  return "?";
}

std::string_view kind_of(const Fault& fault) {
  return std::visit(Overloaded{[](const MessageFault& f) { return to_string(f.action); },
                               [](const auto& f) { return f.kKind; }},
                    fault);
}

std::string describe(const Fault& fault) {
  std::string text;
  std::visit(Overloaded{
                 [&](const Pause& f) { text = f.who + " pauses for " + to_string(f.lasts); },
                 [&](const Suspend& f) {
                   text = f.machine + " is suspended for " + to_string(f.lasts);
                   text += f.wall == WallOnWake::stale ? " and wakes with a stale wall clock"
                                                       : " and wakes with a corrected wall clock";
                 },
                 [&](const Crash& f) {
                   text = f.who + " crashes";
                   add_if(text, " and restarts after ", f.restart_after);
                 },
                 [&](const PowerLoss& f) {
                   text = f.machine + " loses power";
                   add_if(text, " and restarts after ", f.restart_after);
                 },
                 [&](const Restart& f) { text = f.who + " restarts"; },
                 [&](const WallJump& f) {
                   text = "the " + of_clocks("wall", f.machines);
                   text += f.machines.size() == 1 ? " jumps " : " jump ";
                   text += f.by < Duration{0} ? "back by " : "forward by ";
                   text += magnitude(f.by);
                 },
                 [&](const SetRate& f) {
                   text = "the clocks of " + list(f.machines) + " run ";
                   if (f.rate_ppm == 0)
                     text += "true";
                   else
                     text += std::to_string(f.rate_ppm < 0 ? -f.rate_ppm : f.rate_ppm) +
                             (f.rate_ppm < 0 ? " ppm slow" : " ppm fast");
                   add_if(text, " for ", f.lasts);
                 },
                 [&](const Slew& f) {
                   text = "the " + of_clocks("wall", f.machines);
                   text += f.machines.size() == 1 ? " is slewed " : " are slewed ";
                   text += f.by < Duration{0} ? "back by " : "forward by ";
                   text += magnitude(f.by) + " at " + std::to_string(f.speed_ppm) + " ppm";
                 },
                 [&](const MessageFault& f) {
                   text = f.times == 0 ? "every message" : "the " + ordinal(f.nth) + " message";
                   if (!f.kind.empty()) {
                     text = f.times == 0 ? "every " : "the " + ordinal(f.nth) + " ";
                     text += f.kind;
                   }
                   if (f.times > 1) text += " and the " + std::to_string(f.times - 1) + " after it";
                   add_if(text, " from ", f.from);
                   add_if(text, " to ", f.to);
                   if (f.times == 0 && f.nth > 1) text += ", from the " + ordinal(f.nth) + " on,";
                   switch (f.action) {
                     case MessageAction::drop:
                       text += f.times > 1 ? " are lost" : " is lost";
                       break;
                     case MessageAction::delay:
                       text += f.times > 1 ? " are " : " is ";
                       text += "delayed by " + to_string(f.by);
                       break;
                     case MessageAction::duplicate:
                       text += f.times > 1 ? " arrive twice" : " arrives twice";
                       if (f.by > Duration{0}) text += ", the copy " + to_string(f.by) + " late";
                       break;
                   }
                 },
                 [&](const Partition& f) {
                   const std::string a = list(f.side_a);
                   const std::string b = f.side_b.empty() ? "everybody else" : list(f.side_b);
                   if (f.direction == CutDirection::both)
                     text = a + (f.side_a.size() > 1 ? " are" : " is") + " cut off from " + b;
                   else if (f.direction == CutDirection::a_to_b)
                     text = "nothing passes from " + a + " to " + b;
                   else
                     text = "nothing passes from " + b + " to " + a;
                   add_if(text, " for ", f.lasts);
                   if (f.mode == CutMode::hold) text += ", and what is sent waits for the heal";
                 },
                 [&](const ResetConnection& f) {
                   text = "the connection between " + f.a + " and " + f.b + " is reset";
                 },
                 [&](const LinkTrouble& f) {
                   text = "the link from " + (f.from.empty() ? std::string("everybody") : f.from) +
                          " to " + (f.to.empty() ? std::string("everybody") : f.to);
                   std::string separator = " ";
                   const auto add = [&](const std::string& what) {
                     text += separator + what;
                     separator = ", ";
                   };
                   if (f.loss_ppm > 0) add("loses " + share(f.loss_ppm));
                   if (f.duplicate_ppm > 0) add("doubles " + share(f.duplicate_ppm));
                   if (f.latency) add(sentence(*f.latency));
                   if (f.loss_ppm == 0 && f.duplicate_ppm == 0 && !f.latency) add("loses nothing");
                   add_if(text, " for ", f.lasts);
                 },
                 [&](const DiskStall& f) {
                   text = "the disk of " + f.machine + " stalls for " + to_string(f.lasts);
                 },
                 [&](const LoseKey& f) {
                   text = list(f.nodes) + (f.nodes.size() > 1 ? " lose " : " loses ");
                   text += f.key.empty() ? "every key" : "the key " + f.key;
                 },
             },
             fault);
  return text;
}

std::string describe(const Trigger& trigger) {
  std::string text;
  std::visit(Overloaded{[&](const AtTime& t) { text = "at " + to_string(t.at); },
                        [&](const OnEvent& t) {
                          if (t.plus == Duration{0})
                            text = "on the ";
                          else
                            text = to_string(t.plus) + " after the ";
                          text += ordinal(t.nth) + " " + t.event;
                          if (!t.kind.empty()) text += " (" + t.kind + ")";
                          add_if(text, " of ", t.process);
                          add_if(text, " about ", t.subject);
                        }},
             trigger);
  return text;
}

std::string describe(const ScheduledFault& scheduled) {
  std::string text = describe(scheduled.trigger);
  text += ": ";
  text += describe(scheduled.fault);
  return text;
}

std::span<const FaultKind> fault_kinds() { return kKinds; }

std::span<const std::string_view> event_names() { return kEventNames; }

}  // namespace locklab
