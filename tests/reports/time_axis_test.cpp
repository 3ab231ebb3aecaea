// Places of instants: in order, even while things happen, shorter where nothing does.
#include <doctest/doctest.h>

#include "reports/svg_timeline.hpp"
#include "reports/time_axis.hpp"
#include "sim/rng.hpp"
#include "tests/reports/recordings.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

constexpr std::int64_t kWidth = 100'000;

TimeAxis axis_of(const Recording& recording) {
  const Timeline timeline = make_timeline(recording);
  return TimeAxis({&recording}, {&timeline}, kWidth);
}

}  // namespace

TEST_CASE("the axis begins at zero and ends with the run") {
  const TimeAxis axis = axis_of(document_scenario_1());
  CHECK(axis.first() == Instant{});
  CHECK(axis.last() == ms(6011));
  CHECK(axis.x(Instant{}) == 0);
  CHECK(axis.x(ms(6011)) == kWidth);
  CHECK(axis.x(ms(-5)) == 0);
  CHECK(axis.x(kEndOfTime) == kWidth);
}

TEST_CASE("five seconds of nothing are drawn shorter, and a message of 500us is seen") {
  const TimeAxis axis = axis_of(document_scenario_1());
  // 21 ms of messages beside 5990 ms of waiting: on an even scale a message would be 8 hundredths
  // of a pixel wide.
  CHECK(axis.x(us(500)) - axis.x(us(0)) >= 500);
  CHECK(axis.x(ms(5000)) - axis.x(ms(5)) < kWidth / 2);
  bool shortened = false;
  for (const TimeAxis::Piece& piece : axis.pieces())
    if (piece.from == ms(5) && piece.until == ms(5000)) shortened = piece.shortened;
  CHECK(shortened);
}

TEST_CASE("equal times at work are equally wide, wherever they are") {
  const TimeAxis axis = axis_of(document_scenario_1());
  const std::int64_t first = axis.x(ms(4)) - axis.x(ms(1));
  const std::int64_t later = axis.x(ms(5004)) - axis.x(ms(5001));
  CHECK(first - later <= 2);
  CHECK(later - first <= 2);
}

TEST_CASE("a run without messages has an even axis") {
  RecordingMaker run("even", "nobody says anything");
  const ProcessId a = run.process("a", ProcessRole::client);
  for (int i = 0; i <= 10; ++i) run.event(ms(i * 100), a, StepTaken{run.name("work"), 100ms, true});
  const TimeAxis axis = axis_of(run.finish(ms(1000)));
  for (int i = 0; i <= 10; ++i) CHECK(axis.x(ms(i * 100)) == kWidth * i / 10);
  CHECK(axis.pieces().size() == 1);
}

TEST_CASE("places keep the order of any instants, and pieces join without a gap") {
  Rng random(7, "axis");
  for (int round = 0; round < 50; ++round) {
    RecordingMaker run("random", "");
    const ProcessId a = run.process("a", ProcessRole::client);
    const ProcessId b = run.process("b", ProcessRole::redis);
    Instant at{};
    for (int i = 0; i < 30; ++i) {
      at += Duration{static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(35)))};
      run.call(at, a, b, "SET", "x");
    }
    const TimeAxis axis = axis_of(run.finish(at + 1ms));
    std::int64_t x = -1;
    Instant end{};
    for (const TimeAxis::Piece& piece : axis.pieces()) {
      if (x >= 0) CHECK(piece.x == x);
      if (x >= 0) CHECK(piece.from == end);
      CHECK(piece.width >= 0);
      x = piece.x + piece.width;
      end = piece.until;
    }
    CHECK(x == kWidth);
    std::int64_t before = 0;
    for (std::int64_t t = 0; t < at.time_since_epoch().count();
         t += at.time_since_epoch().count() / 97 + 1) {
      const std::int64_t place = axis.x(Instant{Duration{t}});
      CHECK(place >= before);
      before = place;
    }
  }
}

TEST_CASE("an empty recording has an axis all the same") {
  const Recording empty;
  CHECK(axis_of(empty).x(kEndOfTime) == kWidth);
}
