// The kinds of message between a client and the database, and between its servers, as symbols of
// one run.
#pragma once

#include <array>

#include "sim/names.hpp"
#include "sim/services/sql/protocol.hpp"

namespace locklab::sql {

struct Kinds {
  explicit Kinds(Names& names) : wal(names.intern("WAL")), wal_reply(names.intern("WAL reply")) {
    for (std::size_t i = 0; i < kVerbs; ++i) {
      const std::string_view name = to_string(static_cast<Verb>(i));
      requests[i] = names.intern(name);
      replies[i] = names.join(name, " reply");
    }
  }
  Symbol request(Verb verb) const { return requests[static_cast<std::size_t>(verb)]; }
  Symbol reply(Verb verb) const { return replies[static_cast<std::size_t>(verb)]; }

  std::array<Symbol, kVerbs> requests;
  std::array<Symbol, kVerbs> replies;
  Symbol wal, wal_reply;
};

}  // namespace locklab::sql
