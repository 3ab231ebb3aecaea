#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "reports/plain_text.hpp"
#include "reports/recording_json.hpp"
#include "reports/recording_words.hpp"

namespace locklab {
namespace {

using namespace recording_json;
using Json = nlohmann::json;

/// The enumerator that is written `text`. Enumerators count from zero, and past the last one there
/// is no word: "?" (a switch without a default says so when one is added).
template <class Enum>
std::optional<Enum> enumerator(std::string_view text) {
  for (unsigned number = 0; number < 256; ++number) {
    const auto value = static_cast<Enum>(number);
    if (word(value) == "?") return std::nullopt;
    if (word(value) == text) return value;
  }
  return std::nullopt;
}

/// Accepts everything and remembers where JSON ended.
struct ErrorFinder : nlohmann::json_sax<Json> {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool key(string_t&) override { return true; }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& exception) override {
    byte = position;
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while ..."
    const std::string_view said = exception.what();
    const std::size_t colon = said.find(": ");
    message = colon == std::string_view::npos ? said : said.substr(colon + 2);
    return false;
  }

  std::size_t byte = 1;
  std::string message;
};

/// Where the value of a member of the outermost object begins; the line is known to be JSON.
std::size_t place_of_member(std::string_view line, std::string_view name) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::size_t begins = at + 1;
    for (++at; at < line.size() && line[at] != '"'; ++at)
      if (line[at] == '\\') ++at;
    if (depth != 1 || at >= line.size() || line.substr(begins, at - begins) != name) continue;
    std::size_t after = line.find_first_not_of(" \t", at + 1);
    if (after == std::string_view::npos || line[after] != ':') continue;
    after = line.find_first_not_of(" \t", after + 1);
    return after == std::string_view::npos ? 0 : after;
  }
  return 0;
}

std::string in_marks(std::string_view text) {
  return '"' + shortened(safe_text(text), 40, "...") + '"';
}

