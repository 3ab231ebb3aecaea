#include "sim/services/storage/server.hpp"

#include "sim/world.hpp"

namespace locklab::storage {

Server::Server(Process& self, const Kinds& kinds, const Options& options)
    : self_(self), kinds_(kinds), registers_(options, &self.arena()) {}

void Server::on_message(const Packet& packet) {
  World& world = self_.world();
  const auto& request = packet.as<Request>();
  const Reply reply = execute(registers_, request);
  if (request.operation == Operation::read) {
    world.emit(self_.id(), served_event(request, reply));
    world.network().reply(packet, kinds_.read_reply, reply);
    return;
  }
  if (reply.kind == ReplyKind::rejected) {
    world.emit(self_.id(), rejected_event(request, reply));
  } else if (!reply.repeated) {
    world.emit(self_.id(), accepted_event(request, reply));
    if (request.update_id != 0)
      world.emit(self_.id(),
                 DomainEvent{DomainAct::applied, request.subject,
                             static_cast<std::int64_t>(request.update_id), request.attempt});
  }
  world.network().reply(packet, kinds_.write_reply, reply);
}

void Server::on_crash(bool) { restarting_ = true; }

void Server::on_start() {
  if (!restarting_) return;
  restarting_ = false;
  registers_.restart();
  self_.world().emit(
      self_.id(),
      ServiceRecovered{static_cast<std::uint32_t>(registers_.registers().size()), 0, Duration{0}});
}

}  // namespace locklab::storage
