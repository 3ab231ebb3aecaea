// A lock on one Redis node: SET NX PX, compare-and-delete, compare-and-pexpire [doc §3
// "SimpleRedisLock"; spec A]. It gives no token, knows no deadline and does not wait.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "algorithms/lock.hpp"
#include "algorithms/promise_margin.hpp"
#include "algorithms/registry.hpp"

namespace locklab {

/// How a client library of one node treats its calls.
inline constexpr std::array kRedisCallParameters{
    Parameter{"node_timeout", Parameter::Type::duration, "0s",
              "longest wait for a reply; 0: the client library waits for ever, as Jedis would "
              "without its socket timeout"},
    Parameter{"reconnect_on_timeout", Parameter::Type::flag, "false",
              "a timed-out call takes its connection with it"},
};
CallOptions redis_call_options(const Settings& settings);

inline constexpr std::array<std::string_view, 2> kValueScopes{"object", "acquisition"};
inline constexpr std::array<std::string_view, 2> kExtendModes{"set", "add"};

inline constexpr std::array kSimpleRedisLockParameters = joined(
    joined(
        std::array{
            Parameter{"ttl", Parameter::Type::duration, "10s", "time to live of the key (PX)"},
            Parameter{
                "value_scope", Parameter::Type::choice, "object",
                "when the unique value is drawn: once per object (the document's class) or per "
                "acquisition (its own advice) [corpus 9]",
                kValueScopes},
            Parameter{"cleanup_on_unknown", Parameter::Type::flag, "false",
                      "send compare-and-delete when the SET's outcome is unknown [corpus 23]"},
            Parameter{"reject_nonpositive_extension", Parameter::Type::flag, "false",
                      "refuse extend(<= 0) on the client; Redis deletes the key and says 1 "
                      "[corpus 22]"},
            Parameter{"extend_mode", Parameter::Type::choice, "set",
                      "extend(additional) sets what is left (the document's script) or adds to it "
                      "[corpus 21]",
                      kExtendModes},
        },
        kRedisCallParameters),
    kPromiseMarginParameters);
extern const std::span<const Preset> kSimpleRedisLockPresets;

class SimpleRedisLock : public Lock {
 public:
  SimpleRedisLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

  const redis::Client& redis() const { return redis_; }
  Duration ttl() const { return ttl_; }
  Symbol key() const { return key_; }
  /// What a try begins with: a value, T1 and what will be promised.
  Lease new_lease(AttemptId attempt);
  /// What the node's answer to that try means.
  Task<Acquired> settle(Lease lease, Result<redis::Reply> reply);

 private:
  enum class ValueScope : std::uint8_t { object, acquisition };
  enum class ExtendMode : std::uint8_t { set, add };

  redis::Client redis_;
  Symbol key_;
  Duration ttl_;
  ValueScope scope_;
  Value object_value_;
  PromiseMargin margin_;
  ExtendMode extend_mode_;
  bool reject_nonpositive_;
  bool cleanup_;
};

Lock* make_simple_redis_lock(const Environment& environment, const Settings& settings,
                             Symbol resource);

/// "lock:" + resource, the key of every Redis lock here [doc §3].
Symbol lock_key(Process& self, Symbol resource);

}  // namespace locklab
