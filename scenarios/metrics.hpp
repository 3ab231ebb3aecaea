// What happened in a run, counted: waits, holds, expiries, refused writes, and the damage in the
// domain's own words. Fed as events happen, like an invariant, and as cheap.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace locklab {

/// A grant as the client saw it.
struct GrantRecord {
  ProcessId process;
  Symbol lock;
  AttemptId attempt;
  Instant at{};
  Duration validity{};
  Instant promise_until{};
  Instant belief_until{};
  FencingToken token;
  std::uint32_t votes = 0;
};

struct RefusalRecord {
  ProcessId process;
  Symbol lock;
  Instant at{};
  Errc why{};
  std::uint32_t votes = 0;
};

/// A write as storage judged it.
struct WriteRecord {
  AttemptId attempt;
  Symbol subject;
  Instant at{};
  FencingToken token;
  FencingToken highest;
  bool accepted = false;
};

/// Kinds of damage, by workload.
enum class Damage : std::uint8_t {
  oversold,           // items sold that were not there
  double_charges,     // charges of an order after its first
  duplicate_runs,     // runs of a job's slot after its first
  stale_leader_acts,  // acts as leader after a later leader's first
  lost_blocks,        // blocks appended that the file does not hold
  double_applied,     // updates that took effect again, after the one that was wanted
};
inline constexpr std::size_t kDamages = 6;
std::string_view to_string(Damage damage);

class Metrics final : public TraceObserver {
 public:
  explicit Metrics(std::pmr::memory_resource* memory);

  static EventMask events();
  void observe(const TraceEvent& event) override;
  /// Stock at the start of the run, against which sales are counted.
  void initial_amount(Symbol subject, std::int64_t amount);

  std::span<const GrantRecord> grants() const { return grants_; }
  std::span<const RefusalRecord> refusals() const { return refusals_; }
  std::span<const WriteRecord> writes() const { return writes_; }
  /// From the request of a lock (or the begin of the wait for it) to its grant, in order of grant.
  std::span<const Duration> acquire_times() const { return acquire_times_; }
  /// From the grant to the end of the belief.
  std::span<const Duration> hold_times() const { return hold_times_; }
  std::uint64_t timeouts() const { return timeouts_; }
  std::uint64_t expiries() const { return expiries_; }  // keys that ended by themselves
  std::uint64_t extensions() const { return extensions_; }
  std::uint64_t stale_writes_rejected() const { return rejected_; }
  bool happened(Damage damage) const { return happened_[static_cast<std::size_t>(damage)]; }
  std::int64_t damage(Damage damage) const;
  /// Of the client that made an attempt.
  ProcessId process_of(AttemptId attempt) const;

 private:
  struct Attempt {
    ProcessId process;
    Instant asked{};
    Instant granted{};
    EventSeq order;  // place among the grants
  };
  struct Wait {
    ProcessId process;
    Symbol lock;
    Instant since{};
  };
  struct Count {
    DomainAct act;
    Symbol subject;
    std::int64_t total = 0;  // of amounts
    std::int64_t times = 0;
    EventSeq newest;         // led: the latest grant that has acted, by its place
    std::int64_t stale = 0;  // led: acts after a later one's; applied: again
  };
  Count& count(DomainAct act, Symbol subject);
  /// Its place among the grants: when the service first wrote it down or, if the trace knows
  /// nothing of that, when it was first heard of as granted. Not the order in which attempts began:
  /// whoever asks first may be served last.
  EventSeq& order(AttemptId attempt, EventSeq now);
  void remember(AttemptId attempt, ProcessId process, Instant asked);

  std::pmr::vector<GrantRecord> grants_;
  std::pmr::vector<RefusalRecord> refusals_;
  std::pmr::vector<WriteRecord> writes_;
  std::pmr::vector<Duration> acquire_times_;
  std::pmr::vector<Duration> hold_times_;
  std::pmr::vector<Attempt> attempts_;  // by number - 1
  std::pmr::vector<Wait> waits_;
  std::pmr::vector<Count> counts_;
  struct Amount {
    Symbol subject;
    std::int64_t initial;
    std::int64_t last;
  };
  std::pmr::vector<Amount> amounts_;
  struct Operation {
    Symbol subject;
    std::int64_t number;
    bool operator==(const Operation&) const = default;
  };
  std::pmr::vector<Operation> operations_;  // that have taken effect
  std::array<bool, kDamages> happened_{};
  std::uint64_t timeouts_ = 0;
  std::uint64_t expiries_ = 0;
  std::uint64_t extensions_ = 0;
  std::uint64_t rejected_ = 0;
};

}  // namespace locklab
