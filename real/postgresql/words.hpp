// The model's statements in SQL, and PostgreSQL's answers in the model's form.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "real/postgresql/connection.hpp"
#include "sim/names.hpp"
#include "sim/services/sql/protocol.hpp"

namespace locklab::real {

/// The statements that make the model's tables in a schema of that name, whose timestamps are with
/// or without a zone.
std::vector<std::string> tables_of(const std::string& schema, bool timestamps_with_zone);

/// `among`: what the names of all rows begin with that a statement without WHERE name = ... means.
std::string statement_of(const sql::Request& request, const Names& names, const std::string& among);

/// Nothing: an error that the model does not know.
std::optional<sql::Reply> reply_of(const sql::Request& request, const PostgreSqlAnswer& answer,
                                   Names& names);

}  // namespace locklab::real
