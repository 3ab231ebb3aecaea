#include "reports/recording_json.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>
#include <type_traits>

#include "reports/text_report.hpp"
#include "tests/reports/recordings.hpp"

namespace locklab {
namespace {

using test::document_scenario_1;
using test::document_scenario_4;
using test::ms;

/// Enough chance for tests: splitmix64.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t any() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t mixed = (state_ ^ state_ >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
  }
  std::uint64_t below(std::uint64_t end) { return any() % end; }
  /// Small, huge or anything in between.
  std::uint64_t number() {
    switch (below(4)) {
      case 0:
        return below(10);
      case 1:
        return std::numeric_limits<std::uint64_t>::max() - below(3);
      case 2:
        return (std::uint64_t{1} << 53) + below(3);
      default:
        return any() >> below(64);
    }
  }

 private:
  std::uint64_t state_;
};

constexpr std::array<std::string_view, 7> kHostile{"lock:item-123",         "",     "\x1b[2J\"\\\n",
                                                   "zürich\u202e",          "日本", "{\"seq\":1}",
                                                   "</script><b onclick=x>"};

/// Fills the fields of any payload.
struct Filler {
  Dice& dice;
  Recording& recording;

  void operator()(std::string_view, bool& field) { field = dice.below(2) == 1; }
  void operator()(std::string_view, std::uint32_t& field) {
    field = static_cast<std::uint32_t>(dice.number());
  }
  void operator()(std::string_view, std::uint64_t& field) { field = dice.number(); }
  void operator()(std::string_view, std::int64_t& field) {
    field = static_cast<std::int64_t>(dice.number());
  }
  void operator()(std::string_view, Symbol& field) {
    field = recording.names.intern(kHostile[dice.below(kHostile.size())]);
  }
  void operator()(std::string_view, Duration& field) {
    field = Duration{static_cast<std::int64_t>(dice.number())};
  }
  void operator()(std::string_view, Value& field) {
    switch (dice.below(4)) {
      case 0:
        field = {};
        return;
      case 1:
        field = Value::integer(static_cast<std::int64_t>(dice.number()));
        return;
      case 2:
        field = Value::unique(dice.number(), dice.number());
        return;
      default:
        field = Value::name(recording.names.intern(kHostile[dice.below(kHostile.size())]));
    }
  }
  void operator()(std::string_view, ProcessId& field) {
    field.number = static_cast<std::uint32_t>(dice.below(recording.processes.size() + 1));
  }
  template <class Tag, class Number>
  void operator()(std::string_view, Id<Tag, Number>& field) {
    // Mostly few, so that events speak of the same attempts and calls.
    field.number = static_cast<Number>(dice.below(4) == 0 ? dice.number() : dice.below(5));
  }
  template <class Clock>
  void operator()(std::string_view, std::chrono::time_point<Clock, Duration>& field) {
    field = std::chrono::time_point<Clock, Duration>{
        Duration{static_cast<std::int64_t>(dice.number())}};
    if (dice.below(4) == 0) field = field.max();
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(std::string_view, Enum& field) {
    do field = static_cast<Enum>(dice.below(16));
    while (to_string(field) == "?");
  }
};

template <std::size_t... I>
void emplace(TracePayload& what, std::size_t index, std::index_sequence<I...>) {
  static_cast<void>(((I == index && (what.emplace<I>(), true)) || ...));
}

/// Every payload, several times, with fields that mean nothing.
Recording random_recording(std::uint64_t seed) {
  Dice dice(seed);
  test::RecordingMaker run("random \x1b[31m", "\"quoted\" and\nbroken");
  run.process("client-a", ProcessRole::client);
  run.process("twin", ProcessRole::client);
  run.process("twin", ProcessRole::redis);  // ambiguous: written as a number
  run.process("storage\u202e", ProcessRole::storage);
  run.recording.seed = dice.number();
  Recording& recording = run.recording;
  constexpr std::size_t kKinds = std::variant_size_v<TracePayload>;
  Instant at{};
  for (std::size_t round = 0; round < 4 * kKinds; ++round) {
    TracePayload what;
    emplace(what, round < kKinds ? round : dice.below(kKinds), std::make_index_sequence<kKinds>());
    std::visit([&](auto& payload) { payload.fields(payload, Filler{dice, recording}); }, what);
    at += Duration{static_cast<std::int64_t>(dice.below(1'000'000))};
    const ProcessId process{static_cast<std::uint32_t>(dice.below(5))};
    run.event(at, process, WallInstant{Duration{static_cast<std::int64_t>(dice.number())}}, what);
  }
  for (int i = 0; i < 3; ++i) {
    Finding finding;
    finding.invariant = "client_mutual_exclusion";
    finding.what = i == 0 ? "" : "two_believers";
    finding.subject = recording.names.intern("lock:item-123");
    finding.from = ms(i);
    if (i > 0) finding.until = ms(10);
    for (std::uint64_t event = 0; event < dice.below(12); ++event) finding.events.add({event});
    finding.processes.add(ProcessId{1});
    finding.attempts.add(AttemptId{std::numeric_limits<std::uint32_t>::max()});
    finding.tokens.add(FencingToken{std::numeric_limits<std::uint64_t>::max()});
    recording.findings.push_back(finding);
  }
  return run.finish(at);
}

std::string written(const Recording& recording) {
  std::string out;
  write_recording_json(recording, out);
  return out;
}

std::string error_of(std::string_view text) {
  const auto loaded = read_recording_json(text);
  return loaded ? std::string() : to_string(loaded.error(), "run.jsonl");
}

/// The `number`-th line of a text, from 1, replaced.
std::string with_line(const std::string& text, std::size_t number, const std::string& line) {
  std::size_t begin = 0;
  for (std::size_t i = 1; i < number; ++i) begin = text.find('\n', begin) + 1;
  return text.substr(0, begin) + line + text.substr(text.find('\n', begin));
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

TEST_CASE("a recording comes back as it was written") {
  for (const Recording& recording : {document_scenario_1(), document_scenario_4()}) {
    const std::string text = written(recording);
    const auto loaded = read_recording_json(text);
    REQUIRE_MESSAGE(loaded.has_value(), error_of(text));
    CHECK(loaded->intact());
    CHECK(loaded->digest == recording.digest);
    CHECK(loaded->recording.events.size() == recording.events.size());
    CHECK(loaded->recording.seed == recording.seed);
    CHECK(written(loaded->recording) == text);
  }
}

TEST_CASE("every payload with any fields comes back bit by bit") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Recording recording = random_recording(seed);
    const std::string text = written(recording);
    const auto loaded = read_recording_json(text);
    REQUIRE_MESSAGE(loaded.has_value(), error_of(text));
    CHECK(loaded->intact());
    CHECK(loaded->digest == recording.digest);  // over all fields of all events
    CHECK(written(loaded->recording) == text);  // and the rest
  }
}

