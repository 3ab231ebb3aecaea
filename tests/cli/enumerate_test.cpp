// `locklab enumerate`: certificates, and that they can be verified.
#include <doctest/doctest.h>

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

}  // namespace

TEST_CASE("a certificate says what was tried and what came of it, for any number of threads") {
  const auto certificate = [](const char* jobs) {
    return test::locklab({"enumerate", "redlock:spec", "--faults", "2", "--kinds", "pause",
                          "--check", "service_mutual_exclusion", "--jobs", jobs, "--json"});
  };
  const Outcome one = certificate("1");
  CHECK(one.code == 0);  // no pause breaks Redlock's own promise
  CHECK(certificate("3").out == one.out);
  const Json json = Json::parse(one.out);
  CHECK(json["schema"] == "locklab-certificate/1");
  CHECK(json["space"]["kinds"] == Json::array({"pause"}));
  CHECK(json["symmetry"]["groups"] ==
        Json::array({{"redis-1", "redis-2", "redis-3", "redis-4", "redis-5"}}));
  CHECK(json["symmetry"]["exchanges"] == 119);
  const std::uint64_t atoms = json["space"]["atoms"];
  CHECK(atoms == 7 * json["space"]["anchors"].size());  // two clients, five nodes
  REQUIRE(json["levels"].size() == 3);
  CHECK(json["levels"][2]["all"] == atoms * (atoms - 1) / 2);
  for (const Json& level : json["levels"])
    CHECK(level["run"].get<std::uint64_t>() + level["skipped"].get<std::uint64_t>() ==
          level["all"]);
  CHECK(json["violations"].empty());
  CHECK(json["least_slack"]["slack_ns"].is_number());
}

TEST_CASE("what breaks is listed with its first schedule, and the certificate is written") {
  const Folder folder;
  const std::string file = folder.path("certificate.json");
  const Outcome outcome = test::locklab({"enumerate", "redlock", "--kinds", "clock-jump", "--check",
                                         "service_mutual_exclusion", "--out", file});
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.out, "service_mutual_exclusion (two_promises) by clock-jump"));
  const Json json = Json::parse(folder.text("certificate.json"));
  REQUIRE(json["violations"].size() == 1);
  const Json& first = json["violations"][0]["first"];
  CHECK(first["faults"] == 1);
  CHECK(first["schedule"][0]["wall_jump"]["machines"].size() >= 3);

  const Outcome verified = test::locklab({"enumerate", "--verify", file});
  CHECK(verified.code == 0);
  CHECK(contains(verified.out, "The certificate holds"));
}

TEST_CASE("a certificate that was changed does not hold, and says where") {
  const Folder folder;
  const std::string file = folder.path("certificate.json");
  CHECK(test::locklab({"enumerate", "simple_redis_lock", "--kinds", "pause", "--check",
                       "service_mutual_exclusion", "--out", file})
            .code == 0);
  Json json = Json::parse(folder.text("certificate.json"));
  json["levels"][1]["run"] = 1;
  const Outcome changed =
      test::locklab({"enumerate", "--verify", folder.file("changed.json", json.dump())});
  CHECK(changed.code == 4);
  CHECK(contains(changed.err, "levels/1/run"));

  Json less = Json::parse(folder.text("certificate.json"));
  less["request"].erase("kinds");
  const Outcome broken =
      test::locklab({"enumerate", "--verify", folder.file("less.json", less.dump())});
  CHECK(broken.code == 2);
  CHECK(contains(broken.err, "request/kinds"));
  less["scenario_document"]["lock"] = 3;
  less["request"]["kinds"] = Json::array({"pause"});
  CHECK(test::locklab({"enumerate", "--verify", folder.file("lock.json", less.dump())}).code == 2);
  for (const char* text : {"", "[]", "{}", "{\"schema\": 1}", "nonsense"})
    CHECK(test::locklab({"enumerate", "--verify", folder.file("no.json", text)}).code == 2);
}

TEST_CASE("sizes and anchors widen the space") {
  const auto atoms = [](std::vector<std::string> more) {
    std::vector<std::string> arguments{"enumerate", "simple_redis_lock", "--kinds", "pause",
                                       "--check",   "token_order",       "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Json::parse(test::locklab(arguments).out)["space"]["atoms"].get<std::uint64_t>();
  };
  const std::uint64_t usual = atoms({});
  CHECK(atoms({"--sizes", "5s,1s,5s"}) == 2 * usual);
  CHECK(atoms({"--every-anchor"}) > usual);
}

TEST_CASE("what cannot be enumerated is said in one line") {
  const auto wrong = [](std::vector<std::string> arguments, const std::string& said) {
    arguments.insert(arguments.begin(), "enumerate");
    const Outcome outcome = test::locklab(arguments);
    CAPTURE(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(contains(outcome.err, said));
  };
  wrong({"redlok"}, "there is no file and no built-in scenario");
  wrong({"redlock", "--kinds", "pauses"}, "did you mean \"pause\"?");
  wrong({"redlock", "--check", "stale"}, "there is no invariant");
  wrong({"redlock", "--sizes", "5"}, "--sizes");
  wrong({"redlock", "--faults", "4"}, "whole number from 1 to 3");
  wrong({}, "needs a scenario");
  wrong({"redlock", "--verify", "x.json"}, "--verify takes no scenario");
  wrong({"--verify", "/nowhere/x.json"}, "x.json");
  wrong({"redlock", "--faults", "3", "--every-anchor"}, "fewer --kinds");
}
