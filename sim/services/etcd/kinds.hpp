// The kinds of message between a client and an etcd server, as symbols of one run.
#pragma once

#include <array>

#include "sim/names.hpp"
#include "sim/services/etcd/protocol.hpp"

namespace locklab::etcd {

struct Kinds {
  explicit Kinds(Names& names)
      : refusal(names.intern("no leader")),
        renewal(names.intern("renew lease")),
        renewed(names.intern("renew lease reply")) {
    for (std::size_t i = 0; i < kOperations; ++i) {
      const std::string_view name = to_string(static_cast<Operation>(i));
      requests[i] = names.intern(name);
      replies[i] = names.join(name, " reply");
    }
  }
  Symbol request(Operation operation) const {
    return requests[static_cast<std::size_t>(operation)];
  }
  Symbol reply(Operation operation) const { return replies[static_cast<std::size_t>(operation)]; }

  std::array<Symbol, kOperations> requests{};
  std::array<Symbol, kOperations> replies{};
  Symbol refusal, renewal, renewed;
};

}  // namespace locklab::etcd
