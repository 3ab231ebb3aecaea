// The Lua scripts that Redisson sends for its locks, in their own words [spec F; RedissonLock.java,
// RedissonFencedLock.java, RedissonFairLock.java]. A lock is a hash of one field, its owner's name,
// under which stands how often the owner has taken it. The fair lock keeps its waiters twice: a
// list in the order of arrival, and a sorted set of the time until which each keeps its place.
#pragma once

#include "sim/services/redis/keyspace.hpp"

namespace locklab::redis::redisson {

/// The keys of a request, by what the scripts use them for.
struct Keys {
  explicit Keys(const Request& request)
      : lock(request.key),
        channel(request.more_keys[0]),
        queue(request.more_keys[0]),
        timeouts(request.more_keys[1]),
        latch(request.more_keys[2]),
        token(request.counter) {}
  Symbol lock;
  Symbol channel;   // of the plain lock
  Symbol queue;     // of the fair lock; its channel goes by the same name and the waiter's
  Symbol timeouts;  // of the fair lock
  Symbol latch;     // what an unlock with this request id has already answered
  Symbol token;     // of the fenced lock
};

/// Nil: taken. Else PTTL of the lock, in ms.
Reply lock(Keyspace& keys, const ExecutionUnit& unit, const Request& request);
/// As lock(), but the answer to a lock that was taken is its token. INCR comes on re-entry too.
Reply fenced_lock(Keyspace& keys, const ExecutionUnit& unit, const Request& request);
/// 1: renewed. 0: not ours any more.
Reply renew(Keyspace& keys, const ExecutionUnit& unit, const Request& request);
/// 1: the lock is free. 0: still held, once less. Nil: it was not ours. A repeated request finds
/// what the first was told in the latch.
Reply unlock(Keyspace& keys, const ExecutionUnit& unit, const Request& request);
/// Nil: taken. Else how long to wait for a word, in ms (of a try: 1).
Reply fair_lock(Keyspace& keys, const ExecutionUnit& unit, const Request& request, bool queues);
Reply fair_unlock(Keyspace& keys, const ExecutionUnit& unit, const Request& request);
/// A waiter gives up: those behind it get their time-outs back.
Reply fair_leave(Keyspace& keys, const ExecutionUnit& unit, const Request& request);

Reply execute(Keyspace& keys, const ExecutionUnit& unit, const Request& request);

}  // namespace locklab::redis::redisson
