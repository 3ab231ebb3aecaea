#include "sim/services/sql/database.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "sim/assert.hpp"

namespace locklab::sql {

namespace {

bool is_lock_table(Table table) { return table != Table::data; }

bool comes_before(const Database::Entry& entry, const std::pair<Table, Symbol>& key) {
  return std::tie(entry.table, entry.name) < std::tie(key.first, key.second);
}

}  // namespace

Database::Database(const DatabaseOptions& options, std::pmr::memory_resource* memory)
    : options_(options), memory_(memory), entries_(memory), sessions_(memory), advisory_(memory) {}

// ---- looking up ---------------------------------------------------------------------------------

Database::Entry* Database::find_entry(Table table, Symbol name) {
  const auto place =
      std::lower_bound(entries_.begin(), entries_.end(), std::pair(table, name), comes_before);
  return place != entries_.end() && place->table == table && place->name == name ? &*place
                                                                                 : nullptr;
}

const Database::Entry* Database::find(Table table, Symbol name) const {
  return const_cast<Database*>(this)->find_entry(table, name);
}

const Row* Database::committed(Table table, Symbol name) const {
  const Entry* entry = find(table, name);
  return entry != nullptr && entry->committed ? &*entry->committed : nullptr;
}

Database::Entry& Database::make_entry(Table table, Symbol name) {
  if (Entry* entry = find_entry(table, name)) return *entry;
  const auto place =
      std::lower_bound(entries_.begin(), entries_.end(), std::pair(table, name), comes_before);
  return *entries_.insert(place, Entry{.table = table, .name = name});
}

Database::Session* Database::find(SessionId id) {
  const auto place = std::lower_bound(
      sessions_.begin(), sessions_.end(), id,
      [](const Session& session, SessionId wanted) { return session.id < wanted; });
  return place != sessions_.end() && place->id == id ? &*place : nullptr;
}

bool Database::waits(SessionId id) const {
  const Session* session = find(id);
  return session != nullptr && session->waiting;
}

bool Database::holds_something(SessionId id) const {
  const Session* session = find(id);
  if (session == nullptr) return false;
  return session->open ||
         std::ranges::any_of(advisory_, [id](const Advisory& lock) { return lock.session == id; });
}

// ---- times --------------------------------------------------------------------------------------

std::int64_t Database::now_of(const Session& session) const {
  return options_.now_is_statement ? session.statement_us : session.began_us;
}

// A TIMESTAMP holds the digits of a clock in the zone of the session that wrote it; who reads it
// takes them for its own zone's [spec E.1; corpus 86].
std::int64_t Database::utc(std::int64_t stored_us, const Session& session) const {
  return options_.timestamps_with_zone ? stored_us : stored_us - session.zone_us;
}

std::int64_t Database::stored(TimeFrom from, std::int64_t us, const Session& session,
                              const Row* row) const {
  std::int64_t at = us;
  if (from == TimeFrom::now) at += now_of(session);
  if (from == TimeFrom::at_least)
    at = std::max(now_of(session), row == nullptr ? 0 : utc(row->since_us, session) + us);
  return options_.timestamps_with_zone ? at : at + session.zone_us;
}

bool Database::matches(const Row& row, const Session& session) const {
  const Request& where = session.statement;
  if (where.test_value && row.value != where.value) return false;
  if (where.test_number && row.number != where.number) return false;
  const std::int64_t until = utc(row.until_us, session);
  const std::int64_t than =
      where.than == TimeFrom::now ? now_of(session) + where.than_us : where.than_us;
  switch (where.test_until) {
    case UntilTest::none:
      return true;
    case UntilTest::before:
      return until < than;
    case UntilTest::not_after:
      return until <= than;
    case UntilTest::after:
      return until > than;
  }
  return false;
}

const std::optional<Row>& Database::visible(const Entry& entry, const Session& session) const {
  return entry.holder == session.id && entry.written ? entry.pending : entry.committed;
}

// ---- sessions and their statements --------------------------------------------------------------

void Database::open(SessionId id, ProcessId client, std::int32_t zone_seconds, Output& out) {
  LOCKLAB_ASSERT(find(id) == nullptr);
  const auto place = std::lower_bound(
      sessions_.begin(), sessions_.end(), id,
      [](const Session& session, SessionId wanted) { return session.id < wanted; });
  sessions_.insert(place, Session(id, client, std::int64_t{zone_seconds} * 1'000'000, memory_));
  out.changes.push_back(
      {.kind = Change::Kind::session_began, .client = client, .number = id.number});
}

void Database::execute(const Request& request, std::int64_t now_us, Output& out) {
  Session* found = find(request.session);
  LOCKLAB_ASSERT(found != nullptr);
  Session& session = *found;
  if (session.waiting || session.committing) return;
  session.statement = request;
  session.statement_us = now_us;
  session.reply = {};
  session.chosen = false;
  session.drawn = 0;
  if (request.attempt) session.attempt = request.attempt;

  if (session.failed) {
    const bool over = request.verb == Verb::commit || request.verb == Verb::rollback;
    session.reply.outcome = over ? Outcome::rolled_back : Outcome::failed_transaction;
    if (over) session.failed = session.open = false;
    answer(session, out);
    return;
  }
  if (!session.open) session.began_us = now_us;
  if (request.verb == Verb::commit) {
    begin_commit(session, out);
  } else if (request.verb == Verb::rollback) {
    roll_back(session, RemovalReason::deleted, out);
    answer(session, out);
  } else {
    session.open = session.open || request.in_transaction;
    session.arrival = ++arrivals_;
    proceed(session, out);
  }
  settle(out);
}

void Database::proceed(Session& session, Output& out) {
  const bool waited = session.waiting;
  session.waiting = run(session, out) == Progress::blocked;
  if (session.waiting) {
    if (!waited) out.waits.push_back({session.arrival, session.statement.lock_timeout_ms});
    return;
  }
  if (session.reply.outcome != Outcome::done)
    fail(session, session.reply.outcome, out);
  else if (session.open)
    answer(session, out);
  else
    begin_commit(session, out);
}

Database::Progress Database::run(Session& session, Output& out) {
  switch (session.statement.verb) {
    case Verb::select:
      run_select(session, out);
      return Progress::finished;
    case Verb::select_for_update:
    case Verb::update:
    case Verb::erase:
      return run_on_rows(session, out);
    case Verb::insert:
      return run_insert(session, out);
    case Verb::try_advisory_lock:
    case Verb::advisory_lock:
    case Verb::try_advisory_xact_lock:
    case Verb::advisory_xact_lock:
    case Verb::advisory_unlock:
      return run_advisory(session, out);
    case Verb::commit:
    case Verb::rollback:
    case Verb::terminate:
      break;
  }
  LOCKLAB_ASSERT(!"no statement on rows");
  return Progress::finished;
}

Database::Progress Database::block(Session& session, SessionId holder) {
  session.waits_for = holder;
  return Progress::blocked;
}

void Database::run_select(Session& session, Output& out) {
  const Request& request = session.statement;
  const Entry* entry = find(request.table, request.name);
  const std::optional<Row> row = entry == nullptr ? std::nullopt : visible(*entry, session);
  if (row && matches(*row, session)) {
    session.reply.rows = 1;
    session.reply.number = row->number;
    session.reply.until_us = utc(row->until_us, session);
    session.reply.value = row->value;
  }
  if (request.table == Table::data)
    out.changes.push_back({.kind = Change::Kind::read,
                           .key = request.name,
                           .attempt = request.attempt,
                           .value = session.reply.value,
                           .number = session.reply.number,
                           .token = request.token});
}

// UPDATE, DELETE and SELECT ... FOR UPDATE. Which rows it is about is settled when it begins; each
// is looked at again when its turn comes, in the newest version [PostgreSQL manual 13.2.1].
Database::Progress Database::run_on_rows(Session& session, Output& out) {
  const Request& request = session.statement;
  if (!session.chosen) {
    session.chosen = true;
    session.next = 0;
    session.candidates.clear();
    // Model: the row that SELECT ... FOR UPDATE locks has always been there.
    if (request.table == Table::mutexes && !request.all_rows)
      if (Entry& entry = make_entry(request.table, request.name); !entry.committed)
        entry.committed = Row{};
    for (const Entry& entry : entries_) {
      if (entry.table != request.table || (!request.all_rows && entry.name != request.name))
        continue;
      const std::optional<Row>& row = visible(entry, session);
      if (row && matches(*row, session))
        session.candidates.push_back({entry.name, row->born, row->version});
    }
  }
  for (; session.next < session.candidates.size(); ++session.next) {
    const Candidate& candidate = session.candidates[session.next];
    Entry* entry = find_entry(request.table, candidate.name);
    if (entry == nullptr) continue;  // deleted, and that is committed
    if (request.from_sequence && session.drawn == 0) session.drawn = ++sequence_;
    if (entry->holder && entry->holder != session.id) {
      if (request.if_locked == IfLocked::wait) return block(session, entry->holder);
      if (request.if_locked == IfLocked::skip) continue;
      session.reply.outcome = Outcome::lock_not_available;
      return Progress::finished;
    }
    const std::optional<Row> newest = visible(*entry, session);
    const std::uint64_t drawn = std::exchange(session.drawn, 0);
    if (!newest || newest->born != candidate.born) continue;
    // A newer version is locked before it is tested, and stays locked; the new values of the row
    // are worked out again [EvalPlanQual].
    if (newest->version != candidate.version)
      lock(*entry, session, out);
    else
      session.drawn = drawn;
    if (!matches(*newest, session)) continue;
    ++session.reply.rows;
    if (request.verb == Verb::erase)
      remove(*entry, session, out);
    else if (request.verb == Verb::update)
      change(*entry, session, out);
    else
      lock(*entry, session, out);
    const std::optional<Row>& after = visible(*entry, session);
    if (!after) continue;
    session.reply.number = after->number;
    session.reply.until_us = utc(after->until_us, session);
    session.reply.value = after->value;
  }
  if (request.table == Table::data && request.verb == Verb::update && session.reply.rows == 0) {
    const Entry* entry = find(request.table, request.name);
    out.changes.push_back({.kind = Change::Kind::rejected,
                           .key = request.name,
                           .attempt = request.attempt,
                           .value = request.value,
                           .token = request.token});
    if (entry != nullptr && entry->committed) session.reply.number = entry->committed->number;
  }
  return Progress::finished;
}

Database::Progress Database::run_insert(Session& session, Output& out) {
  const Request& request = session.statement;
  if (request.from_sequence && session.drawn == 0) session.drawn = ++sequence_;
  Entry& entry = make_entry(request.table, request.name);
  const bool others = entry.holder && entry.holder != session.id;
  // A key that somebody has put in, changed or taken out, and not yet committed: whether there is a
  // conflict is not known before that transaction ends.
  if (others && entry.written) return block(session, entry.holder);

  const std::optional<Row> row = visible(entry, session);
  if (!row) {
    change(entry, session, out);
    session.reply.rows = 1;
    session.reply.number = entry.pending->number;
    return Progress::finished;
  }
  if (request.on_conflict == OnConflict::fail) {
    session.reply.outcome = Outcome::unique_violation;
    return Progress::finished;
  }
  if (request.on_conflict == OnConflict::do_nothing) return Progress::finished;

  // DO UPDATE locks the row, whatever its WHERE then says.
  if (others) return block(session, entry.holder);
  lock(entry, session, out);
  session.reply.value = row->value;
  session.reply.number = row->number;
  if (!matches(*row, session)) return Progress::finished;
  session.drawn = 0;  // that was for VALUES; SET draws its own
  change(entry, session, out);
  session.reply.rows = 1;
  session.reply.number = entry.pending->number;
  session.reply.value = entry.pending->value;
  return Progress::finished;
}

Database::Progress Database::run_advisory(Session& session, Output& out) {
  const Request& request = session.statement;
  const Verb verb = request.verb;
  if (verb == Verb::advisory_unlock) {
    // One level of the session's own; of whom it was, the database does not know.
    auto mine = advisory_.end();
    for (auto lock = advisory_.begin(); lock != advisory_.end(); ++lock) {
      if (lock->key != request.name || lock->session != session.id || lock->of_transaction)
        continue;
      if (mine == advisory_.end() || mine->attempt != request.attempt) mine = lock;
    }
    session.reply.yes = mine != advisory_.end();
    if (!session.reply.yes) return Progress::finished;
    out.changes.push_back({.kind = Change::Kind::removed,
                           .level = mine->level,
                           .key = mine->key,
                           .attempt = mine->attempt,
                           .by = request.attempt});
    advisory_.erase(mine);
    released_ = true;
    return Progress::finished;
  }

  std::uint32_t level = 0;
  for (const Advisory& lock : advisory_) {
    if (lock.key != request.name) continue;
    if (lock.session != session.id) {
      const bool tries = verb == Verb::try_advisory_lock || verb == Verb::try_advisory_xact_lock;
      return tries ? Progress::finished : block(session, lock.session);
    }
    level = std::max(level, lock.level + 1);
  }
  const bool xact = verb == Verb::try_advisory_xact_lock || verb == Verb::advisory_xact_lock;
  advisory_.push_back({request.name, session.id, request.attempt, xact, level});
  session.reply.yes = true;
  out.changes.push_back({.kind = Change::Kind::stored,
                         .level = level,
                         .key = request.name,
                         .attempt = request.attempt,
                         .value = Value::integer(static_cast<std::int64_t>(session.id.number))});
  return Progress::finished;
}

// ---- rows ---------------------------------------------------------------------------------------

void Database::lock(Entry& entry, Session& session, Output& out) {
  if (entry.holder == session.id) return;
  entry.holder = session.id;
  entry.by = session.statement.attempt;
  if (entry.table != Table::mutexes) return;
  out.changes.push_back({.kind = Change::Kind::stored,
                         .key = entry.name,
                         .attempt = entry.by,
                         .value = Value::integer(static_cast<std::int64_t>(session.id.number))});
}

Row Database::changed(const Row* before, Session& session) {
  const Request& request = session.statement;
  Row row = before == nullptr ? Row{} : *before;
  if (before == nullptr) row.born = ++births_;
  ++row.version;
  if (request.until != TimeFrom::none)
    row.until_us = stored(request.until, request.until_us, session, before);
  if (request.since != TimeFrom::none)
    row.since_us = stored(request.since, request.since_us, session, before);
  if (request.count) ++row.number;
  if (request.from_sequence) {
    // Never given back, not by a rollback either.
    row.number = session.drawn != 0 ? session.drawn : ++sequence_;
    session.drawn = 0;
  }
  if (request.set_value || before == nullptr) {
    row.value = request.value;
    row.attempt = request.attempt;
  }
  return row;
}

void Database::change(Entry& entry, Session& session, Output& out) {
  const Request& request = session.statement;
  const std::optional<Row> before = visible(entry, session);
  Row after = changed(before ? &*before : nullptr, session);
  entry.holder = session.id;
  entry.written = true;
  entry.by = request.attempt;
  entry.why = RemovalReason::deleted;
  const bool taken = is_lock_table(entry.table) && (!before || request.set_value);
  if (taken) {
    // Whose lock it was loses it here; nobody else can have it before this transaction ends.
    if (before && before->stands) {
      const bool over = utc(before->until_us, session) <= session.statement_us;
      say_removed(entry.name, *before, request.attempt,
                  over ? RemovalReason::expired : RemovalReason::overwritten, out);
      if (entry.committed) entry.committed->stands = false;
    }
    after.stands = true;
    say_stored(entry.name, after, session, out);
  }
  entry.pending = after;
  if (entry.table == Table::data)
    session.writes.push_back({.kind = Change::Kind::written,
                              .flag = request.read_modify_write,
                              .key = entry.name,
                              .attempt = request.attempt,
                              .value = after.value,
                              .number = after.number,
                              .based_on = request.read_modify_write ? request.number : 0,
                              .token = request.token});
}

void Database::remove(Entry& entry, Session& session, Output& out) {
  const Request& request = session.statement;
  if (entry.holder == session.id && entry.written && entry.pending && entry.pending->stands &&
      (!entry.committed || entry.committed->attempt != entry.pending->attempt))
    say_removed(entry.name, *entry.pending, request.attempt, RemovalReason::deleted, out);
  entry.holder = session.id;
  entry.written = true;
  entry.pending.reset();
  entry.by = request.attempt;
  // A clean-up goes by the time alone: the lock had expired, in the eyes of that session.
  entry.why =
      request.test_until == UntilTest::none ? RemovalReason::deleted : RemovalReason::expired;
}

void Database::say_stored(Symbol name, const Row& row, const Session& session, Output& out) {
  out.changes.push_back({.kind = Change::Kind::stored,
                         .flag = true,
                         .key = name,
                         .attempt = row.attempt,
                         .value = row.value,
                         .until_us = utc(row.until_us, session)});
}

void Database::say_removed(Symbol name, const Row& row, AttemptId by, RemovalReason why,
                           Output& out) {
  const bool somebodys = why == RemovalReason::deleted || why == RemovalReason::overwritten;
  out.changes.push_back({.kind = Change::Kind::removed,
                         .why = why,
                         .key = name,
                         .attempt = row.attempt,
                         .by = somebodys ? by : AttemptId{},
                         .value = row.value});
}

}  // namespace locklab::sql
