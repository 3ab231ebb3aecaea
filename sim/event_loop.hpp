// The virtual clock's agenda: events in (instant, scheduling order).
//
// An implicit four-ary heap whose root stays open after a pop, since the next push usually fills
// it; the four children of a node share a cache line. Beside it stand a few first-in first-out
// lanes, one for each of the durations that are scheduled over and over (zero delay, a call's
// time-out): within a lane order is arrival order, and a time-out that is withdrawn before it comes
// due costs no heap work. Withdrawal is lazy: the slot remembers who lives in it, and a stale key
// is recognised when it surfaces.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/arena.hpp"
#include "sim/bits.hpp"
#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace locklab {

/// A scheduled event's handle. Zero is none. Handles are never reused within a run.
struct EventId {
  std::uint64_t number = 0;
  constexpr explicit operator bool() const { return number != 0; }
  constexpr bool operator==(const EventId&) const = default;
};

/// What the hot kinds need, as a plain value; `action` is for the rest.
struct Event {
  enum class Kind : std::uint8_t {
    deliver,  // context: the Packet
    wake,     // context: the Waiter that waits
    action,   // act(context, a)
  };
  /// Which clock decides when it fires. A change of that clock re-arms it.
  enum class Timer : std::uint8_t { none, wall, mono };
  using Act = void (*)(void* context, std::uint64_t a);

  Kind kind = Kind::action;
  Timer timer = Timer::none;
  bool gated = true;          // waits while its process is paused, dies with its life
  bool parked = false;        // the loop's own: came due, but its process is paused
  std::uint32_t process = 0;  // ProcessId number; zero: the world's
  std::uint32_t life = 0;     // of that process when it was scheduled
  std::uint64_t cause = 0;    // EventSeq number
  std::uint64_t a = 0;
  std::int64_t reading = 0;  // timers: what the clock will show, in nanoseconds
  void* context = nullptr;
  Act act = nullptr;
};

class EventLoop {
 public:
  explicit EventLoop(Arena& arena);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// True time. Moves only in pop() and advance().
  Instant now() const { return now_; }
  /// Moves the clock on by itself. What was due meanwhile has not happened: it comes late, at the
  /// instant at which pop() takes it. Nothing if `to` is past.
  void advance(Instant to) { now_ = std::max(now_, to); }
  /// When the earliest event that waits is due; kEndOfTime without one.
  Instant next_due();

  /// Queues an event; `at` is not before now.
  EventId schedule(Instant at, const Event& event);
  /// Queues an event `after` from now, in the lane of that duration (a new one while there are
  /// fewer than kLanes; then the heap). For durations that recur.
  EventId schedule_lane(Duration after, const Event& event);

  /// Withdraws an event. False if it has fired, or was withdrawn, before.
  bool cancel(EventId id);

  /// Takes the earliest event not after `limit` and moves the clock to it, unless it is further
  /// already; false if there is none.
  bool pop(Instant limit, Event& event);

  /// Keeps the event that pop() took last, for a paused process: it came due, but its handle stays
  /// good, so it can still be withdrawn or moved. Nothing may be scheduled between pop() and
  /// park().
  EventId park(const Event& event);
  /// Takes a parked event back; false if it was withdrawn or moved meanwhile.
  bool unpark(EventId id, Event& event);

  /// The events that wait (parked ones too) whose timer reads a clock: for re-arming after a clock
  /// change. Calls visit(EventId, const Event&) for each in scheduling order; it may move them.
  template <class Visit>
  void for_each_timer(Visit visit);

  /// Moves a waiting (or parked) event to another instant. Its handle and its scheduling order
  /// stay. Linear in what waits, since only a clock change asks for it.
  void move(EventId id, Instant at);

  /// Is there an event that waits for an instant not after `limit`?
  bool pending_by(Instant limit);
  /// Could something else be due at this very instant? Never a wrong no; a yes may be due to an
  /// event that was withdrawn. Costs next to nothing, and leaves the heap's root open.
  bool may_be_pending_now() const;

