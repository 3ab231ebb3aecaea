#include "algorithms/zk_lock.hpp"

#include <array>
#include <new>

#include "sim/world.hpp"

namespace locklab {

using namespace zookeeper;

// The recipe's steps, by its numbers.
Task<Lock::Acquired> ZkLock::try_acquire(AttemptId attempt) {
  Lease lease = this->lease(attempt, Value{});
  lease.start = start();

  // 1. create("_locknode_/guid-lock-", sequence and ephemeral)
  const Result<Reply> created = co_await create(attempt);
  if (!created) co_return Refusal{created.error()};
  const Symbol own = created->path;
  lease.owner = Value::name(own);

  std::pmr::vector<Child> children(&arena());
  for (std::int64_t failures = 0;;) {
    Watcher watcher(zk());
    // 2. getChildren, without a watch: all would be woken by every change.
    const Result<Reply> listed = co_await zk().get_children(directory(), children);
    if (!listed && listed.error() == Errc::lost) co_return Refusal{Errc::lost};
    if (!listed) {
      const bool again = co_await may_retry(++failures);
      if (again) continue;
      co_return Refusal{listed.error()};
    }
    // The session ended, and the node with it.
    const Place line = place(children, own);
    if (!line.found) co_return Refusal{Errc::lost};

    // 3. The lowest number has the lock.
    if (!line.predecessor) {
      lease.token = token_of(token_, created->stat);
      held(attempt);
      co_return lease;
    }

    // 4. exists() with a watch on the node just before the own one.
    const Result<Reply> seen = co_await zk().exists(line.predecessor, &watcher);
    if (seen && seen->code == Code::no_node) continue;
    if (!seen && seen.error() == Errc::lost) co_return Refusal{Errc::lost};

    // 5. Gone, or something was heard: step 2 again.
    const bool in_time = co_await wait_in_line(watcher, lease.start);
    if (in_time) continue;
    static_cast<void>(co_await remove_node(own, attempt));
    co_return Refusal{Errc::not_acquired};
  }
}

// After a connection loss nobody knows whether the node is there. With a GUID in its name it can be
// looked for; without one, another is created, and queues behind the first [corpus 76].
Task<Result<Reply>> ZkLock::create(AttemptId attempt) {
  const std::uint64_t guid = guid_ ? self().rng().next() : 0;
  bool unsure = false;  // whether a node of this try is there
  for (std::int64_t failures = 0;;) {
    Result<Reply> made = Errc::not_acquired;
    if (unsure && guid_) made = co_await find_own(guid);
    if (!made && made.error() == Errc::not_acquired) {
      made = co_await zk().request(creation(attempt, true, guid));
      unsure = true;
    }
    if (made && made->code == Code::ok) co_return made;
    if (made) {  // the directory is not there yet
      static_cast<void>(co_await make_directory(NodeKind::persistent));
      unsure = false;
      continue;
    }
    if (made.error() == Errc::lost) co_return made.error();
    const bool again = co_await may_retry(++failures);
    if (!again) co_return made.error();
  }
}

/// not_acquired: there is none.
Task<Result<Reply>> ZkLock::find_own(std::uint64_t guid) {
  if (sync_) {
    Request sync;
    sync.op = Op::sync;
    sync.path = directory();
    const Result<Reply> synced = co_await zk().request(sync);
    if (!synced) co_return synced.error();
  }
  std::pmr::vector<Child> children(&arena());
  const Result<Reply> listed = co_await zk().get_children(directory(), children);
  if (!listed) co_return listed.error();
  for (const Child& child : children) {
    if (child.guid != guid) continue;
    Result<Reply> found = co_await zk().exists(child.path, nullptr);
    if (!found) co_return found.error();
    if (found->code != Code::ok) break;
    Reply reply = *found;
    reply.path = child.path;
    co_return reply;
  }
  co_return Errc::not_acquired;
}

Task<Lock::Released> ZkLock::try_release(const Lease& lease) {
  not_held(lease.attempt);
  const Result<void> removed = co_await remove_node(lease.owner.as_name(), lease.attempt);
  if (!removed) co_return Released{0, removed.error()};
  co_return Released{1};
}

// ---- how it is built ----------------------------------------------------------------------------

namespace {

constexpr std::array kParameters =
    joined(kZkRecipeParameters,
           std::array{Parameter{"guid", Parameter::Type::flag, "true",
                                "the name of the node holds a GUID, by which it is found again "
                                "after a connection loss"},
                      Parameter{"sync", Parameter::Type::flag, "false",
                                "sync before that search: a create that the leader has proposed "
                                "and not committed is found too"},
                      Parameter{"token", Parameter::Type::choice, "czxid",
                                "what is handed out as a fencing token: the czxid of the own node, "
                                "or (wrong) the number in its name [corpus 67, 68]",
                                kZkTokens}});
constexpr std::array<PresetValue, 0> kRecipe{};
constexpr std::array kCareful{PresetValue{"stop_at", "suspended"}, PresetValue{"sync", "true"}};
constexpr std::array kWithoutGuid{PresetValue{"guid", "false"}};
constexpr std::array kPresets{
    Preset{"recipe", "the documentation's recipe, with a GUID", kRecipe},
    Preset{"careful",
           "the application stops as soon as its connection is gone, and syncs before it "
           "looks for its node",
           kCareful},
    Preset{"without-guid", "as it is often copied: a lost answer leaves an orphan", kWithoutGuid},
};

}  // namespace

const std::span<const Parameter> kZkLockParameters = kParameters;
const std::span<const Preset> kZkLockPresets = kPresets;

ZkLock::ZkLock(const Environment& environment, const Settings& settings, Symbol resource)
    : ZkRecipe(environment, settings, resource, true),
      guid_(settings.flag("guid")),
      sync_(settings.flag("sync")),
      token_(settings.choice<Token>("token")) {}

Lock* make_zk_lock(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(ZkLock));
  return new (block) ZkLock(environment, settings, resource);
}

}  // namespace locklab
