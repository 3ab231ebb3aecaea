// A lock row done right: one statement takes it, by the database's clock, and hands out a token
// [spec E.2]. The row is never deleted, so its token only grows; to release is to let it expire
// now. An upsert that finds the row alive changes nothing and returns nothing.
//
// What is left: the server's clock is a wall clock, so a jump on the database's machine is still a
// fault; a commit that a promoted standby has not seen is lost, and its token with it [corpus 88];
// and a holder that is late can write unless the token is checked where it writes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "algorithms/database_support.hpp"
#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

extern const std::span<const Parameter> kTableLockParameters;
extern const std::span<const Preset> kTableLockPresets;

class TableLock final : public Lock {
 public:
  TableLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  /// UPDATE distributed_locks SET expires_at = NOW() + ttl WHERE name = ? AND owner = ?
  sql::Request update(const Lease& lease, Duration ttl) const;

  sql::Connection& connection_;
  Symbol row_;
  Duration ttl_;
  PromiseMargin margin_;
};

Lock* make_table_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
