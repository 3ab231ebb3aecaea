// The search is tested by mistakes that it has to find.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/mutants/hunt.hpp"
#include "tests/mutants/mutant.hpp"

using namespace locklab;
using namespace locklab::mutants;

namespace {

namespace fs = std::filesystem;
const fs::path kSource = LOCKLAB_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const std::vector<Mutant>& listed() {
  static const auto all = read_mutants(text_of(kSource / "tests/mutants/mutants.txt"));
  REQUIRE_MESSAGE(all.has_value(), all.error().sentence);
  return *all;
}

/// Each on its own; the threads change nothing but the time.
std::vector<Hunt> hunt_all(const std::vector<Mutant>& mutants) {
  std::vector<Hunt> hunts(mutants.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::clamp(std::thread::hardware_concurrency(), 1u, 4u); ++i)
    threads.emplace_back([&] {
      for (std::size_t mine = next++; mine < mutants.size(); mine = next++)
        hunts[mine] = hunt(mutants[mine]);
    });
  for (std::thread& thread : threads) thread.join();
  return hunts;
}

Mutant change(unsigned number, std::string expression, std::string becomes) {
  Mutant mutant;
  mutant.number = number;
  mutant.expression = std::move(expression);
  mutant.becomes = std::move(becomes);
  return mutant;
}

}  // namespace

TEST_CASE("at least 95 of 100 mutants are killed, and the others have a reason") {
  const std::vector<Mutant>& mutants = listed();
  CHECK(mutants.size() >= 60);
  const std::vector<Hunt> hunts = hunt_all(mutants);
  std::size_t killed = 0;
  for (std::size_t i = 0; i < mutants.size(); ++i) {
    CAPTURE(mutants[i].number);
    CAPTURE(mutants[i].mistake);
    const bool dead = hunts[i].killed_by.has_value();
    if (dead) ++killed;
    CHECK(dead == mutants[i].survives.empty());
  }
  CHECK(killed * 100 >= mutants.size() * 95);

  const std::string said = page(mutants, hunts);
  if (std::getenv("LOCKLAB_REWRITE") != nullptr)
    std::ofstream(kSource / "docs/mutants.md", std::ios::binary) << said;
  const bool same = said == text_of(kSource / "docs/mutants.md");
  CHECK_MESSAGE(same, "LOCKLAB_REWRITE=1 build/release/test_mutants writes docs/mutants.md");
}

TEST_CASE("no mutant is switched on unless a hunt does it") { CHECK(active_mutant == 0); }

TEST_CASE("a patch finds its place whatever the white space, and keeps the original") {
  const Mutant quorum = change(7, "votes < quorum_", "votes + 1 < quorum_");
  const auto copy = patched("if (votes  <\n    quorum_) return;", {&quorum});
  REQUIRE(copy.has_value());
  CHECK(*copy ==
        "#include \"tests/mutants/mutant.hpp\"\n"
        "if ((::locklab::mutant(7) ? (votes + 1 < quorum_) : (votes  <\n    quorum_))) return;");
}

TEST_CASE("a statement is replaced or left out") {
  Mutant skipped;
  skipped.number = 3;
  skipped.statement = "release();";
  const auto copy = patched("take(); release();", {&skipped});
  REQUIRE(copy.has_value());
  CHECK(copy->ends_with("take(); if (::locklab::mutant(3)) {  } else { release(); }"));
}

TEST_CASE("two mutants of one place take turns") {
  const Mutant one = change(1, "a < b", "a > b");
  const Mutant two = change(2, "a < b", "a <= b");
  const auto copy = patched("return a < b;", {&one, &two});
  REQUIRE(copy.has_value());
  CHECK(copy->ends_with(
      "return (::locklab::mutant(1) ? (a > b) : ::locklab::mutant(2) ? (a <= b) : (a < b));"));
}

TEST_CASE("a patch that does not fit exactly once is an error that names the mutant") {
  const Mutant missing = change(4, "c < d", "c > d");
  const auto none = patched("return a < b;", {&missing});
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().sentence == "mutant 4: `c < d` is there 0 times, not once");
  const Mutant twice = change(5, "a", "b");
  REQUIRE_FALSE(patched("a + a", {&twice}).has_value());
  const Mutant outer = change(6, "a + b", "a");
  const Mutant inner = change(7, "b", "c");
  const auto overlap = patched("x = a + b;", {&outer, &inner});
  REQUIRE_FALSE(overlap.has_value());
  CHECK(overlap.error().sentence == "mutant 7: its place overlaps another's");
}

TEST_CASE("a list with a mistake says where it is") {
  const auto problem = [](std::string_view text) {
    const auto read = read_mutants(text);
    return read ? std::string() : read.error().sentence;
  };
  CHECK(problem("mutant 2\n") == "line 1: mutants are numbered in order: 1 comes next");
  CHECK(problem("mutant 1\nmistaek x\n") == "line 2: there is no key 'mistaek'");
  CHECK(problem("mistake x\n") == "line 1: an entry begins with 'mutant'");
  CHECK(problem("mutant 1\nmistake x\nfile f\n") == "mutant 1: it needs a lock or a scenario");
}
