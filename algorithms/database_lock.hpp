// The document's DatabaseLock: a table of locks, a row with an expiry for each [doc §3
// "DatabaseLock"; spec E.1]. Every tryLock first deletes the expired rows of *all* locks, then
// inserts its own ON CONFLICT DO NOTHING: two statements and, with autocommit, two transactions.
// Unlock deletes by name and owner, extend sets the expiry by name and owner and asks nothing else.
//
// The expiry is computed by the *client's* wall clock and judged by the *server's*: a client that
// is behind loses its row early [corpus 84], one that is ahead keeps it for long. A TIMESTAMP
// without time zone adds the difference of the sessions' zones [corpus 86]. Without autocommit the
// uncommitted row makes others wait instead of returning false, and goes with the connection
// [corpus 87]. It gives no token.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "algorithms/database_support.hpp"
#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

extern const std::span<const Parameter> kDatabaseLockParameters;
extern const std::span<const Preset> kDatabaseLockPresets;

class DatabaseLock final : public Lock {
 public:
  DatabaseLock(const Environment& environment, const Settings& settings, Symbol resource);
  sql::SessionHandle session(const Lease& lease) const override;

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class TtlClock : std::uint8_t { client, server };
  enum class OwnerScope : std::uint8_t { object, acquisition };

  sql::Request statement(sql::Verb verb, AttemptId attempt) const;
  Task<Result<sql::Reply>> execute(const Lease& lease, sql::Request request);
  /// expires_at = Instant.now().plus(ttl), or NOW() + ttl.
  void set_expiry(sql::Request& request, Duration ttl) const;

  sql::Connection& connection_;
  Symbol row_;
  Duration ttl_;
  TtlClock ttl_clock_;
  OwnerScope scope_;
  Value owner_id_;
  bool autocommit_;
  bool token_;
  PromiseMargin margin_;
};

Lock* make_database_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
