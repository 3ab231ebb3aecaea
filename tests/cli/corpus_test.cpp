// `locklab corpus`: the table for people, for scripts, and for docs/corpus.md.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.hpp"

using namespace locklab;
using test::Outcome;
using Json = nlohmann::ordered_json;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the corpus is printed as a table, whole or in part") {
  const Outcome some = test::locklab({"corpus", "gc-pause"});
  CHECK(some.code == 0);
  CHECK(contains(some.out, "gc-pause-stale-write"));
  CHECK(contains(some.out, "saves"));
  CHECK_FALSE(contains(some.out, "redlock"));
  CHECK(contains(test::locklab({"corpus", "redlock"}).out, "there is no token"));
}

TEST_CASE("a number names one entry of the corpus") {
  const Outcome one = test::locklab({"corpus", "1", "--json"});
  CHECK(one.code == 0);
  const Json json = Json::parse(one.out);
  CHECK(json["schema"] == "locklab-corpus/1");
  CHECK(json["ok"] == true);
  REQUIRE(json["entries"].size() == 1);
  const Json& entry = json["entries"][0];
  CHECK(entry["scenario"] == "corpus/gc-pause-stale-write");
  CHECK(entry["violates"] == Json({"client_mutual_exclusion", "stale_write"}));
  CHECK(entry["fencing"] == "saves");
  CHECK(entry["fixed"]["scenario"] == "corpus/gc-pause-stale-write+fixed");
}

TEST_CASE("docs/corpus.md is the corpus as Markdown") {
  std::ifstream file(LOCKLAB_SOURCE_DIR "/docs/corpus.md", std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const Outcome printed = test::locklab({"corpus", "--markdown"});
  CHECK(printed.code == 0);
  const bool same = printed.out == page;
  CHECK(same);
}

TEST_CASE("what the corpus does not have is a mistake") {
  const Outcome unknown = test::locklab({"corpus", "gc-pause-stale-wirte"});
  CHECK(unknown.code == 2);
  CHECK(unknown.out.empty());
  CHECK(contains(unknown.err, "did you mean \"gc-pause-stale-write\"?"));
  CHECK(test::locklab({"corpus", "19"}).code == 2);
  CHECK(test::locklab({"corpus", "--json", "--markdown"}).code == 2);
}
