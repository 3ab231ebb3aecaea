#include "sim/rng.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

using namespace locklab;

namespace {

/// How far the number of bits in which the first draws of two streams agree is from half of them:
/// in standard deviations, squared.
double agreement(Rng a, Rng b, int draws) {
  std::int64_t equal = 0;
  for (int i = 0; i < draws; ++i) equal += 64 - std::popcount(a.next() ^ b.next());
  const double bits = 64.0 * draws;
  const double excess = static_cast<double>(equal) - bits / 2;
  return excess * excess / (bits / 4);
}

}  // namespace

TEST_CASE("a stream is the same on every machine") {
  Rng rng(42, "link/client-a/redis-1/latency");
  CHECK(rng.next() == 0x35ED14B153FD0CBBu);
  CHECK(rng.next() == 0xB60647F72C865E89u);
  CHECK(rng.next() == 0xC4960FA0078BE4DEu);
  Rng numbered(42, "link", 3, 4);
  CHECK(numbered.next() == 0x8CC2D6D69013E7C0u);
  CHECK(numbered.below(1'000'000) == 978'247);
  CHECK(numbered.between(1ms, 2ms).count() == 1'433'937);
  Rng unnamed;
  CHECK(unnamed.next() == 0x4B24D35CBA4A63B0u);
}

TEST_CASE("the same name is the same stream") {
  Rng a(1, "retry", 5), b(1, "retry", 5);
  for (int i = 0; i < 100; ++i) REQUIRE(a.next() == b.next());
}

TEST_CASE("each part of a name makes another stream") {
  std::set<std::uint64_t> firsts;
  std::size_t streams = 0;
  for (const std::uint64_t seed : {0u, 1u, 2u})
    for (const std::string_view name : {"", "a", "b", "ab", "link/client-a", "link/client-b"})
      for (std::uint64_t a = 0; a < 20; ++a)
        for (std::uint64_t b = 0; b < 20; ++b) {
          firsts.insert(Rng(seed, name, a, b).next());
          ++streams;
        }
  CHECK(firsts.size() == streams);
}

TEST_CASE("streams with close names, numbers or seeds have nothing in common") {
  const Rng rng(1, "loss", 1, 2);
  for (const Rng& other :
       {Rng(2, "loss", 1, 2), Rng(1, "losS", 1, 2), Rng(1, "loss", 2, 2), Rng(1, "loss", 1, 3),
        Rng(1, "loss", 2, 1), Rng(1, "loss"), Rng(1, "loss", 1), Rng()})
    CHECK(agreement(rng, other, 20'000) < 16);  // four standard deviations
}

TEST_CASE("a stream has nothing in common with itself some draws later") {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    std::vector<std::uint64_t> draws(10'000);
    Rng rng(seed, "lag");
    for (std::uint64_t& draw : draws) draw = rng.next();
    for (std::size_t lag = 1; lag <= 1'000; ++lag) {
      std::int64_t equal = 0;
      const std::size_t count = draws.size() - lag;
      for (std::size_t i = 0; i < count; ++i)
        equal += 64 - std::popcount(draws[i] ^ draws[i + lag]);
      const double bits = 64.0 * static_cast<double>(count);
      const double excess = static_cast<double>(equal) - bits / 2;
      REQUIRE(excess * excess / (bits / 4) < 30);  // 5.5 standard deviations, 3000 times
    }
  }
}

TEST_CASE("each bit of a draw is set half of the time") {
  std::array<int, 64> set{};
  Rng rng(3, "bits");
  for (int i = 0; i < 40'000; ++i) {
    const std::uint64_t draw = rng.next();
    for (std::size_t bit = 0; bit < 64; ++bit) set[bit] += static_cast<int>(draw >> bit & 1);
  }
  for (const int count : set) {
    CHECK(count > 20'000 - 450);  // 4.5 standard deviations
    CHECK(count < 20'000 + 450);
  }
}

TEST_CASE("below() is uniform") {
  std::array<int, 7> count{};
  Rng rng(4, "die");
  for (int i = 0; i < 70'000; ++i) ++count[rng.below(7)];
  for (const int n : count) {
    CHECK(n > 10'000 - 420);  // 4.5 standard deviations of about 93
    CHECK(n < 10'000 + 420);
  }
}

TEST_CASE("below() has no bias where the bound is great") {
  // Bound 3 * 2^62: a plain modulus would give the lowest third twice as often.
  constexpr std::uint64_t kBound = std::uint64_t{3} << 62;
  std::array<int, 3> count{};
  Rng rng(5, "great bound");
  for (int i = 0; i < 30'000; ++i) {
    const std::uint64_t draw = rng.below(kBound);
    REQUIRE(draw < kBound);
    ++count[draw >> 62];
  }
  for (const int n : count) {
    CHECK(n > 10'000 - 370);
    CHECK(n < 10'000 + 370);
  }
  for (int i = 0; i < 100; ++i) CHECK(rng.below(1) == 0);
}

TEST_CASE("between() reaches both ends, and durations of any size") {
  Rng rng(6, "between");
  std::set<std::int64_t> seen;
  for (int i = 0; i < 500; ++i) seen.insert(rng.between(-2ns, 3ns).count());
  CHECK(seen == std::set<std::int64_t>{-2, -1, 0, 1, 2, 3});
  CHECK(rng.between(5ms, 5ms) == Duration{5ms});
  int negative = 0;
  for (int i = 0; i < 1'000; ++i)
    negative += rng.between(Duration::min(), Duration::max()) < 0ns ? 1 : 0;
  CHECK(negative > 400);
  CHECK(negative < 600);
}

TEST_CASE("a chance of ppm is that many in a million") {
  Rng rng(8, "loss");
  int lost = 0;
  for (int i = 0; i < 100'000; ++i) lost += rng.chance_ppm(10'000) ? 1 : 0;
  CHECK(lost > 1'000 - 145);  // 4.5 standard deviations
  CHECK(lost < 1'000 + 145);
  for (int i = 0; i < 1'000; ++i) {
    CHECK_FALSE(rng.chance_ppm(0));
    CHECK_FALSE(rng.chance_ppm(-5));
    CHECK(rng.chance_ppm(1'000'000));
    CHECK(rng.chance_ppm(2'000'000));
  }
}

TEST_CASE("a message lost at some probability is lost at a greater one, for a shrinker's sake") {
  Rng some(9, "loss"), more(9, "loss");
  for (int i = 0; i < 10'000; ++i) {
    const bool lost = some.chance_ppm(200'000);
    const bool lost_at_more = more.chance_ppm(300'000);
    REQUIRE((!lost || lost_at_more));
  }
  CHECK(some.next() == more.next());  // a draw each, true or false
}
