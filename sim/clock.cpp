#include "sim/clock.hpp"

#include <algorithm>

namespace locklab {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);  // b > 0
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return a / b + (a % b > 0 ? 1 : 0);  // b > 0
}

/// The least elapsed time in which a clock of `speed_ppm` (true rate: one million) gains
/// `ns` nanoseconds less `millionths`; ns > 0, speed > 0. Duration::max() if it does not fit.
Duration time_to_gain(Duration ns, std::int64_t millionths, std::int64_t speed_ppm) {
  // (ns * 10^6 - millionths) / speed, split so that nothing overflows: days are 10^15 ns.
  const std::int64_t whole = ns.count() / speed_ppm;
  const std::int64_t rest = ns.count() % speed_ppm;
  constexpr std::int64_t kMost = Duration::max().count() / kMillion - kMillion;
  if (whole > kMost) return Duration::max();
  return Duration{whole * kMillion + ceil_div(rest * kMillion - millionths, speed_ppm)};
}

/// How far it is from `start` to `reading`, or as far as a duration goes.
Duration gap(Duration start, Duration reading) {
  std::int64_t ns = 0;
  if (__builtin_sub_overflow(reading.count(), start.count(), &ns)) return Duration::max();
  return Duration{ns};
}

Instant after(Instant start, Duration elapsed) {
  return elapsed > kEndOfTime - start ? kEndOfTime : start + elapsed;
}

}  // namespace

LocalClock::LocalClock(Duration offset, std::int64_t rate_ppm)
    : wall_{offset, 0}, rate_ppm_(rate_ppm) {
  LOCKLAB_ASSERT(rate_ppm >= kSlowestPpm && rate_ppm <= kFastestPpm);
}

/// What a speed of so many ppm adds in `elapsed`, which is not below zero. The speed may be.
void LocalClock::Exact::gain(Duration elapsed, std::int64_t speed_ppm) {
  const std::int64_t whole = elapsed.count() / kMillion;
  const std::int64_t rest = (elapsed.count() % kMillion) * speed_ppm + millionths;
  ns += Duration{whole * speed_ppm + floor_div(rest, kMillion)};
  millionths = rest - floor_div(rest, kMillion) * kMillion;
}

/// What the running slew has done. It ends within a nanosecond, and is cut off there to be exact.
void LocalClock::add_slew(Exact& reading, Instant now) const {
  if (now >= slew_ends_)
    reading.ns += slew_by_;
  else if (slew_ppm_ != 0)
    reading.gain(now - slew_since_, slew_ppm_);
}

LocalClock::Exact LocalClock::exact_wall(Instant now) const {
  Exact reading = wall_;
  reading.gain(now - since_, kMillion + rate_ppm_);
  add_slew(reading, now);
  return reading;
}

LocalClock::Exact LocalClock::exact_mono(Instant now) const {
  Exact reading = mono_;
  if (!frozen_) reading.gain(now - since_, kMillion + rate_ppm_);
  return reading;
}

Instant LocalClock::when(WallInstant reading, Instant now) const {
  const WallInstant shown = wall(now);
  if (shown >= reading) return now;
  const Duration wanted = reading.time_since_epoch();
  if (rate_ppm_ == 0 && slew_ppm_ == 0) return after(now, gap(shown.time_since_epoch(), wanted));

  if (now < slew_ends_ && slew_ppm_ != 0) {
    const Exact start = exact_wall(now);
    const Instant found = after(now, time_to_gain(gap(start.ns, wanted), start.millionths,
                                                  kMillion + rate_ppm_ + slew_ppm_));
    if (found < slew_ends_) return found;
  }
  // Not before the slew is over: so reckon as if it were over now.
  Exact start = wall_;
  start.gain(now - since_, kMillion + rate_ppm_);
  start.ns += slew_by_;
  Instant found = now;
  if (start.ns < wanted)
    found = after(now, time_to_gain(gap(start.ns, wanted), start.millionths, kMillion + rate_ppm_));
  return slew_ppm_ == 0 ? found : std::max(found, slew_ends_);
}

Instant LocalClock::when(MonoInstant reading, Instant now) const {
  if (mono(now) >= reading) return now;
  if (frozen_) return kEndOfTime;
  const Exact start = exact_mono(now);
  return after(now, time_to_gain(gap(start.ns, reading.time_since_epoch()), start.millionths,
                                 kMillion + rate_ppm_));
}

void LocalClock::jump(Instant now, Duration by) {
  rebase(now);
  wall_.ns += by;
}

void LocalClock::set_rate(Instant now, std::int64_t rate_ppm) {
  LOCKLAB_ASSERT(rate_ppm >= kSlowestPpm && rate_ppm <= kFastestPpm);
  if (now >= slew_ends_)
    end_slew(now);
  else
    rebase(now);
  LOCKLAB_ASSERT(kMillion + rate_ppm + slew_ppm_ > 0);
  rate_ppm_ = rate_ppm;
}

void LocalClock::slew(Instant now, Duration by, std::int64_t speed_ppm) {
  LOCKLAB_ASSERT(speed_ppm > 0 && speed_ppm <= kFastestPpm);
  LOCKLAB_ASSERT(by > Duration::min());
  end_slew(now);
  if (by == Duration::zero()) return;

  slew_by_ = by;
  slew_ppm_ = by > Duration::zero() ? speed_ppm : -speed_ppm;
  slew_since_ = now;
  slew_ends_ = after(now, time_to_gain(by > Duration::zero() ? by : -by, 0, speed_ppm));
  LOCKLAB_ASSERT(kMillion + rate_ppm_ + slew_ppm_ > 0);
}

void LocalClock::end_slew(Instant now) {
  rebase(now);
  add_slew(wall_, now);
  slew_ppm_ = 0;
  slew_by_ = {};
  slew_ends_ = kEndOfTime;
}

void LocalClock::freeze_mono(Instant now) {
  rebase(now);
  frozen_ = true;
}

void LocalClock::thaw_mono(Instant now) {
  rebase(now);
  frozen_ = false;
}

/// Makes `now` the start of what follows. No reading changes by it.
void LocalClock::rebase(Instant now) {
  LOCKLAB_ASSERT(now >= since_);
  mono_ = exact_mono(now);
  wall_.gain(now - since_, kMillion + rate_ppm_);
  since_ = now;
}

}  // namespace locklab
