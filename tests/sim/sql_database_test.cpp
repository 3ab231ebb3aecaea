// The database's rules, one at a time [spec E; PostgreSQL manual 9.28.10, 13.2, 13.3, 9.9.5].
#include <doctest/doctest.h>

#include "sim/rng.hpp"
#include "tests/support/sql_desk.hpp"

namespace locklab::sql {
namespace {

constexpr Symbol kLock{1};
constexpr Symbol kOther{2};
constexpr std::int64_t kSecond = 1'000'000;
const Value kA = Value::integer(1);
const Value kB = Value::integer(2);

Request insert(const Value& owner, std::int64_t until_us, bool in_transaction = false) {
  Request request;
  request.verb = Verb::insert;
  request.table = Table::distributed_locks;
  request.on_conflict = OnConflict::do_nothing;
  request.in_transaction = in_transaction;
  request.name = kLock;
  request.value = owner;
  request.until = TimeFrom::client;
  request.until_us = until_us;
  return request;
}

Request upsert(const Value& owner, std::int64_t ttl_us) {
  Request request = insert(owner, ttl_us);
  request.on_conflict = OnConflict::do_update;
  request.set_value = request.count = true;
  request.until = TimeFrom::now;
  request.test_until = UntilTest::not_after;
  return request;
}

Request cleanup(bool in_transaction = false) {
  Request request;
  request.verb = Verb::erase;
  request.table = Table::distributed_locks;
  request.all_rows = true;
  request.test_until = UntilTest::before;
  request.in_transaction = in_transaction;
  return request;
}

Request extend(const Value& owner, std::int64_t until_us, bool in_transaction = false) {
  Request request = insert(owner, until_us, in_transaction);
  request.verb = Verb::update;
  request.test_value = true;
  return request;
}

Request for_update(Symbol name, bool in_transaction = true) {
  Request request;
  request.verb = Verb::select_for_update;
  request.table = Table::mutexes;
  request.name = name;
  request.in_transaction = in_transaction;
  return request;
}

Request select(Symbol name = kLock) {
  Request request;
  request.name = name;
  return request;
}

/// UPDATE data SET value, version = version + 1 WHERE name AND version = ?
Request compare_and_set(std::uint64_t version, std::int64_t value, bool in_transaction = false) {
  Request request;
  request.verb = Verb::update;
  request.name = kLock;
  request.test_number = true;
  request.number = version;
  request.set_value = request.count = request.read_modify_write = true;
  request.value = Value::integer(value);
  request.in_transaction = in_transaction;
  return request;
}

Request advisory(Verb verb, bool in_transaction = false, Symbol key = kLock) {
  Request request;
  request.verb = verb;
  request.name = key;
  request.in_transaction = in_transaction;
  return request;
}

/// How many changes of a kind have been said so far.
std::size_t said(const Desk& desk, Change::Kind kind) {
  return static_cast<std::size_t>(std::ranges::count_if(
      desk.changes, [kind](const Change& change) { return change.kind == kind; }));
}

}  // namespace

// ---- the unique key -----------------------------------------------------------------------------

TEST_CASE("ON CONFLICT DO NOTHING says 0 rows at once where the row is committed [spec E.1]") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  CHECK(desk.run(a, insert(kA, 10 * kSecond))->rows == 1);
  const auto second = desk.run(b, insert(kB, 10 * kSecond));
  REQUIRE(second);
  CHECK(second->rows == 0);
  CHECK(desk.db.committed(Table::distributed_locks, kLock)->value == kA);
}

