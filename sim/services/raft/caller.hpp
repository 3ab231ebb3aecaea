// How a client of a service on a replicated log finds the server that leads: it asks the one that
// it asked last, goes where that one points, and otherwise tries them in turn. What may have been
// carried out is sent again only if the request says that this does no harm.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/process.hpp"
#include "sim/rpc.hpp"
#include "sim/task.hpp"
#include "sim/time.hpp"

namespace locklab::raft {

/// `Request` has an `operation`, a `subject()` and `repeatable()`; `Reply` has `no_leader` and
/// `leader`, where to go (none: it does not know); `Kinds` names an operation's request.
template <class Request, class Reply, class Kinds>
class Caller {
 public:
  /// `servers` outlive the caller; it begins with the one at `first`.
  Caller(Process& self, std::span<const ProcessId> servers, std::size_t first, const Kinds& kinds)
      : self_(&self), servers_(servers), at_(first), kinds_(&kinds) {}

  Arena& arena() const { return self_->arena(); }
  Process& self() const { return *self_; }

  /// Waits for an answer for at most `timeout` (zero: for ever); a repeatable request is sent
  /// again, to the next server, after each `again_after` (zero: never). Errors: timeout,
  /// connection_lost, connection_refused; after the first two the outcome is unknown.
  Task<Result<Reply>> ask(Request request, Duration timeout, Duration again_after = {}) {
    constexpr Duration kBackOff{25ms};
    const MonoInstant began = self_->mono_now();
    for (;;) {
      const Duration left = timeout - (self_->mono_now() - began);
      CallOptions options;
      if (timeout > Duration{0}) options.timeout = std::max<Duration>(left, Duration{1us});
      if (again_after > Duration{0} && (timeout == Duration{0} || again_after < options.timeout))
        options.timeout = again_after;
      Call<Reply> call{
          *self_,  servers_[at_], kinds_->request(request.operation), request.subject(),
          options, request};
      const Result<Reply> reply = co_await call;
      if (reply && !reply->no_leader) co_return reply;
      const bool redirected = reply && go_to(reply->leader);
      if (!redirected) at_ = (at_ + 1) % servers_.size();
      const bool refused = reply || reply.error() == Errc::connection_refused;
      const bool over = timeout > Duration{0} && self_->mono_now() - began + kBackOff >= timeout;
      if (over || !(refused || request.repeatable()))
        co_return reply ? Result<Reply>(Errc::timeout) : reply;
      if (!redirected) co_await self_->sleep(kBackOff);
    }
  }

 private:
  bool go_to(ProcessId leader) {
    const auto found = std::find(servers_.begin(), servers_.end(), leader);
    if (found == servers_.end() || *found == servers_[at_]) return false;
    at_ = static_cast<std::size_t>(found - servers_.begin());
    return true;
  }

  Process* self_;
  std::span<const ProcessId> servers_;
  std::size_t at_;
  const Kinds* kinds_;
};

/// The kinds of message of a service, by its operations: "acquire" and "acquire reply".
template <class Operation, std::size_t Count>
struct OperationKinds {
  explicit OperationKinds(Names& names) : refusal(names.intern("no leader")) {
    for (std::size_t i = 0; i < Count; ++i) {
      const std::string_view name = to_string(static_cast<Operation>(i));
      requests[i] = names.intern(name);
      replies[i] = names.join(name, " reply");
    }
  }
  Symbol request(Operation operation) const {
    return requests[static_cast<std::size_t>(operation)];
  }
  Symbol reply(Operation operation) const { return replies[static_cast<std::size_t>(operation)]; }

  std::array<Symbol, Count> requests{};
  std::array<Symbol, Count> replies{};
  Symbol refusal;
};

}  // namespace locklab::raft
