// A whole world: why a run stops, that it is a pure function of its seed, and what causes what.
#include "sim/world.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/small_world.hpp"

namespace locklab::test {
namespace {

Task<> asks_twenty(Client& self) {
  for (std::int64_t i = 0; i < 20; ++i) {
    self.say(co_await self.ask(i, {.timeout = 15ms, .reconnect_on_timeout = true}));
    co_await self.sleep(self.process().rng().between(1ms, 9ms));
  }
}

Task<> ticks(Client& self) {
  for (;;) co_await self.sleep(10ms);
}

TEST_CASE("a run stops when nothing is left to happen, at its horizon, or at its event limit") {
  SmallWorld small;
  small.echo("echo-1");
  SUBCASE("quiescent") {
    small.client("client-a", asks_twenty);
    CHECK(small.run() == StopReason::quiescent);
    CHECK(small.run() == StopReason::quiescent);
  }
  SUBCASE("horizon, whose own instant still runs") {
    small.client("client-a", ticks);
    CHECK(small.run(100ms) == StopReason::horizon);
    CHECK(small.world.now() == at(100ms));
    CHECK(small.world.events() == 11);
  }
  SUBCASE("event limit") {
    small.client("client-a", ticks);
    CHECK(small.run(1h, 7) == StopReason::event_limit);
    CHECK(small.world.events() == 7);
    CHECK(small.run(1h, 9) == StopReason::event_limit);
    CHECK(small.world.events() == 9);
  }
  SUBCASE("the last event that the limit allows, with the next beyond the horizon: the horizon") {
    small.client("client-a", ticks);
    CHECK(small.run(100ms, 11) == StopReason::horizon);
  }
  SUBCASE("the last event that the limit allows was the last of all: quiescent") {
    small.client("client-a", nullptr);
    small.world.at(
        Instant{1ms}, [](void*, std::uint64_t) {}, nullptr);
    CHECK(small.run(1h, 1) == StopReason::quiescent);
  }
  SUBCASE("frozen timers do not keep a run going") {
    Client& a = small.client("client-a", ticks);
    small.run(15ms);
    small.world.suspend(a.process().machine());
    CHECK(small.run(1h) == StopReason::quiescent);
  }
}

std::uint64_t digest_of(std::uint64_t seed) {
  SmallWorld small(seed);
  small.world.network().set_default({Latency::lognormal(1ms, 600), 20'000, 20'000});
  small.echo("echo-1");
  small.client("client-a", asks_twenty);
  small.client("client-b", asks_twenty);
  small.run();
  return small.world.digest();
}

TEST_CASE("a run is a pure function of its seed") {
  CHECK(digest_of(1) == digest_of(1));
  CHECK(digest_of(2) == digest_of(2));
  CHECK(digest_of(1) != digest_of(2));
}

TEST_CASE("an arena that is used again gives the same run") {
  Arena arena;
  std::vector<std::uint64_t> digests;
  for (int i = 0; i < 3; ++i) {
    {
      World world(arena, 5);
      world.network().set_default({Latency::uniform(1ms, 9ms), 20'000, 20'000});
      Process& server = world.add_process("echo-1", world.add_machine("echo-1"));
      EchoServer echo(server);
      server.set_actor(echo);
      Process& process = world.add_process("client-a", world.add_machine("client-a"));
      Client client(process, asks_twenty);
      process.set_actor(client);
      world.start();
      world.run(Instant{1h}, 1'000'000);
      digests.push_back(world.digest());
    }
    arena.reset();
  }
  CHECK(digests[0] == digests[1]);
  CHECK(digests[0] == digests[2]);
}

TEST_CASE("an observer does not change the run, and is told only of what it asked for") {
  struct Sends final : TraceObserver {
    void observe(const TraceEvent& event) override {
      CHECK(std::holds_alternative<MessageSent>(event.what));
      ++count;
    }
    std::size_t count = 0;
  };
  SmallWorld small(3);
  Sends sends;
  small.world.observe(sends, events_of<MessageSent>());
  small.echo("echo-1");
  small.client("client-a", asks_twenty);
  small.run();
  CHECK(sends.count == small.count<MessageSent>());
  CHECK(sends.count > 30);
}

TEST_CASE("every event has a cause that came before it, and a delivery is caused by its sending") {
  SmallWorld small(4);
  small.latency(Latency::uniform(1ms, 9ms));
  small.echo("echo-1");
  small.client("client-a", asks_twenty);
  small.client("client-b", asks_twenty);
  small.run();
  for (std::size_t i = 0; i < small.trace.size(); ++i) {
    const TraceEvent& event = small.trace[i];
    CHECK(event.seq.number == i + 1);
    CHECK(event.cause < event.seq);
    if (const auto* delivered = std::get_if<MessageDelivered>(&event.what)) {
      const TraceEvent& cause = small.trace[event.cause.number - 1];
      const auto* sent = std::get_if<MessageSent>(&cause.what);
      REQUIRE(sent != nullptr);
      CHECK(sent->message == delivered->message);
      CHECK(cause.process == delivered->from);
    }
  }
}

TEST_CASE("events show the wall clock of their process") {
  SmallWorld small;
  small.echo("echo-1", 3s);
  small.client("client-a", asks_twenty);
  small.run(0ms);
  small.run(600us);
  for (const TraceEvent& event : small.trace) {
    const WallInstant expected =
        WallInstant{event.at.time_since_epoch() + (event.process == ProcessId{1} ? 3s : 0s)};
    CHECK(event.wall == expected);
  }
}

TEST_CASE("an action on a process's clock follows that clock, even while the process is paused") {
  SmallWorld small;
  Client& a = small.client("client-a", nullptr);
  small.run(0ms);
  std::vector<Instant> fired;
  struct Context {
    World& world;
    std::vector<Instant>& fired;
  } context{small.world, fired};
  small.world.when_clock(
      a.id(), ClockKind::wall, 100ms,
      [](void* pointer, std::uint64_t) {
        auto& self = *static_cast<Context*>(pointer);
        self.fired.push_back(self.world.now());
      },
      &context);
  small.world.pause(a.id());
  small.world.jump_wall(a.process().machine(), 40ms);
  small.run();
  CHECK(fired == std::vector<Instant>{at(60ms)});
}

TEST_CASE("machines and processes are found by name") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  const MachineId host = small.world.add_machine("host");
  Process& guest = small.world.add_process("guest", host);
  CHECK(small.world.find_process("guest") == &guest);
  CHECK(small.world.find_process("nobody") == nullptr);
  CHECK(small.world.find_machine("host") == host);
  CHECK(small.world.find_machine("echo-1") == small.world.process(echo.id()).machine());
  CHECK_FALSE(small.world.find_machine("guest"));
}

}  // namespace
}  // namespace locklab::test
