// What one Redis node still holds after a process kill, a power loss or a clean shutdown [spec A
// "Persistence and restart"; redis/src/aof.c flushAppendOnlyFile, rdb.c, server.c serverCron]. A
// value that is told what was executed; the caller says what time it is.
//
// Every timer here reads the node's *wall* clock in milliseconds, as Redis does (server.mstime and
// server.unixtime come from gettimeofday): a wall clock that is set back postpones the next fsync
// and the next snapshot by as much. Left out: file rewriting, failing disks, replicas.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/services/redis/keyspace.hpp"

namespace locklab::redis {

enum class PersistenceMode : std::uint8_t {
  none,          // all is lost, whatever happens
  rdb,           // snapshots only: Redis as installed
  aof_everysec,  // a log, written before the reply, synced once a second
  aof_always,    // a log, synced before the reply
};

constexpr std::string_view to_string(PersistenceMode mode) {
  switch (mode) {
    case PersistenceMode::none:
      return "none";
    case PersistenceMode::rdb:
      return "rdb";
    case PersistenceMode::aof_everysec:
      return "aof_everysec";
    case PersistenceMode::aof_always:
      return "aof_always";
  }
  return {};
}

/// Save when more than `seconds` have passed since the last save and at least `changes` were made.
struct SavePoint {
  std::int64_t seconds = 0;
  std::uint64_t changes = 0;
  bool operator==(const SavePoint&) const = default;
};

/// How a node comes to its end.
enum class Ending : std::uint8_t { process_kill, power_loss, clean_shutdown };

class Persistence {
 public:
  /// A node without save points (all of zero seconds) takes no snapshots, not even at its shutdown.
  using SavePoints = std::array<SavePoint, 3>;
  static constexpr SavePoints kDefaultSavePoints{{{3600, 1}, {300, 100}, {60, 10000}}};
  static constexpr std::int64_t kSyncEveryMs = 1000;  // appendfsync everysec
  static constexpr std::int64_t kPostponeMs = 2000;  // longest that a write waits for a stuck fsync

  explicit Persistence(PersistenceMode mode = PersistenceMode::none,
                       std::pmr::memory_resource* memory = std::pmr::get_default_resource(),
                       const SavePoints& save_points = kDefaultSavePoints);

  /// The node starts to serve what it has loaded, at `now_ms`; all of that is on disk.
  void booted(std::int64_t now_ms, const Keyspace& loaded);

  /// A unit was executed (or keys expired in the background), before its reply goes out. `live` is
  /// what the node holds now.
  void executed(std::int64_t now_ms, const Keyspace& live, const Changes& changes) {
    if (mode_ == PersistenceMode::none || changes.empty()) return;
    record(now_ms, live, changes);
  }

  /// The wall-clock reading in ms at which tick() has something to do; kNever: nothing for now. Ask
  /// again after each of the other calls.
  std::int64_t next_tick_ms() const;
  void tick(std::int64_t now_ms, const Keyspace& live);

  /// A stuck disk: from here no fsync and no snapshot comes to its end, until recovered.
  void disk_stalled() { stalled_ = true; }
  void disk_recovered(std::int64_t now_ms, const Keyspace& live);
  /// Does the node stand still now? With fsync before each reply a stuck disk stops it altogether:
  /// it is up to the server not to execute anything then.
  bool blocks_server() const { return stalled_ && mode_ == PersistenceMode::aof_always; }

  /// What is on disk after this ending, expired keys included, if the node held `live`.
  Keyspace surviving(Ending ending, const Keyspace& live) const;
  /// What the node holds when it serves again, at `now_ms` of its wall clock: time went on while it
  /// was down, and a master skips what has expired.
  Keyspace reloaded(Ending ending, const Keyspace& live, std::int64_t now_ms) const;

  PersistenceMode mode() const { return mode_; }
  std::uint64_t unsaved_changes() const { return unsaved_; }  // since the last snapshot
  bool operator==(const Persistence&) const = default;

 private:
  void record(std::int64_t now_ms, const Keyspace& live, const Changes& changes);
  void flush(std::int64_t now_ms);
  void sync_done();
  std::int64_t next_save_ms() const;
  bool saves() const;

  PersistenceMode mode_;
  bool stalled_ = false;
  SavePoints save_points_;

  // What is surely on disk: the last snapshot (rdb), or the log up to the last finished fsync.
  Keyspace durable_;

  // rdb
  std::uint64_t unsaved_ = 0;     // server.dirty
  std::int64_t last_save_s_ = 0;  // whole seconds of the wall clock

  // aof_everysec: what was executed since `durable_`, in order. The front part was handed to the
  // operating system by write(), and of that a front part is being synced.
  std::pmr::vector<Change> log_;
  std::size_t written_ = 0;
  std::size_t syncing_ = 0;  // not zero: an fsync is on its way
  std::int64_t last_sync_ms_ = 0;
  std::optional<std::int64_t> postponed_since_ms_;
};

}  // namespace locklab::redis
