// The page: what it says without scripts, and what it must never contain.
#include <doctest/doctest.h>

#include <string>

#include "reports/html_report.hpp"
#include "tests/reports/markup_reader.hpp"
#include "tests/reports/recordings.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Of the page, what a browser shows: no style, no scripts.
std::string body_of(const std::string& page) {
  const std::size_t from = page.find("<main>");
  return page.substr(from, page.find("</main>") - from);
}

}  // namespace

TEST_CASE("without scripts the page has the verdict with its numbers, the picture and the story") {
  HtmlOptions options;
  options.story = "A sleeps.";
  options.remarks = {"Mind the <gap>."};
  options.command = "locklab run doc-4";
  const std::string page = body_of(html_report(document_scenario_4(), options));
  CHECK(contains(page, "role=\"status\""));
  CHECK(contains(page, "Lock broken, data safe"));
  CHECK(contains(page, "token 100 &lt; 101"));
  CHECK(contains(page, "<svg"));
  CHECK(contains(page, "two holders for "));
  CHECK(contains(page, "<ol id=\"story\""));
  CHECK(contains(page, "client-a pauses (9000ms)"));
  CHECK(contains(page, "A sleeps."));
  CHECK(contains(page, "Mind the &lt;gap&gt;."));
  CHECK(contains(page, "locklab run doc-4"));
  CHECK(contains(page, "seed <code id=\"seed\">7</code>"));
}

TEST_CASE("a run in which all went well says so") {
  const std::string page = body_of(html_report(document_scenario_1(), {}));
  CHECK(contains(page, "At every moment at most one client believed that it held the lock"));
  CHECK(contains(page, "granted twice"));
  CHECK(contains(page, "data-kind=\"good\""));
}

TEST_CASE("every place of the template is filled, and the same run gives the same page") {
  const std::string page = html_report(document_scenario_4(), {});
  CHECK(!contains(body_of(page), "{{"));
  CHECK(!contains(page.substr(0, page.find("<script")), "{{"));
  CHECK(page == html_report(document_scenario_4(), {}));
}

TEST_CASE("the page asks nobody for anything") {
  const std::string page = html_report(document_scenario_4(), {});
  CHECK(contains(page, "default-src 'none'"));
  for (const std::string_view word : {"<link rel=\"stylesheet\"", "@import", "<iframe", "<img",
                                      " src=", "fetch(", "XMLHttpRequest", "https:"}) {
    CAPTURE(word);
    CHECK(!contains(page, word));
  }
}

TEST_CASE("each step of an explanation opens what led to it, without scripts") {
  RecordingMaker run{"doc", "doc"};
  const ProcessId a = run.process("client-a", ProcessRole::client);
  const std::uint64_t asked =
      run.event(ms(1), a, LockRequested{run.name("k"), AttemptId{1}, 5ms, 1, 1, false});
  run.event(ms(2), a, LockGranted{run.name("k"), AttemptId{1}, {}, 1, {}, ms(5), kEndOfTime},
            asked);
  HtmlOptions options;
  PageReason& reason = options.reason.emplace();
  reason.violation = "it broke";
  reason.steps = {{ms(2), 1, a, StoryLine::Tone::good, "the lock is granted"},
                  {ms(1), 1, {}, StoryLine::Tone::wrong, "nobody saw this"}};
  reason.faults = {{"A sleeps", "needed; without it nothing is violated", true},
                   {"B sleeps", "it never struck", false}};
  reason.no_return = "2ms: too late.";
  reason.remedies = {"a TTL of 6s"};
  reason.runs = 17;
  const std::string page = body_of(html_report(run.finish(ms(10)), options));
  CHECK(contains(page, "<summary><time>2ms</time>"));
  CHECK(contains(page, "<li data-e=\"0\" data-t=\"1000000\">1ms: client-a "));
  CHECK(contains(page, "<div class=\"step\"><time>1ms</time>"));
  CHECK(contains(page, "<li class=\"needed\">A sleeps: <span class=\"part\">needed; without it"));
  CHECK(contains(page, "<li class=\"spare\">B sleeps"));
  CHECK(contains(page, "2ms: too late."));
  CHECK(contains(page, "a TTL of 6s"));
  CHECK(contains(page, "the outcome of 17 runs"));
  CHECK(!contains(body_of(html_report(document_scenario_1(), {})), "reason-heading"));
}

