// Coroutines: that a task is lazy, owns what it awaits and is destroyed whole; and each form of
// docs/architecture.md's table "forms that are safe everywhere", so that a compiler that cannot
// take one is found here and not in a lock.
#include "sim/task.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/small_world.hpp"

namespace locklab::test {
namespace {

using Said = std::vector<std::string>;

TEST_CASE("a program runs from one wait to the next") {
  struct P {
    static Task<> run(Client& self) {
      self.say("begins");
      co_await self.sleep(2ms);
      self.say("goes on");
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  CHECK(small.run() == StopReason::quiescent);
  CHECK(a.said == Said{"0ms begins", "2ms goes on"});
  CHECK_FALSE(a.process().has_tasks());
}

Task<int> twice(Client& self, int number) {
  co_await self.sleep(1ms);
  co_return 2 * number;
}

TEST_CASE("a task that nobody awaits does nothing") {
  struct P {
    static Task<> run(Client& self) {
      { const Task<int> never = twice(self, 1); }
      self.say("done");
      co_return;
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"0ms done"});
  CHECK(small.world.events() == 1);
}

/// Counts its own lives, so that a double or a missing destruction shows.
class Counted {
 public:
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(const Counted& other) : alive_(other.alive_) { ++*alive_; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive_; }

 private:
  int* alive_;
};
int counted_alive = 0;

Task<int> keeps(Client& self, Counted counted, int depth) {
  const Counted here(counted);
  if (depth > 0) co_return co_await keeps(self, counted, depth - 1);
  co_await self.sleep(1h);
  co_return 0;
}

TEST_CASE("a crash destroys a task with all that it awaits") {
  struct P {
    static Task<> run(Client& self) {
      static_cast<void>(co_await keeps(self, Counted(counted_alive), 20));
    }
  };
  counted_alive = 0;
  {
    SmallWorld small;
    Client& a = small.client("client-a", P::run);
    small.run(1ms);
    CHECK(counted_alive > 20);
    small.world.crash(a.id());
    CHECK(counted_alive == 0);
    CHECK(small.run() == StopReason::quiescent);
    CHECK(small.world.events() == 1);  // the sleep's wake-up was withdrawn
  }
}

TEST_CASE("the end of the world destroys what still waits") {
  struct P {
    static Task<> run(Client& self) {
      static_cast<void>(co_await keeps(self, Counted(counted_alive), 3));
    }
  };
  counted_alive = 0;
  {
    SmallWorld small;
    small.client("client-a", P::run);
    small.run(1ms);
    CHECK(counted_alive > 3);
  }
  CHECK(counted_alive == 0);
}

TEST_CASE("a hundred thousand tasks in a row, and ten thousand deep, do not overflow the stack") {
  struct P {
    static Task<int> at_once(Client& self, int number) {
      static_cast<void>(self);
      co_return number;
    }
    static Task<int> deep(Client& self, int depth) {
      if (depth == 0) co_return 0;
      co_return 1 + co_await deep(self, depth - 1);
    }
    static Task<> run(Client& self) {
      int sum = 0;
      for (int i = 0; i < 100'000; ++i) sum += co_await at_once(self, 1);
      self.say(std::to_string(sum));
      self.say(std::to_string(co_await deep(self, 10'000)));
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"0ms 100000", "0ms 10000"});
}

// ---- the forms that are safe everywhere ---------------------------------------------------------

struct Options {  // owns no memory, so braces are safe
  bool nx = false;
  Duration px{};
};

Task<std::string> set(Client& self, std::string key, Options options) {
  co_await self.sleep(options.px);
  co_return key + (options.nx ? " nx" : "");
}

TEST_CASE("form: a struct of flags and durations in braces") {
  struct P {
    static Task<> run(Client& self) {
      self.say(co_await set(self, "lock:a-name-too-long-to-be-kept-in-the-string-itself",
                            {.nx = true, .px = 3ms}));
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"3ms lock:a-name-too-long-to-be-kept-in-the-string-itself nx"});
}

class Command {  // a class with a constructor may own memory
 public:
  Command(std::string verb, Counted counted) : verb_(std::move(verb)), counted_(counted) {}
  const std::string& verb() const { return verb_; }

 private:
  std::string verb_;
  Counted counted_;
};

Task<std::string> execute(Client& self, Command command) {
  co_await self.sleep(1ms);
  co_return command.verb();
}

TEST_CASE("form: what owns memory is a class with a constructor, or a named variable") {
  struct P {
    static Task<> run(Client& self) {
      self.say(co_await execute(self, Command("a verb that lives on the heap, since it is long",
                                              Counted(counted_alive))));
      const Command named("another verb that lives on the heap", Counted(counted_alive));
      self.say(co_await execute(self, named));
    }
  };
  counted_alive = 0;
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"1ms a verb that lives on the heap, since it is long",
                       "2ms another verb that lives on the heap"});
  CHECK(counted_alive == 0);
}

static_assert(SafeParameter<Command>);
static_assert(SafeParameter<Options>);
static_assert(SafeParameter<std::string>);
struct Unsafe {  // an aggregate that owns memory: the promise refuses it
  std::string text;
};
static_assert(!SafeParameter<Unsafe>);

TEST_CASE("form: if and else instead of a conditional expression") {
  struct P {
    static Task<> run(Client& self) {
      for (const bool long_one : {true, false}) {
        std::string reply;
        if (long_one)
          reply = co_await set(self, "a key that is far too long for a small string", {.px = 1ms});
        else
          reply = co_await set(self, "k", {.px = 2ms});
        self.say(reply);
      }
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"1ms a key that is far too long for a small string", "3ms k"});
}

TEST_CASE("form: push_back of what is awaited") {
  struct P {
    static Task<> run(Client& self) {
      std::vector<std::string> replies;
      for (int i = 0; i < 4; ++i)
        replies.push_back(
            co_await set(self, "key number " + std::to_string(i) + " of several", {.px = 1ms}));
      for (const std::string& reply : replies) self.say(reply);
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said.size() == 4);
  CHECK(a.said.back() == "4ms key number 3 of several");
}

/// A member coroutine: its object brings the arena.
class Counter {
 public:
  explicit Counter(Client& self) : self_(self) {}
  Arena& arena() const { return self_.arena(); }
  Task<int> next(Duration after) {
    co_await self_.sleep(after);
    co_return ++count_;
  }

 private:
  Client& self_;
  int count_ = 0;
};

TEST_CASE("form: members and free functions, parameters by value") {
  struct P {
    static Task<> run(Client& self) {
      Counter counter(self);
      std::string key = "a key that changes while the first task still waits for its turn";
      Task<std::string> waits = set(self, key, {.px = 1ms});
      key = "changed";
      const int first = co_await counter.next(1ms);
      self.say(std::to_string(first) + " " + co_await std::move(waits));
      self.say(std::to_string(co_await counter.next(1ms)));
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said ==
        Said{"2ms 1 a key that changes while the first task still waits for its turn", "3ms 2"});
}

TEST_CASE("form: an awaited result in a condition, a loop and an early return") {
  struct P {
    static Task<bool> positive(Client& self, int number) {
      if (number < 0) co_return false;
      co_await self.sleep(1ms);
      co_return number > 0;
    }
    static Task<> run(Client& self) {
      int left = 3;
      while (co_await positive(self, left)) --left;
      if (!co_await positive(self, -1)) self.say("negative");
      self.say("left " + std::to_string(left));
    }
  };
  SmallWorld small;
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"4ms negative", "4ms left 0"});
}

TEST_CASE("form: two branches that await the same kind of call") {
  struct P {
    static Task<> run(Client& self) {
      for (std::int64_t i = 0; i < 4; ++i) {
        if (i % 2 == 0) {
          const Result<Note> reply = co_await self.ask(i);
          self.say(reply);
        } else {
          const Result<Note> reply = co_await self.ask(10 * i, {.timeout = 5ms});
          self.say(reply);
        }
      }
    }
  };
  SmallWorld small;
  small.echo("echo-1");
  Client& a = small.client("client-a", P::run);
  small.run();
  CHECK(a.said == Said{"1ms 0", "2ms 10", "3ms 2", "4ms 30"});
}

}  // namespace
}  // namespace locklab::test
