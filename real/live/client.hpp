// One client of a live run, as a process of its own: the scenario's world with this client's
// program alone in it, run in step with real time, with real servers in the place of its models.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "real/live/wire.hpp"
#include "scenarios/scenario.hpp"

namespace locklab::real {

struct LiveClient {
  const Scenario* scenario = nullptr;
  std::string name;
  std::uint32_t life = 1;            // its processes before this one were killed
  std::vector<std::uint16_t> ports;  // of the Redis nodes
  bool distances = false;            // messages take the scenario's time too
};

/// The life of the process, from its fork to its end. Whoever forked it sends an origin when all
/// are ready. Returns when the client's program is over, or the other end of the wire is gone.
void live_as(const LiveClient& client, Wire& wire);

}  // namespace locklab::real