  bool empty() const { return waiting_ == 0; }
  std::size_t waiting() const { return waiting_; }
  std::uint64_t fired() const { return fired_; }

 private:
  // A key is one 128-bit number: time, then scheduling order, then slot; so equal times need no
  // further rule. 36 bits of order and 28 of slot: memory ends long before either does.
  static constexpr int kSlotBits = 28;
  static constexpr int kOrderBits = 64 - kSlotBits;
  static constexpr std::size_t kLanes = 4;

  struct Key {
    std::uint64_t low;   // order << kSlotBits | slot
    std::uint64_t high;  // nanoseconds
    bool before(const Key& other) const {
      return (static_cast<Uint128>(high) << 64 | low) <
             (static_cast<Uint128>(other.high) << 64 | other.low);
    }
  };
  struct alignas(64) Slot {
    Event event;
    std::uint64_t occupant;  // low half of the key that owns this slot; 0: free, and event.a
                             // is then the next free slot
  };
  static_assert(sizeof(Slot) == 64);
  struct Lane {
    Duration after{};
    Key* ring = nullptr;  // power-of-two ring
    std::uint32_t capacity = 0;
    std::uint32_t head = 0;
    std::uint32_t count = 0;
  };

  Slot& slot(std::uint32_t index) { return blocks_[index >> kBlockBits][index & kBlockMask]; }
  std::uint32_t take_slot();
  Key place(Instant at, const Event& event);
  bool stale(const Key& key) {
    return slot(static_cast<std::uint32_t>(key.low & kSlotMask)).occupant != key.low;
  }

  void heap_push(const Key& key);
  void heap_close();
  void sift_up(std::size_t hole, const Key& key);
  void sift_down(std::size_t hole, const Key& key);
  void lane_push(Lane& lane, const Key& key);
  const Key* heap_top();
  /// The earliest key that is not stale, and the lane it heads (none: the heap).
  const Key* earliest(Lane*& lane);

  static constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
  static constexpr int kBlockBits = 6;
  static constexpr std::uint32_t kBlockMask = (1u << kBlockBits) - 1;
  static constexpr std::size_t kRoot = 3;  // children of s: 4s-8 .. 4s-5, each group one cache line

  Arena& arena_;
  Instant now_{};
  std::uint64_t order_ = 0;
  std::uint64_t fired_ = 0;
  std::uint64_t popped_ = 0;  // handle of the event that pop() took last
  std::size_t waiting_ = 0;

  Key* heap_ = nullptr;  // [kRoot, end_)
  std::size_t end_ = kRoot;
  std::size_t capacity_ = 0;
  bool root_open_ = false;

  std::array<Lane, kLanes> lanes_{};
  std::uint32_t lanes_used_ = 0;

  Slot** blocks_ = nullptr;
  std::uint32_t block_count_ = 0;
  std::uint32_t block_capacity_ = 0;
  std::uint32_t slots_ = 0;
  std::uint32_t free_slot_ = kNoSlot;
  static constexpr std::uint32_t kNoSlot = ~0u;
};

template <class Visit>
void EventLoop::for_each_timer(Visit visit) {
  // A clock change is rare and timers are many, so nothing is kept for this on the hot path: all
  // slots are looked through, then visited in scheduling order.
  std::pmr::vector<std::uint64_t> found(&arena_);
  for (std::uint32_t i = 0; i < slots_; ++i) {
    const Slot& s = slot(i);
    if (s.occupant != 0 && s.event.timer != Event::Timer::none) found.push_back(s.occupant);
  }
  std::sort(found.begin(), found.end());
  for (const std::uint64_t occupant : found)
    visit(EventId{occupant}, slot(static_cast<std::uint32_t>(occupant & kSlotMask)).event);
}

}  // namespace locklab
