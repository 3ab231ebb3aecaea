// How sure a share is that was counted in a number of runs. Whole numbers throughout, so that every
// machine prints the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/time.hpp"

namespace locklab {

/// The smallest of the values that at least `percent` of them do not exceed (nearest rank); zero
/// where there are none.
Duration nearest_rank(std::span<const Duration> values, std::size_t percent);

/// So many of so many, and between which shares the true one lies, in parts per million.
struct Share {
  std::uint64_t hits = 0;
  std::uint64_t runs = 0;
  std::int64_t ppm = 0;   // hits / runs; 0 without any run
  std::int64_t low = 0;   // the 95 % Wilson score interval
  std::int64_t high = 0;  // a million without any run: nothing is known
};

/// The Wilson score interval at 95 % (z = 1.959964) [E. B. Wilson 1927]; hits <= runs <= 10^6.
/// Bounds are rounded outwards.
Share share_of(std::uint64_t hits, std::uint64_t runs);

}  // namespace locklab
