#include "algorithms/advisory_lock.hpp"

#include <new>

namespace locklab {

namespace {

constexpr std::array<std::string_view, 2> kLevels{"session", "transaction"};

constexpr std::array kParameters = joined(
    std::array{
        Parameter{"level", Parameter::Type::choice, "session",
                  "pg_advisory_lock or pg_advisory_xact_lock", kLevels},
        Parameter{"waits", Parameter::Type::flag, "false",
                  "wait in line; otherwise pg_try_..., which answers at once"},
        Parameter{"same_session", Parameter::Type::flag, "true",
                  "the work reads and writes rows of the database through the session that holds "
                  "the lock; otherwise through another connection of its pool [corpus 89]"},
    },
    kHeldSessionParameters);

constexpr std::array<PresetValue, 0> kSession{};
constexpr std::array kTransaction{PresetValue{"level", "transaction"}};
constexpr std::array kPresets{
    Preset{"session", "pg_try_advisory_lock and pg_advisory_unlock", kSession},
    Preset{"transaction", "pg_try_advisory_xact_lock, until COMMIT", kTransaction},
};

}  // namespace

const std::span<const Parameter> kAdvisoryLockParameters = kParameters;
const std::span<const Preset> kAdvisoryLockPresets = kPresets;

AdvisoryLock::AdvisoryLock(const Environment& environment, const Settings& settings,
                           Symbol resource)
    : Lock(environment, resource, {}),
      level_(settings.choice<Level>("level")),
      sessions_(environment, settings, level_ == Level::session),
      key_(row_of(environment.self, "advisory:", resource)),
      waits_(settings.flag("waits")),
      same_session_(settings.flag("same_session")) {}

sql::SessionHandle AdvisoryLock::session(const Lease& lease) const {
  return same_session_ ? sessions_.of(lease) : sql::SessionHandle{};
}

sql::Verb AdvisoryLock::lock_function() const {
  if (level_ == Level::session)
    return waits_ ? sql::Verb::advisory_lock : sql::Verb::try_advisory_lock;
  return waits_ ? sql::Verb::advisory_xact_lock : sql::Verb::try_advisory_xact_lock;
}

sql::Request AdvisoryLock::statement(sql::Verb verb, AttemptId attempt) const {
  sql::Request request;
  request.verb = verb;
  request.attempt = attempt;
  request.name = key_;
  return request;
}

// SELECT pg_try_advisory_lock(?)
Task<Lock::Acquired> AdvisoryLock::try_acquire(AttemptId attempt) {
  sql::Connection& connection = sessions_.take(attempt);
  Lease lease = this->lease(attempt, Value{});
  lease.start = start();
  sql::Request request = statement(lock_function(), attempt);
  request.lock_timeout_ms = sessions_.lock_timeout_ms();
  const auto reply = co_await connection.execute(request);
  lease.session = connection.session().number;
  lease.owner = Value::integer(static_cast<std::int64_t>(lease.session));
  if (problem(reply) == Errc::none && reply->yes) co_return lease;

  if (reply && level_ == Level::transaction)
    static_cast<void>(co_await connection.rollback(connection.session(), attempt));
  sessions_.give_back(attempt);
  co_return Refusal{problem(reply) == Errc::none ? Errc::not_acquired : problem(reply)};
}

// There is nothing to extend. Any statement tells whether the session is still there.
Task<Lock::Extended> AdvisoryLock::try_extend(const Lease& lease, Duration) {
  const sql::SessionHandle held = sessions_.of(lease);
  Extension extension;
  extension.start = start();
  if (!held) co_return Refusal{Errc::lost};
  const sql::Request ping = statement(sql::Verb::select, lease.attempt);
  const auto reply = co_await held.connection->execute_in(held.session, ping);
  if (problem(reply) != Errc::none) co_return Refusal{Errc::lost};
  co_return extension;
}

// SELECT pg_advisory_unlock(?), or COMMIT
Task<Lock::Released> AdvisoryLock::try_release(const Lease& lease) {
  const sql::SessionHandle held = sessions_.of(lease);
  if (!held) co_return Released{0, Errc::lost};
  Result<sql::Reply> reply = Errc::lost;
  if (level_ == Level::session) {
    const sql::Request unlock = statement(sql::Verb::advisory_unlock, lease.attempt);
    reply = co_await held.connection->execute_in(held.session, unlock);
  } else {
    reply = co_await held.connection->commit(held.session, lease.attempt);
  }
  sessions_.give_back(lease.attempt);
  if (problem(reply) != Errc::none) co_return Released{0, problem(reply)};
  if (level_ == Level::session && !reply->yes) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Lock* make_advisory_lock(const Environment& environment, const Settings& settings,
                         Symbol resource) {
  void* block = environment.arena().take(sizeof(AdvisoryLock));
  return new (block) AdvisoryLock(environment, settings, resource);
}

}  // namespace locklab
