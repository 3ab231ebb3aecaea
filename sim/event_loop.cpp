#include "sim/event_loop.hpp"

#include <algorithm>
#include <cstring>

#include "sim/assert.hpp"

namespace locklab {

EventLoop::EventLoop(Arena& arena) : arena_(arena) {}

EventLoop::~EventLoop() {
  // Everything lies in the arena; giving it back lets a world be rebuilt without a reset.
  if (heap_ != nullptr) arena_.give_back(heap_, capacity_ * sizeof(Key));
  for (Lane& lane : lanes_)
    if (lane.ring != nullptr) arena_.give_back(lane.ring, lane.capacity * sizeof(Key));
  for (std::uint32_t i = 0; i < block_count_; ++i)
    arena_.give_back(blocks_[i], sizeof(Slot) << kBlockBits);
  if (blocks_ != nullptr) arena_.give_back(blocks_, block_capacity_ * sizeof(Slot*));
}

std::uint32_t EventLoop::take_slot() {
  if (free_slot_ != kNoSlot) {
    const std::uint32_t index = free_slot_;
    free_slot_ = static_cast<std::uint32_t>(slot(index).event.a);
    return index;
  }
  if ((slots_ >> kBlockBits) == block_count_) {
    if (block_count_ == block_capacity_) {
      const std::uint32_t capacity = block_capacity_ == 0 ? 16 : block_capacity_ * 2;
      auto** blocks = static_cast<Slot**>(arena_.take(capacity * sizeof(Slot*)));
      if (blocks_ != nullptr) {
        std::memcpy(blocks, blocks_, block_count_ * sizeof(Slot*));
        arena_.give_back(blocks_, block_capacity_ * sizeof(Slot*));
      }
      blocks_ = blocks;
      block_capacity_ = capacity;
    }
    blocks_[block_count_++] = static_cast<Slot*>(arena_.take(sizeof(Slot) << kBlockBits));
  }
  LOCKLAB_ASSERT(slots_ < kSlotMask);
  return slots_++;
}

EventLoop::Key EventLoop::place(Instant at, const Event& event) {
  LOCKLAB_ASSERT(at >= now_);
  const std::uint32_t index = take_slot();
  Slot& s = slot(index);
  s.event = event;
  ++order_;
  LOCKLAB_ASSERT(order_ < (std::uint64_t{1} << kOrderBits));
  s.occupant = order_ << kSlotBits | index;
  ++waiting_;
  return {s.occupant, static_cast<std::uint64_t>(at.time_since_epoch().count())};
}

EventId EventLoop::schedule(Instant at, const Event& event) {
  const Key key = place(at, event);
  heap_push(key);
  return {key.low};
}

EventId EventLoop::schedule_lane(Duration after, const Event& event) {
  std::uint32_t which = 0;
  while (which < lanes_used_ && lanes_[which].after != after) ++which;
  if (which == kLanes) return schedule(now_ + after, event);
  if (which == lanes_used_) lanes_[lanes_used_++].after = after;
  const Key key = place(now_ + after, event);
  lane_push(lanes_[which], key);
  return {key.low};
}

bool EventLoop::cancel(EventId id) {
  if (!id) return false;
  const auto index = static_cast<std::uint32_t>(id.number & kSlotMask);
  Slot& s = slot(index);
  if (s.occupant != id.number) return false;
  s.occupant = 0;
  s.event.a = free_slot_;
  free_slot_ = index;
  --waiting_;
  return true;
}

void EventLoop::move(EventId id, Instant at) {
  LOCKLAB_ASSERT(slot(static_cast<std::uint32_t>(id.number & kSlotMask)).occupant == id.number);
  LOCKLAB_ASSERT(at >= now_);
  const Key moved{id.number, static_cast<std::uint64_t>(at.time_since_epoch().count())};
  if (Event& event = slot(static_cast<std::uint32_t>(id.number & kSlotMask)).event; event.parked) {
    event.parked = false;
    heap_push(moved);
    return;
  }
  heap_close();
  for (std::size_t place = kRoot; place < end_; ++place) {
    if (heap_[place].low != id.number) continue;
    const bool earlier = moved.before(heap_[place]);
    if (earlier)
      sift_up(place, moved);
    else
      sift_down(place, moved);
    return;
  }
  for (Lane& lane : lanes_) {
    for (std::uint32_t i = 0; i < lane.count; ++i) {
      if (lane.ring[(lane.head + i) & (lane.capacity - 1)].low != id.number) continue;
      for (std::uint32_t j = i + 1; j < lane.count; ++j)
        lane.ring[(lane.head + j - 1) & (lane.capacity - 1)] =
            lane.ring[(lane.head + j) & (lane.capacity - 1)];
      --lane.count;
      heap_push(moved);
      return;
    }
  }
  LOCKLAB_ASSERT(!"a waiting event is in the heap or in a lane");
}

const EventLoop::Key* EventLoop::heap_top() {
  for (;;) {
    heap_close();
    if (end_ == kRoot) return nullptr;
    if (!stale(heap_[kRoot])) return &heap_[kRoot];
    root_open_ = true;
  }
}

const EventLoop::Key* EventLoop::earliest(Lane*& best_lane) {
  const Key* best = heap_top();
  best_lane = nullptr;
  for (std::uint32_t which = 0; which < lanes_used_; ++which) {
    Lane& lane = lanes_[which];
    while (lane.count > 0 && stale(lane.ring[lane.head])) {
      lane.head = (lane.head + 1) & (lane.capacity - 1);
      --lane.count;
    }
    if (lane.count == 0) continue;
    const Key* head = &lane.ring[lane.head];
    if (best == nullptr || head->before(*best)) {
      best = head;
      best_lane = &lane;
    }
  }
  return best;
}

bool EventLoop::pending_by(Instant limit) {
  Lane* lane = nullptr;
  const Key* next = earliest(lane);
  return next != nullptr &&
         next->high <= static_cast<std::uint64_t>(limit.time_since_epoch().count());
}

Instant EventLoop::next_due() {
  Lane* lane = nullptr;
  const Key* next = earliest(lane);
  return next == nullptr ? kEndOfTime : Instant(Duration(static_cast<std::int64_t>(next->high)));
}

bool EventLoop::may_be_pending_now() const {
  const auto now = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  for (std::uint32_t which = 0; which < lanes_used_; ++which) {
    const Lane& lane = lanes_[which];
    if (lane.count > 0 && lane.ring[lane.head].high <= now) return true;
  }
  if (!root_open_) return end_ > kRoot && heap_[kRoot].high <= now;
  const std::size_t last = std::min(end_, 4 * kRoot - 4);
  for (std::size_t child = 4 * kRoot - 8; child < last; ++child)
    if (heap_[child].high <= now) return true;
  return false;
}

bool EventLoop::pop(Instant limit, Event& event) {
  Lane* lane = nullptr;
  const Key* next = earliest(lane);
  if (next == nullptr || next->high > static_cast<std::uint64_t>(limit.time_since_epoch().count()))
    return false;

  now_ = std::max(now_, Instant(Duration(static_cast<std::int64_t>(next->high))));
  const auto index = static_cast<std::uint32_t>(next->low & kSlotMask);
  popped_ = next->low;
  if (lane != nullptr) {
    lane->head = (lane->head + 1) & (lane->capacity - 1);
    --lane->count;
  } else {
    root_open_ = true;
  }
  Slot& s = slot(index);
  event = s.event;
  s.occupant = 0;
  s.event.a = free_slot_;
  free_slot_ = index;
  --waiting_;
  ++fired_;
  return true;
}

EventId EventLoop::park(const Event& event) {
  const auto index = static_cast<std::uint32_t>(popped_ & kSlotMask);
  LOCKLAB_ASSERT(free_slot_ == index);
  take_slot();
  Slot& s = slot(index);
  s.event = event;
  s.event.parked = true;
  s.occupant = popped_;
  ++waiting_;
  return {popped_};
}

bool EventLoop::unpark(EventId id, Event& event) {
  Slot& s = slot(static_cast<std::uint32_t>(id.number & kSlotMask));
  if (s.occupant != id.number || !s.event.parked) return false;
  event = s.event;
  event.parked = false;
  return cancel(id);
}

void EventLoop::heap_push(const Key& key) {
  if (root_open_) {  // the popped root's place is free: the new key takes it and sinks
    root_open_ = false;
    sift_down(kRoot, key);
    return;
  }
  if (end_ >= capacity_) {
    const std::size_t capacity = capacity_ == 0 ? 64 : capacity_ * 2;
    auto* heap = static_cast<Key*>(arena_.take(capacity * sizeof(Key)));
    if (heap_ != nullptr) {
      std::memcpy(heap, heap_, end_ * sizeof(Key));
      arena_.give_back(heap_, capacity_ * sizeof(Key));
    }
    heap_ = heap;
    capacity_ = capacity;
  }
  sift_up(end_++, key);
}

void EventLoop::sift_up(std::size_t hole, const Key& key) {
  while (hole > kRoot) {
    const std::size_t parent = hole / 4 + 2;
    if (!key.before(heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = key;
}

void EventLoop::heap_close() {
  if (!root_open_) return;
  root_open_ = false;
  --end_;
  if (end_ > kRoot) sift_down(kRoot, heap_[end_]);
}

void EventLoop::sift_down(std::size_t hole, const Key& key) {
  for (;;) {
    const std::size_t first = 4 * hole - 8;
    if (first >= end_) break;
    const std::size_t last = first + 4 < end_ ? first + 4 : end_;
    std::size_t least = first;
    for (std::size_t child = first + 1; child < last; ++child)
      if (heap_[child].before(heap_[least])) least = child;
    if (!heap_[least].before(key)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = key;
}

void EventLoop::lane_push(Lane& lane, const Key& key) {
  if (lane.count == lane.capacity) {
    const std::uint32_t capacity = lane.capacity == 0 ? 32 : lane.capacity * 2;
    auto* ring = static_cast<Key*>(arena_.take(capacity * sizeof(Key)));
    for (std::uint32_t i = 0; i < lane.count; ++i)
      ring[i] = lane.ring[(lane.head + i) & (lane.capacity - 1)];
    if (lane.ring != nullptr) arena_.give_back(lane.ring, lane.capacity * sizeof(Key));
    lane.ring = ring;
    lane.capacity = capacity;
    lane.head = 0;
  }
  lane.ring[(lane.head + lane.count) & (lane.capacity - 1)] = key;
  ++lane.count;
}

}  // namespace locklab
