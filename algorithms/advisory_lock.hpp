// PostgreSQL's advisory locks: a number that a session, or a transaction, has locked [spec E.4;
// manual 13.3.5 and 9.28.10]. Of session level they last until they are unlocked or the session
// ends, survive a rollback, and stack; of transaction level they end with it and cannot be given
// back before.
//
// Where it fails: the server ends a session whose connection is reset and grants the next one while
// the client computes on [corpus 89]; it keeps that of a dark host until the keep-alive gives it up
// [corpus 90]; behind a pooler in transaction mode the session is not the client's [corpus 91]; a
// promoted standby knows none of them. There is no token. What is written through the same session
// is safe in so far as a dead session writes nothing.
#pragma once

#include <span>
#include <string_view>

#include "algorithms/held_sessions.hpp"
#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

extern const std::span<const Parameter> kAdvisoryLockParameters;
extern const std::span<const Preset> kAdvisoryLockPresets;

class AdvisoryLock final : public Lock {
 public:
  AdvisoryLock(const Environment& environment, const Settings& settings, Symbol resource);
  sql::SessionHandle session(const Lease& lease) const override;

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Level : std::uint8_t { session, transaction };

  sql::Verb lock_function() const;
  sql::Request statement(sql::Verb verb, AttemptId attempt) const;

  Level level_;
  HeldSessions sessions_;
  Symbol key_;
  bool waits_;
  bool same_session_;
};

Lock* make_advisory_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
