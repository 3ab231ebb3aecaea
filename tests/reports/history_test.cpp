// The history of operations, as Jepsen's and Porcupine's checkers want it.
#include "reports/history.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "tests/reports/recordings.hpp"
#include "tests/support/recorded_run.hpp"

using namespace locklab;
using test::ms;
using Outcome = Operation::Outcome;
using What = Operation::What;

namespace {

/// "acquire:ok write:fail ..." of one client.
std::string story_of(const std::vector<Operation>& history, ProcessId client) {
  std::string out;
  for (const Operation& operation : history)
    if (operation.client == client)
      out += (out.empty() ? "" : " ") + std::string(to_string(operation.what)) +
             (operation.outcome == Outcome::ok     ? ":ok"
              : operation.outcome == Outcome::fail ? ":fail"
                                                   : ":info");
  return out;
}

}  // namespace

TEST_CASE("doc-4 is a history in which a write with an old token fails") {
  const test::RecordedRun run(test::library_scenario("doc-4"));
  const std::vector<Operation> history = make_history(run.recording);
  CHECK(story_of(history, run.process("client-a")) == "acquire:ok write:ok write:fail release:ok");
  CHECK(story_of(history, run.process("client-b")) == "acquire:ok write:ok release:ok");
  const auto refused = std::find_if(history.begin(), history.end(), [](const Operation& one) {
    return one.outcome == Outcome::fail;
  });
  REQUIRE(refused != history.end());
  CHECK(refused->error == "stale_token");
  CHECK(refused->token == FencingToken{100});
}

TEST_CASE("a belief that its deadline ends is given back at that instant") {
  const test::RecordedRun run(test::library_scenario("doc-3-jump"));
  const std::vector<Operation> history = make_history(run.recording);
  const ProcessId a = run.process("client-a");
  CHECK(story_of(history, a) == "acquire:ok release:ok");
  for (const Operation& operation : history)
    if (operation.client == a && operation.what == What::release) {
      CHECK(operation.invoked == ms(9978));
      CHECK(operation.completed == ms(9978));
      CHECK(operation.error == "deadline");
    }
}

TEST_CASE("what nobody can know is info, and that process does nothing more") {
  test::RecordingMaker maker("info", "");
  const ProcessId a = maker.process("a", ProcessRole::client);
  const ProcessId s = maker.process("s", ProcessRole::storage);
  maker.lost_call(ms(0), a, s, "write", "x");
  maker.call(ms(60), a, s, "write", "x");
  maker.event(ms(70), a, CallBegan{CallId{99}, s, maker.name("write"), maker.name("x")});
  maker.event(ms(71), a, ProcessCrashed{false});
  const Recording recording = maker.finish(ms(80));
  const std::vector<Operation> history = make_history(recording);
  CHECK(story_of(history, a) == "write:info write:ok write:info");
  CHECK(history[0].process == 0);
  CHECK(history[1].process == 2);  // one client and one server: the next of the client
  CHECK(history[2].process == 2);
  CHECK(history[0].error == "timeout");
  CHECK(history[0].completed == kEndOfTime);
}

TEST_CASE(
    "in every built-in scenario a process does one thing at a time, and nothing after an info") {
  for (const std::string_view name : library_names()) {
    CAPTURE(name);
    const test::RecordedRun run(test::library_scenario(name));
    std::map<std::uint32_t, const Operation*> last;
    const std::vector<Operation> history = make_history(run.recording);
    for (const Operation& operation : history) {
      const Operation*& before = last[operation.process];
      if (before != nullptr) {
        REQUIRE(before->client == operation.client);
        REQUIRE(before->outcome != Outcome::info);
        REQUIRE(before->completed_by <= operation.invoked_by);
      }
      REQUIRE(operation.invoked <= operation.completed);
      before = &operation;
    }
  }
}

TEST_CASE("the lock is a mutex in the history exactly if no two clients believed at once") {
  // A history of completed acquires and releases is one of a mutex if each acquire can be put after
  // the release before it; with these histories that is so if no two holdings overlap in full.
  const auto overlaps = [](const Recording& recording) {
    std::map<AttemptId, std::pair<Instant, Instant>> holdings;  // granted, release invoked
    std::map<AttemptId, Symbol> locks;
    for (const Operation& operation : make_history(recording)) {
      if (operation.what == What::acquire && operation.outcome == Outcome::ok) {
        holdings[operation.attempt] = {operation.completed, kEndOfTime};
        locks[operation.attempt] = operation.subject;
      }
      if (operation.what == What::release) holdings[operation.attempt].second = operation.invoked;
    }
    for (const auto& [a, one] : holdings)
      for (const auto& [b, other] : holdings)
        if (a < b && locks[a] == locks[b] && one.first < other.second && other.first < one.second)
          return true;
    return false;
  };
  CHECK(overlaps(test::RecordedRun(test::library_scenario("doc-3-jump")).recording));
  CHECK(overlaps(test::RecordedRun(test::library_scenario("doc-4")).recording));
  CHECK_FALSE(overlaps(test::RecordedRun(test::library_scenario("doc-1")).recording));
}
