// A connection to a PostgreSQL server over libpq: one statement at a time, which may wait for
// somebody else's transaction meanwhile.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "real/daemon.hpp"

namespace locklab::real {

/// What a statement came back with.
class PostgreSqlAnswer {
 public:
  explicit PostgreSqlAnswer(PGresult* result) : result_(result, PQclear) {}

  bool failed() const { return PQresultStatus(result_.get()) == PGRES_FATAL_ERROR; }
  /// Of an error: its five letters; else empty.
  std::string state() const;
  std::string sentence() const;
  /// "COMMIT", "INSERT 0 1".
  std::string tag() const { return PQcmdStatus(result_.get()); }
  /// Rows that came back, or that it changed.
  std::uint32_t rows() const;
  /// A column of the last row that came back; empty: none, or NULL.
  std::string last(int column) const;

 private:
  std::shared_ptr<PGresult> result_;
};

class PostgreSqlConnection {
 public:
  /// By the loopback, as the user `postgres`.
  static Result<PostgreSqlConnection, Trouble> to_port(std::uint16_t port);

  /// Sends a statement and waits for what comes of it.
  Result<PostgreSqlAnswer, Trouble> ask(const std::string& statement);
  /// Where only what follows from it matters; an error shows there.
  void tell(const std::string& statement);
  /// Sends it only; false: the server is gone.
  bool send(const std::string& statement);
  /// What came of the statement that was sent; nothing if it has not come after `limit`.
  std::optional<PostgreSqlAnswer> take(std::chrono::milliseconds limit);

  /// Of its backend.
  int pid() const { return PQbackendPID(connection_.get()); }
  bool in_transaction() const { return PQtransactionStatus(connection_.get()) != PQTRANS_IDLE; }
  bool in_failed_transaction() const {
    return PQtransactionStatus(connection_.get()) == PQTRANS_INERROR;
  }

 private:
  explicit PostgreSqlConnection(PGconn* connection) : connection_(connection, PQfinish) {}
  Trouble trouble() const;

  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

}  // namespace locklab::real
