// Faults that stop processes and machines: a pause, a suspended machine, a crash, a loss of power,
// a restart.
#include <optional>

#include "faults/armed/armed_fault.hpp"
#include "faults/armed/names.hpp"

namespace locklab {
namespace {

class ArmedPause final : public ArmedFault {
 public:
  ArmedPause(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Pause& f)
      : ArmedFault(injector, index, kind), who_(process_named(world, f.who)), lasts_(f.lasts) {}

 private:
  void begin() override {
    Process& process = world().process(who_);
    if (!process.alive()) return;
    life_ = process.life();
    process.pause(false);
    lasts_for(lasts_);
  }
  void end() override {
    Process& process = world().process(who_);
    if (process.alive() && process.life() == life_) process.resume(false);
  }

  ProcessId who_;
  Duration lasts_;
  std::uint32_t life_ = 0;  // a crash ends the pause, and the next life has pauses of its own
};

class ArmedSuspend final : public ArmedFault {
 public:
  ArmedSuspend(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Suspend& f)
      : ArmedFault(injector, index, kind),
        machine_(machine_named(world, f.machine)),
        lasts_(f.lasts),
        corrected_(f.wall == WallOnWake::corrected) {}

 private:
  void begin() override {
    world().suspend(machine_);
    power_losses_ = world().power_losses(machine_);
    lasts_for(lasts_);
  }
  void end() override {
    // A power loss ends a suspension; what was suspended since is not ours to wake.
    if (world().power_losses(machine_) == power_losses_) world().wake(machine_, corrected_);
  }

  MachineId machine_;
  Duration lasts_;
  bool corrected_;
  std::uint32_t power_losses_ = 0;
};

class ArmedCrash final : public ArmedFault {
 public:
  ArmedCrash(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Crash& f)
      : ArmedFault(injector, index, kind),
        who_(process_named(world, f.who)),
        restart_after_(f.restart_after) {}

 private:
  void begin() override {
    Process& process = world().process(who_);
    if (!process.alive()) return;
    process.crash(false);
    life_ = process.life();
    if (restart_after_) lasts_for(restart_after_);
  }
  void end() override {
    // Not if it has lived again since, nor if its machine has lost power.
    Process& process = world().process(who_);
    if (!process.alive() && process.powered() && process.life() == life_) process.restart();
  }

  ProcessId who_;
  std::optional<Duration> restart_after_;
  std::uint32_t life_ = 0;
};

class ArmedPowerLoss final : public ArmedFault {
 public:
  ArmedPowerLoss(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                 const PowerLoss& f)
      : ArmedFault(injector, index, kind),
        machine_(machine_named(world, f.machine)),
        restart_after_(f.restart_after) {}

 private:
  void begin() override {
    world().power_loss(machine_);
    power_losses_ = world().power_losses(machine_);
    if (restart_after_) lasts_for(restart_after_);
  }
  void end() override {
    // The machine boots, and with it all that ran on it: those that had crashed before as well.
    if (world().power_losses(machine_) != power_losses_) return;
    for_each_process(world(), machine_, [](Process& process) {
      if (!process.alive() && !process.powered()) process.restart();
    });
  }

  MachineId machine_;
  std::optional<Duration> restart_after_;
  std::uint32_t power_losses_ = 0;
};

class ArmedRestart final : public ArmedFault {
 public:
  ArmedRestart(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Restart& f)
      : ArmedFault(injector, index, kind), who_(process_named(world, f.who)) {}

 private:
  void begin() override { world().restart(who_); }

  ProcessId who_;
};

}  // namespace

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Pause& fault) {
  return arm_as<ArmedPause>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Suspend& fault) {
  return arm_as<ArmedSuspend>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Crash& fault) {
  return arm_as<ArmedCrash>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const PowerLoss& fault) {
  return arm_as<ArmedPowerLoss>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Restart& fault) {
  return arm_as<ArmedRestart>(injector, world, index, kind, fault);
}

}  // namespace locklab
