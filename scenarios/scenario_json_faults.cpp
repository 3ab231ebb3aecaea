// Faults: when ("at" or "on") and what (one key, a row of fault_kinds()). Their fields are those
// that each fault lists itself; what they must satisfy is the schedule's own validate().
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "faults/schedule.hpp"
#include "scenarios/scenario_reading.hpp"
#include "scenarios/suggest.hpp"

namespace locklab::reading {
namespace {

constexpr std::array<std::string_view, 2> kWalls{"stale", "corrected"};
constexpr std::array<std::string_view, 3> kDirections{"both", "a_to_b", "b_to_a"};
constexpr std::array<std::string_view, 2> kCutModes{"drop", "hold"};

/// Reads the fields that a fault or a trigger lists. A name that every other field leans on, and
/// how long a fault lasts or how far it goes, must be said; the rest has the struct's default.
class FieldReader {
 public:
  FieldReader(Reading& reading, Section& r, bool by_is_required)
      : reading_(reading), r_(r), by_is_required_(by_is_required) {}

  void operator()(std::string_view key, std::string& value) {
    const bool needed =
        key == "who" || key == "machine" || key == "a" || key == "b" || key == "event";
    value = needed ? r_.text(key, required) : r_.text(key, "");
  }

  /// A list of names; a single one may stand alone.
  void operator()(std::string_view key, std::vector<std::string>& value) {
    const bool needed = key != "side_b";
    const Node* node = r_.any(key);
    if (node != nullptr && node->is_text()) {
      value = {node->text};
      return;
    }
    if (needed) r_.items(key, required);
    value = r_.texts(key);
  }

  void operator()(std::string_view key, Duration& value) {
    const bool needed = key == "lasts" || key == "at" || (key == "by" && by_is_required_);
    const DurationRange range = key == "by" ? kAnyTime : DurationRange{};
    value = needed ? r_.duration(key, required, range) : r_.duration(key, value, range);
  }

  void operator()(std::string_view key, std::optional<Duration>& value) {
    if (r_.has(key)) value = r_.duration(key, 0ms);
  }

  void operator()(std::string_view key, std::int64_t& value) {
    constexpr PpmRange kAnyRate{.min = -100'000'000,
                                .max = 100'000'000};  // validate() knows better
    value = key == "rate_ppm" ? r_.ppm(key, required, kAnyRate) : r_.ppm(key, value, kAnyRate);
  }

  void operator()(std::string_view key, std::uint32_t& value) {
    constexpr std::int64_t kMost = 1'000'000'000;
    const std::int64_t least = key == "times" ? 0 : 1;
    value = static_cast<std::uint32_t>(r_.integer(key, value, {.min = least, .max = kMost}));
  }

  void operator()(std::string_view key, std::optional<Latency>& value) {
    if (const Node* node = r_.any(key)) value = read_latency(reading_, *node);
  }

  void operator()(std::string_view key, WallOnWake& value) {
    value = r_.choice(key, kWalls, value);
  }
  void operator()(std::string_view key, CutDirection& value) {
    value = r_.choice(key, kDirections, value);
  }
  void operator()(std::string_view key, CutMode& value) {
    value = r_.choice(key, kCutModes, value);
  }

