#include "faults/injector.hpp"

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "faults/armed/armed_fault.hpp"
#include "faults/armed/names.hpp"
#include "sim/assert.hpp"

namespace locklab {

namespace {

/// Looks for an anchor's names among the fields of an event.
struct Wanted {
  Symbol kind;     // none: any
  Symbol subject;  // none: any
  bool kind_found = !kind;
  bool subject_found = !subject;

  template <class T>
  void operator()(std::string_view field, const T& value) {
    if constexpr (std::is_same_v<T, Symbol>) {
      // A message's kind, a step's name and an invariant's say what; lock, key, register and
      // counter say about what.
      if (field == "kind" || field == "step" || field == "invariant")
        kind_found |= value == kind;
      else
        subject_found |= value == subject;
    }
  }
  bool found() const { return kind_found && subject_found; }
};

}  // namespace

Injector::Injector(World& world)
    : world_(world),
      faults_(&world.arena()),
      anchors_(&world.arena()),
      layers_{std::pmr::vector<Layers::Rate>(&world.arena()),
              std::pmr::vector<Layers::Link>(&world.arena()),
              std::pmr::vector<std::uint32_t>(&world.arena())} {}

Injector::~Injector() {
  for (ArmedFault* fault : faults_) {
    const std::size_t bytes = fault->bytes;
    fault->~ArmedFault();
    world_.arena().give_back(fault, bytes);
  }
}

void Injector::arm(const FaultSchedule& schedule, std::optional<Instant> until) {
  LOCKLAB_ASSERT(faults_.empty());
  if (until)  // queued first: what is due at the same instant comes after it
    world_.at(
        *until, [](void* injector, std::uint64_t) { static_cast<Injector*>(injector)->call_off(); },
        this);
  faults_.reserve(schedule.size());
  layers_.stalls.resize(world_.machines());
  EventMask watched = 0;
  for (const ScheduledFault& scheduled : schedule) {
    const auto index = static_cast<std::uint32_t>(faults_.size());
    const Symbol kind = world_.names().intern(kind_of(scheduled.fault));
    ArmedFault* fault = std::visit(
        [&](const auto& which) { return locklab::arm(*this, world_, index, kind, which); },
        scheduled.fault);
    faults_.push_back(fault);
    if (std::holds_alternative<DiskStall>(scheduled.fault))
      watched |= events_of<ProcessRestarted>();
    if (const auto* at = std::get_if<AtTime>(&scheduled.trigger)) {
      world_.at(Instant{at->at}, ArmedFault::strike, fault);
      continue;
    }
    const OnEvent& on = std::get<OnEvent>(scheduled.trigger);
    const auto names = event_names();
    const auto event =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), on.event) - names.begin());
    LOCKLAB_ASSERT(event < names.size() && on.nth > 0);  // validate() knows
    watched |= EventMask{1} << event;
    anchors_.push_back({event, process_or_any(world_, on.process), world_.names().intern(on.kind),
                        world_.names().intern(on.subject), on.nth, on.plus, fault});
  }
  if (watched != 0) world_.observe(*this, watched);
}

void Injector::call_off() {
  called_off_ = true;
  world_.network().drop_rules();
  for (ArmedFault* fault : faults_) fault->call_off();
}

std::uint32_t Injector::strikes(std::size_t index) const { return faults_[index]->strikes; }

bool Injector::matches(const Anchor& anchor, const TraceEvent& event) {
  if (anchor.event != event.what.index()) return false;
  if (anchor.process && anchor.process != event.process) return false;
  if (!anchor.kind && !anchor.subject) return true;
  Wanted wanted{anchor.kind, anchor.subject};
  std::visit([&](const auto& payload) { payload.fields(payload, wanted); }, event.what);
  return wanted.found();
}

void Injector::observe(const TraceEvent& event) {
  if (std::holds_alternative<ProcessRestarted>(event.what) &&
      layers_.stalls[world_.process(event.process).machine().number - 1] > 0) {
    // A stall outlasts a crash. Told after the service has begun its new life.
    world_.at(
        event.at,
        [](void* process, std::uint64_t) { tell_of_stall(*static_cast<Process*>(process)); },
        &world_.process(event.process));
  }
  for (Anchor& anchor : anchors_) {
    if (anchor.left == 0 || !matches(anchor, event) || --anchor.left > 0) continue;
    // Queued now, it strikes before whatever the event's process schedules after this event.
    const EventSeq cause = world_.cause();
    world_.set_cause(event.seq);
    world_.at(event.at + anchor.plus, ArmedFault::strike, anchor.fault);
    world_.set_cause(cause);
  }
}

}  // namespace locklab
