#include "algorithms/select_for_update_lock.hpp"

#include <new>

namespace locklab {

namespace {

constexpr std::array<std::string_view, 3> kIfLocked{"wait", "nowait", "skip_locked"};

constexpr std::array kParameters = joined(
    std::array{Parameter{"if_locked", Parameter::Type::choice, "wait",
                         "what a try does when the row is locked: wait in line, fail at once "
                         "(NOWAIT), or find no row (SKIP LOCKED)",
                         kIfLocked}},
    kHeldSessionParameters);

constexpr std::array<PresetValue, 0> kWait{};
constexpr std::array kNowait{PresetValue{"if_locked", "nowait"}};
constexpr std::array kPresets{
    Preset{"wait", "SELECT ... FOR UPDATE: wait in line", kWait},
    Preset{"nowait", "FOR UPDATE NOWAIT: an error if the row is locked", kNowait},
};

}  // namespace

const std::span<const Parameter> kSelectForUpdateLockParameters = kParameters;
const std::span<const Preset> kSelectForUpdateLockPresets = kPresets;

SelectForUpdateLock::SelectForUpdateLock(const Environment& environment, const Settings& settings,
                                         Symbol resource)
    : Lock(environment, resource, {}),
      sessions_(environment, settings, false),
      row_(row_of(environment.self, "mutexes:", resource)),
      if_locked_(settings.choice<sql::IfLocked>("if_locked")) {}

// BEGIN; SELECT ... FROM mutexes WHERE name = ? FOR UPDATE
Task<Lock::Acquired> SelectForUpdateLock::try_acquire(AttemptId attempt) {
  sql::Connection& connection = sessions_.take(attempt);
  Lease lease = this->lease(attempt, Value{});
  lease.start = start();
  sql::Request request;
  request.verb = sql::Verb::select_for_update;
  request.table = sql::Table::mutexes;
  request.attempt = attempt;
  request.name = row_;
  request.if_locked = if_locked_;
  request.lock_timeout_ms = sessions_.lock_timeout_ms();
  const auto locked = co_await connection.execute(request);
  lease.session = connection.session().number;
  lease.owner = Value::integer(static_cast<std::int64_t>(lease.session));
  if (problem(locked) == Errc::none && locked->rows == 1) co_return lease;

  if (locked) static_cast<void>(co_await connection.rollback(connection.session(), attempt));
  sessions_.give_back(attempt);
  co_return Refusal{problem(locked) == Errc::none ? Errc::not_acquired : problem(locked)};
}

// There is nothing to extend. A statement in the transaction tells whether it is still there.
Task<Lock::Extended> SelectForUpdateLock::try_extend(const Lease& lease, Duration) {
  const sql::SessionHandle held = sessions_.of(lease);
  Extension extension;
  extension.start = start();
  if (!held) co_return Refusal{Errc::lost};
  sql::Request ping;
  ping.table = sql::Table::mutexes;
  ping.attempt = lease.attempt;
  ping.name = row_;
  const auto reply = co_await held.connection->execute_in(held.session, ping);
  if (problem(reply) != Errc::none) co_return Refusal{Errc::lost};
  co_return extension;
}

// COMMIT: what the section wrote, and the end of the lock.
Task<Lock::Released> SelectForUpdateLock::try_release(const Lease& lease) {
  const sql::SessionHandle held = sessions_.of(lease);
  if (!held) co_return Released{0, Errc::lost};
  const auto committed = co_await held.connection->commit(held.session, lease.attempt);
  sessions_.give_back(lease.attempt);
  if (problem(committed) != Errc::none) co_return Released{0, problem(committed)};
  co_return Released{1};
}

Lock* make_select_for_update_lock(const Environment& environment, const Settings& settings,
                                  Symbol resource) {
  void* block = environment.arena().take(sizeof(SelectForUpdateLock));
  return new (block) SelectForUpdateLock(environment, settings, resource);
}

}  // namespace locklab
