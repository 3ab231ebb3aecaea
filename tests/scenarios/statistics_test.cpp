// Wilson intervals against values worked out by hand: (k + z²/2 ± z·sqrt(k(n - k)/n + z²/4)) /
// (n + z²) with z² = 3.841459.
#include <doctest/doctest.h>

#include <vector>

#include "scenarios/statistics.hpp"

namespace locklab {
namespace {

TEST_CASE("nothing of ten: the true share may still be 27.8 %") {
  // 3.841459 / 13.841459 = 0.2775328
  const Share share = share_of(0, 10);
  CHECK(share.ppm == 0);
  CHECK(share.low == 0);
  CHECK(share.high == 277'533);
}

TEST_CASE("half of ten: 23.7 % to 76.3 %") {
  // sqrt(2.5 + 0.96036) = 1.860206; times 1.959964 is 3.645938; over 13.841459 is 0.263407.
  const Share share = share_of(5, 10);
  CHECK(share.ppm == 500'000);
  CHECK(share.low == doctest::Approx(236'593).epsilon(0.00001));
  CHECK(share.high == doctest::Approx(763'407).epsilon(0.00001));
  CHECK(share.low + share.high == doctest::Approx(1'000'000).epsilon(0.00001));
}

TEST_CASE("sixty of two hundred: 24.1 % to 36.7 %") {
  // Centre 61.920730 / 203.841459 = 0.303769; half the width 0.063022.
  const Share share = share_of(60, 200);
  CHECK(share.ppm == 300'000);
  CHECK(share.low == doctest::Approx(240'747).epsilon(0.00002));
  CHECK(share.high == doctest::Approx(366'791).epsilon(0.00002));
}

TEST_CASE("one of one, and none of none") {
  // 1 / 4.841459 = 0.206549
  CHECK(share_of(1, 1).low == 206'549);
  CHECK(share_of(1, 1).high == 1'000'000);
  CHECK(share_of(0, 0).low == 0);
  CHECK(share_of(0, 0).high == 1'000'000);
}

TEST_CASE("more runs make it surer, and a million of them do not overflow") {
  std::int64_t width = 1'000'001;
  for (const std::uint64_t runs : {1U, 10U, 100U, 10'000U, 1'000'000U}) {
    const Share share = share_of(runs / 3, runs);
    CHECK(share.low <= share.ppm);
    CHECK(share.ppm <= share.high);
    CHECK(share.high - share.low < width);
    width = share.high - share.low;
  }
  CHECK(width < 2'000);  // 2 * 1.96 * sqrt(2/9) / 1000 = 0.185 %
}

TEST_CASE("the nearest rank is a value that occurred") {
  const std::vector<Duration> values{5ms, 1ms, 4ms, 2ms, 3ms};
  CHECK(nearest_rank(values, 50) == 3ms);
  CHECK(nearest_rank(values, 95) == 5ms);
  CHECK(nearest_rank(values, 1) == 1ms);
  CHECK(nearest_rank({}, 50) == Duration{0});
}

}  // namespace
}  // namespace locklab
