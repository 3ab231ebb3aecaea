// Places are checked against a writer that notes, while it writes a random document, where it is.
#include "scenarios/located_json.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace locklab {
namespace {

Node parsed(std::string_view text) {
  auto result = parse_located_json(text, "f");
  REQUIRE_MESSAGE(result.has_value(), to_string(result ? Diagnostics() : result.error()));
  return *result;
}

/// All that is wrong with a text, one line each.
std::string complaint(std::string_view text) {
  auto result = parse_located_json(text, "f");
  return result ? "nothing" : to_string(result.error());
}

std::string at(const Node& node) { return to_string(node.place); }

/// As compact JSON: enough to see that the tree is right.
std::string written(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return node.boolean ? "true" : "false";
    case Node::Kind::integer:
      return std::to_string(node.integer);
    case Node::Kind::unsigned_integer:
      return std::to_string(node.unsigned_integer);
    case Node::Kind::decimal:
      return node.text;
    case Node::Kind::text:
      return '"' + node.text + '"';
    case Node::Kind::array: {
      std::string out = "[";
      for (const Node& item : node.items) out += (out.size() > 1 ? "," : "") + written(item);
      return out + ']';
    }
    case Node::Kind::object: {
      std::string out = "{";
      for (const Member& member : node.members) {
        out += (out.size() > 1 ? ",\"" : "\"") + member.key + "\":" + written(member.value);
      }
      return out + '}';
    }
  }
  return "?";
}

/// Integers from a seed, the same everywhere (SplitMix64).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t bound) {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30u)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27u)) * 0x94D049BB133111EBu;
    return static_cast<std::size_t>((mixed ^ (mixed >> 31u)) % bound);
  }
  template <std::size_t N>
  std::string_view pick(const std::string_view (&choices)[N]) {
    return choices[below(N)];
  }

 private:
  std::uint64_t state_;
};

constexpr std::string_view kBlanks[] = {"",
                                        "",
                                        "",
                                        " ",
                                        "  ",
                                        "\t",
                                        "\n",
                                        "\r\n",
                                        "\r",
                                        "\n\n",
                                        " \r\n ",
                                        "// note\n",
                                        "/* a, b: */",
                                        "/***/",
                                        "/*\n{[\"*/ ",
                                        "// \xC3\xA9 \xF0\x9F\x94\x92\r\n",
                                        "/*\r\n*/",
                                        "/* \xE2\x82\xAC */"};
constexpr std::string_view kNumbers[] = {
    "0", "-0", "7", "-12", "1.50", "1e3", "-2E-1", "0.0", "9223372036854775808", "1234567", "0e0"};
constexpr std::string_view kTexts[] = {"\"\"",
                                       "\"a\"",
                                       "\"\\\"\"",
                                       "\"\\\\\"",
                                       "\"\xC3\xA9\"",
                                       "\"\\u00e9\"",
                                       "\"\xF0\x9F\x94\x92,:\"",
                                       "\"]}//\"",
                                       "\"\\ud83d\\udd12/*\"",
                                       "\"\\\\\\\"\""};

