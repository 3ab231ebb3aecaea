// The keys of a Redis node against the table of sheet A.
#include "sim/services/redis/keyspace.hpp"

#include <doctest/doctest.h>

#include <memory_resource>
#include <string>

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
  for (int i = 0; i <= static_cast<int>(Command::info_replication); ++i)
    CHECK_FALSE(to_string(static_cast<Command>(i)).empty());
}

}  // namespace
}  // namespace locklab::redis
