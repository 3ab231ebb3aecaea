// What becomes of the keys of a node that ends and starts again, of a replica's, of a full node's
// and of one whose clock jumps.
#pragma once

#include <string>

#include "real/daemon.hpp"
#include "real/redis/connection.hpp"
#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

/// Every persistence mode, ended by SIGKILL and by SIGTERM, and loaded again.
void compare_endings(Context& context, const real::Workspace& workspace);

/// What a replica answers to readers; WAIT; who is refused by a replica and by a lonely master.
void compare_replication(Context& context, const real::Workspace& workspace);

/// Who is refused by a node that is full and may evict nothing.
void compare_full_node(Context& context, const real::Workspace& workspace);

/// The token script over a counter that is no number: what it set before it failed stays.
void compare_half_done_script(Context& context, real::RedisConnection& connection);

/// The wall clock set forward and back under a running node.
void compare_clock_jumps(Context& context, const real::Workspace& workspace);

}  // namespace locklab::conformance
