// `locklab run` as a user meets it: reports, JSON, exit codes, mistakes, standard input.
#include <doctest/doctest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "reports/plain_text.hpp"
#include "tests/cli/program.hpp"

using namespace locklab;
using test::Folder;
using test::Outcome;
using Json = nlohmann::ordered_json;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Outcome run_with(const std::map<std::string, std::string>& environment,
                 std::vector<std::string> arguments, const std::string& input = {}) {
  test::Call how;
  how.arguments = std::move(arguments);
  how.environment = environment;
  how.input = input;
  return test::call(how);
}

}  // namespace

TEST_CASE("the exit code says whether a run went as expected") {
  const Folder folder;
  const std::string good = folder.file("good.json", test::small_scenario());
  const std::string wrong = folder.file("wrong.json", test::wrong_scenario());
  const std::string undecided = folder.file("undecided.json", test::undecided_scenario());
  CHECK(test::locklab({"run", good}).code == 0);
  CHECK(test::locklab({"run", wrong}).code == 1);
  CHECK(test::locklab({"run", undecided}).code == 3);
  CHECK(test::locklab({"run", folder.path("missing.json")}).code == 2);

  // Of several the worst, wherever it stands.
  CHECK(test::locklab({"run", good, undecided, "-q"}).code == 3);
  CHECK(test::locklab({"run", undecided, wrong, good, "-q"}).code == 1);
  const Outcome nothing = test::locklab({"run", good, wrong, folder.path("missing.json")});
  CHECK(nothing.code == 2);
  CHECK(nothing.out.empty());
  CHECK(contains(nothing.err, "nothing was run"));
}

TEST_CASE("the report names the verdict and the seed") {
  const Folder folder;
  const std::string good = folder.file("good.json", test::small_scenario());
  const Outcome outcome = test::locklab({"run", good});
  CHECK(outcome.err.empty());
  CHECK(contains(outcome.out, "small: Two clients in turn"));
  CHECK(contains(outcome.out, "Verdict: as expected"));
  CHECK(contains(outcome.out, "Seed 7"));
  CHECK(contains(test::locklab({"run", good, "--seed", "8"}).out, "Seed 8"));

  const Outcome wrong = test::locklab({"run", folder.file("wrong.json", test::wrong_scenario())});
  CHECK(contains(wrong.out, "not as expected"));
  CHECK(contains(wrong.out, "stale_write was expected to be violated"));
}

TEST_CASE("a report has the scenario's story and remarks") {
  const Folder folder;
  std::string text = test::small_scenario();
  text.insert(text.find("\"title\""), R"("story": "Both get it.", "remarks": ["Both in turn."], )");
  const Outcome outcome = test::locklab({"run", folder.file("told.json", text)});
  CHECK(contains(outcome.out, "Both get it."));
  CHECK(contains(outcome.out, "Both in turn."));
}

TEST_CASE("several scenarios end with a summary") {
  const Folder folder;
  const std::string good = folder.file("good.json", test::small_scenario());
  const std::string wrong = folder.file("wrong.json", test::wrong_scenario());
  const Outcome one = test::locklab({"run", good});
  CHECK_FALSE(contains(one.out, "scenario  verdict"));
  const Outcome two = test::locklab({"run", good, wrong});
  CHECK(contains(two.out, "scenario  verdict"));
  CHECK(two.out.starts_with(one.out));
  const Outcome quiet = test::locklab({"run", good, wrong, "--quiet"});
  CHECK(two.out.ends_with(quiet.out));
  CHECK(std::count(quiet.out.begin(), quiet.out.end(), '\n') == 3);
}

TEST_CASE("standard input is a scenario, once") {
  const Outcome outcome = run_with({}, {"run", "-", "--quiet"}, test::small_scenario());
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "small"));
  const Outcome twice = run_with({}, {"run", "-", "-"}, test::small_scenario());
  CHECK(twice.code == 2);
  CHECK(contains(twice.err, "only once"));
  const Outcome broken = run_with({}, {"run", "-"}, "{\n  oops\n}");
  CHECK(broken.code == 2);
  CHECK(broken.err.starts_with("<stdin>:2:3: "));
}

TEST_CASE("--set changes a scenario, and its mistakes name it") {
  const Folder folder;
  const std::string good = folder.file("good.json", test::small_scenario());
  const Outcome changed = test::locklab({"run", good, "--set", "lock.ttl=5s"});
  CHECK(changed.code == 0);
  CHECK(contains(changed.out, "TTL 5000ms"));

  const Outcome unit = test::locklab({"run", good, "--set", "lock.ttl=5"});
  CHECK(unit.code == 2);
  CHECK(unit.err.starts_with("--set lock.ttl: /lock/ttl: "));
  const Outcome key = test::locklab({"run", good, "--set", "lock.tll=5s"});
  CHECK(key.code == 2);
  CHECK(key.err.starts_with("--set lock.tll: /lock/tll: "));
  const Outcome form = test::locklab({"run", good, "--set", "lock.ttl"});
  CHECK(form.code == 2);
  CHECK(contains(form.err, "as in --set lock.ttl=5s"));
  // The same mistake for every scenario is said once.
  const Outcome twice = test::locklab({"run", good, good, "--set", "lock.ttl=5"});
  CHECK(contains(twice.err, unit.err));
  CHECK(twice.err.find("/lock/ttl") == twice.err.rfind("/lock/ttl"));
}

