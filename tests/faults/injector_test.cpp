// Each kind of fault once, on a small world; when faults strike; and that one that is taken away
// leaves the rest as it was.
#include "faults/injector.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/small_world.hpp"

namespace locklab::test {
namespace {

using Said = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;

/// Asks 0, 1, 2, ... one every 10 ms of its monotonic clock, and waits at most 5 ms for an answer.
Task<> asks_often(Client& self) {
  for (std::int64_t i = 0; i < 20; ++i) {
    self.say(co_await self.ask(i, {.timeout = 5ms}));
    co_await self.sleep(9ms);
  }
}

/// A server, a client that asks, and an armed schedule.
struct Armed {
  explicit Armed(const FaultSchedule& schedule, Program program = asks_often,
                 std::uint64_t seed = 1, std::optional<Instant> until = {})
      : small(seed),
        echo(small.echo("echo-1")),
        a(small.client("client-a", program)),
        injector(small.world) {
    injector.arm(schedule, until);
  }
  /// When which faults struck.
  Said struck() const {
    Said said;
    for (const auto& [when, fault] : small.all<FaultStruck>())
      said.push_back(to_string(when) + " " + std::to_string(fault.fault) + " " +
                     std::string(small.world.names().text(fault.kind)));
    return said;
  }
  /// What the client said, of the answers alone.
  Said first(std::size_t count) const {
    return {a.said.begin(),
            a.said.begin() + static_cast<std::ptrdiff_t>(std::min(count, a.said.size()))};
  }

  SmallWorld small;
  EchoServer& echo;
  Client& a;
  Injector injector;
};

FaultSchedule one(const Trigger& trigger, const Fault& fault) { return {{trigger, fault}}; }

// ---- each kind once -----------------------------------------------------------------------------

TEST_CASE("pause: the client is dormant for as long as it lasts") {
  Armed run(one(AtTime{5ms}, Pause{"client-a", 100ms}));
  run.small.run();
  CHECK(run.struck() == Said{"5ms 0 pause"});
  CHECK(run.first(3) == Said{"1ms 0", "106ms 1", "116ms 2"});
  const auto resumed = run.small.all<ProcessResumed>(run.a.id());
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0].first == at(105ms));
  CHECK(run.injector.strikes(0) == 1);
}

TEST_CASE("suspend: the machine stands still, and its sleep has as long to go as before") {
  Armed run(one(AtTime{5ms}, Suspend{"client-a", 100ms, WallOnWake::stale}));
  run.small.run();
  CHECK(run.struck() == Said{"5ms 0 suspend"});
  CHECK(run.first(2) == Said{"1ms 0", "111ms 1"});
  // The wall clock goes on from where it stood: 5 ms at the wake.
  for (const TraceEvent& event : run.small.trace)
    if (std::holds_alternative<ProcessResumed>(event.what)) {
      CHECK(event.at == at(105ms));
      CHECK(event.wall == WallInstant{5ms});
    }
}

TEST_CASE("suspend: a corrected wall clock shows the right time at the wake") {
  Armed run(one(AtTime{5ms}, Suspend{"client-a", 100ms, WallOnWake::corrected}));
  run.small.run();
  for (const TraceEvent& event : run.small.trace)
    if (std::holds_alternative<ProcessResumed>(event.what)) CHECK(event.wall == WallInstant{105ms});
  CHECK(run.a.process().mono_now() ==
        MonoInstant{run.small.world.now().time_since_epoch() - 100ms});
}

TEST_CASE("crash: the client is gone, and back after a while if told so") {
  Armed run(one(AtTime{15ms}, Crash{"client-a", 50ms}));
  run.small.run();
  CHECK(run.struck() == Said{"15ms 0 crash"});
  CHECK(run.first(4) == Said{"1ms 0", "11ms 1", "15ms crashed", "66ms 0"});
  CHECK(run.echo.connections_lost == 1);
}

TEST_CASE("crash: without a restart it stays dead") {
  Armed run(one(AtTime{15ms}, Crash{"client-a", {}}));
  CHECK(run.small.run() == StopReason::quiescent);
  CHECK(run.a.said == Said{"1ms 0", "11ms 1", "15ms crashed"});
}

TEST_CASE("power loss: the server's machine falls silent, and boots after a while") {
  Armed run(one(AtTime{5ms}, PowerLoss{"echo-1", 12ms}));
  run.small.run();
  CHECK(run.struck() == Said{"5ms 0 power_loss"});
  CHECK(run.first(3) == Said{"1ms 0", "15ms timeout", "25ms 2"});
  CHECK(run.echo.crashes == std::vector<bool>{true});
  CHECK(run.echo.lives == 2);
}