TEST_CASE(
    "an uncommitted row makes others wait; they see what became of it [spec E.1; corpus 87]") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  CHECK(desk.run(a, insert(kA, 10 * kSecond, true))->rows == 1);
  CHECK(desk.db.committed(Table::distributed_locks, kLock) == nullptr);
  CHECK_FALSE(desk.run(b, insert(kB, 10 * kSecond)));  // neither 1 nor 0: it waits
  CHECK(desk.db.waits(b));
  SUBCASE("commit: there is a conflict, and nothing is done") {
    desk.commit(a);
    REQUIRE(desk.answer(b));
    CHECK(desk.answer(b)->rows == 0);
  }
  SUBCASE("rollback: the row was never there") {
    desk.rollback(a);
    REQUIRE(desk.answer(b));
    CHECK(desk.answer(b)->rows == 1);
  }
  SUBCASE("the connection ends, and with it the transaction") {
    desk.close(a);
    REQUIRE(desk.answer(b));
    CHECK(desk.answer(b)->rows == 1);
    CHECK(desk.db.committed(Table::distributed_locks, kLock)->value == kB);
  }
}

TEST_CASE("a row that is being deleted makes an INSERT wait as well") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.run(a, insert(kA, 1 * kSecond));
  desk.now_us = 2 * kSecond;
  CHECK(desk.run(a, cleanup(true))->rows == 1);
  CHECK_FALSE(desk.run(b, insert(kB, 12 * kSecond)));
  desk.commit(a);
  CHECK(desk.answer(b)->rows == 1);
}

TEST_CASE("a plain INSERT of a key that is there is an error, and the transaction with it") {
  Desk desk;
  const SessionId a = desk.session();
  desk.run(a, insert(kA, kSecond));
  Request plain = insert(kB, kSecond, true);
  plain.on_conflict = OnConflict::fail;
  CHECK(desk.run(a, plain)->outcome == Outcome::unique_violation);
  CHECK(desk.run(a, select())->outcome == Outcome::failed_transaction);
  CHECK(desk.commit(a)->outcome == Outcome::rolled_back);
  CHECK(desk.run(a, select())->outcome == Outcome::done);
}

TEST_CASE("the upsert: one owner at a time, a token that grows, a row that stays [spec E.2]") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  CHECK(desk.run(a, upsert(kA, 10 * kSecond))->number == 1);
  desk.now_us = 10 * kSecond - 1;
  CHECK(desk.run(b, upsert(kB, 10 * kSecond))->rows == 0);
  desk.now_us = 10 * kSecond;  // expires_at <= NOW()
  const auto taken = desk.run(b, upsert(kB, 10 * kSecond));
  CHECK(taken->rows == 1);
  CHECK(taken->number == 2);
  CHECK(desk.run(a, extend(kA, 99 * kSecond))->rows == 0);
}

// ---- READ COMMITTED -----------------------------------------------------------------------------

TEST_CASE("a clean-up that races an extension does not delete the extended row [spec E.1]") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.run(a, insert(kA, 1 * kSecond));
  desk.now_us = 2 * kSecond;
  CHECK(desk.run(a, extend(kA, 12 * kSecond, true))->rows == 1);  // not committed
  CHECK_FALSE(desk.run(b, cleanup()));  // it saw the old row, expired, and waits for the new one
  desk.commit(a);
  REQUIRE(desk.answer(b));
  CHECK(desk.answer(b)->rows == 0);
  CHECK(desk.db.committed(Table::distributed_locks, kLock)->until_us == 12 * kSecond);
}

TEST_CASE("rows that come to match while a statement waits are not its rows") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  const SessionId c = desk.session();
  desk.put(Table::distributed_locks, kLock, {.value = kA, .until_us = 1 * kSecond});
  desk.put(Table::distributed_locks, kOther, {.value = kB, .until_us = 90 * kSecond});
  desk.now_us = 2 * kSecond;
  desk.run(a, extend(kA, 1 * kSecond, true));
  CHECK_FALSE(desk.run(b, cleanup()));
  Request shorten = extend(kB, 1 * kSecond);
  shorten.name = kOther;
  CHECK(desk.run(c, shorten)->rows == 1);
  desk.commit(a);
  CHECK(desk.answer(b)->rows == 1);  // the one that it began with
  CHECK(desk.db.committed(Table::distributed_locks, kOther) != nullptr);
}

