#include "algorithms/zk_db_fallback_lock.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "algorithms/composition.hpp"
#include "algorithms/table_lock.hpp"
#include "algorithms/zk_lock.hpp"

namespace locklab {

Task<Lock::Acquired> ZkDbFallbackLock::try_acquire(AttemptId attempt) {
  if (needs_ == Needs::both) co_return co_await try_both(attempt);
  const Acquired in_zookeeper = co_await try_acquire_of(*zookeeper_, attempt);
  if (in_zookeeper) {
    grants_.push_back({attempt, *in_zookeeper, {}, true, false});
    co_return in_zookeeper;
  }
  // "No" is an answer; what follows is for no answer at all.
  if (in_zookeeper.error().why == Errc::not_acquired) co_return in_zookeeper;
  const Acquired in_database = co_await try_acquire_of(*database_, attempt);
  if (in_database) grants_.push_back({attempt, {}, *in_database, false, true});
  co_return in_database;
}

Task<Lock::Acquired> ZkDbFallbackLock::try_both(AttemptId attempt) {
  const Acquired in_zookeeper = co_await try_acquire_of(*zookeeper_, attempt);
  if (!in_zookeeper) co_return in_zookeeper;
  const Acquired in_database = co_await try_acquire_of(*database_, attempt);
  if (!in_database) {
    const Lease first = *in_zookeeper;
    static_cast<void>(co_await try_release_of(*zookeeper_, first));
    co_return in_database;
  }
  grants_.push_back({attempt, *in_zookeeper, *in_database, true, true});
  co_return in_database;  // the row's token: one counter, where the data is
}

Task<Lock::Extended> ZkDbFallbackLock::try_extend(const Lease& lease, Duration to) {
  Grant* grant = find(lease.attempt);
  if (grant == nullptr || !grant->database)
    co_return co_await try_extend_of(*zookeeper_, lease, to);
  co_return co_await try_extend_of(*database_, lease, to);
}

Task<Lock::Released> ZkDbFallbackLock::try_release(const Lease& lease) {
  Grant* found = find(lease.attempt);
  if (found == nullptr) co_return Released{0, Errc::lost};
  const Grant grant = *found;
  std::erase_if(grants_, [&](const Grant& other) { return other.attempt == grant.attempt; });
  Released released{0, Errc::none};
  if (grant.database) released = co_await try_release_of(*database_, grant.in_database);
  if (grant.zookeeper) released = co_await try_release_of(*zookeeper_, grant.in_zookeeper);
  co_return released;
}

ZkDbFallbackLock::Grant* ZkDbFallbackLock::find(AttemptId attempt) {
  const auto grant = std::ranges::find(grants_, attempt, &Grant::attempt);
  return grant == grants_.end() ? nullptr : &*grant;
}

// ---- how it is built ----------------------------------------------------------------------------

namespace {

constexpr std::array<std::string_view, 2> kNeeds{"either", "both"};

constexpr std::array kParameters{
    Parameter{"needs", Parameter::Type::choice, "either",
              "what makes a holder: whichever of the two answers, or both of them", kNeeds},
    Parameter{"stop_at", Parameter::Type::choice, "lost",
              "when the holder of ZooKeeper's lock stops to count on it", kZkStopAt},
    Parameter{"wait", Parameter::Type::duration, "5s",
              "longest wait in ZooKeeper's line within one try; 0s: for ever"},
    Parameter{"retries", Parameter::Type::integer, "0",
              "how often a request to ZooKeeper is tried again after a connection loss"},
    Parameter{"ttl", Parameter::Type::duration, "10s", "of the database's row"},
};
constexpr std::array<PresetValue, 0> kAsDescribed{};
constexpr std::array kBoth{PresetValue{"needs", "both"}};
constexpr std::array kPresets{
    Preset{"netflix-as-described", "ZooKeeper, and the database when it does not answer",
           kAsDescribed},
    Preset{"both", "a holder owns both, and storage checks the row's token", kBoth},
};

}  // namespace

const std::span<const Parameter> kZkDbFallbackLockParameters = kParameters;
const std::span<const Preset> kZkDbFallbackLockPresets = kPresets;

ZkDbFallbackLock::ZkDbFallbackLock(const Environment& environment, const Settings& settings,
                                   Symbol resource)
    : Lock(environment, resource, {}),
      needs_(settings.choice<Needs>("needs")),
      zookeeper_(make_zk_lock(environment, settings_for("zk_lock", settings), resource)),
      database_(make_table_lock(environment, settings_for("table_lock", settings), resource)),
      grants_(&environment.arena()) {}

Lock* make_zk_db_fallback_lock(const Environment& environment, const Settings& settings,
                               Symbol resource) {
  void* block = environment.arena().take(sizeof(ZkDbFallbackLock));
  return new (block) ZkDbFallbackLock(environment, settings, resource);
}

}  // namespace locklab
