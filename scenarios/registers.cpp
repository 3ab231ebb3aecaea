#include "scenarios/registers.hpp"

namespace locklab {

bool Registers::in_database(Symbol subject) const {
  return environment_.database != nullptr && environment_.database->keeps(subject);
}

Task<Result<sql::Reply>> Registers::execute(sql::Request request, sql::SessionHandle session) {
  Result<sql::Reply> reply = Errc::connection_lost;
  if (session)
    reply = co_await session.connection->execute_in(session.session, request);
  else
    reply = co_await environment_.database->any().execute(request);
  if (reply && !reply->done()) co_return Errc::lost;  // and the transaction with it
  co_return reply;
}

// SELECT value, version FROM data WHERE name = ?
Task<Result<storage::Reply>> Registers::read(Symbol subject, Hold under) {
  if (!in_database(subject)) co_return co_await storage_.read(subject, under.guard);
  sql::Request request;
  request.attempt = under.guard.attempt;
  request.token = under.guard.token;
  request.name = subject;
  const auto row = co_await execute(request, under.session);
  if (!row) co_return row.error();
  storage::Reply reply;
  reply.version = row->number;
  reply.value = row->value;
  co_return reply;
}

// UPDATE data SET value = ?, version = version + 1 WHERE name = ? [AND version = ?]
Task<Result<storage::Reply>> Registers::write(Symbol subject, Value value, Hold under,
                                              Basis basis) {
  if (!in_database(subject)) co_return co_await storage_.write(subject, value, under.guard, basis);
  sql::Request request;
  request.verb = sql::Verb::update;
  request.attempt = under.guard.attempt;
  request.token = under.guard.token;
  request.name = subject;
  request.set_value = true;
  request.value = value;
  request.count = true;
  request.read_modify_write = basis.known;
  request.test_number = basis.compare;
  request.number = basis.version;
  const auto updated = co_await execute(request, under.session);
  if (!updated) co_return updated.error();
  storage::Reply reply;
  reply.kind = updated->rows == 1 ? storage::ReplyKind::accepted : storage::ReplyKind::rejected;
  reply.why = Rejection::version;
  reply.version = updated->number;
  co_return reply;
}

}  // namespace locklab
