#include "algorithms/redisson_watchdog.hpp"

#include <algorithm>

namespace locklab {

RedissonWatchdog::Entry* RedissonWatchdog::find(Symbol name) {
  for (Entry& entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

void RedissonWatchdog::drop(Symbol name) {
  std::erase_if(entries_, [name](const Entry& entry) { return entry.name == name; });
}

void RedissonWatchdog::add(Renewed& lock) {
  if (Entry* known = find(lock.name())) {  // the map has it: its timer runs, or so it seems
    ++known->holds;
    return;
  }
  const std::uint32_t timer = ++timers_started_;
  entries_.push_back({lock.name(), &lock, 1, timer});
  if (timers_ == Timers::one_a_lock) {
    self_.spawn("watchdog", renew_one(lock.name(), timer));
  } else if (!running_) {
    running_ = true;
    self_.spawn("watchdog", renew_all());
  }
}

void RedissonWatchdog::remove(Symbol name) {
  Entry* entry = find(name);
  if (entry != nullptr && --entry->holds == 0) drop(name);
}

Task<> RedissonWatchdog::renew_all() {
  for (;;) {
    co_await self_.sleep(period_);
    if (entries_.empty()) break;
    // Model: one request a lock, all at once; Redisson sends a hundred in one script.
    CallGroup<redis::Reply> group(self_);
    std::pmr::vector<std::pair<const CallBase*, Symbol>> calls(&arena());
    for (const Entry& entry : entries_) {
      entry.lock->renewal_begins();
      calls.emplace_back(&group.start(entry.lock->renewal()), entry.name);
    }
    while (const Call<redis::Reply>* call = co_await group.next())
      for (const auto& [started, name] : calls)
        if (started == call) settle(name, call->result());
  }
  running_ = false;
}

void RedissonWatchdog::settle(Symbol name, const Result<redis::Reply>& reply) {
  Entry* entry = find(name);
  if (entry == nullptr || !reply) return;  // given back meanwhile; or an error: logged
  if (*reply)
    entry->lock->renewed();
  else
    drop(name);
}

Task<> RedissonWatchdog::renew_one(Symbol name, std::uint32_t timer) {
  for (;;) {
    co_await self_.sleep(period_);
    Entry* entry = find(name);
    if (entry == nullptr || entry->timer != timer) co_return;
    entry->lock->renewal_begins();
    const auto reply = co_await entry->lock->renewal();
    if (!reply) co_return;  // log.error, return: the entry stays
    settle(name, reply);
  }
}

}  // namespace locklab
