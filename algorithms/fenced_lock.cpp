#include "algorithms/fenced_lock.hpp"

#include <array>
#include <new>

#include "sim/process.hpp"
#include "sim/world.hpp"

namespace locklab {

// ---- the document's class -----------------------------------------------------------------------

Task<Lock::Acquired> FencedLockDocument::try_acquire(AttemptId attempt) {
  const Acquired inner = co_await SimpleRedisLock::try_acquire(attempt);  // innerLock.tryLock()
  if (!inner) co_return inner;
  Lease lease = *inner;

  // tokenGenerator.incrementAndGet(), a step of its own: whoever pauses here gets his token after
  // those who came later [corpus 58].
  if (counter_ == Counter::process) {
    co_await self().sleep(Duration{0});
    lease.token = increment_own(attempt);
    co_return lease;
  }
  const auto count = co_await redis().incr(shared_key_, attempt);
  // The call threw out of tryLock: the inner lock stays taken until its TTL.
  if (!count) co_return Refusal{count.error()};
  if (!*count) co_return Refusal{Errc::invalid};
  lease.token = count->token;
  co_return lease;
}

FencingToken FencedLockDocument::increment_own(AttemptId attempt) {
  if (own_life_ != self().life()) {  // memory is lost with the process
    own_ = start_;
    own_life_ = self().life();
  }
  const FencingToken token{static_cast<std::uint64_t>(++own_)};
  self().world().emit(self().id(), TokenIssued{own_name_, token, attempt});
  return token;
}

// ---- lock and token in one script ---------------------------------------------------------------

Task<Lock::Acquired> FencedLock::try_acquire(AttemptId attempt) {
  const Lease lease = new_lease(attempt);
  const auto reply =
      co_await redis().acquire_with_token(key(), lease.redis_owner(), ttl(), counter_key_);
  co_return co_await settle(lease, reply);
}

// ---- how they are built -------------------------------------------------------------------------

namespace {

constexpr std::array<std::string_view, 2> kCounters{"process", "shared"};

constexpr std::array kCounterStart{Parameter{
    "counter_start", Parameter::Type::integer, "0",
    "what the process's own counter shows before the first grant (a counter on Redis is a key of "
    "the scenario: \"token:\" and the resource)"}};

constexpr std::array kDocumentParameters = joined(
    joined(kSimpleRedisLockParameters, kCounterStart),
    std::array{Parameter{"counter", Parameter::Type::choice, "process",
                         "where the token comes from: an AtomicLong of this process, lost in "
                         "a crash, or one counter for all, on Redis",
                         kCounters}});
constexpr std::array<PresetValue, 0> kOwnCounter{};
constexpr std::array kSharedCounter{PresetValue{"counter", "shared"}};
constexpr std::array kDocumentPresets{
    Preset{"document", "a counter in each process: two machines give out the same tokens",
           kOwnCounter},
    Preset{"shared-counter", "one counter for all, but still counted after the lock is taken",
           kSharedCounter},
};

constexpr std::array kParameters =
    with_default(kSimpleRedisLockParameters, "value_scope", "acquisition");
constexpr std::array<PresetValue, 0> kNothing{};
constexpr std::array kCareful{
    PresetValue{"cleanup_on_unknown", "true"}, PresetValue{"reject_nonpositive_extension", "true"},
    PresetValue{"extend_mode", "add"}, PresetValue{"node_timeout", "50ms"}};
constexpr std::array kPresets{
    Preset{"script", "SET NX PX and INCR in one script", kNothing},
    Preset{"careful", "with clean-up after an unknown outcome and an extension that adds",
           kCareful},
};

}  // namespace

const std::span<const Parameter> kFencedLockDocumentParameters = kDocumentParameters;
const std::span<const Preset> kFencedLockDocumentPresets = kDocumentPresets;
const std::span<const Parameter> kFencedLockParameters = kParameters;
const std::span<const Preset> kFencedLockPresets = kPresets;

Symbol token_key(Process& self, Symbol resource) {
  Names& names = self.world().names();
  return names.join("token:", names.text(resource));
}

// Model: a counter a lock object, where the document shares one AtomicLong between all locks that
// are given it. A program has one lock object for each resource, so the difference shows only in
// gaps.
FencedLockDocument::FencedLockDocument(const Environment& environment, const Settings& settings,
                                       Symbol resource)
    : SimpleRedisLock(environment, settings, resource),
      counter_(settings.choice<Counter>("counter")),
      shared_key_(token_key(environment.self, resource)),
      start_(settings.integer("counter_start")),
      own_(start_),
      own_life_(environment.self.life()) {
  Names& names = self().world().names();
  const Symbol prefix = names.join(names.text(self().name()), "/");
  own_name_ = names.join(names.text(prefix), names.text(shared_key_));
}

FencedLock::FencedLock(const Environment& environment, const Settings& settings, Symbol resource)
    : SimpleRedisLock(environment, settings, resource),
      counter_key_(token_key(environment.self, resource)) {}

Lock* make_fenced_lock_document(const Environment& environment, const Settings& settings,
                                Symbol resource) {
  void* block = environment.arena().take(sizeof(FencedLockDocument));
  return new (block) FencedLockDocument(environment, settings, resource);
}

Lock* make_fenced_lock(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(FencedLock));
  return new (block) FencedLock(environment, settings, resource);
}

}  // namespace locklab
