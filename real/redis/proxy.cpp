#include "real/redis/proxy.hpp"

#include "real/redis/words.hpp"
#include "sim/world.hpp"

namespace locklab::real {

namespace {

using Asked = redis::Command;

/// What a reply says that the command did to its key, as far as it can be told from the two.
enum class Deed : std::uint8_t { nothing, stored, extended, removed };

Deed deed_of(const redis::Request& request, const redis::Reply& reply) {
  const bool yes = static_cast<bool>(reply);
  switch (request.command) {
    case Asked::set:
    case Asked::setnx:
    case Asked::acquire_with_token:
    case Asked::lock_or_retake:
      return yes ? Deed::stored : Deed::nothing;
    case Asked::getset:
      return reply.kind == redis::ReplyKind::error ? Deed::nothing : Deed::stored;
    case Asked::pexpire:
    case Asked::compare_and_pexpire:
    case Asked::compare_and_prolong:
    case Asked::extend_or_retake:
      return yes ? Deed::extended : Deed::nothing;
    case Asked::del:
    case Asked::compare_and_delete:
    case Asked::redsync_delete:
      return yes ? Deed::removed : Deed::nothing;
    default:
      return Deed::nothing;
  }
}

}  // namespace

RedisProxy::RedisProxy(Process& self, ProcessId client, const redis::Kinds& kinds,
                       std::uint16_t port)
    : self_(self), client_(client), kinds_(kinds), port_(port) {}

bool RedisProxy::connect() {
  auto connection = RedisConnection::to_port(port_);
  if (!connection) return false;
  connection_.emplace(std::move(*connection));
  return true;
}

int RedisProxy::descriptor() const { return connection_ ? connection_->descriptor() : -1; }

void RedisProxy::on_message(const Packet& packet) {
  // The client gave its connection up and opened another: so do we.
  if (packet.connection != number_ && number_ != 0) {
    connection_.reset();
    pending_.clear();
  }
  number_ = packet.connection;
  if (!connection_ && !connect()) {
    self_.world().network().refuse(packet);
    return;
  }
  const auto& request = packet.as<redis::Request>();
  connection_->append(words_of(request, self_.world().names()));
  pending_.push_back({request, Network::Return(packet), self_.world().now()});
  if (!connection_->send()) lose_connection();
}

void RedisProxy::take_answers() {
  if (!connection_) return;
  const auto answers = connection_->arrived();
  if (!answers) return lose_connection();
  for (const Answer& answer : *answers) {
    if (pending_.empty()) return;
    const Pending asked = pending_.front();
    pending_.pop_front();
    const redis::Reply reply = reply_of(asked.request, answer, self_.world().names());
    telling_of_ = asked.at;
    tell(asked.request, reply);
    telling_of_.reset();
    self_.world().network().reply(asked.to, kinds_.reply(asked.request.command), reply);
  }
}

void RedisProxy::lose_connection() {
  connection_.reset();
  pending_.clear();
  number_ = 0;
  self_.world().network().reset_connection(client_, self_.id());
}

void RedisProxy::tell(const redis::Request& request, const redis::Reply& reply) {
  World& world = self_.world();
  const WallInstant wall = self_.wall_now();
  const bool expires = request.ttl_ms > 0;
  const WallInstant ends = wall + std::chrono::milliseconds(request.ttl_ms);
  switch (deed_of(request, reply)) {
    case Deed::stored:
      world.emit(self_.id(), KeyStored{.key = request.key,
                                       .value = request.value,
                                       .attempt = request.attempt,
                                       .expires = expires,
                                       .expires_at = expires ? ends : WallInstant{}});
      break;
    case Deed::extended:
      world.emit(self_.id(), KeyExtended{.key = request.key,
                                         .value = {},
                                         .attempt = {},
                                         .by = request.attempt,
                                         .expires_at = ends});
      break;
    case Deed::removed:
      world.emit(self_.id(), KeyRemoved{.key = request.key,
                                        .value = {},
                                        .attempt = {},
                                        .by = request.attempt,
                                        .why = RemovalReason::deleted});
      break;
    case Deed::nothing:
      break;
  }
  if (reply.token)
    world.emit(self_.id(),
               TokenIssued{request.command == Asked::incr ? request.key : request.counter,
                           reply.token, request.attempt});
}

}  // namespace locklab::real