TEST_CASE("a trace file is ASCII, whatever the names are") {
  for (const char c : written(random_recording(3))) REQUIRE((c == '\n' || (c >= 0x20 && c < 0x7f)));
}

TEST_CASE("numbers above 2^53 survive") {
  test::RecordingMaker run("big", "");
  const ProcessId storage = run.process("storage", ProcessRole::storage);
  const FencingToken token{(std::uint64_t{1} << 53) + 1};
  run.event(ms(1), storage, TokenIssued{run.name("tokens"), token, AttemptId{1}});
  const auto loaded = read_recording_json(written(run.finish(ms(1))));
  REQUIRE(loaded.has_value());
  CHECK(std::get<TokenIssued>(loaded->recording.events[0].what).token == token);
}

TEST_CASE("an event is one line, with its fields by name and its units") {
  test::RecordingMaker run("line", "");
  const ProcessId client = run.process("client-a", ProcessRole::client);
  run.event(ms(5), client,
            LockGranted{run.name("item"), AttemptId{1}, FencingToken{7}, 5, 9973ms, ms(9978),
                        kEndOfTime});
  const std::string text = written(run.finish(ms(5)));
  CHECK(text.find("\n{\"seq\":1,\"cause\":0,\"at_ns\":5000000,\"process\":\"client-a\","
                  "\"wall_ns\":5000000,\"event\":\"lock_granted\",\"lock\":\"item\",\"attempt\":1,"
                  "\"token\":7,\"votes\":5,\"validity_ns\":9973000000,"
                  "\"promise_until_ns\":9978000000,\"belief_until_ns\":null}\n") !=
        std::string::npos);
}

TEST_CASE("an error says where it is and what is wrong") {
  const std::string good = written(document_scenario_4());
  CHECK(error_of("") == "run.jsonl:1:1: the file is empty");
  CHECK(error_of("{}\n") ==
        "run.jsonl:1:1: this is no locklab trace: its first line has no \"schema\"");
  CHECK(error_of("[]\n") == "run.jsonl:1:1: a line must be a JSON object");
  CHECK(error_of(replaced(good, "locklab-trace/1", "locklab-trace/9")) ==
        "run.jsonl:1:11: this is \"locklab-trace/9\", and only locklab-trace/1 is understood here");
  CHECK(error_of(replaced(good, "\"lock_wait_began\"", "\"lock_grabbed\"")) ==
        "run.jsonl:2:71: there is no event \"lock_grabbed\"");
  CHECK(error_of(replaced(good, "\"process\":\"client-a\"", "\"process\":\"client-z\"")) ==
        "run.jsonl:2:40: there is no process \"client-z\"");
  CHECK(error_of(replaced(good, "\"why\":\"expired\"", "\"why\":\"tired\""))
            .find(": \"why\" cannot be \"tired\"") != std::string::npos);
  CHECK(error_of(replaced(good, "\"seq\":2,", "\"seq\":1,")) ==
        "run.jsonl:3:8: event 1 cannot follow event 1");
  CHECK(error_of(replaced(good, "\"seq\":2,", "\"seq\":2.5,")) ==
        "run.jsonl:3:8: \"seq\" must be a whole number from 0 to 18446744073709551615, not 2.5");
  CHECK(error_of(replaced(good, "\"seq\":2,", "")) == "run.jsonl:3:1: \"seq\" is missing");
  CHECK(error_of(with_line(good, 3, "{\"seq\": oops}")).find("run.jsonl:3:9: not JSON: ") == 0);
}

