#include "sim/services/kubernetes/server.hpp"

#include "sim/world.hpp"

namespace locklab::kubernetes {

void Server::on_message(const Packet& packet) {
  World& world = self_.world();
  const auto request = packet.as<Request>();
  Store::Stored before;
  if (const Store::Stored* lease = store_.find(request.name)) before = *lease;
  const Reply reply = store_.execute(request);
  // To the trace the Lease is the lock's key while it names a holder.
  if (reply.status == Status::ok && request.verb != Verb::get) {
    const bool is = bool{request.record.holder};
    const bool was = bool{before.record.holder};
    const bool renewal = is && was && before.attempt == request.attempt;
    if (was && !renewal)
      world.emit(self_.id(), KeyRemoved{request.name, before.record.holder, before.attempt,
                                        is ? AttemptId{} : request.attempt,
                                        is ? RemovalReason::expired : RemovalReason::deleted});
    if (is && !renewal)
      world.emit(self_.id(), KeyStored{request.name, request.record.holder, request.attempt, false,
                                       WallInstant{}});
  }
  world.network().reply(packet, kinds_.reply(request.verb), reply);
}

}  // namespace locklab::kubernetes
