// LIVENESS, DEADLOCK and FAIRNESS [spec 1.3, L; corpus B, C, I].
#include "tests/invariants/trial.hpp"

using namespace locklab;

TEST_CASE("a key that outlives its crashed holder keeps the next one waiting [corpus 18]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(100ms).waits("client-b").requests("client-b", 2).crashes("client-a");
  trial.run.at(101ms).refused("client-b", 2);

  SUBCASE("until somebody looks: TTL and a second are over") {
    trial.run.at(11101ms).requests("client-b", 3);  // 11001 ms idle, the bound is 11000
    CHECK(trial.only("bounded_wait").what == "idle");
    trial.run.at(12000ms).granted("client-b", 3, 22s).wait_over("client-b");
    trial.ends(13s);
    CHECK(trial.only("bounded_wait").from == ms(100));
    CHECK(trial.only("bounded_wait").until == ms(12000));
    CHECK(trial.only("bounded_wait").active == 11900ms);
    CHECK(trial.sentence("bounded_wait") ==
          "client-b waits for inventory:item-123 from 100ms to 12000ms, though for 11900ms of that "
          "time nobody held it");
  }
  SUBCASE("served in time") {
    trial.run.at(11100ms).granted("client-b", 2, 22s).wait_over("client-b");  // 11000: just in time
    trial.ends(13s);
    CHECK(trial.all().empty());
  }
  SUBCASE("gives up late") {
    trial.run.at(20000ms).wait_over("client-b", false);
    trial.ends(21s);
    CHECK(trial.only("bounded_wait").until == ms(20000));
  }
  SUBCASE("gives up early") {
    trial.run.at(5000ms).wait_over("client-b", false);
    trial.ends(21s);
    CHECK(trial.all().empty());
  }
  SUBCASE("still waits at the end") {
    trial.ends(3610s);
    CHECK(trial.only("bounded_wait").until == kEndOfTime);
    CHECK(
        trial.sentence("bounded_wait") ==
        "client-b waits for inventory:item-123 since 100ms and never gets it, though for 3609900ms "
        "of that time nobody held it");
  }
  SUBCASE("crashes itself") {
    trial.run.at(9000ms).crashes("client-b");
    trial.ends(3610s);
    CHECK(trial.all().empty());
  }
  SUBCASE("is paused for most of it: that is not the lock's fault") {
    trial.run.at(1000ms).pauses("client-b").at(60000ms).resumes("client-b");
    trial.run.at(60001ms).granted("client-b", 2, 70s).wait_over("client-b");
    trial.ends(61s);
    CHECK(trial.all().empty());
  }
  SUBCASE("hangs: nothing is left to happen") {
    trial.ends(1s, true);
    CHECK(trial.only("bounded_wait").what == "never");
    CHECK(
        trial.sentence("bounded_wait") ==
        "client-b waits for inventory:item-123 since 100ms and never gets it, though nobody holds "
        "it and nothing else is left to happen");
  }
}

TEST_CASE("only time in which nobody believes to hold the lock counts") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, kEndOfTime.time_since_epoch());
  trial.run.at(2ms).waits("client-b").requests("client-b", 2);
  trial.run.at(600s).begins_release("client-a", 1).released("client-a", 1);
  trial.run.at(601s).granted("client-b", 2, kEndOfTime.time_since_epoch()).wait_over("client-b");
  trial.ends(602s);
  CHECK(trial.all().empty());
}

TEST_CASE("a bound on the whole wait catches a holder that never lets go [corpus 52]") {
  InvariantSettings settings;
  settings.bounded_wait_total = 30s;
  Trial trial(settings);
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(2ms).waits("client-b");
  trial.ends(40002ms);
  CHECK(trial.only("bounded_wait").what == "total");
  CHECK(trial.only("bounded_wait").active == 40s);
}

TEST_CASE("who gives up without a try has not been served [corpus 114]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);

  SUBCASE("on a free lock") {
    trial.run.at(100ms).begins_release("client-a", 1).released("client-a", 1);
    trial.run.at(200ms).waits("client-b", true).wait_over("client-b", false, 0);
    trial.ends(1s);
    CHECK(trial.only("bounded_wait").what == "no_try");
    CHECK(trial.only("bounded_wait").from == ms(200));
    CHECK(trial.only("bounded_wait").until == ms(200));
    CHECK(trial.sentence("bounded_wait") ==
          "client-b wants inventory:item-123 at 200ms and gives up without having asked for it, "
          "though nobody holds it");
  }
  SUBCASE("one that somebody holds would have been refused") {
    trial.run.at(200ms).waits("client-b", true).wait_over("client-b", false, 0);
    trial.ends(1s);
    CHECK(trial.all().empty());
  }
}

