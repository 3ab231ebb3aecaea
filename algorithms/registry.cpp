#include "algorithms/registry.hpp"

#include <array>

#include "algorithms/advisory_lock.hpp"
#include "algorithms/chubby_lock.hpp"
#include "algorithms/consul_lock.hpp"
#include "algorithms/curator_mutex.hpp"
#include "algorithms/database_lock.hpp"
#include "algorithms/dynamodb_lock.hpp"
#include "algorithms/etcd_mutex.hpp"
#include "algorithms/fenced_lock.hpp"
#include "algorithms/hazelcast_fenced_lock.hpp"
#include "algorithms/kubernetes_lease.hpp"
#include "algorithms/naive_redis_lock.hpp"
#include "algorithms/redisson_lock.hpp"
#include "algorithms/redlock.hpp"
#include "algorithms/select_for_update_lock.hpp"
#include "algorithms/shedlock.hpp"
#include "algorithms/simple_redis_lock.hpp"
#include "algorithms/table_lock.hpp"
#include "algorithms/two_tier_lock.hpp"
#include "algorithms/zk_db_fallback_lock.hpp"
#include "algorithms/zk_herd_lock.hpp"
#include "algorithms/zk_lock.hpp"

namespace locklab {

namespace {

constexpr RoleSet kRedis = roles(ProcessRole::redis);
constexpr RoleSet kDatabase = roles(ProcessRole::database);
constexpr RoleSet kZooKeeper = roles(ProcessRole::zookeeper);

}  // namespace

std::span<const Algorithm> algorithms() {
  static const std::array kAlgorithms{
      Algorithm{"simple_redis_lock", "one Redis node: SET NX PX, compare-and-delete",
                "doc §3 \"SimpleRedisLock\"; redis.io \"Distributed locks\"",
                kSimpleRedisLockParameters, kSimpleRedisLockPresets, "", kRedis,
                make_simple_redis_lock, "fenced_lock"},
      Algorithm{"naive_redis_lock", "one Redis node, with the common mistakes and the old recipes",
                "doc §7 \"Common Mistakes\"; Redis SETNX page", kNaiveRedisLockParameters,
                kNaiveRedisLockPresets, "", kRedis, make_naive_redis_lock},
      Algorithm{"fenced_lock_document", "a token counted after the lock is taken",
                "doc §3 \"Fencing Tokens\"", kFencedLockDocumentParameters,
                kFencedLockDocumentPresets, "", kRedis, make_fenced_lock_document},
      Algorithm{"fenced_lock", "lock and token taken in one script",
                "doc §3 \"Fencing Tokens\"; Kleppmann 2016; Redisson FencedLock",
                kFencedLockParameters, kFencedLockPresets, "", kRedis, make_fenced_lock},
      Algorithm{"redlock", "a majority of N independent Redis nodes, and the libraries that do it",
                "doc §3 \"Redlock Algorithm\"; redis.io \"Distributed locks\"", kRedlockParameters,
                kRedlockPresets, "redis", kRedis, make_redlock},
      Algorithm{"redisson_lock", "Redisson's RLock: re-entrant, with a watchdog and a channel",
                "Redisson RedissonLock, LockRenewalScheduler", kRedissonLockParameters,
                kRedissonLockPresets, "", kRedis, make_redisson_lock, "redisson_fenced_lock"},
      Algorithm{"redisson_fenced_lock", "Redisson's RFencedLock: the same, and a token with each",
                "Redisson RedissonFencedLock", kRedissonLockParameters, kRedissonLockPresets, "",
                kRedis, make_redisson_fenced_lock},
      Algorithm{"redisson_fair_lock", "Redisson's fair RLock: a queue on the server",
                "Redisson RedissonFairLock", kRedissonFairLockParameters, kRedissonFairLockPresets,
                "", kRedis, make_redisson_fair_lock},
      Algorithm{"database_lock",
                "a row with an expiry: clean up all, insert ON CONFLICT DO NOTHING",
                "doc §3 \"DatabaseLock\"", kDatabaseLockParameters, kDatabaseLockPresets, "",
                kDatabase, make_database_lock, "token=true"},
      Algorithm{"table_lock", "a lock row taken by one upsert, by the server's clock, with a token",
                "PostgreSQL manual \"INSERT ... ON CONFLICT\"", kTableLockParameters,
                kTableLockPresets, "", kDatabase, make_table_lock},
      Algorithm{"select_for_update_lock",
                "a row locked for a transaction, which the work is part of",
                "PostgreSQL manual 13.3.2", kSelectForUpdateLockParameters,
                kSelectForUpdateLockPresets, "", kDatabase, make_select_for_update_lock},
      Algorithm{"advisory_lock", "PostgreSQL's advisory locks, of a session or a transaction",
                "PostgreSQL manual 13.3.5, 9.28.10", kAdvisoryLockParameters, kAdvisoryLockPresets,
                "", kDatabase, make_advisory_lock},
      Algorithm{"shedlock_jdbc", "ShedLock on a table: lock_until, locked_at, locked_by",
                "ShedLock, JdbcTemplateLockProvider", kShedLockJdbcParameters, kShedLockJdbcPresets,
                "", kDatabase, make_shedlock_jdbc},
      Algorithm{"shedlock_redis", "ShedLock on one Redis node: SET NX PX, and DEL or a script",
                "ShedLock, RedisLockProvider", kShedLockRedisParameters, kShedLockRedisPresets, "",
                kRedis, make_shedlock_redis},
      Algorithm{"etcd_mutex", "etcd's concurrency.Mutex: a queue of keys that live with a lease",
                "etcd client/v3/concurrency", kEtcdMutexParameters, kEtcdMutexPresets, "",
                roles(ProcessRole::etcd), make_etcd_mutex},
      Algorithm{"zk_herd_lock", "ZooKeeper, naively: one node, watched by all who wait",
                "ZooKeeper \"Recipes and Solutions\", herd effect", kZkHerdLockParameters,
                kZkHerdLockPresets, "", kZooKeeper, make_zk_herd_lock},
      Algorithm{"zk_lock", "ZooKeeper: a place in line, each watches the one before",
                "ZooKeeper \"Recipes and Solutions\", Locks", kZkLockParameters, kZkLockPresets, "",
                kZooKeeper, make_zk_lock},
      Algorithm{"curator_mutex", "Apache Curator's InterProcessMutex, and what its library tells",
                "Apache Curator (InterProcessMutex, LockInternals)", kCuratorMutexParameters,
                kCuratorMutexPresets, "", kZooKeeper, make_curator_mutex},
      Algorithm{"consul_lock",
                "Consul's lock: a key that a session holds, and a delay after it fails",
                "Consul api/lock.go", kConsulLockParameters, kConsulLockPresets, "",
                roles(ProcessRole::consul), make_consul_lock},
      Algorithm{"hazelcast_fenced_lock",
                "Hazelcast's FencedLock of the CP subsystem, and the lock before it",
                "Hazelcast cp/internal/datastructures/lock", kHazelcastFencedLockParameters,
                kHazelcastFencedLockPresets, "", roles(ProcessRole::hazelcast),
                make_hazelcast_fenced_lock},
      Algorithm{"chubby_lock",
                "Chubby's lock: a session with a lease, a sequencer and a lock-delay",
                "Burrows 2006", kChubbyLockParameters, kChubbyLockPresets, "",
                roles(ProcessRole::chubby), make_chubby_lock},
      Algorithm{"two_tier_lock", "a region's Redis or the global ZooKeeper, as a static map says",
                "doc staff question; as the document describes Uber", kTwoTierLockParameters,
                kTwoTierLockPresets, "", kRedis | kZooKeeper, make_two_tier_lock},
      Algorithm{"zk_db_fallback_lock", "ZooKeeper, and a lock table when it does not answer",
                "as the document describes Netflix", kZkDbFallbackLockParameters,
                kZkDbFallbackLockPresets, "", kZooKeeper | kDatabase, make_zk_db_fallback_lock},
      Algorithm{"dynamodb_lock", "Amazon's DynamoDB lock client: a lease that shows by its RVN",
                "awslabs/amazon-dynamodb-lock-client 1.4.0", kDynamoDbLockParameters,
                kDynamoDbLockPresets, "", roles(ProcessRole::dynamodb), make_dynamodb_lock,
                "token=counter"},
      Algorithm{"kubernetes_lease", "client-go's leader election on a Lease object",
                "k8s.io/client-go/tools/leaderelection", kKubernetesLeaseParameters,
                kKubernetesLeasePresets, "", roles(ProcessRole::kubernetes), make_kubernetes_lease,
                "token=transitions"},
  };
  return kAlgorithms;
}

const Algorithm* find_algorithm(std::string_view name) {
  for (const Algorithm& algorithm : algorithms())
    if (algorithm.name == name) return &algorithm;
  return nullptr;
}

}  // namespace locklab
