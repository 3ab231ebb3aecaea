#include "tests/conformance/postgresql/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "real/postgresql/words.hpp"
#include "sim/services/sql/database.hpp"
#include "tests/conformance/shrink.hpp"

namespace locklab::conformance {

namespace {

using namespace std::chrono_literals;
using sql::IfLocked;
using sql::OnConflict;
using sql::Reply;
using sql::Request;
using sql::SessionId;
using sql::Table;
using sql::TimeFrom;
using sql::UntilTest;
using sql::Verb;

constexpr std::string_view kModel = "sim/services/sql/database.cpp";
constexpr std::string_view kRows = "SELECT, UPDATE, DELETE by key, value, version and time";
constexpr std::string_view kInserts = "INSERT, with each ON CONFLICT";
constexpr std::string_view kLocking = "SELECT FOR UPDATE, NOWAIT, SKIP LOCKED";
constexpr std::string_view kBlocked = "a statement that waits, and goes on";
constexpr std::string_view kRings = "a ring of waits, a lock_timeout";
constexpr std::string_view kAdvisory = "advisory locks of sessions and transactions";
constexpr std::string_view kEnds = "COMMIT, ROLLBACK, statements after an error";
constexpr std::string_view kOrder = "Who waits is served in the order of arrival";

constexpr unsigned kSessions = 3;
constexpr std::size_t kLength = 24;
constexpr std::uint64_t kSequenceFrom = 1'000'000;  // so that its numbers are no others
constexpr std::uint32_t kLockTimeoutMs = 30;
// Times are whole units apart and are compared with half units: what a program takes decides
// nothing.
constexpr std::int64_t kUnitUs = 100'000'000;
constexpr auto kAnswerLimit = 5000ms;

struct Step {
  unsigned session = 0;
  bool hangs_up = false;
  unsigned row = 0;
  unsigned word = 0;
  Request request{};  // without names; a client's times count from the program's beginning
};
using Steps = std::vector<Step>;

TimeFrom draw_time(Rng& random, std::int64_t& us, std::int64_t half) {
  us = (static_cast<std::int64_t>(random.below(5)) - 2) * kUnitUs + half;
  return random.below(3) == 0 ? TimeFrom::client : TimeFrom::now;
}

void draw_where(Rng& random, Request& request) {
  constexpr std::array kTests{UntilTest::none, UntilTest::none, UntilTest::before,
                              UntilTest::not_after, UntilTest::after};
  request.test_until = kTests[random.below(kTests.size())];
  if (request.test_until != UntilTest::none)
    request.than = draw_time(random, request.than_us, kUnitUs / 2);
  request.test_value = random.below(4) == 0;
  if (request.table == Table::data && random.below(3) == 0) {
    request.test_number = true;
    request.number = random.below(4);
  }
}

void draw_sets(Rng& random, Request& request) {
  request.set_value = random.below(3) != 0;
  if (request.table == Table::distributed_locks)
    request.from_sequence = random.below(2) == 0;
  else
    request.count = random.below(2) == 0;
  if (random.below(2) == 0) request.until = draw_time(random, request.until_us, 0);
  if (random.below(3) == 0) request.since = draw_time(random, request.since_us, 0);
  if (request.verb == Verb::update && request.since != TimeFrom::none && random.below(2) == 0) {
    request.until = TimeFrom::at_least;
    request.until_us = kUnitUs;
  }
  if (!request.set_value && !request.count && !request.from_sequence &&
      request.until == TimeFrom::none && request.since == TimeFrom::none)
    request.set_value = true;
}

Step draw_step(Rng& random) {
  constexpr std::array kVerbs{Verb::insert,
                              Verb::insert,
                              Verb::insert,
                              Verb::insert,
                              Verb::update,
                              Verb::update,
                              Verb::update,
                              Verb::erase,
                              Verb::erase,
                              Verb::select,
                              Verb::select,
                              Verb::select_for_update,
                              Verb::commit,
                              Verb::commit,
                              Verb::commit,
                              Verb::rollback,
                              Verb::advisory_lock,
                              Verb::advisory_xact_lock,
                              Verb::try_advisory_lock,
                              Verb::try_advisory_xact_lock,
                              Verb::advisory_unlock,
                              Verb::advisory_unlock,
                              Verb::select_for_update};
  constexpr std::array kTables{Table::distributed_locks, Table::distributed_locks, Table::shedlock,
                               Table::data};
  Step step;
  step.session = static_cast<unsigned>(random.below(kSessions));
  step.hangs_up = random.below(50) == 0;
  step.row = random.below(4) == 0 ? 1 : 0;  // mostly one: there they meet
  step.word = static_cast<unsigned>(random.below(3));
  Request& request = step.request;
  request.verb = kVerbs[random.below(kVerbs.size())];
  request.table = kTables[random.below(kTables.size())];
  request.in_transaction = random.below(3) != 0;
  if (random.below(4) == 0) request.lock_timeout_ms = kLockTimeoutMs;
  switch (request.verb) {
    case Verb::insert: {
      constexpr std::array kConflicts{OnConflict::fail, OnConflict::do_nothing,
                                      OnConflict::do_update, OnConflict::do_update};
      request.on_conflict = kConflicts[random.below(kConflicts.size())];
      draw_sets(random, request);
      draw_where(random, request);
      // A row without a time would compare with nothing.
      if (request.until == TimeFrom::none) request.until = draw_time(random, request.until_us, 0);
      if (request.since == TimeFrom::none) request.since = draw_time(random, request.since_us, 0);
      break;
    }
    case Verb::update:
      draw_sets(random, request);
      draw_where(random, request);
      // In which order rows draw from a sequence is the planner's business.
      request.all_rows = !request.from_sequence && random.below(6) == 0;
      break;
    case Verb::erase:
      draw_where(random, request);
      request.all_rows = random.below(3) == 0;
      break;
    case Verb::select:
      draw_where(random, request);
      break;
    case Verb::select_for_update: {
      constexpr std::array kIfLocked{IfLocked::wait, IfLocked::wait, IfLocked::nowait,
                                     IfLocked::skip};
      request.if_locked = kIfLocked[random.below(kIfLocked.size())];
      if (random.below(2) == 0) request.table = Table::mutexes;
      break;
    }
    default:
      break;
  }
  return step;
}

/// Everybody wants one row, in transactions, and asks for what it holds: who waited often finds
/// another version there than the one that it chose.
Step draw_contended_step(Rng& random) {
  constexpr std::array kVerbs{Verb::update, Verb::update,   Verb::update,
                              Verb::update, Verb::erase,    Verb::select_for_update,
                              Verb::insert, Verb::commit,   Verb::commit,
                              Verb::commit, Verb::rollback, Verb::insert};
  Step step;
  step.session = static_cast<unsigned>(random.below(kSessions));
  step.word = static_cast<unsigned>(random.below(2));
  Request& request = step.request;
  request.verb = kVerbs[random.below(kVerbs.size())];
  request.table = Table::distributed_locks;
  request.in_transaction = random.below(4) != 0;
  if (request.verb == Verb::commit || request.verb == Verb::rollback) return step;
  if (request.verb == Verb::insert || request.verb == Verb::update) draw_sets(random, request);
  if (request.verb == Verb::insert) {
    request.on_conflict = random.below(3) == 0 ? OnConflict::do_nothing : OnConflict::do_update;
    request.until = draw_time(random, request.until_us, 0);
    request.since = draw_time(random, request.since_us, 0);
  }
  draw_where(random, request);
  // A statement sets the value that it asks for, unless it asks for none.
  request.test_value = !request.set_value && random.below(2) == 0;
  return step;
}

Steps draw(Rng& random, bool contended) {
  Steps steps;
  for (std::size_t i = 0; i < kLength; ++i)
    steps.push_back(contended ? draw_contended_step(random) : draw_step(random));
  return steps;
}

std::string_view behaviour_of(Verb verb) {
  switch (verb) {
    case Verb::insert:
      return kInserts;
    case Verb::select_for_update:
      return kLocking;
    case Verb::commit:
    case Verb::rollback:
      return kEnds;
    case Verb::select:
    case Verb::update:
    case Verb::erase:
      return kRows;
    default:
      return kAdvisory;
  }
}

/// Of an answer, what both sides have: the model also says of a row that was left alone which
/// version it has, for the trace.
std::string told(const Request& request, const Reply& reply, std::int64_t base_us,
                 const Names& names) {
  if (reply.outcome != sql::Outcome::done)
    return request.verb == Verb::rollback
               ? "done"
               : fmt::format("error {}", static_cast<int>(reply.outcome));
  const std::string_view behaviour = behaviour_of(request.verb);
  if (behaviour == kAdvisory) return reply.yes ? "true" : "false";
  if (behaviour == kEnds) return "done";
  std::string text = fmt::format("{} rows", reply.rows);
  if (reply.rows != 1 || request.verb == Verb::erase || request.table == Table::mutexes)
    return text;
  text += fmt::format(" number {}", reply.number);
  if (request.verb == Verb::insert) return text;
  const std::int64_t since = reply.until_us - base_us + kUnitUs / 2 + 10'000 * kUnitUs;
  return text + fmt::format(" until {} value {}", since / kUnitUs - 10'000,
                            names.text(reply.value.as_name()));
}

std::string told(const Step& step, const Names& names, const std::string& among) {
  if (step.hangs_up) return fmt::format("session {}: hangs up", step.session);
  return fmt::format("session {}{}: {}", step.session,
                     step.request.in_transaction ? ", no autocommit" : "",
                     real::statement_of(step.request, names, among));
}

class Comparison {
 public:
  Comparison(Context& context, real::PostgreSqlServer& server, real::PostgreSqlConnection control)
      : context_(context), server_(server), control_(std::move(control)) {}

