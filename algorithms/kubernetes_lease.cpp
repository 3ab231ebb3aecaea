#include "algorithms/kubernetes_lease.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "algorithms/simple_redis_lock.hpp"
#include "sim/world.hpp"

namespace locklab {

using kubernetes::Record;
using kubernetes::Reply;
using kubernetes::Request;
using kubernetes::Status;
using kubernetes::Verb;

// ---- acquire ------------------------------------------------------------------------------------

Task<Lock::Acquired> KubernetesLease::try_acquire(AttemptId attempt) {
  const Start began = start();
  for (;;) {
    const Errc outcome = co_await acquire_or_renew(attempt, timeout_);
    if (outcome == Errc::none) break;
    if (began.elapsed(self(), ClockKind::mono) >= wait_) co_return Refusal{outcome};
    // wait.JitterUntil(RetryPeriod, JitterFactor)
    const Duration jitter =
        jitter_permille_ > 0 ? self().rng().between(Duration{0}, retry_ * jitter_permille_ / 1000)
                             : Duration{0};
    co_await self().sleep(retry_ + jitter);
  }
  Lease lease = this->lease(attempt, identity_);
  lease.start = last_asked_;
  lease.promised = renew_deadline_;
  if (token_ == Token::transitions)
    lease.token = FencingToken{static_cast<std::uint64_t>(observed_.transitions) + 1};
  held_ = lease;
  renewal_ = self().spawn("renew", renew(attempt));
  co_return lease;
}

Task<Errc> KubernetesLease::acquire_or_renew(AttemptId attempt, Duration patience) {
  const Start asked = start();
  Record mine{identity_, lease_ / 1s, whole_ms(self().wall_now()), whole_ms(self().wall_now()), 0};
  Request get;
  get.name = name_;
  const auto found = co_await api_.call(get, std::min(timeout_, patience));
  if (!found) co_return found.error();

  Request write;
  write.name = name_;
  write.attempt = attempt;
  if (found->status == Status::not_found) {
    write.verb = Verb::create;
  } else {
    if (found->record != observed_) observe(*found);
    const bool leads = found->record.holder == identity_;
    if (found->record.holder && !leads &&
        observed_at_.elapsed(self(), ClockKind::mono) <
            std::chrono::seconds(found->record.lease_seconds))
      co_return Errc::not_acquired;
    write.verb = Verb::update;
    write.version = found->version;
    mine.transitions = found->record.transitions + (leads ? 0 : 1);
    if (leads) mine.acquired_ms = found->record.acquired_ms;
  }
  write.record = mine;
  const auto written = co_await api_.call(write, std::min(timeout_, patience));
  if (!written) co_return written.error();
  if (written->status != Status::ok) co_return Errc::not_acquired;  // somebody was before us
  observe(*written);
  last_asked_ = asked;
  co_return Errc::none;
}

void KubernetesLease::observe(const Reply& reply) {
  observed_ = reply.record;
  observed_version_ = reply.version;
  observed_at_ = start();
}

// ---- renew, release -----------------------------------------------------------------------------

/// Every RetryPeriod a round: try until it succeeds, for RenewDeadline at the most. The round
/// begins a RetryPeriod after the last success, so a leader leads for up to 12 s without one.
Task<> KubernetesLease::renew(AttemptId attempt) {
  for (;;) {
    co_await self().sleep(retry_);
    const Start round = start();
    for (;;) {
      if (held_.attempt != attempt) co_return;
      const Duration rest = renew_deadline_ - round.elapsed(self(), ClockKind::mono);
      const Errc outcome = co_await acquire_or_renew(attempt, rest);
      if (held_.attempt != attempt) co_return;
      if (outcome == Errc::none) break;
      const Duration left = renew_deadline_ - round.elapsed(self(), ClockKind::mono);
      if (left > Duration{0}) co_await self().sleep(std::min(retry_, left));
      if (round.elapsed(self(), ClockKind::mono) < renew_deadline_) continue;
      held_ = Lease{};
      beliefs().end(attempt, BeliefEnd::told);  // OnStoppedLeading
      co_return;
    }
    held_.start = last_asked_;
    prolong(held_);
  }
}

Task<Lock::Released> KubernetesLease::try_release(const Lease& lease) {
  if (held_.attempt != lease.attempt) co_return Released{0, Errc::lost};
  held_ = Lease{};
  self().cancel(renewal_);
  // IsLeader(): a renewal that was under way may have seen somebody else's record meanwhile, and
  // that one is not ours to empty.
  if (observed_.holder != identity_) co_return Released{0, Errc::lost};
  if (!release_on_cancel_) co_return Released{0};  // the others wait for the lease to run out
  Request update;
  update.verb = Verb::update;
  update.name = name_;
  update.attempt = lease.attempt;
  update.version = observed_version_;
  update.record = observed_;
  update.record.holder = Value{};
  update.record.lease_seconds = 1;
  const auto reply = co_await api_.call(update, timeout_);
  if (!reply) co_return Released{0, reply.error()};
  if (reply->status != Status::ok) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Task<Lock::Extended> KubernetesLease::try_extend(const Lease&, Duration) {
  co_return Refusal{Errc::invalid};  // it renews itself
}

// ---- how it is built ----------------------------------------------------------------------------

namespace {

constexpr std::array<std::string_view, 2> kTokens{"none", "transitions"};
constexpr std::array kParameters{
    Parameter{"ttl", Parameter::Type::duration, "15s",
              "LeaseDuration, in whole seconds: how long candidates wait after the last change"},
    Parameter{"renew_deadline", Parameter::Type::duration, "10s",
              "RenewDeadline: how long the leader tries to renew before it stops leading"},
    Parameter{"retry_period", Parameter::Type::duration, "2s", "RetryPeriod, between tries"},
    Parameter{"jitter_permille", Parameter::Type::integer, "1000",
              "a candidate waits up to so much of RetryPeriod more (JitterFactor is 1.2)"},
    Parameter{"wait", Parameter::Type::duration, "0s", "how long a candidate stands; 0: one try"},
    Parameter{"timeout", Parameter::Type::duration, "5s",
              "longest wait for the API server: half of RenewDeadline"},
    Parameter{"release_on_cancel", Parameter::Type::flag, "true",
              "ReleaseOnCancel (client-go's default is false: the lease then runs out)"},
    Parameter{"token", Parameter::Type::choice, "none",
              "a fencing token: none, or leaderTransitions (model)", kTokens},
};
constexpr std::array<PresetValue, 0> kDefaults{};
constexpr std::array kPresets{Preset{"client-go", "15 s, 10 s, 2 s", kDefaults}};

}  // namespace

const std::span<const Parameter> kKubernetesLeaseParameters = kParameters;
const std::span<const Preset> kKubernetesLeasePresets = kPresets;

KubernetesLease::KubernetesLease(const Environment& environment, const Settings& settings,
                                 Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("ttl")}),
      api_(*environment.kubernetes),
      name_(lock_key(environment.self, resource)),
      lease_(std::max<Duration>(settings.duration("ttl"), 1s)),
      renew_deadline_(settings.duration("renew_deadline")),
      retry_(std::max<Duration>(settings.duration("retry_period"), 1ms)),
      wait_(settings.duration("wait")),
      timeout_(settings.duration("timeout")),
      jitter_permille_(settings.integer("jitter_permille")),
      release_on_cancel_(settings.flag("release_on_cancel")),
      token_(settings.choice<Token>("token")),
      identity_(new_value()) {}

Lock* make_kubernetes_lease(const Environment& environment, const Settings& settings,
                            Symbol resource) {
  void* block = environment.arena().take(sizeof(KubernetesLease));
  return new (block) KubernetesLease(environment, settings, resource);
}

}  // namespace locklab
