#include "sim/services/raft/server.hpp"

#include "sim/world.hpp"

namespace locklab::raft {

void Server::say_stored(const Held& held, std::uint64_t rank) {
  KeyStored stored;
  stored.key = held.key;
  stored.value = Value::integer(static_cast<std::int64_t>(held.session));
  stored.attempt = held.attempt;
  stored.store = store_name_;
  stored.rank = rank;
  self_.world().emit(self_.id(), stored);
}

void Server::say_removed(const Held& held, AttemptId by, bool with_session) {
  KeyRemoved removed;
  removed.key = held.key;
  removed.value = Value::integer(static_cast<std::int64_t>(held.session));
  removed.attempt = held.attempt;
  removed.by = by;
  removed.why = with_session ? RemovalReason::session : RemovalReason::deleted;
  removed.store = store_name_;
  self_.world().emit(self_.id(), removed);
}

}  // namespace locklab::raft
