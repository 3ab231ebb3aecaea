// Two recordings compared: where they part, and what is counted how.
#include "reports/difference.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/reports/recordings.hpp"
#include "tests/support/recorded_run.hpp"

using namespace locklab;
using test::ms;
using Json = nlohmann::json;

namespace {

Recording steps(std::initializer_list<std::pair<std::int64_t, Duration>> all) {
  test::RecordingMaker maker("steps", "");
  const ProcessId a = maker.process("a", ProcessRole::client);
  for (const auto& [at, lasts] : all) maker.event(ms(at), a, StepTaken{maker.name("work"), lasts});
  return maker.finish(ms(100));
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a run is equal to itself, whatever it is") {
  for (const char* name : {"doc-1", "doc-3-jump", "doc-4"}) {
    const test::RecordedRun one(test::library_scenario(name));
    const test::RecordedRun two(test::library_scenario(name));
    const Difference difference = compare(one.recording, two.recording);
    CHECK(difference.equal());
    CHECK(difference.header.empty());
    CHECK(difference.common == one.recording.events.size());
    CHECK(difference.total.same == one.recording.events.size());
  }
}

TEST_CASE("an event moves if only its time differs, and changes if anything else does") {
  const Recording first = steps({{1, 10ms}, {20, 5ms}, {30, 5ms}});
  const Difference moved = compare(first, steps({{1, 10ms}, {21, 5ms}, {30, 6ms}}));
  CHECK(moved.common == 1);
  CHECK(moved.diverges);
  CHECK(moved.total.same == 1);
  CHECK(moved.total.moved == 2);
  CHECK_FALSE(moved.equal());

  Recording other = steps({{1, 10ms}, {20, 5ms}, {30, 5ms}});
  std::get<StepTaken>(other.events[1].what).passed = false;
  const Difference changed = compare(first, other);
  CHECK(changed.total.changed == 1);
  CHECK(changed.total.moved == 0);
}

TEST_CASE("what one run has more of is added or missing, and the rest stays the same") {
  const Recording first = steps({{1, 10ms}});
  const Recording second = steps({{1, 10ms}, {20, 5ms}});
  CHECK(compare(first, second).total.added == 1);
  CHECK(compare(first, second).common == 1);
  CHECK(compare(second, first).total.missing == 1);
  REQUIRE(compare(first, second).rows.size() == 1);
  CHECK(compare(first, second).rows[0].process == "a");
  CHECK(compare(first, second).rows[0].kind == "step_taken");
}

TEST_CASE("numbers that a run hands out do not count: of messages, calls and attempts") {
  const Recording first = test::document_scenario_4();
  Recording second = test::document_scenario_4();
  for (TraceEvent& event : second.events)
    std::visit(
        [](auto& payload) {
          payload.fields(payload, [](std::string_view, auto& field) {
            using Type = std::decay_t<decltype(field)>;
            if constexpr (std::is_same_v<Type, MessageId> || std::is_same_v<Type, CallId> ||
                          std::is_same_v<Type, AttemptId>)
              if (field) field.number += 100;
          });
        },
        event.what);
  CHECK(compare(first, second).equal());
}

TEST_CASE("doc-3 and doc-3-jump part where the clocks jump, and the findings are named") {
  const test::RecordedRun one(test::library_scenario("doc-3"));
  const test::RecordedRun two(test::library_scenario("doc-3-jump"));
  const Difference difference = compare(one.recording, two.recording);
  REQUIRE(difference.diverges);
  CHECK(two.recording.events[difference.common].at == ms(4999));
  CHECK(difference.findings.size() == 2);
  for (const FindingDifference& finding : difference.findings)
    CHECK(finding.what == FindingDifference::What::added);

  const std::string text = difference_text(difference, one.recording, two.recording, 80, false);
  CHECK(contains(text, "fault in the second alone: at 4999ms"));
  CHECK(contains(text, "the clock of redis-3 jumps forwards"));
  CHECK(contains(text, "found in the second alone: client mutual exclusion"));

  const Json json = Json::parse(difference_json(difference, one.recording, two.recording));
  CHECK(json["schema"] == "locklab-diff/1");
  CHECK(json["equal"] == false);
  CHECK(json["common_events"] == difference.common);
  CHECK(json["diverges"]["second"]["event"] == "fault_struck");
  CHECK(json["total"]["added"] == difference.total.added);
  std::size_t added = 0;
  for (const Json& row : json["events"]) added += row["added"].get<std::size_t>();
  CHECK(added == difference.total.added);
  CHECK(json["findings"].size() == 2);
}

TEST_CASE("a finding that lasts longer is changed") {
  const Recording first = test::document_scenario_4();
  Recording second = test::document_scenario_4();
  second.findings[0].until = ms(11000);
  const Difference difference = compare(first, second);
  REQUIRE(difference.findings.size() == 1);
  CHECK(difference.findings[0].what == FindingDifference::What::changed);
  CHECK_FALSE(difference.equal());
}
