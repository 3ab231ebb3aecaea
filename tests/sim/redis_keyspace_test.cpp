// The keys of a Redis node against the table of sheet A, and against a naive reference written from
// that table alone: random programs of commands and time steps, compared after every step.
#include "sim/services/redis/keyspace.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <map>
#include <memory_resource>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace locklab::redis {
namespace {

constexpr Symbol kLock{1};
constexpr Symbol kOther{2};
constexpr Symbol kCounter{9};
constexpr AttemptId kAttemptA{1};
constexpr AttemptId kAttemptB{2};
constexpr Value kValueA = Value::unique(0xA, 1);
constexpr Value kValueB = Value::unique(0xB, 2);

/// A node with a clock that the test turns by hand.
struct Node {
  Keyspace keys{};
  Changes changes{};
  std::int64_t now_ms = 0;

  Reply run(const Request& request) {
    changes.clear();
    return execute(keys, now_ms, request, changes);
  }
  Reply set_nx_px(AttemptId attempt, const Value& value, std::int64_t ttl_ms, Symbol key = kLock) {
    return run({.command = Command::set,
                .options = {.nx = true, .expiry = Expiry::px},
                .attempt = attempt,
                .key = key,
                .value = value,
                .ttl_ms = ttl_ms});
  }
  Reply call(Command command, Symbol key = kLock, AttemptId attempt = kAttemptA) {
    return run({.command = command, .attempt = attempt, .key = key});
  }
  Reply compare(Command command, AttemptId attempt, const Value& value, std::int64_t ttl_ms = 0) {
    return run({.command = command,
                .attempt = attempt,
                .key = kLock,
                .value = value,
                .expected = value,
                .ttl_ms = ttl_ms});
  }
};

Request set_request(const Value& value, const SetOptions& options, std::int64_t ttl_ms = 0) {
  return {.command = Command::set,
          .options = options,
          .attempt = kAttemptA,
          .key = kLock,
          .value = value,
          .ttl_ms = ttl_ms};
}

// ---- SET ----------------------------------------------------------------------------------------

TEST_CASE("SET NX PX takes a free key once [spec A]") {
  Node node{.now_ms = 100};
  CHECK(node.set_nx_px(kAttemptA, kValueA, 10'000) == Reply::ok());
  REQUIRE(node.changes.size() == 1);
  CHECK(node.changes[0] == Change{.kind = Change::Kind::stored,
                                  .key = kLock,
                                  .attempt = kAttemptA,
                                  .by = kAttemptA,
                                  .value = kValueA,
                                  .deadline_ms = 10'100});

  CHECK(node.set_nx_px(kAttemptB, kValueB, 10'000) == Reply::nil());
  CHECK(node.changes.empty());
  CHECK(node.call(Command::get) == Reply::of(kValueA));
}

TEST_CASE("a key written at w is still there at w+ttl and gone at w+ttl+1 [spec A]") {
  Node node{.now_ms = 7};
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  node.now_ms = 10'007;
  CHECK(node.call(Command::get) == Reply::of(kValueA));
  CHECK(node.call(Command::pttl) == Reply::integer(0));
  CHECK(node.set_nx_px(kAttemptB, kValueB, 10'000) == Reply::nil());
  node.now_ms = 10'008;
  CHECK(node.set_nx_px(kAttemptB, kValueB, 10'000) == Reply::ok());
  REQUIRE(node.changes.size() == 2);
  CHECK(node.changes[0].kind == Change::Kind::removed);
  CHECK(node.changes[0].why == RemovalReason::expired);
  CHECK(node.changes[0].attempt == kAttemptA);
  CHECK_FALSE(node.changes[0].by);
  CHECK(node.changes[1].kind == Change::Kind::stored);
  CHECK(node.changes[1].deadline_ms == 20'008);
}

TEST_CASE(
    "an expired key that still lies there does not refuse anybody [neg-lazy-expired-key-present]") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 5'000);
  node.now_ms = 60'000;
  REQUIRE(node.keys.size() == 1);
  CHECK(node.set_nx_px(kAttemptB, kValueB, 5'000) == Reply::ok());
}

TEST_CASE("SET refuses a life of zero or less, before it looks at the key [spec A]") {
  Node node;
  for (const std::int64_t ttl_ms : {std::int64_t{0}, std::int64_t{-1}, kNever, kNever - 1}) {
    node.now_ms = 5;
    CHECK(node.set_nx_px(kAttemptA, kValueA, ttl_ms) == Reply::failed(ReplyError::expire_time));
  }
  CHECK(node.keys.empty());
  CHECK(node.run(set_request(kValueA, {.nx = true, .xx = true})).error == ReplyError::syntax);
  CHECK(node.run(set_request(kValueA, {.keep_ttl = true, .expiry = Expiry::px}, 5)).error ==
        ReplyError::syntax);
}

TEST_CASE("SET XX writes only over a key that exists") {
  Node node;
  CHECK(node.run(set_request(kValueA, {.xx = true})) == Reply::nil());
  CHECK(node.keys.empty());
  node.run(set_request(kValueA, {}));
  CHECK(node.run(set_request(kValueB, {.xx = true})) == Reply::ok());
  CHECK(node.call(Command::get) == Reply::of(kValueB));
}

TEST_CASE("SET GET answers with the old value whether it sets or not") {
  Node node;
  CHECK(node.run(set_request(kValueA, {.nx = true, .get = true})) == Reply::nil());
  CHECK(node.run(set_request(kValueB, {.nx = true, .get = true})) == Reply::of(kValueA));
  CHECK(node.call(Command::get) == Reply::of(kValueA));
  CHECK(node.run(set_request(kValueB, {.get = true})) == Reply::of(kValueA));
  CHECK(node.call(Command::get) == Reply::of(kValueB));
}

TEST_CASE("SET PXAT takes a date of the node's own wall clock [spec A]") {
  Node node{.now_ms = 1'000};
  node.run(set_request(kValueA, {.expiry = Expiry::pxat}, 1'500));
  CHECK(node.call(Command::pttl) == Reply::integer(500));
  // A date in the past is stored and found expired by whoever comes next.
  CHECK(node.run(set_request(kValueA, {.expiry = Expiry::pxat}, 900)) == Reply::ok());
  CHECK(node.keys.size() == 1);
  CHECK(node.call(Command::get) == Reply::nil());
}

TEST_CASE("a SET without KEEPTTL forgets the deadline, with it the deadline stays") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 1'000);
  node.run(set_request(kValueB, {.keep_ttl = true}));
  CHECK(node.call(Command::pttl) == Reply::integer(1'000));
  node.run(set_request(kValueA, {}));
  CHECK(node.call(Command::pttl) == Reply::integer(-1));
}

// ---- the other commands -------------------------------------------------------------------------

TEST_CASE("SETNX answers 1 or 0, and its key lives for ever [corpus 10]") {
  Node node;
  CHECK(
      node.run({.command = Command::setnx, .attempt = kAttemptA, .key = kLock, .value = kValueA}) ==
      Reply::integer(1));
  node.now_ms = 1'000'000'000;
  CHECK(
      node.run({.command = Command::setnx, .attempt = kAttemptB, .key = kLock, .value = kValueB}) ==
      Reply::integer(0));
  CHECK(node.call(Command::pttl) == Reply::integer(-1));
}

TEST_CASE("GETSET swaps the value and drops the deadline [corpus 12]") {
  Node node;
  node.set_nx_px(kAttemptA, Value::integer(10'000), 500);
  const Reply old = node.run({.command = Command::getset,
                              .attempt = kAttemptB,
                              .key = kLock,
                              .value = Value::integer(20'000)});
  CHECK(old == Reply::of(Value::integer(10'000)));
  CHECK(node.call(Command::pttl) == Reply::integer(-1));
  CHECK(node.run({.command = Command::getset, .key = kOther, .value = kValueA}) == Reply::nil());
}

TEST_CASE("DEL and EXISTS tell a missing key from one that is there") {
  Node node;
  CHECK(node.call(Command::del) == Reply::integer(0));
  CHECK(node.call(Command::exists) == Reply::integer(0));
  node.set_nx_px(kAttemptA, kValueA, 10);
  CHECK(node.call(Command::exists) == Reply::integer(1));
  CHECK(node.call(Command::del) == Reply::integer(1));
  node.set_nx_px(kAttemptA, kValueA, 10);
  node.now_ms = 11;
  CHECK(node.call(Command::del) == Reply::integer(0));
  REQUIRE(node.changes.size() == 1);
  CHECK(node.changes[0].why == RemovalReason::expired);
}

TEST_CASE("INCR counts from 1, keeps the deadline, and refuses what is no number") {
  Node node;
  CHECK(node.call(Command::incr, kCounter) == Reply::issued(1));
  CHECK(node.call(Command::incr, kCounter).token == FencingToken{2});
  REQUIRE(node.changes.size() == 1);
  CHECK(node.changes[0].kind == Change::Kind::counted);
  CHECK(node.changes[0].value == Value::integer(2));
  CHECK(node.call(Command::pttl, kCounter) == Reply::integer(-1));

  node.run({.command = Command::pexpire, .key = kCounter, .ttl_ms = 50});
  CHECK(node.call(Command::incr, kCounter).number == 3);
  CHECK(node.call(Command::pttl, kCounter) == Reply::integer(50));
  node.now_ms = 51;  // a counter with a life begins again: tokens must never have one [spec C]
  CHECK(node.call(Command::incr, kCounter).number == 1);

  node.set_nx_px(kAttemptA, kValueA, 10);
  CHECK(node.call(Command::incr) == Reply::failed(ReplyError::not_an_integer));
  node.run({.command = Command::set, .key = kOther, .value = Value::integer(kNever)});
  CHECK(node.call(Command::incr, kOther) == Reply::failed(ReplyError::overflow));
}

TEST_CASE("PEXPIRE sets the remaining life, it does not add [corpus 21 extend-shortens-ttl]") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  node.now_ms = 1'000;  // 9000 left; "1000 more" makes it 1000
  CHECK(node.compare(Command::compare_and_pexpire, kAttemptA, kValueA, 1'000) == Reply::integer(1));
  REQUIRE(node.changes.size() == 1);
  CHECK(node.changes[0].kind == Change::Kind::extended);
  CHECK(node.changes[0].deadline_ms == 2'000);
  node.now_ms = 2'000;
  CHECK(node.set_nx_px(kAttemptB, kValueB, 10'000) == Reply::nil());
  node.now_ms = 2'001;
  CHECK(node.set_nx_px(kAttemptB, kValueB, 10'000) == Reply::ok());
}

TEST_CASE("an extension by zero or less deletes the key and reports success [corpus 22]") {
  for (const std::int64_t ttl_ms : {0, -5}) {
    Node node;
    node.set_nx_px(kAttemptA, kValueA, 10'000);
    CHECK(node.compare(Command::compare_and_pexpire, kAttemptA, kValueA, ttl_ms) ==
          Reply::integer(1));
    REQUIRE(node.changes.size() == 1);
    CHECK(node.changes[0].why == RemovalReason::deleted);
    CHECK(node.keys.empty());
  }
}

TEST_CASE("PEXPIRE finds no missing key, and PTTL says how a key stands") {
  Node node;
  CHECK(node.run({.command = Command::pexpire, .key = kLock, .ttl_ms = 10}) == Reply::integer(0));
  node.now_ms = 1;
  CHECK(node.run({.command = Command::pexpire, .key = kLock, .ttl_ms = kNever}).error ==
        ReplyError::expire_time);
  CHECK(node.call(Command::pttl) == Reply::integer(-2));
  node.set_nx_px(kAttemptA, kValueA, 10);
  CHECK(node.call(Command::pttl) == Reply::integer(10));
}

// ---- scripts ------------------------------------------------------------------------------------

TEST_CASE("compare-and-delete removes its own value and nothing else [spec A]") {
  Node node;
  CHECK(node.compare(Command::compare_and_delete, kAttemptA, kValueA) == Reply::integer(0));
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  CHECK(node.compare(Command::compare_and_delete, kAttemptB, kValueB) == Reply::integer(0));
  CHECK(node.keys.size() == 1);
  CHECK(node.compare(Command::compare_and_delete, kAttemptA, kValueA) == Reply::integer(1));
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  node.now_ms = 10'001;  // expired, though nobody has removed it
  CHECK(node.compare(Command::compare_and_delete, kAttemptA, kValueA) == Reply::integer(0));
}

TEST_CASE("a blind DEL shows whose key it took [corpus 7]") {
  Node node;
  node.set_nx_px(kAttemptB, kValueB, 10'000);
  node.call(Command::del, kLock, kAttemptA);
  REQUIRE(node.changes.size() == 1);
  CHECK(node.changes[0].attempt == kAttemptB);
  CHECK(node.changes[0].by == kAttemptA);
  CHECK(node.changes[0].why == RemovalReason::deleted);
}

TEST_CASE("one value for two grants lets the first release the second [corpus 9]") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  node.now_ms = 10'001;
  node.set_nx_px(kAttemptB, kValueA, 10'000);  // the same object, hence the same value
  CHECK(node.compare(Command::compare_and_delete, kAttemptA, kValueA) == Reply::integer(1));
  CHECK(node.changes[0].attempt == kAttemptB);
  CHECK(node.changes[0].by == kAttemptA);
}

TEST_CASE("a SET over somebody else's key reports it as overwritten, over one's own as extended") {
  Node node;
  node.set_nx_px(kAttemptB, kValueB, 10'000);
  node.run(set_request(kValueA, {.expiry = Expiry::px}, 500));
  REQUIRE(node.changes.size() == 2);
  CHECK(node.changes[0] == Change{.kind = Change::Kind::removed,
                                  .why = RemovalReason::overwritten,
                                  .key = kLock,
                                  .attempt = kAttemptB,
                                  .by = kAttemptA,
                                  .value = kValueB,
                                  .deadline_ms = 10'000});
  CHECK(node.changes[1].kind == Change::Kind::stored);
  node.run(set_request(kValueA, {.expiry = Expiry::px}, 900));
  REQUIRE(node.changes.size() == 1);
  CHECK(node.changes[0].kind == Change::Kind::extended);
  CHECK(node.changes[0].deadline_ms == 900);
  node.run(set_request(kValueA, {}));  // no deadline any more: there is nothing to extend to
  REQUIRE(node.changes.size() == 1);
  CHECK(node.changes[0].kind == Change::Kind::stored);
  // The same value for another attempt is another grant's key [corpus 9].
  Request again = set_request(kValueA, {.expiry = Expiry::px}, 500);
  again.attempt = kAttemptB;
  node.run(again);
  REQUIRE(node.changes.size() == 2);
  CHECK(node.changes[0].why == RemovalReason::overwritten);
}

TEST_CASE("the fenced acquire gives key and token together or neither [spec C]") {
  Node node;
  const auto acquire = [&](AttemptId attempt, const Value& value, std::int64_t ttl_ms) {
    return node.run({.command = Command::acquire_with_token,
                     .attempt = attempt,
                     .key = kLock,
                     .counter = kCounter,
                     .value = value,
                     .ttl_ms = ttl_ms});
  };
  node.run({.command = Command::set, .key = kCounter, .value = Value::integer(99)});
  const Reply granted = acquire(kAttemptA, kValueA, 5'000);  // document scenario 4
  CHECK(granted.token == FencingToken{100});
  REQUIRE(node.changes.size() == 2);
  CHECK(node.changes[0].kind == Change::Kind::stored);
  CHECK(node.changes[1].kind == Change::Kind::counted);

  node.now_ms = 5'000;
  CHECK(acquire(kAttemptB, kValueB, 5'000) == Reply::nil());
  CHECK(node.keys.find(kCounter)->value == Value::integer(100));
  node.now_ms = 5'001;
  CHECK(acquire(kAttemptB, kValueB, 5'000).token == FencingToken{101});
  CHECK(node.call(Command::pttl, kCounter) == Reply::integer(-1));

  node.now_ms = 20'000;
  const Keyspace before = node.keys;
  CHECK(acquire(kAttemptA, kValueA, 0).error == ReplyError::expire_time);
  CHECK(node.keys == before);
  node.run({.command = Command::set, .key = kCounter, .value = kValueA});
  CHECK(acquire(kAttemptA, kValueA, 5'000).error == ReplyError::not_an_integer);
  CHECK(node.call(Command::exists) == Reply::integer(0));
}

TEST_CASE("node-redlock v5 refuses an existing key even if it is its own [corpus 43]") {
  Node node;
  Request request{.command = Command::acquire_all,
                  .attempt = kAttemptA,
                  .key = kLock,
                  .more_keys = {kOther},
                  .value = kValueA,
                  .expected = kValueA,
                  .ttl_ms = 1'000};
  CHECK(node.run(request) == Reply::integer(2));
  CHECK(node.run(request) == Reply::integer(0));

  node.now_ms = 400;
  request.command = Command::extend_all;
  CHECK(node.run(request) == Reply::integer(2));
  CHECK(node.keys.find(kOther)->deadline_ms == 1'400);
  CHECK(node.changes[0].kind == Change::Kind::extended);

  node.call(Command::del, kOther, kAttemptB);
  CHECK(node.run(request) == Reply::integer(0));  // all or none
  CHECK(node.keys.find(kLock)->deadline_ms == 1'400);
  request.command = Command::release_all;
  CHECK(node.run(request) == Reply::integer(1));
  CHECK(node.keys.empty());
}

TEST_CASE("redlock-rb extends its own key and silently takes a lost one again [corpus 47]") {
  Node node;
  Request request{.command = Command::lock_or_retake,
                  .attempt = kAttemptA,
                  .key = kLock,
                  .value = kValueA,
                  .ttl_ms = 1'000};
  CHECK(node.run(request) == Reply::ok());
  node.now_ms = 500;
  CHECK(node.run(request) == Reply::ok());
  CHECK(node.changes[0].kind == Change::Kind::extended);
  node.now_ms = 5'000;
  request.retake = false;  // extend_only_if_locked
  CHECK(node.run(request) == Reply::nil());
  request.retake = true;
  CHECK(node.run(request) == Reply::ok());
  CHECK(node.changes[0].kind == Change::Kind::stored);
  request.attempt = kAttemptB;
  request.value = kValueB;
  CHECK(node.run(request) == Reply::nil());
}

TEST_CASE(
    "redsync with SetNXOnExtend extends, retakes or refuses, and its delete tells three cases") {
  Node node;
  CHECK(node.compare(Command::extend_or_retake, kAttemptA, kValueA, 1'000) == Reply::integer(1));
  CHECK(node.changes[0].kind == Change::Kind::stored);
  CHECK(node.compare(Command::extend_or_retake, kAttemptA, kValueA, 2'000) == Reply::integer(1));
  CHECK(node.changes[0].kind == Change::Kind::extended);
  CHECK(node.compare(Command::extend_or_retake, kAttemptB, kValueB, 1'000) == Reply::integer(0));
  CHECK(node.compare(Command::redsync_delete, kAttemptB, kValueB) == Reply::integer(0));
  CHECK(node.compare(Command::redsync_delete, kAttemptA, kValueA) == Reply::integer(1));
  CHECK(node.compare(Command::redsync_delete, kAttemptA, kValueA) == Reply::integer(-1));
}

TEST_CASE("compare-and-prolong adds to what is left, where PEXPIRE sets it") {
  Node node;
  node.run({.command = Command::set,
            .options = {.expiry = Expiry::px},
            .attempt = kAttemptA,
            .key = kLock,
            .value = kValueA,
            .ttl_ms = 10'000});
  CHECK(node.compare(Command::compare_and_prolong, kAttemptA, kValueA, 1'000) ==
        Reply::integer(11'000));
  CHECK(node.call(Command::pttl) == Reply::integer(11'000));
  CHECK(node.compare(Command::compare_and_prolong, kAttemptB, kValueB, 1'000) == Reply::integer(0));
  CHECK(node.compare(Command::compare_and_prolong, kAttemptA, kValueA, -11'000) ==
        Reply::integer(0));  // nothing is left: deleted, and not a yes
  CHECK(node.call(Command::exists) == Reply::integer(0));
}

// ---- the clock ----------------------------------------------------------------------------------

TEST_CASE("a wall clock that jumps forward takes the key with it [corpus 17]") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  node.now_ms = 2'001 + 10'000;
  CHECK(node.set_nx_px(kAttemptB, kValueB, 10'000) == Reply::ok());
}

TEST_CASE("a wall clock that is set back keeps the key for so much longer [corpus 18]") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  node.now_ms = 200 - 3'600'000;
  CHECK(node.set_nx_px(kAttemptB, kValueB, 10'000) == Reply::nil());
  CHECK(node.call(Command::pttl) == Reply::integer(3'609'800));
}

TEST_CASE("the background cycle removes a key one millisecond before a command would [spec A]") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  ExpireCycle cycle;
  Changes changes;
  node.keys.expire_some(9'999, cycle, changes);
  CHECK(changes.empty());
  node.keys.expire_some(10'000, cycle, changes);
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].why == RemovalReason::expired);
  node.now_ms = 10'000;
  CHECK(node.set_nx_px(kAttemptB, kValueB, 10'000) == Reply::ok());
}

TEST_CASE("the background cycle takes 20 keys a loop and loops on while a tenth is stale") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 1'000'000, Symbol{1});
  node.run({.command = Command::set, .key = Symbol{2}, .value = kValueB});  // never expires
  for (std::uint32_t i = 3; i < 48; ++i) node.set_nx_px(kAttemptA, kValueA, 100, Symbol{i});
  ExpireCycle cycle;
  std::size_t removed = 0;
  int loops = 0;
  for (bool again = true; again; ++loops) {
    Changes changes;
    again = node.keys.expire_some(100, cycle, changes);
    CHECK(changes.size() <= ExpireCycle::kKeysPerLoop);
    removed += changes.size();
  }
  CHECK(removed == 45);
  CHECK(loops == 4);  // 19 + 20 + 6 (of 7), and one that finds nothing stale
  CHECK(node.keys.size() == 2);
  CHECK(node.keys.earliest_deadline_ms() == 1'000'000);

  for (std::uint32_t i = 3; i < 13; ++i) node.set_nx_px(kAttemptA, kValueA, 1'000, Symbol{i});
  node.set_nx_px(kAttemptA, kValueA, 50, Symbol{20});
  Changes changes;
  CHECK_FALSE(node.keys.expire_some(100, cycle, changes));  // one of twelve is acceptable
  CHECK(changes.size() == 1);
}

// ---- the value ----------------------------------------------------------------------------------

TEST_CASE("a keyspace is a value: it copies, compares, and uses the memory it was given") {
  std::array<std::byte, 4096> block;
  std::pmr::monotonic_buffer_resource memory(block.data(), block.size(),
                                             std::pmr::null_memory_resource());
  Keyspace keys(&memory);
  Changes changes;
  execute(keys, 0, set_request(kValueA, {.expiry = Expiry::px}, 10), changes);
  Keyspace copy = keys;
  CHECK(copy == keys);
  execute(copy, 0, {.command = Command::del, .key = kLock}, changes);
  CHECK_FALSE(copy == keys);
  CHECK(keys.find(kLock)->attempt == kAttemptA);
}

TEST_CASE("a lost key is reported as lost, an evicted one as evicted [corpus 20]") {
  Node node;
  node.set_nx_px(kAttemptA, kValueA, 10'000);
  Changes changes;
  CHECK(node.keys.remove(kLock, RemovalReason::evicted, changes));
  CHECK_FALSE(node.keys.remove(kLock, RemovalReason::lost, changes));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].why == RemovalReason::evicted);
  CHECK(changes[0].attempt == kAttemptA);
}

TEST_CASE("the difference of two states names what is lost, expired, back or changed") {
  Node before;
  before.set_nx_px(kAttemptA, kValueA, 1'000, Symbol{1});
  before.set_nx_px(kAttemptA, kValueA, 10, Symbol{2});
  before.set_nx_px(kAttemptA, kValueA, 1'000, Symbol{3});
  before.set_nx_px(kAttemptA, kValueA, 1'000, Symbol{4});
  Node after;
  after.set_nx_px(kAttemptA, kValueA, 1'000, Symbol{1});
  after.set_nx_px(kAttemptB, kValueB, 1'000, Symbol{4});
  after.set_nx_px(kAttemptB, kValueB, 1'000, Symbol{5});
  std::string story;
  Keyspace replayed = before.keys;
  for_each_difference(before.keys, after.keys, 500, [&](const Change& change) {
    story += std::to_string(change.key.number);
    story += change.kind == Change::Kind::stored    ? "+ "
             : change.why == RemovalReason::expired ? "x "
                                                    : "- ";
    replayed.apply(change);
  });
  CHECK(story == "2x 3- 4- 4+ 5+ ");
  CHECK(replayed == after.keys);
}

TEST_CASE("a deadline becomes an instant of the wall clock, as far as instants go") {
  CHECK(wall_instant(10'000) == WallInstant{10s});
  CHECK(wall_instant(-1) == WallInstant{-1ms});
  CHECK(wall_instant(kNever) == WallInstant::max());
}

TEST_CASE("every command has a name for the trace") {
  for (int i = 0; i <= static_cast<int>(Command::compare_and_prolong); ++i)
    CHECK_FALSE(to_string(static_cast<Command>(i)).empty());
}

// ---- against a naive reference ------------------------------------------------------------------

std::string text_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::none:
      return "";
    case Value::Kind::integer:
      return std::to_string(value.as_integer());
    case Value::Kind::unique:
      return "uuid-" + std::to_string(value.low);
    case Value::Kind::name:
      return "name-" + std::to_string(value.low);
  }
  return "?";
}

std::string text_of(const Reply& reply) {
  switch (reply.kind) {
    case ReplyKind::ok:
      return "OK";
    case ReplyKind::nil:
      return "(nil)";
    case ReplyKind::integer:
      return "(integer) " + std::to_string(reply.number);
    case ReplyKind::value:
      return '"' + text_of(reply.value) + '"';
    case ReplyKind::error:
      return "(error)";
  }
  return "?";
}

/// Redis as the sheet tells it, with strings for keys and values and no thought of speed.
class Reference {
 public:
  std::map<std::string, std::string> value;
  std::map<std::string, std::int64_t> deadline;  // of the keys that have one
  std::int64_t now = 0;

  static std::string integer(std::int64_t n) { return "(integer) " + std::to_string(n); }
  static std::string bulk(const std::string& s) { return '"' + s + '"'; }

  void forget(const std::string& key) {
    value.erase(key);
    deadline.erase(key);
  }
  bool exists(const std::string& key) {
    if (deadline.count(key) && now > deadline[key]) forget(key);
    return value.count(key) > 0;
  }
  std::string get(const std::string& key) { return exists(key) ? bulk(value[key]) : "(nil)"; }
  std::string del(const std::string& key) {
    if (!exists(key)) return integer(0);
    forget(key);
    return integer(1);
  }
  std::string set_px(const std::string& key, const std::string& v, std::int64_t ttl) {
    if (ttl <= 0) return "(error)";
    exists(key);
    value[key] = v;
    deadline[key] = now + ttl;
    return "OK";
  }
  std::string set_nx_px(const std::string& key, const std::string& v, std::int64_t ttl) {
    if (ttl <= 0) return "(error)";
    return exists(key) ? "(nil)" : set_px(key, v, ttl);
  }
  std::string incr(const std::string& key) {
    std::int64_t n = 0;
    if (exists(key)) {
      const std::string& s = value[key];
      const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
      if (s.empty() || error != std::errc{} || end != s.data() + s.size()) return "(error)";
    }
    value[key] = std::to_string(n + 1);
    return integer(n + 1);
  }
  std::string pexpire(const std::string& key, std::int64_t ttl) {
    if (!exists(key)) return integer(0);
    if (ttl <= 0)
      forget(key);
    else
      deadline[key] = now + ttl;
    return integer(1);
  }
  void background() {
    for (const auto& [key, when] : std::map(deadline))
      if (now >= when) forget(key);
  }

  std::string run(const Request& r) {
    const auto name = [](Symbol key) { return std::to_string(key.number); };
    const std::string key = name(r.key);
    const std::string v = text_of(r.value);
    const auto mine = [&] { return exists(key) && value[key] == v; };
    const auto expected = [&] { return exists(key) && value[key] == text_of(r.expected); };
    std::vector<std::string> all{key};
    for (const Symbol more : r.more_keys)
      if (more) all.push_back(name(more));
    const auto every = [&](auto&& holds) {
      for (const auto& k : all)
        if (!holds(k)) return false;
      return true;
    };

    switch (r.command) {
      case Command::set: {
        const SetOptions& o = r.options;
        if ((o.nx && o.xx) || (o.keep_ttl && o.expiry != Expiry::none)) return "(error)";
        if (o.expiry != Expiry::none && r.ttl_ms <= 0) return "(error)";
        const bool there = exists(key);
        const std::string old = get(key);
        if (there ? o.nx : o.xx) return o.get ? old : "(nil)";
        value[key] = v;
        if (!o.keep_ttl) deadline.erase(key);
        if (o.expiry == Expiry::px) deadline[key] = now + r.ttl_ms;
        if (o.expiry == Expiry::pxat) deadline[key] = r.ttl_ms;
        return o.get ? old : "OK";
      }
      case Command::setnx:
        if (exists(key)) return integer(0);
        value[key] = v;
        return integer(1);
      case Command::getset: {
        const std::string old = get(key);
        value[key] = v;
        deadline.erase(key);
        return old;
      }
      case Command::get:
        return get(key);
      case Command::del:
        return del(key);
      case Command::exists:
        return integer(exists(key) ? 1 : 0);
      case Command::incr:
        return incr(key);
      case Command::pexpire:
        return pexpire(key, r.ttl_ms);
      case Command::pttl:
        if (!exists(key)) return integer(-2);
        return integer(deadline.count(key) ? deadline[key] - now : -1);
      case Command::compare_and_delete:
        return expected() ? del(key) : integer(0);
      case Command::compare_and_pexpire:
        return expected() ? pexpire(key, r.ttl_ms) : integer(0);
      case Command::acquire_with_token: {
        const std::string counter = name(r.counter);
        exists(counter);
        Reference trial = *this;  // both or neither
        if (trial.set_nx_px(key, v, r.ttl_ms) == "(nil)") {
          return trial.incr(counter) == "(error)" ? "(error)" : "(nil)";
        }
        const std::string token = trial.incr(counter);
        if (r.ttl_ms <= 0 || token == "(error)") return "(error)";
        *this = trial;
        return token;
      }
      case Command::acquire_all:
        for (const auto& k : all)
          if (exists(k)) return integer(0);
        for (const auto& k : all)
          if (set_px(k, v, r.ttl_ms) == "(error)") return "(error)";
        return integer(static_cast<std::int64_t>(all.size()));
      case Command::extend_all:
        if (!every([&](const auto& k) { return exists(k) && value[k] == v; })) return integer(0);
        for (const auto& k : all)
          if (set_px(k, v, r.ttl_ms) == "(error)") return "(error)";
        return integer(static_cast<std::int64_t>(all.size()));
      case Command::release_all: {
        std::int64_t count = 0;
        for (const auto& k : all)
          if (exists(k) && value[k] == v) {
            forget(k);
            ++count;
          }
        return integer(count);
      }
      case Command::lock_or_retake:
        if (mine() || (r.retake && !exists(key))) return set_px(key, v, r.ttl_ms);
        return "(nil)";
      case Command::extend_or_retake: {
        if (mine()) return pexpire(key, r.ttl_ms);
        const std::string reply = set_nx_px(key, v, r.ttl_ms);
        return reply == "OK" ? integer(1) : reply == "(nil)" ? integer(0) : reply;
      }
      case Command::redsync_delete:
        if (!exists(key)) return integer(-1);
        return expected() ? del(key) : integer(0);
      case Command::compare_and_prolong: {
        if (!expected()) return integer(0);
        const std::int64_t left = (deadline.count(key) ? deadline[key] - now : -1) + r.ttl_ms;
        pexpire(key, left);
        return integer(left);
      }
      default:  // Redisson's have a test of their own, and the server's are no business of the keys
        break;
    }
    return "?";
  }

  std::string contents() const {
    std::string all;
    for (const auto& [key, v] : value) {
      all += key + "=" + v;
      if (deadline.count(key)) all += " until " + std::to_string(deadline.at(key));
      all += "; ";
    }
    return all;
  }
};

std::string contents(const Keyspace& keys) {
  std::map<std::string, std::string> sorted;
  for (const Entry& entry : keys.entries()) {
    std::string text = text_of(entry.value);
    if (entry.expires()) text += " until " + std::to_string(entry.deadline_ms);
    sorted[std::to_string(entry.key.number)] = text;
  }
  std::string all;
  for (const auto& [key, text] : sorted) all += key + "=" + text + "; ";
  return all;
}

struct Step {
  enum class Kind { command, wait, background, loss } kind = Kind::command;
  std::int64_t wait_ms = 0;
  Request request;
};

std::string text_of(const Step& step) {
  const Request& r = step.request;
  switch (step.kind) {
    case Step::Kind::wait:
      return "wait " + std::to_string(step.wait_ms);
    case Step::Kind::background:
      return "background cycle";
    case Step::Kind::loss:
      return "lose " + std::to_string(r.key.number);
    case Step::Kind::command:
      break;
  }
  const SetOptions& o = r.options;
  std::string text(to_string(r.command));
  text += " key " + std::to_string(r.key.number);
  for (const Symbol more : r.more_keys)
    if (more) text += "," + std::to_string(more.number);
  text += " value " + text_of(r.value) + " expected " + text_of(r.expected);
  text += " ttl " + std::to_string(r.ttl_ms) + (o.nx ? " NX" : "") + (o.xx ? " XX" : "");
  text += std::string(o.get ? " GET" : "") + (o.keep_ttl ? " KEEPTTL" : "");
  text += o.expiry == Expiry::px ? " PX" : o.expiry == Expiry::pxat ? " PXAT" : "";
  text += std::string(r.retake ? "" : " no-retake") + " by " + std::to_string(r.attempt.number);
  return text;
}

/// std::mt19937_64 gives the same numbers everywhere; the distributions of <random> do not.
std::vector<Step> random_program(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const auto key = [&] { return Symbol{static_cast<std::uint32_t>(1 + below(4))}; };
  const auto value = [&] {
    const auto n = static_cast<std::int64_t>(below(3));
    return below(4) == 0 ? Value::integer(n) : Value::unique(7, static_cast<std::uint64_t>(n));
  };
  std::vector<Step> program(60);
  std::int64_t now = 0;
  for (Step& step : program) {
    const std::uint64_t dice = below(10);
    if (dice < 2) {
      step.kind = Step::Kind::wait;
      step.wait_ms = static_cast<std::int64_t>(below(6));
      if (below(8) == 0) step.wait_ms = -step.wait_ms;  // the clock is set back
      now += step.wait_ms;
    } else if (dice == 2 && below(4) == 0) {
      step.kind = Step::Kind::background;
    } else if (dice == 2 && below(4) == 0) {
      step.kind = Step::Kind::loss;
      step.request.key = key();
    } else {
      constexpr auto kCommands = static_cast<std::uint64_t>(Command::compare_and_prolong) + 1;
      Request& r = step.request;
      r.command = static_cast<Command>(below(kCommands + 3) % kCommands);  // SET more often
      r.options = {.nx = below(3) == 0,
                   .xx = below(5) == 0,
                   .get = below(3) == 0,
                   .keep_ttl = below(5) == 0,
                   .expiry = static_cast<Expiry>(below(3))};
      r.retake = below(2) == 0;
      r.attempt = AttemptId{static_cast<std::uint32_t>(1 + below(3))};
      r.key = key();
      r.counter = Symbol{5};
      if (below(20) == 0 && r.command != Command::acquire_with_token) r.key = r.counter;
      for (Symbol& more : r.more_keys)
        if (more = key(); below(2) == 0) break;
      r.value = value();
      r.expected = r.command >= Command::acquire_all && r.command <= Command::release_all ? r.value
                                                                                          : value();
      r.ttl_ms = static_cast<std::int64_t>(below(9)) - 1;
      if (r.options.expiry == Expiry::pxat) r.ttl_ms += now;
    }
  }
  return program;
}

/// What goes wrong first, if anything does.
std::optional<std::string> disagreement(const std::vector<Step>& program) {
  Reference reference;
  Node node;
  Keyspace replica;  // is told the changes only
  for (std::size_t i = 0; i < program.size(); ++i) {
    const Step& step = program[i];
    std::string expected = "-";
    std::string answer = "-";
    node.changes.clear();
    switch (step.kind) {
      case Step::Kind::wait:
        reference.now += step.wait_ms;
        node.now_ms += step.wait_ms;
        break;
      case Step::Kind::background: {
        ExpireCycle cycle;
        reference.background();
        node.keys.expire_some(node.now_ms, cycle, node.changes);
        break;
      }
      case Step::Kind::loss:
        reference.forget(std::to_string(step.request.key.number));
        node.keys.remove(step.request.key, RemovalReason::lost, node.changes);
        break;
      case Step::Kind::command:
        expected = reference.run(step.request);
        answer = text_of(node.run(step.request));
        break;
    }
    for (const Change& change : node.changes) replica.apply(change);
    const std::string at = "step " + std::to_string(i) + " (" + text_of(step) + "): ";
    if (answer != expected) return at + "answers " + answer + ", not " + expected;
    if (contents(node.keys) != reference.contents())
      return at + "holds " + contents(node.keys) + "not " + reference.contents();
    if (!(replica == node.keys)) return at + "its changes do not tell all that it did";
  }
  return std::nullopt;
}

/// Drops steps as long as something still goes wrong.
std::vector<Step> shrunk(std::vector<Step> program) {
  for (std::size_t i = program.size(); i-- > 0;) {
    std::vector<Step> shorter = program;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    if (disagreement(shorter)) program = std::move(shorter);
  }
  return program;
}

TEST_CASE("random programs run as in a naive reference, answers, contents and changes") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    const std::vector<Step> program = random_program(seed);
    if (!disagreement(program)) continue;
    const std::vector<Step> smallest = shrunk(program);
    std::string story = "seed " + std::to_string(seed) + "\n";
    for (const Step& step : smallest) story += "  " + text_of(step) + "\n";
    FAIL(story << *disagreement(smallest));
  }
}

}  // namespace
}  // namespace locklab::redis
