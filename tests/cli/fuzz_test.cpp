// Campaigns of `locklab fuzz`: one result for any number of threads, shards and interruptions.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "sim/rng.hpp"
#include "tests/cli/program.hpp"
#include "tests/reports/markup_reader.hpp"

using namespace locklab;
using test::Folder;
using test::Outcome;
using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

namespace {

constexpr const char* kJournal = "campaign.journal";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// `locklab fuzz` of a lock that breaks in several ways, in the folder.
Words campaign(const Words& more) {
  Words words{"fuzz", "simple_redis_lock", "--runs", "3000", "--most", "2", "--seed",
              "4",    "--beyond"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Outcome run_in(const Folder& folder, Words words, int signal = 0, int after_us = 0) {
  test::Call how;
  how.arguments = std::move(words);
  how.directory = folder.path();
  how.interrupt = signal;
  how.interrupt_after_us = after_us;
  return test::call(how);
}

/// All files of found/ but the journals, by name.
std::map<std::string, std::string> found_files(const Folder& folder) {
  std::map<std::string, std::string> all;
  if (!std::filesystem::exists(folder.path("found"))) return all;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("found")))
    if (entry.path().extension() != ".journal")
      all[entry.path().filename().string()] =
          folder.text("found/" + entry.path().filename().string());
  return all;
}

/// The campaign as nobody disturbs it.
struct Undisturbed {
  Folder folder;
  Outcome outcome = run_in(folder, campaign({"--out", "found", "--json", "--jobs", "1"}));
};

const Undisturbed& undisturbed() {
  static const Undisturbed campaign;
  return campaign;
}

void check_same(const Outcome& outcome, const Folder& folder) {
  CHECK(outcome.code == 1);
  CHECK(outcome.out == undisturbed().outcome.out);
  CHECK(found_files(folder) == found_files(undisturbed().folder));
}

}  // namespace

TEST_CASE("N schedules are the same N, found and shrunk alike, with any number of threads") {
  REQUIRE(undisturbed().outcome.code == 1);
  CHECK(found_files(undisturbed().folder).size() > 5);
  for (const char* jobs : {"2", "5"}) {
    const Folder folder;
    CAPTURE(jobs);
    check_same(run_in(folder, campaign({"--out", "found", "--json", "--jobs", jobs})), folder);
  }
}

TEST_CASE("each counterexample that is written is a scenario that comes out as it expects") {
  const Folder& folder = undisturbed().folder;
  Words words{"run", "--quiet"};
  for (const auto& [name, text] : found_files(folder)) {
    CHECK(name.find("--simple_redis_lock--") != std::string::npos);
    words.push_back("found/" + name);
  }
  CHECK(run_in(folder, words).code == 0);
}

TEST_CASE("a counterexample keeps the faults that its scenario had of its own") {
  const Folder folder;
  std::string text = test::small_scenario();
  text.insert(text.find("\n}"), R"(,
  "faults": [{"at": "1ms", "wall_jump": {"machines": ["redis-1"], "by": "1ms"}}])");
  folder.file("own.json", text);
  const Outcome outcome = run_in(
      folder, {"fuzz", "own.json", "--beyond", "--runs", "2000", "--out", "found", "--json"});
  REQUIRE(outcome.code == 1);
  for (const auto& [name, file] : found_files(folder)) {
    CHECK(Json::parse(file)["faults"][0]["at"] == "1ms");
    CHECK(run_in(folder, {"run", "--quiet", "found/" + name}).code == 0);
  }
}

TEST_CASE("a campaign that is killed again and again, and resumed, ends as if nobody had") {
  Rng rng(1, "fuzz/kill");
  for (const int signal : {SIGKILL, SIGINT}) {
    CAPTURE(signal);
    const Folder folder;
    const Words words = campaign({"--out", "found", "--json", "--resume", "--jobs", "2"});
    int stopped = 0;
    for (int attempt = 0; attempt < 12; ++attempt) {
      const int after_us = 3'000 + static_cast<int>(rng.below(60'000));
      const Outcome outcome = run_in(folder, words, signal, after_us);
      if (outcome.signal == 0 && outcome.code == 1) break;
      ++stopped;
      CHECK(outcome.out.empty());
      // Before the search begins, Ctrl-C ends it at once; before the program does, by the signal
      // itself, which a shell calls 130 as well.
      const bool by_signal = outcome.signal == signal;
      CHECK((signal == SIGKILL ? by_signal : by_signal || outcome.code == 130));
    }
    CHECK(stopped > 0);
    check_same(run_in(folder, words), folder);
    // Once more: it is complete, and only told again.
    check_same(run_in(folder, words), folder);
  }
}

