#include "algorithms/table_lock.hpp"

#include <new>

namespace locklab {

namespace {

constexpr std::array kParameters =
    joined(joined(std::array{Parameter{"ttl", Parameter::Type::duration, "10s",
                                       "from NOW() to expires_at, by the server's clock"}},
                  kDatabaseCallParameters),
           kPromiseMarginParameters);

constexpr std::array<PresetValue, 0> kStandard{};
constexpr std::array kPresets{Preset{"standard", "one upsert, by the server's clock", kStandard}};

}  // namespace

const std::span<const Parameter> kTableLockParameters = kParameters;
const std::span<const Preset> kTableLockPresets = kPresets;

TableLock::TableLock(const Environment& environment, const Settings& settings, Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("ttl")}),
      connection_(connect(environment, settings)),
      row_(row_of(environment.self, "distributed_locks:", resource)),
      ttl_(settings.duration("ttl")),
      margin_(settings) {}

// INSERT INTO distributed_locks AS l (name, owner, expires_at, token)
// VALUES (?, ?, NOW() + ttl, 1)
// ON CONFLICT (name) DO UPDATE SET owner = ?, expires_at = NOW() + ttl, token = l.token + 1
// WHERE l.expires_at <= NOW() RETURNING token
Task<Lock::Acquired> TableLock::try_acquire(AttemptId attempt) {
  Lease lease = this->lease(attempt, new_value());
  lease.start = start();
  lease.promised = margin_.promised(ttl_);
  sql::Request upsert;
  upsert.verb = sql::Verb::insert;
  upsert.table = sql::Table::distributed_locks;
  upsert.attempt = attempt;
  upsert.name = row_;
  upsert.value = lease.owner;
  upsert.set_value = true;
  upsert.until = sql::TimeFrom::now;
  upsert.until_us = sql::whole_us(ttl_);
  upsert.count = true;
  upsert.on_conflict = sql::OnConflict::do_update;
  upsert.test_until = sql::UntilTest::not_after;
  const auto reply = co_await connection_.execute(upsert);
  if (problem(reply) != Errc::none) co_return Refusal{problem(reply)};
  if (reply->rows == 0) co_return Refusal{Errc::not_acquired};
  lease.token = FencingToken{reply->number};
  co_return lease;
}

sql::Request TableLock::update(const Lease& lease, Duration ttl) const {
  sql::Request request;
  request.verb = sql::Verb::update;
  request.table = sql::Table::distributed_locks;
  request.attempt = lease.attempt;
  request.name = row_;
  request.test_value = true;
  request.value = lease.owner;
  request.until = sql::TimeFrom::now;
  request.until_us = sql::whole_us(ttl);
  return request;
}

// ... AND expires_at > NOW()
Task<Lock::Extended> TableLock::try_extend(const Lease& lease, Duration to) {
  Extension extension;
  extension.start = start();
  extension.promised = margin_.promised(to);
  sql::Request request = update(lease, to);
  request.test_until = sql::UntilTest::after;
  const auto reply = co_await connection_.execute(request);
  if (problem(reply) != Errc::none) co_return Refusal{problem(reply)};
  if (reply->rows == 0) co_return Refusal{Errc::lost};
  co_return extension;
}

Task<Lock::Released> TableLock::try_release(const Lease& lease) {
  const auto reply = co_await connection_.execute(update(lease, Duration{0}));
  if (problem(reply) != Errc::none) co_return Released{0, problem(reply)};
  if (reply->rows == 0) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Lock* make_table_lock(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(TableLock));
  return new (block) TableLock(environment, settings, resource);
}

}  // namespace locklab
