#include "tests/bench/floor.hpp"

#include <cstddef>
#include <vector>

#include "sim/bits.hpp"

namespace locklab::bench {

namespace {

struct Key {
  std::uint64_t low;
  std::uint64_t high;
  bool before(const Key& other) const {
    return (static_cast<Uint128>(high) << 64 | low) <
           (static_cast<Uint128>(other.high) << 64 | other.low);
  }
};

struct Slot {
  std::uint64_t occupant = 0;
  std::uint32_t kind = 0;
  std::uint32_t actor = 0;
  std::uint32_t peer = 0;
  std::uint32_t next_free = 0;
  std::uint64_t timer = 0;
};

class Loop {
 public:
  std::uint64_t schedule(std::uint64_t at, std::uint32_t kind, std::uint32_t actor,
                         std::uint32_t peer) {
    const Key key = place(at, kind, actor, peer);
    push(key);
    return key.low;
  }
  std::uint64_t schedule_lane(std::uint64_t at, std::uint32_t kind, std::uint32_t actor) {
    const Key key = place(at, kind, actor, 0);
    lane_.push_back(key);
    return key.low;
  }
  void cancel(std::uint64_t occupant) {
    Slot& slot = slots_[occupant & 0xFFFFFFF];
    if (slot.occupant != occupant) return;
    slot.occupant = 0;
    slot.next_free = free_;
    free_ = static_cast<std::uint32_t>(occupant & 0xFFFFFFF);
  }
  bool pop(Slot& event) {
    for (;;) {
      close();
      while (lane_head_ < lane_.size() && stale(lane_[lane_head_])) ++lane_head_;
      const bool has_lane = lane_head_ < lane_.size();
      const bool has_heap = heap_.size() > 3;
      if (!has_lane && !has_heap) return false;
      Key key{};
      if (has_heap && (!has_lane || heap_[3].before(lane_[lane_head_]))) {
        key = heap_[3];
        open_ = true;
        if (stale(key)) continue;
      } else {
        key = lane_[lane_head_++];
        if (lane_head_ == lane_.size()) {
          lane_.clear();
          lane_head_ = 0;
        }
      }
      now = key.high;
      event = slots_[key.low & 0xFFFFFFF];
      cancel(key.low);
      return true;
    }
  }
  std::uint64_t now = 0;

 private:
  bool stale(const Key& key) const { return slots_[key.low & 0xFFFFFFF].occupant != key.low; }
  Key place(std::uint64_t at, std::uint32_t kind, std::uint32_t actor, std::uint32_t peer) {
    std::uint32_t index = free_;
    if (index != kNone) {
      free_ = slots_[index].next_free;
    } else {
      index = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    }
    slots_[index] = {++order_ << 28 | index, kind, actor, peer, 0, 0};
    return {slots_[index].occupant, at};
  }
  void push(const Key& key) {
    if (open_) {
      open_ = false;
      sink(3, key);
      return;
    }
    if (heap_.empty()) heap_.resize(3);
    std::size_t hole = heap_.size();
    heap_.push_back(key);
    while (hole > 3) {
      const std::size_t parent = hole / 4 + 2;
      if (!key.before(heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = key;
  }
  void close() {
    if (!open_) return;
    open_ = false;
    const Key last = heap_.back();
    heap_.pop_back();
    if (heap_.size() > 3) sink(3, last);
  }
  void sink(std::size_t hole, const Key& key) {
    for (;;) {
      const std::size_t first = 4 * hole - 8;
      if (first >= heap_.size()) break;
      const std::size_t last = first + 4 < heap_.size() ? first + 4 : heap_.size();
      std::size_t least = first;
      for (std::size_t child = first + 1; child < last; ++child)
        if (heap_[child].before(heap_[least])) least = child;
      if (!heap_[least].before(key)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    heap_[hole] = key;
  }

  static constexpr std::uint32_t kNone = ~0u;
  std::vector<Key> heap_;
  std::vector<Key> lane_;
  std::size_t lane_head_ = 0;
  std::vector<Slot> slots_;
  std::uint32_t free_ = kNone;
  std::uint64_t order_ = 0;
  bool open_ = false;
};

enum Kind : std::uint32_t { kRequest, kReply, kTimeout };

std::uint64_t work(Loop& loop, std::uint32_t clients, std::uint32_t servers,
                   std::uint64_t requests) {
  std::vector<std::uint64_t> timers(clients);
  std::uint64_t draws = 1;
  const auto latency = [&draws] {
    draws += 0x9E3779B97F4A7C15u;
    return 200'000 + static_cast<std::uint64_t>(
                         (static_cast<Uint128>(fold_multiply(draws, draws | 1)) * 800'000) >> 64);
  };
  std::uint64_t sent = 0;
  std::uint64_t sum = 0;
  const auto ask = [&](std::uint32_t client) {
    ++sent;
    const auto server = static_cast<std::uint32_t>((sent + client) % servers);
    loop.schedule(loop.now + latency(), kRequest, client, server);
    timers[client] = loop.schedule_lane(loop.now + 50'000'000, kTimeout, client);
  };
  for (std::uint32_t client = 0; client < clients; ++client) ask(client);
  Slot event;
  while (loop.pop(event)) {
    switch (event.kind) {
      case kRequest:
        loop.schedule(loop.now + latency(), kReply, event.actor, event.peer);
        break;
      case kReply:
        loop.cancel(timers[event.actor]);
        sum += event.peer;
        if (sent < requests) ask(event.actor);
        break;
      default:
        break;
    }
  }
  return sum ^ loop.now;
}

}  // namespace

std::uint64_t floor_messages(std::uint32_t clients, std::uint32_t servers, std::uint64_t requests) {
  Loop loop;
  return work(loop, clients, servers, requests);
}

std::uint64_t floor_run(std::uint64_t events) {
  Loop loop;
  return work(loop, 3, 5, events / 3);
}

}  // namespace locklab::bench
