// A database in a scenario: where steps go, what a transaction hides until it commits, what a crash
// and a promotion leave, and who notices that a client is gone [spec E]. Document mode: half a
// millisecond each way.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "tests/support/recorded_run.hpp"

namespace locklab {
namespace {

using test::RecordedRun;
using test::scenario_of;

/// Client A, and B from 10 ms on, with these programs; `database` and `more` are members.
Scenario with(std::string_view lock, std::string_view a, std::string_view b,
              std::string_view database = "", std::string_view more = "") {
  std::string clients = fmt::format(R"({{"name": "client-a", "program": [{}]}})", a);
  if (!b.empty())
    clients += fmt::format(R"(, {{"name": "client-b", "start": "10ms", "program": [{}]}})", b);
  return scenario_of(fmt::format(
      R"({{"schema": "locklab-scenario/1", "name": "database", "horizon": "30s",
          "lock": {{{}}}, "workload": {{"resource": "r"}},
          "database": {{"registers": {{"stock": 3}}{}{}}},
          "clients": [{}]{}{}}})",
      lock, database.empty() ? "" : ", ", database, clients, more.empty() ? "" : ", ", more));
}

constexpr std::string_view kForUpdate = R"("algorithm": "select_for_update_lock")";
constexpr std::string_view kTable = R"("algorithm": "table_lock", "ttl": "10s")";

TEST_CASE("a sale in a transaction has happened when that is committed, and not before") {
  const RecordedRun run(
      with(kForUpdate, R"({"acquire": "r"}, {"sell": "stock"}, {"at": "100ms"}, "release")", ""));
  // Lock 0 to 1, SELECT 1 to 2, UPDATE 2 to 3; COMMIT leaves at 100.
  CHECK(run.times<WriteAccepted>("database") == "100.5ms");
  CHECK(run.times<DomainEvent>("client-a") == "101ms");
  CHECK(run.times<TransactionEnded>("database") == "100.5ms");
}

TEST_CASE("a sale whose transaction is rolled back has never happened") {
  const RecordedRun run(
      with(kForUpdate, R"({"acquire": "r"}, {"sell": "stock"}, {"at": "100ms"}, "release")",
           R"({"acquire": "r"}, {"sell": "stock"}, "release")", "",
           R"("faults": [{"at": "50ms", "reset": {"a": "client-a", "b": "database"}}])"));
  CHECK(run.count<DomainEvent>("client-a") == 0);
  // B waited at the server since 10.5; lock 50.5, SELECT 51 and UPDATE 52, COMMIT 53.
  CHECK(run.times<LockGranted>("client-b") == "50.5ms");
  CHECK(run.times<WriteAccepted>("database") == "53ms");
  CHECK(run.only<WriteAccepted>("database").version == 1);
}

TEST_CASE("without a lock that is a session's, each statement is a transaction of its own") {
  const RecordedRun run(
      with(kTable, R"({"acquire": "r"}, {"sell": "stock"}, {"at": "100ms"}, "release")", ""));
  CHECK(run.times<WriteAccepted>("database") == "2.5ms");
  CHECK(run.times<DomainEvent>("client-a") == "3ms");
  CHECK(run.count<TransactionEnded>() == 0);
}

TEST_CASE("optimistic updates of a row: the slower one is refused and tries again [spec J]") {
  const RecordedRun run(with(kTable,
                             R"({"optimistic": {"to": "stock", "add": -1, "think": "20ms"}})",
                             R"({"optimistic": {"to": "stock", "add": -1, "think": "1ms"}})"));
  // A reads at 0.5 and writes at 21.5, B reads at 10.5 and writes at 12.5; A again at 22.5, 43.5.
  CHECK(run.times<WriteAccepted>("database") == "12.5ms 43.5ms");
  CHECK(run.times<WriteRejected>("database") == "21.5ms");
  CHECK(run.violated().empty());
}

TEST_CASE("a commit waits for the disk, and others for the commit") {
  const RecordedRun run(with(kTable, R"({"acquire": "r"}, {"at": "50ms"}, "release")",
                             R"({"acquire": {"lock": "r", "if_refused": "skip"}})",
                             R"("fsync": "20ms")"));
  // A's upsert runs at 0.5 and is durable at 20.5; B's, at 10.5, waits for it and then finds A's
  // row.
  CHECK(run.times<LockGranted>("client-a") == "21ms");
  CHECK(run.times<LockRefused>("client-b") == "21ms");
}