  void programs(std::uint64_t answers) {
    std::uint64_t raced = 0;
    for (std::uint64_t number = 1; compared_ < answers; ++number) {
      Rng random = context_.stream("postgresql/program", number);
      const bool zoned = number % 2 == 0;
      const Steps steps = draw(random, number % 4 >= 2);
      counting_ = true;
      const Outcome outcome = run(steps, zoned);
      counting_ = false;
      if (outcome.raced) {
        ++raced;
        context_.record.differ_as_said(kBlocked, kOrder);
      }
      if (outcome.difference.empty()) continue;
      Outcome shown = outcome;
      shrunk(steps, [&](const Steps& fewer) {
        Outcome still = run(fewer, zoned);
        const bool differs = !still.difference.empty();
        if (differs) shown = std::move(still);
        return differs;
      });
      context_.record.differ(
          shown.behaviour,
          fmt::format("seed {}, program {}:{}", context_.seed, number, shown.story), shown.model,
          shown.difference);
      return;
    }
    if (raced != 0)
      context_.record.measure(
          kBlocked, fmt::format("in {} programs two who waited for one transaction went on in the "
                                "other order",
                                raced));
  }

 private:
  struct Outcome {
    std::string difference;  // what the server did; empty: they are equal
    std::string model;
    std::string story;
    std::string_view behaviour = kRows;  // of the step at which they part
    bool raced = false;                  // they differ after two who waited were let go at once
  };
  struct Session {
    std::optional<real::PostgreSqlConnection> connection;
    SessionId id;
    Request statement{};  // the one that is under way
    bool waits = false;
    long lock_timeout = -1;  // that the server knows; -1: not known
  };
  struct Orphan {
    SessionId id;
    int pid;
  };

