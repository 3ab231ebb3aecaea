// What a node does whose memory is full [spec A "Eviction"; redis/src/evict.c]. Before each command
// keys go until no more is used than allowed; where none may go (noeviction, the default), a
// command that may add something is refused. Every other policy may take a lock. Model: memory is
// counted in keys.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sim/rng.hpp"
#include "sim/services/redis/keyspace.hpp"

namespace locklab::redis {

enum class EvictionPolicy : std::uint8_t {
  noeviction,
  allkeys_lru,
  allkeys_random,
  volatile_lru,
  volatile_random,
  volatile_ttl,
};

struct EvictionOptions {
  std::uint32_t max_keys = 0;  // more than so many are too many; 0: no limit
  EvictionPolicy policy = EvictionPolicy::noeviction;
  bool operator==(const EvictionOptions&) const = default;
};

class Eviction {
 public:
  Eviction(const EvictionOptions& options, std::pmr::memory_resource* memory)
      : options_(options), used_(memory) {}

  /// False: there is no room, and none can be made.
  bool make_room(Keyspace& keys, Rng& rng, Changes& changes);
  /// A command looked at the key, in this second of the node's wall clock.
  void touch(Symbol key, std::int64_t second);

 private:
  struct Use {
    Symbol key;
    std::int64_t second;
  };

  /// None: no key may go.
  Symbol choose(const Keyspace& keys, Rng& rng) const;
  std::int64_t last_use(Symbol key) const;
  bool by_use() const;

  EvictionOptions options_;
  std::pmr::vector<Use> used_;
};

}  // namespace locklab::redis