TEST_CASE(
    "two locks in two orders, each on a connection of its own: the database sees no ring [spec "
    "L]") {
  const RecordedRun run(
      with(kForUpdate,
           R"({"acquire": "x"}, {"at": "100ms"}, {"acquire": "y"}, {"release": "y"},
                                {"release": "x"})",
           R"({"acquire": "y"}, {"at": "200ms"}, {"acquire": "x"}, "release")", "",
           R"("checks": {"skip": ["deadlock"]})"));
  // Each lock has a connection of its own, so that the database sees no ring: the wait is for ever.
  CHECK(run.times<LockGranted>("client-a") == "1ms");
  CHECK(run.times<LockGranted>("client-b") == "11ms");
}

TEST_CASE("what a crash leaves: what was committed, or what had reached the disk by then") {
  for (const bool synchronous : {true, false}) {
    CAPTURE(synchronous);
    const RecordedRun run(with(
        kTable, R"({"acquire": "r"}, {"at": "5000ms"}, "release")",
        R"({"at": "1000ms"}, {"acquire": {"lock": "r", "if_refused": "skip"}})",
        fmt::format(R"("synchronous_commit": {})", synchronous),
        R"("faults": [{"at": "100ms", "crash": {"who": "database", "restart_after": "100ms"}}])"));
    CHECK(run.count<LockGranted>("client-b") == (synchronous ? 0 : 1));
    if (synchronous)
      CHECK(run.violated().empty());
    else
      CHECK(run.violated().find("service_mutual_exclusion") != std::string::npos);
  }
}

TEST_CASE("advisory locks and open transactions end with the server") {
  const RecordedRun run(with(
      R"("algorithm": "advisory_lock")", R"({"acquire": "r"}, {"at": "5000ms"}, "release")",
      R"({"at": "1000ms"}, {"acquire": "r"}, "release")", "",
      R"("faults": [{"at": "100ms", "crash": {"who": "database", "restart_after": "100ms"}}])"));
  CHECK(run.times<LockGranted>("client-b") == "1001ms");
  CHECK(run.nth<KeyRemoved>(1, "database").what->why == RemovalReason::session);
}

TEST_CASE("a promotion on a date: the old primary is shut out, its clients go to the new one") {
  const RecordedRun run(with(kTable, R"({"acquire": "r"}, {"at": "2000ms"}, "release")",
                             R"({"at": "1500ms"}, {"acquire": {"lock": "r", "if_refused": "skip"}},
                                {"at": "2500ms"}, {"acquire": "r"}, "release")",
                             R"("standby": {"promote_at": "1000ms"})"));
  // The row was sent on at once: the standby knows it, and B is refused as long as A holds it. B's
  // first call finds the old primary.
  CHECK(run.only<LockReleased>("client-a").outcome == Errc::none);
  CHECK(run.times<LockGranted>("client-b") == "2501ms");
  CHECK(run.violated().empty());
}

TEST_CASE("a connection that falls silent is ended, once its probes go unanswered [spec E.4]") {
  const RecordedRun run(
      with(R"("algorithm": "advisory_lock")", R"({"acquire": "r"}, {"at": "20s"}, "release")", "",
           R"("keepalive_idle": "2s", "keepalive_interval": "1s", "keepalive_count": 2)",
           R"("faults": [{"at": "1s", "partition": {"side_a": ["client-a"], "side_b": ["database"],
                                               "lasts": "10s"}}])"));
  // Heard last at 0.5: probes at 2000.5 and 3000.5, the end at 4000.5.
  CHECK(run.times<SessionEnded>("database") == "4000.5ms");
  CHECK(run.only<SessionEnded>("database").why == SessionEnd::expired);
  CHECK(run.only<LockReleased>("client-a").outcome != Errc::none);
}

TEST_CASE("a partition that ends before the keep-alive's patience does no harm") {
  const RecordedRun run(with(
      R"("algorithm": "advisory_lock")", R"({"acquire": "r"}, {"at": "20s"}, "release")", "", "",
      R"("faults": [{"at": "1s", "partition": {"side_a": ["client-a"], "lasts": "10s"}}])"));
  CHECK(run.count<SessionEnded>() == 0);
  CHECK(run.only<LockReleased>("client-a").outcome == Errc::none);
}

}  // namespace
}  // namespace locklab
