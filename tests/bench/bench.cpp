// What the simulator costs on this machine: medians over repeated, interleaved rounds, and the
// ratio to a floor that means nothing. Figures are reported, never asserted.
//
//   locklab_bench [--rounds N] [--quick]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "scenarios/diagnostics.hpp"
#include "scenarios/located_json.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/scenario_json.hpp"
#include "tests/bench/floor.hpp"
#include "tests/bench/works.hpp"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// Counts what is asked of the system, so that "no allocation once warm" is a measurement.
void* operator new(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* block = std::malloc(bytes)) return block;
  std::abort();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace locklab::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// Three clients contend for a Redlock on five nodes and write under it, three rounds each.
constexpr std::string_view kLockRun = R"({
  "schema": "locklab-scenario/1", "name": "bench/lock-run", "horizon": "60s",
  "network": {"latency": {"uniform": ["200us", "1ms"]}},
  "redis": {"nodes": 5},
  "lock": {"algorithm": "redlock", "preset": "spec", "ttl": "10s", "retry_count": 0},
  "workload": {"kind": "file", "resource": "file", "work": "20ms", "rounds": 1,
               "mode": "poll", "timeout": "5s", "poll": "20ms"},
  "clients": ["client-a", "client-b", "client-c"],
  "faults": [{"at": "10ms", "pause": {"who": "client-a", "lasts": "30ms"}},
             {"at": "5ms", "wall_jump": {"machines": ["redis-2"], "by": "100ms"}}]
})";

struct Work {
  std::string name;
  double units;  // what one figure is divided by
  std::string unit;
  std::function<void()> once;
  std::vector<double> times;  // ns a unit, one a round
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::uint64_t sink = 0;

}  // namespace

int main(int argc, char** argv) {
  int rounds = 9;
  std::uint64_t scale = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--quick") {
      rounds = 3;
      scale = 5;
    } else if (argument == "--rounds" && i + 1 < argc) {
      rounds = std::max(1, std::atoi(argv[++i]));
    } else {
      fmt::print("usage: locklab_bench [--rounds N] [--quick]\n");
      return argument == "--help" ? 0 : 2;
    }
  }

  const auto parsed = parse_located_json(kLockRun, "bench/lock-run");
  if (!parsed) {
    fmt::print(stderr, "{}\n", to_string(parsed.error()));
    return 70;
  }
  Diagnostics diagnostics;
  const std::optional<Scenario> scenario = read_scenario(*parsed, diagnostics);
  if (!scenario) {
    fmt::print(stderr, "{}\n", to_string(diagnostics));
    return 70;
  }

  Arena arena;
  Runner runner;
  RunResult result;
  const RunOptions plain{.seed = {}, .recording = nullptr, .explain_mismatches = false};
  runner.run(*scenario, plain, result);
  const std::uint64_t run_events = result.traced;
  const std::uint64_t run_fired = result.events;

  const std::uint64_t requests = 1'000'000 / scale;
  const std::uint64_t runs = 2'000 / scale;
  std::vector<Work> works;
  const auto add = [&works](std::string name, double units, std::string unit,
                            std::function<void()> once) {
    works.push_back({std::move(name), units, std::move(unit), std::move(once), {}});
  };
  for (const auto& [clients, servers] :
       {std::pair{3u, 5u}, std::pair{64u, 8u}, std::pair{1024u, 32u}}) {
    const std::string size = fmt::format("{}x{}", clients, servers);
    const auto units = static_cast<double>(requests);
    add("floor messages " + size, units, "request",
        [=] { sink ^= floor_messages(clients, servers, requests); });
    add("messages " + size, units, "request",
        [=, &arena] { sink ^= messages(arena, clients, servers, requests); });
  }
  add("floor run", static_cast<double>(runs), "run", [=] {
    for (std::uint64_t i = 0; i < runs; ++i) sink ^= floor_run(500);
  });
  add("run", static_cast<double>(runs), "run", [=, &arena] {
    std::uint64_t fired = 0;
    for (std::uint64_t i = 0; i < runs; ++i) sink ^= small_run(arena, 500, fired);
  });
  const auto lock_runs = [&scenario](std::uint64_t count, std::uint64_t first_seed, Runner& by,
                                     RunResult& into) {
    for (std::uint64_t i = 0; i < count; ++i) {
      by.run(*scenario, {.seed = first_seed + i, .recording = nullptr, .explain_mismatches = false},
             into);
      sink ^= into.digest;
    }
  };
  add("lock-run", static_cast<double>(runs), "run", [&] { lock_runs(runs, 1, runner, result); });
  add("lock-run with trace", static_cast<double>(runs), "run", [&] {
    for (std::uint64_t i = 0; i < runs; ++i) {
      Recording recording;
      recording.events.reserve(run_events + 256);
      runner.run(*scenario, {.seed = i + 1, .recording = &recording, .explain_mismatches = false},
                 result);
      sink ^= recording.events.size();
    }
  });
  const auto workers = [&](unsigned count) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) {
      threads.emplace_back([&scenario, runs, i] {
        Runner own;
        RunResult into;
        for (std::uint64_t seed = 1; seed <= runs; ++seed)
          own.run(*scenario,
                  {.seed = seed + i * runs, .recording = nullptr, .explain_mismatches = false},
                  into);
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  add("one worker", static_cast<double>(runs), "run", [&] { workers(1); });
  add("two workers", static_cast<double>(2 * runs), "run", [&] { workers(2); });

  for (int round = 0; round < rounds; ++round) {
    for (Work& work : works) {
      const auto begin = Clock::now();
      work.once();
      const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
      work.times.push_back(took.count() / work.units);
    }
  }

  fmt::print("medians of {} interleaved rounds\n\n", rounds);
  fmt::print("{:<26}{:>12}{:>16}\n", "work", "ns", "ratio to floor");
  double floor = 0;
  const auto figure = [&works](std::string_view name) {
    for (const Work& work : works)
      if (work.name == name) return median(work.times);
    return 0.0;
  };
  for (const Work& work : works) {
    const double ns = median(work.times);
    const bool is_floor = work.name.starts_with("floor");
    const bool has_floor = work.name.starts_with("messages") || work.name == "run";
    if (is_floor) floor = ns;
    fmt::print("{:<26}{:>12.1f}{:>16}  a {}\n", work.name, ns,
               has_floor ? fmt::format("{:.2f}", ns / floor) : "", work.unit);
  }

  // Once warm: the same seeds again, counting what is asked of the system.
  lock_runs(64, 1, runner, result);
  const std::uint64_t before = allocations.load();
  lock_runs(64, 1, runner, result);
  const std::uint64_t asked = allocations.load() - before;

  fmt::print("\nmessages 1024x32 / 3x5        {:.2f}\n",
             figure("messages 1024x32") / figure("messages 3x5"));
  fmt::print("two workers / one             {:.2f}\n",
             figure("one worker") / figure("two workers"));
  fmt::print("keeping a trace               +{:.0f} %\n",
             100 * (figure("lock-run with trace") / figure("lock-run") - 1));
  fmt::print("lock-run                      {} trace events, {} events of the agenda\n", run_events,
             run_fired);
  fmt::print("memory of a lock-run          {} bytes used, {} reserved\n", runner.bytes_used(),
             runner.bytes_reserved());
  fmt::print("allocations, warm             {} in 64 lock-runs\n", asked);
  return sink == 1 ? 1 : 0;
}

}  // namespace locklab::bench

int main(int argc, char** argv) { return locklab::bench::main(argc, argv); }
