#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

const Suite kEtcdSuite{"etcd", "etcd", [] { return std::string("not written"); }, nullptr};

}  // namespace locklab::conformance
