// Locks that live and die with a database session: which session each attempt has, and what the
// application is told when one breaks. Each attempt has a connection of its own while it lasts, as
// from a pool.
#pragma once

#include <memory_resource>
#include <vector>

#include "algorithms/database_support.hpp"
#include "algorithms/lock.hpp"

namespace locklab {

inline constexpr std::array kHeldSessionParameters{
    Parameter{"call_timeout", Parameter::Type::duration, "0s",
              "longest wait for an answer, after which the connection is closed; 0: for ever, as "
              "the JDBC driver's socketTimeout"},
    Parameter{"lock_timeout", Parameter::Type::duration, "0s",
              "longest wait for the lock at the server; 0: for ever, as PostgreSQL's lock_timeout"},
    Parameter{"tells_loss", Parameter::Type::flag, "false",
              "the application is told at once when the connection breaks; otherwise its next "
              "statement finds out, as with JDBC [corpus 89]"},
};

class HeldSessions final : private sql::Connection::Listener {
 public:
  HeldSessions(const Environment& environment, const Settings& settings, bool autocommit)
      : env_(environment),
        autocommit_(autocommit),
        tells_loss_(settings.flag("tells_loss")),
        timeout_(settings.duration("call_timeout")),
        lock_timeout_ms_(static_cast<std::uint32_t>(
            std::chrono::floor<std::chrono::milliseconds>(settings.duration("lock_timeout"))
                .count())),
        places_(&environment.arena()) {}

  /// A connection for an attempt: an idle one, or a new one.
  sql::Connection& take(AttemptId attempt) {
    for (Place& place : places_) {
      if (place.attempt) continue;
      place.attempt = attempt;
      return *place.connection;
    }
    sql::Connection& connection = env_.database->connect();
    connection.set_options({.timeout = timeout_});
    connection.set_autocommit(autocommit_);
    connection.set_listener(this);
    places_.push_back({&connection, attempt});
    return connection;
  }
  void give_back(AttemptId attempt) {
    for (Place& place : places_)
      if (place.attempt == attempt) place.attempt = {};
  }
  /// The session that a lease lives on, whether it still does or not.
  sql::SessionHandle of(const Lease& lease) const {
    for (const Place& place : places_)
      if (place.attempt == lease.attempt)
        return {place.connection, sql::SessionId{lease.session}, !autocommit_};
    return {};
  }
  std::uint32_t lock_timeout_ms() const { return lock_timeout_ms_; }

 private:
  struct Place {
    sql::Connection* connection;
    AttemptId attempt;  // none: idle
  };
  void connection_lost(sql::Connection& connection) override {
    if (!tells_loss_) return;
    for (const Place& place : places_)
      if (place.connection == &connection && place.attempt)
        env_.beliefs.end(place.attempt, BeliefEnd::told);
  }

  Environment env_;
  bool autocommit_;
  bool tells_loss_;
  Duration timeout_;
  std::uint32_t lock_timeout_ms_;
  std::pmr::vector<Place> places_;
};

}  // namespace locklab
