// The search, on oracles that are small enough to know the answer of.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "faults/campaign.hpp"
#include "faults/minimum.hpp"
#include "faults/shrinker.hpp"

using namespace locklab;

namespace {

/// Breaks where a predicate says so.
class Toy final : public Oracle {
 public:
  explicit Toy(std::function<bool(const FaultSchedule&)> breaks) : breaks_(std::move(breaks)) {}
  Trial run(const FaultSchedule& schedule) override {
    ++runs;
    Trial trial;
    trial.digest = static_cast<std::uint64_t>(runs);
    trial.events = 10;
    trial.struck = (std::uint64_t{1} << schedule.size()) - 1;
    if (breaks_(schedule)) trial.signature = 7;
    trial.slack = trial.violated() ? -1ms : 5ms;
    return trial;
  }
  int runs = 0;

 private:
  std::function<bool(const FaultSchedule&)> breaks_;
};

OnEvent event(std::string name, std::string process, std::uint32_t nth = 1) {
  OnEvent on;
  on.event = std::move(name);
  on.process = std::move(process);
  on.nth = nth;
  return on;
}

FaultSpace toy_space() {
  FaultSpace space;
  for (const char* name : {"client-a", "client-b"})
    space.targets.push_back(
        {name, name, true, false, false, static_cast<std::uint32_t>(space.targets.size()) + 10});
  for (const char* name : {"node-1", "node-2", "node-3"})
    space.targets.push_back({name, name, false, false, true, 1});
  set_anchors(
      space, {{event("lock_granted", "client-a"), 1ms}, {event("call_began", "client-a", 2), 5ms}});
  space.sizes = {10ms, 100ms, 1000ms, 10000ms};
  return space;
}

Duration paused(const FaultSchedule& schedule, std::string_view who) {
  Duration longest{};
  for (const ScheduledFault& scheduled : schedule)
    if (const auto* pause = std::get_if<Pause>(&scheduled.fault); pause && pause->who == who)
      longest = std::max(longest, pause->lasts);
  return longest;
}

bool same(const Trial& trial) { return trial.signature == 7; }

}  // namespace

TEST_CASE(
    "a schedule is shrunk to the one fault that it needs, at its anchor and in round numbers") {
  const FaultSpace space = toy_space();
  Toy toy([](const FaultSchedule& s) { return paused(s, "client-a") >= 4988ms; });
  const FaultSchedule failing{
      {AtTime{3ms}, Crash{"node-1", 5ms}},
      {AtTime{5173ms}, Pause{"client-a", 8731ms}},
      {event("lock_granted", "client-a"), WallJump{{"node-1", "node-2"}, 5s}}};
  const Shrunk shrunk = shrink(failing, space, toy, same);
  REQUIRE(shrunk.schedule.size() == 1);
  CHECK(shrunk.one_minimal);
  CHECK(std::holds_alternative<OnEvent>(shrunk.schedule[0].trigger));
  CHECK(std::get<Pause>(shrunk.schedule[0].fault) ==
        Pause{"client-a", 9000ms});  // 8731 at one digit
}

TEST_CASE("shrinking keeps to the bug it began with") {
  const FaultSpace space = toy_space();
  // Two bugs: the long pause alone is another one.
  class TwoBugs final : public Oracle {
   public:
    Trial run(const FaultSchedule& schedule) override {
      Trial trial;
      if (paused(schedule, "client-a") > 0ms) trial.signature = 8;
      if (paused(schedule, "client-a") > 0ms && schedule.size() == 2) trial.signature = 7;
      return trial;
    }
  } oracle;
  const FaultSchedule failing{{AtTime{1s}, Pause{"client-a", 1s}}, {AtTime{2s}, Crash{"node-1"}}};
  CHECK(shrink(failing, space, oracle, same).schedule.size() == 2);
}

TEST_CASE("a minimum is proved by going through all that is smaller") {
  FaultSpace space = toy_space();
  space.kinds = kind_bit(SearchKind::pause);
  const auto both = [](const FaultSchedule& s) {
    return paused(s, "client-a") >= 1000ms && paused(s, "client-b") >= 1000ms;
  };
  Toy needs_two(both);
  const Minimum proved = prove_minimum(2, space, needs_two, same);
  CHECK(proved.exhausted);
  CHECK_FALSE(proved.smaller);
  REQUIRE(proved.rounds.size() == 2);
  CHECK(proved.rounds[0].schedules == 1);
  // Two anchors, five processes, four sizes. The three nodes are interchangeable at the first
  // anchor; the other one, "the second call", counts, which tells them apart.
  CHECK(proved.rounds[1].schedules == 2 * 5 * 4);
  CHECK(proved.rounds[1].symmetric == 2 * 4);
  CHECK(needs_two.runs == 1 + 40 - 8);

  Toy needs_one([](const FaultSchedule& s) { return paused(s, "client-a") >= 1000ms; });
  const Minimum refuted = prove_minimum(2, space, needs_one, same);
  CHECK_FALSE(refuted.exhausted);
  REQUIRE(refuted.smaller);
  CHECK(refuted.smaller->size() == 1);

  Toy never([](const FaultSchedule&) { return false; });
  const Minimum too_many = prove_minimum(3, space, never, same, 100);
  CHECK_FALSE(too_many.exhausted);
  CHECK(too_many.rounds.size() == 2);  // 40 * 39 / 2 pairs are more than 100
}

