// A machine's two clocks [spec sheet 1.1]. Both run on one oscillator, so a rate error shows on
// both; jumps and slews move the wall clock only; a VM suspend freezes the monotonic clock only.
//
// All of it is exact: a rate is a whole number of ppm, so what a clock has gained is a whole number
// of millionths of a nanosecond, and that is what is kept. A reading is cut off to whole
// nanoseconds. A change at some instant loses nothing, however many there are.
#pragma once

#include <cstdint>

#include "sim/assert.hpp"
#include "sim/time.hpp"

namespace locklab {

class LocalClock {
 public:
  static constexpr std::int64_t kSlowestPpm = -999'999;       // a millionth of the true rate
  static constexpr std::int64_t kFastestPpm = 1'000'000'000;  // a thousand times too fast

  /// At true time zero the wall clock shows `offset` and the monotonic clock zero. A rate of
  /// +1000 ppm gains one millisecond a second; rates lie in [kSlowestPpm, kFastestPpm].
  explicit LocalClock(Duration offset = {}, std::int64_t rate_ppm = 0);

  /// Readings at a true instant not before the last change of the rate or of a slew. Between
  /// changes neither goes back.
  WallInstant wall(Instant now) const {
    LOCKLAB_ASSERT(now >= since_);
    if (rate_ppm_ == 0 && slew_ppm_ == 0) [[likely]]
      return WallInstant{wall_.ns + (now - since_)};
    return WallInstant{exact_wall(now).ns};
  }
  MonoInstant mono(Instant now) const {
    LOCKLAB_ASSERT(now >= since_);
    if (rate_ppm_ == 0 && !frozen_) [[likely]]
      return MonoInstant{mono_.ns + (now - since_)};
    return MonoInstant{exact_mono(now).ns};
  }

  /// The first true instant at or after `now` at which the clock shows `reading` or more, if
  /// nothing changes it (the end of a running slew is foreseen); kEndOfTime if that never comes (a
  /// frozen monotonic clock).
  Instant when(WallInstant reading, Instant now) const;
  Instant when(MonoInstant reading, Instant now) const;

  /// Steps the wall clock. Model: a running slew goes on; Linux gives it up when the clock is set.
  void jump(Instant now, Duration by);
  void set_rate(Instant now, std::int64_t rate_ppm);
  /// Moves the wall clock by `by`, at `speed_ppm` (ntpd: 500) on top of its rate, until done. It
  /// gains exactly `by`. Takes the place of a running slew, which keeps what it has done, as
  /// adjtime(3) does. The speed is above zero, and a slew backwards leaves the clock running
  /// forwards.
  void slew(Instant now, Duration by, std::int64_t speed_ppm);
  void freeze_mono(Instant now);
  void thaw_mono(Instant now);

  std::int64_t rate_ppm() const { return rate_ppm_; }
  /// True instant at which a slew ends by itself; kEndOfTime without one. The owner calls
  /// end_slew() then (and re-arms what waits on the wall clock). Readings are right even without.
  Instant slew_ends() const { return slew_ends_; }
  /// Ends a running slew, done or not.
  void end_slew(Instant now);

  /// Both clocks run at the rate of true time: a duration on either is a true duration.
  bool runs_true() const { return rate_ppm_ == 0 && slew_ppm_ == 0 && !frozen_; }

 private:
  /// A reading to the last millionth of a nanosecond: 0 <= millionths < 1'000'000.
  struct Exact {
    Duration ns{};
    std::int64_t millionths = 0;

    void gain(Duration elapsed, std::int64_t speed_ppm);
  };

  Exact exact_wall(Instant now) const;
  Exact exact_mono(Instant now) const;
  void add_slew(Exact& reading, Instant now) const;
  void rebase(Instant now);

  Instant since_{};  // of the last change
  Exact wall_;       // then, without what the running slew has done
  Exact mono_;       // then
  std::int64_t rate_ppm_ = 0;
  bool frozen_ = false;

  std::int64_t slew_ppm_ = 0;  // below zero: backwards
  Duration slew_by_{};
  Instant slew_since_{};
  Instant slew_ends_ = kEndOfTime;
};

}  // namespace locklab
