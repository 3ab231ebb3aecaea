// Calls: the scheduling point between the decision and the sending, time-outs after which the
// outcome is unknown, late replies, broken connections, and groups of calls.
#include "sim/rpc.hpp"

#include <doctest/doctest.h>

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

Task<> asks_three(Client& self) {
  for (std::int64_t i = 1; i <= 3; ++i) self.say(co_await self.ask(i));
}

TEST_CASE("a question is answered after two times the latency") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", asks_three);
  CHECK(small.run() == StopReason::quiescent);
  CHECK(a.said == Said{"1ms 1", "2ms 2", "3ms 3"});
  CHECK(echo.heard[1].first == at(1'500us));
  const auto ended = small.all<CallEnded>(a.id());
  REQUIRE(ended.size() == 3);
  CHECK(ended[0].second.outcome == Errc::none);
}

TEST_CASE("a request leaves at a scheduling point of its own, after the call began") {
  struct P {
    static Task<> run(Client& self) {
      self.process().spawn("other", other(self));
      self.say(co_await self.ask(1));
    }
    static Task<> other(Client& self) {
      self.say("between");
      co_return;
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"0ms between", "1ms 1"});
  CHECK(small.all<CallBegan>()[0].first == at(0ms));
  CHECK(small.all<MessageSent>()[0].first == at(0ms));
}

TEST_CASE(
    "after a time-out the outcome is unknown: the request was carried out, the reply ignored") {
  struct P {
    static Task<> run(Client& self) {
      const Result<Note> reply = co_await self.ask(1, {.timeout = 700us});
      CHECK(outcome_unknown(reply.error()));
      self.say(reply);
      self.say(co_await self.ask(2));
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(echo.numbers() == Numbers{1, 2});
  CHECK(a.said == Said{"0.7ms timeout", "1.7ms 2"});
  const auto ignored = small.all<ReplyIgnored>(a.id());
  REQUIRE(ignored.size() == 1);
  CHECK(ignored[0].first == at(1ms));
}

TEST_CASE("a reply withdraws the time-out") {
  struct P {
    static Task<> run(Client& self) { self.say(co_await self.ask(1, {.timeout = 1h})); }
  };
  SmallWorld small;
  small.echo("echo-1");
  small.client("client-a", P::run);
  CHECK(small.run(2h) == StopReason::quiescent);
  CHECK(small.world.now() == at(1ms));
}

TEST_CASE("a reply and a time-out of one instant: the one that was scheduled first") {
  struct P {
    static Task<> run(Client& self) { self.say(co_await self.ask(1, {.timeout = 1ms})); }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"1ms timeout"});
}

TEST_CASE("a duplicate's reply is ignored") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", asks_three);
  MessageRule rule;
  rule.action = MessageRule::Action::duplicate;
  rule.from = a.id();
  small.world.network().add_rule(rule);
  small.run();
  CHECK(echo.numbers() == Numbers{1, 1, 2, 3});
  CHECK(a.said == Said{"1ms 1", "2ms 2", "3ms 3"});
  CHECK(small.count<ReplyIgnored>() == 1);
}

TEST_CASE("a late reply does not answer the call that took its place in the table") {
  struct P {
    static Task<> run(Client& self) {
      self.say(co_await self.ask(1, {.timeout = 600us}));
      self.say(co_await self.ask(2, {.timeout = 5ms}));
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"0.6ms timeout", "1.6ms 2"});
}

TEST_CASE("a pause between the decision and the sending holds the request back") {
  struct P {
    static Task<> other(Client& self) { co_await self.sleep(1ms); }
    static Task<> run(Client& self) {
      self.process().spawn("other", other(self));
      co_await asks_three(self);
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.world.start();
  // The program's first step is the first event. Another task is due now, so the request's
  // departure waits for it.
  CHECK(small.world.run(Instant{1h}, 1) == StopReason::event_limit);
  CHECK(small.count<CallBegan>() == 1);
  CHECK(small.count<MessageSent>() == 0);
  small.world.pause(a.id());
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 9ms, resume);
  small.world.run(Instant{1h}, 1'000);
  CHECK(echo.heard.front() == std::pair(at(9'500us), std::int64_t{1}));
  CHECK(a.said == Said{"10ms 1", "11ms 2", "12ms 3"});
}

TEST_CASE("a decision made at a resume is carried out after all that came due in the pause") {
  struct P {
    static Task<> timer(Client& self) {
      co_await self.sleep(10ms);
      self.say("timer");
      CHECK(self.process().awaits(ProcessId{1}));  // the call began
      self.world().emit(self.id(), StepTaken{});
    }
    static Task<> run(Client& self) {
      self.process().spawn("timer", timer(self));
      self.say(co_await self.ask(1));
      self.say(co_await self.ask(2));
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  auto pause = [&] { small.world.pause(a.id()); };
  auto resume = [&] { small.world.resume(a.id()); };
  when(small, 700us, pause);
  when(small, 50ms, resume);
  small.run();
  CHECK(a.said == Said{"50ms 1", "50ms timer", "51ms 2"});
  std::size_t began = 0;
  std::size_t step = 0;
  std::size_t sent = 0;
  for (std::size_t i = 0; i < small.trace.size(); ++i) {
    if (small.trace[i].process != a.id()) continue;
    if (std::holds_alternative<CallBegan>(small.trace[i].what)) began = i;
    if (std::holds_alternative<StepTaken>(small.trace[i].what)) step = i;
    if (std::holds_alternative<MessageSent>(small.trace[i].what)) sent = i;
  }
  CHECK(began < step);
  CHECK(step < sent);
}

TEST_CASE("a group gives its calls in the order in which they end, each once") {
  struct P {
    static Task<> run(Client& self) {
      CallGroup<Note> group(self.process());
      for (std::uint32_t server = 1; server <= 3; ++server)
        group.start(self.ask(server, {.timeout = 10ms}, ProcessId{server}));
      while (Call<Note>* call = co_await group.next())
        self.say("from " + std::to_string(call->to().number) + ": " +
                 (call->result() ? "yes" : std::string(to_string(call->result().error()))));
      self.say("none left");
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  EchoServer& mute = small.echo("echo-2");
  mute.answers = false;
  EchoServer& third = small.echo("echo-3");
  Client& a = small.client("client-a", P::run);
  small.world.network().set_latency(a.id(), third.id(), Latency::constant(100us));
  small.run();
  CHECK(a.said ==
        Said{"0.6ms from 3: yes", "1ms from 1: yes", "10ms from 2: timeout", "10ms none left"});
}

TEST_CASE("a group that is destroyed forgets calls that still wait; what they sent arrives") {
  struct P {
    static Task<> run(Client& self) {
      {
        CallGroup<Note> group(self.process());
        group.start(self.ask(1, {}, ProcessId{1}));
        group.start(self.ask(2, {.timeout = 1h}, ProcessId{2}));
        static_cast<void>(co_await group.next());
      }
      self.say("done");
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  EchoServer& slow = small.echo("echo-2");
  Client& a = small.client("client-a", P::run);
  small.world.network().set_latency(a.id(), slow.id(), Latency::constant(5ms));
  CHECK(small.run() == StopReason::quiescent);
  CHECK(a.said == Said{"1ms done"});
  CHECK(slow.numbers() == Numbers{2});
  CHECK(small.count<ReplyIgnored>(a.id()) == 1);
}

TEST_CASE(
    "several calls that end at one instant are all taken, the next ones started meanwhile too") {
  struct P {
    static Task<> run(Client& self) {
      CallGroup<Note> group(self.process());
      for (std::int64_t i = 0; i < 5; ++i) group.start(self.ask(i));
      std::int64_t sum = 0;
      std::int64_t more = 5;
      while (Call<Note>* call = co_await group.next()) {
        sum += call->result()->number;
        if (more < 8) group.start(self.ask(more++));
      }
      self.say(std::to_string(sum));
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"2ms 28"});
}

TEST_CASE("a crash in the middle of a group leaves nothing behind") {
  struct P {
    static Task<> run(Client& self) {
      CallGroup<Note> group(self.process());
      for (std::int64_t i = 0; i < 5; ++i) group.start(self.ask(i, {.timeout = 1s}));
      while (co_await group.next() != nullptr) self.say("one");
    }
  };
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  auto crash = [&] { small.world.crash(a.id()); };
  when(small, 800us, crash);
  CHECK(small.run() == StopReason::quiescent);
  CHECK(a.said == Said{"0.8ms crashed"});
  CHECK(echo.heard.size() == 5);
  CHECK(small.world.now() == at(1'300us));  // the server hears of it; no time-out is left
}

TEST_CASE("a call to a server that dies under it ends with an unknown outcome") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  echo.answers = false;
  Client& a = small.client("client-a", asks_three);
  auto crash = [&] { small.world.crash(echo.id()); };
  when(small, 2ms, crash);
  small.run();
  REQUIRE(a.said.size() == 4);
  CHECK(a.said[0] == "2.5ms connection_lost");
  CHECK(a.said[1] == "2.5ms connection lost");
  CHECK(a.said[2] == "3.5ms connection_refused");
  CHECK(a.said[3] == "4.5ms connection_refused");
}

TEST_CASE("a process knows whom it waits for") {
  SmallWorld small;
  EchoServer& echo = small.echo("echo-1");
  EchoServer& other = small.echo("echo-2");
  Client& a = small.client("client-a", asks_three);
  small.run(200us);
  CHECK(a.process().awaits(echo.id()));
  CHECK_FALSE(a.process().awaits(other.id()));
  small.run();
  CHECK_FALSE(a.process().awaits(echo.id()));
}

}  // namespace
}  // namespace locklab::test
