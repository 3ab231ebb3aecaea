#include "algorithms/two_tier_lock.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "algorithms/composition.hpp"
#include "algorithms/fenced_lock.hpp"
#include "algorithms/zk_lock.hpp"

namespace locklab {

Task<Lock::Acquired> TwoTierLock::try_acquire(AttemptId attempt) {
  // A request to the wrong authority is an error, and so is one that nobody answers for.
  if (tier_ == Tier::unknown) co_return Refusal{Errc::invalid};
  if (tier_ == Tier::global) {
    // Hierarchy: global before regional, or two clients wait for each other across the tiers.
    if (keep_order_ && beliefs().holds_any([this](Symbol held) {
          const Authority* authority = env_.tiers.find(held);
          return authority != nullptr && !authority->global;
        }))
      co_return Refusal{Errc::invalid};
    const Acquired lease = co_await try_acquire_of(*global_, attempt);
    if (lease) grants_.push_back({attempt, global_});
    co_return lease;
  }

  const Authority* authority = env_.tiers.find(resource());
  const std::uint32_t home = route_ == Route::map ? authority->redis : nearest();
  Acquired lease = co_await try_acquire_of(at_redis(home), attempt);
  if (lease) grants_.push_back({attempt, &at_redis(home)});
  if (lease || !failover_) co_return lease;

  // Region fail-over: the next region's Redis is asked, which never saw the lock.
  for (const std::uint32_t node : env_.tiers.nearest) {
    const Errc why = lease ? Errc::none : lease.error().why;
    if (lease || why == Errc::not_acquired || why == Errc::invalid) break;
    if (node == home) continue;
    lease = co_await try_acquire_of(at_redis(node), attempt);
    if (lease) grants_.push_back({attempt, &at_redis(node)});
  }
  co_return lease;
}

Task<Lock::Extended> TwoTierLock::try_extend(const Lease& lease, Duration to) {
  return try_extend_of(granted_by(lease), lease, to);
}

Task<Lock::Released> TwoTierLock::try_release(const Lease& lease) {
  Lock& tier = granted_by(lease);
  const AttemptId attempt = lease.attempt;
  std::erase_if(grants_, [attempt](const Grant& grant) { return grant.attempt == attempt; });
  return try_release_of(tier, lease);
}

std::uint32_t TwoTierLock::nearest() const {
  return env_.tiers.nearest.empty() ? 0 : env_.tiers.nearest.front();
}

// ---- how it is built ----------------------------------------------------------------------------

namespace {

constexpr std::array<std::string_view, 3> kRoutes{"map", "nearest", "global"};
constexpr std::array<std::string_view, 2> kFailovers{"none", "next_region"};

constexpr std::array kParameters{
    Parameter{"route", Parameter::Type::choice, "map",
              "who is asked: the authority of the scenario's \"authorities\", the nearest Redis "
              "whatever they say [corpus 111], or ZooKeeper always [corpus 110]",
              kRoutes},
    Parameter{"failover", Parameter::Type::choice, "none",
              "what happens when the region's Redis does not answer: nothing, or the next region's "
              "is asked",
              kFailovers},
    Parameter{"keep_order", Parameter::Type::flag, "true",
              "refuse a global lock to who holds a regional one [spec K]"},
    Parameter{"ttl", Parameter::Type::duration, "10s", "of a regional key (PX)"},
    Parameter{"node_timeout", Parameter::Type::duration, "500ms",
              "longest wait for a regional Redis"},
    Parameter{"stop_at", Parameter::Type::choice, "suspended",
              "when the holder of a global lock stops to count on it", kZkStopAt},
    Parameter{"wait", Parameter::Type::duration, "0s",
              "longest wait in ZooKeeper's line within one try; 0s: for ever"},
};
constexpr std::array<PresetValue, 0> kDocument{};
constexpr std::array kNearest{PresetValue{"route", "nearest"}};
constexpr std::array kPresets{
    Preset{"document", "a static map: one authority for each resource", kDocument},
    Preset{"nearest", "always the nearest Redis, as \"regional affinity\" taken alone suggests",
           kNearest},
    Preset{"uber-as-described",
           "Redis for speed, ZooKeeper for what is critical; as the document describes Uber",
           kDocument},
};

}  // namespace

const std::span<const Parameter> kTwoTierLockParameters = kParameters;
const std::span<const Preset> kTwoTierLockPresets = kPresets;

TwoTierLock::Tier TwoTierLock::tier_of(const Environment& environment, const Settings& settings,
                                       Symbol resource) {
  const Authority* authority = environment.tiers.find(resource);
  switch (settings.choice<Route>("route")) {
    case Route::nearest:
      return Tier::regional;
    case Route::global:
      return Tier::global;
    case Route::map:
      break;
  }
  if (environment.tiers.authorities.empty()) return Tier::global;  // no map: the safe tier
  if (authority == nullptr) return Tier::unknown;
  return authority->global ? Tier::global : Tier::regional;
}

LockTraits TwoTierLock::traits_of(Tier tier, const Settings& settings) {
  if (tier == Tier::global) return {.fifo = true};
  return {.ttl = settings.duration("ttl")};
}

TwoTierLock::TwoTierLock(const Environment& environment, const Settings& settings, Symbol resource)
    : Lock(environment, resource, traits_of(tier_of(environment, settings, resource), settings)),
      settings_(settings),
      route_(settings.choice<Route>("route")),
      tier_(tier_of(environment, settings, resource)),
      failover_(settings.choice("failover") == 1),
      keep_order_(settings.flag("keep_order")),
      regional_(environment.redis.size(), nullptr, &environment.arena()),
      grants_(&environment.arena()) {
  if (tier_ == Tier::global)
    global_ = make_zk_lock(environment, settings_for("zk_lock", settings), resource);
}

Lock& TwoTierLock::at_redis(std::uint32_t node) {
  if (regional_[node] == nullptr) {
    Environment there = env_;
    there.redis = env_.redis.subspan(node, 1);
    regional_[node] = make_fenced_lock(there, settings_for("fenced_lock", settings_), resource());
  }
  return *regional_[node];
}

Lock& TwoTierLock::granted_by(const Lease& lease) {
  const auto grant = std::ranges::find(grants_, lease.attempt, &Grant::attempt);
  if (grant != grants_.end()) return *grant->lock;
  return tier_ == Tier::global ? *global_ : at_redis(nearest());
}

Lock* make_two_tier_lock(const Environment& environment, const Settings& settings,
                         Symbol resource) {
  void* block = environment.arena().take(sizeof(TwoTierLock));
  return new (block) TwoTierLock(environment, settings, resource);
}

}  // namespace locklab
