// Redisson's configuration, how its requests are put together, and the versions worth knowing.
#include <algorithm>
#include <array>
#include <new>

#include "algorithms/redisson_lock.hpp"
#include "sim/world.hpp"

namespace locklab {

using redis::Command;
using redis::Request;

namespace {

constexpr std::array<std::string_view, 2> kMethods{"try_lock", "lock"};
constexpr std::array<std::string_view, 2> kSynced{"one", "all"};
constexpr std::array<std::string_view, 2> kTimers{"one_a_client", "one_a_lock"};
constexpr std::array<std::string_view, 2> kQueueClocks{"client", "server"};

constexpr std::array kOwnParameters{
    Parameter{"watchdog", Parameter::Type::duration, "30s",
              "lockWatchdogTimeout: TTL of a lock without lease time, renewed every third of it"},
    Parameter{"lease", Parameter::Type::duration, "0s",
              "leaseTime: TTL of a lock that is not renewed; 0: none, the watchdog renews"},
    Parameter{"method", Parameter::Type::choice, "try_lock",
              "tryLock(wait), or lock(), which waits for ever", kMethods},
    Parameter{"wait", Parameter::Type::duration, "0s",
              "waitTime of tryLock; 0: tryLock(), one try"},
    Parameter{"timers", Parameter::Type::choice, "one_a_client",
              "one renewal timer for all locks, which tries again after an error; or one a lock, "
              "which an error ends for good, as in old versions [#2515, #3194]",
              kTimers},
    Parameter{"check_synced", Parameter::Type::flag, "true",
              "checkLockSyncedSlaves: with replicas, WAIT for them"},
    Parameter{"synced", Parameter::Type::choice, "one",
              "how many replicas have to confirm; Redisson: one (model: all)", kSynced},
    Parameter{"sync_timeout", Parameter::Type::duration, "1s", "slavesSyncTimeout, of the WAIT"},
    Parameter{"timeout", Parameter::Type::duration, "3s", "longest wait for an answer"},
    Parameter{"retry_attempts", Parameter::Type::integer, "3",
              "how often an unlock without an answer is sent again; an acquire never is"},
    Parameter{"retry_interval", Parameter::Type::duration, "1500ms", "between them"},
    Parameter{"interrupt_after", Parameter::Type::duration, "0s",
              "the thread in tryLock() is interrupted so long after it began; 0: never"},
    Parameter{"cleans_up", Parameter::Type::flag, "false",
              "an interrupted try that took the lock all the same gives it back [PR 7277]"},
};
constexpr std::array kParameters = joined(kOwnParameters, kPromiseMarginParameters);
constexpr std::array kFairParameters = joined(
    kParameters,
    std::array{Parameter{"thread_wait_time", Parameter::Type::duration, "5min",
                         "how long a waiter of lock() that is not heard of keeps its place"},
               Parameter{"queue_clock", Parameter::Type::choice, "client",
                         "whose wall clock finds waiters dead; Redisson: the caller's (model: the "
                         "server's, as TIME in the script would)",
                         kQueueClocks}});

constexpr std::array<PresetValue, 0> kCurrent{};
constexpr std::array kHistoric{PresetValue{"timers", "one_a_lock"},
                               PresetValue{"check_synced", "false"}};
constexpr std::array k7277{PresetValue{"cleans_up", "true"}};
constexpr std::array kPresets{
    Preset{"current", "as released: one renewal timer, which goes on after an error", kCurrent},
    Preset{"historic", "a timer for each lock, which the first error ends for good (before 3.14)",
           kHistoric},
    Preset{"pr-7277", "an interrupted try cleans up after itself", k7277},
};

std::int64_t whole_ms_of(Duration duration) {
  return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

template <RedissonLock::Kind kind>
Lock* make(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(RedissonLock));
  return new (block) RedissonLock(environment, settings, resource, kind);
}

Duration ttl_of(const Settings& settings) {
  const Duration lease = settings.duration("lease");
  return lease > Duration{0} ? lease : settings.duration("watchdog");
}

}  // namespace

const std::span<const Parameter> kRedissonLockParameters = kParameters;
const std::span<const Preset> kRedissonLockPresets = kPresets;
const std::span<const Parameter> kRedissonFairLockParameters = kFairParameters;
const std::span<const Preset> kRedissonFairLockPresets = kPresets;

// Model: threads of one client that share a lock object are one thread to Redisson: a second one is
// let in as a re-entry.
RedissonLock::RedissonLock(const Environment& environment, const Settings& settings,
                           Symbol resource, Kind kind)
    : Lock(environment, resource, {.ttl = ttl_of(settings), .fifo = kind == Kind::fair}),
      redis_(environment.redis.front()),
      kind_(kind),
      key_(lock_key(environment.self, resource)),
      owner_(new_value()),
      ttl_(ttl_of(settings)),
      renews_(settings.duration("lease") == Duration{0}),
      timers_(settings.choice<RedissonWatchdog::Timers>("timers")),
      margin_(settings),
      method_(settings.choice<Method>("method")),
      wait_(settings.duration("wait")),
      place_kept_(kind != Kind::fair ? Duration{0}
                  : wait_ > Duration{0} && method_ == Method::try_lock
                      ? wait_
                      : settings.duration("thread_wait_time")),
      server_clock_(kind == Kind::fair && settings.choice("queue_clock") == 1),
      check_synced_(settings.flag("check_synced")),
      synced_(settings.choice<Synced>("synced")),
      sync_timeout_(settings.duration("sync_timeout")),
      retries_(settings.integer("retry_attempts")),
      retry_interval_(settings.duration("retry_interval")),
      interrupt_after_(settings.duration("interrupt_after")),
      cleans_up_(settings.flag("cleans_up")),
      held_(&environment.arena()),
      answered_(environment.self) {
  redis_.set_options({.timeout = settings.duration("timeout")});
  Names& names = self().world().names();
  const std::string_view key = names.text(key_);
  channel_ =
      names.join(kind == Kind::fair ? "redisson_lock_queue:" : "redisson_lock__channel:", key);
  timeouts_ = names.join("redisson_lock_timeout:", names.text(key_));
  token_ = names.join("redisson_lock_token:", names.text(key_));
}

RedissonWatchdog& RedissonLock::watchdog() {
  redis::LibraryState*& library = env_.redis_session->library;
  if (library == nullptr)
    library = new (arena().take(sizeof(RedissonWatchdog)))
        RedissonWatchdog(self(), timers_, std::max<Duration>(ttl_ / 3, 1ms));
  return static_cast<RedissonWatchdog&>(*library);
}

Request RedissonLock::request(Command command, AttemptId attempt) const {
  Request made;
  made.command = command;
  made.attempt = attempt;
  made.key = key_;
  made.value = owner_;
  made.counter = token_;
  made.more_keys = {channel_, timeouts_, Symbol{}};
  made.ttl_ms = whole_ms_of(ttl_);
  made.client_ms = server_clock_ ? redis::kServerClock : whole_ms(self().wall_now());
  return made;
}

Request RedissonLock::acquire_request(AttemptId attempt) const {
  Command command = kind_ == Kind::fenced ? Command::redisson_fenced_lock : Command::redisson_lock;
  if (kind_ == Kind::fair)
    command = waits() ? Command::redisson_fair_lock : Command::redisson_fair_try;
  Request made = request(command, attempt);
  made.wait_ms = whole_ms_of(place_kept_);
  return made;
}

Request RedissonLock::unlock_request(AttemptId attempt) {
  Request made = request(
      kind_ == Kind::fair ? Command::redisson_fair_unlock : Command::redisson_unlock, attempt);
  // redisson_unlock_latch:{name}:request id
  Names& names = self().world().names();
  std::array<char, 24> text{};
  std::size_t at = text.size();
  for (std::uint32_t rest = ++unlocks_; rest > 0; rest /= 10)
    text[--at] = static_cast<char>('0' + rest % 10);
  text[--at] = ':';
  const Symbol prefix = names.join("redisson_unlock_latch:", names.text(key_));
  const Symbol mine = names.join(names.text(prefix), names.text(self().name()));
  made.more_keys[2] = names.join(names.text(mine), {text.data() + at, text.size() - at});
  return made;
}

Lock* make_redisson_lock(const Environment& environment, const Settings& settings,
                         Symbol resource) {
  return make<RedissonLock::Kind::plain>(environment, settings, resource);
}
Lock* make_redisson_fenced_lock(const Environment& environment, const Settings& settings,
                                Symbol resource) {
  return make<RedissonLock::Kind::fenced>(environment, settings, resource);
}
Lock* make_redisson_fair_lock(const Environment& environment, const Settings& settings,
                              Symbol resource) {
  return make<RedissonLock::Kind::fair>(environment, settings, resource);
}

}  // namespace locklab
