#include "sim/services/dynamodb/server.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab::dynamodb {

bool Server::unavailable_to(ProcessId client) const {
  const Duration now = self_.world().now().time_since_epoch();
  return std::any_of(outages_.begin(), outages_.end(), [&](const Outage& outage) {
    return outage.from <= now && now < outage.until && (!outage.client || outage.client == client);
  });
}

void Server::on_message(const Packet& packet) {
  const auto request = packet.as<Request>();
  Reply reply{.status = Status::unavailable};
  if (!unavailable_to(packet.from)) {
    Table::Effect effect;
    reply = table_.execute(request, self_.world().now(), staleness_, effect);
    if (effect.wrote) report(request, effect);
  }
  self_.world().network().reply(packet, kinds_.reply(request.operation), reply);
}

/// An item is a lock's key while it is there and not marked as released. Who puts his own over
/// another's judged that one to be over: nobody's key is taken away by force here.
void Server::report(const Request& request, const Table::Effect& effect) {
  World& world = self_.world();
  const Item& before = effect.before;
  const Item& after = effect.after;
  const bool was = effect.there_before && !before.released;
  const bool is = effect.there_after && !after.released;
  const bool same = was && is && before.attempt == after.attempt;
  if (same) return;  // a heartbeat
  if (was) {
    const bool given_back = !is;
    world.emit(self_.id(),
               KeyRemoved{before.key, before.owner, before.attempt,
                          given_back ? request.attempt : AttemptId{},
                          given_back ? RemovalReason::deleted : RemovalReason::expired});
  }
  if (is)
    world.emit(self_.id(), KeyStored{after.key, after.owner, after.attempt, false, WallInstant{}});
}

}  // namespace locklab::dynamodb
