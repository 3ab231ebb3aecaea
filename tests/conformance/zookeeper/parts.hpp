// The parts of the ZooKeeper suite.
#pragma once

#include <chrono>

#include "real/zookeeper/server.hpp"
#include "sim/services/zookeeper/protocol.hpp"
#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

/// The code as the C client has it.
int code_of(zookeeper::Code code);

/// Random programs on the tree, on an ensemble that nobody else writes to.
void compare_trees(Context& context, real::zookeeper::Ensemble& ensemble);
/// What clients hear of watches.
void compare_watches(Context& context, real::zookeeper::Ensemble& ensemble);
/// The time-outs that servers with various bounds grant.
void compare_negotiation(Context& context);
/// When the nodes of clients go that die without a word.
void compare_expiry(Context& context, real::zookeeper::Ensemble& ensemble,
                    std::chrono::milliseconds tick);
/// Containers that stand empty, and the numbers of their children afterwards.
void compare_containers(Context& context);
/// What the client of a follower sees that is cut off from the others.
void compare_isolation(Context& context);
/// What becomes of sessions and watches when servers crash.
void compare_crashes(Context& context, real::zookeeper::Ensemble& ensemble,
                     std::chrono::milliseconds tick);

}  // namespace locklab::conformance