/// Writes a random document and notes the place of each key and value, in the order of writing.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : dice_(seed) {
    if (dice_.below(4) == 0) text_ = "\xEF\xBB\xBF";
    begin_ = text_.size();
    blank();
    value(0);
    blank();
  }

  const std::string& text() const { return text_; }
  const std::vector<std::string>& places() const { return places_; }

 private:
  void blank() { text_ += dice_.pick(kBlanks); }

  // The slow and obvious way: counts from the start of the text, once per token.
  void note() {
    int line = 1;
    int column = 1;
    for (std::size_t index = begin_; index < text_.size(); ++index) {
      const auto byte = static_cast<unsigned char>(text_[index]);
      const bool crlf = byte == '\r' && index + 1 < text_.size() && text_[index + 1] == '\n';
      if (byte == '\n' || (byte == '\r' && !crlf)) {
        ++line;
        column = 1;
      } else if (byte < 0x80 || byte >= 0xC0) {
        ++column;
      }
    }
    places_.push_back("f:" + std::to_string(line) + ':' + std::to_string(column));
  }

  void value(int depth) {
    note();
    switch (dice_.below(depth < 5 ? 7 : 4)) {
      case 0:
        text_ += dice_.pick(kNumbers);
        return;
      case 1:
        text_ += dice_.pick(kTexts);
        return;
      case 2:
        text_ += "true";
        return;
      case 3:
        text_ += dice_.below(2) == 0 ? "null" : "false";
        return;
      case 4: {
        text_ += '[';
        blank();
        const std::size_t count = dice_.below(4);
        for (std::size_t index = 0; index < count; ++index) {
          if (index > 0) text_ += ',';
          blank();
          value(depth + 1);
          blank();
        }
        text_ += ']';
        return;
      }
      default: {
        text_ += '{';
        blank();
        const std::size_t count = dice_.below(4);
        for (std::size_t index = 0; index < count; ++index) {
          if (index > 0) text_ += ',';
          blank();
          note();
          text_ += "\"k\\\"\xC3\xA9" + std::to_string(index) + '"';
          blank();
          text_ += ':';
          blank();
          value(depth + 1);
          blank();
        }
        text_ += '}';
      }
    }
  }

  Dice dice_;
  std::string text_;
  std::size_t begin_ = 0;
  std::vector<std::string> places_;
};

void collect_places(const Node& node, std::vector<std::string>& places) {
  places.push_back(at(node));
  for (const Node& item : node.items) collect_places(item, places);
  for (const Member& member : node.members) {
    places.push_back(to_string(member.key_place));
    collect_places(member.value, places);
  }
}

/// Every pointer leads from the root to the node that bears it.
void check_pointers(const Node& node, const std::string& pointer) {
  CHECK(node.pointer == pointer);
  for (std::size_t index = 0; index < node.items.size(); ++index) {
    check_pointers(node.items[index], pointer + '/' + std::to_string(index));
  }
  for (const Member& member : node.members) {
    check_pointers(member.value, pointer_to(pointer, member.key));
  }
}

constexpr std::string_view kScenario = R"({
  // A scenario as people write them.
  "name": "gc-pause", "seed": 18446744073709551615,
  "servers": { "redis": 5, "storage": { "fenced": false } },
  "clients": [ { "name": "client-a" }, { "name": "client-b", "start": "5ms" } ],
  "lock": { "algorithm": "redlock", "ttl": "5s", "ratio": 2.50 }, /* } */
  "faults": [ { "on": null, "pause": { "who": "client-\u00e9", "lasts": -9 } }, [], {} ]
}
)";

TEST_CASE("every value and key knows its line and column") {
  const Node root = parsed("{\n  \"a\": 12,\n\t\"b\" : [ true,null\n , \"x\"]\n}");
  CHECK(at(root) == "f:1:1");
  CHECK(to_string(root.members[0].key_place) == "f:2:3");
  CHECK(at(root.members[0].value) == "f:2:8");
  CHECK(to_string(root.members[1].key_place) == "f:3:2");
  const Node& list = root.members[1].value;
  CHECK(at(list) == "f:3:8");
  CHECK(at(list.items[0]) == "f:3:10");
  CHECK(at(list.items[1]) == "f:3:15");
  CHECK(at(list.items[2]) == "f:4:4");
}

TEST_CASE("a number's place does not depend on what follows it") {
  for (const std::string_view text : {"[1,-2.5e3]", "[1 ,-2.5e3 ]", "[1,-2.5e3\n]",
                                      "[1,-2.5e3\r\n]", "[1,-2.5e3/**/]", "[1,-2.5e3// x\n]"}) {
    const Node root = parsed(text);
    CHECK(at(root.items[0]) == "f:1:2");
    CHECK(at(root.items[1]) == (text[2] == ' ' ? "f:1:5" : "f:1:4"));
    CHECK(root.items[1].text == "-2.5e3");
  }
  CHECK(at(parsed(R"({"a":5})").members[0].value) == "f:1:6");
  CHECK(at(parsed("5")) == "f:1:1");
  CHECK(at(parsed("\n 5")) == "f:2:2");
}

