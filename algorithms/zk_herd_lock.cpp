#include "algorithms/zk_herd_lock.hpp"

#include <array>
#include <new>

namespace locklab {

using namespace zookeeper;

Task<Lock::Acquired> ZkHerdLock::try_acquire(AttemptId attempt) {
  Lease lease = this->lease(attempt, Value::name(directory()));
  lease.start = start();

  Request creation = this->creation(attempt, false, 0);
  creation.path = directory();
  creation.parent = {};
  for (std::int64_t failures = 0;;) {
    Watcher watcher(zk());
    const Result<Reply> created = co_await zk().request(creation);
    if (created && created->code == Code::ok) {
      lease.token = token_of(token_, created->stat);
      held(attempt);
      co_return lease;
    }
    if (!created) {
      if (created.error() == Errc::lost) co_return Refusal{Errc::lost};
      const bool again = co_await may_retry(++failures);
      if (!again) co_return Refusal{created.error()};
    }

    // Somebody has it. It may be this client: of a creation whose answer was lost.
    const Result<Reply> seen = co_await zk().exists(directory(), &watcher);
    if (!seen && seen.error() == Errc::lost) co_return Refusal{Errc::lost};
    if (!seen || seen->code == Code::no_node) continue;
    if (failures > 0 && seen->stat.owner == zk().session()) {
      lease.token = token_of(token_, seen->stat);
      held(attempt);
      co_return lease;
    }
    const bool in_time = co_await wait_in_line(watcher, lease.start);
    if (!in_time) co_return Refusal{Errc::not_acquired};
  }
}

Task<Lock::Released> ZkHerdLock::try_release(const Lease& lease) {
  not_held(lease.attempt);
  const Result<void> removed = co_await remove_node(lease.owner.as_name(), lease.attempt);
  if (!removed) co_return Released{0, removed.error()};
  co_return Released{1};
}

// ---- how it is built ----------------------------------------------------------------------------

namespace {

constexpr std::array<std::string_view, 2> kTokens{"czxid", "none"};
constexpr std::array kParameters = joined(
    kZkRecipeParameters,
    std::array{Parameter{"token", Parameter::Type::choice, "czxid",
                         "what is handed out as a fencing token: the czxid of the node", kTokens}});
constexpr std::array<PresetValue, 0> kNaive{};
constexpr std::array kCareful{PresetValue{"stop_at", "suspended"}};
constexpr std::array kPresets{
    Preset{"naive", "one node, watched by all", kNaive},
    Preset{"careful", "the application stops as soon as its connection is gone", kCareful},
};

}  // namespace

const std::span<const Parameter> kZkHerdLockParameters = kParameters;
const std::span<const Preset> kZkHerdLockPresets = kPresets;

ZkHerdLock::ZkHerdLock(const Environment& environment, const Settings& settings, Symbol resource)
    : ZkRecipe(environment, settings, resource, false),
      token_(settings.choice("token") == 0 ? Token::czxid : Token::none) {}

Lock* make_zk_herd_lock(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(ZkHerdLock));
  return new (block) ZkHerdLock(environment, settings, resource);
}

}  // namespace locklab
