// Named streams of random integers, cut from one seed. A stream is named after its use
// ("link/client-a/redis-1/latency"), so adding or removing one use shifts no draw of another.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/bits.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace locklab {

/// A counter-based generator: the n-th draw is a keyed mix of n, so a stream is 16 bytes and costs
/// nothing to begin.
class Rng {
 public:
  Rng() = default;
  /// The stream (name, a, b) of the run with this seed: ("link/latency", from, to). A stream is
  /// another as soon as one of the four differs.
  Rng(std::uint64_t seed, std::string_view name, std::uint64_t a = 0, std::uint64_t b = 0);

  /// A stream of its own for one of several purposes, as it stands before its `index`-th draw:
  /// draws by number, so that one that is not needed costs nothing and shifts none of the others.
  Rng branch(std::uint64_t purpose, std::uint64_t index) const {
    Rng stream;
    stream.key_ = key_ + (purpose + 1) * 0xA24BAED4963EE407u;
    stream.counter_ = (counter_ ^ stream.key_) + index * 0x9E3779B97F4A7C15u;
    return stream;
  }

  /// 64 random bits. Two rounds: with one, close keys and the places of some lags can be told
  /// apart.
  std::uint64_t next() {
    counter_ += 0x9E3779B97F4A7C15u;
    const std::uint64_t mixed = fold_multiply(counter_ ^ key_, 0xD6E8FEB86659FD93u);
    return fold_multiply(mixed ^ key_, 0xA0761D6478BD642Fu);
  }
  /// Uniform in [0, bound), without bias; bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    // The upper half of a 128-bit product [Lemire, "Fast Random Integer Generation in an
    // Interval"].
    const Uint128 product = static_cast<Uint128>(next()) * bound;
    if (static_cast<std::uint64_t>(product) >= bound) [[likely]]
      return static_cast<std::uint64_t>(product >> 64);
    return below_checked(bound, product);
  }
  /// Uniform in [low, high], both ends included; low <= high.
  Duration between(Duration low, Duration high);
  /// True with a probability of ppm / 1'000'000 (to within 2^-44). Always one draw, and from one
  /// draw: what is true at some probability stays true at a greater one.
  bool chance_ppm(std::int64_t ppm) {
    const Uint128 product = static_cast<Uint128>(next()) * 1'000'000;
    return static_cast<std::int64_t>(product >> 64) < ppm;
  }
  /// A random (version 4) UUID.
  Value uuid();

 private:
  std::uint64_t below_checked(std::uint64_t bound, Uint128 product);

  std::uint64_t key_ = 0;
  std::uint64_t counter_ = 0;
};

}  // namespace locklab