TEST_CASE("a name that is no scenario is answered with the nearest one") {
  const Outcome outcome = test::locklab({"run", "doc_1"});
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK(contains(outcome.err, "(did you mean \"doc-1\"?)"));
  CHECK(contains(outcome.err, "locklab list scenarios"));
  CHECK(contains(test::locklab({"run", "doc-1.json"}).err,
                 "(did you mean the built-in scenario \"doc-1\"?)"));
  const Folder folder;
  CHECK(contains(test::locklab({"run", folder.path()}).err, "Is a directory"));
}

TEST_CASE("--json is one object for one scenario and a list for several") {
  const Folder folder;
  const std::string good = folder.file("good.json", test::small_scenario());
  const std::string wrong = folder.file("wrong.json", test::wrong_scenario());
  const Outcome one = test::locklab({"run", good, "--json"});
  CHECK(one.code == 0);
  const Json result = Json::parse(one.out);
  const std::vector<std::string> keys{"schema",      "scenario", "seed",    "digest",
                                      "as_expected", "expected", "stopped", "violations",
                                      "mismatches",  "slack_ns", "metrics", "grants"};
  std::vector<std::string> found;
  for (const auto& [key, value] : result.items()) found.push_back(key);
  CHECK(found == keys);
  CHECK(result["schema"] == "locklab-result/1");
  CHECK(result["scenario"] == "small");
  CHECK(result["seed"] == 7);
  CHECK(result["digest"].get<std::string>().size() == 16);
  CHECK(result["as_expected"] == true);
  CHECK(result["expected"] == Json::parse(R"({"violates": []})"));
  CHECK(result["stopped"] == "quiescent");
  CHECK(result["violations"].empty());
  CHECK(result["metrics"]["acquisitions"] == 2);
  CHECK(result["metrics"]["damage"]["oversold"] == 0);
  // A: 0 ms to 1 ms. B asks in vain until A has given the lock back.
  CHECK(result["metrics"]["acquire_ms"]["p50"] == 1);
  CHECK(result["grants"].size() == 2);
  CHECK(result["grants"][0]["process"] == "client-a");
  CHECK(result["grants"][0]["token"].is_null());

  const Outcome two = test::locklab({"run", good, wrong, "--json"});
  CHECK(two.code == 1);
  const Json list = Json::parse(two.out);
  REQUIRE(list.is_array());
  REQUIRE(list.size() == 2);
  CHECK(list[0] == result);
  CHECK(list[1]["as_expected"] == false);
  CHECK(list[1]["mismatches"].size() == 1);
}

TEST_CASE("the same command prints the same bytes") {
  for (const char* format : {"--text", "--json", "--full"}) {
    const Outcome first = test::locklab({"run", "doc-3-jump", format});
    const Outcome second = test::locklab({"run", "doc-3-jump", format});
    CHECK(first.code == 0);
    CHECK(first.out == second.out);
  }
}

TEST_CASE("a report fits 40 columns, and is ASCII where nothing else is understood") {
  for (const char* name : {"doc-1", "doc-4"}) {
    const Outcome narrow = test::locklab({"run", name, "--width", "40"});
    std::size_t begin = 0;
    while (begin < narrow.out.size()) {
      const std::size_t end = narrow.out.find('\n', begin);
      CHECK(columns(narrow.out.substr(begin, end - begin)) <= 40);
      begin = end + 1;
    }
    for (const Outcome& plain :
         {run_with({{"LANG", "C"}}, {"run", name}), test::locklab({"run", name, "--ascii"})})
      for (const char letter : plain.out)
        REQUIRE((letter == '\n' || (letter >= ' ' && letter <= '~')));
  }
}

TEST_CASE("a pipe gets no colours unless somebody forces them") {
  CHECK_FALSE(contains(test::locklab({"run", "doc-1"}).out, "\033"));
  CHECK(contains(run_with({{"CLICOLOR_FORCE", "1"}}, {"run", "doc-1"}).out, "\033["));
  CHECK_FALSE(contains(run_with({{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}, {"run", "doc-1"}).out,
                       "\033"));
  CHECK(
      contains(run_with({{"NO_COLOR", "1"}}, {"run", "doc-1", "--color", "always"}).out, "\033["));
}

TEST_CASE("Ctrl-C ends with 130, and a bug of ours with 70") {
  test::Call how;
  how.arguments = {"run", "-"};
  how.interrupt = SIGINT;
  const Outcome interrupted = test::call(how);
  CHECK(interrupted.code == 130);
  CHECK(interrupted.signal == 0);
  how.interrupt = SIGABRT;
  const Outcome aborted = test::call(how);
  CHECK(aborted.code == 70);
  CHECK(contains(aborted.err, "bug in locklab"));
}

TEST_CASE("a result that cannot be written is no success") {
  test::Call how;
  how.arguments = {"-c", "exec " LOCKLAB_PROGRAM " run doc-1 > /dev/full"};
  const Outcome outcome = test::call_program("sh", how);
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, "cannot write to standard output"));
}

TEST_CASE("a run says how close it came to two holders [doc §4 scenarios 1 and 3]") {
  const auto slack_of = [](const std::string& name) {
    return Json::parse(test::locklab({"run", name, "--json"}).out)["slack_ns"];
  };
  // A begins to give the lock back at 5000, and the next grant is B's at 5006.
  CHECK(slack_of("doc-1") == 6'000'000);
  // Two holders from 5002 until A's promise ends at 9978: A relied on what B had for 4976.
  CHECK(slack_of("doc-3-jump") == -4'976'000'000);
}
