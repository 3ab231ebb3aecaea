// The kinds of message between a client and a Redis node, as symbols of one run.
#pragma once

#include <array>

#include "sim/names.hpp"
#include "sim/services/redis/protocol.hpp"

namespace locklab::redis {

class Kinds {
 public:
  explicit Kinds(Names& names);
  Kinds(const Kinds&) = delete;
  Kinds& operator=(const Kinds&) = delete;

  Symbol request(Command command) const { return known(command).request; }
  Symbol reply(Command command) const { return known(command).reply; }
  Symbol notice() const;

 private:
  static constexpr std::size_t kCommands = static_cast<std::size_t>(Command::info_replication) + 1;
  struct Pair {
    Symbol request;
    Symbol reply;
  };

  const Pair& known(Command command) const {
    Pair& pair = pairs_[static_cast<std::size_t>(command)];
    if (!pair.request) [[unlikely]]
      intern(command, pair);
    return pair;
  }
  void intern(Command command, Pair& pair) const;

  Names& names_;
  // What every Redis lock may send is known from the start; the rest when somebody first sends it,
  // so that a run without it numbers its names as ever.
  mutable std::array<Pair, kCommands> pairs_{};
  mutable Symbol notice_;
};

}  // namespace locklab::redis
