// What can go wrong, as plain data: processes that pause or die, machines that are suspended or
// lose power, clocks that jump or drift, messages that are lost, late or doubled, networks that
// part [spec sheet 1.2]. Names are text here, as in a scenario; the injector turns them into ids
// when it arms a schedule on a world. Nothing in this file knows what a lock is.
//
// Adding a fault means: the struct, its place in Fault, a row in fault_kinds(), and an answer
// wherever a std::visit then fails to compile (fault.cpp, schedule.cpp, injector.cpp, the
// scenario's JSON).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/latency.hpp"
#include "sim/time.hpp"

namespace locklab {

// ---- words that appear in faults ----------------------------------------------------------------

/// What a guest's wall clock shows when a suspended machine wakes [spec sheet 1.1]: the time at
/// which it was suspended, or the right one.
enum class WallOnWake : std::uint8_t { stale, corrected };
enum class MessageAction : std::uint8_t { drop, delay, duplicate };
enum class CutDirection : std::uint8_t { both, a_to_b, b_to_a };
/// What becomes of a message that a partition stops: it is lost, or waits until the partition
/// heals.
enum class CutMode : std::uint8_t { drop, hold };

std::string_view to_string(WallOnWake wall);
std::string_view to_string(MessageAction action);
std::string_view to_string(CutDirection direction);
std::string_view to_string(CutMode mode);

// ---- the faults ---------------------------------------------------------------------------------
//
// A process by its name. A machine by its own name or by that of a process on it. Every fault lists
// its fields once, in fields(), for whoever reads or writes it.

/// A garbage collection, a SIGSTOP, a starved CPU: the process runs nothing, its clocks go on.
struct Pause {
  static constexpr std::string_view kKind = "pause";
  std::string who{};
  Duration lasts{};
  bool operator==(const Pause&) const = default;
  static void fields(auto& self, auto&& field) {
    field("who", self.who);
    field("lasts", self.lasts);
  }
};

/// A VM is suspended: all its processes stop, and its monotonic clock with them.
struct Suspend {
  static constexpr std::string_view kKind = "suspend";
  std::string machine{};
  Duration lasts{};
  WallOnWake wall = WallOnWake::stale;
  bool operator==(const Suspend&) const = default;
  static void fields(auto& self, auto&& field) {
    field("machine", self.machine);
    field("lasts", self.lasts);
    field("wall", self.wall);
  }
};

/// The process dies; its machine stays up and closes its connections.
struct Crash {
  static constexpr std::string_view kKind = "crash";
  std::string who{};
  std::optional<Duration> restart_after{};  // none: it stays dead
  bool operator==(const Crash&) const = default;
  static void fields(auto& self, auto&& field) {
    field("who", self.who);
    field("restart_after", self.restart_after);
  }
};

/// The machine goes dark without a word: peers hear nothing, and what was not synced is gone.
struct PowerLoss {
  static constexpr std::string_view kKind = "power_loss";
  std::string machine{};
  std::optional<Duration> restart_after{};
  bool operator==(const PowerLoss&) const = default;
  static void fields(auto& self, auto&& field) {
    field("machine", self.machine);
    field("restart_after", self.restart_after);
  }
};

/// A dead process begins a new life. Nothing if it is alive.
struct Restart {
  static constexpr std::string_view kKind = "restart";
  std::string who{};
  bool operator==(const Restart&) const = default;
  static void fields(auto& self, auto&& field) { field("who", self.who); }
};

/// Somebody sets the clock: an administrator, an NTP step.
struct WallJump {
  static constexpr std::string_view kKind = "wall_jump";
  std::vector<std::string> machines{};
  Duration by{};
  bool operator==(const WallJump&) const = default;
  static void fields(auto& self, auto&& field) {
    field("machines", self.machines);
    field("by", self.by);
  }
};

/// From now on both clocks run too fast (above zero) or too slow.
struct SetRate {
  static constexpr std::string_view kKind = "set_rate";
  std::vector<std::string> machines{};
  std::int64_t rate_ppm = 0;
  std::optional<Duration> lasts{};  // none: for good
  bool operator==(const SetRate&) const = default;
  static void fields(auto& self, auto&& field) {
    field("machines", self.machines);
    field("rate_ppm", self.rate_ppm);
    field("lasts", self.lasts);
  }
};

/// NTP corrects the wall clock little by little.
struct Slew {
  static constexpr std::string_view kKind = "slew";
  std::vector<std::string> machines{};
  Duration by{};
  std::int64_t speed_ppm = 500;
  bool operator==(const Slew&) const = default;
  static void fields(auto& self, auto&& field) {
    field("machines", self.machines);
    field("by", self.by);
    field("speed_ppm", self.speed_ppm);
  }
};

/// Strikes the n-th message that matches, counted from the trigger. Empty fields match anything.
/// Its kind is the action's: "drop", "delay" or "duplicate".
struct MessageFault {
  MessageAction action = MessageAction::drop;
  std::string from{};
  std::string to{};
  std::string kind{};  // as in the trace: "SET", "SET reply"
  std::uint32_t nth = 1;
  std::uint32_t times = 1;  // how many from the n-th on; 0: all
  Duration by{};            // delay: added to its latency; duplicate: to the copy's
  bool operator==(const MessageFault&) const = default;
  static void fields(auto& self, auto&& field) {
    field("from", self.from);
    field("to", self.to);
    field("kind", self.kind);
    field("nth", self.nth);
    field("times", self.times);
    field("by", self.by);
  }
};

/// Nothing passes between the two sides, or in one direction only.
struct Partition {
  static constexpr std::string_view kKind = "partition";
  std::vector<std::string> side_a{};  // processes, or machines: all that run there
  std::vector<std::string> side_b{};  // empty: everybody else
  CutDirection direction = CutDirection::both;
  CutMode mode = CutMode::drop;
  std::optional<Duration> lasts{};  // none: for good
  bool operator==(const Partition&) const = default;
  static void fields(auto& self, auto&& field) {
    field("side_a", self.side_a);
    field("side_b", self.side_b);
    field("direction", self.direction);
    field("mode", self.mode);
    field("lasts", self.lasts);
  }
};

/// The connection breaks, both ends learn of it, and what was under way is lost.
struct ResetConnection {
  static constexpr std::string_view kKind = "reset";
  std::string a{};
  std::string b{};
  bool operator==(const ResetConnection&) const = default;
  static void fields(auto& self, auto&& field) {
    field("a", self.a);
    field("b", self.b);
  }
};

/// A bad line, in one direction: it loses and doubles messages by chance, or is slow.
struct LinkTrouble {
  static constexpr std::string_view kKind = "link";
  std::string from{};  // empty: everybody
  std::string to{};    // empty: everybody
  std::int64_t loss_ppm = 0;
  std::int64_t duplicate_ppm = 0;
  std::optional<Latency> latency{};  // none: as it was
  std::optional<Duration> lasts{};   // none: for good
  bool operator==(const LinkTrouble&) const = default;
  static void fields(auto& self, auto&& field) {
    field("from", self.from);
    field("to", self.to);
    field("loss_ppm", self.loss_ppm);
    field("duplicate_ppm", self.duplicate_ppm);
    field("latency", self.latency);
    field("lasts", self.lasts);
  }
};

/// The machine's disk takes no writes for a while: whoever waits for an fsync waits on.
struct DiskStall {
  static constexpr std::string_view kKind = "disk_stall";
  std::string machine{};
  Duration lasts{};
  bool operator==(const DiskStall&) const = default;
  static void fields(auto& self, auto&& field) {
    field("machine", self.machine);
    field("lasts", self.lasts);
  }
};

/// A key is gone without anybody's request: evicted, flushed, deleted by an operator.
struct LoseKey {
  static constexpr std::string_view kKind = "lose_key";
  std::vector<std::string> nodes{};  // processes
  std::string key{};                 // empty: all keys (FLUSHALL)
  bool operator==(const LoseKey&) const = default;
  static void fields(auto& self, auto&& field) {
    field("nodes", self.nodes);
    field("key", self.key);
  }
};

using Fault =
    std::variant<Pause, Suspend, Crash, PowerLoss, Restart, WallJump, SetRate, Slew, MessageFault,
                 Partition, ResetConnection, LinkTrouble, DiskStall, LoseKey>;

// ---- when they strike ---------------------------------------------------------------------------

/// At a true instant, counted from the start of the run.
struct AtTime {
  Duration at{};
  bool operator==(const AtTime&) const = default;
  static void fields(auto& self, auto&& field) { field("at", self.at); }
};

/// `plus` after the n-th event of the trace that matches. Empty fields match anything. With a
/// `plus` of zero on "call_began" it strikes between a process's decision to call and the call.
struct OnEvent {
  std::string event{};    // as in the trace: "lock_granted", "call_began"
  std::string process{};  // in whose lane
  std::uint32_t nth = 1;
  Duration plus{};
  std::string kind{};     // of the message or call: "write"
  std::string subject{};  // the lock, key, register or counter that the event is about
  bool operator==(const OnEvent&) const = default;
  static void fields(auto& self, auto&& field) {
    field("event", self.event);
    field("process", self.process);
    field("nth", self.nth);
    field("plus", self.plus);
    field("kind", self.kind);
    field("subject", self.subject);
  }
};

using Trigger = std::variant<AtTime, OnEvent>;

struct ScheduledFault {
  Trigger trigger;
  Fault fault;
  bool operator==(const ScheduledFault&) const = default;
};

// ---- their names and sentences ------------------------------------------------------------------

/// "pause", "drop", ...: the fault's name in JSON and in FaultStruck.
std::string_view kind_of(const Fault& fault);

/// "client-a pauses for 9000ms"
std::string describe(const Fault& fault);
/// "30ms after the first lock_granted of client-a"
std::string describe(const Trigger& trigger);
/// "30ms after the first lock_granted of client-a: client-a pauses for 9000ms"
std::string describe(const ScheduledFault& scheduled);

/// A row of `locklab list faults`.
struct FaultKind {
  std::string_view name;
  std::string_view description;
  std::string_view example;  // JSON: one entry of a scenario's "faults"
};
std::span<const FaultKind> fault_kinds();

/// The names of all trace events, in the order of TracePayload: what OnEvent can wait for.
std::span<const std::string_view> event_names();

}  // namespace locklab
