// The kinds of message between a client and the API server, as symbols of one run.
#pragma once

#include <array>
#include <string_view>

#include "sim/names.hpp"
#include "sim/services/kubernetes/protocol.hpp"

namespace locklab::kubernetes {

struct Kinds {
  explicit Kinds(Names& names) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const std::string_view name = to_string(static_cast<Verb>(i));
      requests[i] = names.intern(name);
      replies[i] = names.join(name, " reply");
    }
  }
  Symbol request(Verb verb) const { return requests[static_cast<std::size_t>(verb)]; }
  Symbol reply(Verb verb) const { return replies[static_cast<std::size_t>(verb)]; }

  std::array<Symbol, 3> requests;
  std::array<Symbol, 3> replies;
};

}  // namespace locklab::kubernetes
