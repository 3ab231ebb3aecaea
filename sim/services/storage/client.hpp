// A client's view of the protected resource: `co_await storage.write(stock, value, guard)`.
#pragma once

#include "sim/ids.hpp"
#include "sim/rpc.hpp"
#include "sim/services/storage/kinds.hpp"
#include "sim/services/storage/protocol.hpp"

namespace locklab::storage {

/// Under what a client reads or writes: its grant's token (none: unfenced) and who it is.
struct Guard {
  FencingToken token;
  AttemptId attempt;
  Value owner;
};

class Client {
 public:
  Client(Process& self, ProcessId server, const Kinds& kinds, const CallOptions& options)
      : self_(&self), server_(server), kinds_(&kinds), options_(options) {}

  Call<Reply> read(Symbol subject, const Guard& guard) const {
    Request request;
    request.operation = Operation::read;
    request.subject = subject;
    request.attempt = guard.attempt;
    request.token = guard.token;
    request.owner = guard.owner;
    return {*self_, server_, kinds_->read, subject, options_, request};
  }
  /// A blind write.
  Call<Reply> write(Symbol subject, const Value& value, const Guard& guard) const {
    return write(subject, value, guard, Basis{});
  }
  /// What a write was computed from.
  struct Basis {
    bool known = false;           // it is a read-modify-write
    std::uint64_t version = 0;    // of the datum that was read
    bool compare = false;         // refuse unless the datum still has that version
    std::uint64_t update_id = 0;  // its number, if it may be repeated
    bool once = false;            // and is to take effect once
  };
  Call<Reply> write(Symbol subject, const Value& value, const Guard& guard,
                    const Basis& basis) const {
    Request request;
    request.operation = Operation::write;
    request.read_modify_write = basis.known;
    request.compare_version = basis.compare;
    request.update_id = basis.update_id;
    request.once = basis.once;
    request.subject = subject;
    request.attempt = guard.attempt;
    request.token = guard.token;
    request.based_on = basis.version;
    request.owner = guard.owner;
    request.value = value;
    return {*self_, server_, kinds_->write, subject, options_, request};
  }

 private:
  Process* self_;
  ProcessId server_;
  const Kinds* kinds_;
  CallOptions options_;
};

}  // namespace locklab::storage
