// All formats at once: the registry, agreed files letter by letter, and names chosen to break out
// of any quotes. What a real reader says of them is checked by tests/tools/check_formats.py.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "cli/verdict.hpp"
#include "reports/plain_text.hpp"
#include "reports/registry.hpp"
#include "tests/reports/recordings.hpp"
#include "tests/support/recorded_run.hpp"

using namespace locklab;
using Json = nlohmann::json;

namespace {

namespace fs = std::filesystem;

std::string written(std::string_view name, const Recording& recording,
                    const TextOptions& options = {}) {
  const Format* format = find_format(name);
  REQUIRE(format != nullptr);
  std::string out;
  format->write(recording, options, out);
  return out;
}

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// The document's fourth scenario with a name that means something in every language.
Recording hostile_recording(const std::string& name) {
  Recording recording = test::document_scenario_4();
  for (RecordedProcess& process : recording.processes) {
    process.name = name + process.name;
    process.machine = name;
  }
  recording.scenario = recording.title = name;
  recording.verdict = name;
  recording.faults.push_back({name});
  // Names cannot be renamed: the events get new ones.
  const Symbol symbol = recording.names.intern(name);
  for (TraceEvent& event : recording.events)
    std::visit(
        [symbol](auto& payload) {
          payload.fields(payload, [symbol](std::string_view, auto& field) {
            if constexpr (std::is_same_v<std::decay_t<decltype(field)>, Symbol>) field = symbol;
          });
        },
        event.what);
  for (Finding& finding : recording.findings) finding.subject = symbol;
  return recording;
}

const std::vector<std::string> kHostile{"\"'`",
                                        "a\nb\r\n",
                                        "-->",
                                        "]]>",
                                        ";",
                                        "<script>alert(1)</script>",
                                        "&amp;",
                                        "%%{init: {}}%%",
                                        "end",
                                        "@enduml",
                                        "!include x",
                                        "%date()",
                                        "=cmd|' /C calc'!A0",
                                        "\\N\\",
                                        "*/ // #",
                                        "|a|",
                                        "\xE2\x80\xAE"
                                        "fdp",
                                        std::string("\0\x1b[2J", 5),
                                        "\xFF\xFE",
                                        "participant A as B",
                                        "\xF0\x9F\x94\x92",
                                        "{\"a\":1}",
                                        "",
                                        " ",
                                        "$(rm)",
                                        "~~strike~~ __u__ **b**",
                                        "[x](javascript:y)"};

}  // namespace

