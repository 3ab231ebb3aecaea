#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

const Suite kZooKeeperSuite{"zookeeper", "ZooKeeper", [] { return std::string("not written"); },
                            nullptr};

}  // namespace locklab::conformance
