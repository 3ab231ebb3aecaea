// `locklab explain`: whole explanations, letter by letter, and what scripts read of them.
// LOCKLAB_REWRITE=1 writes the agreed ones anew; the difference is reviewed like code.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.hpp"

using namespace locklab;
using test::Folder;
using test::Outcome;
using Json = nlohmann::ordered_json;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::filesystem::path agreed_file(std::string name) {
  for (char& c : name)
    if (c == '/') c = '-';
  return std::filesystem::path(LOCKLAB_SOURCE_DIR) / "tests/golden/explain" / (name + ".txt");
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Breaks by itself: the holder is later than its TTL. Its title is markup.
constexpr const char* kPage = R"({"schema": "locklab-scenario/1",
  "name": "page", "title": "<b>a | b</b>",
  "lock": {"algorithm": "simple_redis_lock"}, "workload": {"resource": "r"},
  "clients": [{"name": "client-a", "program": [{"acquire": "r"}, {"at": "12s"}, {"release": "r"}]},
    {"name": "client-b", "program": [{"at": "11s"}, {"acquire": "r"}, {"release": "r"}]}]})";

}  // namespace

TEST_CASE("the explanation of each of these scenarios is as it was agreed") {
  for (const char* name : {"doc-1", "doc-3-jump", "corpus/redlock-crash-restart-no-delay",
                           "corpus/zk-orphan-node-lost-create-reply",
                           "corpus/db-async-replica-lost-row", "corpus/etcd-pause-short-ttl"}) {
    CAPTURE(name);
    const Outcome explained = test::locklab({"explain", name, "--width", "100"});
    CHECK(explained.code == 0);
    CHECK(explained.err.empty());
    if (std::getenv("LOCKLAB_REWRITE") != nullptr) {
      std::filesystem::create_directories(agreed_file(name).parent_path());
      std::ofstream(agreed_file(name), std::ios::binary) << explained.out;
    }
    CHECK(explained.out == contents(agreed_file(name)));
  }
}

TEST_CASE("an explanation for scripts says what the text says") {
  const Outcome explained = test::locklab({"explain", "doc-3-jump", "--json"});
  CHECK(explained.code == 0);
  const Json json = Json::parse(explained.out);
  CHECK(json["schema"] == "locklab-explanation/1");
  CHECK(json["violation"]["invariant"] == "service_mutual_exclusion");
  CHECK(json["story"].size() <= 12);
  CHECK(json["story"].back()["at_ns"] == 5'002'000'000);
  REQUIRE(json["faults"].size() == 2);
  CHECK(json["faults"][0]["needed"] == false);
  CHECK(json["faults"][0]["without"]["outcome"] == "breaks");
  CHECK(json["faults"][1]["needed"] == true);
  CHECK(json["faults"][1]["without"]["outcome"] == "holds");
  CHECK(json["faults"][1]["fault"]["wall_jump"]["by"] == "5000ms");
  CHECK(json["point_of_no_return"]["safe_ns"] == 4'999'000'000);
  CHECK(json["holds_with"].size() == 2);
  const Json clean = Json::parse(test::locklab({"explain", "doc-1", "--json"}).out);
  CHECK(clean["violation"].is_null());
  CHECK(clean["closest"]["slack_ns"] == 6'000'000);
}

TEST_CASE("a finding that fuzz wrote is explained") {
  const Folder folder;
  const Outcome found =
      test::locklab({"fuzz", "redlock", "--faults", "clock-jump", "--check",
                     "service_mutual_exclusion", "--until-found", "--out", folder.path("found")});
  CHECK(found.code == 1);
  const std::filesystem::directory_iterator written(folder.path("found"));
  REQUIRE(written != std::filesystem::directory_iterator());
  const Outcome explained = test::locklab({"explain", written->path().string(), "--json"});
  CHECK(explained.code == 0);
  const Json json = Json::parse(explained.out);
  CHECK(json["violation"]["invariant"] == "service_mutual_exclusion");
  // It was shrunk, so nothing can be left out.
  REQUIRE(json["faults"].size() >= 1);
  for (const Json& fault : json["faults"]) CHECK(fault["needed"] == true);
}

TEST_CASE("names in an explanation are somebody else's text, in Markdown too") {
  const Folder folder;
  const std::string file = folder.file("page.json", kPage);
  const Outcome text = test::locklab({"explain", file});
  CHECK(text.code == 0);
  CHECK(contains(text.out, "There are no faults: the run breaks by itself."));
  const Outcome markdown = test::locklab({"explain", file, "--markdown"});
  CHECK(markdown.code == 0);
  CHECK_FALSE(contains(markdown.out, "<b>"));
  CHECK_FALSE(contains(markdown.out, "a | b"));
}

TEST_CASE("another invariant, another seed and changes are taken as run takes them") {
  const Outcome other =
      test::locklab({"explain", "doc-3-jump", "--check", "token_order", "--seed", "3"});
  CHECK(other.code == 0);
  CHECK(contains(other.out, "token order is not violated"));
  CHECK(contains(other.out, "service_mutual_exclusion"));
  const Outcome longer = test::locklab({"explain", "doc-3-jump", "--set", "lock.ttl=12s"});
  CHECK(longer.code == 0);
  CHECK(contains(longer.out, "Nothing is violated."));
}

TEST_CASE("what cannot be explained is said in one line") {
  const Outcome unknown = test::locklab({"explain", "doc-3-jmp"});
  CHECK(unknown.code == 2);
  CHECK(unknown.out.empty());
  CHECK(contains(unknown.err, "did you mean \"doc-3-jump\"?"));
  const Outcome invariant = test::locklab({"explain", "doc-1", "--check", "stale_writes"});
  CHECK(invariant.code == 2);
  CHECK(contains(invariant.err, "did you mean \"stale_write\"?"));
  CHECK(test::locklab({"explain"}).code == 2);
  CHECK(test::locklab({"explain", "doc-1", "--json", "--markdown"}).code == 2);
}
