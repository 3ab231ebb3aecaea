// The database of one server, as a value: rows, sessions, transactions and the locks between them,
// at READ COMMITTED. No loop, no network; the caller says what time it is and what has reached the
// disk [spec E; PostgreSQL manual 13.2 to 13.3, 9.28.10].
//
// - A statement chooses its rows by what was committed when it began (and by its own transaction's
//   changes). A row that another transaction has changed or locked makes it wait for that
//   transaction's end; then it locks the newest version of the row and tests WHERE again; the lock
//   stays, whatever the test says.
// - A unique key that another transaction has inserted or changed, and not yet committed, makes an
//   INSERT wait as well, ON CONFLICT or not.
// - A number of a sequence is drawn when a row's new values are worked out, which is before its
//   statement waits: an INSERT keeps it, an UPDATE draws anew if the row was changed meanwhile.
// - Who waits is served in the order of arrival. A ring of waits is no statement's business: it is
//   looked for when somebody has waited for deadlock_timeout.
// - Advisory locks belong to a session: they stack, survive a rollback, and end with the session;
//   those of transaction level end with the transaction and cannot be given back before.
//
// Left out: REPEATABLE READ and SERIALIZABLE, savepoints, shared locks, tables without a key.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/sql/protocol.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace locklab::sql {

struct Row {
  Value value{};
  std::int64_t until_us = 0;
  std::int64_t since_us = 0;
  std::uint64_t number = 0;
  // Which row it is of all that had this key, and in which version: a statement that waited goes
  // on with the newest version of the row that it had found, and with no other row.
  std::uint64_t born = 0;
  std::uint64_t version = 0;
  // For the trace; the database knows nothing of it.
  AttemptId attempt{};
  bool stands = false;  // as a lock: said to be there, and not yet said to be gone
  bool operator==(const Row&) const = default;
};

/// A row as a standby learns of it. None: deleted.
struct RowImage {
  Table table{};
  Symbol name{};
  std::optional<Row> row{};
};

/// Something that matters outside: for the trace.
struct Change {
  enum class Kind : std::uint8_t {
    stored,
    extended,
    removed,
    written,
    rejected,
    read,
    session_began,
    session_ended,
    transaction_ended,
  };
  Kind kind = Kind::stored;
  RemovalReason why = RemovalReason::deleted;
  bool flag = false;  // stored: it expires; transaction_ended: committed; written: computed from
                      // version `based_on`
  SessionEnd ended = SessionEnd::closed;
  std::uint32_t level = 0;  // of a stacked advisory lock, from 0
  ProcessId client{};
  Symbol key{};
  AttemptId attempt{};
  AttemptId by{};
  Value value{};
  std::int64_t until_us = 0;  // UTC
  std::uint64_t number = 0;   // the version, or the session
  std::uint64_t based_on = 0;
  FencingToken token{};
};

/// What came of one call: applied in order, first the changes, then the rest.
struct Output {
  struct Answer {
    SessionId session;
    Verb verb;
    Reply reply;
  };
  explicit Output(std::pmr::memory_resource* memory)
      : changes(memory), answers(memory), commits(memory), waits(memory) {}
  void clear() {
    changes.clear();
    answers.clear();
    commits.clear();
    waits.clear();
  }

  std::pmr::vector<Change> changes;
  std::pmr::vector<Answer> answers;
  /// Sessions whose commit waits for the disk: the caller answers with flushed().
  std::pmr::vector<SessionId> commits;
  /// Statements that began to wait, by arrival: the caller arms deadlock_timeout and lock_timeout.
  struct Wait {
    std::uint64_t arrival;
    std::uint32_t lock_timeout_ms;
  };
  std::pmr::vector<Wait> waits;
};

struct DatabaseOptions {
  /// Columns are timestamptz: an instant. Otherwise TIMESTAMP: the session's local digits.
  bool timestamps_with_zone = false;
  /// NOW() is the statement's time, as statement_timestamp(); otherwise its transaction's.
  bool now_is_statement = false;
  bool operator==(const DatabaseOptions&) const = default;
};

class Database {
 public:
  explicit Database(const DatabaseOptions& options = {},
                    std::pmr::memory_resource* memory = std::pmr::get_default_resource());

  // ---- what clients do ----
  void open(SessionId session, ProcessId client, std::int32_t zone_seconds, Output& out);
  bool knows(SessionId session) const { return find(session) != nullptr; }
  /// One statement of an open session. A second one while the first waits is not heard.
  void execute(const Request& request, std::int64_t now_us, Output& out);
  /// The connection is gone. A backend that waits does not notice before its statement is over.
  void close(SessionId session, SessionEnd why, Output& out);

  // ---- what the server does ----
  /// What a session's commit will change, while it waits for the disk.
  void images(SessionId session, std::pmr::vector<RowImage>& to) const;
  /// The session's commit is durable: it is visible from here on.
  void flushed(SessionId session, Output& out);
  /// deadlock_timeout has passed for a statement that may still wait.
  void look_for_deadlock(std::uint64_t arrival, Output& out);
  /// lock_timeout has passed.
  void give_up_waiting(std::uint64_t arrival, Output& out);
  /// The server died: every session ends, and what was not committed is gone.
  void crash(Output& out);
  /// A row as it stood before the run, or as the primary committed it.
  void put(const RowImage& image);
  /// Becomes what `other` has committed, and nothing else.
  void take_rows(const Database& other);

