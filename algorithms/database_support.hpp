// What the locks in a database share: how their driver treats calls, and what the database's
// answers mean for a lock.
#pragma once

#include <array>
#include <string_view>

#include "algorithms/lock.hpp"
#include "algorithms/promise_margin.hpp"
#include "algorithms/settings.hpp"
#include "sim/process.hpp"
#include "sim/result.hpp"
#include "sim/services/sql/client.hpp"
#include "sim/world.hpp"

namespace locklab {

inline constexpr std::array kDatabaseCallParameters{
    Parameter{"call_timeout", Parameter::Type::duration, "0s",
              "longest wait for an answer, after which the connection is closed; 0: for ever, as "
              "the JDBC driver's socketTimeout"},
};

inline sql::Connection& connect(const Environment& environment, const Settings& settings) {
  LOCKLAB_ASSERT(environment.database != nullptr);
  sql::Connection& connection = environment.database->connect();
  connection.set_options({.timeout = settings.duration("call_timeout")});
  return connection;
}

/// None if the statement was carried out.
inline Errc problem(const Result<sql::Reply>& reply) {
  if (!reply) return reply.error();
  switch (reply->outcome) {
    case sql::Outcome::done:
      return Errc::none;
    case sql::Outcome::unique_violation:
    case sql::Outcome::lock_not_available:
    case sql::Outcome::deadlock_detected:
      return Errc::not_acquired;
    case sql::Outcome::failed_transaction:
    case sql::Outcome::rolled_back:
      return Errc::lost;
  }
  return Errc::invalid;
}

/// The row, or the number of the advisory lock, that stands for a resource: "shedlock:job".
inline Symbol row_of(const Process& self, std::string_view table, Symbol resource) {
  Names& names = self.world().names();
  return names.join(table, names.text(resource));
}

}  // namespace locklab
