// What a run's metrics count, from traces made by hand.
#include "scenarios/metrics.hpp"

#include <doctest/doctest.h>

#include <memory_resource>
#include <string_view>

#include "tests/support/trace_builder.hpp"

namespace locklab {
namespace {

struct Counted {
  Metrics metrics{std::pmr::get_default_resource()};
  TraceBuilder trace{metrics, Metrics::events(), {"client-a", "client-b", "redis-1", "storage"}};

  Counted& does(std::string_view who, DomainAct act, std::string_view subject, std::int64_t amount,
                std::uint32_t attempt = 0) {
    trace.tell(who, DomainEvent{act, trace.names().intern(subject), amount, AttemptId{attempt}});
    return *this;
  }
  Counted& stores(std::string_view subject, std::int64_t value) {
    WriteAccepted write{};
    write.subject = trace.names().intern(subject);
    write.value = Value::integer(value);
    trace.tell("storage", write);
    return *this;
  }
};

TEST_CASE("a grant is kept with all that the client was told") {
  Counted counted;
  counted.trace.at(0ms).requests("client-a", 1);
  counted.trace.at(5ms).tell(
      "client-a", LockGranted{counted.trace.lock_name(), AttemptId{1}, FencingToken{34}, 5, 9973ms,
                              Instant{9978ms}, Instant{9978ms}});
  REQUIRE(counted.metrics.grants().size() == 1);
  const GrantRecord& grant = counted.metrics.grants()[0];
  CHECK(grant.process == counted.trace.process("client-a"));
  CHECK(grant.attempt == AttemptId{1});
  CHECK(grant.at == Instant{5ms});
  CHECK(grant.validity == 9973ms);
  CHECK(grant.promise_until == Instant{9978ms});
  CHECK(grant.belief_until == Instant{9978ms});
  CHECK(grant.token == FencingToken{34});
  CHECK(grant.votes == 5);
  CHECK(counted.metrics.process_of(AttemptId{1}) == grant.process);
}

TEST_CASE("an attempt that nobody made belongs to nobody") {
  Counted counted;
  counted.trace.requests("client-a", 2);  // 1 was never said
  CHECK(counted.metrics.process_of(AttemptId{}) == ProcessId{});
  CHECK(counted.metrics.process_of(AttemptId{1}) == ProcessId{});
  CHECK(counted.metrics.process_of(AttemptId{3}) == ProcessId{});
}

TEST_CASE("a refusal is kept with its reason and its votes") {
  Counted counted;
  counted.trace.at(3ms)
      .requests("client-b", 1)
      .tell("client-b", LockRefused{counted.trace.lock_name(), AttemptId{1}, Errc::no_validity, 3,
                                    Duration{-1ms}});
  REQUIRE(counted.metrics.refusals().size() == 1);
  CHECK(counted.metrics.refusals()[0].process == counted.trace.process("client-b"));
  CHECK(counted.metrics.refusals()[0].at == Instant{3ms});
  CHECK(counted.metrics.refusals()[0].why == Errc::no_validity);
  CHECK(counted.metrics.refusals()[0].votes == 3);
}

TEST_CASE("writes are kept as storage judged them, and the refused ones counted") {
  Counted counted;
  counted.trace.requests("client-a", 1).requests("client-b", 2);
  counted.trace.at(1ms).accepts("storage", 1, 100).at(2ms).rejects("storage", 2, 99);
  REQUIRE(counted.metrics.writes().size() == 2);
  CHECK(counted.metrics.writes()[0].accepted);
  CHECK(counted.metrics.writes()[0].token == FencingToken{100});
  CHECK(counted.metrics.writes()[0].at == Instant{1ms});
  CHECK_FALSE(counted.metrics.writes()[1].accepted);
  CHECK(counted.metrics.writes()[1].attempt == AttemptId{2});
  CHECK(counted.metrics.stale_writes_rejected() == 1);
}

TEST_CASE("a wait counts from its begin to the grant, and only if it ended in one") {
  Counted counted;
  counted.trace.at(10ms).waits("client-a").requests("client-a", 1);
  counted.trace.at(11ms).waits("client-b", true).requests("client-b", 2);
  counted.trace.at(20ms).granted("client-a", 1, 10s).wait_over("client-a");
  counted.trace.at(30ms).refused("client-b", 2).wait_over("client-b", false);
  counted.trace.at(40ms).waits("client-b").requests("client-b", 3);
  counted.trace.at(45ms).granted("client-b", 3, 20s).wait_over("client-b");
  REQUIRE(counted.metrics.acquire_times().size() == 2);
  CHECK(counted.metrics.acquire_times()[0] == 10ms);
  CHECK(counted.metrics.acquire_times()[1] == 5ms);
}

TEST_CASE("a hold counts from the grant to the end of the belief") {
  Counted counted;
  counted.trace.requests("client-a", 1).at(1ms).granted("client-a", 1, 10s);
  counted.trace.at(101ms).stops_believing("client-a", 1);
  counted.trace.requests("client-b", 2).at(200ms).assumes("client-b", 2);
  counted.trace.at(250ms).stops_believing("client-b", 2, BeliefEnd::crashed);
  REQUIRE(counted.metrics.hold_times().size() == 2);
  CHECK(counted.metrics.hold_times()[0] == 100ms);
  CHECK(counted.metrics.hold_times()[1] == 50ms);
}

TEST_CASE("time-outs, expiries and extensions are counted, and what resembles them is not") {
  Counted counted;
  const auto call_ends = [&](Errc outcome) {
    CallEnded ended{};
    ended.outcome = outcome;
    counted.trace.tell("client-a", ended);
  };
  call_ends(Errc::none);
  call_ends(Errc::timeout);
  call_ends(Errc::timeout);
  call_ends(Errc::connection_lost);
  CHECK(counted.metrics.timeouts() == 2);

  counted.trace.requests("client-a", 1);
  counted.trace.removes("redis-1", 1, RemovalReason::expired);
  counted.trace.removes("redis-1", 1, RemovalReason::deleted, 1);
  counted.trace.removes("redis-1", 1, RemovalReason::lost);
  CHECK(counted.metrics.expiries() == 1);

  counted.trace.granted("client-a", 1, 10s).extended("client-a", 1, 15s);
  CHECK(counted.metrics.extensions() == 1);
}

TEST_CASE("what the metrics count is what they ask to be told of") {
  Counted counted;
  counted.trace.pauses("client-a").crashes("client-b");
  CHECK((Metrics::events() & events_of<ProcessPaused, ProcessCrashed, MessageSent>()) == 0);
  CHECK((Metrics::events() & events_of<LockGranted, KeyStored, DomainEvent>()) != 0);
}

// ---- damage -------------------------------------------------------------------------------------

TEST_CASE("nothing happened: no damage of any kind") {
  const Counted counted;
  for (std::size_t i = 0; i < kDamages; ++i) {
    CHECK(counted.metrics.damage(static_cast<Damage>(i)) == 0);
    CHECK_FALSE(counted.metrics.happened(static_cast<Damage>(i)));
  }
}

TEST_CASE("oversold is what was sold beyond the stock at the start, item by item") {
  Counted counted;
  counted.metrics.initial_amount(counted.trace.names().intern("apples"), 3);
  counted.metrics.initial_amount(counted.trace.names().intern("pears"), 5);
  counted.does("client-a", DomainAct::sold, "apples", 2)
      .does("client-b", DomainAct::sold, "apples", 2);
  counted.does("client-a", DomainAct::sold, "pears", 1);
  CHECK(counted.metrics.happened(Damage::oversold));
  CHECK(counted.metrics.damage(Damage::oversold) ==
        1);  // 4 of 3; the pears left make up for nothing
}

TEST_CASE("charges and job runs after the first are damage, for each order and job by itself") {
  Counted counted;
  counted.does("client-a", DomainAct::charged, "order-1", 1)
      .does("client-b", DomainAct::charged, "order-2", 1);
  CHECK(counted.metrics.damage(Damage::double_charges) == 0);
  counted.does("client-b", DomainAct::charged, "order-1", 1);
  CHECK(counted.metrics.damage(Damage::double_charges) == 1);

  counted.does("client-a", DomainAct::job_ran, "nightly", 1);
  counted.does("client-b", DomainAct::job_ran, "nightly", 1);
  counted.does("client-b", DomainAct::job_ran, "nightly", 1);
  CHECK(counted.metrics.damage(Damage::duplicate_runs) == 2);
  CHECK(counted.metrics.damage(Damage::oversold) == 0);
}

TEST_CASE("acts of an old leader after the first of a newer one are damage") {
  Counted counted;
  counted.does("client-a", DomainAct::led, "cluster", 1, 1);
  counted.does("client-a", DomainAct::led, "cluster", 1, 1);
  counted.does("client-b", DomainAct::led, "cluster", 1, 2);
  CHECK(counted.metrics.damage(Damage::stale_leader_acts) == 0);
  counted.does("client-a", DomainAct::led, "cluster", 1, 1);
  counted.does("client-b", DomainAct::led, "cluster", 1, 2);
  counted.does("client-a", DomainAct::led, "cluster", 1, 1);
  CHECK(counted.metrics.damage(Damage::stale_leader_acts) == 2);
}

TEST_CASE("who is granted the leadership last is the newest leader, whoever asked first") {
  Counted counted;
  const auto granted = [&](std::string_view who, std::uint32_t attempt) {
    counted.trace.tell(
        who, LockGranted{
                 counted.trace.lock_name(), AttemptId{attempt}, {}, 1, {}, kEndOfTime, kEndOfTime});
  };
  counted.trace.requests("client-a", 1).requests("client-b", 2);
  granted("client-b", 2);
  counted.does("client-b", DomainAct::led, "cluster", 1, 2);
  granted("client-a", 1);
  counted.does("client-a", DomainAct::led, "cluster", 1, 1);
  CHECK(counted.metrics.damage(Damage::stale_leader_acts) == 0);
  counted.does("client-b", DomainAct::led, "cluster", 1, 2);
  CHECK(counted.metrics.damage(Damage::stale_leader_acts) == 1);
}

TEST_CASE("lost blocks are those appended that the file does not hold in the end") {
  Counted counted;
  counted.metrics.initial_amount(counted.trace.names().intern("file"), 10);
  counted.stores("file", 11).does("client-a", DomainAct::appended, "file", 1);
  CHECK(counted.metrics.damage(Damage::lost_blocks) == 0);
  counted.stores("file", 11).does("client-b", DomainAct::appended, "file", 1);  // over A's
  CHECK(counted.metrics.damage(Damage::lost_blocks) == 1);
  counted.stores("file", 12).does("client-b", DomainAct::appended, "file", 1);
  CHECK(counted.metrics.damage(Damage::lost_blocks) == 1);
}

TEST_CASE("every kind of damage has a name of its own") {
  CHECK(to_string(Damage::oversold) == "oversold");
  CHECK(to_string(Damage::double_charges) == "double_charges");
  CHECK(to_string(Damage::duplicate_runs) == "duplicate_runs");
  CHECK(to_string(Damage::stale_leader_acts) == "stale_leader_acts");
  CHECK(to_string(Damage::lost_blocks) == "lost_blocks");
}

}  // namespace
}  // namespace locklab
