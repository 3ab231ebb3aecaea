// The real time of a live run: nanoseconds since an origin that all its processes share, which is
// what the instants of its scenario are in.
#pragma once

#include <cstdint>
#include <ctime>

#include "sim/time.hpp"

namespace locklab::real {

class LiveClock {
 public:
  LiveClock() = default;
  /// At instant zero CLOCK_MONOTONIC shows `origin_ns`.
  explicit LiveClock(std::int64_t origin_ns) : origin_ns_(origin_ns) {}

  /// An origin at least `after` ahead, at which the wall clock is at a whole millisecond: there
  /// Redis counts time in those, and a scenario's clocks show zero.
  static LiveClock starting(Duration after) {
    const std::int64_t wall = reading(CLOCK_REALTIME);
    const std::int64_t mono = reading(CLOCK_MONOTONIC);
    constexpr std::int64_t kMs = 1'000'000;
    const std::int64_t to_whole = (kMs - (wall + after.count()) % kMs) % kMs;
    return LiveClock(mono + after.count() + to_whole);
  }

  std::int64_t origin_ns() const { return origin_ns_; }
  /// Below zero before the origin.
  Instant now() const { return Instant{Duration{reading(CLOCK_MONOTONIC) - origin_ns_}}; }

 private:
  static std::int64_t reading(clockid_t which) {
    timespec time{};
    clock_gettime(which, &time);
    return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
  }

  std::int64_t origin_ns_ = 0;
};

}  // namespace locklab::real
