#include "scenarios/statistics.hpp"

#include <algorithm>
#include <vector>

#include "sim/assert.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

constexpr std::uint64_t kMillion = 1'000'000;
constexpr std::uint64_t kZSquared = 3'841'459;  // 1.959964 squared, in millionths

/// The largest whole number whose square is not above `square`.
Uint128 square_root(Uint128 square) {
  Uint128 root = 0;
  for (Uint128 bit = Uint128{1} << 62; bit != 0; bit >>= 1)
    if ((root | bit) * (root | bit) <= square) root |= bit;
  return root;
}

}  // namespace

Duration nearest_rank(std::span<const Duration> values, std::size_t percent) {
  if (values.empty()) return Duration{0};
  std::vector<Duration> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

// (k + z²/2 ± z·sqrt(k(n - k)/n + z²/4)) / (n + z²), both sides of the fraction times 2n, and z² in
// millionths.
Share share_of(std::uint64_t hits, std::uint64_t runs) {
  LOCKLAB_ASSERT(hits <= runs && runs <= kMillion);
  if (runs == 0) return {0, 0, 0, 0, static_cast<std::int64_t>(kMillion)};
  const Uint128 k = hits;
  const Uint128 n = runs;
  const Uint128 middle = 2 * n * k * kMillion + n * kZSquared;
  const Uint128 spread = square_root(n * kZSquared * (4 * k * (n - k) * kMillion + n * kZSquared));
  const Uint128 whole = 2 * n * (n * kMillion + kZSquared);
  const Uint128 low = middle > spread ? (middle - spread) * kMillion / whole : 0;
  const Uint128 high = ((middle + spread + 1) * kMillion + whole - 1) / whole;
  // With no hit the lower bound is exactly zero, and with no miss the upper one exactly one.
  return {hits, runs, static_cast<std::int64_t>((k * kMillion + n / 2) / n),
          hits == 0 ? 0 : static_cast<std::int64_t>(low),
          hits == runs ? static_cast<std::int64_t>(kMillion)
                       : static_cast<std::int64_t>(std::min<Uint128>(high, kMillion))};
}

}  // namespace locklab
