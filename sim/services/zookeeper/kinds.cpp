#include "sim/services/zookeeper/kinds.hpp"

namespace locklab::zookeeper {

Kinds::Kinds(Names& names)
    : ping(names.intern("ping")),
      ping_reply(names.intern("ping reply")),
      watch_event(names.intern("watch event")),
      children(names.intern("getChildren part")),
      close(names.intern("close")) {
  for (std::size_t i = 0; i < kOps; ++i) {
    const std::string_view name = to_string(static_cast<Op>(i));
    requests[i] = names.intern(name);
    replies[i] = names.join(name, " reply");
  }
  for (std::size_t i = 0; i < kPeerWords; ++i)
    peers[i] = names.intern(to_string(static_cast<PeerWord>(i)));
}

}  // namespace locklab::zookeeper