TEST_CASE("nested empty containers have the places of their brackets") {
  const Node root = parsed("[[],{},[[ ]],{\"a\":{}}]");
  CHECK(at(root.items[0]) == "f:1:2");
  CHECK(at(root.items[1]) == "f:1:5");
  CHECK(at(root.items[2]) == "f:1:8");
  CHECK(at(root.items[2].items[0]) == "f:1:9");
  CHECK(at(root.items[3].members[0].value) == "f:1:19");
}

TEST_CASE("columns count code points, and a byte order mark is none") {
  CHECK(at(parsed("[\"\xC3\xA9\xF0\x9F\x94\x92\", 1]").items[1]) == "f:1:8");
  CHECK(at(parsed("\xEF\xBB\xBF[1]").items[0]) == "f:1:2");
  CHECK(at(parsed("[\"\\\"\\\\\\u00e9\", 1]").items[1]) == "f:1:16");
}

TEST_CASE("a line ends at LF, at CRLF and at a lone CR") {
  const Node root = parsed("[1,\r\n2,\n3,\r4,\r\n\r\n 5]");
  CHECK(at(root.items[1]) == "f:2:1");
  CHECK(at(root.items[2]) == "f:3:1");
  CHECK(at(root.items[3]) == "f:4:1");
  CHECK(at(root.items[4]) == "f:6:2");
}

TEST_CASE("JSON pointers are escaped as RFC 6901 says") {
  const Node root = parsed(R"({"a/b": {"~": [0, {"": 1}]}})");
  CHECK(root.pointer.empty());
  const Node& inner = root.members[0].value.members[0].value.items[1].members[0].value;
  CHECK(inner.pointer == "/a~1b/~0/1/");
}

TEST_CASE("numbers stay exact") {
  const Node root = parsed(
      "[9223372036854775807, 9223372036854775808, 18446744073709551615, 18446744073709551616,"
      "-9223372036854775808, -9223372036854775809, 1.10, 1E2, -0]");
  using Kind = Node::Kind;
  const Kind kinds[] = {Kind::integer, Kind::unsigned_integer, Kind::unsigned_integer,
                        Kind::decimal, Kind::integer,          Kind::decimal,
                        Kind::decimal, Kind::decimal,          Kind::integer};
  for (std::size_t index = 0; index < 9; ++index) CHECK(root.items[index].kind == kinds[index]);
  CHECK(root.items[0].integer == INT64_MAX);
  CHECK(root.items[2].unsigned_integer == UINT64_MAX);
  CHECK(root.items[3].text == "18446744073709551616");
  CHECK(root.items[4].integer == INT64_MIN);
  CHECK(root.items[6].text == "1.10");
  CHECK(root.items[7].text == "1E2");
}

TEST_CASE("random documents: every place is where the writer was") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const Writer writer(seed);
    const Node root = parsed(writer.text());
    std::vector<std::string> places;
    collect_places(root, places);
    REQUIRE_MESSAGE(places == writer.places(), writer.text());
    check_pointers(root, "");
  }
}

TEST_CASE("random damage to a document never crashes, and what is accepted reads the same again") {
  constexpr std::string_view kBits[] = {
      "{",  "}",  "[",     "]",   ",",  ":", "\"", "\\", "/", "/*",   "//",
      "*/", "5s", "tru",   "\n",  "\r", "0", "1e", "-",  ".", "\xC3", "\xEF\xBB\xBF",
      "'",  "\t", "1e999", "null"};
  int accepted = 0;
  for (std::uint64_t seed = 0; seed < 30000; ++seed) {
    Dice dice(seed);
    std::string text = seed % 3 == 0 ? Writer(seed).text() : std::string(kScenario);
    for (std::size_t count = 1 + dice.below(4); count > 0; --count) {
      const std::size_t where = dice.below(text.size() + 1);
      switch (dice.below(4)) {
        case 0:
          text.insert(where, dice.pick(kBits));
          break;
        case 1:
          text.erase(where, 1 + dice.below(5));
          break;
        case 2:
          text.resize(where);
          break;
        default:
          if (where < text.size()) text[where] = static_cast<char>(dice.below(256));
      }
      if (text.empty()) break;
    }
    auto result = parse_located_json(text, "f");
    if (!result) {
      for (const Diagnostic& diagnostic : result.error().sorted()) {
        REQUIRE_MESSAGE(diagnostic.place.line >= 1, text);
        REQUIRE_MESSAGE(diagnostic.place.column >= 1, text);
        REQUIRE_MESSAGE(is_utf8(to_string(diagnostic)), text);
      }
    } else {
      ++accepted;
      check_pointers(*result, "");
      Node root = *result;
      static_cast<void>(set_path(root, "lock.ttl", text));
      static_cast<void>(set_path(root, text, "5"));
    }
  }
  CHECK(accepted > 1000);
}

