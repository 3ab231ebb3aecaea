// A whole experiment as data: who takes part, which lock, what the clients do, what goes wrong,
// what is checked and what is expected. A run is a pure function of it. Read from JSON
// (scenario_json), deployed and judged by the runner.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "algorithms/settings.hpp"
#include "faults/schedule.hpp"
#include "invariants/registry.hpp"
#include "sim/latency.hpp"
#include "sim/network.hpp"
#include "sim/role.hpp"
#include "sim/services/chubby/server.hpp"
#include "sim/services/consul/server.hpp"
#include "sim/services/etcd/server.hpp"
#include "sim/services/hazelcast/ap_member.hpp"
#include "sim/services/hazelcast/server.hpp"
#include "sim/services/redis/eviction.hpp"
#include "sim/services/redis/replication.hpp"
#include "sim/services/redis/sentinel.hpp"
#include "sim/services/redis/server.hpp"
#include "sim/services/sql/pooler.hpp"
#include "sim/services/sql/server.hpp"
#include "sim/services/storage/register.hpp"
#include "sim/services/zookeeper/server.hpp"
#include "sim/time.hpp"

namespace locklab {

// ---- what clients do ----------------------------------------------------------------------------

/// What a critical section may still do when nobody granted it the lock.
enum class AfterRefusal : std::uint8_t {
  stop,   // this client's program ends
  skip,   // the steps up to the next acquire are skipped
  go_on,  // works all the same: the client ignored the answer [corpus 6], or fails open [corpus
          // 116]
};

/// What waiting for a lock does when a try ends in an error rather than a "no".
enum class OnAcquireError : std::uint8_t {
  escape,     // the wait ends [doc: the exception leaves executeWithLock]
  retry,      // one more failed try
  fail_open,  // "the lock service is down, go on without" [corpus 116]
};

/// A datum of a step: a number, or a word.
struct Datum {
  bool is_number = true;
  std::int64_t number = 0;
  std::string word;
  bool operator==(const Datum&) const = default;
};

/// One line of a client's program. `kind` says which of the fields count.
struct Step {
  enum class Kind : std::uint8_t {
    at,           // time: wait for that true instant (nothing if it is past)
    sleep,        // time: on the client's monotonic clock
    work,         // time: the same, and the trace says that the client works
    acquire,      // lock, mode, timeout, poll, poll_jitter, if_refused
    check,        // lock: stop unless the client's own clock is short of the lease's deadline
    extend,       // lock, time: ask for so much more; if_refused
    release,      // lock
    read,         // subject; remembers value and version
    write,        // subject, value; with `after_read`, as computed from what was read
    sell,         // subject, amount, think: read the stock, sell if there is enough, write the rest
    charge,       // subject, think, external: charge an order unless it is paid
    run_job,      // subject, time: run a job's slot unless it is marked done
    lead,         // subject, time, every: act as leader again and again
    append,       // subject, think: read a file's length, write one block more
    with_lock,    // lock, timeout, poll, body: the document's executeWithLock
    auto_extend,  // lock, body: the document's executeWithAutoExtend
    with_locks,   // locks, mode (blocking or poll), timeout, poll, body: several locks at once
    optimistic,   // subject, amount, think, tries: compare the version, retry
    hybrid,       // the same, then the lock, and under it a forced or still a compared update
    repeat,       // amount times: body
    stop,         // the program ends
  };
  enum class Mode : std::uint8_t { once, poll, blocking };