TEST_CASE("a key that is deleted and put in anew is another row to whom waited for the old one") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.run(a, insert(kA, 1 * kSecond));
  desk.now_us = 2 * kSecond;
  desk.run(a, cleanup(true));
  CHECK(desk.run(a, insert(kB, 1 * kSecond, true))->rows == 1);
  CHECK_FALSE(desk.run(b, cleanup()));
  desk.commit(a);
  REQUIRE(desk.answer(b));
  CHECK(desk.answer(b)->rows == 0);
  CHECK(desk.db.committed(Table::distributed_locks, kLock)->value == kB);
}

TEST_CASE("a row that was waited for stays locked, though its newest version no longer matches") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  const SessionId c = desk.session();
  desk.run(a, insert(kA, 1 * kSecond));
  desk.now_us = 2 * kSecond;
  desk.run(a, extend(kA, 12 * kSecond, true));
  CHECK_FALSE(desk.run(b, cleanup(true)));
  desk.commit(a);
  CHECK(desk.answer(b)->rows == 0);
  CHECK_FALSE(desk.run(c, extend(kA, 20 * kSecond)));  // b has changed nothing, and holds the row
  desk.commit(b);
  REQUIRE(desk.answer(c));
  CHECK(desk.answer(c)->rows == 1);
}

TEST_CASE("an INSERT that waits has drawn its number before: later grants have lower ones") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  const SessionId c = desk.session();
  const auto numbered = [](Request request) {
    request.from_sequence = true;
    return request;
  };
  CHECK(desk.run(a, numbered(insert(kA, 9 * kSecond, true)))->number == 1);
  CHECK_FALSE(desk.run(b, numbered(insert(kB, 9 * kSecond))));  // draws 2, and waits
  Request other = numbered(insert(kA, 9 * kSecond));
  other.name = kOther;
  CHECK(desk.run(c, other)->number == 3);
  desk.rollback(a);
  REQUIRE(desk.answer(b));
  CHECK(desk.answer(b)->number == 2);
}

TEST_CASE("a number that is drawn for a conflict is used up, and SET draws one of its own") {
  Desk desk;
  const SessionId a = desk.session();
  Request take = upsert(kA, 10 * kSecond);
  take.count = false;
  take.from_sequence = true;
  CHECK(desk.run(a, take)->number == 1);
  CHECK(desk.run(a, take)->rows == 0);  // not over yet; VALUES drew 2
  desk.now_us = 10 * kSecond;
  CHECK(desk.run(a, take)->number == 4);  // VALUES 3, SET 4
}

TEST_CASE("a SELECT waits for nobody and sees what is committed, and its own changes") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.put(Table::data, kLock, {.value = Value::integer(5)});
  CHECK(desk.run(a, compare_and_set(0, 6, true))->rows == 1);
  CHECK(desk.run(a, select())->value == Value::integer(6));
  CHECK(desk.run(b, select())->value == Value::integer(5));
  CHECK(said(desk, Change::Kind::written) == 0);
  desk.commit(a);
  CHECK(desk.run(b, select())->value == Value::integer(6));
  CHECK(said(desk, Change::Kind::written) == 1);
}

TEST_CASE(
    "a version that changed while an UPDATE waited is a conflict, not a lost update [spec J]") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.put(Table::data, kLock, {.value = Value::integer(5)});
  desk.run(a, compare_and_set(0, 6, true));
  CHECK_FALSE(desk.run(b, compare_and_set(0, 4)));
  SUBCASE("committed") {
    desk.commit(a);
    CHECK(desk.answer(b)->rows == 0);
    CHECK(desk.db.committed(Table::data, kLock)->value == Value::integer(6));
  }
  SUBCASE("rolled back") {
    desk.rollback(a);
    CHECK(desk.answer(b)->rows == 1);
    CHECK(desk.db.committed(Table::data, kLock)->value == Value::integer(4));
  }
}

TEST_CASE("NOW() stands still in a transaction, unless it is the statement's time [spec E.1]") {
  for (const bool of_statement : {false, true}) {
    CAPTURE(of_statement);
    Desk desk({.now_is_statement = of_statement});
    const SessionId a = desk.session();
    desk.put(Table::distributed_locks, kLock, {.value = kA, .until_us = 5 * kSecond});
    CHECK(desk.run(a, cleanup(true))->rows == 0);  // the transaction begins at 0
    desk.now_us = 6 * kSecond;
    CHECK(desk.run(a, cleanup(true))->rows == (of_statement ? 1 : 0));
  }
}