TEST_CASE("a bound on releases catches one that does not end [corpus 45]") {
  InvariantSettings settings;
  settings.bounded_wait_release = 1s;
  Trial trial(settings);
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);

  SUBCASE("in time") {
    trial.run.at(100ms).begins_release("client-a", 1).at(1100ms).released("client-a", 1);
    trial.ends(20s);
    CHECK(trial.all().empty());
  }
  SUBCASE("late") {
    trial.run.at(100ms).begins_release("client-a", 1).at(1101ms).released("client-a", 1);
    trial.ends(20s);
    CHECK(trial.only("bounded_wait").what == "release");
    CHECK(trial.only("bounded_wait").from == ms(100));
    CHECK(trial.only("bounded_wait").until == ms(1101));
    CHECK(trial.only("bounded_wait").active == 1001ms);
  }
  SUBCASE("never") {
    trial.run.at(100ms).begins_release("client-a", 1);
    trial.ends(20s);
    CHECK(trial.only("bounded_wait").until == kEndOfTime);
    CHECK(trial.sentence("bounded_wait") ==
          "client-a gives inventory:item-123 back since 100ms and never has done");
  }
  SUBCASE("hangs: nothing is left to happen") {
    trial.run.at(100ms).begins_release("client-a", 1);
    trial.ends(200ms, true);
    CHECK(trial.only("bounded_wait").what == "release");
  }
  SUBCASE("asleep for most of it") {
    trial.run.at(100ms).begins_release("client-a", 1).pauses("client-a");
    trial.run.at(9000ms).resumes("client-a").released("client-a", 1);
    trial.ends(20s);
    CHECK(trial.all().empty());
  }
}

TEST_CASE("there is no bound on releases, unless it is said") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(100ms).begins_release("client-a", 1);
  trial.ends(3600s);
  CHECK(trial.all().empty());
}

TEST_CASE("two clients that take two locks in opposite order wait for each other [corpus 104]") {
  Trial trial;
  trial.run.lock("x").requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.lock("y").requests("client-b", 2).granted("client-b", 2, 9978ms);
  trial.run.at(2ms).waits("client-a").requests("client-a", 3).at(3ms).refused("client-a", 3);
  trial.run.at(5ms).lock("x").waits("client-b").requests("client-b", 4);

  SUBCASE("for ever") {
    trial.ends(5005ms);
    const Finding circle = trial.only("deadlock");
    CHECK(circle.from == ms(5));
    CHECK(circle.until == kEndOfTime);
    CHECK(circle.active == 5000ms);
    CHECK(circle.processes.size() == 2);
    CHECK(circle.attempts.size() == 2);
    CHECK(circle.events.size() == 4);  // two grants, two waits
    CHECK(trial.sentence("deadlock") ==
          "client-b and client-a wait for one another in a circle from 5ms to the end of the run "
          "(5000ms); client-b waits for x");
  }
  SUBCASE("until one gives up") {
    trial.run.at(900ms).lock("y").wait_over("client-a", false);
    trial.ends(1s);
    CHECK(trial.only("deadlock").until == ms(900));
  }
  SUBCASE("until one crashes") {
    trial.run.at(800ms).crashes("client-a");
    trial.ends(1s);
    CHECK(trial.only("deadlock").until == ms(800));
  }
  SUBCASE("until a lease lapses and a client notices") {
    trial.run.at(9978ms).stops_believing("client-b", 2);
    trial.ends(10s);
    CHECK(trial.only("deadlock").until == ms(9978));
  }
}

TEST_CASE("the whole circle of three is named, once") {
  Trial trial;
  const auto far = kEndOfTime.time_since_epoch();
  trial.run.lock("x").requests("client-a", 1).at(1ms).granted("client-a", 1, far);
  trial.run.lock("y").requests("client-b", 2).granted("client-b", 2, far);
  trial.run.lock("z").requests("client-c", 3).granted("client-c", 3, far);
  trial.run.at(2ms).lock("y").waits("client-a").lock("z").waits("client-b");
  trial.run.at(3ms).lock("x").waits("client-c");
  trial.run.at(4ms).lock("w").requests("client-c", 4).granted("client-c", 4, far);  // a new edge
  trial.ends(1s);
  const Finding circle = trial.only("deadlock");
  CHECK(circle.processes.size() == 3);
  CHECK(circle.processes[0] == trial.run.process("client-c"));
  CHECK(circle.processes[1] == trial.run.process("client-a"));
  CHECK(circle.processes[2] == trial.run.process("client-b"));
}

