// Faults of what a service keeps: a disk that answers late, a key that is gone.
#include "faults/armed/armed_fault.hpp"
#include "faults/armed/names.hpp"

namespace locklab {
namespace {

class ArmedDiskStall final : public ArmedFault {
 public:
  ArmedDiskStall(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                 const DiskStall& f)
      : ArmedFault(injector, index, kind),
        machine_(machine_named(world, f.machine)),
        lasts_(f.lasts) {}

 private:
  // Of two stalls at once the disk recovers with the later end.
  void begin() override {
    if (layers().stalls[machine_.number - 1]++ == 0)
      for_each_process(world(), machine_, [](Process& process) { tell_of_stall(process); });
    lasts_for(lasts_);
  }
  void end() override {
    if (--layers().stalls[machine_.number - 1] > 0) return;
    for_each_process(world(), machine_, [this](Process& process) {
      if (!process.alive() || process.actor() == nullptr) return;
      if (!process.paused()) {
        process.actor()->on_disk_stall(false);
        return;
      }
      // What a service does with its disk back is its own work: a paused one does it later.
      Event event;
      event.context = this;
      event.a = process.id().number;
      event.act = [](void* stall, std::uint64_t id) {
        auto& self = *static_cast<ArmedDiskStall*>(stall);
        if (self.layers().stalls[self.machine_.number - 1] > 0) return;  // stalled anew since
        self.world().process({static_cast<std::uint32_t>(id)}).actor()->on_disk_stall(false);
      };
      world().schedule_gated(process, Duration{0}, event);
    });
  }

  MachineId machine_;
  Duration lasts_;
};

class ArmedLoseKey final : public ArmedFault {
 public:
  ArmedLoseKey(Injector& injector, World& world, std::uint32_t index, Symbol kind, const LoseKey& f)
      : ArmedFault(injector, index, kind),
        nodes_(&world.arena()),
        key_(world.names().intern(f.key)) {
    for (const std::string& node : f.nodes) add_once(nodes_, process_named(world, node));
  }

 private:
  void begin() override {
    for (const ProcessId id : nodes_) {
      Process& node = world().process(id);
      if (!node.alive() || node.actor() == nullptr) continue;
      if (!node.paused()) {
        node.actor()->on_key_lost(key_);
        continue;
      }
      // Evicting a key and obeying an operator is the server's own work: a paused one does it
      // later.
      Event event;
      event.context = &node;
      event.a = key_.number;
      event.act = [](void* process, std::uint64_t key) {
        static_cast<Process*>(process)->actor()->on_key_lost(
            Symbol{static_cast<std::uint32_t>(key)});
      };
      world().schedule_gated(node, Duration{0}, event);
    }
  }

  Processes nodes_;
  Symbol key_;
};

}  // namespace

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const DiskStall& fault) {
  return arm_as<ArmedDiskStall>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const LoseKey& fault) {
  return arm_as<ArmedLoseKey>(injector, world, index, kind, fault);
}

}  // namespace locklab
