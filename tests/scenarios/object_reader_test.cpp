#include "scenarios/object_reader.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace locklab {
namespace {

constexpr std::array<std::string_view, 3> kClocks = {"wall", "mono", "none"};
enum class Clock : std::uint8_t { wall, mono, none };
constexpr std::array<std::string_view, 3> kFaults = {"pause", "crash", "partition"};

/// What `read` complains about when it reads the text.
template <class Read>
std::string complaints(std::string_view text, Read read) {
  const auto root = parse_located_json(text, "f");
  REQUIRE(root);
  Diagnostics diagnostics;
  {
    ObjectReader reader(*root, diagnostics);
    read(reader);
    reader.finish();
  }
  return to_string(diagnostics);
}

TEST_CASE("a good object is read without a word") {
  const std::string text = R"({
    "name": "doc-1", "seed": 18446744073709551615, "nodes": 5, "fenced": true, "ttl": "2.5s",
    "jump": "-3ms", "drift_ppm": -200, "loss": "0.5%", "clock": "mono", "storage": {"x": 1},
    "clients": ["a", "b"], "checks": ["none", "wall"], "$schema": "..." })";
  CHECK(complaints(text, [](ObjectReader& r) {
          CHECK(r.text("name", required) == "doc-1");
          CHECK(r.unsigned_integer("seed", 1) == UINT64_MAX);
          CHECK(r.integer("nodes", 3, {.min = 1, .max = 99}) == 5);
          CHECK(r.boolean("fenced", false));
          CHECK(r.duration("ttl", 10s) == 2500ms);
          CHECK(r.duration("jump", 0ms, {.min = -1h}) == -3ms);
          CHECK(r.ppm("drift_ppm", 0, {.min = -kWholePpm}) == -200);
          CHECK(r.ppm("loss", required) == 5000);
          CHECK(r.choice("clock", kClocks, 0) == 1);
          CHECK(r.choice("clock", kClocks, Clock::wall) == Clock::mono);
          REQUIRE(r.child("storage") != nullptr);
          CHECK(r.child("storage")->find("x")->integer == 1);
          CHECK(r.items("clients", required).size() == 2);
          CHECK(r.texts("clients") == std::vector<std::string>{"a", "b"});
          CHECK(r.choices("checks", kClocks) == std::vector<std::size_t>{2, 0});
          r.ignore("$schema");
        }).empty());
}

TEST_CASE("what is missing and not required has its fallback") {
  CHECK(complaints("{}", [](ObjectReader& r) {
          CHECK(r.text("a", "x") == "x");
          CHECK(r.integer("b", -7) == -7);
          CHECK(r.unsigned_integer("c", 7) == 7);
          CHECK(r.boolean("d", true));
          CHECK(r.duration("e", 10s) == 10s);
          CHECK(r.ppm("f", 12) == 12);
          CHECK(r.choice("g", kClocks, Clock::none) == Clock::none);
          CHECK(r.child("h") == nullptr);
          CHECK(r.items("i").empty());
          CHECK(r.any("j") == nullptr);
          CHECK_FALSE(r.has("k"));
        }).empty());
}

TEST_CASE("what is required and missing is said with an example") {
  CHECK(complaints("{}",
                   [](ObjectReader& r) {
                     CHECK(r.text("name", required).empty());
                     r.duration("ttl", required);
                     r.integer("nodes", required, {.min = 1});
                     r.choice("clock", kClocks, required);
                     r.child("lock", required);
                     r.items("clients", required);
                     r.ppm("loss", required);
                     r.any("work", required);
                   }) ==
        "f:1:1: the key \"name\" is missing; expected a text in quotes\n"
        "f:1:1: the key \"ttl\" is missing; expected a time such as \"5ms\"\n"
        "f:1:1: the key \"nodes\" is missing; expected a whole number, 1 or more\n"
        "f:1:1: the key \"clock\" is missing; expected one of \"wall\", \"mono\" or \"none\"\n"
        "f:1:1: the key \"lock\" is missing; expected an object in {braces}\n"
        "f:1:1: the key \"clients\" is missing; expected a list with at least one item\n"
        "f:1:1: the key \"loss\" is missing; expected a share such as \"0.5%\" or \"5000ppm\"\n"
        "f:1:1: the key \"work\" is missing\n");
}

TEST_CASE("a wrong kind of value is said, and reading goes on with the fallback") {
  CHECK(complaints(R"({"a": 5, "b": "x", "c": 2.5, "d": null, "e": [], "f": {}, "g": 1, "h": -1})",
                   [](ObjectReader& r) {
                     CHECK(r.text("a", "z") == "z");
                     CHECK(r.boolean("b", true));
                     CHECK(r.integer("c", 3) == 3);
                     CHECK(r.duration("d", 1s) == 1s);
                     CHECK(r.child("e") == nullptr);
                     CHECK(r.items("f").empty());
                     CHECK(r.choice("g", kClocks, 2) == 2);
                     CHECK(r.unsigned_integer("h", 4) == 4);
                   }) ==
        "f:1:7: /a: expected a text in quotes, got the number 5\n"
        "f:1:15: /b: expected true or false, got the text \"x\"\n"
        "f:1:25: /c: expected a whole number, got the number 2.5\n"
        "f:1:35: /d: expected a time such as \"5ms\", got null\n"
        "f:1:46: /e: expected an object in {braces}, got an empty list\n"
        "f:1:55: /f: expected a list in [brackets], got an object\n"
        "f:1:64: /g: expected one of \"wall\", \"mono\" or \"none\", got the number 1\n"
        "f:1:72: /h: expected a whole number from 0 to 18446744073709551615, got the number -1\n");
}