TEST_CASE("a search for the first violation can be resumed as well") {
  const Words words{
      "fuzz",     "redlock",    "--beyond",      "--check", "service_mutual_exclusion",
      "--faults", "clock-jump", "--until-found", "--json",  "--out",
      "found"};
  const Folder whole;
  const Outcome expected = run_in(whole, words);
  REQUIRE(expected.code == 1);
  CHECK(Json::parse(expected.out)["ended"] == "found");
  // As a kill would have left it: the journal ends anywhere.
  const std::string journal = whole.text(std::string("found/") + kJournal);
  for (const std::size_t tenths : {3U, 6U, 9U}) {
    const Folder folder;
    std::filesystem::create_directory(folder.path("found"));
    folder.file(std::string("found/") + kJournal, journal.substr(0, journal.size() * tenths / 10));
    Words again = words;
    again.push_back("--resume");
    const Outcome outcome = run_in(folder, again);
    CHECK(outcome.out == expected.out);
    CHECK(found_files(folder) == found_files(whole));
  }
}

TEST_CASE(
    "a journal that is cut or damaged anywhere is used up to there, and the rest tried again") {
  const std::string journal = undisturbed().folder.text(std::string("found/") + kJournal);
  const std::size_t header = journal.find('\n') + 1;
  Rng rng(2, "fuzz/damage");
  for (int i = 0; i < 6; ++i) {
    const Folder folder;
    std::filesystem::create_directory(folder.path("found"));
    std::string damaged = journal;
    const std::size_t at = header + rng.below(journal.size() - header);
    if (i % 2 == 0)
      damaged[at] = static_cast<char>(damaged[at] ^ 2);
    else
      damaged.resize(at);
    folder.file(std::string("found/") + kJournal, damaged);
    check_same(run_in(folder, campaign({"--out", "found", "--json", "--resume"})), folder);
    CHECK(folder.text(std::string("found/") + kJournal).size() > header);
  }
}

TEST_CASE("a file that a kill left half-written goes away") {
  const Folder folder;
  std::filesystem::create_directory(folder.path("found"));
  const std::string name = found_files(undisturbed().folder).begin()->first;
  folder.file("found/" + name + ".a1B2c3", "half");
  check_same(run_in(folder, campaign({"--out", "found", "--json", "--resume"})), folder);
}

TEST_CASE("what is begun is not begun again, nor gone on with as something else") {
  const Folder folder;
  const Words words = campaign({"--out", "found"});
  REQUIRE(run_in(folder, words).code == 1);
  const auto refuse = [&](Words more, const std::string& why) {
    const Outcome outcome = run_in(folder, std::move(more));
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CAPTURE(outcome.err);
    CHECK(contains(outcome.err, why));
  };
  refuse(words, "--resume goes on with it, another --out begins anew");
  refuse(campaign({"--out", "found", "--resume", "--runs", "3001"}),
         "--runs is 3000 there, and 3001 here");
  refuse(campaign({"--out", "found", "--resume", "--seed", "5"}), "--seed is 4 there, and 5 here");
  refuse(campaign({"--out", "found", "--resume", "--strategy", "uniform"}), "--strategy is");
  refuse(campaign({"--out", "found", "--resume", "--faults", "pause"}), "--faults is not given");
  refuse(campaign({"--out", "found", "--resume", "--set", "lock.ttl=5s"}),
         "the scenario is another one");
  refuse({"fuzz", "redlock", "--beyond", "--runs", "3000", "--most", "2", "--seed", "4", "--out",
          "found", "--resume"},
         "the scenario is another one");
  refuse(campaign({"--resume"}), "--resume requires --out");
  folder.file(std::string("found/") + kJournal, "{}\n");
  refuse(campaign({"--out", "found", "--resume"}), "is no journal of a campaign");
  folder.file("plain", "");
  refuse(campaign({"--out", "plain/found"}), "cannot make the folder");
}

TEST_CASE("shards, with any numbers of threads, merged give the bytes of one process") {
  for (const unsigned of : {1U, 2U, 3U, 5U, 16U}) {
    CAPTURE(of);
    const Folder folder;
    Words merge{"merge"};
    for (unsigned number = of; number >= 1; --number) {
      // Some share a folder, some have their own.
      const std::string out = "part-" + std::to_string(number / 2);
      const Outcome outcome =
          run_in(folder, campaign({"--shard", std::to_string(number) + "/" + std::to_string(of),
                                   "--out", out, "--jobs", std::to_string(1 + number % 3)}));
      CHECK(outcome.code == (of == 1 ? 1 : 0));
      if (merge.back() != out) merge.push_back(out);
    }
    merge.insert(merge.end(), {"--out", "found", "--json"});
    check_same(run_in(folder, merge), folder);
  }
}

