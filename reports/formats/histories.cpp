// The history of operations for the checkers of linearizability: EDN for Jepsen's (Knossos, Elle),
// JSON for Porcupine.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "reports/escape.hpp"
#include "reports/fields.hpp"
#include "reports/formats/formats.hpp"
#include "reports/history.hpp"
#include "reports/json_writer.hpp"

namespace locklab {
namespace {

using Outcome = Operation::Outcome;

/// Half of an operation.
struct Entry {
  const Operation* operation = nullptr;
  bool completes = false;
  std::size_t event = 0;
};

std::vector<Entry> entries_of(const std::vector<Operation>& history, std::size_t events) {
  std::vector<Entry> entries;
  for (const Operation& operation : history) {
    entries.push_back({&operation, false, operation.invoked_by});
    // What nobody ever learns of is never completed; Jepsen says `info` when a client gives up.
    if (operation.completed_by < events)
      entries.push_back({&operation, true, operation.completed_by});
  }
  // At one event what was invoked first comes first, and an invocation before its completion.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.event < b.event; });
  return entries;
}

std::string edn_value(const Value& value, const Recording& recording) {
  switch (value.kind) {
    case Value::Kind::none:
      return "nil";
    case Value::Kind::integer:
      return fmt::format("{}", value.as_integer());
    case Value::Kind::unique:
      return fmt::format("#uuid \"{}\"", to_string(value, recording.names));
    case Value::Kind::name:
      return edn_string(recording.names.text(value.as_name()));
  }
  return "nil";
}

std::string_view keyword(const Entry& entry) {
  if (!entry.completes) return ":invoke";
  switch (entry.operation->outcome) {
    case Outcome::ok:
      return ":ok";
    case Outcome::fail:
      return ":fail";
    case Outcome::info:
      return ":info";
  }
  return ":info";
}

std::string hyphenated(std::string_view word) {
  std::string out(word);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

}  // namespace

void write_edn(const Recording& recording, const TextOptions&, std::string& out) {
  const std::vector<Operation> history = make_history(recording);
  std::size_t index = 0;
  for (const Entry& entry : entries_of(history, recording.events.size())) {
    const Operation& operation = *entry.operation;
    const bool known = entry.completes && operation.outcome == Outcome::ok;
    // A read's value is known when it is answered, a write's when it is asked for.
    const bool reads = operation.what == Operation::What::read;
    const std::string value =
        known || !reads ? edn_value(operation.value, recording) : std::string("nil");
    out += fmt::format(
        "{{:index {}, :time {}, :type {}, :process {}, :f :{}, :value [{} {}], :client {}", index++,
        recording.events[entry.event].at.time_since_epoch().count(), keyword(entry),
        operation.process, to_string(operation.what),
        edn_string(recording.names.text(operation.subject)), value,
        edn_string(process_text(operation.client, recording)));
    if (operation.token && (known || operation.what == Operation::What::write))
      out += fmt::format(", :token {}", operation.token.number);
    if (entry.completes && !operation.error.empty())
      out += fmt::format(", :error :{}", hyphenated(operation.error));
    out += "}\n";
  }
}

void write_porcupine(const Recording& recording, const TextOptions&, std::string& out) {
  JsonWriter json(out);
  json.begin_object().field("schema", "locklab-history/1");
  json.field("scenario", recording.scenario).field("seed", recording.seed);
  // After every time of the run: what is open when it ends may still happen.
  const std::int64_t never =
      std::max(recording.ended.time_since_epoch().count(),
               recording.events.empty() ? std::int64_t{0}
                                        : recording.events.back().at.time_since_epoch().count()) +
      1;
  json.key("operations").begin_list();
  for (const Operation& operation : make_history(recording)) {
    json.line().begin_object();
    json.field("ClientId", operation.process);
    json.field("Call", operation.invoked.time_since_epoch().count());
    json.field("Return", operation.completed == kEndOfTime
                             ? never
                             : operation.completed.time_since_epoch().count());
    json.key("Input").begin_object();
    json.field("op", to_string(operation.what));
    json.field("subject", recording.names.text(operation.subject));
    if (operation.what == Operation::What::write)
      json.field("value", to_string(operation.value, recording.names));
    json.field("client", process_text(operation.client, recording)).end_object();
    json.key("Output").begin_object();
    json.field("ok", operation.outcome == Outcome::ok);
    json.field("unknown", operation.outcome == Outcome::info);
    if (operation.what == Operation::What::read && operation.outcome == Outcome::ok)
      json.field("value", to_string(operation.value, recording.names));
    if (operation.token) json.field("token", operation.token.number);
    if (!operation.error.empty()) json.field("error", operation.error);
    json.end_object().end_object();
  }
  json.end_lines().end_object();
  out += '\n';
}

}  // namespace locklab
