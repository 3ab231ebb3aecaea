#include "sim/services/zookeeper/sessions.hpp"

#include <algorithm>

namespace locklab::zookeeper {

Sessions::Tracked* Sessions::find(SessionId id) {
  const auto found = std::ranges::find(tracked_, id, &Tracked::id);
  return found == tracked_.end() ? nullptr : &*found;
}

void Sessions::add(SessionId id, std::int64_t timeout_ms, std::uint32_t server,
                   std::int64_t now_ms) {
  if (find(id) == nullptr) tracked_.push_back({id, timeout_ms, 0, server, false});
  touch(id, now_ms);
}

void Sessions::remove(SessionId id) {
  std::erase_if(tracked_, [id](const Tracked& tracked) { return tracked.id == id; });
}

bool Sessions::touch(SessionId id, std::int64_t now_ms) {
  Tracked* tracked = find(id);
  if (tracked == nullptr || tracked->closing) return false;
  const std::int64_t expiry = ((now_ms + tracked->timeout_ms) / tick_ms_ + 1) * tick_ms_;
  tracked->expiry_ms = std::max(tracked->expiry_ms, expiry);
  return true;
}

bool Sessions::touch_and_own(SessionId id, std::uint32_t server, std::int64_t now_ms) {
  if (!touch(id, now_ms)) return false;
  find(id)->server = server;
  return true;
}

void Sessions::set_closing(SessionId id) {
  if (Tracked* tracked = find(id)) tracked->closing = true;
}

Code Sessions::claim(SessionId id, std::uint32_t server) {
  Tracked* tracked = find(id);
  if (tracked == nullptr || tracked->closing) return Code::session_expired;
  if (tracked->server == 0) tracked->server = server;
  return tracked->server == server ? Code::ok : Code::session_moved;
}

SessionId Sessions::due(std::int64_t now_ms) const {
  for (const Tracked& tracked : tracked_)
    if (!tracked.closing && tracked.expiry_ms <= now_ms) return tracked.id;
  return 0;
}

}  // namespace locklab::zookeeper