TEST_CASE("NOW() of a statement that waited is from before the wait") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.run(a, insert(kA, 10 * kSecond, true));
  CHECK_FALSE(desk.run(b, upsert(kB, 5 * kSecond)));  // NOW() is 0
  desk.now_us = 60 * kSecond;
  desk.rollback(a);
  CHECK(desk.db.committed(Table::distributed_locks, kLock)->until_us == 5 * kSecond);
}

TEST_CASE("TIMESTAMP keeps a session's local digits, timestamptz the instant [corpus 86]") {
  for (const bool with_zone : {false, true}) {
    CAPTURE(with_zone);
    Desk desk({.timestamps_with_zone = with_zone});
    const SessionId west = desk.session(-3 * 3600);
    const SessionId utc = desk.session();
    desk.run(west, insert(kA, 10 * kSecond));
    CHECK(desk.run(west, cleanup())->rows == 0);                   // its own digits
    CHECK(desk.run(utc, cleanup())->rows == (with_zone ? 0 : 1));  // three hours ago
  }
}

// ---- locks --------------------------------------------------------------------------------------

TEST_CASE("a row locked FOR UPDATE is one transaction's, and who waits is served in order") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  const SessionId c = desk.session();
  CHECK(desk.run(a, for_update(kLock))->rows == 1);
  CHECK_FALSE(desk.run(c, for_update(kLock)));
  CHECK_FALSE(desk.run(b, for_update(kLock)));
  desk.commit(a);
  CHECK(desk.answer(c));
  CHECK_FALSE(desk.answer(b));
  desk.close(c);  // nobody says COMMIT: the end of the connection does
  CHECK(desk.answer(b));
}

TEST_CASE("NOWAIT is an error, SKIP LOCKED no row, lock_timeout an error after a while") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.run(a, for_update(kLock));
  Request impatient = for_update(kLock, false);
  impatient.if_locked = IfLocked::nowait;
  CHECK(desk.run(b, impatient)->outcome == Outcome::lock_not_available);
  impatient.if_locked = IfLocked::skip;
  CHECK(desk.run(b, impatient)->rows == 0);
  impatient.if_locked = IfLocked::wait;
  impatient.lock_timeout_ms = 500;
  CHECK_FALSE(desk.run(b, impatient));
  CHECK(desk.waits.back().lock_timeout_ms == 500);
  desk.give_up_waiting(1);
  CHECK(desk.answer(b)->outcome == Outcome::lock_not_available);
}

TEST_CASE("session-level advisory locks stack, survive a rollback and end with the session") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  CHECK(desk.run(a, advisory(Verb::try_advisory_lock))->yes);
  CHECK(desk.run(a, advisory(Verb::try_advisory_lock, true))->yes);
  desk.rollback(a);
  CHECK_FALSE(desk.run(b, advisory(Verb::try_advisory_lock))->yes);
  CHECK(desk.run(a, advisory(Verb::advisory_unlock))->yes);
  CHECK_FALSE(desk.run(b, advisory(Verb::try_advisory_lock))->yes);  // n locks need n unlocks
  CHECK_FALSE(desk.run(b, advisory(Verb::advisory_unlock))->yes);    // not its own
  SUBCASE("the second unlock") { CHECK(desk.run(a, advisory(Verb::advisory_unlock))->yes); }
  SUBCASE("the end of the session") { desk.close(a); }
  CHECK(desk.run(b, advisory(Verb::try_advisory_lock))->yes);
}

TEST_CASE("transaction-level advisory locks end with the transaction, and not before") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  CHECK(desk.run(a, advisory(Verb::advisory_xact_lock, true))->yes);
  CHECK_FALSE(desk.run(a, advisory(Verb::advisory_unlock, true))->yes);
  CHECK_FALSE(desk.run(b, advisory(Verb::advisory_lock)));
  desk.commit(a);
  CHECK(desk.answer(b)->yes);
}