TEST_CASE("every format has a name of its own, a line of help and an extension") {
  std::set<std::string_view> names;
  CHECK(formats().size() >= 15);
  for (const Format& format : formats()) {
    CAPTURE(format.name);
    CHECK(names.insert(format.name).second);
    CHECK(format.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    CHECK_FALSE(format.help.empty());
    CHECK(format.extension.starts_with('.'));
    CHECK(find_format(format.name) == &format);
  }
  CHECK(formats().front().name == "text");
  CHECK(find_format("txt") == nullptr);
}

TEST_CASE("each format draws doc-3-jump as it was agreed") {
  const bool rewrite = std::getenv("LOCKLAB_REWRITE") != nullptr;
  const fs::path folder = fs::path(LOCKLAB_SOURCE_DIR) / "tests/golden/formats";
  const Scenario scenario = test::library_scenario("doc-3-jump");
  test::RecordedRun run(scenario);
  run.recording.version = "0";  // a new release changes no file
  Terminal terminal;
  const TextOptions options = report_options(
      run.recording, &scenario, verdict_sentence(scenario, run.result), Detail::brief, terminal);
  std::set<std::string> known;
  for (const Format& format : formats()) {
    // The page and its picture have tests of their own, and a page differs by what was built in.
    if (format.name == "html" || format.name == "svg") continue;
    CAPTURE(format.name);
    const std::string file = std::string(format.name) + std::string(format.extension);
    known.insert(file);
    const std::string said = written(format.name, run.recording, options);
    CHECK(said.ends_with('\n'));
    if (rewrite) std::ofstream(folder / file, std::ios::binary) << said;
    CHECK(said == contents(folder / file));
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    CHECK(known.contains(entry.path().filename().string()));
}

TEST_CASE("no name commands a terminal, reorders a line or is no UTF-8 in any format") {
  for (const std::string& name : kHostile) {
    CAPTURE(name);
    const Recording recording = hostile_recording(name);
    for (const Format& format : formats()) {
      CAPTURE(format.name);
      const std::string text = written(format.name, recording);
      std::string lines = text;
      std::erase(lines, '\n');
      CHECK(safe_text(lines) == lines);
    }
  }
}

TEST_CASE("a hostile name breaks no structure: lines, cells, braces and quotes stay ours") {
  const Recording tame = hostile_recording("x");
  const auto count = [](const std::string& text, std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + what.size()))
      ++found;
    return found;
  };
  for (const std::string& name : kHostile) {
    CAPTURE(name);
    const Recording recording = hostile_recording(name);
    // One line a statement, whatever the name is.
    for (const std::string_view format :
         {"csv-events", "csv-messages", "csv-beliefs", "dot", "graphml", "mermaid", "shiviz", "edn",
          "chrome", "porcupine", "otlp", "json"}) {
      CAPTURE(format);
      CHECK(lines_of(written(format, recording)).size() == lines_of(written(format, tame)).size());
    }
    for (const std::string_view format : {"chrome", "porcupine", "otlp"}) {
      CAPTURE(format);
      CHECK(Json::accept(written(format, recording)));
    }
    for (const std::string& line : lines_of(written("json", recording))) CHECK(Json::accept(line));
    const std::string xml = written("graphml", recording);
    for (const std::string_view sign : {"<", ">"})
      CHECK(count(xml, sign) == count(written("graphml", tame), sign));
    const std::string plantuml = written("plantuml", recording);
    CHECK(count(plantuml, "\n@enduml\n") == 1);
    if (!name.empty())  // what has no name is not the same lock to a reader of the keys
      CHECK(count(plantuml, "\"") == count(written("plantuml", tame), "\""));
    // What is indented by four spaces is code, in which nothing has a meaning.
    for (const std::string& line : lines_of(written("markdown", recording)))
      CHECK((line.starts_with("    ") || count(line, "<") == 0));
  }
}

TEST_CASE("a table's rows all have as many cells as its head") {
  for (const std::string& name : kHostile) {
    CAPTURE(name);
    const Recording recording = hostile_recording(name);
    for (const std::string_view format : {"csv-events", "csv-messages", "csv-beliefs"}) {
      CAPTURE(format);
      std::size_t columns = 0;
      for (const std::string& line : lines_of(written(format, recording))) {
        std::size_t cells = 1;
        bool quoted = false;
        for (const char c : line) {
          if (c == '"') quoted = !quoted;
          if (c == ',' && !quoted) ++cells;
        }
        CHECK_FALSE(quoted);
        if (columns == 0) columns = cells;
        CHECK(cells == columns);
      }
    }
  }
}

TEST_CASE("an empty recording is a file of every format") {
  const Recording recording;
  for (const Format& format : formats()) {
    CAPTURE(format.name);
    const std::string text = written(format.name, recording);
    // A history of nothing has no lines.
    CHECK((text.ends_with('\n') || (format.name == "edn" && text.empty())));
  }
}

TEST_CASE("a long run's sequence diagram ends with how much is missing") {
  test::RecordingMaker maker("long", "");
  const ProcessId a = maker.process("a", ProcessRole::client);
  const ProcessId s = maker.process("s", ProcessRole::redis);
  for (int i = 0; i < 400; ++i) maker.call(test::ms(i * 2), a, s, "GET", "k");
  const Recording recording = maker.finish(test::ms(800));
  const std::vector<std::string> lines = lines_of(written("mermaid", recording));
  CHECK(lines.size() < 320);
  CHECK(lines.back().find(" of 2400 events from ") != std::string::npos);
}

