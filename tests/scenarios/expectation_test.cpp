// When a run is as expected, and what is said when it is not: sentences, one a difference.
#include "scenarios/expectation.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/trace_builder.hpp"

namespace locklab {
namespace {

/// Scenario 4's outcome: two grants, a refusal, three writes, one finding.
struct Judged {
  Metrics metrics{std::pmr::get_default_resource()};
  TraceBuilder trace{metrics, Metrics::events(), {"client-a", "client-b", "storage"}};
  std::vector<Finding> findings;
  Expectation expected;

  Judged() {
    trace.requests("client-a", 1).at(1ms).granted("client-a", 1, 4988ms, 100);
    write(1500us, 1, 100, 0, true);
    trace.at(3s).requests("client-b", 2);
    trace.at(3001ms).tell("client-b",
                          LockRefused{trace.lock_name(), AttemptId{2}, Errc::not_acquired, 2, {}});
    trace.at(5001ms).requests("client-b", 3).at(5002ms).granted("client-b", 3, 9989ms, 101);
    write(5002500us, 3, 101, 100, true);
    write(10001500us, 1, 100, 101, false);
    trace.tell("client-b", DomainEvent{DomainAct::charged, trace.names().intern("order"), 1, {}});
    trace.tell("client-a", DomainEvent{DomainAct::charged, trace.names().intern("order"), 1, {}});

    Finding both;
    both.invariant = "client_mutual_exclusion";
    both.from = Instant{5002ms};
    both.until = Instant{11001ms};
    both.dormant = 4998ms;
    both.active = 1001ms;
    findings.push_back(both);
    expected.violates = {"client_mutual_exclusion"};
  }
  void write(Duration at, std::uint32_t attempt, std::uint64_t token, std::uint64_t highest,
             bool accepted) {
    trace.at(at);
    if (accepted) {
      WriteAccepted write{};
      write.attempt = AttemptId{attempt};
      write.token = FencingToken{token};
      write.highest = FencingToken{highest};
      trace.tell("storage", write);
    } else {
      WriteRejected write{};
      write.attempt = AttemptId{attempt};
      write.token = FencingToken{token};
      write.highest = FencingToken{highest};
      trace.tell("storage", write);
    }
  }
  /// The sentences, a line each; "" if all is as expected.
  std::string said() const {
    std::vector<std::string> mismatches;
    const bool all = matches(expected, findings, metrics, trace.processes(), &mismatches);
    CHECK(all == mismatches.empty());
    // A search asks for the verdict alone, and gets the same one.
    CHECK(matches(expected, findings, metrics, trace.processes(), nullptr) == all);
    std::string text;
    for (const std::string& sentence : mismatches) text += (text.empty() ? "" : "\n") + sentence;
    return text;
  }
};

ExpectedGrant grant_of(std::string process) {
  ExpectedGrant grant;
  grant.process = std::move(process);
  return grant;
}

// ---- invariants ---------------------------------------------------------------------------------

TEST_CASE("a run is as expected if exactly the expected invariants are violated") {
  Judged judged;
  CHECK(judged.said() == "");
}

TEST_CASE("without an expectation nothing may be violated") {
  Judged judged;
  judged.expected = {};
  CHECK(judged.said() ==
        "client_mutual_exclusion was violated from 5002ms on, which was not expected");
  judged.findings.clear();
  CHECK(judged.said() == "");
}

TEST_CASE("an invariant that was to be violated, and held, is a difference") {
  Judged judged;
  judged.expected.violates = {"client_mutual_exclusion", "stale_write"};
  CHECK(judged.said() == "stale_write was expected to be violated, and held");
}

TEST_CASE("what was violated ten times without being expected is said once") {
  Judged judged;
  for (int i = 0; i < 9; ++i) judged.findings.push_back(judged.findings.front());
  judged.expected = {};
  CHECK(judged.said() ==
        "client_mutual_exclusion was violated from 5002ms on, which was not expected");
}

TEST_CASE("what was expected may be violated more than once") {
  Judged judged;
  judged.findings.push_back(judged.findings.front());
  CHECK(judged.said() == "");
}

// ---- findings -----------------------------------------------------------------------------------

TEST_CASE(
    "an expected finding fits if all that it says is so; what it leaves out may be anything") {
  Judged judged;
  ExpectedFinding finding;
  finding.invariant = "client_mutual_exclusion";
  judged.expected.findings = {finding};
  CHECK(judged.said() == "");
  finding.from = 5002ms;
  finding.until = 11001ms;
  finding.dormant = 4998ms;
  finding.active = 1001ms;
  judged.expected.findings = {finding};
  CHECK(judged.said() == "");

  finding.dormant = 4999ms;
  judged.expected.findings = {finding};
  CHECK(judged.said() ==
        "no finding of client_mutual_exclusion from 5002ms until 11001ms dormant 4999ms active "
        "1001ms; there was one from 5002ms until 11001ms, dormant 4998ms, active 1001ms");
  finding = {};
  finding.invariant = "client_mutual_exclusion";
  finding.from = 5001ms;
  judged.expected.findings = {finding};
  CHECK(judged.said() ==
        "no finding of client_mutual_exclusion from 5001ms; there was one from 5002ms until "
        "11001ms, dormant 4998ms, active 1001ms");
}

TEST_CASE("a finding that never ends is expected as the end of time") {
  Judged judged;
  judged.findings.front().until = kEndOfTime;
  ExpectedFinding finding;
  finding.invariant = "client_mutual_exclusion";
  finding.until = kEndOfTime.time_since_epoch();
  judged.expected.findings = {finding};
  CHECK(judged.said() == "");
}

// ---- grants -------------------------------------------------------------------------------------

TEST_CASE("expected grants come in their order, and others may come between") {
  Judged judged;
  judged.expected.grants = {grant_of("client-a"), grant_of("client-b")};
  CHECK(judged.said() == "");
  judged.expected.grants = {grant_of("client-b")};
  CHECK(judged.said() == "");
  judged.expected.grants = {grant_of("client-b"), grant_of("client-a")};
  CHECK(
      judged.said().starts_with("no grant to client-a (number 2 of those expected); client-a at "));
  judged.expected.grants = {grant_of("client-a"), grant_of("client-a")};
  CHECK(judged.said().starts_with("no grant to client-a (number 2 of those expected)"));
}

TEST_CASE("each number of an expected grant counts") {
  Judged judged;
  ExpectedGrant right = grant_of("client-b");
  right.at = 5002ms;
  right.validity = 0ms;
  right.promise_until = 9989ms;
  right.belief_until = kEndOfTime.time_since_epoch();
  right.token = 101;
  right.votes = 1;
  judged.expected.grants = {right};
  CHECK(judged.said() == "");

  const auto differs = [&](ExpectedGrant wrong) {
    judged.expected.grants = {wrong};
    return !judged.said().empty();
  };
  ExpectedGrant wrong = right;
  wrong.at = 5003ms;
  CHECK(differs(wrong));
  wrong = right;
  wrong.validity = 1ms;
  CHECK(differs(wrong));
  wrong = right;
  wrong.promise_until = 9990ms;
  CHECK(differs(wrong));
  wrong = right;
  wrong.belief_until = 1ms;
  CHECK(differs(wrong));
  wrong = right;
  wrong.token = 100;
  CHECK(differs(wrong));
  wrong = right;
  wrong.votes = 2;
  CHECK(differs(wrong));
  wrong = right;
  wrong.process = "client-a";
  CHECK(differs(wrong));
}

TEST_CASE("a missing grant is told with all that there were") {
  Judged judged;
  ExpectedGrant grant = grant_of("client-b");
  grant.at = 5006ms;
  grant.votes = 5;
  judged.expected.grants = {grant};
  const std::string said = judged.said();
  CHECK(
      said.starts_with("no grant to client-b at 5006ms votes 5 (number 1 of those expected); "
                       "client-a at 1ms validity 0ms promise_until 4988ms belief_until "));
  CHECK(said.find("; client-b at 5002ms validity 0ms promise_until 9989ms ") != std::string::npos);
  CHECK(said.find("token 101 votes 1") != std::string::npos);
}

// ---- refusals, writes, damage -------------------------------------------------------------------

TEST_CASE("an expected refusal fits by client, votes and reason") {
  Judged judged;
  judged.expected.refusals = {{"client-b", 2, "not_acquired"}};
  CHECK(judged.said() == "");
  judged.expected.refusals = {{"client-b", std::nullopt, ""}};
  CHECK(judged.said() == "");
  judged.expected.refusals = {{"client-b", 0, "timeout"}};
  CHECK(judged.said() ==
        "no refusal of client-b votes 0 why timeout; client-b at 3001ms why not_acquired votes 2");
}

TEST_CASE("an expected write fits by client, judgement, time and tokens") {
  Judged judged;
  const auto write = [](std::string process, bool accepted) {
    ExpectedWrite expected;
    expected.process = std::move(process);
    expected.accepted = accepted;
    return expected;
  };
  ExpectedWrite refused = write("client-a", false);
  refused.at = 10001500us;
  refused.token = 100;
  refused.highest = 101;
  judged.expected.writes = {write("client-a", true), write("client-b", true), refused};
  CHECK(judged.said() == "");

  refused.highest = 102;
  judged.expected.writes = {refused};
  CHECK(judged.said() ==
        "no rejected write of client-a at 10001.5ms token 100 highest 102; accepted of client-a at "
        "1.5ms token 100 highest 0; accepted of client-b at 5002.5ms token 101 highest 100; "
        "rejected of client-a at 10001.5ms token 100 highest 101");
  judged.expected.writes = {write("client-b", false)};
  CHECK(judged.said().starts_with("no rejected write of client-b; "));
}

TEST_CASE("damage is counted exactly, and what is not named may be anything") {
  Judged judged;
  judged.expected.damage = {{"double_charges", 1}, {"oversold", 0}};
  CHECK(judged.said() == "");
  judged.expected.damage = {{"double_charges", 0}};
  CHECK(judged.said() == "double_charges is 1, expected 0");
}

TEST_CASE("all differences are told, each in a sentence of its own") {
  Judged judged;
  judged.expected.violates = {"stale_write"};
  judged.expected.grants = {grant_of("client-c")};
  judged.expected.refusals = {{"client-a", std::nullopt, ""}};
  judged.expected.damage = {{"oversold", 1}};
  std::vector<std::string> mismatches;
  CHECK_FALSE(matches(judged.expected, judged.findings, judged.metrics, judged.trace.processes(),
                      &mismatches));
  CHECK(mismatches.size() == 5);
}

}  // namespace
}  // namespace locklab
