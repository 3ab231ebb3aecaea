// Recordings on disk: written by run, drawn by report, compared by replay.
#include <doctest/doctest.h>

#include <string>

#include "tests/cli/program.hpp"

using namespace locklab;
using test::Folder;
using test::Outcome;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void replace(std::string& text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("a recording is the same file every time, and needs exactly one scenario") {
  const Folder folder;
  const std::string path = folder.path("run.jsonl");
  CHECK(test::locklab({"run", "doc-3-jump", "--json", "--trace", path}).code == 0);
  const std::string first = folder.text("run.jsonl");
  CHECK(first.starts_with("{\"schema\":\"locklab-trace/1\""));
  CHECK(test::locklab({"run", "doc-3-jump", "--quiet", "--trace", path}).code == 0);
  CHECK(folder.text("run.jsonl") == first);

  const Outcome several = test::locklab({"run", "doc-1", "doc-2", "--trace", folder.path("two")});
  CHECK(several.code == 2);
  CHECK(contains(several.err, "--trace records one run"));
  CHECK(folder.names() == std::vector<std::string>{"run.jsonl"});
}

TEST_CASE("report draws a recording as run drew it") {
  const Folder folder;
  const std::string path = folder.path("run.jsonl");
  const Outcome ran = test::locklab({"run", "doc-3-jump", "--full", "--trace", path});
  const Outcome drawn = test::locklab({"report", path, "--full"});
  CHECK(drawn.code == 0);
  CHECK(drawn.err.empty());
  const std::size_t story = ran.out.find("Time ");
  const std::size_t end = ran.out.find("Remarks:");
  REQUIRE(end != std::string::npos);
  CHECK(contains(drawn.out, ran.out.substr(story, end - story)));
  CHECK(contains(drawn.out, "Verdict: as expected"));
}

TEST_CASE("a recording that was changed is drawn with a warning, and not replayed") {
  const Folder folder;
  const std::string path = folder.path("run.jsonl");
  REQUIRE(test::locklab({"run", "doc-1", "--quiet", "--trace", path}).code == 0);
  std::string text = folder.text("run.jsonl");
  replace(text, "\"attempt\":1", "\"attempt\":3");
  folder.file("run.jsonl", text);
  const Outcome drawn = test::locklab({"report", path});
  CHECK(drawn.code == 2);
  CHECK(contains(drawn.err, "was changed after it was written"));
  CHECK_FALSE(drawn.out.empty());
  const Outcome replayed = test::locklab({"replay", path});
  CHECK(replayed.code == 2);
  CHECK(replayed.out.empty());
}

TEST_CASE("what is no recording is refused with its line") {
  const Folder folder;
  const Outcome outcome = test::locklab({"report", folder.file("x.jsonl", "{}\n")});
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, "x.jsonl:1:"));
  CHECK(contains(outcome.err, "locklab run --trace"));
  CHECK(test::locklab({"report", folder.path("none")}).code == 2);
  CHECK(test::locklab({"replay", folder.path("none")}).code == 2);
}

TEST_CASE("a replay is the same run, whatever the seed and the changes were") {
  const Folder folder;
  const std::string path = folder.path("run.jsonl");
  REQUIRE(test::locklab({"run", "doc-1", "--quiet", "--seed", "99", "--trace", path}).code == 0);
  const Outcome same = test::locklab({"replay", path});
  CHECK(same.code == 0);
  CHECK(contains(same.out, "doc-1: the same run, seed 99"));

  const int code =
      test::locklab({"run", "doc-1", "--quiet", "--set", "lock.ttl=7s", "--trace", path}).code;
  CHECK(code != 2);
  const Outcome other = test::locklab({"replay", path});
  CHECK(other.code == 4);
  CHECK(other.out.empty());
  CHECK(contains(other.err, "diverged"));
  CHECK(contains(other.err, "--set"));
  CHECK(test::locklab({"replay", path, "--set", "lock.ttl=7s"}).code == 0);
}

TEST_CASE("a recording of a file is replayed with that file") {
  const Folder folder;
  const std::string path = folder.path("run.jsonl");
  const std::string scenario = folder.file("small.json", test::small_scenario());
  REQUIRE(test::locklab({"run", scenario, "--quiet", "--trace", path}).code == 0);
  const Outcome lost = test::locklab({"replay", path});
  CHECK(lost.code == 2);
  CHECK(contains(lost.err, "--scenario FILE"));
  CHECK(test::locklab({"replay", path, "--scenario", scenario}).code == 0);
  CHECK(test::locklab({"replay", path, "--scenario", "doc-1"}).code == 4);
  CHECK(test::locklab({"replay", path, "--scenario", folder.path("none.json")}).code == 2);
}

TEST_CASE("--html writes the page of one run, and report writes the same of its recording") {
  const Folder folder;
  const std::string trace = folder.path("run.jsonl");
  const std::string page = folder.path("run.html");
  CHECK(test::locklab({"run", "doc-4", "--quiet", "--trace", trace, "--html", page}).code == 0);
  const std::string written = folder.text("run.html");
  CHECK(contains(written, "<!doctype html>"));
  CHECK(contains(written, "locklab run doc-4"));
  CHECK(contains(written, "two holders for 5999ms"));

  const Outcome again = test::locklab({"report", trace, "--format", "html"});
  CHECK(again.code == 0);
  CHECK(contains(again.out, "two holders for 5999ms"));
  const Outcome picture = test::locklab({"report", trace, "--format", "svg"});
  CHECK(picture.code == 0);
  CHECK(picture.out.starts_with("<svg "));

  CHECK(test::locklab({"run", "doc-1", "doc-2", "--html", page}).code == 2);
  CHECK(test::locklab({"report", trace, "--format", "papyrus"}).code == 2);
}
