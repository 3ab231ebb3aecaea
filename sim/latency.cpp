#include "sim/latency.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "sim/assert.hpp"

namespace locklab {
namespace {

#include "sim/latency_tables.inc"

constexpr std::int64_t kLog2OfE = 1'586'259'973;  // log2(e) / 1000, Q40

/// A draw from the standard normal distribution, Q16, by the inverse of its distribution function.
/// The table is fine where the tail is thin: an octave of probability has as many points as the
/// next.
std::int64_t standard_normal(std::uint64_t bits) {
  const auto sign = static_cast<std::int64_t>(bits & 1) - 1;  // 0: above the median, -1: below
  // 63 bits: the tail probability / 2^64, below one half; the leading zeros count the octaves.
  const std::uint64_t tail = bits >> 1;
  const int octave = std::countl_zero(tail | 1);
  std::int64_t z = kTailQuantiles[0];
  if (octave <= kOctaves) {
    const std::uint64_t below_lead = tail << (octave + 1);  // what follows the leading one
    const auto index =
        static_cast<std::size_t>((static_cast<std::uint64_t>(kOctaves - octave) << kStepBits) +
                                 (below_lead >> (64 - kStepBits)));
    const auto fraction = static_cast<std::int64_t>(below_lead << kStepBits >> 48);
    const std::int64_t from = kTailQuantiles[index];
    const std::int64_t to = kTailQuantiles[index + 1];
    z = from - ((from - to) * fraction >> 16);
  }
  return (z ^ sign) - sign;  // no branch: it would be mispredicted every other time
}

/// value * 2^(exponent / 2^32), cut off at `limit`.
std::uint64_t times_power_of_two(std::uint64_t value, std::int64_t exponent, std::uint64_t limit) {
  const auto fraction = static_cast<std::uint64_t>(exponent) & 0xffff'ffff;
  const auto index = static_cast<std::size_t>(fraction >> (32 - kPowerBits));
  const std::uint64_t between = fraction & ((std::uint64_t{1} << (32 - kPowerBits)) - 1);
  const std::uint64_t from = kPowersOfTwo[index];
  const std::uint64_t to = kPowersOfTwo[index + 1];
  const std::uint64_t power = from + ((to - from) * between >> (32 - kPowerBits));  // 1 to 2, Q32

  const auto shift = static_cast<int>(32 - (exponent >> 32));
  LOCKLAB_ASSERT(shift > 0 && shift < 64);
  const Uint128 product = static_cast<Uint128>(value) * power;
  const auto high = static_cast<std::uint64_t>(product >> 64);
  const auto low = static_cast<std::uint64_t>(product);
  if (high >> shift != 0) return limit;
  return std::min(high << (64 - shift) | low >> shift, limit);
}

Duration lognormal(Duration median, std::int64_t sigma_permille, Rng& rng) {
  LOCKLAB_ASSERT(sigma_permille >= 0 && sigma_permille <= kLargestSigmaPermille);
  const std::int64_t z = standard_normal(rng.next());  // 19 bits; sigma 12, the constant 31
  const std::int64_t exponent = z * sigma_permille * kLog2OfE >> (16 + 40 - 32);
  const auto value = static_cast<std::uint64_t>(std::max(median, Duration{}).count());
  const auto limit = static_cast<std::uint64_t>(kLongestLognormal.count());
  return Duration{static_cast<std::int64_t>(times_power_of_two(value, exponent, limit))};
}

}  // namespace

Duration sample(const Latency& latency, Rng& rng) {
  switch (latency.kind) {
    case Latency::Kind::constant:
      return std::max(latency.low, Duration{});
    case Latency::Kind::uniform:
      return std::max(rng.between(latency.low, latency.high), Duration{});
    case Latency::Kind::lognormal:
      return lognormal(latency.low, latency.sigma_permille, rng);
  }
  return {};
}

}  // namespace locklab