TEST_CASE("merge names the shards that are missing, doubled, unfinished or of another campaign") {
  const Folder folder;
  for (const char* shard : {"1/3", "2/3"})
    REQUIRE(run_in(folder, campaign({"--shard", shard, "--out", "a"})).code == 0);
  const auto refuse = [&](const Words& words, const std::string& why) {
    const Outcome outcome = run_in(folder, words);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CAPTURE(outcome.err);
    CHECK(contains(outcome.err, why));
  };
  refuse({"merge", "a"}, "of 3 shards these are missing: 3");
  refuse({"merge", "none"}, "cannot read \"none\"");
  REQUIRE(run_in(folder, campaign({"--shard", "2/3", "--out", "b"})).code == 0);
  refuse({"merge", "a", "b"}, "shard 2 of 3 is there twice");
  REQUIRE(run_in(folder, campaign({"--shard", "3/3", "--seed", "9", "--out", "c"})).code == 0);
  refuse({"merge", "a", "c"}, "--seed is 4 there, and 9 here");
  REQUIRE(run_in(folder, campaign({"--shard", "3/4", "--out", "d"})).code == 0);
  refuse({"merge", "a", "d"}, "it is cut into 4 shards, and the other one into 3");

  REQUIRE(run_in(folder, campaign({"--shard", "3/3", "--out", "e"})).code == 0);
  CHECK(run_in(folder, {"merge", "a", "e"}).code == 1);
  const std::string whole = folder.text("e/campaign-3-of-3.journal");
  // Without its last line one island lacks its last tries.
  folder.file("e/campaign-3-of-3.journal",
              whole.substr(0, whole.rfind('\n', whole.size() - 2) + 1));
  refuse({"merge", "a", "e"}, "--resume goes on with: \"e/campaign-3-of-3.journal\"");
}

