#include "scenarios/assumptions.hpp"

#include <algorithm>
#include <array>

namespace locklab {

namespace {

using Names = std::span<const std::string_view>;

constexpr SearchKinds bits(auto... kinds) { return (SearchKinds{0} | ... | kind_bit(kinds)); }

// ---- what depends on the settings ---------------------------------------------------------------

constexpr std::int64_t kMillion = 1'000'000;

/// A key that expires by a clock may live a millisecond less than its TTL, since Redis counts whole
/// ones [spec sheet A]. It must outlive the promise, on a clock that is too fast by the result.
std::int64_t rate_between(Duration life, Duration promised) {
  if (promised <= Duration{0}) return kMillion;
  const Duration spare = life - 1ms - promised;
  if (spare <= Duration{0}) return 0;
  return spare / 1us * kMillion / (promised / 1us);
}

Duration less_margin(Duration life, std::int64_t permille, Duration constant) {
  return life - life * permille / 1000 - constant;
}

std::int64_t margin_rate(Duration life, const LockSpec& lock) {
  return rate_between(life, less_margin(life, lock.settings.integer("margin_permille"),
                                        lock.settings.duration("margin")));
}

std::int64_t ttl_margin(const Scenario&, const LockSpec& lock) {
  return margin_rate(lock.settings.duration("ttl"), lock);
}

std::int64_t shedlock_margin(const Scenario&, const LockSpec& lock) {
  return margin_rate(lock.settings.duration("lock_at_most_for"), lock);
}

std::int64_t redisson_margin(const Scenario&, const LockSpec& lock) {
  const Duration lease = lock.settings.duration("lease");
  return margin_rate(lease > Duration{0} ? lease : lock.settings.duration("watchdog"), lock);
}

std::int64_t redlock_margin(const Scenario&, const LockSpec& lock) {
  const Duration life = lock.settings.duration("ttl");
  return rate_between(life, less_margin(life, lock.settings.integer("drift_permille"),
                                        lock.settings.duration("drift_const")));
}

/// Locks that build on one with the standard margin, and pass on its TTL alone.
std::int64_t standard_margin(const Scenario&, const LockSpec& lock) {
  const Duration life = lock.settings.duration("ttl");
  return rate_between(life, less_margin(life, 2, 2ms));
}

/// The server waits for twice the TTL that the client was promised.
std::int64_t half_of_consul(const Scenario&, const LockSpec&) { return kMillion; }

std::int64_t chubby_allowance(const Scenario&, const LockSpec& lock) {
  return lock.settings.integer("clock_permille") * 1000;
}

/// A leader gives up before candidates may take over: the one by his clock, the others by theirs.
std::int64_t kubernetes_spare(const Scenario&, const LockSpec& lock) {
  return rate_between(lock.settings.duration("ttl"), lock.settings.duration("renew_deadline"));
}

bool expires_by_wall(const Scenario& scenario, const LockSpec&) {
  return scenario.redis.options.expiry_clock == ClockKind::wall;
}

/// A node that keeps away after a restart for longer than any key lives has nothing to remember.
bool guarded(const Scenario& scenario, const LockSpec& lock) {
  for (const std::string_view life : {"ttl", "lock_at_most_for", "watchdog"})
    if (lock.settings.find(life) != nullptr &&
        scenario.redis.options.restart_guard <= lock.settings.duration(life))
      return false;
  return true;
}

bool forgets_when_killed(const Scenario& scenario, const LockSpec& lock) {
  const auto mode = scenario.redis.options.persistence;
  const bool writes_first =
      mode == redis::PersistenceMode::aof_everysec || mode == redis::PersistenceMode::aof_always;
  return !writes_first && !guarded(scenario, lock);
}

bool forgets_without_power(const Scenario& scenario, const LockSpec& lock) {
  return scenario.redis.options.persistence != redis::PersistenceMode::aof_always &&
         !guarded(scenario, lock);
}

bool replies_before_writing(const Scenario& scenario, const LockSpec& lock) {
  return scenario.redis.options.persistence == redis::PersistenceMode::aof_everysec &&
         !guarded(scenario, lock);
}

bool has_replicas(const Scenario& scenario, const LockSpec&) { return scenario.redis.replicas > 0; }

bool has_standby(const Scenario& scenario, const LockSpec&) { return scenario.database.standby; }

bool standby_lags(const Scenario& scenario, const LockSpec&) {
  return scenario.database.standby && !scenario.database.options.synchronous_replication;
}

bool commits_late(const Scenario& scenario, const LockSpec&) {
  return !scenario.database.options.synchronous_commit;
}

bool shares_connections(const Scenario& scenario, const LockSpec&) {
  return scenario.database.pooler.has_value();
}

bool dates_by_client(const Scenario&, const LockSpec& lock) {
  if (lock.settings.find("ttl_clock") != nullptr)
    return lock.settings.text("ttl_clock") == "client";
  return !lock.settings.flag("using_db_time");
}

bool owned_by_host(const Scenario&, const LockSpec& lock) {
  return lock.settings.text("owner") == "host";
}

bool dates_by_server(const Scenario& scenario, const LockSpec& lock) {
  return !dates_by_client(scenario, lock);
}

// ---- assumptions --------------------------------------------------------------------------------

constexpr SearchKinds kJump = bits(SearchKind::clock_jump);
constexpr SearchKinds kRate = bits(SearchKind::clock_rate);
constexpr SearchKinds kLoss = bits(SearchKind::lose_key);
constexpr SearchKinds kFailover =
    bits(SearchKind::pause, SearchKind::suspend, SearchKind::crash, SearchKind::power_loss,
         SearchKind::partition, SearchKind::drop, SearchKind::delay, SearchKind::reset,
         SearchKind::disk_stall);

constexpr Assumption kNodeClocksNotSet{"its nodes' clocks are not set", kJump, Victims::servers,
                                       expires_by_wall};
constexpr Assumption kNodesRemember{"its nodes do not evict keys, and nobody deletes them by hand",
                                    kLoss, Victims::servers};
constexpr Assumption kNodesSurviveCrash{
    "a node that was killed does not come back without its keys",
    bits(SearchKind::crash),
    Victims::servers,
    forgets_when_killed,
    nullptr,
    true};
constexpr Assumption kNodesSurvivePower{
    "a node that lost power does not come back without its keys",
    bits(SearchKind::power_loss),
    Victims::servers,
    forgets_without_power,
    nullptr,
    true};
constexpr Assumption kDiskKeepsUp{"its nodes' disks keep up: Redis answers before a late write",
                                  bits(SearchKind::disk_stall), Victims::servers,
                                  replies_before_writing};
constexpr Assumption kNoFailover{"no replica is promoted that has not seen its key", kFailover,
                                 Victims::servers, has_replicas};

/// A lock whose keys expire on Redis nodes, promised until `rate_ppm` says.
constexpr std::array<Assumption, 7> on_redis(std::int64_t (*rate_ppm)(const Scenario&,
                                                                      const LockSpec&)) {
  return {{kNodeClocksNotSet,
           {"its nodes' clocks are not faster than its margin allows", kRate, Victims::servers,
            nullptr, rate_ppm},
           kNodesRemember,
           kNodesSurviveCrash,
           kNodesSurvivePower,
           kDiskKeepsUp,
           kNoFailover}};
}

constexpr auto kOnOneRedis = on_redis(ttl_margin);
constexpr auto kOnRedissonsRedis = on_redis(redisson_margin);
constexpr auto kOnShedlocksRedis = on_redis(shedlock_margin);
constexpr auto kOnManyRedis = on_redis(redlock_margin);
constexpr auto kOnRegionalRedis = on_redis(standard_margin);

constexpr Assumption kRowsStay{"nobody deletes its row by hand", kLoss, Victims::servers};
constexpr Assumption kStandbyKeepsUp{"no standby is promoted that has not seen its row", kFailover,
                                     Victims::servers, standby_lags};
constexpr Assumption kCommitsLast{"the database does not forget what it has committed",
                                  bits(SearchKind::crash, SearchKind::power_loss),
                                  Victims::servers,
                                  commits_late,
                                  nullptr,
                                  true};
constexpr Assumption kServerClockNotSet{"the database's clock is not set", kJump, Victims::servers};

constexpr std::array kUpsertTable{
    kServerClockNotSet,
    Assumption{"the database's clock is not faster than its margin allows", kRate, Victims::servers,
               nullptr, ttl_margin},
    kRowsStay, kStandbyKeepsUp, kCommitsLast};

/// A row dated by one clock and judged by another holds while both show the same time.
constexpr std::array<Assumption, 8> dated_rows(std::int64_t (*rate_ppm)(const Scenario&,
                                                                        const LockSpec&)) {
  return {{{"clients and database agree on the time of day: no clock is set", kJump,
            Victims::anyone, dates_by_client},
           {"clients and database agree on the time of day: no clock drifts", kRate,
            Victims::anyone, dates_by_client},
           {"clients and database agree on the time of day: no machine is suspended",
            bits(SearchKind::suspend), Victims::anyone, dates_by_client},
           {"the database's clock is not set", kJump, Victims::servers, dates_by_server},
           {"the database's clock is not faster than its margin allows", kRate, Victims::servers,
            dates_by_server, rate_ppm},
           kRowsStay,
           kStandbyKeepsUp,
           kCommitsLast}};
}
constexpr auto kDatedRows = dated_rows(ttl_margin);

/// A row that names a host as its owner takes what the host sent before its death for its own.
constexpr auto kShedlockRows = [] {
  std::array<Assumption, 9> all{};
  std::ranges::copy(dated_rows(shedlock_margin), all.begin());
  all.back() = {"no host that died comes back while an unlock of its is still on its way",
                bits(SearchKind::crash, SearchKind::power_loss),
                Victims::clients,
                owned_by_host,
                nullptr,
                true};
  return all;
}();

constexpr std::array kSessionLocks{
    Assumption{"the database is not failed over: a standby knows none of its locks", kFailover,
               Victims::servers, has_standby},
    Assumption{"every client has a connection of its own: a pooler hands out others'", kEveryKind,
               Victims::anyone, shares_connections}};

constexpr std::array kNodesStay{
    Assumption{"nobody deletes its node by hand", kLoss, Victims::servers}};
constexpr std::array kEtcdLeases{
    Assumption{"nobody deletes its key by hand", kLoss, Victims::servers},
    Assumption{"servers' clocks do not run fast: a lease is counted by the leader's", kRate,
               Victims::servers}};
constexpr std::array kConsulSessions{
    Assumption{"nobody deletes its key by hand", kLoss, Victims::servers},
    Assumption{"servers' clocks run at most twice as fast: they wait for two TTLs", kRate,
               Victims::servers, nullptr, half_of_consul}};
constexpr std::array kHazelcastSessions{
    Assumption{"nobody deletes its lock by hand", kLoss, Victims::servers},
    Assumption{"members' clocks are not set: sessions are dated by the leader's wall clock", kJump,
               Victims::servers},
    Assumption{"members' clocks do not run fast", kRate, Victims::servers},
    Assumption{"members are not suspended: they wake with a clock that is behind",
               bits(SearchKind::suspend), Victims::servers}};
constexpr std::array kChubbySessions{
    Assumption{"nobody deletes its file by hand", kLoss, Victims::servers},
    Assumption{"a master's clock is not faster than a client's by more than a known factor", kRate,
               Victims::anyone, nullptr, chubby_allowance}};

constexpr std::array kObservedLease{
    Assumption{"nobody deletes its item by hand", kLoss, Victims::servers},
    Assumption{"clients' clocks run alike: each counts the lease by its own", kRate,
               Victims::clients}};
constexpr std::array kObservedRecord{
    Assumption{"nobody deletes its record by hand", kLoss, Victims::servers},
    Assumption{"clients' clocks run alike, but for what lies between deadline and lease", kRate,
               Victims::clients, nullptr, kubernetes_spare}};

constexpr std::array kEitherOfTwo{
    kServerClockNotSet,
    Assumption{"the database's clock is not faster than its margin allows", kRate, Victims::servers,
               nullptr, standard_margin},
    kRowsStay, kStandbyKeepsUp, kCommitsLast};

// ---- promises -----------------------------------------------------------------------------------

constexpr std::array<std::string_view, 1> kExclusion{"service_mutual_exclusion"};
constexpr std::array<std::string_view, 2> kOwned{"service_mutual_exclusion", "foreign_release"};
constexpr std::array<std::string_view, 3> kWithToken{"service_mutual_exclusion", "foreign_release",
                                                     "token_order"};
constexpr std::array<std::string_view, 1> kData{"lost_update"};
constexpr Names kNothingMore{};

}  // namespace

std::span<const Assumption> common_assumptions() {
  // All of these services are talked to over TCP [spec sheets, 1.2: a connection is FIFO]. A copy
  // of an old request that arrives later is somebody's own doing: a proxy's, a library's retry.
  static constexpr std::array kCommon{
      Assumption{"a connection delivers each message once, as TCP does",
                 bits(SearchKind::duplicate), Victims::anyone}};
  return kCommon;
}

std::span<const Envelope> envelopes() {
  static constexpr std::array kEnvelopes{
      Envelope{"simple_redis_lock", "doc §3 \"SimpleRedisLock\"; redis.io \"Distributed locks\"",
               kExclusion, kNothingMore, kOnOneRedis},
      Envelope{"naive_redis_lock", "doc §7 \"Common Mistakes\"; Redis SETNX page", kExclusion,
               kNothingMore, kOnOneRedis},
      Envelope{"fenced_lock_document", "doc §3 \"Fencing Tokens\"", kWithToken, kData, kOnOneRedis},
      Envelope{"fenced_lock", "doc §3 \"Fencing Tokens\"; Kleppmann 2016", kWithToken, kData,
               kOnOneRedis},
      Envelope{"redlock",
               "redis.io \"Distributed locks\": safety, and \"Performance, crash "
               "recovery and fsync\"",
               kOwned, kNothingMore, kOnManyRedis},
      Envelope{"redisson_lock", "Redisson RedissonLock, LockRenewalScheduler", kOwned, kNothingMore,
               kOnRedissonsRedis},
      Envelope{"redisson_fenced_lock", "Redisson RedissonFencedLock", kWithToken, kData,
               kOnRedissonsRedis},
      Envelope{"redisson_fair_lock", "Redisson RedissonFairLock", kOwned, kNothingMore,
               kOnRedissonsRedis},
      Envelope{"database_lock", "doc §3 \"DatabaseLock\"", kExclusion, kNothingMore, kDatedRows},
      Envelope{"table_lock", "PostgreSQL manual \"INSERT ... ON CONFLICT\"", kWithToken, kData,
               kUpsertTable},
      Envelope{"select_for_update_lock", "PostgreSQL manual 13.3.2", kOwned, kData, kSessionLocks},
      Envelope{"advisory_lock", "PostgreSQL manual 13.3.5, 27.2.1", kOwned, kNothingMore,
               kSessionLocks},
      Envelope{"shedlock_jdbc", "ShedLock README; JdbcTemplateLockProvider", kExclusion,
               kNothingMore, kShedlockRows},
      Envelope{"shedlock_redis", "ShedLock README; RedisLockProvider", kExclusion, kNothingMore,
               kOnShedlocksRedis},
      // No token_order: a key that a failed Unlock has left behind serves its session again, under
      // the same create revision [client/v3/concurrency/mutex.go, tryAcquire].
      Envelope{"etcd_mutex", "etcd client/v3/concurrency; etcd \"Lock and lease\"", kOwned, kData,
               kEtcdLeases},
      Envelope{"zk_herd_lock", "ZooKeeper \"Recipes and Solutions\"; \"Internals\"", kWithToken,
               kData, kNodesStay},
      Envelope{"zk_lock", "ZooKeeper \"Recipes and Solutions\", Locks; \"Internals\"", kWithToken,
               kData, kNodesStay},
      Envelope{"curator_mutex", "Apache Curator, Tech Notes 10 and 14", kWithToken, kData,
               kNodesStay},
      Envelope{"consul_lock", "Consul \"Sessions\"; api/lock.go", kWithToken, kData,
               kConsulSessions},
      Envelope{"hazelcast_fenced_lock", "Hazelcast reference manual, \"FencedLock\"", kWithToken,
               kData, kHazelcastSessions},
      Envelope{"chubby_lock", "Burrows 2006, 2.4 and 2.8", kWithToken, kData, kChubbySessions},
      Envelope{"two_tier_lock", "doc staff question", kExclusion, kNothingMore, kOnRegionalRedis},
      Envelope{"zk_db_fallback_lock", "as the document describes Netflix", kExclusion, kNothingMore,
               kEitherOfTwo},
      Envelope{"dynamodb_lock", "awslabs/amazon-dynamodb-lock-client, README", kOwned, kNothingMore,
               kObservedLease},
      Envelope{"kubernetes_lease", "k8s.io/client-go/tools/leaderelection, package comment", kOwned,
               kNothingMore, kObservedRecord},
  };
  return kEnvelopes;
}

const Envelope* find_envelope(std::string_view lock) {
  const auto all = envelopes();
  const auto found = std::ranges::find(all, lock, &Envelope::lock);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace locklab
