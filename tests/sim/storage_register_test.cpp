// The protected register: each check rule of sheet C, the document's scenario 4, and the ways in
// which fencing itself fails [corpus E].
#include "sim/services/storage/register.hpp"

#include <doctest/doctest.h>

#include <string>

namespace locklab::storage {
namespace {

constexpr Symbol kItem{1};
constexpr Symbol kPayment{2};
constexpr AttemptId kAttemptA{1};
constexpr AttemptId kAttemptB{2};
constexpr Value kOwnerA = Value::unique(0xA, 1);
constexpr Value kOwnerB = Value::unique(0xB, 2);

struct Client {
  AttemptId attempt;
  Value owner;
};
constexpr Client kA{kAttemptA, kOwnerA};
constexpr Client kB{kAttemptB, kOwnerB};

Request write_request(const Client& client, std::uint64_t token, std::int64_t value,
                      Symbol subject = kItem) {
  return {.operation = Operation::write,
          .subject = subject,
          .attempt = client.attempt,
          .token = FencingToken{token},
          .owner = client.owner,
          .value = Value::integer(value)};
}

/// "ok", or why not.
std::string write(Registers& storage, const Client& client, std::uint64_t token,
                  std::int64_t value = 0, Symbol subject = kItem) {
  const Reply reply = execute(storage, write_request(client, token, value, subject));
  if (reply.kind == ReplyKind::accepted) return "ok";
  switch (reply.why) {
    case Rejection::stale_token:
      return "stale";
    case Rejection::equal_token:
      return "equal";
    case Rejection::missing_token:
      return "missing";
    case Rejection::other_owner:
      return "other owner";
    case Rejection::version:
      return "version";
  }
  return "?";
}

Reply read(Registers& storage, const Client& client, std::uint64_t token) {
  return execute(storage, {.subject = kItem,
                           .attempt = client.attempt,
                           .token = FencingToken{token},
                           .owner = client.owner});
}

Registers with(CheckRule rule) { return Registers(Options{.rule = rule}); }

TEST_CASE("document scenario 4: the stale write is rejected, 100 < 101 [spec 4]") {
  Registers storage = with(CheckRule::document);

  const Request first = write_request(kA, 100, 1);  // executes at 1.5
  const WriteAccepted accepted = accepted_event(first, execute(storage, first));
  CHECK(accepted.subject == kItem);
  CHECK(accepted.highest == FencingToken{0});
  CHECK(accepted.version == 1);
  CHECK(storage.find(kItem)->highest == FencingToken{100});

  const Request second = write_request(kB, 101, 2);  // 5002.5
  CHECK(accepted_event(second, execute(storage, second)).highest == FencingToken{100});

  const Request late = write_request(kA, 100, 3);  // 10001.5
  const WriteRejected rejected = rejected_event(late, execute(storage, late));
  CHECK(rejected.why == Rejection::stale_token);
  CHECK(rejected.token == FencingToken{100});
  CHECK(rejected.highest == FencingToken{101});
  CHECK(rejected.attempt == kAttemptA);
  CHECK(storage.find(kItem)->datum == Value::integer(2));
}

TEST_CASE(
    "document scenario 4, mutations: plain storage, no write by B, a volatile mark [spec 4]") {
  SUBCASE("plain storage accepts the stale write") {
    Registers storage = with(CheckRule::plain);
    CHECK(write(storage, kA, 100) == "ok");
    CHECK(write(storage, kB, 101) == "ok");
    CHECK(write(storage, kA, 100) == "ok");
    CHECK(storage.find(kItem)->highest == FencingToken{101});
  }
  SUBCASE("B does not write before A wakes up") {
    Registers storage = with(CheckRule::document);
    CHECK(write(storage, kA, 100) == "ok");
    CHECK(write(storage, kA, 100) == "ok");
  }
  SUBCASE("storage restarts and forgets [corpus 61]") {
    Registers storage = with(CheckRule::document);
    write(storage, kA, 100);
    write(storage, kB, 101, 2);
    storage.restart();
    CHECK(storage.find(kItem)->highest == FencingToken{});
    CHECK(storage.find(kItem)->datum == Value::integer(2));
    CHECK(write(storage, kA, 100) == "ok");
  }
  SUBCASE("storage restarts with a durable mark") {
    Registers storage(Options{.persistent_high_water = true});
    write(storage, kA, 100);
    write(storage, kB, 101);
    const Registers before = storage;
    storage.restart();
    CHECK(storage == before);
    CHECK(write(storage, kA, 100) == "stale");
  }
}

TEST_CASE("every rule answers the same four questions in its own way [spec C]") {
  struct Row {
    CheckRule rule;
    const char* older;
    const char* same_owner_again;
    const char* same_token_other_owner;
    const char* newer;
  };
  const Row rows[] = {
      {CheckRule::plain, "ok", "ok", "ok", "ok"},
      {CheckRule::document, "stale", "ok", "ok", "ok"},
      {CheckRule::strict, "stale", "equal", "equal", "ok"},
      {CheckRule::owner_bound, "stale", "ok", "other owner", "ok"},
      {CheckRule::not_equal, "other owner", "ok", "ok", "other owner"},
  };
  for (const Row& row : rows) {
    CAPTURE(to_string(row.rule));
    Registers fresh = with(row.rule);
    CHECK(write(fresh, kA, 33) == "ok");
    const auto ask = [&](const Client& client, std::uint64_t token) {
      Registers storage = fresh;  // a value: each question to a copy
      return write(storage, client, token);
    };
    CHECK(ask(kB, 32) == row.older);
    CHECK(ask(kA, 33) == row.same_owner_again);
    CHECK(ask(kB, 33) == row.same_token_other_owner);
    CHECK(ask(kB, 34) == row.newer);
  }
}

TEST_CASE("a token taken after the grant turns fencing upside down [corpus 58]") {
  Registers storage = with(CheckRule::document);
  CHECK(write(storage, kB, 1) == "ok");     // 5002: the holder
  CHECK(write(storage, kA, 2) == "ok");     // 9001: woke up late, counted late
  CHECK(write(storage, kB, 1) == "stale");  // 9002: the legal holder is robbed
}

TEST_CASE("two counters: the holder is refused and the stale writer accepted [corpus 59]") {
  Registers storage = with(CheckRule::document);
  CHECK(write(storage, kA, 8) == "ok");
  CHECK(write(storage, kB, 1) == "stale");
  CHECK(write(storage, kA, 8) == "ok");
}

TEST_CASE("two holders of one token: only an owner-bound check tells them apart [corpus 60]") {
  Registers lenient = with(CheckRule::document);
  CHECK(write(lenient, kB, 1) == "ok");
  CHECK(write(lenient, kA, 1) == "ok");
  Registers bound = with(CheckRule::owner_bound);
  CHECK(write(bound, kB, 1) == "ok");
  CHECK(write(bound, kA, 1) == "other owner");
  CHECK(write(bound, kB, 1) == "ok");
}

TEST_CASE("before the new holder's first write the old one still gets in [corpus 62]") {
  Registers storage = with(CheckRule::document);
  storage.initialize(kItem, Value::integer(100));
  write(storage, kA, 33, 100);
  const Reply seen = read(storage, kB, 34);
  CHECK(seen.value == Value::integer(100));
  CHECK(write(storage, kA, 33, 70) == "ok");
  CHECK(write(storage, kB, 34, 90) == "ok");  // A's update is lost
}

TEST_CASE("a fenced read closes that gap, under the strict rule too [corpus 62, fix]") {
  for (const CheckRule rule : {CheckRule::document, CheckRule::strict, CheckRule::owner_bound}) {
    CAPTURE(to_string(rule));
    Registers storage(Options{.rule = rule, .fenced_read = true});
    write(storage, kA, 33, 100);
    CHECK(read(storage, kB, 34).highest == FencingToken{33});
    CHECK(write(storage, kA, 33, 70) == "stale");
    CHECK(write(storage, kB, 34, 90) == "ok");
    read(storage, kB, 34);  // and does not entitle to a second strict write
    CHECK(write(storage, kB, 34, 90) == (rule == CheckRule::strict ? "equal" : "ok"));
    CHECK(read(storage, kA, 33).value == Value::integer(90));  // a read is never refused
    CHECK(storage.find(kItem)->highest == FencingToken{34});
  }
}

TEST_CASE("a comparison for equality refuses the next legal holder for good [corpus 69]") {
  Registers storage = with(CheckRule::not_equal);
  CHECK(write(storage, kA, 7) == "ok");
  for (std::uint64_t token = 8; token < 12; ++token)
    CHECK(write(storage, kB, token) == "other owner");
  CHECK(write(storage, kA, 7) == "ok");
  Registers fenced(Options{.rule = CheckRule::not_equal, .fenced_read = true});
  write(fenced, kA, 7);
  read(fenced, kB, 8);  // a read brings no id either
  CHECK(write(fenced, kA, 7) == "ok");
}

TEST_CASE("a write without a token passes unless tokens are required [corpus 6, 116]") {
  for (const CheckRule rule : {CheckRule::plain, CheckRule::document, CheckRule::strict,
                               CheckRule::owner_bound, CheckRule::not_equal}) {
    CAPTURE(to_string(rule));
    Registers lenient = with(rule);
    write(lenient, kA, 5);
    CHECK(write(lenient, kB, 0) == "ok");
    CHECK(lenient.find(kItem)->highest == FencingToken{5});
    Registers demanding(Options{.rule = rule, .require_token = true});
    CHECK(write(demanding, kB, 0) == "missing");
    CHECK(write(demanding, kA, 5) == "ok");
  }
}

TEST_CASE("every register has a high-water mark of its own [spec C, corpus 65]") {
  Registers storage = with(CheckRule::document);
  CHECK(write(storage, kA, std::uint64_t{1} << 32, 0, kPayment) == "ok");  // a czxid
  CHECK(write(storage, kB, 43, 0, kPayment) == "stale");                   // a Redis counter
  CHECK(write(storage, kB, 43, 0, kItem) == "ok");
}

TEST_CASE("a compared version lets only one of two writers through [spec J]") {
  Registers storage = with(CheckRule::plain);
  storage.initialize(kItem, Value::integer(10));
  const std::uint64_t version = read(storage, kA, 0).version;
  CHECK(version == 0);
  Request request = write_request(kA, 0, 9);
  request.read_modify_write = true;
  request.compare_version = true;
  request.based_on = version;
  const WriteAccepted first = accepted_event(request, execute(storage, request));
  CHECK(first.version == 1);
  CHECK(first.based_on == 0);
  CHECK(first.read_modify_write);
  const WriteRejected second = rejected_event(request, execute(storage, request));
  CHECK(second.why == Rejection::version);
  CHECK(storage.find(kItem)->version == 1);
  request.compare_version = false;  // the hybrid's forceUpdate [corpus 107]
  CHECK(execute(storage, request).kind == ReplyKind::accepted);
}

TEST_CASE("a refused version leaves the high-water mark alone, a refused token is told first") {
  Registers storage = with(CheckRule::document);
  write(storage, kA, 5);
  Request request = write_request(kB, 6, 0);
  request.compare_version = true;
  request.based_on = 0;
  CHECK(execute(storage, request).why == Rejection::version);
  CHECK(storage.find(kItem)->highest == FencingToken{5});
  request.token = FencingToken{4};
  CHECK(execute(storage, request).why == Rejection::stale_token);
}

TEST_CASE("a configured mark stands for a token of the past") {
  Registers strict(Options{.rule = CheckRule::strict, .seed = FencingToken{99}});
  CHECK(write(strict, kA, 98) == "stale");
  CHECK(write(strict, kA, 99) == "equal");
  CHECK(write(strict, kA, 100) == "ok");
  strict.restart();
  CHECK(strict.find(kItem)->highest == FencingToken{99});
  CHECK(write(strict, kA, 99) == "equal");
}

TEST_CASE("a datum that is not durable is gone after a restart, with its version") {
  Registers storage(Options{.persistent_high_water = true, .durable_datum = false});
  write(storage, kA, 5, 42);
  storage.restart();
  const Request request{.subject = kItem, .attempt = kAttemptB};
  const ReadServed served = served_event(request, execute(storage, request));
  CHECK_FALSE(served.value);
  CHECK(served.version == 0);
  CHECK(served.attempt == kAttemptB);
  CHECK(write(storage, kB, 4) == "stale");
}

}  // namespace
}  // namespace locklab::storage
