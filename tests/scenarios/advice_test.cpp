// Which lock to take: what is asked, what is tried, and what the counts are made to say.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "scenarios/advice.hpp"

namespace locklab {
namespace {

ComparedLock lock_with(bool token, std::uint64_t stale, std::uint64_t stale_fenced) {
  ComparedLock lock;
  // Its default is known to count anew after a restart [corpus 66].
  lock.plan.lock = {find_algorithm(token ? "fenced_lock" : "simple_redis_lock"), "careful", {}};
  lock.plan.has_token = token;
  lock.plan.servers = {"redis-1"};
  CompareCell cell;
  cell.runs = 100;
  cell.stale = stale;
  cell.fenced_runs = token ? 100 : 0;
  cell.stale_fenced = stale_fenced;
  cell.waited = 10s;
  lock.cells.assign(advised_faults().size(), cell);
  lock.performance.acquire_p50 = 1ms;
  return lock;
}

Requirements correctness(bool checks) {
  Requirements needs;
  needs.correctness = true;
  needs.storage_checks_tokens = checks;
  needs.have = roles(ProcessRole::redis);
  return needs;
}

TEST_CASE("a lock that needs what is not there is no candidate") {
  Requirements needs = correctness(true);
  for (const CompareLock& lock : candidates(needs))
    CHECK((lock.algorithm->needs & ~needs.have) == 0);
  CHECK_FALSE(candidates(needs).empty());
  needs.have = 0;
  CHECK(candidates(needs).empty());
}

TEST_CASE("services are the words of the roles that some lock needs") {
  std::string unknown;
  CHECK(services_from("redis", unknown) == roles(ProcessRole::redis));
  CHECK_FALSE(services_from("redis,storage", unknown));
  CHECK(unknown == "storage");
  const auto known = known_services();
  CHECK(std::find(known.begin(), known.end(), "redis") != known.end());
}

TEST_CASE(
    "the TTL outlasts the pause: 10 s gives 25 s, of which two thirds are left at a renewal") {
  CHECK(advised_ttl(10s) == 25s);
  for (const Duration pause : {0s, 1s, 10s, 60s, 600s}) CHECK(advised_ttl(pause) * 2 / 3 > pause);
  for (const CompareLock& lock : candidates(correctness(true)))
    if (lock.algorithm->name == "fenced_lock")
      CHECK(lock.sets == std::vector<std::string>{"ttl=25000ms"});
  // A crash at fifteen seconds and the TTL after it end before the run does.
  CHECK(advised_scale(correctness(true)).horizon >= 15s + 25s);
}

TEST_CASE("for correctness a token that is checked outweighs everything but a lock that sticks") {
  const ComparedLock fenced = lock_with(true, 50, 0);
  const ComparedLock plain = lock_with(false, 10, 0);
  const Requirements checks = correctness(true);
  CHECK(is_fitter(fitness_of(fenced, checks), fitness_of(plain, checks), checks));
  // A storage that checks nothing makes nothing of the token.
  const Requirements none = correctness(false);
  CHECK(is_fitter(fitness_of(plain, none), fitness_of(fenced, none), none));

  ComparedLock stuck = fenced;
  stuck.cells[0]->holder_crashes = 1;
  CHECK(fitness_of(stuck, checks).gets_stuck);
  CHECK(is_fitter(fitness_of(plain, checks), fitness_of(stuck, checks), checks));
}

TEST_CASE("a token that the corpus shows out of order counts for none [corpus 64, 66]") {
  CHECK(has_unsound_token({find_algorithm("redlock"), "max-of-counters", {}}));
  CHECK(has_unsound_token({find_algorithm("fenced_lock"), {}, {}}));
  CHECK_FALSE(has_unsound_token({find_algorithm("redlock"), "spec", {}}));
}

TEST_CASE("for efficiency the cheaper lock is the better one, unless it is broken as a rule") {
  Requirements needs;
  const ComparedLock cheap = lock_with(false, 10, 0);
  ComparedLock slow = lock_with(false, 0, 0);
  slow.performance.acquire_p50 = 5ms;
  CHECK(is_fitter(fitness_of(cheap, needs), fitness_of(slow, needs), needs));
  const ComparedLock broken = lock_with(false, 60, 0);
  CHECK(is_fitter(fitness_of(slow, needs), fitness_of(broken, needs), needs));
}

TEST_CASE("under contention the cost is what sixteen clients get done") {
  Requirements needs;
  needs.contention = true;
  ComparedLock few = lock_with(false, 0, 0);
  few.performance.decigrants_per_second = {10'000, 100, 100, 100};
  ComparedLock many = lock_with(false, 0, 0);
  many.performance.decigrants_per_second = {100, 100, 10'000, 100};
  CHECK(is_fitter(fitness_of(many, needs), fitness_of(few, needs), needs));
}

TEST_CASE("what remains unsafe is what the runs showed, and what no lock mends") {
  const auto risks = remaining_risks(lock_with(false, 12, 0), correctness(false));
  const auto said = [&risks](std::string_view part) {
    return std::any_of(risks.begin(), risks.end(), [part](const std::string& sentence) {
      return sentence.find(part) != std::string::npos;
    });
  };
  CHECK(said("stale data in 12% (7-19.8) of the runs"));
  CHECK(said("A pause of more than 10000ms"));
  CHECK(said("The loss of redis-1"));
  Requirements apart = correctness(false);
  apart.cross_region = true;
  CHECK(remaining_risks(lock_with(false, 0, 0), apart).back().find("one authority") !=
        std::string::npos);
}

}  // namespace
}  // namespace locklab
