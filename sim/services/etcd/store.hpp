// An etcd server's state, as a value [etcd server/storage/mvcc, server/lease]: keys with the
// revision at which they were created, leases, and which keys are bound to which lease. It reads no
// clock: a lease ends when the log says so. Every server applies the same requests in the same
// order. Model: a key's value is empty, as that of every key of concurrency.Mutex; only deletions
// are remembered of the past, for watches.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/etcd/protocol.hpp"
#include "sim/time.hpp"

namespace locklab::etcd {

struct Lease {
  std::uint64_t id = 0;
  Duration ttl{};
  ProcessId client;
  bool operator==(const Lease&) const = default;
};

struct Key {
  Symbol prefix;
  Symbol name;
  std::uint64_t lease = 0;
  std::uint64_t created = 0;  // create revision
  AttemptId attempt;          // on whose behalf; for the trace
  bool operator==(const Key&) const = default;
};

/// What a request changed, for the trace and for watches.
struct Change {
  enum class Kind : std::uint8_t { stored, erased, lease_began, lease_ended };
  Kind kind{};
  bool with_lease = false;  // erased: its lease ended
  bool expired = false;     // lease_ended
  AttemptId by;             // erased
  Key key;
  Lease lease;
};
using Changes = std::pmr::vector<Change>;

class Store {
 public:
  explicit Store(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : keys_(memory), leases_(memory), deletions_(memory) {}
  bool operator==(const Store&) const = default;

  void clear();
  /// Carries out a request that changes something; `changes` gets what it did.
  Reply apply(const Request& request, Changes& changes);
  /// Answers a get or a last_before.
  Reply read(const Request& request) const;
  /// Was the key deleted at `since` or later?
  bool deleted_since(Symbol key, std::uint64_t since) const;

  const Lease* find_lease(std::uint64_t id) const;
  const Key* find_key(Symbol name) const;
  const std::pmr::vector<Lease>& leases() const { return leases_; }
  std::uint64_t revision() const { return revision_; }

 private:
  struct Deletion {
    Symbol key;
    std::uint64_t revision;
    bool operator==(const Deletion&) const = default;
  };

  Reply grant(const Request& request, Changes& changes);
  Reply revoke(const Request& request, Changes& changes);
  Reply put_if_absent(const Request& request, Changes& changes);
  Reply erase(const Request& request, Changes& changes);
  void remove(std::size_t place, bool with_lease, AttemptId by, Changes& changes);

  std::pmr::vector<Key> keys_;  // by create revision
  std::pmr::vector<Lease> leases_;
  std::pmr::vector<Deletion> deletions_;
  std::uint64_t revision_ = 1;  // of an empty store
};

}  // namespace locklab::etcd
