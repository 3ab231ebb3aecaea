#include "algorithms/curator_mutex.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "sim/world.hpp"

namespace locklab {

using namespace zookeeper;

// acquire(), attemptLock() and internalLockLoop(). Model: the threads of a client count as one for
// re-entry.
Task<Lock::Acquired> CuratorMutex::try_acquire(AttemptId attempt) {
  if (reentrant_ && holds_ > 0) {  // the local record alone says so
    ++holds_;
    Lease again = mine_;
    again.attempt = attempt;
    held(attempt);
    co_return again;
  }
  Lease lease = this->lease(attempt, Value{});
  lease.start = start();
  std::pmr::vector<Child> children(&arena());
  Symbol own = keep_path_ ? kept_path_ : Symbol{};
  lease.token = kept_token_;
  if (own && check_owner_) {
    const Result<Reply> kept = co_await zk().exists(own, nullptr);
    if (!kept || kept->code != Code::ok || kept->stat.owner != zk().session()) own = {};
  }
  for (std::int64_t restarts = 0;;) {
    if (!own) {
      const Result<Reply> created = co_await protected_create(attempt);
      if (!created) co_return Refusal{created.error()};
      own = kept_path_ = created->path;
      lease.token = kept_token_ = token_of(token_, created->stat);
    }
    Watcher watcher(zk());
    const Result<Reply> listed = co_await list(children);
    if (!listed) {
      self().spawn("guaranteed delete", delete_guaranteed(own, attempt));
      co_return Refusal{listed.error()};
    }
    const Place line = place(children, own);
    if (!line.found) {  // the session expired: start again, as far as the retry policy allows
      own = {};
      const bool again = co_await may_retry(++restarts);
      if (again) continue;
      co_return Refusal{Errc::lost};
    }
    if (!line.predecessor) {
      lease.owner = Value::name(own);
      mine_ = lease;
      holds_ = 1;
      held(attempt);
      co_return lease;
    }
    // getData leaves no watch behind where there is nothing to watch.
    const Result<Reply> seen = co_await zk().get_data(line.predecessor, &watcher);
    if (seen && seen->code == Code::no_node) continue;
    const bool in_time = co_await wait_in_line(watcher, lease.start);
    if (in_time) continue;
    co_await delete_guaranteed(own, attempt);
    co_return Refusal{Errc::not_acquired};
  }
}

// "_c_<uuid>-lock-": after a connection loss the node is looked for before another is made.
Task<Result<Reply>> CuratorMutex::protected_create(AttemptId attempt) {
  const std::uint64_t guid = self().rng().next();
  const Duration patience = interrupt_after_ > Duration{0} ? interrupt_after_ : Duration{-1};
  bool unsure = false;  // whether a node of this try is there
  for (std::int64_t failures = 0;;) {
    Result<Reply> made = Errc::not_acquired;
    if (unsure) made = co_await find_protected(guid, attempt);
    if (!made && made.error() == Errc::not_acquired) {
      const Request creation = this->creation(attempt, true, guid);
      made = co_await zk().request(creation, nullptr, nullptr, patience);
      unsure = true;
    }
    if (made && made->code == Code::ok) co_return made;
    if (made) {  // creatingParentContainersIfNeeded()
      static_cast<void>(co_await make_directory(NodeKind::container));
      unsure = false;
      continue;
    }
    if (made.error() == Errc::cancelled) {  // the thread is interrupted [corpus 77]
      if (clean_interrupted_) self().spawn("guaranteed delete", delete_protected(guid, attempt));
      co_return Errc::cancelled;
    }
    const bool again = co_await may_retry(++failures);
    if (!again) co_return made.error();
  }
}

/// not_acquired: there is none.
Task<Result<Reply>> CuratorMutex::find_protected(std::uint64_t guid, AttemptId attempt) {
  std::pmr::vector<Child> children(&arena());
  const Result<Reply> listed = co_await zk().get_children(directory(), children);
  if (!listed) co_return listed.error();
  for (const Child& child : children) {
    if (child.guid != guid) continue;
    const Result<Reply> found = co_await zk().exists(child.path, nullptr);
    if (!found) co_return found.error();
    if (found->code != Code::ok) continue;
    if (check_owner_ && found->stat.owner != zk().session()) {
      // It belongs to the session before this one, and will go with it.
      static_cast<void>(co_await zk().remove(child.path, attempt));
      continue;
    }
    Reply mine = *found;
    mine.path = child.path;
    co_return mine;
  }
  co_return Errc::not_acquired;
}

Task<Result<Reply>> CuratorMutex::list(std::pmr::vector<Child>& children) {
  for (std::int64_t failures = 0;;) {
    const Result<Reply> listed = co_await zk().get_children(directory(), children);
    if (listed) co_return listed;
    const bool again = co_await may_retry(++failures);
    if (!again) co_return listed.error();
  }
}

// ---- giving it back -----------------------------------------------------------------------------

Task<Lock::Released> CuratorMutex::try_release(const Lease& lease) {
  not_held(lease.attempt);
  if (holds_ > 1) {
    --holds_;
    co_return Released{0};
  }
  holds_ = 0;  // in finally: also if the deletion fails
  kept_path_ = {};
  const Symbol own = lease.owner.as_name();
  const Result<void> removed = co_await remove_node(own, lease.attempt);
  if (removed) co_return Released{1};
  if (removed.error() != Errc::lost)
    self().spawn("guaranteed delete", delete_guaranteed(own, lease.attempt));
  co_return Released{0, removed.error()};
}

/// delete().guaranteed(): until a server has said that it is gone.
Task<> CuratorMutex::delete_guaranteed(Symbol path, AttemptId attempt) {
  for (;;) {
    const Result<Reply> removed = co_await zk().remove(path, attempt);
    if (removed) co_return;
    static_cast<void>(co_await may_retry(1));
  }
}

Task<> CuratorMutex::delete_protected(std::uint64_t guid, AttemptId attempt) {
  std::pmr::vector<Child> children(&arena());
  const Result<Reply> listed = co_await list(children);
  if (!listed) co_return;
  for (const Child& child : children)
    if (child.guid == guid) co_await delete_guaranteed(child.path, attempt);
}

// ExponentialBackoffRetry: base * max(1, nextInt(2^n)).
Task<bool> CuratorMutex::may_retry(std::int64_t n) {
  if (n > retries()) co_return false;
  const std::uint64_t bound = std::uint64_t{1} << std::min<std::int64_t>(n, 29);
  const std::uint64_t factor = std::max<std::uint64_t>(self().rng().below(bound), 1);
  co_await self().sleep(static_cast<std::int64_t>(factor) * retry_delay());
  co_return true;
}

// ---- how it is built ----------------------------------------------------------------------------

CuratorMutex::CuratorMutex(const Environment& environment, const Settings& settings,
                           Symbol resource)
    : ZkRecipe(environment, settings, resource, true),
      lost_percent_(settings.integer("lost_percent")),
      reentrant_(settings.flag("reentrant")),
      check_owner_(settings.flag("check_owner")),
      keep_path_(settings.flag("keep_path")),
      interrupt_after_(settings.duration("interrupt_after")),
      clean_interrupted_(settings.flag("clean_interrupted")),
      token_(settings.choice<Token>("token")) {}

Lock* make_curator_mutex(const Environment& environment, const Settings& settings,
                         Symbol resource) {
  void* block = environment.arena().take(sizeof(CuratorMutex));
  return new (block) CuratorMutex(environment, settings, resource);
}

}  // namespace locklab
