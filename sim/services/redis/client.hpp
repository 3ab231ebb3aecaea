// A client's view of one Redis node: `co_await redis.set(key, owner, {.nx = true, .px = ttl})`.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sim/ids.hpp"
#include "sim/rpc.hpp"
#include "sim/services/redis/kinds.hpp"
#include "sim/services/redis/protocol.hpp"
#include "sim/time.hpp"

namespace locklab::redis {

/// Who asks: the value that tells its lock from others', and the attempt that the trace files it
/// under.
struct Owner {
  Value value;
  AttemptId attempt;
};

struct SetArguments {
  bool nx = false;
  bool xx = false;
  Duration px{};  // zero: does not expire
};

class Client {
 public:
  Client(Process& self, ProcessId node, const Kinds& kinds, const CallOptions& options)
      : self_(&self), node_(node), kinds_(&kinds), options_(options) {}
  /// Of a replicated set: `master` stands for whoever is master at the time of a call, and outlives
  /// the client.
  Client(Process& self, const ProcessId* master, const Kinds& kinds, const CallOptions& options)
      : self_(&self), node_(*master), master_(master), kinds_(&kinds), options_(options) {}

  ProcessId node() const { return master_ == nullptr ? node_ : *master_; }
  const CallOptions& options() const { return options_; }
  void set_options(const CallOptions& options) { options_ = options; }

  Call<Reply> set(Symbol key, const Owner& owner, SetArguments arguments) const;
  Call<Reply> setnx(Symbol key, const Value& value, AttemptId attempt) const;
  Call<Reply> getset(Symbol key, const Value& value, AttemptId attempt) const;
  Call<Reply> get(Symbol key, AttemptId attempt) const;
  Call<Reply> del(Symbol key, AttemptId attempt) const;
  Call<Reply> incr(Symbol key, AttemptId attempt) const;
  Call<Reply> pexpire(Symbol key, Duration ttl, AttemptId attempt) const;
  Call<Reply> pttl(Symbol key, AttemptId attempt) const;
  Call<Reply> compare_and_delete(Symbol key, const Owner& owner) const;
  Call<Reply> compare_and_pexpire(Symbol key, const Owner& owner, Duration ttl) const;
  /// Adds `by` to what is left; the number of ms left then, or 0 where the key is not `owner`'s.
  Call<Reply> compare_and_prolong(Symbol key, const Owner& owner, Duration by) const;
  /// SET NX PX and INCR in one script: the token, or nil where the key is taken.
  Call<Reply> acquire_with_token(Symbol key, const Owner& owner, Duration ttl,
                                 Symbol counter) const;
  /// The libraries' own scripts, by command: acquire_all, extend_all, release_all, lock_or_retake,
  /// extend_or_retake, redsync_delete.
  Call<Reply> script(Command command, Symbol key, const Owner& owner, Duration ttl,
                     bool retake = true) const;
  Call<Reply> call(const Request& request) const;
  /// Sends a request whose answer nobody wants.
  void post(const Request& request) const;

 private:
  Process* self_;
  ProcessId node_;
  const ProcessId* master_ = nullptr;
  const Kinds* kinds_;
  CallOptions options_;
};

}  // namespace locklab::redis
