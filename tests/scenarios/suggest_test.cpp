#include "scenarios/suggest.hpp"

#include <doctest/doctest.h>

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace locklab {
namespace {

std::string meant(std::string_view word, std::initializer_list<std::string_view> candidates) {
  const std::vector<std::string_view> all(candidates);
  return std::string(closest(word, all).value_or("-"));
}

constexpr std::array<std::string_view, 7> kLocks = {
    "simple_redis_lock", "naive_redis_lock", "redlock",      "fenced_lock",
    "zookeeper_lock",    "database_lock",    "two_tier_lock"};
constexpr std::array<std::string_view, 8> kInvariants = {
    "mutual_exclusion", "client_mutual_exclusion",
    "fencing",          "stale_write",
    "ownership",        "bounded_wait",
    "deadlock",         "no_lost_update"};

std::string lock(std::string_view word) { return std::string(closest(word, kLocks).value_or("-")); }
std::string invariant(std::string_view word) {
  return std::string(closest(word, kInvariants).value_or("-"));
}

TEST_CASE("a letter more, less, wrong or swapped is seen through") {
  CHECK(meant("dco-1", {"doc-1", "doc-2", "gc-pause"}) == "doc-1");
  CHECK(lock("redlok") == "redlock");
  CHECK(lock("redllock") == "redlock");
  CHECK(lock("rebcok") == "-");
  CHECK(lock("fencde_lock") == "fenced_lock");
  CHECK(invariant("owernship") == "ownership");
  CHECK(meant("tlt", {"ttl", "retry"}) == "ttl");
  CHECK(meant("node", {"nodes", "name"}) == "nodes");
}

TEST_CASE("capitals and separators hardly count, but they break a tie") {
  CHECK(lock("Two-Tier-Lock") == "two_tier_lock");
  CHECK(lock("REDLOCK") == "redlock");
  CHECK(meant("Doc", {"doc", "Doc", "DOC"}) == "Doc");
  CHECK(meant("a_b", {"a-b", "a_b"}) == "a_b");
}

TEST_CASE("a beginning or a good part is enough") {
  CHECK(lock("zookeeper") == "zookeeper_lock");
  CHECK(lock("zoo") == "zookeeper_lock");
  CHECK(lock("redlock_lock") == "redlock");
  CHECK(lock("redis_lock") == "naive_redis_lock");
  CHECK(invariant("exclusion") == "mutual_exclusion");
  CHECK(lock("ock") == "-");
}

TEST_CASE("shared words are enough, too") {
  CHECK(meant("client_mutex", {"lock_mutual_exclusion", "client_mutual_exclusion"}) ==
        "client_mutual_exclusion");
  CHECK(invariant("client_mutex") == "client_mutual_exclusion");
  CHECK(invariant("write_stale") == "stale_write");
  CHECK(invariant("wait_bounded") == "bounded_wait");
}

TEST_CASE("nonsense gets no suggestion") {
  for (const std::string_view word : {"", "x", "xyzzy", "lasagne", "q-r-s", "----", "1234"}) {
    CHECK_MESSAGE(lock(word) == "-", word);
    CHECK_MESSAGE(invariant(word) == "-", word);
  }
  CHECK(meant("a", {"b", "c"}) == "-");
  CHECK(meant("word", {}) == "-");
  CHECK(meant("word", {""}) == "-");
  CHECK(closest(std::string(100'000, 'r'), kLocks) == std::nullopt);
}

TEST_CASE("of equals the first one is suggested") {
  CHECK(meant("doc-9", {"doc-2", "doc-1"}) == "doc-2");
}

}  // namespace
}  // namespace locklab
