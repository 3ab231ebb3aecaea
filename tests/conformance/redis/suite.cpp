#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

const Suite kRedisSuite{"redis", "Redis", [] { return std::string("not written"); }, nullptr};

}  // namespace locklab::conformance
