#include "sim/services/raft/journal.hpp"

#include <algorithm>

namespace locklab::raft {

void Journal::set_state(std::uint32_t term, std::uint32_t vote) {
  if (term == term_ && vote == vote_) return;
  Undo undo;
  undo.write = ++written_;
  undo.kind = Undo::Kind::state;
  undo.term = term_;
  undo.vote = vote_;
  unsynced_.push_back(undo);
  term_ = term;
  vote_ = vote;
}

void Journal::append(const Entry& entry) {
  log_.push_back(entry);
  Undo undo;
  undo.write = ++written_;
  undo.kind = Undo::Kind::appended;
  undo.index = last_index();
  unsynced_.push_back(undo);
}

void Journal::cut_after(std::uint32_t index) {
  if (last_index() <= index) return;
  const std::uint64_t write = ++written_;
  while (last_index() > index) {
    Undo undo;
    undo.write = write;
    undo.kind = Undo::Kind::removed;
    undo.entry = log_.back();
    unsynced_.push_back(undo);
    log_.pop_back();
  }
}

void Journal::synced(std::uint64_t writes) {
  const auto first_left = std::find_if(unsynced_.begin(), unsynced_.end(),
                                       [&](const Undo& undo) { return undo.write > writes; });
  unsynced_.erase(unsynced_.begin(), first_left);
}

std::uint32_t Journal::durable_index() const {
  std::uint32_t durable = last_index();
  for (const Undo& undo : unsynced_)
    if (undo.kind == Undo::Kind::appended) durable = std::min(durable, undo.index - 1);
  return durable;
}

std::uint32_t Journal::lose_unsynced() {
  std::uint32_t lost = 0;
  while (!unsynced_.empty()) {  // the youngest first
    const Undo& undo = unsynced_.back();
    switch (undo.kind) {
      case Undo::Kind::state:
        term_ = undo.term;
        vote_ = undo.vote;
        break;
      case Undo::Kind::appended:
        log_.pop_back();
        ++lost;
        break;
      case Undo::Kind::removed:
        log_.push_back(undo.entry);
        break;
    }
    unsynced_.pop_back();
  }
  return lost;
}

}  // namespace locklab::raft
