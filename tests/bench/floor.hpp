// The floor: what the same number of events costs in a hand-written loop that means nothing. Tagged
// events, an open-root four-ary heap, a lane for time-outs; no processes, links, clocks, records or
// digest. The ratio to it says what the simulator's semantics cost on this machine.
#pragma once

#include <cstdint>

namespace locklab::bench {

/// `requests` requests and replies between `clients` and `servers`, each with a time-out that is
/// withdrawn. Returns a checksum, so that nothing is optimised away.
std::uint64_t floor_messages(std::uint32_t clients, std::uint32_t servers, std::uint64_t requests);

/// A world of 3 clients and 5 servers built, run for `events` events and dropped.
std::uint64_t floor_run(std::uint64_t events);

}  // namespace locklab::bench
