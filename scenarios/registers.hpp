// A client's way to the registers that its steps read and write. Where a register lives decides
// where a step goes: to storage, or to the database that keeps it as a row; there through the
// session that the lock is held on, if it is held on one.
#pragma once

#include "algorithms/lock.hpp"
#include "sim/services/sql/client.hpp"
#include "sim/services/storage/client.hpp"
#include "sim/task.hpp"

namespace locklab {

/// Under which grant a client reads or writes: what storage is told of it, and the database session
/// that it lives on, if any.
struct Hold {
  storage::Guard guard{};
  sql::SessionHandle session{};
};

using Basis = storage::Client::Basis;

class Registers {
 public:
  Registers(const Environment& environment, const storage::Client& storage)
      : environment_(environment), storage_(storage) {}

  bool in_database(Symbol subject) const;
  /// As storage answers, whichever of the two it was. A session that is no more is connection_lost.
  Task<Result<storage::Reply>> read(Symbol subject, Hold under);
  Task<Result<storage::Reply>> write(Symbol subject, Value value, Hold under, Basis basis = {});

  Arena& arena() const { return environment_.arena(); }

 private:
  Task<Result<sql::Reply>> execute(sql::Request request, sql::SessionHandle session);

  const Environment& environment_;  // of the life at hand
  storage::Client storage_;
};

}  // namespace locklab
