// The kinds of message between a client and a Redis node, as symbols of one run.
#pragma once

#include <array>

#include "sim/names.hpp"
#include "sim/services/redis/protocol.hpp"

namespace locklab::redis {

struct Kinds {
  static constexpr std::size_t kCommands =
      static_cast<std::size_t>(Command::compare_and_prolong) + 1;

  explicit Kinds(Names& names);
  Symbol request(Command command) const { return requests[static_cast<std::size_t>(command)]; }
  Symbol reply(Command command) const { return replies[static_cast<std::size_t>(command)]; }

  std::array<Symbol, kCommands> requests;
  std::array<Symbol, kCommands> replies;
};

}  // namespace locklab::redis
