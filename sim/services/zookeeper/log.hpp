// A ZooKeeper server's transaction log as a value: what was appended, and how much of it is on disk
// [spec D.1 "Restart"]. A killed process loses nothing that it had written; a machine without power
// loses what was not yet synced.
//
// Model: the log is kept from the beginning of the run, without snapshots; a server that is far
// behind is sent all that it lacks. Epochs are on disk at the instant at which they are accepted.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/services/zookeeper/protocol.hpp"

namespace locklab::zookeeper {

class TransactionLog {
 public:
  explicit TransactionLog(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : entries_(memory) {}

  void append(const Transaction& transaction) { entries_.push_back(transaction); }
  /// Drops all entries after `zxid`.
  void truncate_after(Zxid zxid);
  /// An fsync that began when there were `count` entries has come to its end.
  void synced(std::size_t count);
  void lose_unsynced() { entries_.resize(synced_); }

  std::size_t size() const { return entries_.size(); }
  const Transaction& operator[](std::size_t index) const { return entries_[index]; }
  bool all_synced() const { return synced_ == entries_.size(); }
  Zxid last() const { return entries_.empty() ? 0 : entries_.back().zxid; }
  Zxid last_synced() const { return synced_ == 0 ? 0 : entries_[synced_ - 1].zxid; }
  /// The number of entries up to `zxid`, that one included.
  std::size_t count_up_to(Zxid zxid) const;

 private:
  std::pmr::vector<Transaction> entries_;  // by zxid
  std::size_t synced_ = 0;                 // so many are on disk
};

}  // namespace locklab::zookeeper