TEST_CASE("a time needs its unit") {
  const auto read = [](ObjectReader& r) { r.duration("t", 1s, {.min = 1ms, .max = 1min}); };
  CHECK(complaints(R"({"t": 10})", read) ==
        "f:1:7: /t: a time needs a unit, as in \"10ms\"; got the number 10\n");
  CHECK(complaints(R"({"t": 2.5})", read) ==
        "f:1:7: /t: a time needs a unit, as in \"5ms\"; got the number 2.5\n");
  CHECK(complaints(R"({"t": "10"})", read) ==
        "f:1:7: /t: a time needs a unit, as in \"5ms\"; got the text \"10\"\n");
  CHECK(complaints(R"({"t": "5sec"})", read) ==
        "f:1:7: /t: expected a time such as \"5ms\" (the units are ns, us, ms, s, min and h), got "
        "the text \"5sec\"\n");
  CHECK(complaints(R"({"t": "0ms"})", read) ==
        "f:1:7: /t: expected a time of at least \"1ms\", got the text \"0ms\"\n");
  CHECK(complaints(R"({"t": "2min"})", read) ==
        "f:1:7: /t: expected a time of at most \"60000ms\", got the text \"2min\"\n");
  CHECK(complaints(R"({"t": "-5ms"})", [](ObjectReader& r) { r.duration("t", 1s); }) ==
        "f:1:7: /t: expected a time of at least \"0ms\", got the text \"-5ms\"\n");
}

TEST_CASE("a share is read exactly, and needs a unit where its key has none") {
  const auto share = [](std::string_view value, std::string_view key = "p") {
    std::int64_t ppm = -1;
    const std::string text = "{\"" + std::string(key) + "\": " + std::string(value) + "}";
    const std::string said =
        complaints(text, [&](ObjectReader& r) { ppm = r.ppm(key, -1, {.min = -kWholePpm}); });
    return said.empty() ? std::to_string(ppm) : said;
  };
  CHECK(share("\"100%\"") == "1000000");
  CHECK(share("\"0.0001%\"") == "1");
  CHECK(share("\"12.50000%\"") == "125000");
  CHECK(share("\"-0.02%\"") == "-200");
  CHECK(share("\"0%\"") == "0");
  CHECK(share("\"250ppm\"") == "250");
  CHECK(share("250", "drift_ppm") == "250");
  CHECK(share("\"1%\"", "drift_ppm") == "10000");
  CHECK(share("5") ==
        "f:1:7: /p: a share needs a unit, as in \"5%\" or \"5ppm\"; got the number 5\n");
  CHECK(share("0.5") ==
        "f:1:7: /p: a share needs a unit, as in \"0.5%\" or \"5000ppm\"; got the number 0.5\n");
  CHECK(share("\"101%\"") ==
        "f:1:7: /p: expected a share from \"-100%\" to \"100%\", got the text "
        "\"101%\"\n");
  for (const std::string_view bad :
       {"\"0.00001%\"", "\"1.5ppm\"", "\"%\"", "\".5%\"", "\"5.%\"", "\"--5%\"", "\"1e1%\"",
        "\"99999999999999999999%\"", "\" 5%\"", "\"ppm\"", "true"}) {
    CHECK_MESSAGE(share(bad).find("expected a share such as") != std::string::npos, bad);
  }
}

TEST_CASE("a number out of its range is told the range") {
  const auto read = [](ObjectReader& r) { r.integer("n", 5, {.min = 1, .max = 99}); };
  CHECK(complaints(R"({"n": 0})", read) ==
        "f:1:7: /n: expected a whole number from 1 to 99, got the number 0\n");
  CHECK(complaints(R"({"n": 1e2})", read) ==
        "f:1:7: /n: expected a whole number from 1 to 99, got the number 1e2\n");
  CHECK(complaints(R"({"n": 18446744073709551615})", read) ==
        "f:1:7: /n: expected a whole number from 1 to 99, got the number 18446744073709551615\n");
}

TEST_CASE("a misspelt choice is told what was meant") {
  CHECK(
      complaints(R"({"clock": "mnoo"})", [](ObjectReader& r) { r.choice("clock", kClocks, 0); }) ==
      "f:1:11: /clock: expected one of \"wall\", \"mono\" or \"none\", got \"mnoo\" (did you mean "
      "\"mono\"?)\n");
}