TEST_CASE("a client that waits for its own lock is a circle of one [corpus 76]") {
  Trial trial;
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(2ms).waits("client-a");
  trial.ends(3ms);
  CHECK(trial.only("deadlock").what == "waits_for_itself");
}

TEST_CASE("a wait that ends in having the lock, or in doing without it, is no circle") {
  Trial trial;
  trial.run.waits("client-a").requests("client-a", 1).at(1ms);
  SUBCASE("granted") { trial.run.granted("client-a", 1, 9978ms); }
  SUBCASE("assumed") { trial.run.refused("client-a", 1).assumes("client-a", 1); }
  trial.run.wait_over("client-a");
  trial.ends(3ms);
  CHECK(trial.all().empty());
}

TEST_CASE("waits that end by themselves, or follow one order, make no circle [neg-lock-order]") {
  Trial trial;
  SUBCASE("bounded waits") {
    trial.run.lock("x").requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
    trial.run.lock("y").requests("client-b", 2).granted("client-b", 2, 9978ms);
    trial.run.at(2ms).waits("client-a", true).lock("x").waits("client-b", true);
  }
  SUBCASE("x before y, always") {
    trial.run.lock("x").waits("client-a").requests("client-a", 1).at(1ms);
    trial.run.granted("client-a", 1, 9978ms).wait_over("client-a").waits("client-b");
    trial.run.lock("y").waits("client-a").requests("client-a", 2).at(2ms);
    trial.run.granted("client-a", 2, 9978ms).wait_over("client-a");
  }
  trial.ends(3ms);
  CHECK(trial.all().empty());
}

namespace {

/// client-a waits since 1 ms, client-b since 500 ms, and client-b is served at 1000 ms.
void later_one_is_served(Trial& trial) {
  trial.run.at(1ms).waits("client-a").requests("client-a", 1).at(2ms).refused("client-a", 1);
  trial.run.at(500ms).waits("client-b").requests("client-b", 2);
  trial.run.at(1000ms).granted("client-b", 2, 1500ms).wait_over("client-b");
}

}  // namespace

TEST_CASE("a fair lock that serves the later waiter first is not fair [corpus 28]") {
  Trial trial;
  trial.run.fifo();
  later_one_is_served(trial);
  SUBCASE("the earlier one is served in the end") {
    trial.run.at(1600ms).stops_believing("client-b", 2).requests("client-a", 3);
    trial.run.granted("client-a", 3, 2600ms).wait_over("client-a");
    trial.ends(2s);
    CHECK(trial.only("fairness").until == ms(1600));
  }
  SUBCASE("or never") {
    trial.ends(2s);
    CHECK(trial.only("fairness").until == kEndOfTime);
    CHECK(trial.only("fairness").active == 1000ms);
  }
  CHECK(trial.only("fairness").from == ms(1000));
  CHECK(trial.sentence("fairness") ==
        "client-b was served inventory:item-123 at 1000ms before client-a, who had waited longer");
}

TEST_CASE("a lock that claims nothing is judged only if asked [corpus 115]") {
  InvariantSettings settings;
  SUBCASE("not asked") {}
  SUBCASE("asked") { settings.fairness_force = true; }
  Trial trial(settings);
  later_one_is_served(trial);
  trial.ends(2s);
  CHECK(trial.found("fairness").size() == (settings.fairness_force ? 1 : 0));
}

TEST_CASE("a fair lock may pass over who cannot be served, or arrived as good as together") {
  Trial trial;
  trial.run.fifo().at(1ms).waits("client-a").requests("client-a", 1);
  SUBCASE("asleep") {
    trial.run.at(5ms).pauses("client-a").at(10ms).waits("client-b").requests("client-b", 2);
  }
  SUBCASE("crashed") {
    trial.run.at(5ms).crashes("client-a").at(10ms).waits("client-b").requests("client-b", 2);
  }
  SUBCASE("half a millisecond apart") {
    trial.run.at(1500us).waits("client-b").requests("client-b", 2);
  }
  trial.run.at(20ms).granted("client-b", 2, 1s).wait_over("client-b");
  trial.ends(30ms);
  CHECK(trial.all().empty());
}
