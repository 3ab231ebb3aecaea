// The document's scenarios through the whole program: the numbers that a reader of the document
// looks for in `locklab run NAME --json` [doc §4].
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.hpp"

using namespace locklab;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

Json result_of(const std::string& name) {
  const test::Outcome outcome = test::locklab({"run", name, "--json"});
  CAPTURE(name);
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  return Json::parse(outcome.out);
}

Json violation(const Json& result, const std::string& invariant) {
  for (const Json& violation : result["violations"])
    if (violation["invariant"] == invariant) return violation;
  FAIL("no violation of ", invariant);
  return {};
}

std::int64_t lasted(const Json& violation) {
  return violation["until_ns"].get<std::int64_t>() - violation["at_ns"].get<std::int64_t>();
}

}  // namespace

TEST_CASE("doc-1: A is granted the lock at 5 ms, valid for 9973 ms, until 9978 ms") {
  const Json result = result_of("doc-1");
  CHECK(result["violations"].empty());
  const Json& grant = result["grants"][0];
  CHECK(grant["process"] == "client-a");
  CHECK(grant["at_ns"] == 5 * kMillisecond);
  CHECK(grant["validity_ns"] == 9973 * kMillisecond);
  CHECK(grant["promise_until_ns"] == 9978 * kMillisecond);
}

TEST_CASE("doc-3 as the document tells it violates nothing") {
  CHECK(result_of("doc-3-as-is")["violations"].empty());
}

TEST_CASE("doc-3 with clocks that jump: both believe for 4976 ms") {
  CHECK(lasted(violation(result_of("doc-3-jump"), "client_mutual_exclusion")) ==
        4976 * kMillisecond);
}

TEST_CASE("doc-3 with an extension that reached a minority: both believe for 1653 ms") {
  CHECK(lasted(violation(result_of("doc-3-extend"), "client_mutual_exclusion")) ==
        1653 * kMillisecond);
}

TEST_CASE("doc-4: the write of token 100 is refused under 101, and nobody's data is lost") {
  const Json result = result_of("doc-4");
  CHECK(result["metrics"]["stale_writes_rejected"] == 1);
  CHECK(result["metrics"]["stale_writes_accepted"] == 0);
  CHECK(violation(result, "client_mutual_exclusion")["dormant_ns"] == 4998 * kMillisecond);
  const std::string text = test::locklab({"run", "doc-4"}).out;
  CHECK(text.find("10001.5ms") != std::string::npos);
  CHECK(text.find("REJECTED: token 100 < 101") != std::string::npos);
}

TEST_CASE("a token counted after the lock was taken violates the order of tokens") {
  CHECK_FALSE(violation(result_of("corpus/token-inversion-after-acquire"), "token_order").empty());
}
