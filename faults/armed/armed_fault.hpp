// A fault of a schedule, armed on a world: what all of them have in common, and how each is made.
// One file beside this one for each sort: processes, clocks, messages, services.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <utility>

#include "faults/fault.hpp"
#include "faults/injector.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

namespace locklab {

/// One fault, armed: what it does when it strikes, and what it undoes when it ends. Lives in the
/// world's arena.
class ArmedFault {
 public:
  ArmedFault(Injector& injector, std::uint32_t index, Symbol kind)
      : injector_(injector), index_(index), kind_(kind) {}
  ArmedFault(const ArmedFault&) = delete;
  ArmedFault& operator=(const ArmedFault&) = delete;
  virtual ~ArmedFault() = default;

  /// On the agenda: the trigger's instant has come.
  static void strike(void* fault, std::uint64_t) {
    auto& self = *static_cast<ArmedFault*>(fault);
    if (self.injector_.called_off_) return;
    if (!self.strikes_later()) {
      ++self.strikes;
      self.world().emit(ProcessId{}, self.struck());
    }
    self.begin();
  }

  /// Ends it now, if it is in effect.
  void call_off() {
    if (!std::exchange(in_effect_, false)) return;
    end();
  }

  std::size_t bytes = 0;  // of this object
  std::uint32_t strikes = 0;

 protected:
  World& world() { return injector_.world_; }
  Injector::Layers& layers() { return injector_.layers_; }

  virtual void begin() = 0;
  virtual void end() {}
  /// It only lies in wait when its trigger's instant comes, and says itself when it strikes.
  virtual bool strikes_later() const { return false; }

  FaultStruck struck() const { return {index_, kind_}; }
  /// It stays in effect so long, or for good, and then end() undoes it.
  void lasts_for(std::optional<Duration> lasts) {
    in_effect_ = true;
    if (!lasts) return;
    world().at(
        world().now() + *lasts,
        [](void* fault, std::uint64_t) { static_cast<ArmedFault*>(fault)->call_off(); }, this);
  }

 private:
  Injector& injector_;
  std::uint32_t index_;
  Symbol kind_;
  bool in_effect_ = false;
};

/// In the world's arena; the caller ends its life there.
template <class Armed, class F>
ArmedFault* arm_as(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                   const F& fault) {
  auto* armed = new (world.arena().take(sizeof(Armed))) Armed(injector, world, index, kind, fault);
  armed->bytes = sizeof(Armed);
  return armed;
}

/// The fault is the schedule's `index`-th, and `kind` what it is called. Its names are known to the
/// world.
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Pause& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Suspend& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Crash& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const PowerLoss& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Restart& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const WallJump& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Slew& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const SetRate& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const MessageFault& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Partition& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const ResetConnection& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const LinkTrouble& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const DiskStall& fault);
ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const LoseKey& fault);

}  // namespace locklab