TEST_CASE("a counter and a slice of the Chrome trace tell the lease and the belief of doc-4") {
  const test::RecordedRun run(test::library_scenario("doc-4"));
  const Json trace = Json::parse(written("chrome", run.recording));
  std::size_t wrong = 0;
  std::int64_t left_at_first = -1;
  std::set<int> tokens;
  std::map<std::string, int> open;
  std::map<int, int> flows;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "b")
      ++open[event["cat"].get<std::string>() + event["id"].get<std::string>()];
    if (event["ph"] == "e")
      --open[event["cat"].get<std::string>() + event["id"].get<std::string>()];
    if (event["ph"] == "b" && event["name"] == "believes wrongly") ++wrong;
    if (event["ph"] == "C" && event["name"] == "lease left of attempt 1" && left_at_first < 0)
      left_at_first = event["args"]["us"];
    if (event["ph"] == "C" && event["name"] == "highest token")
      tokens.insert(event["args"]["token"].get<int>());
    if (event["ph"] == "s") ++flows[event["id"].get<int>()];
    if (event["ph"] == "f") --flows[event["id"].get<int>()];
  }
  CHECK(wrong == 2);
  // Granted at 1ms, promised until 4988ms.
  CHECK(left_at_first == 4'987'000);
  CHECK(tokens == std::set<int>{100, 101});
  for (const auto& one : open) CHECK_MESSAGE(one.second == 0, one.first);
  for (const auto& one : flows) CHECK_MESSAGE(one.second == 0, one.first);
}

TEST_CASE("every flow that ends has begun, also that of a message's copy") {
  test::RecordingMaker maker("copies", "");
  const ProcessId a = maker.process("a", ProcessRole::client);
  const ProcessId b = maker.process("b", ProcessRole::redis);
  const Symbol kind = maker.name("SET");
  const MessageId one{1};
  const MessageId copy{2};
  maker.event(test::ms(0), a, MessageSent{one, b, kind, {}});
  maker.event(test::ms(0), a, MessageDuplicated{one, copy, b, kind});
  maker.event(test::ms(1), b, MessageDelivered{one, a, kind});
  maker.event(test::ms(2), b, MessageDelivered{copy, a, kind});
  std::map<int, std::string> flows;
  const Json trace = Json::parse(written("chrome", maker.finish(test::ms(2))));
  for (const Json& event : trace["traceEvents"])
    if (event["ph"] == "s" || event["ph"] == "f")
      flows[event["id"].get<int>()] += event["ph"].get<std::string>();
  CHECK(flows == std::map<int, std::string>{{1, "sf"}, {2, "sf"}});
}

TEST_CASE("spans of a call and of the server that answered it are parent and child") {
  const test::RecordedRun run(test::library_scenario("doc-4"));
  const Json traces = Json::parse(written("otlp", run.recording));
  std::map<std::string, Json> spans;
  for (const Json& resource : traces["resourceSpans"])
    for (const Json& span : resource["scopeSpans"][0]["spans"]) {
      const std::string id = span["spanId"];
      CHECK(id.size() == 16);
      CHECK(span["traceId"].get<std::string>().size() == 32);
      CHECK_FALSE(spans.contains(id));
      spans[id] = span;
    }
  std::size_t servers = 0;
  for (const auto& [id, span] : spans) {
    const std::string parent = span["parentSpanId"];
    if (!parent.empty()) {
      REQUIRE(spans.contains(parent));
      CHECK(spans[parent]["traceId"] == span["traceId"]);
    }
    if (span["kind"] != 2) continue;
    ++servers;
    CHECK(spans[parent]["kind"] == 3);
    CHECK(spans[parent]["name"] == span["name"]);
  }
  CHECK(servers == run.count<CallBegan>());
}
