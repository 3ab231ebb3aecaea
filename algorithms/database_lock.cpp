#include "algorithms/database_lock.hpp"

#include <new>

namespace locklab {

namespace {

constexpr std::array<std::string_view, 2> kClocks{"client", "server"};
constexpr std::array<std::string_view, 2> kScopes{"object", "acquisition"};

constexpr std::array kParameters = joined(
    joined(
        std::array{
            Parameter{"ttl", Parameter::Type::duration, "10s", "from now to expires_at"},
            Parameter{"ttl_clock", Parameter::Type::choice, "client",
                      "by whose clock expires_at is computed: the client's (the document) or the "
                      "server's NOW() [corpus 84]",
                      kClocks},
            Parameter{"owner_scope", Parameter::Type::choice, "object",
                      "when the owner id is drawn: once per object (the document) or per "
                      "acquisition",
                      kScopes},
            Parameter{"zone_minutes", Parameter::Type::integer, "0",
                      "the session's time zone, minutes east of UTC: the JVM's default zone "
                      "[corpus 86]"},
            Parameter{"autocommit", Parameter::Type::flag, "true",
                      "each statement is a transaction; otherwise acquire begins one and release "
                      "commits it [corpus 87]"},
            Parameter{"token", Parameter::Type::flag, "false",
                      "a column token, from a sequence; the document's table has none"},
        },
        kDatabaseCallParameters),
    kPromiseMarginParameters);

constexpr std::array<PresetValue, 0> kDocument{};
constexpr std::array kServerClock{PresetValue{"ttl_clock", "server"},
                                  PresetValue{"owner_scope", "acquisition"}};
constexpr std::array kPresets{
    Preset{"document", "the document's DatabaseLock", kDocument},
    Preset{"server_clock", "the same with NOW() + ttl and an owner id per acquisition",
           kServerClock},
};

}  // namespace

const std::span<const Parameter> kDatabaseLockParameters = kParameters;
const std::span<const Preset> kDatabaseLockPresets = kPresets;

DatabaseLock::DatabaseLock(const Environment& environment, const Settings& settings,
                           Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("ttl")}),
      connection_(connect(environment, settings)),
      row_(row_of(environment.self, "distributed_locks:", resource)),
      ttl_(settings.duration("ttl")),
      ttl_clock_(settings.choice<TtlClock>("ttl_clock")),
      scope_(settings.choice<OwnerScope>("owner_scope")),
      owner_id_(new_value()),
      autocommit_(settings.flag("autocommit")),
      token_(settings.flag("token")),
      margin_(settings) {
  connection_.set_autocommit(autocommit_);
  connection_.set_zone_seconds(static_cast<std::int32_t>(settings.integer("zone_minutes") * 60));
}

sql::SessionHandle DatabaseLock::session(const Lease& lease) const {
  if (autocommit_) return {};
  return {&connection_, sql::SessionId{lease.session}, true};
}

sql::Request DatabaseLock::statement(sql::Verb verb, AttemptId attempt) const {
  sql::Request request;
  request.verb = verb;
  request.table = sql::Table::distributed_locks;
  request.attempt = attempt;
  request.name = row_;
  return request;
}

void DatabaseLock::set_expiry(sql::Request& request, Duration ttl) const {
  request.until = ttl_clock_ == TtlClock::client ? sql::TimeFrom::client : sql::TimeFrom::now;
  request.until_us = sql::whole_us(ttl);
  if (ttl_clock_ == TtlClock::client) request.until_us = sql::whole_us(self().wall_now() + ttl);
}

Task<Lock::Acquired> DatabaseLock::try_acquire(AttemptId attempt) {
  Lease lease = this->lease(attempt, scope_ == OwnerScope::object ? owner_id_ : new_value());

  // DELETE FROM distributed_locks WHERE expires_at < NOW()
  sql::Request cleanup = statement(sql::Verb::erase, attempt);
  cleanup.all_rows = true;
  cleanup.test_until = sql::UntilTest::before;
  const auto cleaned = co_await connection_.execute(cleanup);
  if (problem(cleaned) != Errc::none) co_return Refusal{problem(cleaned)};

  // INSERT INTO distributed_locks (name, owner, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
  lease.start = start();
  lease.promised = margin_.promised(ttl_);
  sql::Request insertion = statement(sql::Verb::insert, attempt);
  insertion.on_conflict = sql::OnConflict::do_nothing;
  insertion.value = lease.owner;
  insertion.from_sequence = token_;
  set_expiry(insertion, ttl_);
  const auto inserted = co_await connection_.execute(insertion);
  if (problem(inserted) != Errc::none) co_return Refusal{problem(inserted)};
  lease.session = connection_.session().number;
  if (token_) lease.token = FencingToken{inserted->number};
  if (inserted->rows == 1) co_return lease;
  if (!autocommit_)
    static_cast<void>(co_await connection_.rollback(connection_.session(), attempt));
  co_return Refusal{Errc::not_acquired};
}

// UPDATE distributed_locks SET expires_at = ? WHERE name = ? AND owner = ?
// Expired or not: as long as nobody has cleaned up, the row is the truth.
Task<Lock::Extended> DatabaseLock::try_extend(const Lease& lease, Duration to) {
  Extension extension;
  extension.start = start();
  extension.promised = margin_.promised(to);
  sql::Request update = statement(sql::Verb::update, lease.attempt);
  update.test_value = true;
  update.value = lease.owner;
  set_expiry(update, to);
  const auto updated = co_await execute(lease, update);
  if (problem(updated) != Errc::none) co_return Refusal{problem(updated)};
  if (updated->rows == 0) co_return Refusal{Errc::lost};
  co_return extension;
}

// DELETE FROM distributed_locks WHERE name = ? AND owner = ?
Task<Lock::Released> DatabaseLock::try_release(const Lease& lease) {
  sql::Request deletion = statement(sql::Verb::erase, lease.attempt);
  deletion.test_value = true;
  deletion.value = lease.owner;
  const auto deleted = co_await execute(lease, deletion);
  if (problem(deleted) != Errc::none) co_return Released{0, problem(deleted)};
  if (!autocommit_) {
    const auto committed =
        co_await connection_.commit(sql::SessionId{lease.session}, lease.attempt);
    if (problem(committed) != Errc::none) co_return Released{0, problem(committed)};
  }
  if (deleted->rows == 0) co_return Released{0, Errc::lost};
  co_return Released{1};
}

// Without autocommit it is the transaction that took the lock, or nothing.
Task<Result<sql::Reply>> DatabaseLock::execute(const Lease& lease, sql::Request request) {
  if (!autocommit_)
    co_return co_await connection_.execute_in(sql::SessionId{lease.session}, request);
  co_return co_await connection_.execute(request);
}

Lock* make_database_lock(const Environment& environment, const Settings& settings,
                         Symbol resource) {
  void* block = environment.arena().take(sizeof(DatabaseLock));
  return new (block) DatabaseLock(environment, settings, resource);
}

}  // namespace locklab
