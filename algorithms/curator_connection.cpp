// What Curator's mutex hears of its connection, and what it makes of it [spec D.2].
#include "algorithms/curator_mutex.hpp"
#include "sim/world.hpp"

namespace locklab {

using namespace zookeeper;

// Model: a timer on the wall clock, where Curator's thread looks at that clock whenever it wakes
// up.
void CuratorMutex::on_event(Event event) {
  self().world().loop().cancel(lost_timer_);
  lost_timer_ = {};
  if (event == Event::disconnected) {
    locklab::Event passes;
    passes.context = this;
    passes.act = [](void* mutex, std::uint64_t) {
      static_cast<CuratorMutex*>(mutex)->session_time_is_over();
    };
    lost_timer_ =
        self().timer(ClockKind::wall, zk().session_timeout() * lost_percent_ / 100, passes);
  }
  ZkRecipe::on_event(event);
}

/// LOST: the session is given up, and another is opened.
void CuratorMutex::session_time_is_over() {
  lost_timer_ = {};
  if (!zk().connected()) zk().abandon_session();
}

}  // namespace locklab