  // ---- one program ----

  Outcome run(const Steps& steps, bool zoned) {
    Run run{*this, zoned, fmt::format("p{}-", ++places_)};
    return run.all(steps);
  }

  class Run {
   public:
    Run(Comparison& owner, bool zoned, std::string among)
        : owner_(owner),
          zoned_(zoned),
          among_(std::move(among)),
          database_(sql::DatabaseOptions{.timestamps_with_zone = zoned}),
          out_(std::pmr::get_default_resource()) {}

    Outcome all(const Steps& steps) {
      prepare();
      for (const Step& drawn : steps) {
        if (!failed_.difference.empty()) break;
        Step step = drawn;
        Session& session = sessions_[step.session];
        if (session.waits) continue;  // its client waits for the answer
        complete(step);
        failed_.story += "\n      " + told(step, names_, among_);
        failed_.behaviour = behaviour_of(step.request.verb);
        if (step.hangs_up)
          hang_up(step.session);
        else
          execute(session, step.request);
        now_us_ += 1000;
      }
      finish();
      if (!failed_.difference.empty() && let_go_at_once_) {
        failed_.difference.clear();
        failed_.raced = true;
      }
      return std::move(failed_);
    }

   private:
    void differ(std::string model, std::string server) {
      if (!failed_.difference.empty()) return;
      failed_.model = std::move(model);
      failed_.difference = std::move(server);
    }

    void prepare() {
      const auto wall = std::chrono::system_clock::now().time_since_epoch();
      base_us_ = std::chrono::floor<std::chrono::microseconds>(wall).count();
      now_us_ = base_us_;
      const std::string schema = zoned_ ? "zoned" : "plain";
      owner_.control_.tell("SET search_path = " + schema);
      for (unsigned row = 0; row < 2; ++row)
        owner_.control_.tell(fmt::format("INSERT INTO mutexes (name) VALUES ('{}')", name_of(row)));
      owner_.control_.tell(fmt::format("SELECT setval('tokens', {})", kSequenceFrom));
      // The model's sequence goes on from the rows that it is given; the row itself goes again.
      sql::RowImage image{Table::distributed_locks, names_.intern("number"), sql::Row{}};
      image.row->number = kSequenceFrom;
      database_.put(image);
      image.row.reset();
      database_.put(image);
      for (Session& session : sessions_) open(session);
    }

