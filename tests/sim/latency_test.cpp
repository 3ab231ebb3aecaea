// The numbers for the lognormal come from exp(sigma * z), with z of a table of the normal
// distribution.
#include "sim/latency.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

using namespace locklab;

namespace {

std::vector<std::int64_t> sorted_draws(const Latency& latency, std::size_t count) {
  Rng rng(11, "test/latency");
  std::vector<std::int64_t> draws(count);
  for (std::int64_t& draw : draws) draw = sample(latency, rng).count();
  std::sort(draws.begin(), draws.end());
  return draws;
}

/// Is the `permyriad`-th ten-thousandth of the draws within `tolerance_permille` of `expected`?
bool quantile_is(const std::vector<std::int64_t>& draws, std::size_t permyriad,
                 std::int64_t expected, std::int64_t tolerance_permille) {
  const std::int64_t found = draws[draws.size() * permyriad / 10'000];
  CAPTURE(found);
  return std::abs(found - expected) * 1'000 <= expected * tolerance_permille;
}

}  // namespace

TEST_CASE("a constant latency is the same each time and draws nothing") {
  Rng rng(1, "constant"), untouched(1, "constant");
  for (int i = 0; i < 10; ++i) CHECK(sample(Latency::constant(500us), rng) == Duration{500us});
  CHECK(rng.next() == untouched.next());
  CHECK(sample(Latency::constant(-1ms), rng) == 0ns);
}

TEST_CASE("a uniform latency lies between its ends, evenly") {
  const std::vector<std::int64_t> draws = sorted_draws(Latency::uniform(1ms, 3ms), 100'000);
  CHECK(draws.front() >= 1'000'000);
  CHECK(draws.back() <= 3'000'000);
  CHECK(quantile_is(draws, 1'000, 1'200'000, 10));
  CHECK(quantile_is(draws, 5'000, 2'000'000, 10));
  CHECK(quantile_is(draws, 9'000, 2'800'000, 10));
}

TEST_CASE("a lognormal latency has the quantiles of the distribution") {
  // Median 500 us, sigma 0.5: exp(0.5 z) * 500 us. The tolerance is that of 400 000 draws.
  const std::vector<std::int64_t> draws = sorted_draws(Latency::lognormal(500us, 500), 400'000);
  CHECK(quantile_is(draws, 1, 77'902, 60));         // z = -3.7190
  CHECK(quantile_is(draws, 100, 156'237, 12));      // z = -2.3263
  CHECK(quantile_is(draws, 2'500, 356'859, 4));     // z = -0.67449
  CHECK(quantile_is(draws, 5'000, 500'000, 4));     // the median
  CHECK(quantile_is(draws, 7'500, 700'558, 4));     // z = 0.67449
  CHECK(quantile_is(draws, 8'413, 824'298, 4));     // z = 0.99982
  CHECK(quantile_is(draws, 9'900, 1'600'130, 12));  // z = 2.3263
  CHECK(quantile_is(draws, 9'999, 3'209'170, 60));  // z = 3.7190
}

TEST_CASE("a lognormal latency without spread is its median") {
  Rng rng(2, "narrow");
  for (int i = 0; i < 1'000; ++i)
    REQUIRE(sample(Latency::lognormal(123'456'789ns, 0), rng) == 123'456'789ns);
}

TEST_CASE("a lognormal latency ends at 4.9 standard deviations, and at a day") {
  // Six million draws would be needed to see the end of the tail by chance; half of them come near.
  const std::vector<std::int64_t> draws = sorted_draws(Latency::lognormal(1ms, 1'000), 500'000);
  CHECK(draws.front() >= 7'440);       // exp(-4.901) ms
  CHECK(draws.front() < 14'000);       // exp(-4.3) ms
  CHECK(draws.back() <= 134'500'000);  // exp(4.901) ms
  CHECK(draws.back() > 73'000'000);    // exp(4.3) ms
  const std::vector<std::int64_t> long_ones =
      sorted_draws(Latency::lognormal(24h, kLargestSigmaPermille), 1'000);
  CHECK(long_ones.back() == kLongestLognormal.count());
  CHECK(long_ones.front() > 0);
  const std::vector<std::int64_t> huge =
      sorted_draws(Latency::lognormal(Duration::max(), kLargestSigmaPermille), 1'000);
  CHECK(huge.back() == kLongestLognormal.count());
}

TEST_CASE("a lognormal latency draws once, whatever its parameters") {
  Rng rng(3, "once"), other(3, "once");
  sample(Latency::lognormal(1ms, 0), rng);
  other.next();
  CHECK(rng.next() == other.next());
  CHECK(sample(Latency::lognormal(-1ms, 100), rng) == 0ns);
}

TEST_CASE("every compiler draws the same latencies") {
  Rng rng(42, "link/client-a/redis-1/latency");
  for (const std::int64_t expected :
       {934'964, 601'750, 431'408, 381'274, 318'540, 312'338, 965'615, 239'955})
    CHECK(sample(Latency::lognormal(500us, 500), rng).count() == expected);
  Rng wide(7, "wide");
  for (const std::int64_t expected : {1'833'043, 682'657, 811'338, 339'611'318})
    CHECK(sample(Latency::lognormal(20ms, 2'500), wide).count() == expected);
  std::uint64_t sum = 0;  // of many, so that each entry of the tables has its say
  for (int i = 0; i < 200'000; ++i)
    sum =
        sum * 31 + static_cast<std::uint64_t>(sample(Latency::lognormal(500us, 500), rng).count());
  CHECK(sum == 0xE0CF80BF701AB0AAu);
}
