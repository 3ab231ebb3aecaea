#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

const Suite kPostgreSqlSuite{"postgresql", "PostgreSQL", [] { return std::string("not written"); },
                             nullptr};

}  // namespace locklab::conformance
