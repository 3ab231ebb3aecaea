// The parts of the ZooKeeper suite.
#pragma once

#include "real/zookeeper/server.hpp"
#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

/// Random programs on the tree, on an ensemble that nobody else writes to.
void compare_trees(Context& context, real::zookeeper::Ensemble& ensemble);

}  // namespace locklab::conformance
