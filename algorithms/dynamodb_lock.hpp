// Amazon's DynamoDB lock client [spec H; awslabs/amazon-dynamodb-lock-client 1.4.0]. An item says
// who has the lock and for how long his lease is; a record version number (RVN), drawn at random
// with every heartbeat, shows that he lives. No time is stored: who wants the lock reads the item
// again and again, and takes it over when the RVN has stayed the same for a whole lease *by his own
// monotonic clock, from after his first look*; the holder counts his lease from *before* his last
// write. So clocks may be hours apart.
//
// It promises the lock for a lease from the last heartbeat. It fails where every lease does, and
// where a heartbeat that was applied is sent again: the old RVN is gone, and the holder drops a
// lock that is his [corpus 55]. Told to hold on through 503s, it has two holders [corpus 56].
// Before 1.4 a try that did not wait could never take over from the dead [corpus 57]. The RVN is no
// fencing token: it has no order [corpus 70].
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "sim/services/dynamodb/client.hpp"

namespace locklab {

extern const std::span<const Parameter> kDynamoDbLockParameters;
extern const std::span<const Preset> kDynamoDbLockPresets;

class DynamoDbLock final : public Lock {
 public:
  DynamoDbLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Token : std::uint8_t { none, rvn, counter };

  /// Somebody else's lock as it was first seen with this RVN.
  struct Observed {
    Value version;
    Start seen;
    Duration lease{};
  };

  Task<Result<dynamodb::Reply>> ask(dynamodb::Request request);
  dynamodb::Request request(dynamodb::Operation operation, dynamodb::Condition condition,
                            AttemptId attempt) const;
  /// Keeps the first look at an RVN; true: it has been there for a whole lease.
  bool expired(const dynamodb::Reply& item);
  Lease granted(Lease lease, const dynamodb::Request& put, const dynamodb::Reply& reply);

  Task<> heartbeats(AttemptId attempt);
  Task<> watch_danger_zone(AttemptId attempt);
  Task<bool> heartbeat();
  void drop();
  Duration remaining() const;

  dynamodb::Client table_;
  Symbol key_;
  Duration lease_, heartbeat_, refresh_, additional_wait_, danger_zone_;
  bool skips_wait_, remembers_, deletes_, holds_on_503_, reads_back_;
  Token token_;
  Duration timeout_;
  std::int64_t retries_;

  Value owner_;
  Observed observed_;
  Lease held_;     // attempt none: not held
  Value version_;  // of the item that we hold
  TaskHandle heartbeat_task_;
  TaskHandle danger_task_;
};

Lock* make_dynamodb_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