TEST_CASE("an explanation of a run that broke nothing says how close it came") {
  HtmlOptions options;
  options.reason.emplace().closest = "6ms to spare.";
  const std::string page = body_of(html_report(document_scenario_1(), options));
  CHECK(contains(page, "How close it came"));
  CHECK(contains(page, "6ms to spare."));
  CHECK(!contains(page, "What it took"));
}

TEST_CASE("hostile words stay words") {
  const std::string hostile = "</script><script>alert(1)</script><img src=x onerror=y>\"'&\x1b[2J";
  RecordingMaker run{hostile, hostile};
  const ProcessId a = run.process(hostile, ProcessRole::client);
  run.event(ms(1), a, LockRequested{run.name(hostile), AttemptId{1}, 5ms, 1, 1, false});
  run.event(ms(2), a, LockGranted{run.name(hostile), AttemptId{1}, {}, 1, {}, ms(5), kEndOfTime});
  run.recording.faults.push_back({hostile});
  run.recording.stopped = hostile;
  run.recording.verdict = hostile;
  run.recording.version = hostile;
  run.recording.scenario_hash = hostile;
  HtmlOptions options;
  options.story = options.command = options.verdict = hostile;
  options.remarks = options.sources = options.finding_messages = {hostile};
  PageReason& reason = options.reason.emplace();
  reason.violation = reason.no_return = hostile;
  reason.together = reason.remedies = {hostile};
  reason.steps = {{ms(2), 1, a, StoryLine::Tone::plain, hostile}};
  reason.faults = {{hostile, hostile, true}};
  options.scenario_json = "{\"name\":\"</script><script>alert(1)</script>\"}";
  const std::string page = html_report(run.finish(ms(10)), options);
  CHECK(read_markup(body_of(page) + "</main>").mistake == "");
  CHECK(!contains(page, "alert(1)</script>"));
  CHECK(!contains(page, "<img"));
  CHECK(!contains(page, "\x1b"));
  // Nothing ends the element that holds the data but its own end.
  const std::size_t data = page.find("id=\"data\">");
  REQUIRE(data != std::string::npos);
  const std::string json = page.substr(data, page.find("</script>", data) - data);
  CHECK(contains(json, "\"scenario\":{"));
}

TEST_CASE("the data of a page have each sentence once, and times and causes as steps back") {
  RecordingMaker run{"doc", "doc"};
  const ProcessId a = run.process("client-a", ProcessRole::client);
  const std::uint64_t first = run.event(ms(1), a, ProcessPaused{});
  run.event(ms(3), a, ProcessPaused{}, first);
  const std::string page = html_report(run.finish(ms(10)), {});
  const std::size_t events = page.find("\"events\":[[1000000,1,");
  REQUIRE(events != std::string::npos);
  const std::string data = page.substr(events, page.find('}', events) - events);
  CHECK(contains(data, "],[2000000,1,"));
  CHECK(contains(data, ",1,0,0]],\"sentences\":[\"client-a "));
  CHECK(data.find("client-a ") == data.rfind("client-a "));
}

TEST_CASE("the parts of a page are one JSON object") {
  const std::string json = page_parts_json(document_scenario_4(), {});
  CHECK(json.starts_with("{\"verdict-kind\":\"broken\""));
  CHECK(json.ends_with("}"));
  CHECK(!contains(json, "<"));
  CHECK(contains(json, "\"data\":{\"name\":\"doc-4\""));
}
