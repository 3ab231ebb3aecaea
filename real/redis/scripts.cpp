#include "real/redis/scripts.hpp"

namespace locklab::real {

namespace {

constexpr std::string_view kCompareAndDelete = R"(
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0)";

constexpr std::string_view kCompareAndPexpire = R"(
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0)";

constexpr std::string_view kAcquireWithToken = R"(
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return redis.call('INCR', KEYS[2])
end
return false)";

constexpr std::string_view kAcquireAll = R"(
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then return 0 end
end
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
return #KEYS)";

constexpr std::string_view kExtendAll = R"(
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) ~= ARGV[1] then return 0 end
end
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
return #KEYS)";

constexpr std::string_view kReleaseAll = R"(
local count = 0
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then count = count + redis.call('DEL', key) end
end
return count)";

constexpr std::string_view kLockOrRetake = R"(
if (redis.call('EXISTS', KEYS[1]) == 0 and ARGV[3] == 'yes')
    or redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return false)";

constexpr std::string_view kExtendOrRetake = R"(
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0)";

constexpr std::string_view kRedsyncDelete = R"(
local value = redis.call('GET', KEYS[1])
if value == ARGV[1] then return redis.call('DEL', KEYS[1]) end
if value == false then return -1 end
return 0)";

constexpr std::string_view kCompareAndProlong = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local left = redis.call('PTTL', KEYS[1]) + ARGV[2]
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', left))
return left)";

constexpr std::string_view kRedissonLock = R"(
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return nil
end
return redis.call('PTTL', KEYS[1])
)";

constexpr std::string_view kRedissonFencedLock = R"(
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  local token = redis.call('INCR', KEYS[2])
  redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return token
end
return redis.call('PTTL', KEYS[1])
)";

constexpr std::string_view kRedissonRenew = R"(
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
return 0)";

// KEYS: lock, channel, latch if there is one. ARGV: owner, lease, how long the latch remembers.
constexpr std::string_view kRedissonUnlock = R"(
local latch = KEYS[3]
if latch then
  local before = redis.call('GET', latch)
  if before then return tonumber(before) end
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return nil end
local freed = 0
if redis.call('HINCRBY', KEYS[1], ARGV[1], -1) > 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
  redis.call('DEL', KEYS[1])
  redis.call('PUBLISH', KEYS[2], '0')
  freed = 1
end
if latch then redis.call('SET', latch, freed, 'PX', ARGV[3]) end
return freed)";

// KEYS: lock, queue, time-outs. ARGV: who, lease, how long a place is kept, the caller's clock
// (empty: the server's), yes if it joins the queue.
constexpr std::string_view kRedissonFairLock = R"(
local now = tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
while true do
  local first = redis.call('LINDEX', KEYS[2], 0)
  if not first then break end
  local timeout = redis.call('ZSCORE', KEYS[3], first)
  if not timeout or tonumber(timeout) > now then break end
  redis.call('ZREM', KEYS[3], first)
  redis.call('LPOP', KEYS[2])
end
local first = redis.call('LINDEX', KEYS[2], 0)
if redis.call('EXISTS', KEYS[1]) == 0 and (not first or first == ARGV[1]) then
  redis.call('LPOP', KEYS[2])
  redis.call('ZREM', KEYS[3], ARGV[1])
  for _, waiter in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    redis.call('ZINCRBY', KEYS[3], -tonumber(ARGV[3]), waiter)
  end
  redis.call('HSET', KEYS[1], ARGV[1], 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return nil
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return nil
end
if ARGV[5] ~= 'yes' then return 1 end
if redis.call('ZSCORE', KEYS[3], ARGV[1]) then
  return math.max(0, redis.call('PTTL', KEYS[1]))
end
local last = redis.call('LINDEX', KEYS[2], -1)
local before = last and redis.call('ZSCORE', KEYS[3], last)
local left
if before then left = tonumber(before) - now else left = redis.call('PTTL', KEYS[1]) end
redis.call('ZADD', KEYS[3], string.format('%.0f', left + ARGV[3] + now), ARGV[1])
redis.call('RPUSH', KEYS[2], ARGV[1])
return left)";

// KEYS: lock, queue, time-outs, latch if there is one. ARGV: who, lease, the caller's clock (empty:
// the server's), how long the latch remembers.
constexpr std::string_view kRedissonFairUnlock = R"(
local latch = KEYS[4]
if latch then
  local before = redis.call('GET', latch)
  if before then return tonumber(before) end
end
local now = tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
while true do
  local first = redis.call('LINDEX', KEYS[2], 0)
  if not first then break end
  local timeout = redis.call('ZSCORE', KEYS[3], first)
  if not timeout or tonumber(timeout) > now then break end
  redis.call('ZREM', KEYS[3], first)
  redis.call('LPOP', KEYS[2])
end
local freed = 1
if redis.call('EXISTS', KEYS[1]) == 1 then
  if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return nil end
  if redis.call('HINCRBY', KEYS[1], ARGV[1], -1) > 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    freed = 0
  else
    redis.call('DEL', KEYS[1])
  end
end
if freed == 1 then
  local next = redis.call('LINDEX', KEYS[2], 0)
  if next then redis.call('PUBLISH', KEYS[2] .. ':' .. next, '0') end
end
if latch then redis.call('SET', latch, freed, 'PX', ARGV[4]) end
return freed)";

constexpr std::string_view kRedissonFairLeave = R"(
local behind = false
for _, waiter in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if behind then redis.call('ZINCRBY', KEYS[3], -tonumber(ARGV[2]), waiter) end
  if waiter == ARGV[1] then behind = true end
end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('LREM', KEYS[2], 0, ARGV[1])
return redis.status_reply('OK')
)";

}  // namespace

std::string_view script_of(redis::Command command) {
  using redis::Command;
  switch (command) {
    case Command::compare_and_delete:
      return kCompareAndDelete;
    case Command::compare_and_pexpire:
      return kCompareAndPexpire;
    case Command::acquire_with_token:
      return kAcquireWithToken;
    case Command::acquire_all:
      return kAcquireAll;
    case Command::extend_all:
      return kExtendAll;
    case Command::release_all:
      return kReleaseAll;
    case Command::lock_or_retake:
      return kLockOrRetake;
    case Command::extend_or_retake:
      return kExtendOrRetake;
    case Command::redsync_delete:
      return kRedsyncDelete;
    case Command::compare_and_prolong:
      return kCompareAndProlong;
    case Command::redisson_lock:
      return kRedissonLock;
    case Command::redisson_fenced_lock:
      return kRedissonFencedLock;
    case Command::redisson_renew:
      return kRedissonRenew;
    case Command::redisson_unlock:
      return kRedissonUnlock;
    case Command::redisson_fair_try:
    case Command::redisson_fair_lock:
      return kRedissonFairLock;
    case Command::redisson_fair_unlock:
      return kRedissonFairUnlock;
    case Command::redisson_fair_leave:
      return kRedissonFairLeave;
    default:
      return {};
  }
}

}  // namespace locklab::real
