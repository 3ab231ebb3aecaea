#include "sim/value.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "sim/rng.hpp"

using namespace locklab;

TEST_CASE("a value is printed as what it is") {
  Names names;
  CHECK(to_string(Value{}, names) == "");
  CHECK(to_string(Value::integer(42), names) == "42");
  CHECK(to_string(Value::integer(-7), names) == "-7");
  CHECK(to_string(Value::integer(std::numeric_limits<std::int64_t>::min()), names) ==
        "-9223372036854775808");
  CHECK(to_string(Value::name(names.intern("client-a")), names) == "client-a");
  CHECK(to_string(Value::name(Symbol{}), names) == "");
}

TEST_CASE("a unique value is printed as a UUID in lower case") {
  const Names names;
  CHECK(to_string(Value::unique(0xF81D4FAE7DEC41D0u, 0xA76500A0C91E6BF6u), names) ==
        "f81d4fae-7dec-41d0-a765-00a0c91e6bf6");
  CHECK(to_string(Value::unique(0, 1), names) == "00000000-0000-0000-0000-000000000001");
}

TEST_CASE("a value compares by kind and content") {
  CHECK(Value::integer(1) == Value::integer(1));
  CHECK(Value::integer(1) != Value::integer(2));
  CHECK(Value::integer(1) != Value::name(Symbol{1}));
  CHECK(Value::unique(0, 1) != Value::integer(1));
  CHECK(Value::unique(1, 0) != Value::unique(0, 1));
  CHECK(!Value{});
  CHECK(Value::integer(0));  // a zero is something
}

TEST_CASE("a random unique value is a version 4 UUID [doc: the lock's value is unique]") {
  const Names names;
  Rng rng(7, "test/uuid");
  for (int i = 0; i < 1'000; ++i) {
    const std::string text = to_string(rng.uuid(), names);
    CAPTURE(text);
    REQUIRE(text.size() == 36);
    for (std::size_t at = 0; at < text.size(); ++at) {
      const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
      const std::string_view allowed = dash       ? "-"
                                       : at == 14 ? "4"
                                       : at == 19 ? "89ab"
                                                  : "0123456789abcdef";
      REQUIRE(allowed.find(text[at]) != std::string_view::npos);
    }
  }
}
