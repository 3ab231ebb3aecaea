#include "sim/time.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <type_traits>

#include "sim/rng.hpp"

using namespace locklab;

namespace {

template <class A, class B>
concept Subtractable = requires(A a, B b) {
  a - b;
};

bool reads_as(std::string_view text, Duration duration) {
  const std::optional<Duration> read = parse_duration(text);
  return read.has_value() && *read == duration;
}

bool refused(std::string_view text) { return !parse_duration(text).has_value(); }

}  // namespace

TEST_CASE("the three kinds of time do not mix") {
  static_assert(Subtractable<Instant, Instant>);
  static_assert(Subtractable<WallInstant, WallInstant>);
  static_assert(!Subtractable<WallInstant, Instant>);
  static_assert(!Subtractable<MonoInstant, WallInstant>);
  static_assert(!Subtractable<Instant, MonoInstant>);
  static_assert(!std::is_convertible_v<WallInstant, Instant>);
}

TEST_CASE("whole milliseconds are cut off downwards, as software reads a clock [spec 1.1]") {
  CHECK(whole_ms(WallInstant{1'999'999ns}) == 1);
  CHECK(whole_ms(WallInstant{0ns}) == 0);
  CHECK(whole_ms(WallInstant{-1ns}) == -1);
  CHECK(whole_ms(MonoInstant{-1ms}) == -1);
}

TEST_CASE("a duration is printed in the document's manner: milliseconds") {
  CHECK(to_string(Duration{9973ms}) == "9973ms");
  CHECK(to_string(Duration{0ms}) == "0ms");
  CHECK(to_string(Duration{500us}) == "0.5ms");
  CHECK(to_string(Duration{70us}) == "0.07ms");
  CHECK(to_string(Duration{1us}) == "0.001ms");
  CHECK(to_string(Duration{1500us}) == "1.5ms");
  CHECK(to_string(Duration{10s}) == "10000ms");
  CHECK(to_string(Duration{-1500us}) == "-1.5ms");
  CHECK(to_string(Instant{5ms}) == "5ms");
}

TEST_CASE("whole seconds from 100 s up are printed as seconds") {
  CHECK(to_string(Duration{99s}) == "99000ms");
  CHECK(to_string(Duration{100s}) == "100s");
  CHECK(to_string(Duration{1h}) == "3600s");
  CHECK(to_string(Duration{-1h}) == "-3600s");
  CHECK(to_string(Duration{100s + 1ms}) == "100001ms");
}

TEST_CASE("what is finer than a microsecond is printed in microseconds or nanoseconds") {
  CHECK(to_string(Duration{15ns}) == "15ns");
  CHECK(to_string(Duration{-15ns}) == "-15ns");
  CHECK(to_string(Duration{1001ns}) == "1.001us");
  CHECK(to_string(Duration{1'234'567ns}) == "1234.567us");
  CHECK(to_string(Duration{1'234'560ns}) == "1234.56us");
}

TEST_CASE("every unit is read") {
  CHECK(reads_as("1150ms", 1150ms));
  CHECK(reads_as("2.5s", 2500ms));
  CHECK(reads_as("70us", 70us));
  CHECK(reads_as("15ns", 15ns));
  CHECK(reads_as("3min", 3min));
  CHECK(reads_as("1h", 1h));
  CHECK(reads_as("+1h", 1h));
  CHECK(reads_as("-0.25ms", -250us));
  CHECK(reads_as("007ms", 7ms));
}

TEST_CASE("a decimal is read exactly or not at all") {
  CHECK(reads_as("0.000001ms", 1ns));
  CHECK(reads_as("0.0000010000000000000000000000ms", 1ns));
  CHECK(refused("0.0000001ms"));
  CHECK(refused("0.0000015ms"));
  CHECK(refused("1.5ns"));
  CHECK(reads_as("1.0ns", 1ns));
  CHECK(reads_as("0.1min", 6s));
  CHECK(reads_as("0.00000000005min", 3ns));
  CHECK(refused("0.00000000001min"));
  CHECK(reads_as("0.0000000000025h", 9ns));
  CHECK(refused("0.00000000000025h"));
  CHECK(reads_as("0.3s", 300ms));  // which no binary fraction is
}

TEST_CASE("what does not fit into 64 bits of nanoseconds is refused") {
  constexpr Duration kMost = Duration::max();
  constexpr Duration kLeast = Duration::min();
  CHECK(reads_as("9223372036854775807ns", kMost));
  CHECK(refused("9223372036854775808ns"));
  CHECK(reads_as("-9223372036854775808ns", kLeast));
  CHECK(refused("-9223372036854775809ns"));
  CHECK(reads_as("9223372036.854775807s", kMost));
  CHECK(refused("9223372036.854775808s"));
  CHECK(refused("9223372037s"));
  CHECK(refused("18446744073709551616ns"));
  CHECK(refused("184467440737095516160000000000000000000001ns"));
  CHECK(reads_as("2562047h", 2'562'047h));
  CHECK(refused("2562048h"));
}

TEST_CASE("what is not one number and one unit is refused") {
  for (const std::string_view text :
       {"",     "ms",     "5",     "5 ms",      " 5ms",       "5ms ",    "5.ms",
        ".5ms", "5..5ms", "5,5ms", "--5ms",     "+-5ms",      "5m",      "5MS",
        "5sec", "5days",  "1e3ms", "0x5ms",     "5msms",      "1s500ms", "-",
        "+",    ".",      "5.5",   "\xc2\xb5s", "5\xc2\xb5s", "inf",     "nan"}) {
    CAPTURE(text);
    CHECK(refused(text));
  }
  CHECK(refused(std::string_view("5ms\0", 4)));
}

TEST_CASE("what is printed is read back as the same duration") {
  CHECK(reads_as(to_string(Duration::max()), Duration::max()));
  CHECK(reads_as(to_string(Duration::min()), Duration::min()));
  CHECK(reads_as(to_string(kEndOfTime), kEndOfTime.time_since_epoch()));
  Rng rng(1, "test/durations");
  for (int i = 0; i < 20'000; ++i) {
    // All magnitudes, and often a whole number of some unit.
    auto bits = static_cast<std::int64_t>(rng.next()) >> rng.below(64);
    for (const std::int64_t unit : {1'000, 1'000'000, 1'000'000'000})
      if (rng.chance_ppm(300'000)) bits -= bits % unit;
    const std::string text = to_string(Duration{bits});
    CAPTURE(text);
    REQUIRE(reads_as(text, Duration{bits}));
  }
}