  // ---- looking ----
  struct Entry {
    Table table{};
    Symbol name{};
    std::optional<Row> committed{};
    SessionId holder{};  // has locked the row, or changed it; none: nobody
    bool written = false;
    std::optional<Row> pending{};  // while written: what the holder made of it; none: deleted
    AttemptId by{};                // for the trace: who locked or changed it last
    RemovalReason why = RemovalReason::deleted;
  };
  std::span<const Entry> entries() const { return entries_; }  // by table and name
  const Entry* find(Table table, Symbol name) const;
  /// The committed row; null if there is none.
  const Row* committed(Table table, Symbol name) const;
  bool waits(SessionId session) const;
  /// Does it hold what others may wait for: a transaction, an advisory lock?
  bool holds_something(SessionId session) const;
  std::size_t sessions() const { return sessions_.size(); }

 private:
  /// A row that a statement found when it began.
  struct Candidate {
    Symbol name;
    std::uint64_t born;
    std::uint64_t version;
  };
  struct Session {
    Session(SessionId the_id, ProcessId of, std::int64_t zone, std::pmr::memory_resource* memory)
        : id(the_id), client(of), zone_us(zone), writes(memory), candidates(memory) {}
    SessionId id;
    ProcessId client;
    std::int64_t zone_us;
    // Its transaction.
    bool open = false;    // one that only COMMIT or ROLLBACK ends
    bool failed = false;  // rolled back by an error, until the client says so too
    bool committing = false;
    std::int64_t began_us = 0;
    AttemptId attempt{};              // who acted in it last
    std::pmr::vector<Change> writes;  // to data: said when it commits
    // Its statement.
    Request statement{};
    std::int64_t statement_us = 0;
    bool waiting = false;
    bool orphan = false;  // the client is gone, and the backend has not noticed
    SessionEnd orphaned = SessionEnd::closed;
    SessionId waits_for{};
    std::uint64_t arrival = 0;
    bool chosen = false;  // candidates are
    std::size_t next = 0;
    std::pmr::vector<Candidate> candidates;
    std::uint64_t drawn = 0;  // from the sequence, for the row that is its turn; 0: nothing yet
    Reply reply{};
  };
  struct Advisory {
    Symbol key;
    SessionId session;
    AttemptId attempt;
    bool of_transaction = false;
    std::uint32_t level = 0;
  };
  enum class Progress : std::uint8_t { finished, blocked };

  Session* find(SessionId id);
  const Session* find(SessionId id) const { return const_cast<Database*>(this)->find(id); }
  Entry* find_entry(Table table, Symbol name);
  Entry& make_entry(Table table, Symbol name);
  void drop_if_empty(Table table, Symbol name);

  std::int64_t now_of(const Session& session) const;
  std::int64_t utc(std::int64_t stored_us, const Session& session) const;
  std::int64_t stored(TimeFrom from, std::int64_t us, const Session& session, const Row* row) const;
  bool matches(const Row& row, const Session& session) const;
  const std::optional<Row>& visible(const Entry& entry, const Session& session) const;

  void proceed(Session& session, Output& out);
  Progress run(Session& session, Output& out);
  Progress run_on_rows(Session& session, Output& out);
  Progress run_insert(Session& session, Output& out);
  Progress run_advisory(Session& session, Output& out);
  void run_select(Session& session, Output& out);
  void change(Entry& entry, Session& session, Output& out);
  void remove(Entry& entry, Session& session, Output& out);
  Row changed(const Row* before, Session& session);
  void lock(Entry& entry, Session& session, Output& out);
  static Progress block(Session& session, SessionId holder);

  void begin_commit(Session& session, Output& out);
  void finish_commit(Session& session, Output& out);
  void publish(Entry& entry, Session& session, Output& out);
  void roll_back(Session& session, RemovalReason why, Output& out);
  void fail(Session& session, Outcome outcome, Output& out);
  void answer(Session& session, Output& out);
  void end(SessionId id, SessionEnd why, Output& out);
  void release_advisory(SessionId session, bool of_transaction_only, RemovalReason why,
                        Output& out);
  /// Lets those who waited for what was released go on, in the order of their arrival.
  void settle(Output& out);
  void say_stored(Symbol name, const Row& row, const Session& session, Output& out);
  static void say_removed(Symbol name, const Row& row, AttemptId by, RemovalReason why,
                          Output& out);

  DatabaseOptions options_;
  std::pmr::memory_resource* memory_;
  std::pmr::vector<Entry> entries_;      // sorted by table and name
  std::pmr::vector<Session> sessions_;   // by id
  std::pmr::vector<Advisory> advisory_;  // in the order of granting
  std::uint64_t arrivals_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t births_ = 0;
  bool released_ = false;  // something that others may wait for
};

}  // namespace locklab::sql
