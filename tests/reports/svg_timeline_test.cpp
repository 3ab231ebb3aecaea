// The picture of a run: what must be on it, and what must never be in it.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "reports/picture.hpp"
#include "reports/plain_text.hpp"
#include "reports/svg_timeline.hpp"
#include "tests/reports/markup_reader.hpp"
#include "tests/reports/recordings.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

constexpr std::string_view kHostile = "<script>alert('&\"')</script>\x1b[2J\xe2\x80\xae";

/// Scenario 4 with every name that a user may choose turned against the reader.
Recording hostile() {
  RecordingMaker run{std::string(kHostile), std::string(kHostile)};
  const auto named = [](std::string_view kind) {
    return std::string(kind) + std::string(kHostile);
  };
  const ProcessId a = run.process(named("a"), ProcessRole::client);
  const ProcessId b = run.process(named("b"), ProcessRole::client);
  const ProcessId node = run.process(named("node"), ProcessRole::redis);
  const ProcessId storage = run.process(named("storage"), ProcessRole::storage);
  run.recording.faults.push_back({named("fault")});
  const Symbol lock = run.name(named("lock"));
  const Symbol data = run.name(named("data"));
  std::uint32_t attempt = 0;
  for (const ProcessId client : {a, b}) {
    const Instant at = ms(attempt * 10);
    ++attempt;
    run.event(at, client, LockRequested{lock, AttemptId{attempt}, 5ms, 1, 1, false});
    const TracePayload stored = KeyStored{run.name(named("key")), Value::name(run.name(kHostile)),
                                          AttemptId{attempt}, true, wall(at + 5ms)};
    run.call(at, client, node, named("SET"), named("key"), &stored);
    run.event(
        at + 1ms, client,
        LockGranted{lock, AttemptId{attempt}, FencingToken{attempt}, 1, {}, at + 5ms, kEndOfTime});
    const TracePayload written = WriteAccepted{data,
                                               Value::name(run.name(kHostile)),
                                               AttemptId{attempt},
                                               FencingToken{attempt},
                                               {},
                                               attempt,
                                               0,
                                               false};
    run.call(at + 1ms, client, storage, named("write"), named("data"), &written);
  }
  run.event(ms(3), a, ProcessPaused{false});
  run.event(ms(30), a, ProcessResumed{27ms, false, 0});
  run.event(ms(31), a, LinkCut{node, false});
  Finding both;
  both.invariant = "client_mutual_exclusion";
  both.subject = lock;
  both.from = ms(11);
  both.until = ms(40);
  both.processes.add(a);
  both.processes.add(b);
  run.recording.findings.push_back(both);
  return run.finish(ms(40));
}

}  // namespace

TEST_CASE("the picture is well-formed, and the same recording gives the same bytes") {
  for (const Recording& recording : {document_scenario_1(), document_scenario_4(), hostile()}) {
    const std::string svg = svg_file(recording);
    CHECK(read_markup(svg).mistake == "");
    CHECK(svg == svg_file(recording));
  }
}

TEST_CASE("scenario 4: two holders, the refused token and the pause are written on the picture") {
  const std::string svg = svg_file(document_scenario_4());
  CHECK(contains(svg, "two holders for "));
  CHECK(contains(svg, "100 &lt; 101: refused"));
  CHECK(contains(svg, "paused 9000ms"));
  CHECK(contains(svg, "holds · token 100"));
  CHECK(contains(svg, "client mutual exclusion, "));
  CHECK(contains(svg, "data-f=\"0\""));  // the pause is the first fault of the schedule
}

TEST_CASE("scenario 1: five nodes have a lane each, and nothing is wrong") {
  const std::string svg = svg_file(document_scenario_1());
  for (int i = 1; i <= 5; ++i) CHECK(contains(svg, ">redis-" + std::to_string(i) + "<"));
  CHECK(contains(svg, "client-a owns it"));
  CHECK(!contains(svg, "class=\"h0 wrong\""));
  CHECK(!contains(svg, "class=\"violation\""));
  CHECK(count(svg, "class=\"way\"") == 40);  // 4 rounds to 5 nodes, there and back
}

TEST_CASE("names are shown, never obeyed, and nothing is asked of anybody else") {
  const std::string svg = svg_file(hostile());
  const MarkupRead read = read_markup(svg);
  CHECK(read.mistake == "");
  CHECK(std::find(read.elements.begin(), read.elements.end(), "script") == read.elements.end());
  CHECK(contains(read.text, "&lt;script&gt;"));
  CHECK(!contains(svg, "\x1b"));
  CHECK(!contains(svg, "\xe2\x80\xae"));
  for (const std::string& attribute : read.attributes) {
    CAPTURE(attribute);
    CHECK(!attribute.starts_with("on"));
    CHECK(!attribute.starts_with("href"));
    if (!attribute.starts_with("xmlns")) CHECK(!contains(attribute, "//"));
  }
  CHECK(!contains(svg, "@import"));
  CHECK(count(svg, "url(") == count(svg, "url(#"));
}

