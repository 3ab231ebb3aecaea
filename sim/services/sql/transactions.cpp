// How transactions and sessions end: what others see then, whose locks are free, who goes on; and
// what a crash leaves.
#include <algorithm>

#include "sim/services/sql/database.hpp"

namespace locklab::sql {

void Database::begin_commit(Session& session, Output& out) {
  const bool wrote = std::ranges::any_of(
      entries_, [&](const Entry& entry) { return entry.holder == session.id && entry.written; });
  if (!wrote) return finish_commit(session, out);
  session.committing = true;
  out.commits.push_back(session.id);
}

void Database::images(SessionId session, std::pmr::vector<RowImage>& to) const {
  for (const Entry& entry : entries_)
    if (entry.holder == session && entry.written)
      to.push_back({entry.table, entry.name, entry.pending});
}

void Database::flushed(SessionId id, Output& out) {
  Session* session = find(id);
  if (session == nullptr || !session->committing) return;
  session->committing = false;
  finish_commit(*session, out);
  settle(out);
}

void Database::finish_commit(Session& session, Output& out) {
  for (Entry& entry : entries_)
    if (entry.holder == session.id) publish(entry, session, out);
  std::erase_if(entries_, [](const Entry& entry) { return !entry.holder && !entry.committed; });
  out.changes.insert(out.changes.end(), session.writes.begin(), session.writes.end());
  session.writes.clear();
  release_advisory(session.id, true, RemovalReason::deleted, out);
  released_ = true;
  if (session.open)
    out.changes.push_back({.kind = Change::Kind::transaction_ended,
                           .flag = true,
                           .client = session.client,
                           .attempt = session.attempt});
  session.open = false;
  answer(session, out);
}

/// One row of a transaction that commits: what others see from here on.
void Database::publish(Entry& entry, Session& session, Output& out) {
  entry.holder = {};
  if (entry.table == Table::mutexes)
    say_removed(entry.name, Row{.attempt = entry.by}, entry.by, RemovalReason::deleted, out);
  if (!entry.written) return;
  entry.written = false;
  const std::optional<Row> before = entry.committed;
  entry.committed = entry.pending;
  entry.pending.reset();
  if (entry.table == Table::data) return;
  if (!entry.committed) {
    if (before && before->stands) say_removed(entry.name, *before, entry.by, entry.why, out);
    return;
  }
  Row& after = *entry.committed;
  if (!before || before->attempt != after.attempt || !after.stands ||
      before->until_us == after.until_us)
    return;
  // Its end was set anew: a release if that is past by now, else more (or less) time.
  const std::int64_t until = utc(after.until_us, session);
  if (until <= session.statement_us) {
    after.stands = false;
    say_removed(entry.name, after, entry.by, RemovalReason::deleted, out);
  } else {
    out.changes.push_back({.kind = Change::Kind::extended,
                           .key = entry.name,
                           .attempt = after.attempt,
                           .by = entry.by,
                           .value = after.value,
                           .until_us = until});
  }
}

void Database::roll_back(Session& session, RemovalReason why, Output& out) {
  const AttemptId by = why == RemovalReason::deleted ? session.attempt : AttemptId{};
  for (Entry& entry : entries_) {
    if (entry.holder != session.id) continue;
    entry.holder = {};
    if (entry.table == Table::mutexes)
      say_removed(entry.name, Row{.attempt = entry.by}, by, why, out);
    if (!entry.written) continue;
    entry.written = false;
    const bool own = entry.pending && entry.pending->stands &&
                     (!entry.committed || entry.committed->attempt != entry.pending->attempt);
    if (own) say_removed(entry.name, *entry.pending, by, why, out);
    entry.pending.reset();
  }
  std::erase_if(entries_, [](const Entry& entry) { return !entry.holder && !entry.committed; });
  session.writes.clear();
  release_advisory(session.id, true, why, out);
  released_ = true;
  if (session.open)
    out.changes.push_back({.kind = Change::Kind::transaction_ended,
                           .client = session.client,
                           .attempt = session.attempt});
  session.open = false;
}

// An error ends the transaction at once, and with it its locks; the client has yet to say ROLLBACK.
void Database::fail(Session& session, Outcome outcome, Output& out) {
  const bool open = session.open;
  roll_back(session, RemovalReason::deleted, out);
  session.open = session.failed = open;
  session.reply = {};
  session.reply.outcome = outcome;
  answer(session, out);
}

void Database::answer(Session& session, Output& out) {
  out.answers.push_back({session.id, session.statement.verb, session.reply});
}

void Database::release_advisory(SessionId session, bool of_transaction_only, RemovalReason why,
                                Output& out) {
  std::erase_if(advisory_, [&](const Advisory& lock) {
    if (lock.session != session || (of_transaction_only && !lock.of_transaction)) return false;
    out.changes.push_back({.kind = Change::Kind::removed,
                           .why = why,
                           .level = lock.level,
                           .key = lock.key,
                           .attempt = lock.attempt,
                           .by = why == RemovalReason::deleted ? lock.attempt : AttemptId{}});
    released_ = true;
    return true;
  });
}

void Database::end(SessionId id, SessionEnd why, Output& out) {
  Session* session = find(id);
  if (session == nullptr) return;
  roll_back(*session, RemovalReason::session, out);
  release_advisory(id, false, RemovalReason::session, out);
  out.changes.push_back({.kind = Change::Kind::session_ended,
                         .ended = why,
                         .client = session->client,
                         .number = id.number});
  std::erase_if(sessions_, [id](const Session& each) { return each.id == id; });
}

void Database::close(SessionId id, SessionEnd why, Output& out) {
  Session* session = find(id);
  if (session == nullptr) return;
  if (session->waiting || session->committing) {
    session->orphan = true;
    session->orphaned = why;
    return;
  }
  end(id, why, out);
  settle(out);
}

void Database::settle(Output& out) {
  const auto next_after = [this](std::uint64_t arrival) {
    Session* next = nullptr;
    for (Session& session : sessions_)
      if (session.waiting && session.arrival > arrival &&
          (next == nullptr || session.arrival < next->arrival))
        next = &session;
    return next;
  };
  const auto bury_orphans = [this, &out] {
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
      const Session& session = sessions_[i];
      if (!session.orphan || session.waiting || session.committing) continue;
      end(session.id, session.orphaned, out);
      --i;
    }
  };
  bury_orphans();
  while (released_) {
    released_ = false;
    std::uint64_t arrival = 0;
    while (Session* next = next_after(arrival)) {
      arrival = next->arrival;
      proceed(*next, out);
    }
    bury_orphans();
  }
}

