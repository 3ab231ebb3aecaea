#include "sim/services/sql/pooler.hpp"

#include <algorithm>
#include <new>

#include "sim/world.hpp"

namespace locklab::sql {

Pooler::Pooler(Process& self, const Kinds& kinds, const PoolerOptions& options,
               std::span<const ProcessId> servers, std::uint64_t* sessions)
    : self_(self),
      kinds_(kinds),
      options_(options),
      servers_(servers),
      sessions_(sessions),
      slots_(&self.arena()),
      queue_(&self.arena()) {}

Pooler::~Pooler() { on_crash(false); }

void Pooler::on_start() {
  pool_ = new (arena().take(sizeof(Pool))) Pool(self_, servers_, {}, kinds_, sessions_);
}

void Pooler::on_crash(bool) {
  slots_.clear();
  queue_.clear();
  if (pool_ == nullptr) return;
  pool_->~Pool();
  arena().give_back(pool_, sizeof(Pool));
  pool_ = nullptr;
}

void Pooler::on_message(const Packet& packet) {
  const auto& request = packet.as<Request>();
  if (request.verb == Verb::terminate) return hang_up(request.session);
  serve(request, Network::Return(packet));
}

void Pooler::serve(const Request& request, const Network::Return& to) {
  Slot* slot = slot_for(request.session);
  if (slot == nullptr) {
    queue_.push_back({request, to});
    return;
  }
  slot->lent_to = request.session;
  slot->client = to.client;
  slot->busy = true;
  self_.spawn("statement", forward(static_cast<std::size_t>(slot - slots_.data()), request, to));
}

/// The one that the session has, else an idle one, else a new one; null: it must wait.
Pooler::Slot* Pooler::slot_for(SessionId session) {
  Slot* chosen = nullptr;
  for (Slot& slot : slots_) {
    if (slot.lent_to == session) return slot.busy ? nullptr : &slot;
    if (slot.lent_to) continue;
    const bool better =
        chosen == nullptr || (options_.round_robin ? slot.released < chosen->released
                                                   : slot.released > chosen->released);
    if (better) chosen = &slot;
  }
  if (chosen != nullptr) return chosen;
  if (static_cast<std::int64_t>(slots_.size()) >= options_.size) return nullptr;
  slots_.push_back({.connection = &pool_->connect()});
  return &slots_.back();
}

Task<> Pooler::forward(std::size_t index, Request request, Network::Return to) {
  const Result<Reply> reply = co_await slots_[index].connection->execute(request);
  Slot& slot = slots_[index];
  slot.busy = false;
  const bool over = request.verb == Verb::commit || request.verb == Verb::rollback;
  slot.in_transaction =
      reply.has_value() && !over && (request.in_transaction || slot.in_transaction);
  Network& network = self_.world().network();
  // A client whose server connection is lost loses its own.
  if (reply)
    network.reply(to, kinds_.reply(request.verb), *reply);
  else
    network.reset_connection(self_.id(), to.client);
  const bool keeps = slot.in_transaction || options_.mode == PoolerOptions::Mode::session;
  if (!keeps || !reply) give_back(slot);
  serve_queue();
}

void Pooler::give_back(Slot& slot) {
  slot.lent_to = {};
  slot.client = {};
  slot.in_transaction = false;
  slot.released = ++releases_;
}

void Pooler::serve_queue() {
  for (std::size_t i = 0; i < queue_.size();) {
    if (slot_for(queue_[i].request.session) == nullptr) {
      ++i;
      continue;
    }
    const Queued next = queue_[i];
    queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
    serve(next.request, next.to);
  }
}

// Who hangs up in the middle of a transaction takes the server connection along: it cannot be
// lent to anybody else in that state.
void Pooler::hang_up(SessionId session) {
  std::erase_if(queue_, [&](const Queued& each) { return each.request.session == session; });
  for (Slot& slot : slots_) {
    if (slot.lent_to != session || slot.busy) continue;
    slot.connection->close();
    give_back(slot);
  }
  serve_queue();
}

void Pooler::on_connection_lost(ProcessId peer) {
  if (std::ranges::find(servers_, peer) != servers_.end()) return pool_->on_connection_lost(peer);
  std::erase_if(queue_, [&](const Queued& each) { return each.to.client == peer; });
  for (Slot& slot : slots_)
    if (slot.client == peer) hang_up(slot.lent_to);
}

}  // namespace locklab::sql
