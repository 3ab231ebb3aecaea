// What one server of a replicated log keeps on its disk, as a value: the term, the vote and the log
// [Raft figure 2, "persistent state"]. A write is in the operating system's cache at once, so it
// outlives the process; it outlives a power loss only once it is synced, and in the order in which
// it was written. To forget what was not synced, each such write keeps how to undo it.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/services/raft/protocol.hpp"

namespace locklab::raft {

class Journal {
 public:
  explicit Journal(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : log_(memory), unsynced_(memory) {}

  std::uint32_t term() const { return term_; }
  /// Process that was voted for in this term; 0: nobody.
  std::uint32_t vote() const { return vote_; }
  std::uint32_t last_index() const { return static_cast<std::uint32_t>(log_.size()); }
  /// Index 0 stands before the log, and has term 0.
  std::uint32_t term_at(std::uint32_t index) const { return index == 0 ? 0 : log_[index - 1].term; }
  std::uint32_t last_term() const { return term_at(last_index()); }
  const Entry& at(std::uint32_t index) const { return log_[index - 1]; }

  void set_state(std::uint32_t term, std::uint32_t vote);
  void append(const Entry& entry);
  /// Removes what stands behind `index`.
  void cut_after(std::uint32_t index);

  /// Counts the writes so far.
  std::uint64_t written() const { return written_; }
  bool all_synced() const { return unsynced_.empty(); }
  /// The first `writes` writes are on the disk.
  void synced(std::uint64_t writes);
  /// All writes up to this one are on the disk.
  std::uint64_t synced_through() const {
    return unsynced_.empty() ? written_ : unsynced_.front().write - 1;
  }
  /// The last entry that a power loss would leave, and all before it.
  std::uint32_t durable_index() const;

  /// The power fails: what was not synced is gone. How many entries were lost.
  std::uint32_t lose_unsynced();

 private:
  /// A write that is not yet on the disk, by what it replaced.
  struct Undo {
    enum class Kind : std::uint8_t { state, appended, removed };
    std::uint64_t write = 0;
    Kind kind{};
    std::uint32_t index = 0;  // appended
    std::uint32_t term = 0;   // state
    std::uint32_t vote = 0;
    Entry entry{};  // removed
  };

  std::uint32_t term_ = 0;
  std::uint32_t vote_ = 0;
  std::pmr::vector<Entry> log_;
  std::pmr::vector<Undo> unsynced_;
  std::uint64_t written_ = 0;
};

}  // namespace locklab::raft
