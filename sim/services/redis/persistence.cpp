#include "sim/services/redis/persistence.hpp"

#include <algorithm>

namespace locklab::redis {

namespace {

std::int64_t whole_seconds(std::int64_t ms) {
  return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);  // rounds down, as a clock before its zero does
}

/// Does Redis count this in server.dirty? Expiry and eviction do not make a snapshot necessary, and
/// an overwriting SET is one change, not two.
bool counts_as_dirty(const Change& change) {
  if (change.kind == Change::Kind::published) return false;
  return change.kind != Change::Kind::removed || change.why == RemovalReason::deleted;
}

}  // namespace

Persistence::Persistence(PersistenceMode mode, std::pmr::memory_resource* memory,
                         const SavePoints& save_points)
    : mode_(mode), save_points_(save_points), durable_(memory), log_(memory) {}

void Persistence::booted(std::int64_t now_ms, const Keyspace& loaded) {
  stalled_ = false;
  if (mode_ != PersistenceMode::none) durable_ = loaded;
  unsaved_ = 0;
  last_save_s_ = whole_seconds(now_ms);
  log_.clear();
  written_ = 0;
  syncing_ = 0;
  last_sync_ms_ = now_ms;
  postponed_since_ms_.reset();
}

void Persistence::record(std::int64_t now_ms, const Keyspace& live, const Changes& changes) {
  switch (mode_) {
    case PersistenceMode::none:
      return;
    case PersistenceMode::aof_always:
      LOCKLAB_ASSERT(!blocks_server());
      return;  // on disk before the reply: what survives is what is live
    case PersistenceMode::rdb:
      for (const Change& change : changes)
        if (counts_as_dirty(change)) ++unsaved_;
      tick(now_ms, live);
      return;
    case PersistenceMode::aof_everysec:
      log_.insert(log_.end(), changes.begin(), changes.end());
      flush(now_ms);
      return;
  }
}

/// flushAppendOnlyFile: write(), unless a stuck fsync asks for patience, then fsync if a second has
/// passed since the last one. Note that a write after a quiet second is synced at once.
// Model: write() and fsync take no time unless the disk is stuck. A write that has waited for two
// seconds goes through at once, where the real one may block the whole node until the fsync ends.
void Persistence::flush(std::int64_t now_ms) {
  if (written_ < log_.size()) {
    if (syncing_ > 0) {
      if (!postponed_since_ms_) postponed_since_ms_ = now_ms;
      if (now_ms - *postponed_since_ms_ < kPostponeMs) return;
    }
    postponed_since_ms_.reset();
    written_ = log_.size();
  }
  if (written_ == syncing_ || now_ms - last_sync_ms_ < kSyncEveryMs) return;
  last_sync_ms_ = now_ms;  // even if the fsync has to be left out because one is on its way
  if (syncing_ > 0) return;
  syncing_ = written_;
  if (!stalled_) sync_done();
}

void Persistence::sync_done() {
  for (std::size_t i = 0; i < syncing_; ++i) durable_.apply(log_[i]);
  log_.erase(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(syncing_));
  written_ -= syncing_;
  syncing_ = 0;
}

// Model: Redis looks at its timers when something happens and every 100 ms (hz 10); here they
// strike on the millisecond. A snapshot is taken and on disk in one instant, where the real one is
// the state at the fork and reaches the disk when the child is done.
std::int64_t Persistence::next_tick_ms() const {
  switch (mode_) {
    case PersistenceMode::none:
    case PersistenceMode::aof_always:
      return kNever;
    case PersistenceMode::rdb:
      return stalled_ ? kNever : next_save_ms();
    case PersistenceMode::aof_everysec:
      if (postponed_since_ms_) return *postponed_since_ms_ + kPostponeMs;
      if (syncing_ > 0 || log_.empty()) return kNever;
      return last_sync_ms_ + kSyncEveryMs;
  }
  return kNever;
}

void Persistence::tick(std::int64_t now_ms, const Keyspace& live) {
  if (now_ms < next_tick_ms()) return;
  if (mode_ == PersistenceMode::rdb) {
    durable_ = live;
    unsaved_ = 0;
    last_save_s_ = whole_seconds(now_ms);
  } else {
    flush(now_ms);
  }
}

void Persistence::disk_recovered(std::int64_t now_ms, const Keyspace& live) {
  if (!stalled_) return;
  stalled_ = false;
  if (syncing_ > 0) sync_done();
  if (mode_ == PersistenceMode::aof_everysec) flush(now_ms);
  if (mode_ == PersistenceMode::rdb) tick(now_ms, live);
}

Keyspace Persistence::surviving(Ending ending, const Keyspace& live) const {
  switch (mode_) {
    case PersistenceMode::none:
      return Keyspace{};
    case PersistenceMode::rdb:
      return ending == Ending::clean_shutdown && saves() ? live : durable_;
    case PersistenceMode::aof_always:
      return live;
    case PersistenceMode::aof_everysec: {
      if (ending == Ending::clean_shutdown) return live;  // the log is flushed and synced at exit
      Keyspace kept = durable_;
      if (ending == Ending::process_kill)  // what write() has taken is safe with the system
        for (std::size_t i = 0; i < written_; ++i) kept.apply(log_[i]);
      return kept;
    }
  }
  return Keyspace{};
}

// Model: a real node drops expired keys while it reads a snapshot, but keeps those that an
// append-only file brings back until somebody or the background cycle finds them. No command can
// tell the two apart, unless the wall clock is set back in between.
Keyspace Persistence::reloaded(Ending ending, const Keyspace& live, std::int64_t now_ms) const {
  Keyspace kept = surviving(ending, live);
  kept.drop_expired(now_ms);
  return kept;
}

std::int64_t Persistence::next_save_ms() const {
  std::int64_t next = kNever;
  for (const SavePoint& point : save_points_)
    if (point.seconds > 0 && unsaved_ >= point.changes)  // "> seconds", in whole seconds
      next = std::min(next, (last_save_s_ + point.seconds + 1) * 1000);
  return next;
}

bool Persistence::saves() const {
  return std::any_of(save_points_.begin(), save_points_.end(),
                     [](const SavePoint& point) { return point.seconds > 0; });
}

}  // namespace locklab::redis
