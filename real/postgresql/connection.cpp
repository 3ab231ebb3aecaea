#include "real/postgresql/connection.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <cstdlib>

namespace locklab::real {

using namespace std::chrono_literals;

std::string PostgreSqlAnswer::state() const {
  const char* state = PQresultErrorField(result_.get(), PG_DIAG_SQLSTATE);
  return state == nullptr ? "" : state;
}

std::string PostgreSqlAnswer::sentence() const {
  std::string text = PQresultErrorMessage(result_.get());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::uint32_t PostgreSqlAnswer::rows() const {
  if (PQresultStatus(result_.get()) == PGRES_TUPLES_OK)
    return static_cast<std::uint32_t>(PQntuples(result_.get()));
  return static_cast<std::uint32_t>(std::strtoul(PQcmdTuples(result_.get()), nullptr, 10));
}

std::string PostgreSqlAnswer::last(int column) const {
  const int rows = PQntuples(result_.get());
  return rows == 0 || column >= PQnfields(result_.get())
             ? ""
             : PQgetvalue(result_.get(), rows - 1, column);
}

Result<PostgreSqlConnection, Trouble> PostgreSqlConnection::to_port(std::uint16_t port) {
  const std::string where =
      fmt::format("host=127.0.0.1 port={} user=postgres dbname=postgres connect_timeout=5", port);
  PostgreSqlConnection connection(PQconnectdb(where.c_str()));
  if (PQstatus(connection.connection_.get()) != CONNECTION_OK) return connection.trouble();
  // Notices are for people.
  PQsetNoticeReceiver(
      connection.connection_.get(), [](void*, const PGresult*) {}, nullptr);
  return connection;
}

Result<PostgreSqlAnswer, Trouble> PostgreSqlConnection::ask(const std::string& statement) {
  if (!send(statement)) return trouble();
  auto answer = take(10s);
  if (!answer) return Trouble{"no answer to " + statement};
  return std::move(*answer);
}

void PostgreSqlConnection::tell(const std::string& statement) {
  if (send(statement)) take(10s);
}

bool PostgreSqlConnection::send(const std::string& statement) {
  return PQsendQuery(connection_.get(), statement.c_str()) != 0;
}

std::optional<PostgreSqlAnswer> PostgreSqlConnection::take(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (PQconsumeInput(connection_.get()) != 0 && PQisBusy(connection_.get()) != 0) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left <= 0ms) return std::nullopt;
    pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
    poll(&socket, 1, static_cast<int>(left.count()));
  }
  PGresult* first = PQgetResult(connection_.get());
  if (first == nullptr) return std::nullopt;
  while (PGresult* more = PQgetResult(connection_.get())) PQclear(more);
  return PostgreSqlAnswer(first);
}

Trouble PostgreSqlConnection::trouble() const {
  std::string text = PQerrorMessage(connection_.get());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return {"PostgreSQL: " + text};
}

}  // namespace locklab::real
