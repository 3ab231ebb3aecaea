#include "sim/names.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "sim/arena.hpp"
#include "sim/rng.hpp"

using namespace locklab;

TEST_CASE("a name has one number, in the order of first use") {
  Names names;
  const Symbol redis = names.intern("redis-1");
  const Symbol client = names.intern("client-a");
  CHECK(redis.number == 1);
  CHECK(client.number == 2);
  CHECK(names.intern("redis-1") == redis);
  CHECK(names.text(client) == "client-a");
  CHECK(names.size() == 3);
}

TEST_CASE("number zero is the empty name") {
  Names names;
  CHECK(names.size() == 1);
  CHECK(names.text(Symbol{}) == "");
  CHECK(!names.intern(""));
  CHECK(!names.find(""));
  CHECK(names.size() == 1);
}

TEST_CASE("finding a name does not make it") {
  Names names;
  CHECK(!names.find("client-a"));
  const Symbol client = names.intern("client-a");
  CHECK(names.find("client-a") == client);
  CHECK(!names.find("client-b"));
  CHECK(names.size() == 2);
}

TEST_CASE("a name keeps its own copy of the text") {
  Names names;
  std::string text = "inventory:item-123";
  const Symbol symbol = names.intern(text);
  text.assign("XXXXXXXXXXXXXXXXXX");
  CHECK(names.text(symbol) == "inventory:item-123");
}

TEST_CASE("texts differ by every byte, zero bytes and the length included") {
  Names names;
  const Symbol a = names.intern("a");
  const Symbol b = names.intern(std::string_view("a\0", 2));
  const Symbol c = names.intern(std::string_view("\0a", 2));
  const Symbol d = names.intern(std::string_view("\0", 1));
  CHECK(names.size() == 5);
  CHECK(names.text(b).size() == 2);
  CHECK((a != b && b != c && c != d));
}

TEST_CASE("thousands of names stay where they are while the table grows") {
  Names names;
  const std::string_view first = names.text(names.intern("the first one"));
  for (int i = 0; i < 5'000; ++i)
    REQUIRE(names.intern("client-" + std::to_string(i)).number == static_cast<unsigned>(i) + 2);
  for (int i = 0; i < 5'000; ++i) {
    const Symbol symbol = names.find("client-" + std::to_string(i));
    REQUIRE(symbol.number == static_cast<unsigned>(i) + 2);
    REQUIRE(names.text(symbol) == "client-" + std::to_string(i));
  }
  CHECK(names.text(Symbol{1}).data() == first.data());
  CHECK(names.intern(std::string(100'000, 'x')).number == 5'002);
  CHECK(names.text(Symbol{5'002}).size() == 100'000);
}

TEST_CASE("a copy outlives the run whose memory the original used") {
  std::unique_ptr<Names> copy;
  {
    Arena arena;
    Names names(&arena);
    for (int i = 0; i < 300; ++i) names.intern("key:" + std::to_string(i));
    const std::size_t used = arena.bytes_used();
    copy = std::make_unique<Names>(names);
    CHECK(arena.bytes_used() == used);  // nothing of the copy lies in the arena
    CHECK(copy->text(Symbol{1}).data() != names.text(Symbol{1}).data());
  }
  CHECK(copy->size() == 301);
  for (unsigned i = 0; i < 300; ++i) {
    REQUIRE(copy->text(Symbol{i + 1}) == "key:" + std::to_string(i));
    REQUIRE(copy->find("key:" + std::to_string(i)).number == i + 1);
  }
  CHECK(copy->intern("one more").number == 301);  // and it goes on by itself
}

TEST_CASE("names give all of a run's memory back") {
  Arena arena;
  {
    Names names(&arena);
    for (int i = 0; i < 1'000; ++i) names.intern(std::to_string(i));
  }
  CHECK(arena.bytes_used() == 0);
}

TEST_CASE("the hash of a text is the same everywhere") {
  static_assert(hash_text("a") != hash_text(std::string_view("a\0", 2)));
  static_assert(hash_text("ab", hash_text("c")) != hash_text("abc"));
  CHECK(hash_text("") == 0xE88D2CD17C058B32u);
  CHECK(hash_text("client-a") == 0x7E14E0CCFFBD16CEu);
  CHECK(hash_text("lock:inventory:item-123") == 0xFD6129D74345B400u);
}