TEST_CASE("restart: a dead process begins anew, a living one goes on") {
  Armed run({{AtTime{5ms}, Crash{"echo-1", {}}},
             {AtTime{25ms}, Restart{"echo-1"}},
             {AtTime{35ms}, Restart{"echo-1"}}});
  run.small.run();
  CHECK(run.first(4) == Said{"1ms 0", "5.5ms connection lost", "11ms connection_refused",
                             "21ms connection_refused"});
  CHECK(run.a.said[4] == "31ms 3");
  CHECK(run.echo.lives == 2);
  CHECK(run.struck() == Said{"5ms 0 crash", "25ms 1 restart", "35ms 2 restart"});
}

TEST_CASE("wall jump: of every machine that is named, once") {
  Armed run(one(AtTime{5ms}, WallJump{{"client-a", "echo-1", "client-a"}, 1h}));
  run.small.run(5ms);
  CHECK(run.a.process().wall_now() == WallInstant{1h + 5ms});
  CHECK(run.small.world.process(run.echo.id()).wall_now() == WallInstant{1h + 5ms});
  CHECK(run.small.count<ClockChanged>() == 2);
}

TEST_CASE("set rate: for a while, then back to what it was") {
  Armed run(one(AtTime{5ms}, SetRate{{"client-a"}, 1'000'000, 20ms}));
  run.small.run();
  // 9 ms of its clock from 1 ms on: 4 ms true, then 2.5 ms at double speed.
  CHECK(run.first(2) == Said{"1ms 0", "8.5ms 1"});
  CHECK(run.a.process().mono_now() == MonoInstant{run.small.world.now().time_since_epoch() + 20ms});
}

