#include "sim/services/etcd/client.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab::etcd {

namespace {

constexpr Duration kBackOff{25ms};  // backoffWaitBetween

bool repeatable(Operation operation) {
  return operation == Operation::get || operation == Operation::last_before ||
         operation == Operation::watch_deletion;
}

}  // namespace

Call<Reply> Client::call(const Request& request, Duration timeout) const {
  CallOptions options;
  options.timeout = timeout;
  return {*self_, servers_[at_], kinds_->request(request.operation), request.key, options, request};
}

Task<Result<Reply>> Client::ask(Request request, Duration timeout) {
  const MonoInstant began = self_->mono_now();
  const auto left = [&] {
    return std::max<Duration>(timeout - (self_->mono_now() - began), Duration{1us});
  };
  for (;;) {
    const Result<Reply> reply = co_await call(request, timeout > Duration{0} ? left() : timeout);
    const bool refused =
        reply ? reply->status == Status::no_leader : reply.error() == Errc::connection_refused;
    if (reply && !refused) co_return reply;
    next_server();
    const bool again = refused || repeatable(request.operation);
    const bool time_is_up = timeout > Duration{0} && left() <= kBackOff;
    if (!again || time_is_up) co_return reply ? Result<Reply>(Errc::timeout) : reply;
    co_await self_->sleep(kBackOff);
  }
}

std::uint64_t Client::new_lease_id() {
  const std::uint64_t server = self_->world().process(servers_[at_]).key() & 0x7FFF;
  const std::uint64_t ms = static_cast<std::uint64_t>(whole_ms(self_->wall_now()));
  const std::uint64_t count = self_->id().number << 4 | (leases_++ & 0xF);
  return server << 48 | (ms & 0xFF'FFFF'FFFF) << 8 | (count & 0xFF);
}

}  // namespace locklab::etcd
