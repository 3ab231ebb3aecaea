// What happened in a live run, put together: each client's process tells of its own events in its
// own numbers, the coordinator of faults and of storage. In the order of their instants they are
// one recording, and the scenario's own invariants judge it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/metrics.hpp"
#include "scenarios/scenario.hpp"
#include "sim/recording.hpp"
#include "sim/trace.hpp"

namespace locklab::real {

class LiveHistory {
 public:
  /// Processes are those of `like`, a recording of the same scenario, by the same ids.
  explicit LiveHistory(const Recording& like);

  /// One life of one client; its number.
  std::size_t add_teller();
  /// That life's name number `number` is `text`.
  void name(std::size_t teller, std::uint32_t number, const std::string& text);
  void add(std::size_t teller, TraceEvent event);
  /// An event that the coordinator saw itself.
  void add(Instant at, ProcessId process, TracePayload what);

  /// Keys that were ever stored on a node.
  std::vector<Symbol> keys_of(ProcessId node) const;

  /// A teller's numbers in those of the whole.
  Symbol symbol(std::size_t teller, Symbol own) const;
  Value value(std::size_t teller, Value own) const;
  AttemptId attempt(std::size_t teller, AttemptId own);
  Names& names() { return names_; }

  /// Orders all and lets the invariants judge it: events, findings and the end of `recording`, and
  /// what was counted. Once.
  std::unique_ptr<Metrics> judge(const Scenario& scenario, Instant ended, bool quiescent,
                                 Recording& recording);

 private:
  struct Told {
    std::size_t teller;  // kCoordinator: nobody's number means anything
    TraceEvent event;
  };
  void put_removals_first();

  static constexpr std::size_t kCoordinator = ~std::size_t{0};

  Names names_;
  std::vector<std::vector<Symbol>> symbols_;  // by teller and its own number
  std::map<std::pair<std::size_t, std::uint32_t>, AttemptId> attempts_;
  std::vector<Told> told_;
};

/// An instant of a live run for people: to a tenth of a millisecond.
Instant rounded(Instant at);

/// What can be compared of two runs of a scenario, one of them live.
struct Outcome {
  struct Line {
    std::string process;
    std::string what;
    Instant at{};
    Instant until = kEndOfTime;  // of a violation that ended
  };
  std::vector<std::string> violated;  // invariants, each once, sorted
  std::vector<Line> violations;       // their sentences
  std::vector<Line> grants;
  std::vector<Line> refusals;
  std::vector<Line> writes;
  std::vector<std::string> damage;
};
Outcome outcome_of(const Recording& recording, const Metrics& metrics);

/// How far apart the same thing may happen in the simulation and live.
inline constexpr Duration kLiveTolerance = std::chrono::milliseconds{50};

/// What two outcomes differ in, one sentence each; none: they agree. Compared are the invariants
/// that are violated, and each process's grants, refusals and writes: how many, in which order,
/// with which tokens and votes, and when, within the tolerance.
std::vector<std::string> differences(const Outcome& simulated, const Outcome& real);

}  // namespace locklab::real