TEST_CASE("a duplicate key is a mistake that names both places") {
  CHECK(complaint("{\"a\": 1,\n \"b\": {\"x\":1, \"x\":2},\n \"a\": 2}") ==
        "f:2:15: /b/x: the key \"x\" appears twice; the first is at f:2:8\n"
        "f:3:2: /a: the key \"a\" appears twice; the first is at f:1:2\n");
  CHECK(complaint(R"({"a": 1, "\u0061": 2})") ==
        "f:1:10: /a: the key \"a\" appears twice; the first is at f:1:2\n");
}

TEST_CASE("deep nesting is a mistake and not a stack overflow") {
  const std::string allowed = std::string(200, '[') + std::string(200, ']');
  CHECK(complaint(allowed) == "nothing");
  const std::string text = complaint(std::string(1'000'000, '['));
  CHECK(text.substr(0, 9) == "f:1:201: ");
  CHECK(text.find("nested more than 200 deep") != std::string::npos);
}

TEST_CASE("comments are allowed wherever white space is") {
  CHECK(written(parsed("// a\n{/**/\"a\"/* : */:// b\r\n[1,/*,*/2]}//")) == R"({"a":[1,2]})");
}

TEST_CASE("syntax mistakes are told as sentences, at the place where they are") {
  CHECK(complaint("") == "f:1:1: there is nothing in it; expected an object in {braces}\n");
  CHECK(complaint("// only this\n") ==
        "f:2:1: there is nothing in it; expected an object in {braces}\n");
  CHECK(complaint("{\"a\": 1,\n}") == "f:2:1: there is a comma too many before \"}\"\n");
  CHECK(complaint("[1, 2,]") == "f:1:7: /2: there is a comma too many before \"]\"\n");
  CHECK(complaint("[1,,2]") == "f:1:4: /1: expected a value after the comma, found \",\"\n");
  CHECK(complaint("{\"a\": 1\n \"b\": 2}") ==
        "f:2:2: expected \",\" or \"}\" before the text \"b\"\n");
  CHECK(complaint("{\"a\" 1}") == "f:1:6: /a: expected \":\" after the key \"a\", found \"1\"\n");
  CHECK(complaint("{\"a\":}") == "f:1:6: /a: expected a value for \"a\", found \"}\"\n");
  CHECK(complaint("{\"a\": [1}") ==
        "f:1:9: /a/1: expected \"]\", found \"}\": the \"[\" at 1:7 is not closed\n");
  CHECK(complaint("{\"a\": {\n") ==
        "f:2:1: /a: the text ends too early: the \"{\" at 1:7 is not closed\n");
  CHECK(complaint("{} []") ==
        "f:1:4: expected nothing after the end of the document, found \"[\"\n");
  CHECK(complaint("{ttl: 5}") == "f:1:2: expected a key in double quotes, found \"ttl\"\n");
  CHECK(complaint("{1: 5}") == "f:1:2: expected a key in double quotes or \"}\", found \"1\"\n");
  CHECK(complaint("{'ttl': 5}") == "f:1:2: texts and keys are written in \"double quotes\"\n");
  CHECK(complaint("{\"ttl\":\n  5s}") ==
        "f:2:3: what is neither a number nor true, false or null is written in quotes: \"5s\"\n");
  CHECK(complaint("[True]") ==
        "f:1:2: /0: \"True\" has no meaning here; a text is written in double quotes (did you mean "
        "\"true\"?)\n");
  CHECK(complaint("[.5]") == "f:1:2: /0: \".5\" is not a number as JSON writes them\n");
  CHECK(complaint("[-]") == "f:1:2: /0: \"-\" is not a number as JSON writes them\n");
  CHECK(complaint("[1e999]") == "f:1:2: /0: the number \"1e999\" is too large\n");
  CHECK(complaint("[\"abc\n]") == "f:1:2: /0: this text has no closing quote\n");
  CHECK(complaint("[\"abc]") == "f:1:2: /0: this text has no closing quote\n");
  CHECK(complaint("[\"a\tb\"]").substr(0, 7) == "f:1:4: ");
  CHECK(complaint("[\"a\\q\"]").substr(0, 26) == "f:1:5: /0: \"q\" does not be");
  CHECK(complaint("[\"a\\u12\"]").find("4 hex digits") != std::string::npos);
  CHECK(complaint("[\"\xFF\"]") == "f:1:3: /0: this text is not valid UTF-8\n");
  CHECK(complaint("[1, /* 2]") == "f:1:5: /1: this comment has no closing */\n");
  CHECK(complaint("[1, / 2]") == "f:1:5: /1: a comment begins with // or with /*\n");
  CHECK(complaint(std::string_view("{}\0 x", 5)) ==
        "f:1:3: there is a NUL character in the text\n");
}