std::string described(const Json& json) {
  switch (json.type()) {
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "the text " + in_marks(json.get_ref<const std::string&>());
    default:
      return json.dump(-1, ' ', true, Json::error_handler_t::replace);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<LoadedRecording, TraceReadError> read() {
    bool ended = false;
    bool good = next_line() ? read_header() : fail_at(0, "the file is empty");
    while (good && !ended && next_line()) {
      if (line_json_.contains("event"))
        good = read_event();
      else if (line_json_.contains("finding"))
        good = read_finding();
      else if (line_json_.contains("digest"))
        good = ended = read_footer();
      else
        good = fail_at(0, "this is neither an event, a finding nor the footer");
    }
    if (good && failed_) good = false;  // a line that is no JSON object
    if (good && !ended)
      good = fail_at(line_.size(), "the file ends without its footer: it was cut off");
    if (good && next_line()) good = fail_at(0, "the recording ended with the line before this one");
    if (!good || failed_) return std::move(error_);
    look_for_doubts();
    return std::move(loaded_);
  }

 private:
  // ---- lines and mistakes ----

  /// Parses the next line that is not blank. False at the end of the text, or after a mistake.
  bool next_line() {
    if (failed_) return false;
    while (!rest_.empty()) {
      const std::size_t length = std::min(rest_.find('\n'), rest_.size());
      const bool whole = length < rest_.size();
      line_ = rest_.substr(0, length);
      rest_.remove_prefix(whole ? length + 1 : length);
      ++line_number_;
      if (line_.ends_with('\r')) line_.remove_suffix(1);
      if (line_.find_first_not_of(" \t") == std::string_view::npos) continue;

      line_json_ = Json::parse(line_, nullptr, false);
      if (line_json_.is_object()) return true;
      if (!line_json_.is_discarded()) return fail_at(0, "a line must be a JSON object");
      ErrorFinder finder;
      static_cast<void>(Json::sax_parse(line_, &finder));
      const std::size_t byte = std::clamp<std::size_t>(finder.byte, 1, line_.size() + 1) - 1;
      return fail_at(byte, (whole ? "not JSON: " : "the file was cut off in this line: ") +
                               safe_text(finder.message));
    }
    return false;
  }

  bool fail_at(std::size_t byte, std::string message) {
    if (failed_) return false;
    failed_ = true;
    const std::string_view before = line_.substr(0, std::min(byte, line_.size()));
    const auto characters = std::count_if(before.begin(), before.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
    });
    error_ = {std::max<std::size_t>(line_number_, 1), static_cast<std::size_t>(characters) + 1,
              std::move(message)};
    return false;
  }

  bool fail(const std::string& name, std::string message) {
    return fail_at(place_of_member(line_, name), std::move(message));
  }

  bool fail_type(const std::string& name, std::string_view wanted, const Json& found) {
    return fail(name, fmt::format("\"{}\" must be {}, not {}", name, wanted, described(found)));
  }

  // ---- values ----

  template <class T>
  bool field(const Json& object, std::string_view name, T& out) {
    const std::string full = std::string(name).append(unit_of<T>);
    const auto found = object.find(full);
    if (found == object.end()) return fail_at(0, fmt::format("\"{}\" is missing", full));
    return value(*found, full, out);
  }

  bool value(const Json& json, const std::string& name, bool& out) {
    if (!json.is_boolean()) return fail_type(name, "true or false", json);
    out = json.get<bool>();
    return true;
  }

  template <class T>
  requires std::is_unsigned_v<T>
  bool value(const Json& json, const std::string& name, T& out) {
    constexpr T kMost = std::numeric_limits<T>::max();
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() > kMost)
      return fail_type(name, fmt::format("a whole number from 0 to {}", kMost), json);
    out = static_cast<T>(json.get<std::uint64_t>());
    return true;
  }

  bool value(const Json& json, const std::string& name, std::int64_t& out) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const bool too_big = json.is_number_unsigned() && json.get<std::uint64_t>() > kMost;
    if (!json.is_number_integer() || too_big)
      return fail_type(name, "a whole number of at most 64 bits with its sign", json);
    out = json.get<std::int64_t>();
    return true;
  }

  bool value(const Json& json, const std::string& name, std::string& out) {
    if (!json.is_string()) return fail_type(name, "a text", json);
    out = json.get_ref<const std::string&>();
    return true;
  }

  bool value(const Json& json, const std::string& name, std::string_view& out) {
    std::string text;
    if (!value(json, name, text)) return false;
    out = *loaded_.words.insert(std::move(text)).first;
    return true;
  }

  bool value(const Json& json, const std::string& name, Symbol& out) {
    if (!json.is_string()) return fail_type(name, "a text", json);
    out = loaded_.recording.names.intern(json.get_ref<const std::string&>());
    return true;
  }

  bool value(const Json& json, const std::string& name, Duration& out) {
    std::int64_t count = 0;
    if (!value(json, name, count)) return false;
    out = Duration{count};
    return true;
  }

  template <class Clock>
  bool value(const Json& json, const std::string& name,
             std::chrono::time_point<Clock, Duration>& out) {
    Duration since_zero = Duration::max();
    if (!json.is_null() && !value(json, name, since_zero)) return false;
    out = std::chrono::time_point<Clock, Duration>{since_zero};
    return true;
  }

  bool value(const Json& json, const std::string& name, ProcessId& out) {
    const std::size_t processes = loaded_.recording.processes.size();
    out = {};
    if (json.is_null()) return true;
    if (json.is_string()) {
      const auto known = processes_.find(json.get_ref<const std::string&>());
      if (known == processes_.end())
        return fail(name, "there is no process " + in_marks(json.get_ref<const std::string&>()));
      out = known->second;
      return true;
    }
    if (!value(json, name, out.number)) return false;
    if (out.number <= processes) return true;
    return fail(name,
                fmt::format("there is no process {}: the header lists {}", out.number, processes));
  }

  template <class Tag, class Number>
  bool value(const Json& json, const std::string& name, Id<Tag, Number>& out) {
    return value(json, name, out.number);
  }

  bool value(const Json& json, const std::string& name, Value& out) {
    constexpr std::string_view kWanted =
        "null, a whole number, a text or {\"unique\":\"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\"}";
    if (json.is_null()) {
      out = {};
      return true;
    }
    if (json.is_string()) {
      Symbol symbol;
      if (!value(json, name, symbol)) return false;
      out = Value::name(symbol);
      return true;
    }
    if (json.is_object()) {
      const auto unique = json.find("unique");
      if (json.size() != 1 || unique == json.end() || !unique->is_string() ||
          !read_uuid(unique->get_ref<const std::string&>(), out))
        return fail_type(name, kWanted, unique == json.end() ? json : *unique);
      return true;
    }
    std::int64_t number = 0;
    if (!json.is_number_integer()) return fail_type(name, kWanted, json);
    if (!value(json, name, number)) return false;
    out = Value::integer(number);
    return true;
  }

  template <class Enum>
  requires std::is_enum_v<Enum>
  bool value(const Json& json, const std::string& name, Enum& out) {
    if (!json.is_string()) return fail_type(name, "a word", json);
    const auto known = enumerator<Enum>(json.get_ref<const std::string&>());
    if (!known)
      return fail(name, fmt::format("\"{}\" cannot be {}", name,
                                    in_marks(json.get_ref<const std::string&>())));
    out = *known;
    return true;
  }

  static bool read_hex(std::string_view text, std::uint64_t& out) {
    out = 0;
    for (const char c : text) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit && (c < 'a' || c > 'f')) return false;
      out = out << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
    }
    return true;
  }

  static bool read_uuid(std::string_view text, Value& out) {
    if (text.size() != 36) return false;
    std::string digits;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
      if (dash != (text[at] == '-')) return false;
      if (!dash) digits += text[at];
    }
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    const std::string_view all = digits;
    if (!read_hex(all.substr(0, 16), high) || !read_hex(all.substr(16), low)) return false;
    out = Value::unique(high, low);
    return true;
  }

  template <class Read>
  bool list(const std::string& name, Read read) {
    const auto found = line_json_.find(name);
    if (found == line_json_.end()) return fail_at(0, fmt::format("\"{}\" is missing", name));
    if (!found->is_array()) return fail_type(name, "a list", *found);
    return std::all_of(found->begin(), found->end(), read);
  }

  template <class T, std::size_t N>
  bool short_list(const std::string& name, ShortList<T, N>& out) {
    const bool good = list(name, [&](const Json& json) {
      if (out.size() == N) return fail(name, fmt::format("\"{}\" has more than {} items", name, N));
      T item;
      if (!value(json, name, item)) return false;
      out.add(item);
      return true;
    });
    const std::string total_name = name + "_total";
    if (!good || !line_json_.contains(total_name)) return good;
    // What did not fit was counted; a count of millions is somebody's joke.
    constexpr std::uint32_t kMost = 1'000'000;
    std::uint32_t total = 0;
    if (!value(line_json_[total_name], total_name, total)) return false;
    if (out.size() != N || total > kMost)
      return fail(total_name, fmt::format("\"{}\" cannot be {}", total_name, total));
    while (out.total() < total) out.add({});
    return true;
  }

  // ---- the four kinds of line ----

  bool read_header() {
    Recording& recording = loaded_.recording;
    if (!line_json_.contains("schema"))
      return fail_at(0, "this is no locklab trace: its first line has no \"schema\"");
    if (!field(line_json_, "schema", recording.schema)) return false;
    if (recording.schema != kSchema)
      return fail("schema", fmt::format("this is {}, and only {} is understood here",
                                        in_marks(recording.schema), kSchema));
    return field(line_json_, "version", recording.version) &&
           field(line_json_, "scenario", recording.scenario) &&
           field(line_json_, "title", recording.title) &&
           field(line_json_, "scenario_hash", recording.scenario_hash) &&
           field(line_json_, "seed", recording.seed) && read_processes() &&
           list("faults",
                [&](const Json& json) {
                  return value(json, "faults", recording.faults.emplace_back().sentence);
                }) &&
           read_names();
  }

  bool read_processes() {
    std::vector<RecordedProcess>& processes = loaded_.recording.processes;
    const bool good = list("processes", [&](const Json& json) {
      if (!json.is_object()) return fail_type("processes", "a list of objects", json);
      RecordedProcess& process = processes.emplace_back();
      return field(json, "name", process.name) && field(json, "machine", process.machine) &&
             field(json, "role", process.role);
    });
    for (std::uint32_t number = 1; good && number <= processes.size(); ++number)
      processes_.emplace(processes[number - 1].name, ProcessId{number});
    return good;
  }

  bool read_names() {
    std::uint32_t number = 0;
    return list("names", [&](const Json& json) {
      Symbol symbol;
      if (!value(json, "names", symbol)) return false;
      if (symbol.number == ++number) return true;
      return fail("names", fmt::format("{} stands twice among the names, or is empty",
                                       in_marks(json.get_ref<const std::string&>())));
    });
  }

  bool read_event() {
    std::vector<TraceEvent>& events = loaded_.recording.events;
    TraceEvent event;
    std::string kind;
    if (!field(line_json_, "seq", event.seq) || !field(line_json_, "cause", event.cause) ||
        !field(line_json_, "at", event.at) || !field(line_json_, "process", event.process) ||
        !field(line_json_, "wall", event.wall) || !field(line_json_, "event", kind))
      return false;
    const EventSeq last = events.empty() ? EventSeq{} : events.back().seq;
    const Instant before = events.empty() ? Instant{} : events.back().at;
    if (event.seq <= last)
      return fail("seq",
                  fmt::format("event {} cannot follow event {}", event.seq.number, last.number));
    if (event.cause >= event.seq)
      return fail("cause", "an event cannot be caused by itself or by a later one");
    if (event.at < before || event.at == kEndOfTime)
      return fail("at_ns", "time cannot go backwards or be without end");
    if (!read_payload(kind, event, std::make_index_sequence<std::variant_size_v<TracePayload>>()))
      return false;
    std::visit(
        [&](const auto& payload) {
          digest_.absorb(event.at, event.process, event.cause, event.wall, payload);
        },
        event.what);
    ++counts_[event.what.index()];
    events.push_back(event);
    return true;
  }

  template <std::size_t... I>
  bool read_payload(std::string_view kind, TraceEvent& event, std::index_sequence<I...>) {
    bool good = true;
    const bool known = ((std::variant_alternative_t<I, TracePayload>::kName == kind &&
                         (good = read_fields<I>(event.what), true)) ||
                        ...);
    if (!known) return fail("event", "there is no event " + in_marks(kind));
    return good;
  }

  template <std::size_t I>
  bool read_fields(TracePayload& what) {
    using Payload = std::variant_alternative_t<I, TracePayload>;
    Payload& payload = what.emplace<I>();
    bool good = true;
    Payload::fields(payload, [&](std::string_view name, auto& out) {
      good = good && this->field(line_json_, name, out);
    });
    return good;
  }

  bool read_finding() {
    Finding finding;
    std::uint64_t number = 0;
    if (!field(line_json_, "finding", number) ||
        !field(line_json_, "invariant", finding.invariant) ||
        !field(line_json_, "what", finding.what) ||
        !field(line_json_, "subject", finding.subject) ||
        !field(line_json_, "from", finding.from) || !field(line_json_, "until", finding.until) ||
        !field(line_json_, "dormant", finding.dormant) ||
        !field(line_json_, "active", finding.active) ||
        !short_list("processes", finding.processes) || !short_list("attempts", finding.attempts) ||
        !short_list("tokens", finding.tokens) || !short_list("events", finding.events))
      return false;
    if (number != loaded_.recording.findings.size())
      return fail("finding",
                  fmt::format("finding {} was expected here", loaded_.recording.findings.size()));
    loaded_.recording.findings.push_back(finding);
    return true;
  }

  bool read_footer() {
    Recording& recording = loaded_.recording;
    std::string digest;
    if (!field(line_json_, "messages", recording.messages) ||
        !field(line_json_, "ended", recording.ended) ||
        !field(line_json_, "stopped", recording.stopped) ||
        !field(line_json_, "verdict", recording.verdict) || !field(line_json_, "digest", digest))
      return false;
    if (digest.size() != 16 || !read_hex(digest, recording.digest))
      return fail("digest", "\"digest\" must be 16 hexadecimal digits, not " + in_marks(digest));
    const auto counts = line_json_.find("counts");
    if (counts == line_json_.end()) return fail_at(0, "\"counts\" is missing");
    if (!counts->is_object()) return fail_type("counts", "an object", *counts);
    counts_said_ = *counts;
    return true;
  }

  template <std::size_t... I>
  void compare_counts(std::index_sequence<I...>) {
    const auto compare = [this](std::string_view name, std::uint64_t counted) {
      const auto said = counts_said_.find(std::string(name));
      const bool missing = said == counts_said_.end();
      if (missing ? counted == 0 : *said == counted) return;
      loaded_.doubts.push_back(fmt::format("the footer counts {} of {}, and the file has {}",
                                           missing ? "none" : described(*said), name, counted));
    };
    (compare(std::variant_alternative_t<I, TracePayload>::kName, counts_[I]), ...);
  }

  void look_for_doubts() {
    loaded_.digest = digest_.value();
    if (loaded_.digest != loaded_.recording.digest)
      loaded_.doubts.push_back(fmt::format(
          "the digest of the events is {:016x}, and the footer says {:016x}: the file was changed, "
          "or written by another version of locklab",
          loaded_.digest, loaded_.recording.digest));
    compare_counts(std::make_index_sequence<std::variant_size_v<TracePayload>>());
  }

  std::string_view rest_;
  std::string_view line_;
  std::size_t line_number_ = 0;
  Json line_json_;
  bool failed_ = false;
  TraceReadError error_;

  LoadedRecording loaded_;
  std::map<std::string, ProcessId, std::less<>> processes_;
  Digest digest_;
  std::array<std::uint64_t, std::variant_size_v<TracePayload>> counts_{};
  Json counts_said_;
};

}  // namespace

std::string to_string(const TraceReadError& error, std::string_view file) {
  return fmt::format("{}:{}:{}: {}", safe_text(file), error.line, error.column, error.message);
}

Result<LoadedRecording, TraceReadError> read_recording_json(std::string_view text) {
  return Reader(text).read();
}

}  // namespace locklab
