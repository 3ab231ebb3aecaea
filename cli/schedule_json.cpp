#include "cli/schedule_json.hpp"

#include <type_traits>
#include <variant>

#include "cli/verdict.hpp"

namespace locklab {
namespace {

/// Writes the fields that a fault or a trigger lists, but for those that say nothing new.
class FieldWriter {
 public:
  explicit FieldWriter(Json& json) : json_(json) {}

  void operator()(std::string_view key, const std::string& value) {
    if (!value.empty()) set(key, value);
  }
  void operator()(std::string_view key, const std::vector<std::string>& value) {
    if (value.empty()) return;
    Json list = Json::array();
    for (const std::string& name : value) list.push_back(name);
    set(key, std::move(list));
  }
  void operator()(std::string_view key, Duration value) {
    if (key == "plus" && value == Duration{0}) return;
    set(key, to_string(value));
  }
  void operator()(std::string_view key, const std::optional<Duration>& value) {
    if (value) set(key, to_string(*value));
  }
  void operator()(std::string_view key, std::int64_t value) {
    if (value != 0 || key == "rate_ppm") set(key, value);
  }
  void operator()(std::string_view key, std::uint32_t value) {
    if (value != 1) set(key, value);
  }
  void operator()(std::string_view key, WallOnWake value) {
    set(key, std::string(to_string(value)));
  }
  void operator()(std::string_view key, CutDirection value) {
    if (value != CutDirection::both) set(key, std::string(to_string(value)));
  }
  void operator()(std::string_view key, CutMode value) {
    if (value != CutMode::drop) set(key, std::string(to_string(value)));
  }
  void operator()(std::string_view key, const std::optional<Latency>& value) {
    if (!value) return;
    const std::string low = to_string(value->low);
    switch (value->kind) {
      case Latency::Kind::constant:
        set(key, low);
        break;
      case Latency::Kind::uniform:
        set(key, Json{{"uniform", {low, to_string(value->high)}}});
        break;
      case Latency::Kind::lognormal:
        set(key, Json{{"lognormal", {{"median", low}, {"sigma_permille", value->sigma_permille}}}});
        break;
    }
  }

 private:
  template <class Value>
  void set(std::string_view key, Value&& value) {
    json_[std::string(key)] = std::forward<Value>(value);
  }
  Json& json_;
};

}  // namespace

Json to_json(const ScheduledFault& scheduled) {
  Json json = Json::object();
  if (const auto* at = std::get_if<AtTime>(&scheduled.trigger)) {
    json["at"] = to_string(at->at);
  } else {
    Json on = Json::object();
    OnEvent::fields(std::get<OnEvent>(scheduled.trigger), FieldWriter(on));
    json["on"] = std::move(on);
  }
  Json fields = Json::object();
  std::visit(
      [&](const auto& fault) {
        using F = std::decay_t<decltype(fault)>;
        FieldWriter write(fields);
        F::fields(fault, [&](std::string_view key, const auto& value) {
          if constexpr (std::is_same_v<F, MessageFault>)
            if (key == "by" && fault.action == MessageAction::drop) return;
          write(key, value);
        });
      },
      scheduled.fault);
  json[std::string(kind_of(scheduled.fault))] = std::move(fields);
  return json;
}

Json to_json(const FaultSchedule& schedule) {
  Json json = Json::array();
  for (const ScheduledFault& scheduled : schedule) json.push_back(to_json(scheduled));
  return json;
}

Json with_schedule(const Node& document, const std::string& name, const FaultSchedule& schedule,
                   std::span<const Finding> findings) {
  Json json = to_json(document);
  json["name"] = name;
  // The document's own faults struck as well when the schedule was found.
  Json faults = json.contains("faults") ? json["faults"] : Json::array();
  for (const ScheduledFault& fault : schedule) faults.push_back(to_json(fault));
  json["faults"] = std::move(faults);
  json.erase("corpus");  // it is no entry of the corpus any more
  Json expect = Json::object();
  expect["violates"] = violated(findings);
  json["expect"] = std::move(expect);
  return json;
}

}  // namespace locklab
