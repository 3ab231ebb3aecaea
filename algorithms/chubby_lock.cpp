#include "algorithms/chubby_lock.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "sim/world.hpp"

namespace locklab {

using chubby::Operation;
using chubby::Request;
using chubby::Status;

namespace {

constexpr Duration kAgain{5s};  // a call that is not answered is sent again, elsewhere

}  // namespace

// ---- Acquire, TryAcquire, Release ---------------------------------------------------------------

Task<Lock::Acquired> ChubbyLock::try_acquire(AttemptId attempt) {
  if (!session_.is_open()) {
    const Result<void> opened = co_await session_.open();
    if (!opened) co_return Refusal{opened.error()};
  }
  const std::uint64_t session = session_.id();
  Request acquire = request(Operation::acquire, attempt);
  acquire.wait = wait_ == Wait::acquire;
  acquire.lock_delay = lock_delay_;
  const auto reply = co_await chubby_.ask(acquire, Duration{0}, kAgain);
  if (!reply) co_return Refusal{reply.error()};
  if (reply->status == Status::taken) co_return Refusal{Errc::not_acquired};
  if (reply->status != Status::ok || session_.id() != session) co_return Refusal{Errc::lost};

  Lease lease = this->lease(attempt, Value::integer(static_cast<std::int64_t>(session)));
  if (sequencer_) lease.token = FencingToken{reply->generation};
  lease.start = extended_;
  lease.promised = lasts_;
  held_ = lease;
  co_return lease;
}

Task<Lock::Released> ChubbyLock::try_release(const Lease& lease) {
  held_ = Lease{};
  if (!session_.is_open()) co_return Released{0, Errc::lost};
  const auto reply =
      co_await chubby_.ask(request(Operation::release, lease.attempt), Duration{0}, kAgain);
  if (!reply) co_return Released{0, reply.error()};
  if (reply->status != Status::ok) co_return Released{0, Errc::lost};
  co_return Released{1};
}

Task<Lock::Extended> ChubbyLock::try_extend(const Lease&, Duration) {
  co_return Refusal{Errc::invalid};  // the session's KeepAlives do that
}

Request ChubbyLock::request(Operation operation, AttemptId attempt) const {
  Request request;
  request.operation = operation;
  request.key = key_;
  request.attempt = attempt;
  request.client = self().id();
  request.session = session_.id();
  return request;
}

// ---- the session --------------------------------------------------------------------------------

void ChubbyLock::lease_asked() { asked_ = start(); }

void ChubbyLock::lease_extended(Duration lasts) {
  extended_ = asked_;
  lasts_ = lasts;
  if (!held_.attempt) return;
  held_.start = extended_;
  held_.promised = lasts_;
  prolong(held_);
}

void ChubbyLock::in_jeopardy() {
  if (at_jeopardy_ == AtJeopardy::stop) tell();
}

void ChubbyLock::expired() {
  tell();
  held_ = Lease{};
}

void ChubbyLock::tell() {
  if (held_.attempt) beliefs().end(held_.attempt, BeliefEnd::told);
}

// ---- how it is built ----------------------------------------------------------------------------

namespace {

constexpr std::array<std::string_view, 2> kAtJeopardy{"stop", "go_on"};
constexpr std::array<std::string_view, 2> kWaits{"acquire", "try_acquire"};

constexpr std::array kParameters{
    Parameter{"lock_delay", Parameter::Type::duration, "60s",
              "after this holder's failure nobody gets the lock for so long; at most 60s"},
    Parameter{"sequencer", Parameter::Type::flag, "true",
              "requests carry the lock's generation as a token"},
    Parameter{"grace", Parameter::Type::duration, "45s",
              "how long a session in jeopardy looks for a master"},
    Parameter{
        "at_jeopardy", Parameter::Type::choice, "stop",
        "what the application does when its lease may be over: it stops, or goes on until the "
        "session has expired",
        kAtJeopardy},
    Parameter{"wait", Parameter::Type::choice, "acquire", "Acquire waits, TryAcquire does not",
              kWaits},
    Parameter{"clock_permille", Parameter::Type::integer, "10",
              "the master's clock may be faster by so many thousandths (model: the paper names no "
              "number)"},
};
constexpr std::array<PresetValue, 0> kPaper{};
constexpr std::array kNoSequencer{PresetValue{"sequencer", "false"}};
constexpr std::array kPresets{
    Preset{"paper", "with sequencers and a lock-delay of a minute", kPaper},
    Preset{"no-sequencer", "for servers that check nothing: the lock-delay alone", kNoSequencer},
};

}  // namespace

const std::span<const Parameter> kChubbyLockParameters = kParameters;
const std::span<const Preset> kChubbyLockPresets = kPresets;

ChubbyLock::ChubbyLock(const Environment& environment, const Settings& settings, Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("lock_delay") + 12s}),
      chubby_(*environment.chubby),
      session_(*environment.chubby, *this,
               {settings.duration("grace"), settings.integer("clock_permille")}),
      key_(resource),
      lock_delay_(std::min<Duration>(settings.duration("lock_delay"), 60s)),
      at_jeopardy_(settings.choice<AtJeopardy>("at_jeopardy")),
      wait_(settings.choice<Wait>("wait")),
      sequencer_(settings.flag("sequencer")) {}

Lock* make_chubby_lock(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(ChubbyLock));
  return new (block) ChubbyLock(environment, settings, resource);
}

}  // namespace locklab
