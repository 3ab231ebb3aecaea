// Leader election of Kubernetes' client-go [spec I; client-go/tools/leaderelection]. Candidates
// read a Lease object every other second; whoever sees that its record has not changed for a lease
// (15 s) *by his own monotonic clock* writes himself into it, and the API server lets one of
// several such writers through. The leader renews every 2 s, and stops leading when it has not been
// able to for the renew deadline (10 s).
//
// It promises one leader as long as clocks run alike: constant offsets do not matter, but where a
// candidate's clock runs faster than the leader's by more than lease to renew deadline, the
// candidate takes over while the leader still leads [corpus 100]. Its documentation says that it
// does not fence; leaderTransitions rises with each change of leader, but nobody is told to check
// it.
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "sim/services/kubernetes/client.hpp"

namespace locklab {

extern const std::span<const Parameter> kKubernetesLeaseParameters;
extern const std::span<const Preset> kKubernetesLeasePresets;

class KubernetesLease final : public Lock {
 public:
  KubernetesLease(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Token : std::uint8_t { none, transitions };

  /// tryAcquireOrRenew: none is "we lead". Errors: not_acquired, and those of calls. `patience` is
  /// what the context of a round has left.
  Task<Errc> acquire_or_renew(AttemptId attempt, Duration patience);
  Task<> renew(AttemptId attempt);
  void observe(const kubernetes::Reply& reply);

  kubernetes::Client api_;
  Symbol name_;
  Duration lease_, renew_deadline_, retry_, wait_, timeout_;
  std::int64_t jitter_permille_;
  bool release_on_cancel_;
  Token token_;

  Value identity_;
  kubernetes::Record observed_;
  std::uint64_t observed_version_ = 0;
  Start observed_at_;  // when the record last changed, to our eyes
  Start last_asked_;   // when the call left that made us leader, or kept us
  Lease held_;         // attempt none: not the leader
  TaskHandle renewal_;
};

Lock* make_kubernetes_lease(const Environment& environment, const Settings& settings,
                            Symbol resource);

}  // namespace locklab
