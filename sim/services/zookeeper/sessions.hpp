// Who is alive, as the leader alone keeps it [spec D.1 "Sessions"; ZooKeeper ExpiryQueue and
// SessionTrackerImpl]. Sessions are put into buckets of one tick by the leader's monotonic clock:
//
//   expiry = ((now + T) / tick + 1) * tick          (whole milliseconds, integer division)
//
// so one expires in (T, T + tick] after it was touched last. A session that is being closed cannot
// be touched any more.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/services/zookeeper/protocol.hpp"

namespace locklab::zookeeper {

class Sessions {
 public:
  explicit Sessions(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : tracked_(memory) {}

  void set_tick(std::int64_t tick_ms) { tick_ms_ = tick_ms; }
  void clear() { tracked_.clear(); }
  /// Tracks it from now on, with its full time; `server` keeps its connection.
  void add(SessionId id, std::int64_t timeout_ms, std::uint32_t server, std::int64_t now_ms);
  void remove(SessionId id);
  /// False if it is unknown or being closed.
  bool touch(SessionId id, std::int64_t now_ms);
  bool touch_and_own(SessionId id, std::uint32_t server, std::int64_t now_ms);
  void set_closing(SessionId id);
  /// May a request of this session that came by `server` be carried out? Where nobody has said so
  /// to this leader yet, the server keeps the session's connection from now on.
  Code claim(SessionId id, std::uint32_t server);
  /// One whose time has come and that is not yet being closed; zero: none.
  SessionId due(std::int64_t now_ms) const;

 private:
  struct Tracked {
    SessionId id = 0;
    std::int64_t timeout_ms = 0;
    std::int64_t expiry_ms = 0;
    std::uint32_t server = 0;  // zero: nobody has said so to this leader yet
    bool closing = false;
  };
  Tracked* find(SessionId id);

  std::int64_t tick_ms_ = 2000;
  std::pmr::vector<Tracked> tracked_;
};

}  // namespace locklab::zookeeper