TEST_CASE("what a user wrote cannot move the cursor of a terminal") {
  const std::string text = complaint("{\"\\u001b[2J\": 1, \"\\u001b[2J\": 2}");
  CHECK(text ==
        "f:1:18: /\\u001b[2J: the key \"\\u001b[2J\" appears twice; the first is at f:1:2\n");
  CHECK(printable("\xE2\x80\xAE"
                  "a\x7F\xC2\x9B\xFF") == "\\u202ea\\u007f\\u009b\\xff");
  CHECK(in_quotes("a\"\\\n") == R"("a\"\\\n")");
  CHECK(in_quotes(std::string(100, 'x'), 5) == "\"xxxxx...\"");
}

TEST_CASE("mistakes are sorted by place, the command line last, and capped") {
  Diagnostics diagnostics;
  diagnostics.add({"--set a", 0, 0}, "/a", "third");
  diagnostics.add({"f", 10, 1}, "", "second");
  diagnostics.add({"f", 9, 30}, "/x", "first", "y");
  diagnostics.add({"--set A", 0, 0}, "/A", "fourth");
  CHECK(to_string(diagnostics) ==
        "f:9:30: /x: first (did you mean \"y\"?)\nf:10:1: second\n--set a: /a: third\n"
        "--set A: /A: fourth\n");
  CHECK(to_string(diagnostics, 1) == "f:9:30: /x: first (did you mean \"y\"?)\nand 3 more\n");
}

std::string set(std::string_view document, std::string_view path, std::string_view value) {
  Node root = parsed(document);
  const auto result = set_path(root, path, value);
  if (!result) {
    CHECK(written(root) == written(parsed(document)));  // untouched
    return to_string(result.error());
  }
  check_pointers(root, "");
  return written(root);
}