TEST_CASE("a key that nobody asked for is unknown") {
  const auto read = [](ObjectReader& r) {
    r.duration("ttl", 5s);
    r.integer("nodes", 5);
  };
  CHECK(complaints(R"({"ttl": "1s", "ndoes": 3, "colour": 1})", read) ==
        "f:1:15: /ndoes: unknown key \"ndoes\" (did you mean \"nodes\"?)\n"
        "f:1:27: /colour: unknown key \"colour\"; known here: \"ttl\" or \"nodes\"\n");
  CHECK(complaints(R"({"a": 1})", [](ObjectReader&) {}) ==
        "f:1:2: /a: unknown key \"a\"; none is known here\n");
}

TEST_CASE("a misspelt required key is one mistake and not two") {
  CHECK(complaints(R"({"tlt": "1s"})", [](ObjectReader& r) { r.duration("ttl", required); }) ==
        "f:1:2: /tlt: unknown key \"tlt\" (did you mean \"ttl\"?)\n");
}

TEST_CASE("a key that is there already is not suggested for another") {
  CHECK(complaints(R"({"ttl": "1s", "tlt": "1s"})", [](ObjectReader& r) {
          r.duration("ttl", 1s);
        }) == "f:1:15: /tlt: unknown key \"tlt\"; known here: \"ttl\"\n");
}

TEST_CASE("something that is no object is said once") {
  CHECK(complaints("[1]", [](ObjectReader& r) {
          CHECK(r.text("name", required).empty());
          CHECK(r.integer("n", 3) == 3);
          CHECK_FALSE(r.exactly_one_of(kFaults));
        }) == "f:1:1: expected an object in {braces}, got a list\n");
}

TEST_CASE("of keys that exclude each other exactly one is taken") {
  std::string got;
  const auto read = [&](ObjectReader& r) {
    const auto index = r.exactly_one_of(kFaults);
    got = index ? std::string(kFaults[*index]) : "none";
    if (index) r.any(kFaults[*index]);
  };
  CHECK(complaints(R"({"crash": {}})", read).empty());
  CHECK(got == "crash");
  CHECK(complaints(R"({})", read) ==
        "f:1:1: expected one of the keys \"pause\", \"crash\" or \"partition\"\n");
  CHECK(got == "none");
  CHECK(complaints(R"({"pause": {}, "crash": {}})", read) ==
        "f:1:24: /crash: \"pause\" and \"crash\" exclude each other\n");
  CHECK(complaints(R"({"pasue": {}})", read) ==
        "f:1:2: /pasue: unknown key \"pasue\" (did you mean \"pause\"?)\n");
}

TEST_CASE("a key that was only looked for is told that it has no meaning") {
  CHECK(complaints(R"({"at": 1})", [](ObjectReader& r) { CHECK(r.has("at")); }) ==
        "f:1:2: /at: the key \"at\" has no meaning here\n");
}

TEST_CASE("lists: bad items are reported one by one") {
  CHECK(complaints(R"({"a": ["x", 1, null], "b": ["walk", "none"], "c": []})",
                   [](ObjectReader& r) {
                     CHECK(r.texts("a") == std::vector<std::string>{"x"});
                     CHECK(r.choices("b", kClocks) == std::vector<std::size_t>{2});
                     CHECK(r.items("c", required).empty());
                   }) ==
        "f:1:13: /a/1: expected a text in quotes, got the number 1\n"
        "f:1:16: /a/2: expected a text in quotes, got null\n"
        "f:1:29: /b/0: expected one of \"wall\", \"mono\" or \"none\", got \"walk\" (did you mean "
        "\"wall\"?)\n"
        "f:1:51: /c: expected a list with at least one item, got an empty list\n");
}

TEST_CASE("a required text must not be empty") {
  CHECK(complaints(R"({"name": ""})", [](ObjectReader& r) { r.text("name", required); }) ==
        "f:1:10: /name: expected a text that is not empty, got the text \"\"\n");
}

TEST_CASE("a mistake of the reader's own points at the value, or at the object without it") {
  CHECK(complaints(R"({"a": 1})", [](ObjectReader& r) {
          r.ignore("a");
          r.mistake("a", "is odd");
          r.mistake("b", "b would help");
        }) == "f:1:1: b would help\nf:1:7: /a: is odd\n");
}

TEST_CASE("what --set set is blamed on the command line") {
  auto root = parse_located_json(R"({"lock": {}})", "f");
  REQUIRE(root);
  REQUIRE(set_path(*root, "lock.tlt", "5"));
  REQUIRE(set_path(*root, "lock.nodes", "many"));
  Diagnostics diagnostics;
  ObjectReader reader(*root->find("lock"), diagnostics);
  reader.duration("ttl", 1s);
  reader.integer("nodes", 1);
  reader.finish();
  CHECK(to_string(diagnostics) ==
        "--set lock.nodes: /lock/nodes: expected a whole number, got the text \"many\"\n"
        "--set lock.tlt: /lock/tlt: unknown key \"tlt\" (did you mean \"ttl\"?)\n");
}

}  // namespace
}  // namespace locklab