TEST_CASE("a ring of waits is found, and its finder is the victim [spec E.4, L]") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.run(a, for_update(kLock));
  desk.run(b, for_update(kOther));
  CHECK_FALSE(desk.run(a, for_update(kOther)));
  desk.look_for_deadlock(1);  // a waits for b, and b for nobody
  CHECK_FALSE(desk.answer(a));
  CHECK_FALSE(desk.run(b, for_update(kLock)));
  desk.look_for_deadlock(2);
  CHECK(desk.answer(b)->outcome == Outcome::deadlock_detected);
  CHECK(desk.answer(a)->rows == 1);  // what the victim held is free
  CHECK(desk.run(b, for_update(kLock))->outcome == Outcome::failed_transaction);
}

TEST_CASE("rows and advisory locks make rings together") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.run(a, for_update(kLock));
  desk.run(b, advisory(Verb::advisory_xact_lock, true));
  CHECK_FALSE(desk.run(a, advisory(Verb::advisory_xact_lock, true)));
  CHECK_FALSE(desk.run(b, for_update(kLock)));
  desk.look_for_deadlock(1);
  CHECK(desk.answer(a)->outcome == Outcome::deadlock_detected);
  CHECK(desk.answer(b)->rows == 1);
}

TEST_CASE("a backend that waits does not notice that its client is gone") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  const SessionId c = desk.session();
  desk.run(a, for_update(kLock));
  CHECK_FALSE(desk.run(b, for_update(kLock)));
  CHECK_FALSE(desk.run(c, for_update(kLock)));
  desk.close(b);
  CHECK(desk.db.knows(b));
  desk.commit(a);  // b has the row for an instant, finds nobody to tell, and ends
  CHECK_FALSE(desk.db.knows(b));
  CHECK(desk.answer(c)->rows == 1);
}

TEST_CASE("until a commit is on disk its locks stand, and nobody sees what it changed") {
  Desk desk;
  const SessionId a = desk.session();
  const SessionId b = desk.session();
  desk.hold_disk = true;
  CHECK_FALSE(desk.run(a, insert(kA, 10 * kSecond)));
  CHECK_FALSE(desk.run(b, insert(kB, 10 * kSecond)));
  desk.flush(a);
  CHECK(desk.answer(a)->rows == 1);
  CHECK(desk.answer(b)->rows == 0);
}

// ---- many programs ------------------------------------------------------------------------------

