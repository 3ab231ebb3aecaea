// Happens-before, checked against its definition on small recordings by hand, against brute force
// on random ones, and on the document's scenarios.
#include "reports/causality.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "sim/rng.hpp"
#include "tests/reports/recordings.hpp"
#include "tests/support/recorded_run.hpp"

using namespace locklab;
using test::ms;
using test::RecordingMaker;

namespace {

/// Two clients and a server: a asks, the server answers; b does something by itself.
struct Small {
  RecordingMaker run{"small", ""};
  ProcessId a = run.process("a", ProcessRole::client);
  ProcessId b = run.process("b", ProcessRole::client);
  ProcessId server = run.process("s", ProcessRole::redis);
};

EventSeq seq(std::uint64_t number) { return EventSeq{number}; }

std::vector<std::uint64_t> numbers(const std::vector<EventSeq>& events) {
  std::vector<std::uint64_t> all;
  for (const EventSeq event : events) all.push_back(event.number);
  return all;
}

}  // namespace

TEST_CASE("a message connects two processes, and what it does not reach is concurrent") {
  Small small;
  small.run.call(ms(0), small.a, small.server, "GET", "x");
  small.run.event(ms(0), small.b, StepTaken{});
  const Recording recording = small.run.finish(ms(1));
  const Causality causality(recording);
  // 1 call_began, 2 message_sent (a), 3 step_taken (b), 4 delivered, 5 sent (server), 6 delivered,
  // 7 call_ended (a)
  CHECK(causality.happens_before(seq(1), seq(7)));
  CHECK(causality.happens_before(seq(2), seq(4)));
  CHECK(causality.happens_before(seq(4), seq(6)));
  CHECK_FALSE(causality.happens_before(seq(4), seq(4)));
  CHECK_FALSE(causality.happens_before(seq(6), seq(4)));
  CHECK(causality.concurrent(seq(3), seq(7)));
  CHECK_FALSE(causality.concurrent(seq(3), seq(3)));
  CHECK(numbers(causality.past(seq(5))) == std::vector<std::uint64_t>{1, 2, 4, 5});
  CHECK(numbers(causality.chain(seq(6))) == std::vector<std::uint64_t>{1, 2, 4, 5, 6});
  const std::vector<Causality::Edge> reasons = causality.reasons(5);
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[0] == Causality::Edge{1, 5, Causality::Link::order});
  CHECK(reasons[1] == Causality::Edge{4, 5, Causality::Link::message});
}

TEST_CASE("a partition's cuts follow the fault, and not one another") {
  Small small;
  const std::uint64_t fault =
      small.run.event(ms(1), {}, WallInstant{}, FaultStruck{0, small.run.name("partition")});
  const std::uint64_t first = small.run.event(ms(1), small.a, LinkCut{small.server, false}, fault);
  small.run.event(ms(1), small.server, LinkCut{small.a, false}, first);
  const Recording recording = small.run.finish(ms(2));
  const Causality causality(recording);
  CHECK(causality.concurrent(seq(2), seq(3)));
  CHECK(causality.happens_before(seq(1), seq(3)));
  CHECK(numbers(causality.chain(seq(3))) == std::vector<std::uint64_t>{1, 3});
}

TEST_CASE("what does not exist happens before nothing, and a cause that comes later is none") {
  Small small;
  small.run.event(ms(0), small.a, StepTaken{});
  Recording recording = small.run.finish(ms(1));
  recording.events[0].cause = seq(9);
  const Causality causality(recording);
  CHECK(causality.edges().empty());
  CHECK_FALSE(causality.happens_before(seq(1), seq(9)));
  CHECK_FALSE(causality.happens_before(seq(0), seq(1)));
  CHECK(causality.past(seq(9)).empty());
  CHECK(causality.chain(seq(9)).empty());
}

TEST_CASE("the graph agrees with the closure of its steps, whatever the recording") {
  Rng rng(2024, "causality");
  for (int round = 0; round < 20; ++round) {
    RecordingMaker run("random", "");
    std::vector<ProcessId> lanes{ProcessId{}};
    for (int i = 0; i < 3; ++i)
      lanes.push_back(run.process(std::string(1, static_cast<char>('a' + i)), ProcessRole::client));
    constexpr std::size_t kEvents = 40;
    for (std::size_t i = 0; i < kEvents; ++i)
      run.event(ms(static_cast<std::int64_t>(i)), lanes[rng.below(lanes.size())], StepTaken{},
                rng.below(i + 1));
    const Recording recording = run.finish(ms(100));
    const Causality causality(recording);

    std::vector<std::vector<bool>> before(kEvents, std::vector<bool>(kEvents, false));
    for (std::size_t to = 0; to < kEvents; ++to) {
      const auto follow = [&](std::size_t from) {
        before[from][to] = true;
        for (std::size_t i = 0; i < kEvents; ++i)
          if (before[i][from]) before[i][to] = true;
      };
      const TraceEvent& event = recording.events[to];
      if (event.cause) follow(event.cause.number - 1);
      for (std::size_t from = to; event.process && from-- > 0;)
        if (recording.events[from].process == event.process) {
          follow(from);
          break;
        }
    }
    for (std::size_t from = 0; from < kEvents; ++from)
      for (std::size_t to = 0; to < kEvents; ++to)
        REQUIRE(causality.happens_before(recording.events[from].seq, recording.events[to].seq) ==
                before[from][to]);
  }
}

TEST_CASE("in doc-3-jump the two grants are concurrent: neither client could know of the other") {
  const test::RecordedRun run(test::library_scenario("doc-3-jump"));
  const Causality causality(run.recording);
  const EventSeq a = run.nth<LockGranted>(1, "client-a").event->seq;
  const EventSeq b = run.nth<LockGranted>(1, "client-b").event->seq;
  CHECK(causality.concurrent(a, b));
}

TEST_CASE("the slice of doc-3-jump holds the clocks and both grants, and leaves most out") {
  const test::RecordedRun run(test::library_scenario("doc-3-jump"));
  const Causality causality(run.recording);
  const Finding& finding = run.finding("client_mutual_exclusion");
  const std::vector<EventSeq> slice = causality.slice(finding);
  const auto holds = [&](EventSeq wanted) {
    return std::find(slice.begin(), slice.end(), wanted) != slice.end();
  };
  CHECK(std::is_sorted(slice.begin(), slice.end()));
  for (const EventSeq proof : finding.events) CHECK(holds(proof));
  CHECK(holds(run.nth<LockGranted>(1, "client-a").event->seq));
  CHECK(holds(run.nth<LockGranted>(1, "client-b").event->seq));
  CHECK(holds(run.nth<ClockChanged>(1, "redis-3").event->seq));
  CHECK(holds(run.nth<KeyRemoved>(1, "redis-3").event->seq));
  // Every event's chain of causes is in it.
  for (const EventSeq event : slice)
    for (const EventSeq step : causality.chain(event)) CHECK(holds(step));
  CHECK(slice.size() <
        causality.past(std::vector<EventSeq>(finding.events.begin(), finding.events.end())).size());
}
