// Clocks [spec sheet 1.1]: wall = offset + integral of the rate + jumps (+ slews); mono = integral
// of the rate, frozen during a VM suspend.
#include "sim/clock.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "sim/bits.hpp"
#include "sim/rng.hpp"

using namespace locklab;

namespace {

constexpr Instant at(Duration since_start) { return Instant{since_start}; }
std::int64_t wall_ns(const LocalClock& clock, Instant now) {
  return clock.wall(now).time_since_epoch().count();
}
std::int64_t mono_ns(const LocalClock& clock, Instant now) {
  return clock.mono(now).time_since_epoch().count();
}
constexpr std::int64_t count(Duration duration) { return duration.count(); }

/// Is when() the first instant that shows the reading?
template <class Reading>
void check_when(const LocalClock& clock, Reading reading, Instant now) {
  const auto shown = [&](Instant t) {
    if constexpr (std::is_same_v<Reading, WallInstant>)
      return clock.wall(t);
    else
      return clock.mono(t);
  };
  const Instant due = clock.when(reading, now);
  REQUIRE(due >= now);
  if (due == kEndOfTime) return;
  REQUIRE(shown(due) >= reading);
  if (due != now) REQUIRE(shown(due - 1ns) < reading);
}

}  // namespace

TEST_CASE("a true clock shows true time") {
  const LocalClock clock;
  CHECK(wall_ns(clock, at(1h)) == count(1h));
  CHECK(mono_ns(clock, at(1h)) == count(1h));
  CHECK(clock.runs_true());
  CHECK(clock.when(WallInstant{5s}, at(2s)) == at(5s));
  CHECK(clock.when(MonoInstant{5s}, at(7s)) == at(7s));
  CHECK(clock.slew_ends() == kEndOfTime);
}

TEST_CASE("an offset moves the wall clock only, and no difference of two readings [spec 1.1]") {
  const LocalClock ahead(4s), behind(-4s);
  CHECK(wall_ns(ahead, at(0s)) == count(4s));
  CHECK(wall_ns(behind, at(1s)) == count(-3s));
  CHECK(mono_ns(behind, at(1s)) == count(1s));
  CHECK(ahead.wall(at(7s)) - ahead.wall(at(2s)) == Duration{5s});
  CHECK(behind.wall(at(7s)) - behind.wall(at(2s)) == Duration{5s});
  CHECK(behind.runs_true());
  CHECK(behind.when(WallInstant{0s}, at(1s)) == at(4s));
}

