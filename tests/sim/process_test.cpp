// The gate: what a pause holds up and in which order it lets go, what a crash takes along, what a
// restart begins, and what a suspended machine's clocks make of its timers [spec sheet 1.1, 1.2].
#include "sim/process.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/small_world.hpp"

namespace locklab::test {
namespace {

using Said = std::vector<std::string>;

/// Does something to the world at a true instant, as a fault would.
template <class Action>
void when(SmallWorld& small, Duration instant, Action& action) {
  small.world.at(
      Instant{instant}, [](void* context, std::uint64_t) { (*static_cast<Action*>(context))(); },
      &action);
}

Task<> sleeps(Client& self, Duration duration, std::string name) {
  co_await self.sleep(duration);
  self.say(name);
}

Task<> three_sleepers(Client& self) {
  self.process().spawn("late", sleeps(self, 30ms, "late"));
  self.process().spawn("early", sleeps(self, 10ms, "early"));
  self.process().spawn("middle", sleeps(self, 20ms, "middle"));
  co_return;
}

TEST_CASE("a paused process runs its late timers in due order") {
  SmallWorld small;
  Client& a = small.client("client-a", three_sleepers);
  auto pause = [&] { small.world.pause(a.id()); };
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 5ms, pause);
  when(small, 100ms, resume);
  small.run();
  CHECK(a.said == Said{"100ms early", "100ms middle", "100ms late"});
}

TEST_CASE("a paused process is dormant: nothing of it happens between pause and resume") {
  struct P {
    static Task<> run(Client& self) {
      for (std::int64_t i = 0;; ++i) {
        self.say(co_await self.ask(i));
        co_await self.sleep(1ms);
      }
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  auto pause = [&] { small.world.pause(a.id()); };
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 10'250us, pause);
  when(small, 50ms, resume);
  small.run(60ms);
  for (const TraceEvent& event : small.trace) {
    if (event.process != a.id() || event.at <= at(10'250us) || event.at >= at(50ms)) continue;
    FAIL_CHECK("something happened at " << to_string(event.at) << ": "
                                        << std::string(payload_name(event.what)));
  }
  const auto paused = small.all<ProcessPaused>(a.id());
  const auto resumed = small.all<ProcessResumed>(a.id());
  REQUIRE(paused.size() == 1);
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0].second.after == 39'750us);
  CHECK(resumed[0].second.waiting == 1);
}

TEST_CASE("messages to a paused process queue, and run among its timers in due order") {
  struct P {
    static Task<> listen(Client& self) { co_await sleeps(self, 12ms, "timer"); }
    static Task<> talk(Client& self) {
      co_await self.sleep(10ms);
      self.tell(1, ProcessId{1});
      co_await self.sleep(5ms);
      self.tell(2, ProcessId{1});
    }
  };
  SmallWorld small;
  Client& listener = small.client("listener", P::listen);
  small.client("talker", P::talk);
  auto pause = [&] { small.world.pause(listener.id()); };
  auto resume = [&] { small.world.resume(listener.id()); };
  when(small, 1ms, pause);
  when(small, 40ms, resume);
  small.run();
  CHECK(listener.said == Said{"40ms got 1", "40ms timer", "40ms got 2"});
}

TEST_CASE("pauses add up: a process runs again when the last one ends") {
  SmallWorld small;
  Client& a = small.client("client-a", three_sleepers);
  auto pause = [&] { small.world.pause(a.id()); };
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 5ms, pause);
  when(small, 8ms, pause);
  when(small, 50ms, resume);
  when(small, 70ms, resume);
  small.run();
  CHECK(a.said.front() == "70ms early");
  CHECK(small.count<ProcessPaused>() == 1);  // one dormant span, one pair of events
  CHECK(small.count<ProcessResumed>() == 1);
}

TEST_CASE("a time-out that came due in a pause is withdrawn by the reply that came before it") {
  // Both wait for the resume. The reply runs first, ends the call and lets its frame go; the
  // time-out must not run on what is left.
  struct P {
    static Task<> run(Client& self) {
      {
        const Result<Note> reply = co_await self.ask(1, {.timeout = 5ms});
        self.say(reply);
      }
      co_await self.sleep(1ms);
      self.say("done");
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  auto pause = [&] { small.world.pause(a.id()); };
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 750us, pause);
  when(small, 40ms, resume);
  small.run();
  CHECK(a.said == Said{"40ms 1", "41ms done"});
}

TEST_CASE("a reply that comes in a pause after the time-out is ignored at the resume") {
  struct P {
    static Task<> run(Client& self) { self.say(co_await self.ask(1, {.timeout = 800us})); }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  auto pause = [&] { small.world.pause(a.id()); };
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 100us, pause);
  when(small, 40ms, resume);
  small.run();
  CHECK(a.said == Said{"40ms timeout"});
  CHECK(small.count<ReplyIgnored>(a.id()) == 1);
}

TEST_CASE("a signal set by a late message withdraws the late time-out of who waits for it") {
  struct Listener final : Actor {
    explicit Listener(Process& owner) : process(owner), signal(owner) {}
    Arena& arena() const { return process.arena(); }
    void on_message(const Packet&) override { signal.set(); }
    void on_crash(bool) override {}
    void on_start() override { process.spawn("waits", waits(*this)); }
    static Task<> waits(Listener& self) {
      self.was_set.push_back(co_await self.signal.wait(20ms));
      self.was_set.push_back(co_await self.signal.wait(20ms));
      self.ended = self.process.world().now();
    }
    Process& process;
    Signal signal;
    std::vector<bool> was_set;
    Instant ended{};
  };
  struct P {
    static Task<> talk(Client& self) {
      co_await self.sleep(10ms);
      self.tell(1, ProcessId{2});
    }
  };
  SmallWorld small;
  small.client("talker", P::talk);
  Process& process = small.world.add_process("listener", small.world.add_machine("listener"));
  Listener listener(process);
  process.set_actor(listener);
  auto pause = [&] { small.world.pause(process.id()); };
  auto resume = [&] { small.world.resume(process.id()); };
  when(small, 1ms, pause);
  when(small, 40ms, resume);
  small.run();
  CHECK(listener.was_set == std::vector<bool>{true, false});
  CHECK(listener.ended == at(60ms));  // the second wait's own 20 ms, from the resume
}

TEST_CASE("a task that a late message cancels does not run its own late timer") {
  struct Server final : Actor {
    explicit Server(Process& owner) : process(owner) {}
    Arena& arena() const { return process.arena(); }
    void on_message(const Packet&) override { process.cancel(task); }
    void on_crash(bool) override {}
    void on_start() override { task = process.spawn("ticks", ticks(*this)); }
    static Task<> ticks(Server& self) {
      co_await self.process.sleep(20ms);
      ++self.fired;
    }
    Process& process;
    TaskHandle task;
    int fired = 0;
  };
  struct P {
    static Task<> talk(Client& self) {
      co_await self.sleep(10ms);
      self.tell(1, ProcessId{2});
    }
  };
  SmallWorld small;
  small.client("talker", P::talk);
  Process& process = small.world.add_process("server", small.world.add_machine("server"));
  Server server(process);
  process.set_actor(server);
  auto pause = [&] { small.world.pause(process.id()); };
  auto resume = [&] { small.world.resume(process.id()); };
  when(small, 1ms, pause);
  when(small, 40ms, resume);
  small.run();
  CHECK(server.fired == 0);
  CHECK(process.finished(server.task));
}

TEST_CASE("a task that is cancelled is gone at once, with its calls") {
  struct P {
    static Task<> asks(Client& self) {
      self.say(co_await self.ask(1));
      self.say("not reached");
    }
    static Task<> run(Client& self) {
      const TaskHandle task = self.process().spawn("asks", asks(self));
      co_await self.sleep(700us);
      self.process().cancel(task);
      CHECK(self.process().finished(task));
      co_await self.sleep(10ms);
      self.process().cancel(task);  // nothing
      self.say("done");
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"10.7ms done"});
  CHECK(small.count<ReplyIgnored>(a.id()) == 1);
}

TEST_CASE("a crash takes tasks, timers and awaited replies along; a restart begins anew") {
  struct P {
    static Task<> run(Client& self) {
      self.say("begins");
      self.say(co_await self.ask(1));
      co_await self.sleep(3ms);
      self.say("ends");
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  auto crash = [&] { small.world.crash(a.id()); };
  auto restart = [&] { small.world.restart(a.id()); };
  when(small, 700us, crash);
  when(small, 10ms, restart);
  when(small, 12ms, restart);  // it lives: nothing
  small.run();
  CHECK(a.said == Said{"0ms begins", "0.7ms crashed", "10ms begins", "11ms 1", "14ms ends"});
  CHECK(echo.numbers() == std::vector<std::int64_t>{1, 1});
  CHECK(small.count<ProcessCrashed>() == 1);
  CHECK(small.count<ProcessRestarted>() == 1);
  // The first reply belongs to a connection that is no more.
  const auto lost = small.all<MessageLost>();
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].second.why == LossReason::receiver_down);
}

TEST_CASE("a crash ends a pause, and a late resume does not disturb the next life") {
  SmallWorld small;
  Client& a = small.client("client-a", three_sleepers);
  auto pause = [&] { small.world.pause(a.id()); };
  auto crash = [&] { small.world.crash(a.id()); };
  auto restart = [&] { small.world.restart(a.id()); };
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 5ms, pause);
  when(small, 15ms, crash);
  when(small, 20ms, restart);
  when(small, 25ms, resume);
  small.run();
  CHECK(a.said == Said{"15ms crashed", "30ms early", "40ms middle", "50ms late"});
  CHECK(small.count<ProcessResumed>() == 0);
}

TEST_CASE("requests that wait at a paused server find nobody when it crashes") {
  struct P {
    static Task<> run(Client& self) { self.say(co_await self.ask(1)); }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  auto pause = [&] { small.world.pause(echo.id()); };
  auto crash = [&] { small.world.crash(echo.id()); };
  when(small, 100us, pause);
  when(small, 10ms, crash);
  small.run();
  CHECK(echo.heard.empty());
  CHECK(a.said.front() == "10.5ms connection_refused");
}

TEST_CASE("power lost after a crash silences the machine, and is no second death") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  small.run(1ms);
  small.world.crash(echo.id());
  CHECK(small.world.process(echo.id()).powered());
  small.world.power_loss(small.world.process(echo.id()).machine());
  CHECK_FALSE(small.world.process(echo.id()).powered());
  CHECK(echo.crashes == std::vector<bool>{false});
  CHECK(small.count<ProcessCrashed>() == 1);
}

// ---- clocks -------------------------------------------------------------------------------------

Task<> wall_and_mono(Client& self) {
  struct P {
    static Task<> wall(Client& self) {
      co_await self.sleep(100ms, ClockKind::wall);
      self.say("wall");
    }
  };
  self.process().spawn("wall", P::wall(self));
  self.process().spawn("mono", sleeps(self, 100ms, "mono"));
  co_return;
}

TEST_CASE("a suspended machine's monotonic timers stand still; its wall clock wakes as told") {
  SmallWorld small;
  Client& a = small.client("client-a", wall_and_mono);
  const MachineId machine = a.process().machine();
  bool corrected = false;
  auto suspend = [&] { small.world.suspend(machine); };
  auto wake = [&] { small.world.wake(machine, corrected); };
  when(small, 40ms, suspend);
  when(small, 1'040ms, wake);
  SUBCASE("corrected: the wall timer is overdue at the wake, the other has 60 ms to go") {
    corrected = true;
    small.run();
    CHECK(a.said == Said{"1040ms wall", "1100ms mono"});
  }
  SUBCASE("stale: both have 60 ms to go") {
    small.run();
    CHECK(a.said == Said{"1100ms wall", "1100ms mono"});
    CHECK(a.process().wall_now() == WallInstant{100ms});
  }
  CHECK(a.process().mono_now() == MonoInstant{100ms});
}

TEST_CASE("a wall timer re-armed by a stale wake is put by once more by the next pause") {
  SmallWorld small;
  Client& a = small.client("client-a", wall_and_mono);
  const MachineId machine = a.process().machine();
  auto suspend = [&] { small.world.suspend(machine); };
  auto wake = [&] { small.world.wake(machine, false); };
  auto pause = [&] { small.world.pause(a.id()); };
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 40ms, suspend);
  when(small, 1'040ms, wake);
  when(small, 1'050ms, pause);
  when(small, 1'500ms, resume);
  small.run();
  CHECK(a.said == Said{"1500ms wall", "1500ms mono"});
}

TEST_CASE("a process born on a suspended machine waits for it to wake") {
  SmallWorld small;
  Client& a = small.client("client-a", three_sleepers);
  const MachineId machine = a.process().machine();
  auto suspend = [&] { small.world.suspend(machine); };
  auto crash = [&] { small.world.crash(a.id()); };
  auto restart = [&] { small.world.restart(a.id()); };
  auto wake = [&] { small.world.wake(machine, false); };
  when(small, 5ms, suspend);
  when(small, 6ms, crash);
  when(small, 7ms, restart);
  when(small, 100ms, wake);
  small.run();
  CHECK(a.said == Said{"6ms crashed", "110ms early", "120ms middle", "130ms late"});
}

TEST_CASE("a power loss ends a suspension") {
  SmallWorld small;
  Client& a = small.client("client-a", three_sleepers);
  const MachineId machine = a.process().machine();
  auto suspend = [&] { small.world.suspend(machine); };
  auto power_loss = [&] { small.world.power_loss(machine); };
  auto restart = [&] { small.world.restart(a.id()); };
  when(small, 5ms, suspend);
  when(small, 6ms, power_loss);
  when(small, 100ms, restart);
  small.run();
  CHECK(a.said == Said{"6ms crashed", "110ms early", "120ms middle", "130ms late"});
}

TEST_CASE("a wall jump moves wall timers, forward and back, and no other") {
  SmallWorld small;
  Client& a = small.client("client-a", wall_and_mono);
  Duration by{};
  auto jump = [&] { small.world.jump_wall(a.process().machine(), by); };
  when(small, 10ms, jump);
  SUBCASE("forward") {
    by = 50ms;
    small.run();
    CHECK(a.said == Said{"50ms wall", "100ms mono"});
  }
  SUBCASE("forward, past the timer: it is due at once") {
    by = 1h;
    small.run();
    CHECK(a.said == Said{"10ms wall", "100ms mono"});
  }
  SUBCASE("back") {
    by = -1s;
    small.run();
    CHECK(a.said == Said{"100ms mono", "1100ms wall"});
  }
}

TEST_CASE("a jump moves a call's time-out on the wall clock out of its lane") {
  struct P {
    static Task<> run(Client& self) {
      self.say(co_await self.ask(1, {.timeout = 100ms, .clock = ClockKind::wall}));
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  echo.answers = false;
  Client& a = small.client("client-a", P::run);
  auto jump = [&] { small.world.jump_wall(a.process().machine(), -1s); };
  when(small, 10ms, jump);
  small.run();
  CHECK(a.said == Said{"1100ms timeout"});
}

TEST_CASE("a change of rate moves both kinds of timer; a slew moves the wall's alone") {
  SmallWorld small;
  Client& a = small.client("client-a", wall_and_mono);
  const MachineId machine = a.process().machine();
  SUBCASE("twice as fast from 50 ms on") {
    auto faster = [&] { small.world.set_rate(machine, 1'000'000); };
    when(small, 50ms, faster);
    small.run();
    CHECK(a.said == Said{"75ms wall", "75ms mono"});
  }
  SUBCASE("half as fast for 50 ms") {
    auto slower = [&] { small.world.set_rate(machine, -500'000); };
    auto true_again = [&] { small.world.set_rate(machine, 0); };
    when(small, 20ms, slower);
    when(small, 70ms, true_again);
    small.run();
    CHECK(a.said == Said{"125ms wall", "125ms mono"});
  }
  SUBCASE("a slew of 4 ms at 10%") {
    auto slew = [&] { small.world.slew(machine, 4ms, 100'000); };
    when(small, 10ms, slew);
    small.run();
    CHECK(a.said == Said{"96ms wall", "100ms mono"});
  }
}

TEST_CASE("a sleep for ever, by its greatest number, never ends and never overflows") {
  struct P {
    static Task<> run(Client& self) {
      co_await self.sleep(1ms);
      co_await self.sleep(Duration::max(), ClockKind::wall);
      self.say("not reached");
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  auto jump = [&] { small.world.jump_wall(a.process().machine(), -1h); };
  auto faster = [&] { small.world.set_rate(a.process().machine(), 1'000); };
  when(small, 2ms, jump);
  when(small, 3ms, faster);
  CHECK(small.run() != StopReason::event_limit);
  CHECK(a.said.empty());
  CHECK(a.process().has_tasks());
}

TEST_CASE("a signal that is set before anybody waits is remembered once") {
  struct P {
    static Task<> sets(Client& self, Signal* signal) {
      co_await self.sleep(10ms);
      signal->set();
    }
    static Task<> run(Client& self) {
      Signal signal(self.process());
      signal.set();
      signal.set();
      self.say(co_await signal.wait() ? "set" : "timed out");
      self.say(co_await signal.wait(2ms) ? "set" : "timed out");
      self.process().spawn("sets", sets(self, &signal));
      self.say(co_await signal.wait(1h) ? "set" : "timed out");
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"0ms set", "2ms timed out", "12ms set"});
  CHECK(small.world.now() == at(12ms));  // the hour was withdrawn
}

TEST_CASE("sleep_until keeps to true time on a clock that does not") {
  struct P {
    static Task<> run(Client& self) {
      co_await self.process().sleep_until(at(50ms));
      self.say("here");
      co_await self.process().sleep_until(at(20ms));
      self.say("at once");
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  auto faster = [&] { small.world.set_rate(a.process().machine(), 1'000'000); };
  when(small, 1ms, faster);
  small.run();
  CHECK(a.said == Said{"50ms here", "50ms at once"});
}

}  // namespace
}  // namespace locklab::test
