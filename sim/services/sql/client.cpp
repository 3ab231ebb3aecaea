#include "sim/services/sql/client.hpp"

#include <algorithm>
#include <new>

#include "sim/world.hpp"

namespace locklab::sql {

Task<Result<Reply>> Connection::execute(Request request) {
  Process& self = pool_->self_;
  if (!session_) {
    server_ = pool_->servers_[pool_->current_];
    session_ = SessionId{++*pool_->sessions_};
    begun_ = self.world().now();
    opened_ = false;
  }
  const SessionId session = session_;
  request.session = session;
  request.opens = !opened_;
  request.zone_seconds = zone_seconds_;
  request.in_transaction = request.in_transaction || !autocommit_;
  opened_ = true;
  const Symbol kind = pool_->kinds_.request(request.verb);
  const Result<Reply> reply =
      co_await Call<Reply>(self, server_, kind, request.name, options_, request);
  if (!reply) {
    // A driver that waits no longer for an answer closes the socket: what would come next on it
    // may be anything.
    if (session == session_ && reply.error() == Errc::timeout) close();
    if (session == session_) lost();
    // Nobody takes statements there: it is down, or it is a standby.
    if (reply.error() != Errc::timeout) pool_->leave(server_);
  }
  if (request.verb == Verb::commit || request.verb == Verb::rollback) {
    if (reply && reply->done() && request.verb == Verb::commit)
      for (const DomainEvent& event : after_commit_) self.world().emit(self.id(), event);
    after_commit_.clear();
  }
  co_return reply;
}

Task<Result<Reply>> Connection::execute_in(SessionId session, Request request) {
  if (!session || session_ != session) co_return Errc::connection_lost;
  co_return co_await execute(request);
}

Task<Result<Reply>> Connection::commit(SessionId session, AttemptId attempt) {
  Request request;
  request.verb = Verb::commit;
  request.attempt = attempt;
  co_return co_await execute_in(session, request);
}

Task<Result<Reply>> Connection::rollback(SessionId session, AttemptId attempt) {
  Request request;
  request.verb = Verb::rollback;
  request.attempt = attempt;
  co_return co_await execute_in(session, request);
}

void Connection::close() {
  if (!session_) return;
  Request request;
  request.verb = Verb::terminate;
  request.session = session_;
  const ProcessId server = server_;
  lost();
  Process& self = pool_->self_;
  self.world().network().send(self.id(), server, pool_->kinds_.request(Verb::terminate), Symbol{},
                              CallId{}, request);
}

void Connection::lost() {
  if (!session_) return;
  session_ = {};
  after_commit_.clear();
  if (listener_ != nullptr) listener_->connection_lost(*this);
}

// ---- the pool -----------------------------------------------------------------------------------

Pool::Pool(Process& self, std::span<const ProcessId> servers, std::span<const Symbol> registers,
           const Kinds& kinds, std::uint64_t* sessions)
    : self_(self),
      servers_(servers),
      registers_(registers),
      kinds_(kinds),
      sessions_(sessions),
      connections_(&self.arena()) {}

Pool::~Pool() {
  for (Connection* connection : connections_) {
    connection->~Connection();
    self_.arena().give_back(connection, sizeof(Connection));
  }
}

Connection& Pool::any() {
  if (any_ == nullptr) any_ = &connect();
  return *any_;
}

bool Pool::keeps(Symbol subject) const {
  return std::ranges::find(registers_, subject) != registers_.end();
}

Connection& Pool::connect() {
  void* block = self_.arena().take(sizeof(Connection));
  connections_.push_back(new (block) Connection(*this, self_.arena()));
  return *connections_.back();
}

bool Pool::on_message(const Packet&) { return false; }

void Pool::leave(ProcessId server) {
  if (servers_[current_] == server) current_ = (current_ + 1) % servers_.size();
}

void Pool::on_connection_lost(ProcessId server) {
  leave(server);
  // Calls that waited have heard of it before; a session that one of them has begun since is new.
  for (Connection* connection : connections_)
    if (connection->server_ == server && connection->begun_ < self_.world().now())
      connection->lost();
}

}  // namespace locklab::sql
