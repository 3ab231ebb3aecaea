// Random programs of several sessions: the same statements to PostgreSQL and to its model.
#pragma once

#include <cstdint>

#include "real/postgresql/server.hpp"
#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

/// How long a statement waits before it looks for a ring, on the server of this suite.
inline constexpr unsigned kDeadlockTimeoutMs = 10;

/// Programs until `answers` are compared.
void compare_programs(Context& context, real::PostgreSqlServer& server, std::uint64_t answers);

/// NOW() within a transaction, sessions that are ended from outside, and a server that is killed.
void compare_times(Context& context, real::PostgreSqlServer& server);
void compare_ends(Context& context, real::PostgreSqlServer& server);

}  // namespace locklab::conformance