TEST_CASE("set rate: of two at once the later one decides, and when it ends the earlier one") {
  Armed run({{AtTime{10ms}, SetRate{{"client-a"}, 1'000, 40ms}},
             {AtTime{20ms}, SetRate{{"client-a"}, 2'000, 60ms}},
             {AtTime{30ms}, SetRate{{"client-a"}, 3'000, 10ms}}});
  const LocalClock& clock = run.small.world.clock(run.a.id());
  const std::vector<std::pair<Duration, std::int64_t>> expected{
      {9ms, 0},      {10ms, 1'000}, {20ms, 2'000}, {30ms, 3'000},
      {40ms, 2'000}, {60ms, 2'000}, {80ms, 0}};
  for (const auto& [when, rate_ppm] : expected) {
    run.small.run(when);
    CHECK(clock.rate_ppm() == rate_ppm);
  }
}

TEST_CASE("slew: the wall clock gains what it should, and no more") {
  Armed run(one(AtTime{5ms}, Slew{{"client-a"}, 1ms, 100'000}));
  run.small.run(15ms);
  CHECK(run.a.process().wall_now() > WallInstant{run.small.world.now().time_since_epoch()});
  run.small.run();
  CHECK(run.a.process().wall_now() == WallInstant{run.small.world.now().time_since_epoch() + 1ms});
}

TEST_CASE("drop: the n-th matching message is lost, and the fault strikes when it meets it") {
  Armed run(
      one(AtTime{0ms}, MessageFault{MessageAction::drop, "echo-1", "client-a", "note reply", 2}));
  run.small.run();
  CHECK(run.struck() == Said{"10.5ms 0 drop"});
  CHECK(run.first(3) == Said{"1ms 0", "15ms timeout", "25ms 2"});
  const auto lost = run.small.all<MessageLost>();
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].second.why == LossReason::fault);
}

TEST_CASE("drop: a fault that meets no message never strikes") {
  Armed run(one(AtTime{0ms}, MessageFault{MessageAction::drop, "", "", "other"}));
  run.small.run();
  CHECK(run.struck().empty());
  CHECK(run.injector.strikes(0) == 0);
}

TEST_CASE("drop: of many messages it says so once and counts them all") {
  Armed run(one(AtTime{9ms}, MessageFault{MessageAction::drop, "client-a", "", "", 2, 3}));
  run.small.run();
  CHECK(run.struck() == Said{"20ms 0 drop"});
  CHECK(run.injector.strikes(0) == 3);
  CHECK(run.small.count<MessageLost>() == 3);
}

TEST_CASE("delay: the n-th matching message comes late") {
  Armed run(
      one(AtTime{0ms}, MessageFault{MessageAction::delay, "client-a", "", "note", 2, 1, 3ms}));
  run.small.run();
  CHECK(run.first(2) == Said{"1ms 0", "14ms 1"});
  CHECK(run.struck() == Said{"10ms 0 delay"});
  CHECK(run.small.all<MessageDelayed>()[0].second.by == 3ms);
}

TEST_CASE("duplicate: the n-th matching message arrives twice") {
  Armed run(
      one(AtTime{0ms}, MessageFault{MessageAction::duplicate, "client-a", "", "", 2, 1, 3ms}));
  run.small.run();
  CHECK(run.echo.heard[1] == std::pair(at(10'500us), std::int64_t{1}));
  CHECK(run.echo.heard[2] == std::pair(at(13'500us), std::int64_t{1}));
  CHECK(run.struck() == Said{"10ms 0 duplicate"});
}

TEST_CASE("partition: nothing passes, in the direction and for the time it says") {
  SUBCASE("both ways") {
    Armed run(one(AtTime{5ms}, Partition{{"client-a"}, {"echo-1"}, {}, {}, 20ms}));
    run.small.run();
    CHECK(run.first(4) == Said{"1ms 0", "15ms timeout", "29ms timeout", "39ms 3"});
    CHECK(run.small.count<LinkCut>() == 2);
    CHECK(run.small.count<LinkHealed>() == 2);
    CHECK(run.echo.numbers()[1] == 3);
  }
  SUBCASE("there only") {
    Armed run(one(AtTime{5ms}, Partition{{"client-a"}, {"echo-1"}, CutDirection::a_to_b, {}, 8ms}));
    run.small.run();
    CHECK(run.first(2) == Said{"1ms 0", "15ms timeout"});
    CHECK(run.echo.numbers()[1] == 2);
  }
  SUBCASE("back only: the request is carried out") {
    Armed run(one(AtTime{5ms}, Partition{{"client-a"}, {"echo-1"}, CutDirection::b_to_a, {}, 8ms}));
    run.small.run();
    CHECK(run.first(2) == Said{"1ms 0", "15ms timeout"});
    CHECK(run.echo.numbers()[1] == 1);
  }
  SUBCASE("from everybody else") {
    Armed run(one(AtTime{5ms}, Partition{{"echo-1"}, {}, {}, {}, {}}));
    CHECK(run.small.run() == StopReason::quiescent);
    CHECK(run.echo.heard.size() == 1);
    CHECK(run.small.count<LinkHealed>() == 0);
  }
}

TEST_CASE("partition: what is held is delivered on the heal, in order") {
  struct P {
    static Task<> run(Client& self) {
      for (std::int64_t i = 0; i < 30; ++i) {
        self.tell(i);
        co_await self.sleep(1ms);
      }
    }
  };
  Armed run(one(AtTime{4'500us}, Partition{{"client-a"}, {"echo-1"}, {}, CutMode::hold, 10ms}),
            P::run);
  run.small.run();
  Numbers expected;
  for (std::int64_t i = 0; i < 30; ++i) expected.push_back(i);
  CHECK(run.echo.numbers() == expected);
  CHECK(run.small.count<MessageHeld>() == 10);
  CHECK(run.echo.heard[5].first == at(15ms));
  CHECK(run.small.count<MessageLost>() == 0);
}

TEST_CASE("partition: a machine's name stands for all that runs there") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  const MachineId host = small.world.add_machine("host");
  std::vector<ProcessId> guests;
  for (const char* name : {"guest-1", "guest-2"})
    guests.push_back(small.world.add_process(name, host).id());
  Injector injector(small.world);
  injector.arm(one(AtTime{1ms}, Partition{{"host"}, {"echo-1"}, CutDirection::a_to_b, {}, {}}));
  small.run();
  const auto cuts = small.all<LinkCut>();
  REQUIRE(cuts.size() == 2);
  CHECK(cuts[0].second.to == echo.id());
  CHECK(small.all<LinkCut>(guests[0]).size() == 1);
  CHECK(small.all<LinkCut>(guests[1]).size() == 1);
}

TEST_CASE("reset: the call ends, its outcome unknown") {
  Armed run(one(AtTime{10'200us}, ResetConnection{"client-a", "echo-1"}));
  run.small.run();
  CHECK(run.first(4) ==
        Said{"1ms 0", "10.2ms connection_lost", "10.2ms connection lost", "20.2ms 2"});
  CHECK(run.echo.connections_lost == 1);
}

TEST_CASE("link: loses all, or is slow, for a while") {
  SUBCASE("loss") {
    Armed run(one(AtTime{5ms}, LinkTrouble{"client-a", "echo-1", 1'000'000, 0, {}, 20ms}));
    run.small.run();
    CHECK(run.first(4) == Said{"1ms 0", "15ms timeout", "29ms timeout", "39ms 3"});
    CHECK(run.small.all<MessageLost>()[0].second.why == LossReason::random);
  }
  SUBCASE("doubling") {
    Armed run(one(AtTime{5ms}, LinkTrouble{"client-a", "", 0, 1'000'000, {}, 20ms}));
    run.small.run();
    CHECK(run.small.count<MessageDuplicated>() == 2);
  }
  SUBCASE("latency, of everybody's link to the client") {
    Armed run(one(AtTime{5ms}, LinkTrouble{"", "client-a", 0, 0, Latency::constant(2ms), 20ms}));
    run.small.run();
    CHECK(run.first(4) == Said{"1ms 0", "12.5ms 1", "24ms 2", "34ms 3"});
  }
  SUBCASE("two at once, ending in either order") {
    Armed run(
        {{AtTime{5ms}, LinkTrouble{"client-a", "echo-1", 10, 0, Latency::constant(3ms), 30ms}},
         {AtTime{10ms}, LinkTrouble{"client-a", "", 0, 20, {}, 10ms}},
         {AtTime{15ms}, LinkTrouble{"", "echo-1", 30, 0, Latency::constant(1ms), 30ms}}});
    const auto now = [&](Duration when) {
      run.small.run(when);
      const LinkQuality q = run.small.world.network().link_quality(run.a.id(), run.echo.id());
      return to_string(q.latency.low) + " " + std::to_string(q.loss_ppm) + " " +
             std::to_string(q.duplicate_ppm);
    };
    CHECK(now(4ms) == "0.5ms 0 0");
    CHECK(now(5ms) == "3ms 10 0");
    CHECK(now(10ms) == "3ms 0 20");
    CHECK(now(15ms) == "1ms 30 0");
    CHECK(now(20ms) == "1ms 30 0");
    CHECK(now(35ms) == "1ms 30 0");
    CHECK(now(45ms) == "0.5ms 0 0");
  }
}

TEST_CASE("disk stall: the machine's services are told, of two at once only of begin and end") {
  Armed run({{AtTime{5ms}, DiskStall{"echo-1", 20ms}}, {AtTime{10ms}, DiskStall{"echo-1", 30ms}}});
  run.small.run();
  CHECK(run.echo.stalls ==
        std::vector<std::pair<Instant, bool>>{{at(5ms), true}, {at(40ms), false}});
  CHECK(run.struck() == Said{"5ms 0 disk_stall", "10ms 1 disk_stall"});
}

TEST_CASE("disk stall: it outlasts a crash, and a paused service finds the disk well again later") {
  SUBCASE("crash") {
    Armed run({{AtTime{5ms}, DiskStall{"echo-1", 35ms}}, {AtTime{10ms}, Crash{"echo-1", 10ms}}});
    run.small.run();
    CHECK(run.echo.stalls == std::vector<std::pair<Instant, bool>>{
                                 {at(5ms), true}, {at(20ms), true}, {at(40ms), false}});
  }
  SUBCASE("dead when it begins and when it ends") {
    Armed run({{AtTime{5ms}, Crash{"echo-1", 10ms}},
               {AtTime{8ms}, DiskStall{"echo-1", 4ms}},
               {AtTime{40ms}, Restart{"echo-1"}}});
    run.small.run();
    CHECK(run.echo.stalls.empty());
  }
  SUBCASE("pause") {
    Armed run({{AtTime{5ms}, DiskStall{"echo-1", 10ms}}, {AtTime{10ms}, Pause{"echo-1", 20ms}}});
    run.small.run();
    CHECK(run.echo.stalls ==
          std::vector<std::pair<Instant, bool>>{{at(5ms), true}, {at(30ms), false}});
  }
  SUBCASE("pause, and a new stall before the resume") {
    Armed run({{AtTime{5ms}, DiskStall{"echo-1", 10ms}},
               {AtTime{10ms}, Pause{"echo-1", 20ms}},
               {AtTime{20ms}, DiskStall{"echo-1", 30ms}}});
    run.small.run();
    CHECK(run.echo.stalls == std::vector<std::pair<Instant, bool>>{
                                 {at(5ms), true}, {at(20ms), true}, {at(50ms), false}});
  }
}

TEST_CASE("lose key: a node is told which; a paused one finds out later, a dead one never") {
  Armed run({{AtTime{5ms}, LoseKey{{"echo-1"}, "lock:x"}},
             {AtTime{6ms}, LoseKey{{"echo-1"}, ""}},
             {AtTime{7ms}, Pause{"echo-1", 10ms}},
             {AtTime{8ms}, LoseKey{{"echo-1"}, "lock:y"}},
             {AtTime{20ms}, Crash{"echo-1", {}}},
             {AtTime{21ms}, LoseKey{{"echo-1"}, "lock:z"}}});
  run.small.run();
  CHECK(run.echo.keys_lost == std::vector<std::pair<Instant, std::string>>{
                                  {at(5ms), "lock:x"}, {at(6ms), ""}, {at(17ms), "lock:y"}});
}

// ---- when they strike ---------------------------------------------------------------------------

TEST_CASE("faults of one instant strike in the order of the schedule") {
  Armed run({{AtTime{5ms}, WallJump{{"client-a"}, 1s}},
             {AtTime{3ms}, WallJump{{"client-a"}, 2s}},
             {AtTime{5ms}, WallJump{{"client-a"}, 3s}}});
  run.small.run();
  CHECK(run.struck() == Said{"3ms 1 wall_jump", "5ms 0 wall_jump", "5ms 2 wall_jump"});
}

TEST_CASE("a fault at time zero strikes before any program's first step") {
  Armed run(one(AtTime{}, Pause{"client-a", 50ms}));
  run.small.run();
  CHECK(run.first(1) == Said{"51ms 0"});
}

TEST_CASE("anchored on the beginning of a call, it strikes between the decision and the sending") {
  // The client has decided to ask its third question; its request leaves only after the pause.
  Armed run(one(OnEvent{"call_began", "client-a", 3, {}, "note", ""}, Pause{"client-a", 100ms}));
  run.small.run();
  CHECK(run.struck() == Said{"20ms 0 pause"});
  const auto began = run.small.all<CallBegan>(run.a.id());
  const auto sent = run.small.all<MessageSent>(run.a.id());
  CHECK(began[2].first == at(20ms));
  CHECK(sent[2].first == at(120ms));
  CHECK(run.first(3) == Said{"1ms 0", "11ms 1", "121ms 2"});
}

TEST_CASE("so it does when the zero lane is crowded, and when many calls begin at once") {
  struct P {
    static Task<> asks(Client& self, std::int64_t number) { self.say(co_await self.ask(number)); }
    static Task<> run(Client& self) {
      for (std::int64_t i = 0; i < 10; ++i) self.process().spawn("asks", asks(self, i));
      co_return;
    }
  };
  Armed run(one(OnEvent{"call_began", "client-a", 5, {}, "", ""}, Pause{"client-a", 100ms}),
            P::run);
  run.small.run();
  // All ten programs begin at time zero and are queued before the pause; so the pause comes after
  // all ten decisions, and before the fifth departure: those of the first four were queued before
  // it.
  const auto sent = run.small.all<MessageSent>(run.a.id());
  REQUIRE(sent.size() == 10);
  CHECK(sent[3].first == at(0ms));
  CHECK(sent[4].first == at(100ms));
  CHECK(run.small.all<CallBegan>(run.a.id())[9].first == at(0ms));
}

TEST_CASE("anchored on a call of another process, a server can die before the request leaves") {
  Armed run(one(OnEvent{"call_began", "client-a", 2, {}, "", ""}, Crash{"echo-1", {}}));
  run.small.run();
  CHECK(run.echo.numbers() == Numbers{0});
  CHECK(run.small.all<ProcessCrashed>()[0].first == at(10ms));
  CHECK(run.a.said[1] == "10.5ms connection_lost");
}

TEST_CASE("an anchor counts matches alone, and strikes so much later as it is told") {
  SUBCASE("by process") {
    Armed run(
        one(OnEvent{"message_delivered", "client-a", 2, 3ms, "", ""}, Pause{"client-a", 1ms}));
    run.small.run();
    CHECK(run.struck() == Said{"14ms 0 pause"});
  }
  SUBCASE("by kind, in any lane") {
    Armed run(one(OnEvent{"message_sent", "", 2, 1ms, "note reply", ""}, Pause{"client-a", 1ms}));
    run.small.run();
    CHECK(run.struck() == Said{"11.5ms 0 pause"});
  }
  SUBCASE("of a kind that never comes") {
    Armed run(one(OnEvent{"message_sent", "", 1, {}, "other", ""}, Pause{"client-a", 1ms}));
    run.small.run();
    CHECK(run.struck().empty());
  }
  SUBCASE("about a subject") {
    struct P {
      static Task<> run(Client& self) {
        for (const std::string_view lock : {"x", "y", "x", "y"}) {
          self.world().emit(self.id(),
                            LockGranted{self.world().names().intern(lock), {}, {}, 1, {}, {}, {}});
          co_await self.sleep(10ms);
        }
      }
    };
    Armed run(one(OnEvent{"lock_granted", "client-a", 2, 1ms, "", "y"}, Pause{"client-a", 1ms}),
              P::run);
    run.small.run();
    CHECK(run.struck() == Said{"31ms 0 pause"});
  }
}

TEST_CASE("what an anchored fault does is caused by the anchor's event") {
  Armed run(one(OnEvent{"message_delivered", "client-a", 1, 3ms, "", ""}, Pause{"client-a", 1ms}));
  run.small.run();
  for (const TraceEvent& event : run.small.trace) {
    if (std::holds_alternative<FaultStruck>(event.what)) {
      const TraceEvent& cause = run.small.trace[event.cause.number - 1];
      CHECK(std::holds_alternative<MessageDelivered>(cause.what));
      CHECK(cause.process == run.a.id());
    }
    if (std::holds_alternative<ProcessPaused>(event.what))
      CHECK(std::holds_alternative<FaultStruck>(run.small.trace[event.cause.number - 1].what));
  }
}

TEST_CASE("one fault can wait for another") {
  Armed run({{AtTime{20ms}, Crash{"echo-1", {}}},
             {OnEvent{"fault_struck", "", 1, 7ms, "crash", ""}, Restart{"echo-1"}}});
  run.small.run();
  CHECK(run.struck() == Said{"20ms 0 crash", "27ms 1 restart"});
}

// ---- faults that meet each other ----------------------------------------------------------------

TEST_CASE("a pause aimed at a dead process strikes and does nothing") {
  Armed run({{AtTime{5ms}, Crash{"client-a", 50ms}}, {AtTime{10ms}, Pause{"client-a", 100ms}}});
  run.small.run();
  CHECK(run.struck() == Said{"5ms 0 crash", "10ms 1 pause"});
  CHECK(run.small.count<ProcessPaused>() == 0);
  CHECK(run.first(3) == Said{"1ms 0", "5ms crashed", "56ms 0"});
}

TEST_CASE("the end of a pause does not end a pause of the next life") {
  Armed run({{AtTime{5ms}, Pause{"client-a", 100ms}},
             {AtTime{10ms}, Crash{"client-a", 10ms}},
             {AtTime{25ms}, Pause{"client-a", 200ms}}});
  run.small.run();
  const auto resumed = run.small.all<ProcessResumed>(run.a.id());
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0].first == at(225ms));
}

TEST_CASE("a crash of a dead process does not bring it back later") {
  Armed run({{AtTime{5ms}, Crash{"client-a", {}}}, {AtTime{10ms}, Crash{"client-a", 10ms}}});
  run.small.run();
  CHECK(run.small.count<ProcessRestarted>() == 0);
  CHECK(run.small.count<ProcessCrashed>() == 1);
}

TEST_CASE("a power loss keeps a crashed process from restarting, until the machine boots") {
  SUBCASE("it boots") {
    Armed run({{AtTime{5ms}, Crash{"echo-1", 20ms}}, {AtTime{10ms}, PowerLoss{"echo-1", 50ms}}});
    run.small.run();
    const auto restarted = run.small.all<ProcessRestarted>();
    REQUIRE(restarted.size() == 1);
    CHECK(restarted[0].first == at(60ms));
    CHECK(run.echo.crashes == std::vector<bool>{false});
  }
  SUBCASE("it stays off") {
    Armed run({{AtTime{5ms}, Crash{"echo-1", 20ms}}, {AtTime{10ms}, PowerLoss{"echo-1", {}}}});
    run.small.run();
    CHECK(run.small.count<ProcessRestarted>() == 0);
  }
}

TEST_CASE("the end of a suspension that a power loss cut short wakes nobody") {
  Armed run({{AtTime{5ms}, Suspend{"client-a", 100ms}},
             {AtTime{10ms}, PowerLoss{"client-a", 10ms}},
             {AtTime{50ms}, Suspend{"client-a", 200ms}}});
  run.small.run();
  const auto resumed = run.small.all<ProcessResumed>(run.a.id());
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0].first == at(250ms));
}

TEST_CASE("two partitions of one pair: it heals when both have ended") {
  Armed run({{AtTime{5ms}, Partition{{"client-a"}, {"echo-1"}, {}, {}, 20ms}},
             {AtTime{10ms}, Partition{{"client-a"}, {"echo-1"}, {}, CutMode::hold, 40ms}}});
  run.small.run();
  const auto healed = run.small.all<LinkHealed>();
  REQUIRE(healed.size() == 2);
  CHECK(healed[0].first == at(50ms));
}

// ---- determinism --------------------------------------------------------------------------------

FaultSchedule many() {
  return {
      {AtTime{3ms}, LinkTrouble{"", "", 50'000, 50'000, Latency::uniform(1ms, 4ms), 50ms}},
      {OnEvent{"call_began", "client-a", 4, {}, "", ""}, Pause{"client-a", 20ms}},
      {AtTime{60ms}, Crash{"echo-1", 10ms}},
      {AtTime{90ms}, WallJump{{"client-a"}, -1s}},
      {AtTime{95ms}, Partition{{"client-a"}, {}, {}, CutMode::hold, 10ms}},
      {AtTime{0ms}, MessageFault{MessageAction::duplicate, "", "", "", 7, 2, 5ms}},
      {AtTime{120ms}, Suspend{"echo-1", 10ms, WallOnWake::corrected}},
      {AtTime{140ms}, PowerLoss{"echo-1", 10ms}},
      {AtTime{150ms}, SetRate{{"client-a"}, -100'000, {}}},
  };
}

std::uint64_t digest_of(const FaultSchedule& schedule, std::uint64_t seed) {
  Armed run(schedule, asks_often, seed);
  run.small.latency(Latency::uniform(200us, 3ms));
  run.small.run();
  CHECK(run.struck().size() == schedule.size());
  return run.small.world.digest();
}

TEST_CASE("a run with faults is a pure function of schedule and seed") {
  CHECK(digest_of(many(), 1) == digest_of(many(), 1));
  CHECK(digest_of(many(), 1) != digest_of(many(), 2));
}

TEST_CASE("a fault that is taken away leaves all other draws as they were") {
  struct P {
    static Task<> run(Client& self) {
      for (std::int64_t i = 0; i < 60; ++i) {
        self.tell(i);
        co_await self.sleep(50ms);
      }
    }
  };
  const auto arrivals = [](const FaultSchedule& schedule) {
    Armed run({}, P::run, 11);
    Injector injector(run.small.world);
    run.small.world.network().set_default({Latency::lognormal(2ms, 500), 20'000, 20'000});
    injector.arm(schedule);
    run.small.run();
    std::map<std::int64_t, Instant> found;
    for (const auto& [when, number] : run.echo.heard) found.try_emplace(number, when);
    return found;
  };
  const FaultSchedule all{
      {AtTime{0ms}, MessageFault{MessageAction::drop, "client-a", "", "", 5}},
      {AtTime{0ms}, MessageFault{MessageAction::delay, "client-a", "", "", 12, 1, 7ms}},
      {AtTime{0ms}, MessageFault{MessageAction::duplicate, "client-a", "", "", 20, 3}},
      {AtTime{1'499ms},
       LinkTrouble{"client-a", "", 300'000, 300'000, Latency::constant(9ms), 500ms}},
      {AtTime{2'199ms}, Partition{{"client-a"}, {"echo-1"}, {}, {}, 200ms}},
  };
  const auto with_all = arrivals(all);
  const std::vector<std::pair<std::int64_t, std::int64_t>> touched{
      {4, 5}, {11, 12}, {19, 22}, {30, 40}, {44, 48}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    FaultSchedule fewer = all;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    const auto without = arrivals(fewer);
    for (std::int64_t number = 0; number < 60; ++number) {
      if (number >= touched[i].first && number < touched[i].second) continue;
      CAPTURE(i);
      CAPTURE(number);
      REQUIRE(with_all.count(number) == without.count(number));
      if (with_all.count(number) > 0) CHECK(with_all.at(number) == without.at(number));
    }
  }
}

// ---- called off ---------------------------------------------------------------------------------

TEST_CASE("faults that are called off end, and none strikes any more") {
  const auto called_off = [](const FaultSchedule& schedule) {
    return std::make_unique<Armed>(schedule, asks_often, 1, at(30ms));
  };
  SUBCASE("a pause ends; what is due at that instant or later does not strike") {
    const auto run = called_off({{AtTime{5ms}, Pause{"client-a", 100ms}},
                                 {AtTime{30ms}, Crash{"echo-1"}},
                                 {AtTime{40ms}, Crash{"echo-1"}}});
    run->small.run();
    CHECK(run->struck() == Said{"5ms 0 pause"});
    CHECK(run->first(2) == Said{"1ms 0", "31ms 1"});
    CHECK(run->small.count<ProcessResumed>() == 1);  // not once more at 105 ms
  }
  SUBCASE("an anchored fault does not strike either") {
    OnEvent fourth;
    fourth.event = "call_began";
    fourth.nth = 4;  // at 30 ms
    const auto run = called_off(one(fourth, Crash{"client-a"}));
    run->small.run();
    CHECK(run->struck().empty());
  }
  SUBCASE("a machine wakes") {
    const auto run = called_off(one(AtTime{5ms}, Suspend{"client-a", 100ms}));
    run->small.run();
    CHECK(run->small.all<ProcessResumed>(run->a.id())[0].first == at(30ms));
  }
  SUBCASE("who was to come back does so at once") {
    const auto run = called_off({{AtTime{5ms}, Crash{"echo-1", 100ms}}});
    run->small.run();
    const auto back = run->small.all<ProcessRestarted>();
    REQUIRE(back.size() == 1);
    CHECK(back[0].first == at(30ms));
  }
  SUBCASE("so does a machine without power, but who died for good stays dead") {
    const auto run =
        called_off({{AtTime{5ms}, PowerLoss{"echo-1", 100ms}}, {AtTime{5ms}, Crash{"client-a"}}});
    run->small.run();
    const auto back = run->small.all<ProcessRestarted>();
    REQUIRE(back.size() == 1);
    CHECK(back[0].first == at(30ms));
  }
  SUBCASE("a network that was parted for good heals") {
    const auto run = called_off(one(AtTime{5ms}, Partition{{"client-a"}, {"echo-1"}}));
    run->small.run();
    const auto healed = run->small.all<LinkHealed>();
    REQUIRE(healed.size() == 2);
    CHECK(healed[0].first == at(30ms));
  }
  SUBCASE("a clock keeps what it gained, and gains no more") {
    const auto run = called_off({{AtTime{10ms}, SetRate{{"client-a"}, 500'000}},
                                 {AtTime{10ms}, WallJump{{"echo-1"}, 7ms}}});
    run->small.run();
    const World& world = run->small.world;
    CHECK(world.clock(run->a.id()).rate_ppm() == 0);
    CHECK(world.clock(run->a.id()).wall(world.now()).time_since_epoch() ==
          world.now().time_since_epoch() + 10ms);  // half of 20 ms
    CHECK(world.clock(run->echo.id()).wall(world.now()).time_since_epoch() ==
          world.now().time_since_epoch() + 7ms);
  }
  SUBCASE("no message is struck any more") {
    const auto run =
        called_off(one(AtTime{5ms}, MessageFault{MessageAction::drop, "client-a", "", "", 1, 0}));
    run->small.run();
    CHECK(run->small.count<MessageLost>() == 2);  // those of about 10 ms and 24 ms
  }
  SUBCASE("a link is as it was") {
    const auto run = called_off(
        one(AtTime{5ms}, LinkTrouble{"client-a", "echo-1", 10, 0, Latency::constant(3ms)}));
    run->small.run();
    const LinkQuality quality =
        run->small.world.network().link_quality(run->a.id(), run->echo.id());
    CHECK(quality.latency.low == 500us);
    CHECK(quality.loss_ppm == 0);
  }
  SUBCASE("a disk writes again") {
    const auto run = called_off(one(AtTime{5ms}, DiskStall{"echo-1", 100ms}));
    run->small.run();
    CHECK(run->echo.stalls ==
          std::vector<std::pair<Instant, bool>>{{at(5ms), true}, {at(30ms), false}});
  }
}

TEST_CASE("up to the instant at which faults are called off nothing is changed") {
  Armed all(many());
  all.small.run();
  for (const Duration until : {0ms, 17ms, 52ms, 113ms}) {
    Armed some(many(), asks_often, 1, at(until));
    some.small.run();
    std::size_t i = 0;
    for (; i < all.small.trace.size() && all.small.trace[i].at < at(until); ++i) {
      REQUIRE(i < some.small.trace.size());
      const TraceEvent& event = some.small.trace[i];
      CHECK(event.at == all.small.trace[i].at);
      CHECK(event.process == all.small.trace[i].process);
      CHECK(event.what.index() == all.small.trace[i].what.index());
    }
    if (i < some.small.trace.size()) CHECK(some.small.trace[i].at >= at(until));
  }
}

TEST_CASE("without anchors the injector is not among the observers") {
  // The digest of a run does not tell, so count what the observer is told.
  SmallWorld small;
  small.echo("echo-1");
  small.client("client-a", asks_often);
  Injector injector(small.world);
  injector.arm({});
  const std::size_t used = small.arena.bytes_used();
  injector.observe(TraceEvent{{}, {}, {}, {}, {}, MessageSent{}});
  CHECK(small.arena.bytes_used() == used);
  small.run();
  CHECK(small.count<FaultStruck>() == 0);
}

TEST_CASE("the injector may go between the last run and its world") {
  SmallWorld small;
  small.echo("echo-1");
  small.client("client-a", asks_often);
  {
    Injector injector(small.world);
    injector.arm(many());
    small.run();
  }
  CHECK(small.world.events() > 0);
}

}  // namespace
}  // namespace locklab::test