TEST_CASE("what one fault can do in place of two, it does: it lasts longer, or strikes more") {
  const FaultSpace space = toy_space();
  Toy toy([](const FaultSchedule& s) {
    std::size_t lost = 0;
    for (const ScheduledFault& scheduled : s)
      if (const auto* keys = std::get_if<LoseKey>(&scheduled.fault)) lost += keys->nodes.size();
    return lost >= 2;
  });
  const FaultSchedule failing{{AtTime{1s}, LoseKey{{"node-1"}, {}}},
                              {AtTime{2s}, LoseKey{{"node-2"}, {}}}};
  const Shrunk shrunk = shrink(failing, space, toy, same);
  REQUIRE(shrunk.schedule.size() == 1);
  CHECK(std::get<LoseKey>(shrunk.schedule[0].fault).nodes.size() == 2);
}

TEST_CASE("for each number the range in which the bug persists is found to the millisecond") {
  const FaultSpace space = toy_space();
  Toy toy([](const FaultSchedule& s) {
    return paused(s, "client-a") >= 4988ms && paused(s, "client-a") <= 7000ms &&
           std::get<AtTime>(s[0].trigger).at <= 250ms;
  });
  const FaultSchedule failing{{AtTime{100ms}, Pause{"client-a", 5000ms}}};
  const std::vector<FailingRange> ranges = failing_ranges(failing, space, toy, same);
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[0].field == "at");
  CHECK_FALSE(ranges[0].low);
  CHECK(ranges[0].high == Duration{250ms}.count());
  CHECK(ranges[1].field == "lasts");
  CHECK(ranges[1].low == Duration{4988ms}.count());
  CHECK(ranges[1].high == Duration{7000ms}.count());
}

TEST_CASE(
    "every strategy finds a bug that needs one fault, and proposes schedules that are valid") {
  const FaultSpace space = toy_space();
  std::vector<std::string> names;
  for (const Target& target : space.targets) names.push_back(target.name);
  for (const StrategyKind& kind : strategies()) {
    CAPTURE(std::string(kind.name));
    int wrong = 0;
    Toy toy([&](const FaultSchedule& s) {
      if (!validate(s, {names, names}).empty()) ++wrong;
      return paused(s, "client-a") >= 1000ms;
    });
    Island island(space, {1, &kind}, 0);
    for (int i = 0; i < 2'000 && island.step(toy); ++i) {
    }
    CHECK(island.found());
    CHECK(wrong == 0);
  }
}

TEST_CASE("what islands found is the same in whatever order it is joined") {
  const FaultSpace space = toy_space();
  std::vector<Tally> tallies;
  for (std::uint32_t number = 0; number < kIslands; ++number) {
    Toy toy([](const FaultSchedule& s) { return paused(s, "client-b") >= 100ms; });
    Island island(space, {5, find_strategy("portfolio")}, number);
    for (int i = 0; i < 100; ++i) island.step(toy);
    tallies.push_back(island.tally());
  }
  Tally forwards = tallies[0];
  for (std::size_t i = 1; i < tallies.size(); ++i) forwards.join(tallies[i]);
  Tally backwards = tallies.back();
  for (std::size_t i = tallies.size() - 1; i-- > 0;) backwards.join(tallies[i]);
  CHECK(forwards.tries == 100 * kIslands);
  CHECK(forwards.digest == backwards.digest);
  CHECK(forwards.least_slack == backwards.least_slack);
  CHECK(to_text(forwards.closest) == to_text(backwards.closest));
  CHECK(forwards.anchors == backwards.anchors);
  CHECK(forwards.strategies == backwards.strategies);
  REQUIRE(forwards.found.size() == backwards.found.size());
  for (std::size_t i = 0; i < forwards.found.size(); ++i) {
    CHECK(forwards.found[i].number == backwards.found[i].number);
    CHECK(forwards.found[i].schedule == backwards.found[i].schedule);
  }
}

TEST_CASE("a schedule is inside a space if its kinds and sizes are") {
  FaultSpace space = toy_space();
  space.kinds = kind_bit(SearchKind::pause);
  space.longest_pause = 5s;
  CHECK(inside({{AtTime{1s}, Pause{"client-a", 5s}}}, space));
  CHECK_FALSE(inside({{AtTime{1s}, Pause{"client-a", 6s}}}, space));
  CHECK_FALSE(inside({{AtTime{1s}, Crash{"client-a"}}}, space));
}
