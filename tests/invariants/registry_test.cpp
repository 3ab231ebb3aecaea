// The invariants by name, the watch that feeds them, and what both cost.
#include <cstddef>
#include <string>

#include "tests/invariants/trial.hpp"

using namespace locklab;

namespace {

/// Counts what is asked of it.
class CountingMemory final : public std::pmr::memory_resource {
 public:
  std::size_t asked = 0;
  std::size_t held = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ++asked;
    held += bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    held -= bytes;
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace

TEST_CASE("every invariant has a name of its own, is found by it, and says what it means") {
  for (std::size_t i = 0; i < invariant_rows().size(); ++i) {
    const InvariantRow& row = invariant_rows()[i];
    CHECK(find_invariant(row.name) == i);
    CHECK(!row.description.empty());
    CHECK(!row.id.empty());
  }
  CHECK(invariant_rows().size() == kInvariants);
  CHECK(!find_invariant("luck"));
}

TEST_CASE("only what is enabled is judged") {
  InvariantSettings settings;
  settings.enabled.fill(false);
  settings.enabled[*find_invariant("service_mutual_exclusion")] = true;
  Trial trial(settings);
  trial.run.requests("client-a", 1).at(1ms).granted("client-a", 1, 9978ms);
  trial.run.at(2ms).requests("client-b", 2).at(3ms).granted("client-b", 2, 9980ms);
  trial.ends(5s);
  CHECK(trial.violated() == Violated{"service_mutual_exclusion"});
}

TEST_CASE("a watch asks for nothing without invariants, and never for messages") {
  std::pmr::memory_resource* memory = std::pmr::get_default_resource();
  Watch watch(memory);
  CHECK(watch.events() == 0);
  add_invariants(watch, memory, {});
  CHECK(
      (watch.events() & events_of<MessageSent, MessageDelivered, MessageLost, CallBegan, CallEnded,
                                  ReplyIgnored, StepTaken, ViolationBegan, ViolationEnded>()) == 0);
  CHECK((watch.events() & events_of<LockGranted>()) != 0);
}

TEST_CASE("a watch gives all its memory back, and asks for little as a run goes on") {
  CountingMemory memory;
  {
    Watch watch(&memory);
    add_invariants(watch, &memory, {});
    TraceBuilder run(watch, watch.events(), {"client-a", "redis-1", "storage"});
    const auto round = [&](std::uint32_t attempt) {
      const Duration begin = attempt * 100ms;
      run.at(begin).waits("client-a").requests("client-a", attempt);
      run.stores("redis-1", attempt, begin + 10s).granted("client-a", attempt, begin + 9978ms);
      run.wait_over("client-a").accepts("storage", attempt).begins_release("client-a", attempt);
      run.removes("redis-1", attempt, RemovalReason::deleted, attempt);
      run.released("client-a", attempt);
    };
    for (std::uint32_t attempt = 1; attempt <= 600; ++attempt) round(attempt);
    const std::size_t warm = memory.asked;
    for (std::uint32_t attempt = 601; attempt <= 1000; ++attempt) round(attempt);
    CHECK(memory.asked == warm);  // growing tables double: none did between 600 and 1000
    CHECK(watch.findings().empty());
  }
  CHECK(memory.held == 0);
}

TEST_CASE("a trace that begins in the middle of a run confuses nobody") {
  Trial trial;
  trial.run.at(1ms).refused("client-a", 7).stops_believing("client-a", 7).released("client-a", 7);
  trial.run.begins_release("client-a", 7).extended("client-a", 7, 10s).wait_over("client-a");
  trial.run.stores("redis-1", 7, 10s).removes("redis-1", 7, RemovalReason::deleted, 8);
  trial.run.extends("redis-1", 7, 8, 20s).accepts("storage", 7, 7).accepts_update("storage", 7, 1);
  trial.run.granted("client-a", 4'000'000'000, 10s).crashes("client-b").restarts("client-b");
  trial.ends(1s);
  CHECK(trial.all().empty());
}

TEST_CASE("a sentence copes with names that it does not know") {
  Names names;
  Finding finding;
  finding.invariant = "luck";
  CHECK(message(finding, names, {}) ==
        "luck was violated on something from 0ms to the end of the run");
  finding.invariant = "client_mutual_exclusion";
  finding.processes.add(ProcessId{9});
  CHECK(
      message(finding, names, {}) ==
      "somebody and somebody both believe that they hold something from 0ms to the end of the run "
      "(0ms, 0ms of it while one was paused)");
}

TEST_CASE("a circle too long to name in full says how many more there are") {
  Names names;
  Finding finding;
  finding.invariant = "deadlock";
  finding.what = "circle";
  finding.subject = names.intern("x");
  for (std::uint32_t i = 1; i <= 6; ++i) finding.processes.add(ProcessId{i});
  const std::vector<std::string_view> processes{"a", "b", "c", "d", "e", "f"};
  CHECK(message(finding, names, processes) ==
        "a, b, c, d and 2 more wait for one another in a circle from 0ms to the end of the run "
        "(0ms); a waits for x");
}