  Kind kind = Kind::stop;
  Duration time{};
  Duration think{};
  Duration every{};
  Duration timeout{5s};
  Duration poll{50ms};
  Duration poll_jitter{};
  Mode mode = Mode::once;
  AfterRefusal if_refused = AfterRefusal::stop;
  OnAcquireError on_error = OnAcquireError::escape;
  std::string lock;     // empty: the one acquired last, or the workload's resource
  std::string subject;  // a register of storage
  Datum value;
  std::int64_t amount = 1;
  std::int64_t tries = 3;  // optimistic, with_locks
  bool after_read = false;
  bool compare_version = false;
  bool external = false;  // charge: the payment provider checks no token
  bool ignore_errors = false;
  bool operation_id = false;  // optimistic: storage knows a repeated operation again
  // auto_extend
  bool notify = false;        // lost lease: the section is told and stops; otherwise silently
  bool retry_errors = false;  // an error of an extension: try again; otherwise the extender dies
  bool stop_at_deadline = false;
  Duration max_hold{};     // zero: none
  Duration period{};       // zero: TTL / 3
  Duration retry_after{};  // after an error; zero: the period
  // with_locks
  std::vector<std::string> locks;
  bool global_order = false;  // by name; otherwise as they are listed
  bool try_all = false;       // never wait for one with another in hand
  Duration back_off{50ms};    // try_all: after giving all back
  Duration back_off_jitter{};
  bool release_in_finally = true;
  std::vector<Step> body;
  bool operator==(const Step&) const = default;
};

// ---- who takes part -----------------------------------------------------------------------------

struct LinkSpec {
  std::string from;
  std::string to;
  bool both_ways = true;
  LinkQuality quality;
};

/// Processes that are near one another.
struct RegionSpec {
  std::string name;
  std::vector<std::string> members;
};

/// How far two regions are apart, one way.
struct DistanceSpec {
  std::string from;
  std::string to;
  Latency latency;
};

struct NetworkSpec {
  bool realistic = false;  // services take the time that real ones take [spec 3]
  LinkQuality standard;    // document mode: 500 us one way [spec 1.4]
  std::vector<RegionSpec> regions;
  std::vector<DistanceSpec> distances;  // between any two of them
  std::vector<LinkSpec> links;
};

/// A machine whose clocks are not right from the start. Others are made as they are named.
struct MachineSpec {
  std::string name;
  Duration clock_offset{};
  std::int64_t rate_ppm = 0;
};

/// The static map of a two-tier design: who decides about a resource [spec K].
struct AuthoritySpec {
  std::string resource;
  std::string region;  // its Redis decides; empty: the global tier does
};

struct SeedKey {
  std::string key;
  Datum value;
  std::string node;  // empty: every node
};

/// SENTINEL FAILOVER, by an operator.
struct ManualFailover {
  Duration at{};
  std::string of;  // the node that is master at first
};

struct RedisSpec {
  std::uint32_t nodes = 1;
  redis::ServerOptions options;
  redis::EvictionOptions eviction;
  std::vector<SeedKey> keys;
  std::uint32_t replicas = 0;  // of each node
  redis::ReplicationOptions replication;
  std::vector<std::uint32_t> priorities;  // of the replicas, by number; 100 for the others
  std::uint32_t sentinels = 0;
  redis::SentinelOptions sentinel;
  std::vector<ManualFailover> failovers;
};

/// The server that a client of a replicated service talks to first; else it is the first one.
struct Endpoint {
  std::string client;
  std::string server;
};

struct EtcdSpec {
  std::uint32_t nodes = 3;
  etcd::ServerOptions options;
  std::vector<Endpoint> endpoints;
};

/// A lock's directory that is there before the run, and the number of its next child.
struct SeedDirectory {
  std::string path;
  std::int64_t next = 0;
};

/// Which server a client tries first.
struct FirstServer {
  std::string client;
  std::uint32_t server = 0;  // its index
};

struct ZooKeeperSpec {
  zookeeper::Options options;
  Duration session_timeout{60s};  // as clients request it: Curator's default
  bool client_expiry = false;
  std::vector<SeedDirectory> directories;
  std::vector<FirstServer> connect;
};

struct ConsulSpec {
  /// The gossip takes this client's node for dead, though it lives.
  struct Alarm {
    std::string client;
    Duration at{};
  };
  std::uint32_t nodes = 3;
  consul::ServerOptions options;
  std::vector<Endpoint> endpoints;
  std::vector<Alarm> false_alarms;
};

struct HazelcastSpec {
  std::uint32_t nodes = 3;
  bool ap = false;  // as before the CP subsystem
  hazelcast::ServerOptions options;
  hazelcast::ApOptions ap_options;
  std::vector<Endpoint> endpoints;
};

struct ChubbySpec {
  std::uint32_t nodes = 5;
  chubby::ServerOptions options;
  std::vector<Endpoint> endpoints;
};

struct DynamoDbSpec {
  struct Outage {
    Duration from{};
    Duration until{};
    std::vector<std::string> to;  // clients; empty: all
  };
  Duration staleness{};  // of eventually consistent reads
  std::vector<Outage> outages;
};

struct SeedRegister {
  std::string name;
  Datum value;
};

struct StorageSpec {
  storage::Options options;
  std::vector<SeedRegister> registers;
  Duration call_timeout{};  // zero: clients wait for ever
};

/// A database, its standby, and a pooler before it.
struct DatabaseSpec {
  sql::ServerOptions options;
  bool standby = false;
  std::optional<sql::PoolerOptions> pooler;
  std::vector<SeedRegister> registers;  // that are rows of it, not in storage
};

struct LockSpec {
  const Algorithm* algorithm = nullptr;
  std::string preset;  // empty: the defaults
  Settings settings;
};

/// One program of a client; a client with two has two threads that share its lock objects.
using Program = std::vector<Step>;

/// What a program does that is told, by the lock's library, that its lock is gone or in doubt.
enum class WhenTold : std::uint8_t {
  go_on,  // nothing: it believes no longer, and works on until a check
  stop,   // the thread that holds the lock stops working at once, and gives back what it holds
};

struct ClientSpec {
  std::string name;
  std::string machine;  // empty: its own
  Beliefs::Mode belief = Beliefs::Mode::naive;
  std::optional<LockSpec> lock;  // else the scenario's
  std::vector<Program> threads;  // empty: the workload's program
  Duration start{};              // when its programs begin
  WhenTold when_told = WhenTold::go_on;
};

/// A business that needs the lock [doc §1 "What breaks"]: its program for each client, its
/// registers, and what counts as damage.
struct WorkloadSpec {
  std::string kind;  // a name of workloads(); empty: clients have programs of their own
  std::string resource = "resource";
  Duration work{100ms};  // between reading and writing
  std::int64_t rounds = 1;
  Step::Mode mode = Step::Mode::poll;
  Duration timeout{5s};
  Duration poll{50ms};
  Duration pause{};  // between rounds
};

// ---- what is expected ---------------------------------------------------------------------------

struct ExpectedFinding {
  std::string invariant;
  std::optional<Duration> from;  // true time
  std::optional<Duration> until;
  std::optional<Duration> dormant;
  std::optional<Duration> active;
};

struct ExpectedGrant {
  std::string process;
  std::optional<Duration> at;
  std::optional<Duration> validity;
  std::optional<Duration> promise_until;
  std::optional<Duration> belief_until;
  std::optional<std::int64_t> token;
  std::optional<std::int64_t> votes;
};

struct ExpectedRefusal {
  std::string process;
  std::optional<std::int64_t> votes;
  std::string why;  // empty: whatever
};

struct ExpectedWrite {
  std::string process;
  bool accepted = true;
  std::optional<Duration> at;  // when storage decided
  std::optional<std::int64_t> token;
  std::optional<std::int64_t> highest;
};

struct Expectation {
  std::vector<std::string> violates;      // exactly these invariants
  std::vector<ExpectedFinding> findings;  // each must match a finding
  std::vector<ExpectedGrant> grants;      // each must match a grant, in this order
  std::vector<ExpectedRefusal> refusals;
  std::vector<ExpectedWrite> writes;
  std::map<std::string, std::int64_t> damage;  // "oversold": 1
};

/// What a scenario of the corpus of failures says of its entry [docs/corpus.md].
struct CorpusEntry {
  std::int64_t number = 0;  // 0: a negative case, which must hold
  bool core = false;
  std::string status;   // published, documented, code or derived
  std::string fencing;  // what the source says: saves, partly, no, n.a.
  std::string fix;      // a phrase
  std::string why;      // one sentence
};

struct Scenario {
  std::string name;
  std::string hash;  // 16 hex digits over the canonical text it was read from
  std::string title;
  std::string story;                 // what happens, in a few sentences
  std::vector<std::string> sources;  // "doc §4 scenario 3", "corpus 29"
  std::vector<std::string> remarks;  // where the document is wrong, in plain sentences
  std::optional<CorpusEntry> corpus;

  std::uint64_t seed = 1;
  Duration horizon{60s};  // of true time
  std::uint64_t max_events = 1'000'000;

  NetworkSpec network;
  std::vector<MachineSpec> machines;
  std::vector<AuthoritySpec> authorities;
  RoleSet services = 0;  // that are deployed
  RedisSpec redis;
  DatabaseSpec database;
  EtcdSpec etcd;
  DynamoDbSpec dynamodb;
  ZooKeeperSpec zookeeper;
  ConsulSpec consul;
  HazelcastSpec hazelcast;
  ChubbySpec chubby;
  StorageSpec storage;
  LockSpec lock;
  WorkloadSpec workload;
  std::vector<ClientSpec> clients;
  FaultSchedule faults;
  InvariantSettings checks;
  Expectation expect;
};

}  // namespace locklab
