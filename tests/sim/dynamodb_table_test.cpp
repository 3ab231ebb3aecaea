// A DynamoDB table [sheet H]: conditional writes, and reads that may be late.
#include "sim/services/dynamodb/table.hpp"

#include <doctest/doctest.h>

namespace locklab::dynamodb {
namespace {

constexpr Symbol kKey{1};
constexpr Value kA = Value::unique(1, 1);
constexpr Value kB = Value::unique(2, 2);

struct Bench {
  Table table;
  Instant now{};
  Duration staleness{};
  Table::Effect effect;

  Reply run(const Request& request) {
    effect = {};
    return table.execute(request, now, staleness, effect);
  }
  Request put(Condition condition, const Value& owner, std::int64_t version,
              std::int64_t expected = 0) {
    Request request;
    request.operation = Operation::put;
    request.condition = condition;
    request.key = kKey;
    request.owner = owner;
    request.version = Value::integer(version);
    request.expected = Value::integer(expected);
    request.lease_ms = 20'000;
    return request;
  }
  Request of(Operation operation, Condition condition, const Value& owner, std::int64_t expected) {
    Request request = put(condition, owner, 0, expected);
    request.operation = operation;
    request.version = Value{};
    return request;
  }
};

TEST_CASE("of two who found nothing, one gets the item") {
  Bench bench;
  CHECK(bench.run(bench.put(Condition::not_exists, kA, 1)).status == Status::ok);
  CHECK(bench.run(bench.put(Condition::not_exists, kB, 2)).status == Status::condition_failed);
  CHECK_FALSE(bench.effect.wrote);
  CHECK(bench.table.find(kKey)->owner == kA);
}

TEST_CASE("of two who saw the same version, one takes over") {
  Bench bench;
  bench.run(bench.put(Condition::not_exists, kA, 1));
  CHECK(bench.run(bench.put(Condition::same_version, kB, 2, 1)).status == Status::ok);
  CHECK(bench.run(bench.put(Condition::same_version, kA, 3, 1)).status == Status::condition_failed);
}

TEST_CASE("a heartbeat that is applied twice fails the second time [corpus 55]") {
  Bench bench;
  bench.run(bench.put(Condition::not_exists, kA, 1));
  Request beat = bench.of(Operation::update, Condition::same_holder, kA, 1);
  beat.version = Value::integer(2);
  CHECK(bench.run(beat).status == Status::ok);
  CHECK(bench.run(beat).status == Status::condition_failed);
}

TEST_CASE("only the holder deletes, and only his own version") {
  Bench bench;
  bench.run(bench.put(Condition::not_exists, kA, 1));
  const auto erase = [&](const Value& who, std::int64_t version) {
    return bench.run(bench.of(Operation::erase, Condition::same_holder, who, version)).status;
  };
  CHECK(erase(kB, 1) == Status::condition_failed);
  CHECK(erase(kA, 9) == Status::condition_failed);
  CHECK(erase(kA, 1) == Status::ok);
  CHECK(bench.table.find(kKey) == nullptr);
}

TEST_CASE("a released item stays, and whoever comes next may put his own over it") {
  Bench bench;
  bench.run(bench.put(Condition::not_exists, kA, 1));
  Request release = bench.of(Operation::update, Condition::same_holder, kA, 1);
  release.released = true;
  CHECK(bench.run(release).status == Status::ok);
  CHECK(bench.run(bench.put(Condition::released, kB, 2)).status == Status::ok);
  CHECK(bench.run(bench.put(Condition::released, kA, 3)).status == Status::condition_failed);
}

TEST_CASE("the count of grants goes on over deletions") {
  Bench bench;
  bench.run(bench.put(Condition::not_exists, kA, 1));
  bench.run(bench.of(Operation::erase, Condition::same_holder, kA, 1));
  CHECK(bench.run(bench.put(Condition::not_exists, kB, 2)).grants == FencingToken{2});
}

TEST_CASE("an eventually consistent read may be late, a consistent one is not") {
  Bench bench;
  bench.staleness = 100ms;
  bench.now = Instant{1s};
  bench.run(bench.put(Condition::not_exists, kA, 1));
  Request read = bench.of(Operation::get, Condition::none, kB, 0);
  CHECK(bench.run(read).status == Status::ok);
  read.consistent = false;
  CHECK(bench.run(read).status == Status::not_found);
  bench.now = Instant{1100ms};
  CHECK(bench.run(read).status == Status::ok);
}

}  // namespace
}  // namespace locklab::dynamodb
