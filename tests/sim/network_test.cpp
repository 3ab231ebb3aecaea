// Messages: order on a connection and none across two, cuts that lose or hold, rules for the n-th
// message, chance, duplicates, resets; and that what happens to one message shifts no draw of
// another.
#include "sim/network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/small_world.hpp"

namespace locklab::test {
namespace {

using Said = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;

template <class Action>
void when(SmallWorld& small, Duration instant, Action& action) {
  small.world.at(
      Instant{instant}, [](void* context, std::uint64_t) { (*static_cast<Action*>(context))(); },
      &action);
}

/// Tells the echo 0, 1, 2, ..., one every `kPace`.
constexpr Duration kPace = 100us;
Task<> tells_forty(Client& self) {
  for (std::int64_t i = 0; i < 40; ++i) {
    self.tell(i);
    co_await self.sleep(kPace);
  }
}

Numbers counting(std::int64_t to) {
  Numbers numbers;
  for (std::int64_t i = 0; i < to; ++i) numbers.push_back(i);
  return numbers;
}

TEST_CASE("messages of one connection keep their order under any latency") {
  SmallWorld small;
  small.latency(Latency::uniform(100us, 20ms));
  EchoServer& echo = small.echo("echo-1");
  small.client("client-a", tells_forty);
  small.run();
  CHECK(echo.numbers() == counting(40));
}

TEST_CASE("a new connection gives no order against the old one") {
  struct P {
    static Task<> run(Client& self) {
      for (std::int64_t i = 0; i < 40; ++i) {
        self.tell(i);
        self.world().network().reconnect(self.id(), ProcessId{1});
        co_await self.sleep(kPace);
      }
    }
  };
  SmallWorld small;
  small.latency(Latency::uniform(100us, 20ms));
  EchoServer& echo = small.echo("echo-1");
  small.client("client-a", P::run);
  small.run();
  Numbers heard = echo.numbers();
  CHECK(heard.size() == 40);  // nothing is lost
  CHECK_FALSE(std::is_sorted(heard.begin(), heard.end()));
  std::sort(heard.begin(), heard.end());
  CHECK(heard == counting(40));
}

TEST_CASE("an answer to a request of the old connection is lost") {
  struct P {
    static Task<> run(Client& self) {
      self.say(co_await self.ask(1, {.timeout = 300us, .reconnect_on_timeout = true}));
      co_await self.sleep(5ms);
      self.say(co_await self.ask(2));
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(echo.numbers() == Numbers{1, 2});
  CHECK(a.said == Said{"0.3ms timeout", "6.3ms 2"});
  const auto lost = small.all<MessageLost>(echo.id());
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].second.why == LossReason::connection);
}

TEST_CASE("a cut loses what is sent meanwhile, and lets arrive what is under way") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", tells_forty);
  auto cut = [&] { small.world.network().cut(a.id(), echo.id(), false); };
  auto heal = [&] { small.world.network().heal(a.id(), echo.id(), false); };
  when(small, 950us, cut);
  when(small, 2'950us, heal);
  small.run();
  Numbers expected = counting(40);
  expected.erase(expected.begin() + 10, expected.begin() + 30);
  CHECK(echo.numbers() == expected);
  CHECK(small.count<MessageLost>() == 20);
  CHECK(small.count<LinkCut>() == 1);
  CHECK(small.count<LinkHealed>() == 1);
}

TEST_CASE("a cut that holds delivers on the heal, in order") {
  SmallWorld small;
  small.latency(Latency::uniform(100us, 5ms));
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", tells_forty);
  auto cut = [&] { small.world.network().cut(a.id(), echo.id(), true); };
  auto heal = [&] { small.world.network().heal(a.id(), echo.id(), true); };
  when(small, 950us, cut);
  when(small, 102'950us, heal);
  small.run();
  CHECK(echo.numbers() == counting(40));
  CHECK(small.count<MessageHeld>() == 30);
  CHECK(echo.heard[9].first < at(102'950us));
  CHECK(echo.heard[10].first > at(102'950us));
}

TEST_CASE("cuts add up, and one that drops outweighs those that hold") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", tells_forty);
  Network& network = small.world.network();
  auto hold = [&] { network.cut(a.id(), echo.id(), true); };
  auto drop = [&] { network.cut(a.id(), echo.id(), false); };
  auto heal_hold = [&] { network.heal(a.id(), echo.id(), true); };
  auto heal_drop = [&] { network.heal(a.id(), echo.id(), false); };
  when(small, 950us, hold);         // 10 to 14 are held
  when(small, 1'450us, drop);       // 15 to 19 are lost
  when(small, 1'950us, heal_drop);  // 20 to 24 are held
  when(small, 2'450us, heal_hold);
  small.run();
  Numbers expected = counting(40);
  expected.erase(expected.begin() + 15, expected.begin() + 20);
  CHECK(echo.numbers() == expected);
  CHECK(small.count<LinkHealed>() == 1);
}

TEST_CASE("a one-way cut lets requests through and no answers") {
  struct P {
    static Task<> run(Client& self) { self.say(co_await self.ask(1, {.timeout = 10ms})); }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.world.network().cut(echo.id(), a.id(), false);
  small.run();
  CHECK(echo.numbers() == Numbers{1});
  CHECK(a.said == Said{"10ms timeout"});
}

TEST_CASE("a rule strikes the n-th match and as many after it as it says") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", tells_forty);
  MessageRule rule;
  rule.from = a.id();
  rule.kind = small.world.names().intern("note");
  rule.nth = 4;
  Numbers expected = counting(40);
  SUBCASE("one") { expected.erase(expected.begin() + 3); }
  SUBCASE("three") {
    rule.times = 3;
    expected.erase(expected.begin() + 3, expected.begin() + 6);
  }
  SUBCASE("all") {
    rule.times = 0;
    expected.resize(3);
  }
  SUBCASE("none of another kind") { rule.kind = small.world.names().intern("other"); }
  SUBCASE("none of another sender") { rule.from = echo.id(); }
  small.world.network().add_rule(rule);
  small.run();
  CHECK(echo.numbers() == expected);
}

TEST_CASE("each rule counts for itself: what one drops, another has seen") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  small.client("client-a", tells_forty);
  MessageRule rule;
  rule.nth = 1;
  small.world.network().add_rule(rule);
  rule.nth = 2;
  small.world.network().add_rule(rule);
  small.run();
  Numbers expected = counting(40);
  expected.erase(expected.begin(), expected.begin() + 2);
  CHECK(echo.numbers() == expected);
}

TEST_CASE(
    "a delayed message holds up what follows on its connection, and not the other direction") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  small.client("client-a", tells_forty);
  MessageRule rule;
  rule.action = MessageRule::Action::delay;
  rule.delay = 1s;
  rule.nth = 5;
  small.world.network().add_rule(rule);
  small.run();
  CHECK(echo.numbers() == counting(40));
  CHECK(echo.heard[3].first == at(800us));
  CHECK(echo.heard[4].first == at(1'000'900us));
  CHECK(echo.heard[39].first == at(1'000'900us));
}

TEST_CASE("a duplicate comes as a message of its own, later if told so") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  small.client("client-a", tells_forty);
  MessageRule rule;
  rule.action = MessageRule::Action::duplicate;
  rule.delay = 10ms;
  rule.nth = 2;
  small.world.network().add_rule(rule);
  small.run();
  Numbers expected = counting(40);
  expected.push_back(1);
  CHECK(echo.numbers() == expected);
  const auto doubled = small.all<MessageDuplicated>();
  REQUIRE(doubled.size() == 1);
  CHECK(doubled[0].second.copy.number == doubled[0].second.message.number + 1);
}

TEST_CASE("a duplicate without delay comes right behind its original") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  small.client("client-a", tells_forty);
  MessageRule rule;
  rule.action = MessageRule::Action::duplicate;
  small.world.network().add_rule(rule);
  small.run();
  const auto arrived = small.all<MessageDelivered>(echo.id());
  const auto doubled = small.all<MessageDuplicated>();
  REQUIRE(doubled.size() == 1);
  CHECK(arrived[0].second.message == doubled[0].second.message);
  CHECK(arrived[1].second.message == doubled[0].second.copy);
}

TEST_CASE("loss by chance takes about the share it is told to") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  struct P {
    static Task<> run(Client& self) {
      for (std::int64_t i = 0; i < 20'000; ++i) {
        self.tell(i);
        co_await self.sleep(1us);
      }
    }
  };
  small.world.network().set_default({Latency{}, 100'000, 50'000});
  small.client("client-a", P::run);
  small.run();
  const std::size_t lost = small.count<MessageLost>();
  const std::size_t doubled = small.count<MessageDuplicated>();
  CHECK(lost > 1'800);
  CHECK(lost < 2'200);
  CHECK(doubled > 800);
  CHECK(doubled < 1'000);
  CHECK(echo.heard.size() == 20'000 - lost + doubled);
}

/// When each number arrived, of those that did.
std::map<std::int64_t, Instant> arrivals(const EchoServer& echo) {
  std::map<std::int64_t, Instant> found;
  for (const auto& [when, number] : echo.heard) found.try_emplace(number, when);
  return found;
}

TEST_CASE("what happens to one message shifts no random draw of another") {
  // Sent far apart, so that order on the connection adds nothing to what was drawn.
  struct P {
    static Task<> run(Client& self) {
      for (std::int64_t i = 0; i < 60; ++i) {
        self.tell(i);
        co_await self.sleep(50ms);
      }
    }
  };
  struct Other {
    static Task<> run(Client& self) {
      for (std::int64_t i = 100; i < 160; ++i) {
        self.tell(i);
        co_await self.sleep(37ms);
      }
    }
  };
  const auto run = [](auto&& disturb) {
    SmallWorld small(7);
    small.world.network().set_default({Latency::uniform(1ms, 20ms), 100'000, 0});
    EchoServer& echo = small.echo("echo-1");
    Client& a = small.client("client-a", P::run);
    disturb(small, a.id(), echo.id());
    small.run();
    return arrivals(echo);
  };
  const auto plain = run([](SmallWorld&, ProcessId, ProcessId) {});
  CHECK(plain.size() > 40);
  CHECK(plain.size() < 60);  // chance took some

  const auto same_but = [&](const std::map<std::int64_t, Instant>& other, std::int64_t from,
                            std::int64_t to) {
    for (std::int64_t i = 0; i < 60; ++i) {
      if (i >= from && i < to) continue;
      CAPTURE(i);
      CHECK(plain.count(i) == other.count(i));
      if (plain.count(i) > 0 && other.count(i) > 0) CHECK(plain.at(i) == other.at(i));
    }
  };
  SUBCASE("a drop, a delay and a duplicate") {
    same_but(run([](SmallWorld& small, ProcessId, ProcessId) {
               for (const auto action : {MessageRule::Action::drop, MessageRule::Action::delay,
                                         MessageRule::Action::duplicate}) {
                 MessageRule rule;
                 rule.action = action;
                 rule.nth = 10 + static_cast<std::uint32_t>(action);
                 rule.delay = 1ms;
                 small.world.network().add_rule(rule);
               }
             }),
             9, 12);
  }
  SUBCASE("a link in trouble for a while") {
    same_but(run([](SmallWorld& small, ProcessId from, ProcessId to) {
               struct Change {
                 SmallWorld* small;
                 ProcessId from, to;
                 static void act(void* context, std::uint64_t begins) {
                   auto& self = *static_cast<Change*>(context);
                   Network& network = self.small->world.network();
                   network.set_latency(
                       self.from, self.to,
                       begins != 0 ? Latency::constant(3ms) : Latency::uniform(1ms, 20ms));
                   network.set_loss(self.from, self.to, begins != 0 ? 0 : 100'000,
                                    begins != 0 ? 500'000 : 0);
                 }
               };
               static Change change;
               change = {&small, from, to};
               small.world.at(Instant{499ms}, Change::act, &change, 1);
               small.world.at(Instant{999ms}, Change::act, &change, 0);
             }),
             10, 20);
  }
  SUBCASE("a cut") {
    same_but(run([](SmallWorld& small, ProcessId from, ProcessId to) {
               struct Change {
                 SmallWorld* small;
                 ProcessId from, to;
                 static void act(void* context, std::uint64_t begins) {
                   auto& self = *static_cast<Change*>(context);
                   Network& network = self.small->world.network();
                   if (begins != 0)
                     network.cut(self.from, self.to, false);
                   else
                     network.heal(self.from, self.to, false);
                 }
               };
               static Change change;
               change = {&small, from, to};
               small.world.at(Instant{499ms}, Change::act, &change, 1);
               small.world.at(Instant{999ms}, Change::act, &change, 0);
             }),
             10, 20);
  }
  SUBCASE("another client") {
    same_but(
        run([](SmallWorld& small, ProcessId, ProcessId) { small.client("client-b", Other::run); }),
        60, 60);
  }
}

TEST_CASE("a reset loses what is under way and tells both ends") {
  struct P {
    static Task<> run(Client& self) {
      self.say(co_await self.ask(1));
      self.say(co_await self.ask(2));
      self.say(co_await self.ask(3));
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  auto reset = [&] { small.world.network().reset_connection(a.id(), echo.id()); };
  SUBCASE("on the way there") {
    when(small, 1'200us, reset);
    small.run();
    CHECK(echo.numbers() == Numbers{1, 3});
    CHECK(a.said == Said{"1ms 1", "1.2ms connection_lost", "1.2ms connection lost", "2.2ms 3"});
  }
  SUBCASE("on the way back") {
    when(small, 1'700us, reset);
    small.run();
    CHECK(echo.numbers() == Numbers{1, 2, 3});
    CHECK(a.said == Said{"1ms 1", "1.7ms connection_lost", "1.7ms connection lost", "2.7ms 3"});
  }
  CHECK(echo.connections_lost == 1);
  CHECK(small.count<ConnectionBroken>() == 2);
}

TEST_CASE("a reset also loses what a cut holds") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", tells_forty);
  Network& network = small.world.network();
  auto cut = [&] { network.cut(a.id(), echo.id(), true); };
  auto reset = [&] { network.reset_connection(a.id(), echo.id()); };
  auto heal = [&] { network.heal(a.id(), echo.id(), true); };
  when(small, 950us, cut);
  when(small, 1'950us, reset);
  when(small, 2'950us, heal);
  small.run();
  Numbers expected = counting(40);
  expected.erase(expected.begin() + 10, expected.begin() + 20);
  // 5 to 9 were under way when the cut began and had arrived when the reset struck.
  CHECK(echo.numbers() == expected);
}

TEST_CASE("a server's death reaches its clients after what it had sent") {
  // The answer is under way, slow by chance; the closing must not overtake it.
  struct P {
    static Task<> run(Client& self) { self.say(co_await self.ask(1)); }
  };
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SmallWorld small(seed);
    small.latency(Latency::uniform(1ms, 30ms));
    EchoServer& echo = small.echo("echo-1");
    Client& a = small.client("client-a", P::run);
    while (echo.heard.empty()) small.run(1h, small.world.events() + 1);
    small.world.crash(echo.id());
    small.run();
    REQUIRE(a.said.size() == 2);
    CHECK(a.said[0].find(" 1") != std::string::npos);
    CHECK(a.said[1].find("connection lost") != std::string::npos);
  }
}

TEST_CASE("a machine that is up refuses for a dead process; one without power says nothing") {
  struct P {
    static Task<> run(Client& self) {
      co_await self.sleep(10ms);
      self.say(co_await self.ask(1, {.timeout = 100ms}));
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  SUBCASE("crashed") {
    auto crash = [&] { small.world.crash(echo.id()); };
    when(small, 1ms, crash);
    small.run();
    CHECK(a.said == Said{"11ms connection_refused"});
  }
  SUBCASE("without power") {
    auto power_loss = [&] { small.world.power_loss(small.world.process(echo.id()).machine()); };
    when(small, 1ms, power_loss);
    small.run();
    CHECK(a.said == Said{"110ms timeout"});
  }
  SUBCASE("crashed, behind a cut on the way back") {
    auto crash = [&] {
      small.world.crash(echo.id());
      small.world.network().cut(echo.id(), a.id(), false);
    };
    when(small, 1ms, crash);
    small.run();
    CHECK(a.said == Said{"110ms timeout"});
  }
  CHECK(echo.heard.empty());
}

TEST_CASE("a peer hears of a crash but not of a power loss") {
  struct P {
    static Task<> run(Client& self) {
      self.say(co_await self.ask(1));
      self.say(co_await self.ask(2, {.timeout = 50ms}));
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  bool power = false;
  auto strike = [&] {
    if (power)
      small.world.power_loss(small.world.process(echo.id()).machine());
    else
      small.world.crash(echo.id());
  };
  when(small, 1'600us, strike);
  SUBCASE("crash: the answer to 2 was under way, then the connection closes") {
    small.run();
    CHECK(a.said == Said{"1ms 1", "2ms 2", "2.1ms connection lost"});
  }
  SUBCASE("power loss: silence") {
    power = true;
    small.run();
    CHECK(a.said == Said{"1ms 1", "2ms 2"});
    CHECK(small.count<ConnectionBroken>() == 0);
  }
}

}  // namespace
}  // namespace locklab::test
