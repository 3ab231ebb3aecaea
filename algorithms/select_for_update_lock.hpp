// A row locked for the length of a transaction, SELECT ... FOR UPDATE, which the critical section
// is part of [spec E.3; the document's "database with transactions"]. There is no TTL: the lock
// goes with COMMIT, ROLLBACK, or when the server notices that the connection is gone.
//
// What the section writes to that database is in the same transaction, so a holder whose connection
// died cannot commit: no fencing is needed there. For everything else it protects as little as any
// lock: the holder learns of the loss at its next statement, and a dark host keeps the lock until
// the keep-alive gives it up.
#pragma once

#include <span>
#include <string_view>

#include "algorithms/held_sessions.hpp"
#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

extern const std::span<const Parameter> kSelectForUpdateLockParameters;
extern const std::span<const Preset> kSelectForUpdateLockPresets;

class SelectForUpdateLock final : public Lock {
 public:
  SelectForUpdateLock(const Environment& environment, const Settings& settings, Symbol resource);
  sql::SessionHandle session(const Lease& lease) const override { return sessions_.of(lease); }

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  HeldSessions sessions_;
  Symbol row_;
  sql::IfLocked if_locked_;
};

Lock* make_select_for_update_lock(const Environment& environment, const Settings& settings,
                                  Symbol resource);

}  // namespace locklab