    std::string name_of(unsigned row) const { return among_ + (row == 0 ? "a" : "b"); }

    void open(Session& session) {
      auto connection = owner_.server_.connect();
      if (!connection) return differ("a connection", connection.error().sentence);
      session.connection.emplace(std::move(*connection));
      session.id = SessionId{++opened_};
      session.waits = false;
      session.lock_timeout = -1;
      // Sessions do not agree about the zone.
      const std::int32_t hours = static_cast<std::int32_t>(opened_ % 3) * 2;
      session.connection->tell(fmt::format("SET search_path = {}", zoned_ ? "zoned" : "plain"));
      session.connection->tell(fmt::format("SET TIME ZONE {}", hours));
      out_.clear();
      database_.open(session.id, ProcessId{1}, hours * 3600, out_);
    }

    void complete(Step& step) {
      Request& request = step.request;
      const Session& session = sessions_[step.session];
      request.session = session.id;
      request.name = names_.intern(name_of(step.row));
      request.value = Value::name(names_.intern(fmt::format("v{}", step.word)));
      if (request.than == TimeFrom::client) request.than_us += base_us_;
      if (request.until == TimeFrom::client) request.until_us += base_us_;
      if (request.since == TimeFrom::client) request.since_us += base_us_;
      // In which order a statement comes to several rows is the planner's business.
      const auto entries = database_.entries();
      if (request.all_rows && std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
            return entry.holder && entry.holder != session.id;
          }))
        request.all_rows = false;
    }

    void execute(Session& session, const Request& request) {
      session.statement = request;
      real::PostgreSqlConnection& connection = *session.connection;
      if (connection.in_failed_transaction()) {
        session.lock_timeout = -1;
      } else if (session.lock_timeout != request.lock_timeout_ms) {
        connection.tell(fmt::format("SET lock_timeout = {}", request.lock_timeout_ms));
        session.lock_timeout = request.lock_timeout_ms;
      }
      const bool ends = request.verb == Verb::commit || request.verb == Verb::rollback;
      if (request.in_transaction && !ends && !connection.in_transaction()) connection.tell("BEGIN");
      connection.send(real::statement_of(request, names_, among_));
      if (request.verb == Verb::rollback) session.lock_timeout = -1;  // SET is taken back too

      out_.clear();
      const std::size_t waiting_before = waiting();
      database_.execute(request, now_us_, out_);
      flush();
      std::vector<sql::Output::Wait> waits(out_.waits.begin(), out_.waits.end());
      answers(&session);
      if (database_.waits(session.id)) wait(session, waits);
      note_race(waiting_before);
      check_silence();
    }

    /// The server's session waits as well; then comes what ends waits by themselves.
    void wait(Session& session, const std::vector<sql::Output::Wait>& waits) {
      session.waits = true;
      const std::string asks =
          fmt::format("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE pid = {} AND NOT granted)",
                      session.connection->pid());
      const bool blocked = real::wait_until(
          [&] {
            const auto yes = owner_.control_.ask(asks);
            return (yes && yes->last(0) == "t") || session.connection->take(0ms).has_value();
          },
          kAnswerLimit);
      if (!blocked) return differ("waits", "neither waits nor answers");
      for (const auto& one : waits) {
        if (!database_.waits(session.id)) break;
        out_.clear();
        database_.look_for_deadlock(one.arrival, out_);
        flush();
        if (!out_.answers.empty()) owner_.count(kRings);
        answers(nullptr);
        if (!database_.waits(session.id) || one.lock_timeout_ms == 0) continue;
        out_.clear();
        database_.give_up_waiting(one.arrival, out_);
        flush();
        owner_.count(kRings);
        answers(nullptr);
      }
      // The server looks for a ring only now.
      if (session.waits) session_pause();
    }

    static void session_pause() {
      real::wait_until([] { return false; }, std::chrono::milliseconds(kDeadlockTimeoutMs + 4));
    }

    void flush() {
      for (std::size_t i = 0; i < out_.commits.size(); ++i) {
        const SessionId id = out_.commits[i];
        database_.flushed(id, out_);
      }
    }

    std::size_t waiting() const {
      return static_cast<std::size_t>(
          std::count_if(sessions_.begin(), sessions_.end(), [&](const Session& session) {
            return session.connection && database_.waits(session.id);
          }));
    }

    /// Two waited, and not both do still: the server wakes all who wait for one transaction at
    /// once, and who comes first is chance.
    void note_race(std::size_t waited) {
      let_go_at_once_ = let_go_at_once_ || (waited >= 2 && waiting() < waited);
    }

