#include "sim/services/redis/eviction.hpp"

namespace locklab::redis {

namespace {

constexpr std::size_t kSamples = 5;  // maxmemory-samples

}  // namespace

bool Eviction::by_use() const {
  return options_.policy == EvictionPolicy::allkeys_lru ||
         options_.policy == EvictionPolicy::volatile_lru;
}

bool Eviction::make_room(Keyspace& keys, Rng& rng, Changes& changes) {
  while (options_.max_keys > 0 && keys.size() > options_.max_keys) {
    const Symbol victim = choose(keys, rng);
    if (!victim || changes.room() == 0) return false;
    keys.remove(victim, RemovalReason::evicted, changes);
  }
  return true;
}

void Eviction::touch(Symbol key, std::int64_t second) {
  if (!by_use()) return;
  for (Use& use : used_) {
    if (use.key != key) continue;
    use.second = second;
    return;
  }
  used_.push_back({key, second});
}

std::int64_t Eviction::last_use(Symbol key) const {
  for (const Use& use : used_)
    if (use.key == key) return use.second;
  return 0;
}

// Model: the best of five samples, as in Redis; its pool of good candidates from earlier rounds is
// left out.
Symbol Eviction::choose(const Keyspace& keys, Rng& rng) const {
  const EvictionPolicy policy = options_.policy;
  if (policy == EvictionPolicy::noeviction) return {};
  const bool all =
      policy == EvictionPolicy::allkeys_lru || policy == EvictionPolicy::allkeys_random;
  const auto may_go = [all](const Entry& entry) { return all || entry.expires(); };
  std::size_t candidates = 0;
  for (const Entry& entry : keys.entries())
    if (may_go(entry)) ++candidates;
  if (candidates == 0) return {};

  const bool random =
      policy == EvictionPolicy::allkeys_random || policy == EvictionPolicy::volatile_random;
  const Entry* best = nullptr;
  for (std::size_t sample = 0; sample < (random ? 1 : kSamples); ++sample) {
    std::size_t place = rng.below(candidates);
    const Entry* entry = nullptr;
    for (const Entry& each : keys.entries())
      if (may_go(each) && place-- == 0) entry = &each;
    if (best == nullptr) {
      best = entry;
      continue;
    }
    const bool better = by_use() ? last_use(entry->key) < last_use(best->key)
                                 : entry->deadline_ms < best->deadline_ms;
    if (better) best = entry;
  }
  return best->key;
}

}  // namespace locklab::redis
