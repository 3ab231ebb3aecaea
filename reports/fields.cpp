#include "reports/fields.hpp"

#include <algorithm>
#include <concepts>
#include <set>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "reports/recording_words.hpp"

namespace locklab {
namespace {

using Kind = Field::Kind;

class Lister {
 public:
  explicit Lister(const Recording& recording) : recording_(recording) {}

  template <class T>
  void operator()(std::string_view name, const T& what) {
    auto [kind, text] = said(what);
    fields_.push_back(
        {fmt::format("{}{}", name, recording_json::unit_of<T>), kind, std::move(text)});
  }
  std::vector<Field> take() { return std::move(fields_); }

 private:
  using Said = std::pair<Kind, std::string>;

  Said said(bool flag) const { return {Kind::flag, flag ? "true" : "false"}; }
  template <std::integral Number>
  Said said(Number number) const {
    return {Kind::number, fmt::format("{}", number)};
  }
  Said said(Duration duration) const { return said(duration.count()); }
  template <class Clock>
  Said said(std::chrono::time_point<Clock, Duration> at) const {
    if (at == at.max()) return {};
    return said(at.time_since_epoch());
  }
  Said said(Symbol symbol) const {
    if (!symbol) return {};
    return {Kind::name, std::string(recording_.names.text(symbol))};
  }
  Said said(ProcessId process) const {
    if (!process) return {};
    return {Kind::process, process_text(process, recording_)};
  }
  Said said(MessageId id) const { return {Kind::ticket, fmt::format("{}", id.number)}; }
  Said said(CallId id) const { return {Kind::ticket, fmt::format("{}", id.number)}; }
  Said said(AttemptId id) const {
    if (!id) return {};
    return {Kind::attempt, fmt::format("{}", id.number)};
  }
  Said said(FencingToken token) const {
    if (!token) return {};
    return {Kind::number, fmt::format("{}", token.number)};
  }
  Said said(const Value& value) const {
    switch (value.kind) {
      case Value::Kind::none:
        return {};
      case Value::Kind::integer:
        return said(value.as_integer());
      case Value::Kind::unique:
        return {Kind::unique_id, to_string(value, recording_.names)};
      case Value::Kind::name:
        return said(value.as_name());
    }
    return {};
  }
  template <class Enum>
  requires std::is_enum_v<Enum> Said said(Enum what)
  const { return {Kind::word, std::string(to_string(what))}; }

  const Recording& recording_;
  std::vector<Field> fields_;
};

}  // namespace

std::vector<Field> fields_of(const TraceEvent& event, const Recording& recording) {
  Lister lister(recording);
  std::visit([&lister](const auto& payload) { payload.fields(payload, lister); }, event.what);
  return lister.take();
}

std::string process_text(ProcessId process, const Recording& recording) {
  if (!process) return "world";
  if (process.number > recording.processes.size()) return fmt::format("process {}", process.number);
  return recording.processes[process.number - 1].name;
}

std::vector<std::string> unique_process_names(const Recording& recording) {
  std::vector<std::string> names;
  std::set<std::string, std::less<>> taken;
  for (const RecordedProcess& process : recording.processes) {
    std::string name = process.name;
    for (std::size_t count = 2; !taken.insert(name).second; ++count)
      name = fmt::format("{} ({})", process.name, count);
    names.push_back(std::move(name));
  }
  return names;
}

std::size_t index_of(EventSeq seq, const std::vector<TraceEvent>& events) {
  const std::size_t guess = static_cast<std::size_t>(seq.number - 1);  // of none: past the end
  if (guess < events.size() && events[guess].seq == seq) return guess;
  const auto place =
      std::lower_bound(events.begin(), events.end(), seq,
                       [](const TraceEvent& event, EventSeq wanted) { return event.seq < wanted; });
  if (place == events.end() || place->seq != seq) return events.size();
  return static_cast<std::size_t>(place - events.begin());
}

}  // namespace locklab
