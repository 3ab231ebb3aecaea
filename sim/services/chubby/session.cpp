#include <algorithm>

#include "sim/services/chubby/client.hpp"
#include "sim/world.hpp"

namespace locklab::chubby {

Task<Result<void>> ClientSession::open() {
  Process& self = client_->self();
  Request create;
  create.operation = Operation::create_session;
  create.client = self.id();
  create.session = client_->new_session();
  listener_->lease_asked();
  const MonoInstant asked = self.mono_now();
  const Result<Reply> created = co_await client_->ask(create, Duration{0}, kSearch);
  if (!created) co_return created.error();
  id_ = create.session;
  epoch_ = created->epoch;
  jeopardy_ = false;
  extend(asked, created->lease);
  say(ConnectionState::connected);
  self.spawn("keep alive", keep_alive(id_));
  self.spawn("local lease", watch_lease(id_));
  co_return Result<void>();
}

/// What is left for sure if the master's clock is as much faster as it may be.
void ClientSession::extend(MonoInstant asked, Duration lease) {
  lease_ends_ = asked + lease * (1000 - options_.clock_permille) / 1000;
  listener_->lease_extended(lease);
}

Task<> ClientSession::keep_alive(std::uint64_t id) {
  Process& self = client_->self();
  while (id_ == id) {
    Request call;
    call.operation = Operation::keep_alive;
    call.session = id;
    call.epoch = epoch_;
    listener_->lease_asked();
    const MonoInstant asked = self.mono_now();
    const Duration patience = std::max<Duration>(lease_ends_ - asked, kSearch);
    const Result<Reply> reply = co_await client_->ask(call, patience);
    if (id_ != id) co_return;
    if (!reply) continue;  // it looks for the master
    if (reply->status == Status::session_expired) {
      end();
      co_return;
    }
    epoch_ = reply->epoch;
    extend(asked, reply->lease);
    if (jeopardy_) {
      jeopardy_ = false;
      say(ConnectionState::safe);
    }
  }
}

Task<> ClientSession::watch_lease(std::uint64_t id) {
  Process& self = client_->self();
  while (id_ == id) {
    const MonoInstant now = self.mono_now();
    const MonoInstant over = jeopardy_ ? lease_ends_ + options_.grace : lease_ends_;
    if (now < over) {
      co_await self.sleep(over - now);
    } else if (jeopardy_) {
      end();
    } else {
      jeopardy_ = true;
      say(ConnectionState::jeopardy);
      listener_->in_jeopardy();
    }
  }
}

void ClientSession::end() {
  say(ConnectionState::lost);
  id_ = 0;
  listener_->expired();
}

void ClientSession::say(ConnectionState state) {
  Process& self = client_->self();
  self.world().emit(self.id(), ConnectionStateChanged{state, id_});
}

}  // namespace locklab::chubby
