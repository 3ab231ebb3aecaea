// A client's view of the API server: co_await api.call(request).
#pragma once

#include "sim/rpc.hpp"
#include "sim/services/kubernetes/kinds.hpp"
#include "sim/services/kubernetes/protocol.hpp"

namespace locklab::kubernetes {

class Client {
 public:
  Client(Process& self, ProcessId server, const Kinds& kinds)
      : self_(&self), server_(server), kinds_(&kinds) {}

  Call<Reply> call(const Request& request, Duration timeout) const {
    return {*self_, server_, kinds_->request(request.verb), request.name, {.timeout = timeout},
            request};
  }

 private:
  Process* self_;
  ProcessId server_;
  const Kinds* kinds_;
};

}  // namespace locklab::kubernetes
