#include "sim/services/etcd/client.hpp"

#include "sim/world.hpp"

namespace locklab::etcd {

Task<Result<void>> Session::open(Duration ttl, Duration timeout) {
  Process& self = client_->self();
  Request grant;
  grant.operation = Operation::lease_grant;
  grant.client = self.id();
  grant.lease = client_->new_lease_id();
  grant.ttl = ttl;
  listener_->lease_asked();
  const Result<Reply> granted = co_await client_->ask(grant, timeout);
  if (!granted) co_return granted.error();

  open_ = true;
  lease_ = grant.lease;
  ttl_ = granted->ttl;
  next_ = self.mono_now();
  deadline_ = self.mono_now() + kFirstKeepAlive;
  listener_->lease_renewed();
  self.world().emit(self.id(), ConnectionStateChanged{ConnectionState::connected, lease_});
  self.spawn("keep alive", keep_alive(lease_));
  self.spawn("lease deadline", watch_deadline(lease_));
  co_return Result<void>();
}

Task<> Session::keep_alive(std::uint64_t lease) {
  Process& self = client_->self();
  Request renewal;
  renewal.operation = Operation::lease_keep_alive;
  renewal.lease = lease;
  while (keeps(lease)) {
    const MonoInstant looked = self.mono_now();
    if (looked >= next_) {
      listener_->lease_asked();
      const Result<Reply> reply = co_await client_->call(renewal, kLook);
      if (!keeps(lease)) co_return;
      if (!reply || reply->status == Status::no_leader) {
        client_->next_server();
      } else if (reply->status == Status::not_found) {  // a TTL of zero: it has expired
        end();
        co_return;
      } else {
        next_ = self.mono_now() + reply->ttl / 3;
        deadline_ = self.mono_now() + reply->ttl;
        listener_->lease_renewed();
      }
    }
    const Duration spent = self.mono_now() - looked;
    if (spent < kLook) co_await self.sleep(kLook - spent);
  }
}

Task<> Session::watch_deadline(std::uint64_t lease) {
  Process& self = client_->self();
  while (keeps(lease)) {
    if (self.mono_now() > deadline_) {
      end();
      co_return;
    }
    co_await self.sleep(kLook);
  }
}

Task<Result<void>> Session::close(Duration timeout) {
  if (!open_) co_return Result<void>();
  open_ = false;
  Request revoke;
  revoke.operation = Operation::lease_revoke;
  revoke.lease = lease_;
  const Result<Reply> reply = co_await client_->ask(revoke, timeout);
  if (!reply) co_return reply.error();
  co_return Result<void>();
}

void Session::end() {
  open_ = false;
  Process& self = client_->self();
  self.world().emit(self.id(), ConnectionStateChanged{ConnectionState::lost, lease_});
  listener_->session_done();
}

}  // namespace locklab::etcd
