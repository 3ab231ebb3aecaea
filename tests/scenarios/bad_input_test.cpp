// Every file in tests/scenarios/bad is wrong in its own way, and <name>.expected holds, to the
// letter, what a user is told. LOCKLAB_REWRITE=1 writes those files anew; the difference is
// reviewed like code. A name begins with what finds the mistake: "syntax-" (no JSON), "form-" (the
// published schema refuses it) or "meaning-" (only the reader can know);
// tests/tools/check_schema.py holds us to that.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "scenarios/scenario_json.hpp"

namespace locklab {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string what_is_said(const fs::path& path) {
  const auto root = parse_located_json(contents(path), path.filename().string());
  if (!root) return to_string(root.error());
  Diagnostics diagnostics;
  const auto scenario = read_scenario(*root, diagnostics);
  CHECK(scenario.has_value() == diagnostics.empty());
  return to_string(diagnostics);
}

TEST_CASE("every bad file is answered as it was agreed") {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(LOCKLAB_SOURCE_DIR) / "tests/scenarios/bad"))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  CHECK(files.size() >= 40);

  const bool rewrite = std::getenv("LOCKLAB_REWRITE") != nullptr;
  for (const fs::path& path : files) {
    CAPTURE(path.filename().string());
    const std::string said = what_is_said(path);
    CHECK(!said.empty());
    const fs::path agreed = fs::path(path).replace_extension(".expected");
    if (rewrite) std::ofstream(agreed, std::ios::binary) << said;
    CHECK(said == contents(agreed));
  }
}

TEST_CASE("formatting, comments and the order of keys do not change the hash; values do") {
  const auto hash = [](std::string_view text) {
    const auto root = parse_located_json(text, "f");
    REQUIRE(root);
    return scenario_hash(*root);
  };
  const std::string plain = hash(R"({"a": 1, "b": ["x", {"c": true, "d": null}]})");
  CHECK(plain.size() == 16);
  CHECK(plain == hash(R"({"b":["x",{"d":null,"c":true}], /* first */ "a":1})"));
  CHECK(plain == hash(R"({"$schema": "here", "a": 1, "b": ["x", {"c": true, "d": null}]})"));
  CHECK(plain != hash(R"({"a": 2, "b": ["x", {"c": true, "d": null}]})"));
  CHECK(plain != hash(R"({"a": "1", "b": ["x", {"c": true, "d": null}]})"));
  CHECK(plain != hash(R"({"a": 1, "b": [{"c": true, "d": null}, "x"]})"));
  CHECK(hash(R"(["ab", "c"])") != hash(R"(["a", "bc"])"));
  CHECK(hash(R"([[1], 2])") != hash(R"([[1, 2]])"));
}

}  // namespace
}  // namespace locklab
