// The core as a page uses it: a scenario's text in, what the program would say out.
#include "live/core.hpp"

#include <doctest/doctest.h>

#include <string>

#include <fmt/format.h>

#include "live/page.hpp"
#include "live/verdict_words.hpp"
#include "reports/recording_json.hpp"
#include "scenarios/library.hpp"
#include "scenarios/scenario_json.hpp"

using namespace locklab;

namespace {

std::string text_of(std::string_view name) { return std::string(*library_text(name)); }

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("the verdict names what is violated, and the digest of the run") {
  PageCore core;
  Diagnostics diagnostics;
  const auto scenario = read_scenario(*parse_located_json(text_of("doc-4"), ""), diagnostics);
  REQUIRE(scenario);
  const std::uint64_t digest = run(*scenario).digest;
  const std::string answer = core.run(text_of("doc-4"), std::nullopt, PageCore::Wanted::verdict);
  CHECK(contains(answer, "\"violated\":[\"client_mutual_exclusion\"]"));
  CHECK(contains(answer, fmt::format("\"digest\":\"{:016x}\"", digest)));
  CHECK(contains(core.run(text_of("doc-1"), std::nullopt, PageCore::Wanted::verdict),
                 "\"violated\":[]"));
}

TEST_CASE("a core that has run many scenarios answers as a fresh one does") {
  PageCore old;
  for (const std::string_view name : {"doc-1", "doc-2", "doc-3-jump"})
    old.run(text_of(name), std::nullopt, PageCore::Wanted::parts);
  for (const auto wanted :
       {PageCore::Wanted::verdict, PageCore::Wanted::parts, PageCore::Wanted::trace})
    CHECK(old.run(text_of("doc-4"), 9, wanted) == PageCore().run(text_of("doc-4"), 9, wanted));
}

TEST_CASE("the trace is the file that the program writes") {
  const std::string trace = PageCore().run(text_of("doc-4"), std::nullopt, PageCore::Wanted::trace);
  const auto loaded = read_recording_json(trace);
  REQUIRE(loaded);
  CHECK(loaded->intact());
  CHECK(loaded->recording.scenario == "doc-4");
}

TEST_CASE("a sketch has the verdict of the whole run, and neither its story nor its events") {
  PageCore core;
  const std::string sketch = core.run(text_of("doc-4"), std::nullopt, PageCore::Wanted::sketch);
  const std::string parts = core.run(text_of("doc-4"), std::nullopt, PageCore::Wanted::parts);
  const std::size_t end = sketch.find(",\"picture\"");
  REQUIRE(end != std::string::npos);
  CHECK(contains(parts, sketch.substr(1, sketch.find(",\"verdict-sign\"") - 1)));
  CHECK(contains(sketch, "\"axis\":[["));
  CHECK(!contains(sketch, "\"events\""));
  CHECK(!contains(sketch, "\"story\""));
  CHECK(sketch.size() < parts.size() / 2);
}

TEST_CASE("a window is a picture of what lies in it") {
  PageCore core;
  core.look_at({Instant{Duration{0s}}, Instant{Duration{100ms}}});
  const std::string picture = core.run(text_of("doc-4"), std::nullopt, PageCore::Wanted::window);
  CHECK(picture.starts_with("<svg"));
  CHECK(contains(picture, "token 100"));
  CHECK(!contains(picture, "token 101"));
}

TEST_CASE("the core explains a run as the program does, in the same markup") {
  PageCore core;
  for (const std::string_view name :
       {"doc-1", "doc-3-jump", "corpus/gc-pause-stale-write", "corpus/abba-deadlock"}) {
    CAPTURE(name);
    Diagnostics diagnostics;
    const auto scenario = read_scenario(*parse_located_json(text_of(name), ""), diagnostics);
    REQUIRE(scenario);
    Recording recording;
    RunOptions options;
    options.recording = &recording;
    RunResult result;
    Runner().run(*scenario, options, result);
    HtmlOptions page;
    page.reason = page_reason(*scenario, recording);
    REQUIRE(page.reason);
    const std::string markup = core.run(text_of(name), std::nullopt, PageCore::Wanted::reason);
    CHECK(markup.starts_with("<section"));
    CHECK(contains(html_report(recording, page), markup));
    // Of another run than the recorded one nothing is said.
    recording.digest ^= 1;
    CHECK(!page_reason(*scenario, recording));
  }
}

TEST_CASE("the core explains the run of the seed that it is given") {
  PageCore core;
  const std::string_view name = "corpus/gc-pause-stale-write";
  const std::string one = core.run(text_of(name), 7, PageCore::Wanted::reason);
  CHECK(one == PageCore().run(text_of(name), 7, PageCore::Wanted::reason));
  CHECK(core.run("{", std::nullopt, PageCore::Wanted::reason).starts_with("{\"error\":\""));
}

TEST_CASE("mistakes in a scenario come back as words") {
  PageCore core;
  for (const std::string_view bad : {"", "{", "{\"schema\": 5}", "[]"}) {
    const std::string answer = core.run(bad, std::nullopt, PageCore::Wanted::parts);
    CAPTURE(answer);
    CHECK(answer.starts_with("{\"error\":\""));
  }
}

TEST_CASE("the command of a page can be pasted into a shell") {
  CHECK(run_command("doc-4", std::nullopt, {}) == "locklab run doc-4");
  CHECK(run_command("my file.json", 7, {"lock.ttl=5s", "clients.0.name=it's"}) ==
        "locklab run 'my file.json' --seed 7 --set lock.ttl=5s --set 'clients.0.name=it'\\''s'");
}
