// A database as a value, and sessions that talk to it one statement at a time: what a test of its
// rules needs. Time is what the test says; a commit is on disk at once, unless the test holds the
// disk.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "sim/services/sql/database.hpp"

namespace locklab::sql {

class Desk {
 public:
  explicit Desk(const DatabaseOptions& options = {})
      : db(options), out(std::pmr::get_default_resource()) {}

  SessionId session(std::int32_t zone_seconds = 0) {
    const SessionId id{++sessions_};
    db.open(id, ProcessId{static_cast<std::uint32_t>(sessions_)}, zone_seconds, out);
    settle();
    return id;
  }

  /// The answer, if it came at once; otherwise the statement waits.
  std::optional<Reply> run(SessionId id, Request request) {
    request.session = id;
    answers_.erase(id.number);
    db.execute(request, now_us, out);
    settle();
    return answer(id);
  }
  /// What came for the session since its last statement.
  std::optional<Reply> answer(SessionId id) const {
    const auto found = answers_.find(id.number);
    return found == answers_.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<Reply> commit(SessionId id) { return run(id, {.verb = Verb::commit}); }
  std::optional<Reply> rollback(SessionId id) { return run(id, {.verb = Verb::rollback}); }
  void close(SessionId id) {
    db.close(id, SessionEnd::closed, out);
    settle();
  }
  /// deadlock_timeout has passed for the statement that began to wait as the n-th of all (from 1).
  void look_for_deadlock(std::size_t nth) {
    db.look_for_deadlock(waits.at(nth - 1).arrival, out);
    settle();
  }
  void give_up_waiting(std::size_t nth) {
    db.give_up_waiting(waits.at(nth - 1).arrival, out);
    settle();
  }
  void flush(SessionId id) {
    std::erase(unflushed, id);
    db.flushed(id, out);
    settle();
  }

  void put(Table table, Symbol name, const Row& row) { db.put({table, name, row}); }

  Database db;
  std::int64_t now_us = 0;
  bool hold_disk = false;
  std::vector<SessionId> unflushed;
  std::vector<Change> changes;
  std::vector<Output::Wait> waits;
  std::vector<Output::Answer> answered;  // all, in their order

 private:
  void settle() {
    while (!out.changes.empty() || !out.answers.empty() || !out.commits.empty() ||
           !out.waits.empty()) {
      changes.insert(changes.end(), out.changes.begin(), out.changes.end());
      waits.insert(waits.end(), out.waits.begin(), out.waits.end());
      for (const Output::Answer& each : out.answers) {
        answers_[each.session.number] = each.reply;
        answered.push_back(each);
      }
      const std::vector<SessionId> commits(out.commits.begin(), out.commits.end());
      out.clear();
      for (const SessionId id : commits) {
        if (hold_disk)
          unflushed.push_back(id);
        else
          db.flushed(id, out);
      }
    }
  }

  Output out;
  std::uint64_t sessions_ = 0;
  std::map<std::uint64_t, Reply> answers_;
};

}  // namespace locklab::sql
