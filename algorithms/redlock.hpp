// Redlock: N independent Redis nodes, a majority of them, no consensus among them [doc §3 "Redlock
// Algorithm"; redis.io "Distributed locks"; spec B]. The libraries that implement it differ in the
// clock they read, the margin they leave, what they do between tries and what they forget; those
// differences are presets of one algorithm.
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

extern const std::span<const Parameter> kRedlockParameters;
extern const std::span<const Preset> kRedlockPresets;

class Redlock : public Lock {
 public:
  Redlock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Send : std::uint8_t { sequential, parallel };
  enum class Accept : std::uint8_t { validity_positive, validity_not_negative, quorum_only };
  enum class Unlock : std::uint8_t { all, acquired_only, acquired_and_unknown, none };
  enum class Per : std::uint8_t { acquisition, each_try };
  enum class AcquireScript : std::uint8_t { set_nx, acquire_all, lock_or_retake, set_nx_incr };
  enum class ExtendAccept : std::uint8_t { unsupported, quorum_in_validity, quorum, any };
  enum class ExtendMissing : std::uint8_t { refuse, recreate, retake_by_nx };

  /// What the nodes said, one bit a node.
  struct Votes {
    std::uint64_t yes = 0;
    std::uint64_t no = 0;
    std::uint64_t failed = 0;   // no answer, or an error
    std::uint64_t unknown = 0;  // of those: the request may have been carried out
    FencingToken token;         // the largest that came with a yes
    std::uint32_t count() const;
    std::uint32_t against() const;
  };
  using Ask = Call<redis::Reply> (Redlock::*)(const redis::Client&, const redis::Owner&,
                                              Duration) const;

  // What is asked of one node; which script, is a matter of the library.
  Call<redis::Reply> ask_acquire(const redis::Client&, const redis::Owner&, Duration ttl) const;
  Call<redis::Reply> ask_extend(const redis::Client&, const redis::Owner&, Duration ttl) const;
  Call<redis::Reply> ask_release(const redis::Client&, const redis::Owner&, Duration) const;
  Call<redis::Reply> ask_expire(const redis::Client&, const redis::Owner&, Duration ttl) const;

  /// Asks the nodes of `nodes` as the library sends, and counts their votes.
  Task<Votes> ask(Ask question, redis::Owner owner, Duration ttl, std::uint64_t nodes);
  Task<Votes> ask_in_turn(Ask question, redis::Owner owner, Duration ttl, std::uint64_t nodes);
  Task<Votes> ask_at_once(Ask question, redis::Owner owner, Duration ttl, std::uint64_t nodes);
  static void count(Votes& votes, std::uint64_t node, const Result<redis::Reply>& reply);

  /// The margin for clocks that do not run alike.
  Duration drift(Duration ttl) const;
  bool accepts(std::uint32_t votes, Duration validity) const;
  bool extension_counts(std::uint32_t votes, Duration validity) const;
  Sleep pause_before_retry();
  std::uint64_t all_nodes() const;
  std::uint64_t nodes_to_unlock(Unlock which, const Votes& votes) const;

  std::span<const redis::Client> redis_;
  Symbol key_;
  Symbol counter_key_;  // of set_nx_incr
  std::uint32_t quorum_;
  Duration ttl_;
  Send send_;
  bool early_return_;
  bool hangs_undecided_;
  ClockKind clock_;
  Per elapsed_since_;
  std::int64_t drift_permille_;
  Duration drift_const_;
  Accept accept_;
  bool raise_on_node_error_;
  bool expire_after_;
  Unlock between_tries_;
  Unlock on_failure_;
  bool shared_value_;
  Per value_scope_;
  AcquireScript acquire_script_;
  std::int64_t retry_count_;
  Duration retry_delay_;
  Duration retry_jitter_;
  bool jitter_both_ways_;
  ExtendAccept extend_accept_;
  ExtendMissing extend_missing_;
  std::int64_t max_extensions_;
  bool extend_checks_deadline_;
  bool retry_extension_;
  bool unlock_on_failed_extension_;
  bool release_needs_quorum_;
  Value object_value_;
};

Lock* make_redlock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