    /// What the model has answered, the server answers too.
    void answers(const Session* asking) {
      const std::vector<sql::Output::Answer> all(out_.answers.begin(), out_.answers.end());
      for (const sql::Output::Answer& answer : all) {
        const auto session =
            std::find_if(sessions_.begin(), sessions_.end(),
                         [&](const Session& s) { return s.connection && s.id == answer.session; });
        if (session == sessions_.end()) continue;  // its client is gone
        const Request& request = session->statement;
        const std::string model = told(request, answer.reply, base_us_, names_);
        session->waits = false;
        if (answer.reply.outcome != sql::Outcome::done) session->lock_timeout = -1;
        const auto came = session->connection->take(kAnswerLimit);
        owner_.count(&*session == asking ? behaviour_of(request.verb) : kBlocked);
        if (!came) {
          differ(fmt::format("session {}: {}", session - sessions_.begin(), model), "no answer");
          return;
        }
        const auto reply = real::reply_of(request, *came, names_);
        const std::string server =
            reply ? told(request, *reply, base_us_, names_) : came->sentence();
        if (model != server)
          differ(fmt::format("session {}: {}", session - sessions_.begin(), model), server);
      }
      for (auto orphan = orphans_.begin(); orphan != orphans_.end();) {
        if (database_.knows(orphan->id)) {
          ++orphan;
          continue;
        }
        owner_.await_end(orphan->pid);
        orphan = orphans_.erase(orphan);
      }
    }

    /// Who waits in the model has no answer from the server.
    void check_silence() {
      for (Session& session : sessions_)
        if (session.connection && session.waits && session.connection->take(0ms))
          differ(fmt::format("session {} waits", &session - sessions_.data()), "it has an answer");
    }

    void hang_up(unsigned number) {
      Session& session = sessions_[number];
      const int pid = session.connection->pid();
      const std::size_t waiting_before = waiting();
      session.connection.reset();
      out_.clear();
      database_.close(session.id, SessionEnd::closed, out_);
      flush();
      if (database_.knows(session.id))
        orphans_.push_back({session.id, pid});
      else
        owner_.await_end(pid);
      answers(nullptr);
      note_race(waiting_before);
      open(session);
    }

    void finish() {
      std::vector<int> pids;
      for (Session& session : sessions_) {
        if (!session.connection) continue;
        pids.push_back(session.connection->pid());
        session.connection.reset();
      }
      for (const Orphan& orphan : orphans_) pids.push_back(orphan.pid);
      for (const int pid : pids)
        owner_.control_.tell(fmt::format("SELECT pg_terminate_backend({})", pid));
      for (const int pid : pids) owner_.await_end(pid);
    }

    Comparison& owner_;
    bool zoned_;
    std::string among_;
    Names names_;
    sql::Database database_;
    sql::Output out_;
    std::array<Session, kSessions> sessions_{};
    std::vector<Orphan> orphans_;
    std::uint64_t opened_ = 0;
    std::int64_t base_us_ = 0;
    std::int64_t now_us_ = 0;
    bool let_go_at_once_ = false;
    Outcome failed_;
  };

  void count(std::string_view behaviour) {
    if (!counting_) return;
    context_.record.add(behaviour);
    ++compared_;
  }

  void await_end(int pid) {
    real::wait_until(
        [&] {
          const auto there = control_.ask(
              fmt::format("SELECT count(*) FROM pg_stat_activity WHERE pid = {}", pid));
          return there && there->last(0) == "0";
        },
        kAnswerLimit);
  }

  Context& context_;
  real::PostgreSqlServer& server_;
  real::PostgreSqlConnection control_;
  std::uint64_t places_ = 0;
  std::uint64_t compared_ = 0;
  bool counting_ = false;
};

}  // namespace

void compare_programs(Context& context, real::PostgreSqlServer& server, std::uint64_t answers) {
  Record& record = context.record;
  record.describe(kRows, kModel, "rows found and changed, their number, time and value");
  record.describe(kInserts, kModel, "inserted, changed, left alone, or refused");
  record.describe(kLocking, kModel, "rows locked, or why not");
  record.describe(kBlocked, kModel, "who waits, for whom, and what it answers after that");
  record.describe(kRings, kModel, "whose statement ends with which error");
  record.describe(kAdvisory, kModel, "yes or no; levels; until when");
  record.describe(kEnds, kModel, "committed, or rolled back");
  auto control = server.connect();
  if (!control) return record.differ(kRows, "", "a connection", control.error().sentence);
  Comparison(context, server, std::move(*control)).programs(answers);
}

}  // namespace locklab::conformance
