// Formats and comparisons from the command line: where they go, and what the exit code says.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "reports/registry.hpp"
#include "tests/cli/program.hpp"

using namespace locklab;
using test::Folder;
using test::Outcome;
using Json = nlohmann::json;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("run and report write the same file, to standard output and into a file") {
  const Folder folder;
  const std::string trace = folder.path("run.jsonl");
  REQUIRE(test::locklab({"run", "doc-3-jump", "--quiet", "--trace", trace}).code == 0);
  for (const Format& format : formats()) {
    const std::string name(format.name);
    CAPTURE(name);
    const Outcome printed = test::locklab({"report", trace, "--format", name});
    CHECK(printed.code == 0);
    CHECK(printed.err.empty());
    CHECK(test::locklab({"report", trace, "--format", name, "--out", folder.path("a")}).code == 0);
    CHECK(folder.text("a") == printed.out);
    const Outcome ran =
        test::locklab({"run", "doc-3-jump", "--format", name, "--out", folder.path("b")});
    CHECK(ran.code == 0);
    CHECK(contains(ran.out, "doc-3-jump"));
    CHECK(contains(ran.out, "as expected"));
    // A run knows the scenario's story as well.
    if (name != "text" && name != "markdown" && name != "html")
      CHECK(folder.text("b") == printed.out);
  }
  CHECK(folder.text("run.jsonl") == test::locklab({"run", "doc-3-jump", "--format", "json"}).out);
}

TEST_CASE("a file holds one run, and has no colours") {
  const Folder folder;
  const Outcome several = test::locklab({"run", "doc-1", "doc-2", "--format", "chrome"});
  CHECK(several.code == 2);
  CHECK(several.out.empty());
  CHECK(contains(several.err, "a file of chrome holds one run"));
  const Outcome out = test::locklab({"run", "doc-1", "doc-2", "--out", folder.path("x")});
  CHECK(out.code == 2);
  CHECK(contains(out.err, "--out takes one run"));
  CHECK(folder.names().empty());
  CHECK(test::locklab({"run", "doc-1", "doc-2", "--format", "text"}).code == 0);

  REQUIRE(test::locklab({"run", "doc-1", "--out", folder.path("x"), "--color", "always"}).code ==
          0);
  CHECK(folder.text("x").find('\033') == std::string::npos);
  CHECK(test::locklab({"run", "doc-1", "--out", folder.path("no/x")}).code == 2);
}

TEST_CASE("a run that goes wrong says so with its exit code, in any format") {
  const Folder folder;
  const std::string wrong = folder.file("wrong.json", test::wrong_scenario());
  CHECK(test::locklab({"run", wrong, "--format", "csv-events"}).code == 1);
}

TEST_CASE("diff takes scenarios and recordings, and ends with 0 only if they are equal") {
  const Folder folder;
  const std::string trace = folder.path("run.jsonl");
  REQUIRE(test::locklab({"run", "doc-4", "--quiet", "--trace", trace}).code == 0);
  const Outcome same = test::locklab({"diff", trace, "doc-4"});
  CHECK(same.code == 0);
  CHECK(contains(same.out, "events are the same."));

  const Outcome other = test::locklab({"diff", trace, "doc-4", "--set", "lock.ttl=30s"});
  CHECK(other.code == 1);
  CHECK(contains(other.out, "then the runs part"));
  CHECK(contains(other.out, "found in the first alone"));

  const Outcome json = test::locklab({"diff", "doc-3", "doc-3-jump", "--json"});
  CHECK(json.code == 1);
  CHECK(Json::parse(json.out)["equal"] == false);

  const Outcome narrow = test::locklab({"diff", "doc-3", "doc-3-jump", "--ascii"});
  for (const char c : narrow.out) CHECK(static_cast<unsigned char>(c) < 0x80);
}

TEST_CASE("diff says what it cannot compare") {
  const Folder folder;
  CHECK(test::locklab({"diff", "doc-3", "doc-33333"}).code == 2);
  const std::string trace = folder.path("run.jsonl");
  REQUIRE(test::locklab({"run", "doc-4", "--quiet", "--trace", trace}).code == 0);
  const Outcome set = test::locklab({"diff", "doc-4", trace, "--set", "lock.ttl=1s"});
  CHECK(set.code == 2);
  CHECK(contains(set.err, "is a recording: --set and --seed change a scenario"));
  const Outcome cut = test::locklab(
      {"diff", "doc-4", folder.file("cut.jsonl", folder.text("run.jsonl").substr(0, 4000))});
  CHECK(cut.code == 2);
  CHECK(cut.out.empty());
}

TEST_CASE("report --all says what it needs, and takes no recording beside it") {
  const Outcome nowhere = test::locklab({"report", "--all"});
  CHECK(nowhere.code == 2);
  CHECK(contains(nowhere.err, "--out DIR"));
  const Outcome nothing = test::locklab({"report"});
  CHECK(nothing.code == 2);
  CHECK(contains(nothing.err, "name a recording"));
  CHECK(test::locklab({"report", "run.jsonl", "--all", "--out", "x"}).code == 2);
  const Folder folder;
  const std::string file = folder.file("taken", "");
  const Outcome taken = test::locklab({"report", "--all", "--out", file});
  CHECK(taken.code == 2);
  CHECK(contains(taken.err, "cannot make the folder"));
}

TEST_CASE("diff --html writes both pictures as a page beside what it prints") {
  const Folder folder;
  const Outcome out =
      test::locklab({"diff", "doc-4", "doc-4-unfenced", "--html", folder.path("page.html")});
  CHECK(out.code == 1);
  CHECK(out.out == test::locklab({"diff", "doc-4", "doc-4-unfenced"}).out);
  const std::string page = folder.text("page.html");
  CHECK(contains(page, "Lock broken, data safe"));
  CHECK(contains(page, "Data lost"));
  CHECK(contains(page, "100 &lt; 101"));
  CHECK(folder.names().size() == 1);
}