TEST_CASE("a file that was cut off is not taken for a whole one") {
  const std::string good = written(document_scenario_4());
  const std::size_t footer = good.rfind("{\"counts\"");
  CHECK(error_of(good.substr(0, footer)).find("the file ends without its footer") !=
        std::string::npos);
  CHECK(error_of(good.substr(0, footer - 20)).find("the file was cut off in this line") !=
        std::string::npos);
  for (std::size_t length = 0; length + 1 < good.size(); length += 7)
    CHECK(!read_recording_json(good.substr(0, length)).has_value());
}

TEST_CASE("a changed event is read, and doubted") {
  const std::string good = written(document_scenario_4());
  const auto changed = read_recording_json(replaced(good, "\"token\":100", "\"token\":102"));
  REQUIRE(changed.has_value());
  REQUIRE(changed->doubts.size() == 1);
  CHECK(changed->doubts[0].find("the digest of the events is ") == 0);

  const std::size_t line = good.find("{\"seq\":2,");
  std::string shorter = good;
  shorter.erase(line, good.find('\n', line) - line + 1);
  const auto cut = read_recording_json(shorter);
  REQUIRE(cut.has_value());
  REQUIRE(cut->doubts.size() == 2);
  CHECK(cut->doubts[1] == "the footer counts 2 of lock_requested, and the file has 1");
}

TEST_CASE("nothing follows the footer, but blank lines and Windows line ends do no harm") {
  const std::string good = written(document_scenario_4());
  CHECK(error_of(good + "{}").find("the recording ended with the line before") !=
        std::string::npos);
  CHECK(read_recording_json(good + "\n\n").has_value());
  std::string windows;
  for (const char c : good) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(read_recording_json(windows).has_value());
}

TEST_CASE("a loaded recording may be moved: its findings keep their names") {
  auto loaded = read_recording_json(written(document_scenario_4()));
  REQUIRE(loaded.has_value());
  const LoadedRecording moved = std::move(*loaded);
  CHECK(moved.recording.findings.at(0).invariant == "client_mutual_exclusion");
}

TEST_CASE("no garbage crashes the reader, nor what it accepts the report") {
  const std::array<std::string, 2> seeds{written(document_scenario_4()),
                                         written(random_recording(11))};
  const std::array<std::string_view, 10> pieces{
      "\"", "{", "}", "[", "null", "-1", "18446744073709551616", "1e999", "\xff", "\"\\ud800\""};
  Dice dice(42);
  std::size_t accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text = seeds[dice.below(seeds.size())];
    for (std::uint64_t change = 0; change <= dice.below(3); ++change) {
      const std::size_t at = dice.below(text.size());
      switch (dice.below(5)) {
        case 0:
          text[at] = static_cast<char>(dice.below(256));
          break;
        case 1:
          text.insert(at, pieces[dice.below(pieces.size())]);
          break;
        case 2:
          text.erase(at, dice.below(40));
          break;
        case 3:  // a digit for a digit: mostly still a recording, with nonsense in it
          for (std::size_t i = at; i < text.size(); ++i)
            if (text[i] >= '0' && text[i] <= '9') {
              text[i] = static_cast<char>('0' + dice.below(10));
              break;
            }
          break;
        default:
          text.insert(at, text.substr(dice.below(text.size()), dice.below(200)));
      }
    }
    const auto loaded = read_recording_json(text);
    if (!loaded) {
      CHECK(!loaded.error().message.empty());
      continue;
    }
    ++accepted;
    TextOptions options;
    options.width = 40 + dice.below(100);
    options.detail = dice.below(2) == 0 ? Detail::brief : Detail::full;
    CHECK(!text_report(loaded->recording, options).empty());
  }
  CHECK(accepted > 100);
}

TEST_CASE("deep nesting and huge lines are only errors") {
  const std::string good = written(document_scenario_4());
  CHECK(!read_recording_json(with_line(good, 2, std::string(100'000, '['))).has_value());
  CHECK(!read_recording_json(
             with_line(good, 2,
                       "{\"event\":" + std::string(50'000, '[') + std::string(50'000, ']') + "}"))
             .has_value());
  CHECK(!read_recording_json(std::string(1'000'000, 'x')).has_value());
}

TEST_CASE("reports of nonsense keep to their width and to their own control characters") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Recording recording = random_recording(seed);
    for (const Detail detail : {Detail::brief, Detail::full}) {
      TextOptions options;
      options.detail = detail;
      options.most_lines = 0;
      const std::string text = text_report(recording, options);
      for (const char c : text) REQUIRE((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
      CHECK(text.find("\u202e") == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace locklab
