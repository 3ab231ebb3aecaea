// Comparing locks: the runs are what they are said to be, alike for every lock, and what they count
// is what happened.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "scenarios/compare.hpp"
#include "scenarios/compare_claims.hpp"

namespace locklab {
namespace {

ComparePlan plan_of(std::string_view algorithm, std::string preset = {}) {
  Runner runner;
  std::string why_not;
  const CompareLock lock{find_algorithm(algorithm), std::move(preset), {}};
  auto plan = plan_compare(lock, {}, runner, why_not);
  if (!plan) FAIL(why_not);
  return *std::move(plan);
}

CompareCell cell_of(const ComparePlan& plan, CompareFault fault, std::uint64_t runs) {
  Runner runner;
  CompareCell cell;
  for (std::uint64_t number = 0; number < runs; ++number)
    cell.add(run_compare(plan, fault, 1, number, runner));
  return cell;
}

TEST_CASE("every lock of the registry can be compared as it is") {
  Runner runner;
  for (const Algorithm& algorithm : algorithms()) {
    CAPTURE(std::string(algorithm.name));
    std::string why_not;
    const auto plan = plan_compare({&algorithm, {}, {}}, {}, runner, why_not);
    CAPTURE(why_not);
    REQUIRE(plan);
    const CompareRun run = run_compare(*plan, CompareFault::none, 1, 0, runner);
    CHECK_FALSE(run.undecided);
    CHECK(runner.metrics().grants().size() > 0);
  }
}

TEST_CASE("one seed and number, one run, whatever ran before") {
  const ComparePlan plan = plan_of("fenced_lock");
  Runner fresh;
  Runner used;
  run_compare(plan, CompareFault::partition, 3, 1, used);
  const CompareRun one = run_compare(plan, CompareFault::client_crash, 3, 7, fresh);
  const CompareRun other = run_compare(plan, CompareFault::client_crash, 3, 7, used);
  CHECK(one.waited == other.waited);
  CHECK(one.idle == other.idle);
  CHECK(one.recovery == other.recovery);
  CHECK(one.was_fenced);
}

TEST_CASE("under one number two locks are struck alike") {
  const ComparePlan simple = plan_of("simple_redis_lock");
  const ComparePlan fenced = plan_of("fenced_lock");
  for (std::size_t i = 0; i < kCompareFaults; ++i) {
    const auto fault = static_cast<CompareFault>(i);
    CAPTURE(std::string(row_of(fault).name));
    for (std::uint64_t number = 0; number < 5; ++number)
      CHECK(compare_scenario(simple, fault, 1, number, false).faults ==
            compare_scenario(fenced, fault, 1, number, false).faults);
    CHECK(compare_fault(row_of(fault).name) == fault);
  }
  CHECK(compare_scenario(simple, CompareFault::client_pause, 1, 0, false).faults !=
        compare_scenario(simple, CompareFault::client_pause, 1, 1, false).faults);
}

TEST_CASE("without a fault no lock is held twice, and nothing stale is written") {
  for (const char* name : {"simple_redis_lock", "fenced_lock", "redlock"}) {
    CAPTURE(name);
    const CompareCell cell = cell_of(plan_of(name), CompareFault::none, 20);
    CHECK(cell.runs == 20);
    CHECK(cell.broken_belief == 0);
    CHECK(cell.broken_service == 0);
    CHECK(cell.stale == 0);
    CHECK(cell.availability_ppm() > 900'000);
    CHECK(cell.holder_crashes == 0);
  }
}

TEST_CASE("a paused holder is written over without a token, and not with one [corpus 1]") {
  const CompareCell cell = cell_of(plan_of("fenced_lock"), CompareFault::client_pause, 40);
  // A pause of 1 to 40 s outlasts what is left of ten seconds about three times out of four.
  CHECK(cell.stale > 10);
  CHECK(cell.fenced_runs == 40);
  CHECK(cell.stale_fenced == 0);
  CHECK(cell.broken_service == 0);  // the service kept its promise, which was over
}

TEST_CASE("a clock set forward makes a Redis give its lock away; five are harder to fool") {
  const CompareCell one = cell_of(plan_of("simple_redis_lock"), CompareFault::clock_forward, 40);
  const CompareCell five = cell_of(plan_of("redlock"), CompareFault::clock_forward, 40);
  CHECK(one.broken_service > five.broken_service);
  CHECK(five.broken_service > 0);  // when all five are set forward
}

TEST_CASE("a dead holder's lock is free when its TTL is over") {
  const CompareCell cell = cell_of(plan_of("simple_redis_lock"), CompareFault::client_crash, 40);
  REQUIRE(cell.holder_crashes > 10);
  REQUIRE(cell.recoveries.size() > 10);
  // Ten seconds from the SET, less at most a second of holding, plus a poll of up to 300 ms.
  CHECK(nearest_rank(cell.recoveries, 1) >= 9s - 2ms);
  CHECK(nearest_rank(cell.recoveries, 100) <= 10'400ms);
}

TEST_CASE("only what is kept in memory can be forgotten") {
  const ComparePlan plan = plan_of("simple_redis_lock");
  CHECK(plan.servers == std::vector<std::string>{"redis-1"});
  CHECK(plan.can_forget);
  CHECK(applies(plan, CompareFault::server_amnesia));
  CHECK(cell_of(plan, CompareFault::server_amnesia, 20).broken_service > 0);
  CHECK(cell_of(plan, CompareFault::server_restart, 20).broken_service == 0);
  ComparePlan on_disk = plan;
  on_disk.can_forget = false;
  CHECK_FALSE(applies(on_disk, CompareFault::server_amnesia));
}

TEST_CASE("a majority survives the loss of any one node, and a single node does not") {
  Runner runner;
  CHECK(survivable_servers(plan_of("redlock"), 1, runner) == 5);
  CHECK(survivable_servers(plan_of("simple_redis_lock"), 1, runner) == 0);
}

TEST_CASE("an acquisition costs one round trip of one Redis, and five of Redlock in turn") {
  Runner runner;
  const ComparePerformance one =
      measure_performance({find_algorithm("simple_redis_lock"), {}, {}}, 1, runner);
  // Twice a median of 500 us and 10 us of service.
  CHECK(one.acquire_p50 > 950us);
  CHECK(one.acquire_p50 < 1100us);
  // SET and its reply, the script and its reply.
  CHECK(one.messages_permille == doctest::Approx(4000).epsilon(0.01));
  // 1000 ms / (1.02 ms + 1.03 ms), a little less.
  CHECK(one.decigrants_per_second[0] > 4500);
  CHECK(one.decigrants_per_second[0] < 5000);
  const ComparePerformance five =
      measure_performance({find_algorithm("redlock"), {}, {}}, 1, runner);
  CHECK(five.acquire_p50 > one.acquire_p50 * 9 / 2);
  CHECK(five.acquire_p50 < one.acquire_p50 * 6);
}

// ---- what is made of the counts -----------------------------------------------------------------

TEST_CASE("a cell adds up, and leaves undecided runs out") {
  CompareCell cell;
  CompareRun run;
  run.broken_belief = run.stale = run.was_fenced = run.holder_crashed = true;
  run.waited = 8s;
  run.idle = 2s;
  run.recovery = 5s;
  cell.add(run);
  CompareRun undecided = run;
  undecided.undecided = true;
  cell.add(undecided);
  CHECK(cell.runs == 1);
  CHECK(cell.undecided == 1);
  CHECK(cell.broken_belief == 1);
  CHECK(cell.broken_service == 0);
  CHECK(cell.fenced_runs == 1);
  CHECK(cell.stale_fenced == 0);
  CHECK(cell.availability_ppm() == 750'000);
  CHECK(cell.recoveries == std::vector<Duration>{5s});
  CHECK(CompareCell{}.availability_ppm() == 1'000'000);
}

TEST_CASE("the document has four columns, and a lock belongs to one by what it needs") {
  CHECK(document_column(*find_algorithm("simple_redis_lock")) == "Redis Single");
  CHECK(document_column(*find_algorithm("redlock")) == "Redlock");
  Algorithm algorithm = *find_algorithm("simple_redis_lock");
  algorithm.needs = roles(ProcessRole::zookeeper);
  CHECK(document_column(algorithm) == "ZooKeeper");
  algorithm.needs = roles(ProcessRole::database);
  CHECK(document_column(algorithm) == "Database");
  algorithm.needs = roles(ProcessRole::zookeeper, ProcessRole::database);
  CHECK(document_column(algorithm).empty());
  algorithm.needs = roles(ProcessRole::etcd);
  CHECK(document_column(algorithm).empty());
}

TEST_CASE("a measured word follows from its number, and disagrees where it differs") {
  ComparedLock lock{plan_of("simple_redis_lock"), {}, {}, 0};
  CompareCell cell;
  cell.runs = 100;
  cell.broken_service = 60;
  lock.cells = {cell};
  lock.performance.acquire_p50 = 1ms;
  lock.performance.release_p50 = 1ms;
  const auto claims = claims_of(lock, {CompareFault::clock_forward});
  const auto claim = [&claims](std::string_view aspect) {
    return *std::find_if(claims.begin(), claims.end(),
                         [aspect](const Claim& each) { return each.aspect == aspect; });
  };
  CHECK(claim("safety").document == "Low");
  CHECK(claim("safety").measured.starts_with("Low: "));
  CHECK(claim("safety").agrees);
  CHECK(claim("performance").agrees);
  CHECK(claim("fault tolerance").measured.starts_with("None: "));
  CHECK(claim("fencing").agrees);
  CHECK(claim("acquire").agrees);
  CHECK_FALSE(claim("throughput").agrees);

  lock.cells[0]->broken_service = 0;
  const auto now = claims_of(lock, {CompareFault::clock_forward});
  CHECK(now[0].measured.starts_with("High: "));
  CHECK_FALSE(now[0].agrees);
}

TEST_CASE("numbers are printed with what is known of them") {
  CHECK(share_text(share_of(0, 10)) == "0% (0-27.8)");
  CHECK(share_text(share_of(60, 200)) == "30% (24.1-36.7)");
  CHECK(share_text(share_of(0, 0)) == "-");
  CHECK(ms_text(1'026us) == "1.03 ms");
  CHECK(seconds_text(9'621ms) == "9.62 s");
  CHECK(percent_text(953'900) == "95.4%");
}

}  // namespace
}  // namespace locklab
