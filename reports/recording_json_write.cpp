#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "reports/recording_json.hpp"
#include "reports/recording_words.hpp"

namespace locklab {
namespace {

using namespace recording_json;
using Json = nlohmann::json;

void append_text(std::string& out, std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
  });
  if (plain)
    out.append(1, '"').append(text).append(1, '"');
  else
    out += Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

class Writer {
 public:
  Writer(const Recording& recording, std::string& out) : recording_(recording), out_(out) {
    // The last process of a name that several have would be found in the place of the others.
    std::map<std::string_view, std::size_t> known;
    const auto& processes = recording.processes;
    for (const RecordedProcess& process : processes) ++known[process.name];
    for (const RecordedProcess& process : processes) unique_.push_back(known[process.name] == 1);
  }

  void header() {
    begin();
    field("schema", std::string_view(kSchema));
    field("version", recording_.version);
    field("scenario", recording_.scenario);
    field("title", recording_.title);
    field("scenario_hash", recording_.scenario_hash);
    field("seed", recording_.seed);
    key("processes");
    list(recording_.processes, [this](const RecordedProcess& process) {
      begin();
      field("name", process.name);
      field("machine", process.machine);
      field("role", process.role);
      out_ += '}';
    });
    key("faults");
    list(recording_.faults, [this](const RecordedFault& fault) { value(fault.sentence); });
    key("names");
    out_ += '[';
    for (std::uint32_t number = 1; number < recording_.names.size(); ++number) {
      if (number > 1) out_ += ',';
      value(Symbol{number});
    }
    out_ += ']';
    end();
  }

  void event(const TraceEvent& event) {
    begin();
    field("seq", event.seq);
    field("cause", event.cause);
    field("at", event.at);
    field("process", event.process);
    field("wall", event.wall);
    field("event", payload_name(event.what));
    std::visit(
        [this](const auto& payload) {
          payload.fields(payload, [this](std::string_view name, const auto& what) {
            this->field(name, what);  // "this->": Clang 14 thinks the capture unused
          });
        },
        event.what);
    end();
    ++counts_[event.what.index()];
  }

  void finding(std::uint64_t number, const Finding& finding) {
    begin();
    field("finding", number);
    field("invariant", finding.invariant);
    field("what", finding.what);
    field("subject", finding.subject);
    field("from", finding.from);
    field("until", finding.until);
    field("dormant", finding.dormant);
    field("active", finding.active);
    short_list("processes", finding.processes);
    short_list("attempts", finding.attempts);
    short_list("tokens", finding.tokens);
    short_list("events", finding.events);
    end();
  }

  void footer() {
    begin();
    key("counts");
    begin();
    count_fields(std::make_index_sequence<std::variant_size_v<TracePayload>>());
    out_ += '}';
    field("messages", recording_.messages);
    field("ended", recording_.ended);
    field("stopped", recording_.stopped);
    field("verdict", recording_.verdict);
    field("digest", fmt::format("{:016x}", recording_.digest));
    end();
  }

 private:
  void begin() { out_ += '{'; }
  void end() { out_ += "}\n"; }

  void key(std::string_view name, std::string_view unit = {}) {
    if (out_.back() != '{') out_ += ',';
    out_.append(1, '"').append(name).append(unit).append("\":");
  }

  template <class T>
  void field(std::string_view name, const T& what) {
    key(name, unit_of<T>);
    value(what);
  }

  template <class List, class Write>
  void list(const List& items, Write write) {
    out_ += '[';
    for (const auto& item : items) {
      if (out_.back() != '[') out_ += ',';
      write(item);
    }
    out_ += ']';
  }

  template <class T, std::size_t N>
  void short_list(std::string_view name, const ShortList<T, N>& items) {
    key(name);
    list(items, [this](const T& item) { value(item); });
    if (items.total() == items.size()) return;
    key(name, "_total");
    value(static_cast<std::uint64_t>(items.total()));
  }

  template <std::size_t... I>
  void count_fields(std::index_sequence<I...>) {
    const auto count = [this](std::size_t index, std::string_view name) {
      if (counts_[index] != 0) field(name, counts_[index]);
    };
    (count(I, std::variant_alternative_t<I, TracePayload>::kName), ...);
  }

  template <class T>
  requires std::is_integral_v<T>
  void value(T number) {
    if constexpr (std::is_same_v<T, bool>)
      out_ += number ? "true" : "false";
    else
      fmt::format_to(std::back_inserter(out_), "{}", number);
  }
  void value(std::string_view text) { append_text(out_, text); }
  void value(const std::string& text) { append_text(out_, text); }
  void value(Symbol symbol) { value(recording_.names.text(symbol)); }
  void value(Duration duration) { value(std::int64_t{duration.count()}); }
  template <class Clock>
  void value(std::chrono::time_point<Clock, Duration> at) {
    if (at == at.max())
      out_ += "null";
    else
      value(at.time_since_epoch());
  }
  void value(ProcessId process) {
    if (!process)
      out_ += "null";
    else if (process.number <= unique_.size() && unique_[process.number - 1])
      value(recording_.processes[process.number - 1].name);
    else
      value(process.number);
  }
  template <class Tag, class Number>
  void value(Id<Tag, Number> id) {
    value(id.number);
  }
  void value(const Value& held) {
    switch (held.kind) {
      case Value::Kind::none:
        out_ += "null";
        return;
      case Value::Kind::integer:
        value(held.as_integer());
        return;
      case Value::Kind::unique:
        out_.append(R"({"unique":")").append(to_string(held, recording_.names)).append("\"}");
        return;
      case Value::Kind::name:
        value(held.as_name());
        return;
    }
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void value(Enum what) { value(word(what)); }

  const Recording& recording_;
  std::string& out_;
  std::vector<bool> unique_;  // by process: no other has its name
  std::array<std::uint64_t, std::variant_size_v<TracePayload>> counts_{};
};

}  // namespace

void write_recording_json(const Recording& recording, std::string& out) {
  Writer writer(recording, out);
  writer.header();
  for (const TraceEvent& event : recording.events) writer.event(event);
  std::uint64_t number = 0;
  for (const Finding& finding : recording.findings) writer.finding(number++, finding);
  writer.footer();
}

}  // namespace locklab