TEST_CASE("--set replaces, creates members and appends to lists") {
  CHECK(set(R"({"lock":{"ttl":"1s"}})", "lock.ttl", "5s") == R"({"lock":{"ttl":"5s"}})");
  CHECK(set(R"({})", "lock.ttl", "5s") == R"({"lock":{"ttl":"5s"}})");
  CHECK(set(R"({"c":[1,{"x":2}]})", "c.1.start", "7") == R"({"c":[1,{"x":2,"start":7}]})");
  CHECK(set(R"({"c":[1]})", "c.1", "null") == R"({"c":[1,null]})");
  CHECK(set(R"({"c":[1]})", "c.-.who", "a") == R"({"c":[1,{"who":"a"}]})");
  CHECK(set(R"({})", "f.0.pause.lasts", "9s") == R"({"f":[{"pause":{"lasts":"9s"}}]})");
  CHECK(set(R"({})", "f.0.0.a", "1") == R"({"f":[[{"a":1}]]})");
  CHECK(set(R"({"a":{"0":1}})", "a.0", "2") == R"({"a":{"0":2}})");
  CHECK(set(R"({"a":{"b.c":1,"~/":2}})", "/a/b.c", "3") == R"({"a":{"b.c":3,"~/":2}})");
  CHECK(set(R"({"a":{"b.c":1,"~/":2}})", "/a/~0~1", "3") == R"({"a":{"b.c":1,"~/":3}})");
}

TEST_CASE("--set takes JSON where it is JSON, and a text otherwise") {
  CHECK(set("{}", "a", "true") == R"({"a":true})");
  CHECK(set("{}", "a", " 12 ") == R"({"a":12})");
  CHECK(set("{}", "a", "\"12\"") == R"({"a":"12"})");
  CHECK(set("{}", "a", "[1,{\"b\":[]}]") == R"({"a":[1,{"b":[]}]})");
  CHECK(set("{}", "a", "client-a") == R"({"a":"client-a"})");
  CHECK(set("{}", "a", "") == R"({"a":""})");
  CHECK(set("{}", "a", "1 // not a comment") == R"({"a":"1 // not a comment"})");
  CHECK(set("{}", "a", "1, 2") == R"({"a":"1, 2"})");
}

TEST_CASE("what --set made says so") {
  Node root = parsed(R"({"lock":{}})");
  REQUIRE(set_path(root, "lock.new.list", "[5]"));
  const Member& made = root.members[0].value.members[0];
  CHECK(to_string(made.key_place) == "--set lock.new.list");
  CHECK(at(made.value) == "--set lock.new.list");
  CHECK(at(made.value.members[0].value.items[0]) == "--set lock.new.list");
  CHECK(made.value.members[0].value.items[0].pointer == "/lock/new/list/0");
  CHECK(at(root.members[0].value) == "f:1:9");
}

TEST_CASE("--set says what it cannot do, and does nothing") {
  CHECK(set(R"({"a":[1,2]})", "a.3", "1") ==
        "--set a.3: /a: there is no item \"3\": the list ends at 1, and 2 would append to it");
  CHECK(set(R"({"a":[1,2]})", "a.x", "1") ==
        "--set a.x: /a: there is no item \"x\": the list ends at 1, and 2 would append to it");
  CHECK(set(R"({"a":[]})", "a.01", "1") ==
        "--set a.01: /a: there is no item \"01\": the list is empty; its first item is 0");
  CHECK(set(R"({})", "a.b.2.c", "1") ==
        "--set a.b.2.c: /a/b: there is no item \"2\": the list is empty; its first item is 0");
  CHECK(set(R"({"a":"x"})", "a.b", "1") ==
        "--set a.b: /a: expected an object or a list that has \"b\", got the text \"x\"");
  for (const std::string_view path : {"", ".", "a.", ".a", "a..b", "/", "/a/", "//a"}) {
    CHECK(set("{}", path, "1").find("expected keys and list indices") != std::string::npos);
  }
  CHECK(set("{}", "a", "{\"b\":}") == "--set a: /a/b: expected a value for \"b\", found \"}\"");
  CHECK(set("{}", "a", "{\"b\":1,\"b\":2}") == "--set a: /a/b: the key \"b\" appears twice");
  CHECK(set("{}", "a", "[1") == "--set a: /a/1: the text ends too early: the \"[\" is not closed");
  CHECK(set("{}", "a", "\xFF") == "--set a: /a: the value is not valid UTF-8");
  CHECK(set("{}", "\xFF", "1").find("the path is not valid UTF-8") != std::string::npos);
  CHECK(set("{}", std::string(500, 'a') + std::string(100'000, '.'), "1").find("expected keys") !=
        std::string::npos);
}

}  // namespace
}  // namespace locklab
