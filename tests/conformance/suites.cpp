#include "real/libraries.hpp"
#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

namespace {

/// A suite without its client library: it says which package brings it.
template <const char* package>
[[maybe_unused]] std::string not_built() {
  return std::string("this build has no ") + package;
}
[[maybe_unused]] constexpr char kHiredis[] = "libhiredis-dev";
[[maybe_unused]] constexpr char kZooKeeper[] = "libzookeeper-mt-dev";
[[maybe_unused]] constexpr char kPq[] = "libpq-dev";
[[maybe_unused]] constexpr char kCurl[] = "libcurl4-openssl-dev";

}  // namespace

#if !LOCKLAB_HAS_HIREDIS
const Suite kRedisSuite{"redis", "Redis", not_built<kHiredis>, nullptr};
#endif
#if !LOCKLAB_HAS_ZOOKEEPER
const Suite kZooKeeperSuite{"zookeeper", "ZooKeeper", not_built<kZooKeeper>, nullptr};
#endif
#if !LOCKLAB_HAS_LIBPQ
const Suite kPostgreSqlSuite{"postgresql", "PostgreSQL", not_built<kPq>, nullptr};
#endif
#if !LOCKLAB_HAS_CURL
const Suite kEtcdSuite{"etcd", "etcd", not_built<kCurl>, nullptr};
#endif

const std::vector<Suite>& suites() {
  static const std::vector<Suite> kAll{kRedisSuite, kZooKeeperSuite, kPostgreSqlSuite, kEtcdSuite};
  return kAll;
}

}  // namespace locklab::conformance