TEST_CASE("random programs: no update is lost, no key is there twice, no row has two holders") {
  // A serial oracle: what transactions have done is applied when they commit, and must fit then.
  constexpr int kPrograms = 4'000;
  constexpr std::size_t kSessions = 4;
  for (std::uint64_t program = 1; program <= kPrograms; ++program) {
    CAPTURE(program);
    Rng rng(program, "programs");
    Desk desk;
    desk.hold_disk = rng.below(3) == 0;
    desk.put(Table::data, kLock, {.value = Value::integer(100)});

    struct Client {
      SessionId id;
      std::optional<Request> under_way{};
      std::uint64_t version = 0;
      std::int64_t value = 100;
      // Of the open transaction.
      bool open = false;
      std::int64_t added = 0;
      bool inserted = false;
      bool deleted = false;
      bool holds = false;
    };
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kSessions; ++i) clients.push_back({desk.session()});
    std::int64_t balance = 100;
    std::uint64_t version = 0;
    bool present = false;  // the key, as committed
    bool everybody_goes = false;

    const auto committed = [&](Client& client) {
      balance += client.added;
      version += static_cast<std::uint64_t>(client.added);
      if (client.inserted && !client.deleted) {
        CHECK_FALSE(present);
        present = true;
      }
      if (client.deleted && !client.inserted) {
        CHECK(present);
        present = false;
      }
      client = {client.id, {}, client.version, client.value};
    };
    const auto forgotten = [](Client& client) {
      client = {client.id, {}, client.version, client.value};
    };
    const auto hear = [&](Client& client, const Reply& answer) {
      const Reply* reply = &answer;
      if (!client.under_way) return;
      const Request request = *client.under_way;
      client.under_way.reset();
      if (!reply->done()) {
        const bool still_open = client.open && reply->outcome != Outcome::rolled_back;
        forgotten(client);
        client.open = still_open || request.in_transaction;
        return;
      }
      const bool in_transaction = client.open || request.in_transaction;
      if (request.verb == Verb::commit) return committed(client);
      if (request.verb == Verb::rollback) return forgotten(client);
      client.open = in_transaction;
      if (request.verb == Verb::select) {
        client.version = reply->number;
        client.value = reply->value.as_integer();
      }
      if (request.verb == Verb::update) client.added += reply->rows;
      if (request.verb == Verb::insert && reply->rows == 1) {
        for (const Client& other : clients)
          if (&other != &client) CHECK_FALSE((other.inserted && !other.deleted));
        if (client.deleted)
          client.deleted = false;
        else
          client.inserted = true;
      }
      if (request.verb == Verb::erase && reply->rows == 1) {
        if (client.inserted)
          client.inserted = false;
        else
          client.deleted = true;
      }
      if (request.verb == Verb::select_for_update) {
        for (const Client& other : clients)
          if (&other != &client) CHECK_FALSE(other.holds);
        client.holds = in_transaction;
      }
      if (!in_transaction) committed(client);
      if (everybody_goes) forgotten(client);  // its backend finds nobody to tell, and ends
    };
    std::size_t heard = 0;
    const auto hear_all = [&] {  // in the order in which the database answered
      for (; heard < desk.answered.size(); ++heard)
        hear(*std::ranges::find(clients, desk.answered[heard].session, &Client::id),
             desk.answered[heard].reply);
    };

    std::size_t looked = 0;
    for (int step = 0; step < 40; ++step) {
      Client& client = clients[rng.below(kSessions)];
      if (!desk.unflushed.empty() && rng.below(2) == 0) {
        const SessionId id = desk.unflushed[rng.below(desk.unflushed.size())];
        desk.flush(id);
        hear_all();
        continue;
      }
      if (client.under_way) {  // it waits: sometimes somebody looks for a ring
        while (looked < desk.waits.size() && rng.below(2) == 0) desk.look_for_deadlock(++looked);
        hear_all();
        continue;
      }
      const bool in_transaction = rng.below(2) == 0;
      Request request;
      switch (rng.below(7)) {
        case 0:
          request = select();
          break;
        case 1:
        case 2:
          request = compare_and_set(client.version, client.value + 1, in_transaction);
          break;
        case 3:
          request = insert(kA, 0, in_transaction);
          break;
        case 4:
          request = insert(kA, 0, in_transaction);
          request.verb = Verb::erase;
          request.until = TimeFrom::none;
          break;
        case 5:
          request = for_update(kOther, in_transaction);
          break;
        default:
          if (!client.open) continue;
          request.verb = rng.below(3) == 0 ? Verb::rollback : Verb::commit;
      }
      client.under_way = request;
      desk.run(client.id, request);
      hear_all();
    }
    // In the end everybody goes.
    desk.hold_disk = false;
    while (!desk.unflushed.empty()) {
      const SessionId id = desk.unflushed.front();
      desk.flush(id);
      hear_all();
    }
    everybody_goes = true;
    for (Client& client : clients) {
      desk.close(client.id);
      if (!client.under_way) forgotten(client);
      hear_all();
    }
    for (std::size_t nth = 1; nth <= desk.waits.size(); ++nth) {
      desk.look_for_deadlock(nth);
      hear_all();
    }
    const Row* row = desk.db.committed(Table::data, kLock);
    REQUIRE(row != nullptr);
    CHECK(row->number == version);
    CHECK(row->value == Value::integer(balance));
    CHECK((desk.db.committed(Table::distributed_locks, kLock) != nullptr) == present);
    CHECK(desk.db.sessions() == 0);
    for (const Database::Entry& entry : desk.db.entries()) CHECK_FALSE(entry.holder);
  }
}

}  // namespace locklab::sql