// ---- what the server does -----------------------------------------------------------------------

// Who waits, waits for one transaction: the ring, if there is one, is a chain that comes back.
void Database::look_for_deadlock(std::uint64_t arrival, Output& out) {
  for (Session& session : sessions_) {
    if (!session.waiting || session.arrival != arrival) continue;
    const Session* other = find(session.waits_for);
    for (std::size_t steps = 0; steps <= sessions_.size(); ++steps) {
      if (other == nullptr || !other->waiting) return;
      if (other->waits_for == session.id) {
        session.waiting = false;
        fail(session, Outcome::deadlock_detected, out);
        settle(out);
        return;
      }
      other = find(other->waits_for);
    }
    return;
  }
}

void Database::give_up_waiting(std::uint64_t arrival, Output& out) {
  for (Session& session : sessions_) {
    if (!session.waiting || session.arrival != arrival) continue;
    session.waiting = false;
    fail(session, Outcome::lock_not_available, out);
    settle(out);
    return;
  }
}

void Database::crash(Output& out) {
  while (!sessions_.empty()) end(sessions_.front().id, SessionEnd::invalidated, out);
  released_ = false;
}

void Database::put(const RowImage& image) {
  Entry& entry = make_entry(image.table, image.name);
  entry.committed = image.row;
  if (image.row && image.table == Table::distributed_locks)
    sequence_ = std::max(sequence_, image.row->number);
  if (image.row) births_ = std::max(births_, image.row->born);
  if (!entry.committed && !entry.holder)
    std::erase_if(entries_, [&](const Entry& each) {
      return each.table == image.table && each.name == image.name;
    });
}

void Database::take_rows(const Database& other) {
  entries_.clear();
  sequence_ = other.sequence_;
  births_ = other.births_;
  for (const Entry& entry : other.entries_)
    if (entry.committed)
      entries_.push_back({.table = entry.table, .name = entry.name, .committed = entry.committed});
}

}  // namespace locklab::sql