TEST_CASE(
    "a strategy that has come to the end of its list is complete before N, in shards as well") {
  const Words words{"fuzz", "simple_redis_lock", "--strategy", "enumerate", "--most",
                    "1",    "--faults",          "lose-key",   "--runs",    "100000"};
  const auto with = [&](Words more) {
    Words all = words;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const Folder folder;
  const Outcome whole = run_in(folder, with({"--json"}));
  const Json json = Json::parse(whole.out);
  CHECK(json["schedules"] < 100000);
  CHECK(json["ended"] == "complete");
  for (const char* shard : {"1/2", "2/2"}) run_in(folder, with({"--shard", shard, "--out", "a"}));
  CHECK(run_in(folder, {"merge", "a", "--json"}).out == whole.out);
}

TEST_CASE("a shard needs a number of schedules that is known, and leaves reports to merge") {
  const auto refuse = [](Words words, const std::string& why) {
    const Outcome outcome = test::locklab(std::move(words));
    CHECK(outcome.code == 2);
    CAPTURE(outcome.err);
    CHECK(contains(outcome.err, why));
  };
  refuse(campaign({"--shard", "1/2"}), "--shard requires --out");
  refuse(campaign({"--shard", "1/2", "--out", "x", "--time", "1s"}), "cannot be combined");
  refuse(campaign({"--shard", "1/2", "--out", "x", "--until-found"}), "cannot be combined");
  refuse(campaign({"--shard", "1/2", "--out", "x", "--json"}), "cannot be combined");
  for (const char* bad : {"0/2", "3/2", "1/17", "1", "/", "a/b", "1/2/3"})
    refuse(campaign({"--out", "x", "--shard", bad}), "is no shard such as 1/4");
}

TEST_CASE("Ctrl-C without a journal tells what was found so far") {
  const Folder folder;
  const Outcome outcome =
      run_in(folder, {"fuzz", "simple_redis_lock", "--time", "1h", "--json", "--jobs", "1"}, SIGINT,
             300'000);
  CHECK(outcome.code == 130);
  const Json json = Json::parse(outcome.out);
  CHECK(json["ended"] == "interrupted");
  CHECK(json["schedules"] > 0);
  CHECK(folder.names().empty());
}

TEST_CASE("Ctrl-C with a journal says how to go on") {
  const Folder folder;
  const Outcome outcome =
      run_in(folder, {"fuzz", "simple_redis_lock", "--time", "1h", "--out", "found", "--jobs", "1"},
             SIGINT, 300'000);
  CHECK(outcome.code == 130);
  CHECK(outcome.out.empty());
  CHECK(contains(outcome.err, "if --resume is added to it"));
}

TEST_CASE("--time is over at the end of a round, which --runs can repeat") {
  const Folder folder;
  const Outcome timed = run_in(folder, {"fuzz", "simple_redis_lock", "--time", "1ms", "--json"});
  Json json = Json::parse(timed.out);
  CHECK(json["ended"] == "time");
  const auto runs = json["schedules"].get<std::uint64_t>();
  const Outcome again =
      run_in(folder, {"fuzz", "simple_redis_lock", "--runs", std::to_string(runs), "--json"});
  json["ended"] = "complete";
  CHECK(json == Json::parse(again.out));
  for (const char* time : {"1m", "1min", "90s", "2h"})
    CHECK(test::locklab({"fuzz", "redlock", "--beyond", "--time", time, "--until-found", "--check",
                         "service_mutual_exclusion"})
              .code == 1);
  CHECK(test::locklab({"fuzz", "redlock", "--time", "m"}).code == 2);
}

TEST_CASE("no violation: the bound is 3/N, for each strategy that left it to chance") {
  const Words words{"fuzz",    "zk_lock",     "--runs",   "1600",
                    "--check", "token_order", "--faults", "pause"};
  const Outcome text = test::locklab(words);
  CHECK(text.code == 0);
  CHECK(contains(text.out, "No violation in 1600 schedules."));
  CHECK(contains(text.out, "no samples but a list"));
  CHECK(contains(text.out, "95 times in 100"));
  Words uniform = words;
  uniform.insert(uniform.end(), {"--strategy", "uniform"});
  // 1600 / -ln(0.05) is 534.09; 1 - 0.05^(1/1600) is below 1/534.
  CHECK(contains(test::locklab(uniform).out, "uniform  1600 schedules  at most 1 in 534"));
  // No anchor is used by it, so none of them was tried.
  CHECK(contains(test::locklab(uniform).out, "Not tried: no fault was hung on"));

  Words as_json = words;
  as_json.push_back("--json");
  const Json json = Json::parse(test::locklab(as_json).out);
  std::uint64_t all = 0;
  for (const Json& one : json["strategies"]) all += one["schedules"].get<std::uint64_t>();
  CHECK(all == 1600);
  CHECK(json["strategies"].size() == 5);
}

TEST_CASE("an undecided run is no proof: nothing found then ends with 3") {
  const Folder folder;
  folder.file("short.json", test::undecided_scenario());
  const Outcome outcome = run_in(folder, {"fuzz", "short.json", "--runs", "64"});
  CHECK(outcome.code == 3);
  CHECK(contains(outcome.out, "64 of them were not decided"));
}

// ---- for CI -------------------------------------------------------------------------------------

TEST_CASE("JUnit: a case for each invariant that held, a failed one for each counterexample") {
  const Folder folder;
  const std::string evil = "a&b \"<c>' ]]>.json";
  folder.file(evil, test::small_scenario());
  const Outcome outcome =
      run_in(folder, {"fuzz", evil, "--beyond", "--runs", "1000", "--junit", "j.xml", "--json"});
  REQUIRE(outcome.code == 1);
  const std::size_t found = Json::parse(outcome.out)["found"].size();
  const std::string xml = folder.text("j.xml");
  CHECK_FALSE(contains(xml, evil));
  CHECK(contains(xml, "a&amp;b"));
  const auto count = [&](const std::string& part) {
    std::size_t times = 0;
    for (std::size_t at = xml.find(part); at != std::string::npos; at = xml.find(part, at + 1))
      ++times;
    return times;
  };
  CHECK(count("<failure ") == found);
  CHECK(count("<testcase ") > found);
  CHECK(contains(xml, " failures=\"" + std::to_string(found) + "\" "));
  CHECK(contains(xml, " tests=\"" + std::to_string(count("<testcase ")) + "\" "));
  CHECK(test::read_markup(xml.substr(xml.find('\n') + 1)).mistake == "");
}

TEST_CASE("SARIF: a rule for each invariant, a result at each counterexample's file") {
  const Folder folder;
  const Outcome outcome = run_in(folder, campaign({"--out", "found here", "--sarif", "s.sarif"}));
  REQUIRE(outcome.code == 1);
  const Json sarif = Json::parse(folder.text("s.sarif"));
  CHECK(sarif["version"] == "2.1.0");
  REQUIRE(sarif["runs"].size() == 1);
  const Json& run = sarif["runs"][0];
  const Json& rules = run["tool"]["driver"]["rules"];
  CHECK(run["results"].size() == found_files(undisturbed().folder).size());
  for (const Json& result : run["results"]) {
    CHECK(rules[result["ruleIndex"].get<std::size_t>()]["id"] == result["ruleId"]);
    std::string uri =
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].get<std::string>();
    REQUIRE(uri.starts_with("found%20here/"));
    CHECK_FALSE(folder.text("found here/" + uri.substr(13)).empty());
    CHECK_FALSE(result["message"]["text"].get<std::string>().empty());
  }
  CHECK(test::locklab({"fuzz", "redlock", "--sarif", "x"}).code == 2);
}
