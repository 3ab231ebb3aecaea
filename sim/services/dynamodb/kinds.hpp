// The kinds of message between a client and DynamoDB, as symbols of one run.
#pragma once

#include <array>
#include <string_view>

#include "sim/names.hpp"
#include "sim/services/dynamodb/protocol.hpp"

namespace locklab::dynamodb {

struct Kinds {
  explicit Kinds(Names& names) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const std::string_view name = to_string(static_cast<Operation>(i));
      requests[i] = names.intern(name);
      replies[i] = names.join(name, " reply");
    }
  }
  Symbol request(Operation operation) const {
    return requests[static_cast<std::size_t>(operation)];
  }
  Symbol reply(Operation operation) const { return replies[static_cast<std::size_t>(operation)]; }

  std::array<Symbol, 4> requests;
  std::array<Symbol, 4> replies;
};

}  // namespace locklab::dynamodb