 private:
  Reading& reading_;
  Section& r_;
  bool by_is_required_;
};

/// An empty fault of the kind: the alternatives of Fault in order, MessageFault by its action.
Fault empty_fault(std::string_view kind) {
  for (const MessageAction action :
       {MessageAction::drop, MessageAction::delay, MessageAction::duplicate}) {
    if (to_string(action) != kind) continue;
    MessageFault fault;
    fault.action = action;
    return fault;
  }
  Fault fault;
  const auto try_one = [&]<class F>(std::type_identity<F>) {
    if constexpr (!std::is_same_v<F, MessageFault>)
      if (F::kKind == kind) fault = F{};
  };
  [&]<class... F>(std::type_identity<std::variant<F...>>) {
    (try_one(std::type_identity<F>{}), ...);
  }(std::type_identity<Fault>{});
  return fault;
}

void read_fields(Reading& reading, const Node& node, Fault& fault) {
  Section r(reading, node, fmt::format("faults/{}", kind_of(fault)));
  std::visit(
      [&]<class F>(F& f) {
        if constexpr (std::is_same_v<F, MessageFault>) {
          const bool lost = f.action == MessageAction::drop;
          FieldReader read(reading, r, f.action == MessageAction::delay);
          F::fields(f, [&](std::string_view key, auto& value) {
            if (key != "by" || !lost) read(key, value);  // what is lost is not late
          });
        } else {
          F::fields(f, FieldReader(reading, r, true));
        }
      },
      fault);
}

std::optional<Trigger> read_trigger(Reading& reading, const Node& node) {
  const Node* at = node.find("at");
  const Node* on = node.find("on");
  if (at != nullptr && on != nullptr) {
    reading.mistake(*on, "\"at\" and \"on\" exclude each other");
    return std::nullopt;
  }
  if (at != nullptr) {
    const auto when = read_duration(*at, reading.diagnostics);
    if (!when) return std::nullopt;
    return AtTime{*when};
  }
  if (on == nullptr) {
    reading.mistake(node, "a fault needs to know when: \"at\" a time, or \"on\" an event");
    return std::nullopt;
  }
  OnEvent trigger;
  Section r(reading, *on, "on");
  OnEvent::fields(trigger, FieldReader(reading, r, false));
  return trigger;
}

/// The node at a path such as "pause/who" or "partition/side_a/1"; null where nothing was written.
const Node* at_path(const Node& node, std::string_view path) {
  const Node* at = &node;
  while (at != nullptr && !path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view step = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (!at->is_array()) {
      const bool name_alone =
          at->is_text() && step.find_first_not_of("0123456789") == std::string_view::npos;
      if (!name_alone) at = at->find(step);
      continue;
    }
    std::size_t index = 0;
    for (const char digit : step) index = index * 10 + static_cast<std::size_t>(digit - '0');
    at = index < at->items.size() ? &at->items[index] : nullptr;
  }
  return at;
}

/// What validate() has to say, except where the form was wrong already.
void check_meaning(Reading& reading, const Node& node, const ScheduledFault& fault,
                   const Diagnostics& form) {
  const std::vector<Diagnostic> said = form.sorted();
  const KnownNames known{reading.processes, reading.machines, event_names()};
  for (const ScheduleProblem& problem : validate({fault}, known)) {
    const Node* at = at_path(node, problem.field);
    if (at == nullptr) continue;
    const auto here = [at](const Diagnostic& d) { return d.pointer.starts_with(at->pointer); };
    if (std::any_of(said.begin(), said.end(), here)) continue;
    using Expected = ScheduleProblem::Expected;
    switch (problem.expected) {
      case Expected::value:
        reading.mistake(*at, problem.message);
        break;
      case Expected::process:
        check_name(reading, *at, problem.unknown, "process", reading.processes);
        break;
      case Expected::machine:
        check_name(reading, *at, problem.unknown, "machine", reading.machines);
        break;
      case Expected::process_or_machine:
        check_name(reading, *at, problem.unknown, "process or machine", reading.machines);
        break;
      case Expected::event:
        reading.mistake(*at, fmt::format("there is no event named {}", in_quotes(problem.unknown)),
                        closest(problem.unknown, event_names()).value_or(""));
        break;
    }
  }
}

void read_fault(Reading& reading, const Node& node) {
  if (!node.is_object()) {
    reading.mistake(node, "expected a fault in {braces}, got " + describe(node));
    return;
  }
  std::vector<std::string_view> kinds;
  for (const FaultKind& kind : fault_kinds()) kinds.push_back(kind.name);
  constexpr std::array<std::string_view, 2> kWhen{"at", "on"};

  Diagnostics form;
  Reading local{form,
                reading.keys,
                reading.scenario,
                reading.clients,
                reading.processes,
                reading.machines,
                reading.registers};
  const auto trigger = read_trigger(local, node);
  const auto tagged = read_tagged(local, node, "a fault", kinds, kWhen);
  ScheduledFault scheduled;
  if (trigger) scheduled.trigger = *trigger;
  if (tagged) {
    scheduled.fault = empty_fault(kinds[tagged->kind]);
    read_fields(local, *tagged->value, scheduled.fault);
  }
  for (const Diagnostic& diagnostic : form.sorted()) reading.diagnostics.add(diagnostic);
  if (tagged) check_meaning(reading, node, scheduled, form);
  reading.scenario.faults.push_back(std::move(scheduled));
}

}  // namespace

void read_faults(Reading& reading, std::span<const Node> nodes) {
  for (const Node& node : nodes) read_fault(reading, node);
}

}  // namespace locklab::reading
