// Locks that hand out rising tokens [doc §3 "Fencing Tokens"; spec C]. Two of them, since it
// matters where the token comes from: the document's class takes it after the lock, from a counter
// of its own process or a shared one, so that the order of tokens may differ from the order of
// grants [corpus 58, 59]; the other takes lock and token in one script.
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/registry.hpp"
#include "algorithms/simple_redis_lock.hpp"

namespace locklab {

extern const std::span<const Parameter> kFencedLockDocumentParameters;
extern const std::span<const Preset> kFencedLockDocumentPresets;
extern const std::span<const Parameter> kFencedLockParameters;
extern const std::span<const Preset> kFencedLockPresets;

/// "token:" + resource, the counter on a Redis node. It counts from 0 unless the scenario gives the
/// node such a key: scenario 4 of the document counts from 99, so that the first token is 100.
Symbol token_key(Process& self, Symbol resource);

/// innerLock.tryLock(), then tokenGenerator.incrementAndGet().
class FencedLockDocument : public SimpleRedisLock {
 public:
  FencedLockDocument(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;

 private:
  enum class Counter : std::uint8_t { process, shared };
  FencingToken increment_own(AttemptId attempt);

  Counter counter_;
  Symbol shared_key_;
  Symbol own_name_;
  std::int64_t start_;
  std::int64_t own_;        // the AtomicLong
  std::uint32_t own_life_;  // that it belongs to
};

/// SET NX PX and INCR in one script: the order of tokens is the order of grants.
class FencedLock : public SimpleRedisLock {
 public:
  FencedLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;

 private:
  Symbol counter_key_;
};

Lock* make_fenced_lock_document(const Environment& environment, const Settings& settings,
                                Symbol resource);
Lock* make_fenced_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