TEST_CASE("a rate error shows on both clocks [spec 1.1]") {
  LocalClock clock(0s, 1'000);  // a millisecond a second
  CHECK(wall_ns(clock, at(10s)) == count(10s + 10ms));
  CHECK(mono_ns(clock, at(10s)) == count(10s + 10ms));
  CHECK_FALSE(clock.runs_true());
  const LocalClock slow(0s, -200);
  CHECK(wall_ns(slow, at(10s)) == count(10s - 2ms));
  clock.set_rate(at(10s), 0);
  CHECK(clock.runs_true());
  CHECK(mono_ns(clock, at(11s)) == count(11s + 10ms));
}

TEST_CASE("a reading is cut off downwards, below zero as well") {
  const LocalClock clock(-1s, 1);  // one nanosecond in a millisecond
  CHECK(wall_ns(clock, at(999'999ns)) == count(-1s) + 999'999);
  CHECK(wall_ns(clock, at(1ms)) == count(-1s) + 1'000'001);
  const LocalClock slow(-1s, -1);
  CHECK(wall_ns(slow, at(1ns)) == count(-1s));
  CHECK(wall_ns(slow, at(1ms)) == count(-1s) + 999'999);
}

TEST_CASE("readings stay exact over years, at any rate") {
  Rng rng(1, "test/clock/years");
  for (int i = 0; i < 5'000; ++i) {
    const Duration elapsed = rng.between(0ns, 24h * 365 * 50);
    const std::int64_t rate = rng.between(-999'999ns, 3'000'000ns).count();
    // The same with a 128-bit product; the quotient is checked, so no wide division is needed.
    const std::int64_t shown = wall_ns(LocalClock(0s, rate), at(elapsed));
    const Uint128 exact =
        static_cast<Uint128>(elapsed.count()) * static_cast<std::uint64_t>(1'000'000 + rate);
    const Uint128 floor = static_cast<Uint128>(shown) * 1'000'000u;
    REQUIRE(floor <= exact);
    REQUIRE(exact - floor < 1'000'000u);
  }
}

TEST_CASE("when() is the first true instant that shows a reading") {
  Rng rng(2, "test/clock/when");
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t rate = rng.chance_ppm(500'000)
                                  ? rng.between(-500ns, 500ns).count()
                                  : rng.between(-999'999ns, 2'000'000ns).count();
    const LocalClock clock(rng.between(-10s, 10s), rate);
    const Instant now = at(rng.between(0s, 24h));
    const Duration ahead = rng.between(-1s, rng.chance_ppm(500'000) ? Duration{10us} : 48h);
    check_when(clock, clock.wall(now) + ahead, now);
    check_when(clock, clock.mono(now) + ahead, now);
  }
}

TEST_CASE("when() says the end of time for what does not come in the days of a simulation") {
  const LocalClock slowest(0s, LocalClock::kSlowestPpm);
  CHECK(wall_ns(slowest, at(1s)) == 1'000);  // a microsecond a second
  CHECK(slowest.when(WallInstant{1us}, at(0s)) == at(1s));
  CHECK(slowest.when(WallInstant{1h * 24 * 365}, at(0s)) == kEndOfTime);
  CHECK(LocalClock(-5s).when(WallInstant::max(), at(1s)) == kEndOfTime);
  CHECK(LocalClock(-5s, 7).when(WallInstant::max(), at(1s)) > at(24h * 365 * 200));
  CHECK(LocalClock().when(MonoInstant::max(), at(1s)) == kEndOfTime);
}

TEST_CASE("a jump moves the wall clock by itself, at once [spec 1.1]") {
  LocalClock clock;
  clock.jump(at(1s), 1h);
  CHECK(wall_ns(clock, at(1s)) == count(1h + 1s));
  clock.jump(at(2s), -2h);
  CHECK(wall_ns(clock, at(2s)) == count(-1h + 2s));
  CHECK(mono_ns(clock, at(2s)) == count(2s));
  CHECK(clock.runs_true());
}

TEST_CASE("a suspended machine's monotonic clock stands still, its wall clock goes on [spec 1.1]") {
  LocalClock clock(0s, 100);
  clock.freeze_mono(at(10s));
  const std::int64_t frozen_at = mono_ns(clock, at(10s));
  CHECK(mono_ns(clock, at(20s)) == frozen_at);
  CHECK(wall_ns(clock, at(20s)) == count(20s + 2ms));
  CHECK_FALSE(clock.runs_true());
  CHECK(clock.when(MonoInstant{11s}, at(15s)) == kEndOfTime);
  CHECK(clock.when(MonoInstant{9s}, at(15s)) == at(15s));
  clock.set_rate(at(20s), 0);  // and is not thawed by another change
  clock.jump(at(21s), 5s);
  CHECK(mono_ns(clock, at(22s)) == frozen_at);
  clock.freeze_mono(at(23s));
  clock.thaw_mono(at(30s));
  CHECK(mono_ns(clock, at(31s)) == frozen_at + count(1s));
  CHECK(clock.runs_true());
}

TEST_CASE("ntpd slews at 500 ppm: half a millisecond a second [spec 1.1]") {
  LocalClock clock(-10ms);
  clock.slew(at(5s), 10ms, 500);
  CHECK_FALSE(clock.runs_true());
  CHECK(clock.slew_ends() == at(25s));
  CHECK(wall_ns(clock, at(15s)) == count(15s - 5ms));
  CHECK(mono_ns(clock, at(15s)) == count(15s));  // the wall clock only
  CHECK(clock.when(WallInstant{15s - 5ms}, at(5s)) == at(15s));
  CHECK(clock.when(WallInstant{30s}, at(5s)) == at(30s));  // it foresees the end
  clock.end_slew(at(25s));
  CHECK(clock.runs_true());
  CHECK(wall_ns(clock, at(40s)) == count(40s));
}

TEST_CASE("a slew gains exactly what was asked, even if its end is nobody's nanosecond") {
  for (const std::int64_t speed : {1, 3, 7, 499, 999'999, 1'000'003}) {
    for (const Duration by : {Duration{1ns}, Duration{1us}, Duration{10'000'001ns}}) {
      LocalClock late, prompt, forgotten;
      for (LocalClock* clock : {&late, &prompt, &forgotten}) clock->slew(at(1s), by, speed);
      const Instant end = prompt.slew_ends();
      prompt.end_slew(end);
      late.end_slew(end + 3s);
      const Instant later = end + 1h;
      CHECK(wall_ns(prompt, end) == (end.time_since_epoch() + by).count());
      CHECK(wall_ns(prompt, later) == (later.time_since_epoch() + by).count());
      CHECK(prompt.wall(later) == late.wall(later));
      CHECK(prompt.wall(later) == forgotten.wall(later));
    }
  }
}

TEST_CASE("a slew backwards slows the clock and never turns it back") {
  LocalClock clock;
  clock.slew(at(0s), -3s, 900'000);
  CHECK(clock.slew_ends() == Instant{3'333'333'334ns});
  CHECK(wall_ns(clock, at(1s)) == count(100ms));
  WallInstant before{};
  for (Duration t{}; t < 4s; t += 13'333'333ns) {
    CHECK(clock.wall(at(t)) >= before);
    before = clock.wall(at(t));
  }
  CHECK(wall_ns(clock, at(10s)) == count(7s));
}

TEST_CASE("a new slew takes the place of the running one, which keeps what it has done") {
  LocalClock clock;
  clock.slew(at(0s), 10ms, 500);
  clock.slew(at(4s), -1ms, 500);  // 2 ms are done
  CHECK(clock.slew_ends() == at(6s));
  CHECK(wall_ns(clock, at(10s)) == count(10s + 1ms));
  clock.end_slew(at(5s));  // half of it
  CHECK(wall_ns(clock, at(10s)) == count(10s + 1500us));
  clock.slew(at(11s), 0s, 500);
  CHECK(clock.slew_ends() == kEndOfTime);
}

TEST_CASE("a jump, a new rate or a suspend in a slew leaves the slew alone") {
  LocalClock clock;
  clock.slew(at(0s), 10ms, 500);
  clock.jump(at(4s), 1s);
  CHECK(wall_ns(clock, at(4s)) == count(5s + 2ms));
  clock.set_rate(at(6s), 1'000);
  clock.freeze_mono(at(7s));
  CHECK(clock.slew_ends() == at(20s));
  CHECK(wall_ns(clock, at(10s)) == count(11s + 5ms + 4ms));
  clock.thaw_mono(at(12s));
  CHECK(wall_ns(clock, at(30s)) == count(31s + 10ms + 24ms));
  CHECK(mono_ns(clock, at(30s)) == count(30s - 5s + 24ms - 5ms));
}

TEST_CASE("changes that change nothing leave every reading as it is, however many") {
  Rng rng(3, "test/clock/rebase");
  for (int round = 0; round < 50; ++round) {
    const std::int64_t rate = rng.between(-999'000ns, 1'000'000ns).count();
    LocalClock plain(0s, rate), disturbed(0s, rate);
    Duration t{};
    for (int i = 0; i < 200; ++i) {
      t += rng.between(0ns, rng.chance_ppm(500'000) ? 5ns : 1s);
      if (rng.chance_ppm(500'000))
        disturbed.set_rate(at(t), rate);
      else
        disturbed.jump(at(t), 0s);
      REQUIRE(disturbed.wall(at(t)) == plain.wall(at(t)));
      REQUIRE(disturbed.mono(at(t + 17ns)) == plain.mono(at(t + 17ns)));
    }
  }
}

TEST_CASE("through any changes when() is first, and no clock goes back unless it jumps") {
  Rng rng(4, "test/clock/changes");
  for (int round = 0; round < 300; ++round) {
    const Duration offset = rng.between(-10s, 10s);  // draws one by one: arguments have no order
    LocalClock clock(offset, rng.between(-1'000ns, 1'000ns).count());
    Duration t{};
    for (int step = 0; step < 40; ++step) {
      const WallInstant wall_before = clock.wall(at(t));
      const MonoInstant mono_before = clock.mono(at(t));
      t += rng.between(0ns, rng.chance_ppm(300'000) ? Duration{20ns} : Duration{5s});
      if (clock.slew_ends() <= at(t) && rng.chance_ppm(700'000)) {
        t = std::max(t, clock.slew_ends().time_since_epoch());
        clock.end_slew(at(t));
      }
      const WallInstant wall_now = clock.wall(at(t));
      const MonoInstant mono_now = clock.mono(at(t));
      REQUIRE(wall_now >= wall_before);
      REQUIRE(mono_now >= mono_before);

      bool jumped = false;
      switch (rng.below(6)) {
        case 0:
          clock.jump(at(t), rng.between(-2s, 2s));
          jumped = true;
          break;
        case 1:
          clock.set_rate(at(t), rng.between(-400'000ns, 400'000ns).count());
          break;
        case 2: {
          const Duration by = rng.between(-20us, 20us);
          clock.slew(at(t), by, rng.between(1ns, 500'000ns).count());
          break;
        }
        case 3:
          clock.freeze_mono(at(t));
          break;
        case 4:
          clock.thaw_mono(at(t));
          break;
        case 5:
          clock.end_slew(at(t));
          break;
      }
      if (!jumped) REQUIRE(clock.wall(at(t)) == wall_now);  // a change alone moves nothing
      REQUIRE(clock.mono(at(t)) == mono_now);

      const Instant now = at(t + rng.between(0ns, 1ms));
      check_when(clock, clock.wall(now) + rng.between(-1us, 100us), now);
      check_when(clock, clock.wall(now) + rng.between(0s, 100s), now);
      check_when(clock, clock.mono(now) + rng.between(-1us, 100us), now);
      if (clock.slew_ends() != kEndOfTime && clock.slew_ends() >= now)
        for (Duration near = -3ns; near <= 3ns; near += 1ns)
          check_when(clock, clock.wall(clock.slew_ends()) + near, now);
    }
  }
}

TEST_CASE("sums of jumps, slews and rates come out exactly") {
  Rng rng(5, "test/clock/sums");
  for (int round = 0; round < 200; ++round) {
    LocalClock clock;
    Duration jumps{}, slews{};
    std::int64_t gained_ppm_ns = 0;  // millionths of a nanosecond
    std::int64_t rate = 0;
    Duration t{};
    for (int step = 0; step < 30; ++step) {
      const Duration pause = rng.between(100ms, 200ms);
      t += pause;
      gained_ppm_ns += pause.count() * rate;
      clock.end_slew(at(t));  // surely done: 1 us at 100 ppm takes 10 ms
      const Duration by = rng.between(-1us, 1us);
      clock.jump(at(t), by * 1'000);
      jumps += by * 1'000;
      clock.slew(at(t), by, 100);
      slews += by;
      rate = rng.between(-1'000ns, 1'000ns).count();
      clock.set_rate(at(t), rate);
    }
    t += 1s;
    gained_ppm_ns += count(1s) * rate;
    const std::int64_t gained = gained_ppm_ns / 1'000'000 - (gained_ppm_ns % 1'000'000 < 0 ? 1 : 0);
    REQUIRE(wall_ns(clock, at(t)) == (t + jumps + slews).count() + gained);
    REQUIRE(mono_ns(clock, at(t)) == t.count() + gained);
  }
}
