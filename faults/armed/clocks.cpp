// Faults of clocks: a wall clock that is set or slewed, a clock that runs fast or slow.
#include <optional>

#include "faults/armed/armed_fault.hpp"
#include "faults/armed/names.hpp"

namespace locklab {
namespace {

class ArmedWallJump final : public ArmedFault {
 public:
  ArmedWallJump(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const WallJump& f)
      : ArmedFault(injector, index, kind),
        machines_(machines_named(world, f.machines)),
        by_(f.by) {}

 private:
  void begin() override {
    for (const MachineId machine : machines_) world().jump_wall(machine, by_);
  }

  Machines machines_;
  Duration by_;
};

class ArmedSlew final : public ArmedFault {
 public:
  ArmedSlew(Injector& injector, World& world, std::uint32_t index, Symbol kind, const Slew& f)
      : ArmedFault(injector, index, kind),
        machines_(machines_named(world, f.machines)),
        by_(f.by),
        speed_ppm_(f.speed_ppm) {}

 private:
  void begin() override {
    for (const MachineId machine : machines_) world().slew(machine, by_, speed_ppm_);
  }

  Machines machines_;
  Duration by_;
  std::int64_t speed_ppm_;
};

class ArmedSetRate final : public ArmedFault {
 public:
  ArmedSetRate(Injector& injector, World& world, std::uint32_t index, Symbol kind, const SetRate& f)
      : ArmedFault(injector, index, kind),
        machines_(machines_named(world, f.machines)),
        rate_ppm_(f.rate_ppm),
        lasts_(f.lasts) {}

 private:
  void begin() override {
    auto& rates = layers().rates;
    for (const MachineId machine : machines_) {
      if (top(machine) == nullptr)  // what the machine is like without any fault
        rates.push_back({machine, nullptr, world().clock(machine).rate_ppm()});
      rates.push_back({machine, this, rate_ppm_});
      world().set_rate(machine, rate_ppm_);
    }
    lasts_for(lasts_);
  }
  void end() override {
    std::erase_if(layers().rates, [this](const auto& layer) { return layer.by == this; });
    for (const MachineId machine : machines_)
      if (const std::int64_t rate_ppm = *top(machine);
          rate_ppm != world().clock(machine).rate_ppm())
        world().set_rate(machine, rate_ppm);
  }
  const std::int64_t* top(MachineId machine) {
    const std::int64_t* found = nullptr;
    for (const auto& layer : layers().rates)
      if (layer.machine == machine) found = &layer.rate_ppm;
    return found;
  }

  Machines machines_;
  std::int64_t rate_ppm_;
  std::optional<Duration> lasts_;
};

}  // namespace

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const WallJump& fault) {
  return arm_as<ArmedWallJump>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Slew& fault) {
  return arm_as<ArmedSlew>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const SetRate& fault) {
  return arm_as<ArmedSetRate>(injector, world, index, kind, fault);
}

}  // namespace locklab