TEST_CASE("what lies in time keeps to the forms that the scripts know how to move") {
  const std::string svg = svg_file(document_scenario_4());
  const std::size_t from = svg.find("<g class=\"time\"");
  REQUIRE(from != std::string::npos);
  const MarkupRead read =
      read_markup(std::string_view(svg).substr(from, svg.rfind("</svg>\n</svg>") - from));
  CHECK(read.mistake == "");
  for (const std::string& element : read.elements) {
    CAPTURE(element);
    const bool known = element == "g" || element == "rect" || element == "line" ||
                       element == "text" || element == "title" || element == "circle" ||
                       element == "path";  // the last two only within a mark, around its (0, 0)
    CHECK(known);
  }
}

TEST_CASE("an empty recording has a picture all the same") {
  const Recording empty;
  CHECK(read_markup(svg_file(empty)).mistake == "");
}

TEST_CASE("more clients than there is room for are named in words, not dropped") {
  RecordingMaker run("many", "");
  for (int i = 0; i < 20; ++i) run.process("client-" + std::to_string(i), ProcessRole::client);
  const Recording recording = run.finish(ms(10));
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const Picture picture(recording, timeline, narrator);
  REQUIRE(picture.left_out().size() == 1);
  CHECK(contains(picture.left_out()[0], "8 of the 20 clients have no lane"));
}

TEST_CASE("a fault that lasts is drawn on whom it strikes, with its place in the schedule") {
  const Recording recording = document_scenario_4();
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const Picture picture(recording, timeline, narrator);
  REQUIRE(picture.faults().size() == 1);
  CHECK(picture.faults()[0].process == ProcessId{1});
  CHECK(picture.faults()[0].span == Interval{ms(1000), ms(10000)});
  CHECK(picture.faults()[0].words == "paused 9000ms");
  CHECK(picture.faults()[0].fault == 0);
}

TEST_CASE("lanes do not overlap, and all of them lie within the picture") {
  for (const Recording& recording : {document_scenario_1(), document_scenario_4(), hostile()}) {
    const Timeline timeline = make_timeline(recording);
    const Narrator narrator(recording, timeline);
    const Picture picture(recording, timeline, narrator);
    std::int64_t free = kRulerHeight;
    for (const Lane& lane : picture.lanes()) {
      CHECK(lane.top >= free);
      free = lane.top + lane.band;
    }
    CHECK(free <= picture.height());
  }
}

namespace {

/// A client that takes the lock and gives it back again, so many times, a millisecond each.
Recording busy_run(std::uint32_t times) {
  RecordingMaker run{"busy", "busy"};
  const ProcessId a = run.process("client-a", ProcessRole::client);
  const ProcessId b = run.process("client-b", ProcessRole::client);
  const Symbol lock = run.name("lock");
  for (std::uint32_t i = 0; i < times; ++i) {
    const AttemptId attempt{i + 1};
    const ProcessId who = i % 2 == 0 ? a : b;
    run.event(ms(i * 2), who, LockRequested{lock, attempt, 5ms, 1, 1, false});
    run.event(ms(i * 2), who, LockGranted{lock, attempt, {}, 1, {}, ms(i * 2 + 5), kEndOfTime});
    run.event(ms(i * 2 + 1), who, BeliefEnded{lock, attempt, BeliefEnd::released});
  }
  return run.finish(ms(times * 2));
}

std::string picture_of(const Recording& recording, PictureDetail detail) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const TimeAxis axis = picture_axis(recording, timeline);
  return svg_picture({recording, timeline, narrator, axis, {}, detail}, nullptr);
}

}  // namespace

TEST_CASE("bands that cannot be told apart are drawn as one that says how many it stands for") {
  const std::string few = picture_of(busy_run(200), {});
  CHECK(count(few, " belief\"") == 200);
  CHECK(!contains(few, "data-crowded"));
  const Recording many = busy_run(20'000);
  const std::string picture = picture_of(many, {});
  CHECK(contains(picture, "data-crowded"));
  CHECK(count(picture, " belief\"") < 10);
  // Both clients' 10000 times are accounted for.
  CHECK(count(picture, "10000 times it believed") == 2);
}

TEST_CASE("a window draws them apart again, and nothing outside of it") {
  const Recording many = busy_run(20'000);
  const std::string closer = picture_of(many, {.window = Interval{ms(1'000), ms(1'099)}});
  CHECK(count(closer, " belief\"") == 50);
}

TEST_CASE("a sketch has the bands, and none of the messages and marks") {
  const Recording run = document_scenario_4();
  const std::string sketch = picture_of(run, {.sketch = true});
  CHECK(count(sketch, " belief\"") == count(picture_of(run, {}), " belief\""));
  CHECK(!contains(sketch, "class=\"messages\""));
  CHECK(!contains(sketch, "class=\"dot"));
}
