// The agenda against its promises, and against a naive one: a sorted list that is searched each
// time.
#include "sim/event_loop.hpp"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <vector>

#include "sim/rng.hpp"

namespace locklab {
namespace {

constexpr Instant kFar = Instant{Duration{1'000'000'000'000}};

Event numbered(std::uint64_t a) {
  Event event;
  event.a = a;
  return event;
}

std::vector<std::uint64_t> drain(EventLoop& loop) {
  std::vector<std::uint64_t> fired;
  Event event;
  while (loop.pop(kFar, event)) fired.push_back(event.a);
  return fired;
}

using Numbers = std::vector<std::uint64_t>;

TEST_CASE("events fire by instant, and those of one instant in the order of their scheduling") {
  Arena arena;
  EventLoop loop(arena);
  loop.schedule(Instant{2ms}, numbered(1));
  loop.schedule(Instant{1ms}, numbered(2));
  loop.schedule(Instant{2ms}, numbered(3));
  loop.schedule(Instant{1ms}, numbered(4));
  CHECK(drain(loop) == Numbers{2, 4, 1, 3});
  CHECK(loop.now() == Instant{2ms});
  CHECK(loop.fired() == 4);
  CHECK(loop.empty());
}

TEST_CASE("a clock that was moved on takes what was due late, in due order") {
  Arena arena;
  EventLoop loop(arena);
  CHECK(loop.next_due() == kEndOfTime);
  loop.schedule(Instant{2ms}, numbered(1));
  loop.schedule(Instant{1ms}, numbered(2));
  loop.schedule_lane(9ms, numbered(3));
  CHECK(loop.next_due() == Instant{1ms});
  loop.advance(Instant{5ms});
  CHECK(loop.now() == Instant{5ms});
  loop.advance(Instant{4ms});  // it never goes back
  CHECK(loop.now() == Instant{5ms});
  CHECK(loop.next_due() == Instant{1ms});
  Event event;
  CHECK(loop.pop(Instant{5ms}, event));
  CHECK(event.a == 2);
  CHECK(loop.now() == Instant{5ms});
  loop.schedule(loop.now(), numbered(4));
  CHECK(drain(loop) == Numbers{1, 4, 3});
  CHECK(loop.now() == Instant{9ms});
}

TEST_CASE("lanes and the heap keep one common order") {
  Arena arena;
  EventLoop loop(arena);
  loop.schedule_lane(0ms, numbered(1));
  loop.schedule(Instant{0ms}, numbered(2));
  loop.schedule_lane(0ms, numbered(3));
  loop.schedule_lane(5ms, numbered(4));
  loop.schedule(Instant{5ms}, numbered(5));
  for (int more = 1; more <= 6; ++more)  // more durations than there are lanes
    loop.schedule_lane(5ms + Duration{more}, numbered(5 + static_cast<std::uint64_t>(more)));
  CHECK(drain(loop) == Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
}

TEST_CASE("a withdrawn event does not fire, and can be withdrawn only once") {
  Arena arena;
  EventLoop loop(arena);
  const EventId first = loop.schedule(Instant{1ms}, numbered(1));
  const EventId second = loop.schedule_lane(1ms, numbered(2));
  const EventId third = loop.schedule(Instant{1ms}, numbered(3));
  CHECK(loop.cancel(first));
  CHECK_FALSE(loop.cancel(first));
  CHECK(loop.cancel(second));
  CHECK_FALSE(loop.cancel(EventId{}));
  CHECK(loop.waiting() == 1);
  CHECK(drain(loop) == Numbers{3});
  CHECK_FALSE(loop.cancel(third));  // it has fired
}

TEST_CASE("an old handle does not reach the event that took its place") {
  Arena arena;
  EventLoop loop(arena);
  const EventId old = loop.schedule(Instant{1ms}, numbered(1));
  CHECK(loop.cancel(old));
  const EventId young = loop.schedule(Instant{1ms}, numbered(2));
  CHECK_FALSE(old == young);
  CHECK_FALSE(loop.cancel(old));
  CHECK(drain(loop) == Numbers{2});
}

TEST_CASE("pop stops at its limit, the limit's own instant included") {
  Arena arena;
  EventLoop loop(arena);
  loop.schedule(Instant{1ms}, numbered(1));
  loop.schedule(Instant{2ms}, numbered(2));
  Event event;
  CHECK(loop.pop(Instant{1ms}, event));
  CHECK_FALSE(loop.pop(Instant{1ms}, event));
  CHECK(loop.now() == Instant{1ms});
  CHECK(loop.pending_by(Instant{2ms}));
  CHECK_FALSE(loop.pending_by(Instant{2ms} - 1ns));
}

TEST_CASE("a moved event keeps its handle and its scheduling order") {
  Arena arena;
  EventLoop loop(arena);
  const EventId first = loop.schedule(Instant{1ms}, numbered(1));
  loop.schedule(Instant{5ms}, numbered(2));
  const EventId third = loop.schedule_lane(9ms, numbered(3));
  loop.schedule_lane(9ms, numbered(4));
  loop.move(first, Instant{5ms});
  loop.move(third, Instant{5ms});
  CHECK(drain(loop) == Numbers{1, 2, 3, 4});
  CHECK_FALSE(loop.cancel(first));
}

TEST_CASE("a moved event can still be withdrawn") {
  Arena arena;
  EventLoop loop(arena);
  const EventId id = loop.schedule_lane(1ms, numbered(1));
  loop.move(id, Instant{7ms});
  CHECK(loop.cancel(id));
  CHECK(drain(loop).empty());
}

TEST_CASE("a parked event can be taken back once, withdrawn, or moved") {
  Arena arena;
  EventLoop loop(arena);
  Event event;
  const auto pop_and_park = [&](std::uint64_t a) {
    loop.schedule(loop.now() + 1ms, numbered(a));
    REQUIRE(loop.pop(kFar, event));
    return loop.park(event);
  };
  const EventId taken = pop_and_park(1);
  const EventId withdrawn = pop_and_park(2);
  const EventId moved = pop_and_park(3);
  CHECK_FALSE(loop.pending_by(kFar));

  REQUIRE(loop.unpark(taken, event));
  CHECK(event.a == 1);
  CHECK_FALSE(event.parked);
  CHECK_FALSE(loop.unpark(taken, event));

  CHECK(loop.cancel(withdrawn));
  CHECK_FALSE(loop.unpark(withdrawn, event));

  loop.move(moved, loop.now() + 4ms);
  CHECK_FALSE(loop.unpark(moved, event));
  REQUIRE(loop.pop(kFar, event));
  CHECK(event.a == 3);
  CHECK_FALSE(event.parked);
  CHECK(loop.empty());
}

TEST_CASE("timers are visited in scheduling order, and only timers") {
  Arena arena;
  EventLoop loop(arena);
  Event timer = numbered(1);
  timer.timer = Event::Timer::wall;
  loop.schedule(Instant{9ms}, timer);
  loop.schedule(Instant{1ms}, numbered(2));
  timer.a = 3;
  timer.timer = Event::Timer::mono;
  loop.schedule_lane(1ms, timer);
  timer.a = 4;
  const EventId withdrawn = loop.schedule(Instant{2ms}, timer);
  loop.cancel(withdrawn);
  Numbers visited;
  loop.for_each_timer([&](EventId, const Event& event) { visited.push_back(event.a); });
  CHECK(visited == Numbers{1, 3});
}

TEST_CASE("two hundred thousand events wait at once and come out in order") {
  Arena arena;
  EventLoop loop(arena);
  Rng rng(1, "test/event_loop");
  std::vector<EventId> ids;
  for (std::uint64_t i = 0; i < 200'000; ++i)
    ids.push_back(i % 4 == 0 ? loop.schedule_lane(Duration{(i % 8) * 1'000}, numbered(i))
                             : loop.schedule(Instant{Duration{rng.below(50'000)}}, numbered(i)));
  CHECK(loop.waiting() == 200'000);
  for (std::size_t i = 0; i < ids.size(); i += 3) CHECK(loop.cancel(ids[i]));
  Event event;
  Instant last{};
  std::size_t fired = 0;
  while (loop.pop(kFar, event)) {
    REQUIRE(loop.now() >= last);
    REQUIRE(event.a % 3 != 0);
    last = loop.now();
    ++fired;
  }
  CHECK(fired == 200'000 - (200'000 + 2) / 3);
}

/// What the loop promises, in the plainest way.
class NaiveLoop {
 public:
  using Key = std::pair<std::int64_t, std::uint64_t>;  // instant, scheduling order

  void schedule(std::uint64_t number, std::int64_t at, bool timer) {
    waiting_[number] = {at, ++order_, timer, false};
  }
  bool cancel(std::uint64_t number) { return waiting_.erase(number) > 0; }
  void move(std::uint64_t number, std::int64_t at) {
    waiting_[number].at = at;
    waiting_[number].parked = false;
  }
  std::optional<std::uint64_t> pop(std::int64_t limit, bool park) {
    std::optional<std::uint64_t> best;
    for (const auto& [number, entry] : waiting_)
      if (!entry.parked &&
          (!best || Key{entry.at, entry.order} < Key{waiting_[*best].at, waiting_[*best].order}))
        best = number;
    if (!best || waiting_[*best].at > limit) return {};
    now = waiting_[*best].at;
    if (park)
      waiting_[*best].parked = true;
    else
      waiting_.erase(*best);
    return best;
  }
  bool unpark(std::uint64_t number) {
    const auto found = waiting_.find(number);
    if (found == waiting_.end() || !found->second.parked) return false;
    waiting_.erase(found);
    return true;
  }
  bool holds(std::uint64_t number) const { return waiting_.count(number) > 0; }
  std::size_t size() const { return waiting_.size(); }
  std::vector<std::uint64_t> timers() const {
    std::map<std::uint64_t, std::uint64_t> by_order;
    for (const auto& [number, entry] : waiting_)
      if (entry.timer) by_order[entry.order] = number;
    std::vector<std::uint64_t> found;
    for (const auto& [order, number] : by_order) found.push_back(number);
    return found;
  }

  std::int64_t now = 0;

 private:
  struct Entry {
    std::int64_t at = 0;
    std::uint64_t order = 0;
    bool timer = false;
    bool parked = false;
  };
  std::map<std::uint64_t, Entry> waiting_;
  std::uint64_t order_ = 0;
};

TEST_CASE("any mixture of what can be asked of the loop agrees with a naive one") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Arena arena;
    EventLoop loop(arena);
    NaiveLoop naive;
    Rng rng(seed, "test/event_loop/property");
    std::vector<EventId> ids{{}};  // by number
    const std::uint64_t span = 1 + rng.below(200);
    const std::uint64_t push_bias = 3 + rng.below(5);  // how full it gets
    const auto any = [&] { return rng.below(ids.size()); };
    for (int i = 0; i < 3'000; ++i) {
      const std::uint64_t choice = rng.below(push_bias + 8);
      if (choice < push_bias) {
        Event event = numbered(ids.size());
        const bool timer = rng.below(3) == 0;
        if (timer) event.timer = Event::Timer::mono;
        // Few durations for the lanes, now and then one too many; the heap takes anything.
        const bool lane = rng.below(2) == 0;
        const auto after =
            static_cast<std::int64_t>(lane ? rng.below(6) * 17 % 50 : rng.below(span));
        naive.schedule(event.a, naive.now + after, timer);
        ids.push_back(lane ? loop.schedule_lane(Duration{after}, event)
                           : loop.schedule(loop.now() + Duration{after}, event));
      } else if (choice < push_bias + 2) {
        const std::uint64_t number = any();
        REQUIRE(loop.cancel(ids[number]) == naive.cancel(number));
      } else if (choice < push_bias + 3) {
        const std::uint64_t number = any();
        if (!naive.holds(number)) continue;
        const auto to = naive.now + static_cast<std::int64_t>(rng.below(span));
        naive.move(number, to);
        loop.move(ids[number], Instant{Duration{to}});
      } else if (choice < push_bias + 4) {
        const std::uint64_t number = any();
        Event event;
        const bool taken = number != 0 && loop.unpark(ids[number], event);
        REQUIRE(taken == naive.unpark(number));
        if (taken) REQUIRE(event.a == number);
      } else {
        const auto limit = naive.now + static_cast<std::int64_t>(rng.below(span));
        const bool park = rng.below(4) == 0;
        Event event;
        const bool found = loop.pop(Instant{Duration{limit}}, event);
        const auto expected = naive.pop(limit, park);
        REQUIRE(found == expected.has_value());
        if (found) {
          REQUIRE(event.a == *expected);
          if (park) REQUIRE(loop.park(event) == ids[event.a]);
        }
      }
      REQUIRE(loop.now() == Instant{Duration{naive.now}});
      REQUIRE(loop.waiting() == naive.size());
    }
    Numbers timers;
    loop.for_each_timer([&](EventId, const Event& event) { timers.push_back(event.a); });
    CHECK(timers == naive.timers());
  }
}

}  // namespace
}  // namespace locklab
