// What a lock on one Redis node should not be: the document's common mistakes [doc §7] and the
// recipes of old Redis pages, runnable. How it takes the key, what it writes there and how it
// removes it are three choices of one algorithm, so that each mistake can be made alone [corpus 7,
// 8, 10, 11, 12].
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "algorithms/simple_redis_lock.hpp"

namespace locklab {

extern const std::span<const Parameter> kNaiveRedisLockParameters;
extern const std::span<const Preset> kNaiveRedisLockPresets;

class NaiveRedisLock : public Lock {
 public:
  NaiveRedisLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class Recipe : std::uint8_t {
    set_nx_px,
    set_nx,
    setnx_then_pexpire,
    setnx_stamp,
    getset_stamp
  };
  enum class WhichValue : std::uint8_t { shared, unique };
  enum class Release : std::uint8_t { del, get_then_del, del_before_deadline, compare_and_delete };

  // One recipe each: was the key taken?
  Task<Result<bool>> set_nx(Lease lease, Duration ttl);
  Task<Result<bool>> setnx_then_pexpire(Lease lease);
  Task<Result<bool>> setnx_stamp(Lease lease);
  Task<Result<bool>> getset_stamp(Lease lease);

  bool stamped() const { return recipe_ == Recipe::setnx_stamp || recipe_ == Recipe::getset_stamp; }
  Value value();
  bool is_past(const Value& stamp) const;
  Duration promised(Duration ttl) const;

  redis::Client redis_;
  Symbol key_;
  Duration ttl_;
  Recipe recipe_;
  WhichValue which_value_;
  Release release_;
  PromiseMargin margin_;
};

Lock* make_naive_redis_lock(const Environment& environment, const Settings& settings,
                            Symbol resource);

}  // namespace locklab
