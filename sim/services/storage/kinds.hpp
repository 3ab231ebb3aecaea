// The kinds of message between a client and storage, as symbols of one run.
#pragma once

#include "sim/names.hpp"

namespace locklab::storage {

struct Kinds {
  explicit Kinds(Names& names)
      : read(names.intern("read")),
        read_reply(names.intern("read reply")),
        write(names.intern("write")),
        write_reply(names.intern("write reply")) {}
  Symbol read, read_reply, write, write_reply;
};

}  // namespace locklab::storage
