// How long a message travels: distributions in whole nanoseconds, by integer tables, so that every
// compiler and library draws the same.
#pragma once

#include <cstdint>

#include "sim/rng.hpp"
#include "sim/time.hpp"

namespace locklab {

/// A one-way delay.
struct Latency {
  enum class Kind : std::uint8_t { constant, uniform, lognormal };

  Kind kind = Kind::constant;
  Duration low{500us};   // constant: the delay; uniform: the least; lognormal: the median
  Duration high{500us};  // uniform: the greatest
  std::int64_t sigma_permille = 0;  // lognormal: standard deviation of ln(delay), in thousandths

  static constexpr Latency constant(Duration delay) { return {Kind::constant, delay, delay, 0}; }
  static constexpr Latency uniform(Duration low, Duration high) {
    return {Kind::uniform, low, high, 0};
  }
  static constexpr Latency lognormal(Duration median, std::int64_t sigma_permille) {
    return {Kind::lognormal, median, median, sigma_permille};
  }
  bool operator==(const Latency&) const = default;
};

inline constexpr std::int64_t kLargestSigmaPermille = 3'000;
inline constexpr Duration kLongestLognormal = 24h;

/// One delay, never negative. A constant latency draws nothing from the stream; a lognormal one
/// draws once, whatever its parameters. A lognormal delay is cut off at 4.9 standard deviations on
/// either side, and at kLongestLognormal; sigma lies in [0, kLargestSigmaPermille].
Duration sample(const Latency& latency, Rng& rng);

}  // namespace locklab
