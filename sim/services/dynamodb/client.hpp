// A client's view of a DynamoDB table: co_await table.call(request).
#pragma once

#include "sim/rpc.hpp"
#include "sim/services/dynamodb/kinds.hpp"
#include "sim/services/dynamodb/protocol.hpp"

namespace locklab::dynamodb {

class Client {
 public:
  Client(Process& self, ProcessId service, const Kinds& kinds)
      : self_(&self), service_(service), kinds_(&kinds) {}

  Call<Reply> call(const Request& request, Duration timeout) const {
    return {*self_, service_, kinds_->request(request.operation), request.key, {.timeout = timeout},
            request};
  }

 private:
  Process* self_;
  ProcessId service_;
  const Kinds* kinds_;
};

}  // namespace locklab::dynamodb
