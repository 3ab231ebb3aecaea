#include "sim/rng.hpp"

#include "sim/assert.hpp"

namespace locklab {

Rng::Rng(std::uint64_t seed, std::string_view name, std::uint64_t a, std::uint64_t b) {
  // Different constants for each part: (1, 2) is not (2, 1).
  const std::uint64_t named =
      hash_text(name, fold_multiply(seed ^ 0x13198A2E03707344u, 0x9E3779B97F4A7C15u));
  const std::uint64_t with_a = named + fold_multiply(a ^ 0xA4093822299F31D0u, 0xBF58476D1CE4E5B9u);
  const std::uint64_t with_b = fold_multiply(with_a ^ 0x082EFA98EC4E6C89u, 0xD6E8FEB86659FD93u) +
                               fold_multiply(b ^ 0x452821E638D01377u, 0x94D049BB133111EBu);
  key_ = fold_multiply(with_b ^ 0xBE5466CF34E90C6Cu, 0x9E3779B97F4A7C15u);
  counter_ = fold_multiply(with_b ^ 0xC0AC29B7C97C50DDu, 0xBF58476D1CE4E5B9u);
}

std::uint64_t Rng::below_checked(std::uint64_t bound, Uint128 product) {
  LOCKLAB_ASSERT(bound > 0);
  // The first 2^64 mod bound values of the lower half are what some results have too many of.
  const std::uint64_t surplus = (0 - bound) % bound;
  while (static_cast<std::uint64_t>(product) < surplus)
    product = static_cast<Uint128>(next()) * bound;
  return static_cast<std::uint64_t>(product >> 64);
}

Duration Rng::between(Duration low, Duration high) {
  LOCKLAB_ASSERT(low <= high);
  // Unsigned, since the distance of two durations may be too great for a duration.
  const auto first = static_cast<std::uint64_t>(low.count());
  const std::uint64_t span = static_cast<std::uint64_t>(high.count()) - first;
  const std::uint64_t offset = span + 1 == 0 ? next() : below(span + 1);
  return Duration{static_cast<std::int64_t>(first + offset)};
}

Value Rng::uuid() {
  // RFC 9562: four bits say the version, two the variant.
  const std::uint64_t high = (next() & ~std::uint64_t{0xF000}) | 0x4000;
  const std::uint64_t low = (next() & ~(std::uint64_t{3} << 62)) | std::uint64_t{2} << 62;
  return Value::unique(high, low);
}

}  // namespace locklab
