// The works that the bench measures, each through the simulator's own interfaces.
#pragma once

#include <cstdint>

#include "sim/arena.hpp"

namespace locklab::bench {

/// Requests and replies over links with random latency, coroutine clients, a time-out a call,
/// digest on. Returns the digest.
std::uint64_t messages(Arena& arena, std::uint32_t clients, std::uint32_t servers,
                       std::uint64_t requests);

/// A world of 3 clients and 5 servers built, run for about `events` events of the agenda, torn
/// down.
std::uint64_t small_run(Arena& arena, std::uint64_t events, std::uint64_t& fired);

}  // namespace locklab::bench
