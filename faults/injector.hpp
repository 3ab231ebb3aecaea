// Arms a schedule on a world: turns names into ids, lets each fault strike at its instant or at its
// event, and ends what lasts. Faults act on the world from its agenda, never from within an event's
// emission, so what they strike is always at rest.
//
// A fault that is anchored on an event is queued the moment the event is emitted. With no time
// added it strikes before anything that the event's process does from there on at a scheduling
// point: for "call_began", after the decision to call and before the request leaves.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "faults/schedule.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

namespace locklab {

class ArmedFault;

/// Outlives the last run() of its world, and is gone before the world is.
class Injector final : public TraceObserver {
 public:
  explicit Injector(World& world);
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;
  ~Injector() override;

  /// Once, with all processes added and before the world starts. The schedule is valid (validate()
  /// finds nothing); it need not outlive the call.
  ///
  /// With `until`, the faults are called off at that instant, before anything else that is due
  /// then: none strikes any more, and what lasts ends. A pause is over, a link heals, a stalled
  /// disk writes, a clock runs again as it did before its rate was set; a dead process that was to
  /// come back does so at once. What is done stays done: a clock that jumped or is being slewed, a
  /// lost or late message, a lost key, a process that died for good. Up to `until` the run is the
  /// one without it, event by event.
  void arm(const FaultSchedule& schedule, std::optional<Instant> until = {});

  /// How often the fault has struck. A fault on messages strikes when it meets the first of them.
  std::uint32_t strikes(std::size_t index) const;

  void observe(const TraceEvent& event) override;

 private:
  friend class ArmedFault;

  struct Anchor {
    std::size_t event;   // index of the payload
    ProcessId process;   // none: any
    Symbol kind;         // none: any
    Symbol subject;      // none: any
    std::uint32_t left;  // matches to wait for; 0: spent
    Duration plus{};
    ArmedFault* fault;
  };

  /// Faults of one sort that last may overlap: each keeps its layer until it ends, and the topmost
  /// one that is left decides.
  struct Layers {
    struct Rate {
      MachineId machine;
      const ArmedFault* by;  // none: without any fault
      std::int64_t rate_ppm;
    };
    struct Link {
      ProcessId from;
      ProcessId to;
      const ArmedFault* by;
      LinkQuality quality;
      bool latency_too;
    };
    std::pmr::vector<Rate> rates;
    std::pmr::vector<Link> links;
    std::pmr::vector<std::uint32_t> stalls;  // by machine: how many hold its disk up
  };

  static bool matches(const Anchor& anchor, const TraceEvent& event);
  void call_off();

  World& world_;
  std::pmr::vector<ArmedFault*> faults_;
  std::pmr::vector<Anchor> anchors_;
  Layers layers_;
  bool called_off_ = false;
};

}  // namespace locklab
