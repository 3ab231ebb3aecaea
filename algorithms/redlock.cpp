#include "algorithms/redlock.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include "algorithms/fenced_lock.hpp"
#include "algorithms/simple_redis_lock.hpp"
#include "sim/assert.hpp"
#include "sim/world.hpp"

namespace locklab {

using redis::Command;
using redis::Owner;
using redis::Reply;

// ---- acquiring, step by step --------------------------------------------------------------------

Task<Lock::Acquired> Redlock::try_acquire(AttemptId attempt) {
  Lease lease = this->lease(attempt, new_value());
  lease.clock = clock_;
  object_value_ = lease.owner;  // the document's field: the last try's, whoever made it
  lease.start = start();        // 1. T1

  for (std::int64_t tries_left = retry_count_;; --tries_left) {
    const Votes votes =  // 2. node by node, or all at once
        co_await ask(&Redlock::ask_acquire, lease.redis_owner(), ttl_, all_nodes());

    const Duration elapsed = lease.start.elapsed(self(), clock_);  // 3. 4. T2 - T1
    const Duration validity = ttl_ - elapsed - drift(ttl_);        // 6.

    if (accepts(votes.count(), validity)) {  // 5.
      // The library's exception leaves the keys where they are [corpus 46].
      if (raise_on_node_error_ && votes.failed != 0)
        co_return Refusal{Errc::connection_lost, votes.count(), validity};
      if (expire_after_)  // whatever it says [corpus 48]
        co_await ask_at_once(&Redlock::ask_expire, lease.redis_owner(), ttl_, votes.yes);
      lease.votes = votes.count();
      lease.token = votes.token;  // none, but for a counter on each node [corpus 64]
      lease.promised = ttl_ - drift(ttl_);
      lease.validity = validity;
      co_return lease;
    }

    const bool last = tries_left == 0;
    const std::uint64_t unlock = nodes_to_unlock(last ? on_failure_ : between_tries_, votes);
    if (unlock != 0)  // 7.
      co_await ask(&Redlock::ask_release, lease.redis_owner(), ttl_, unlock);
    if (last) {
      const Errc why = votes.count() >= quorum_ ? Errc::no_validity : Errc::not_acquired;
      co_return Refusal{why, votes.count(), validity};
    }

    co_await pause_before_retry();
    if (elapsed_since_ == Per::each_try) lease.start = start();
    if (value_scope_ == Per::each_try) {
      lease.owner = new_value();
      object_value_ = lease.owner;
    }
  }
}

Duration Redlock::drift(Duration ttl) const {
  // Model: whole milliseconds, as most of the sources compute it; redsync keeps nanoseconds and
  // node-redlock rounds.
  return std::chrono::floor<std::chrono::milliseconds>(ttl * drift_permille_ / 1000) + drift_const_;
}

bool Redlock::accepts(std::uint32_t votes, Duration validity) const {
  if (votes < quorum_) return false;
  switch (accept_) {
    case Accept::validity_positive:
      return validity > Duration{0};
    case Accept::validity_not_negative:
      return validity >= Duration{0};
    case Accept::quorum_only:
      return true;
  }
  return false;
}

// ---- extending and releasing --------------------------------------------------------------------

Task<Lock::Extended> Redlock::try_extend(const Lease& lease, Duration to) {
  if (extend_accept_ == ExtendAccept::unsupported) co_return Refusal{Errc::invalid};
  if (max_extensions_ >= 0 && lease.extensions >= max_extensions_) co_return Refusal{Errc::invalid};
  if (extend_checks_deadline_ && lease.start.elapsed(self(), clock_) > lease.promised)
    co_return Refusal{Errc::lost};

  Extension extension;
  extension.start = start();
  extension.promised = to - drift(to);
  for (std::int64_t tries_left = retry_extension_ ? retry_count_ : 0;; --tries_left) {
    const Votes votes = co_await ask(&Redlock::ask_extend, lease.redis_owner(), to, all_nodes());
    extension.votes = votes.count();
    extension.validity = extension.promised - extension.start.elapsed(self(), clock_);
    if (extension_counts(extension.votes, extension.validity)) co_return extension;

    if (unlock_on_failed_extension_)
      co_await ask(&Redlock::ask_release, lease.redis_owner(), to, all_nodes());
    if (tries_left == 0) co_return Refusal{Errc::lost, extension.votes, extension.validity};
    co_await pause_before_retry();
    if (elapsed_since_ == Per::each_try) extension.start = start();
  }
}

bool Redlock::extension_counts(std::uint32_t votes, Duration validity) const {
  switch (extend_accept_) {
    case ExtendAccept::unsupported:
      return false;
    case ExtendAccept::quorum_in_validity:
      return votes >= quorum_ && validity > Duration{0};
    case ExtendAccept::quorum:
      return votes >= quorum_;
    case ExtendAccept::any:
      return votes > 0;
  }
  return false;
}

Task<Lock::Released> Redlock::try_release(const Lease& lease) {
  // The document's class compares with its field; a later tryLock has overwritten it [corpus 39].
  Owner owner = lease.redis_owner();
  if (shared_value_) owner.value = object_value_;
  for (std::int64_t tries_left = retry_count_;; --tries_left) {
    const Votes votes = co_await ask(&Redlock::ask_release, owner, ttl_, all_nodes());
    const bool enough = votes.count() >= quorum_;
    if (!release_needs_quorum_ || enough || tries_left == 0) {
      const bool done = release_needs_quorum_ ? enough : votes.count() > 0;
      co_return Released{votes.count(), done ? Errc::none : Errc::lost};
    }
    co_await pause_before_retry();
  }
}

Sleep Redlock::pause_before_retry() {
  const Duration least = jitter_both_ways_ ? -retry_jitter_ : Duration{0};
  return self().sleep(retry_delay_ + self().rng().between(least, retry_jitter_));
}

// ---- asking the nodes ---------------------------------------------------------------------------

Task<Redlock::Votes> Redlock::ask(Ask question, Owner owner, Duration ttl, std::uint64_t nodes) {
  if (send_ == Send::sequential) co_return co_await ask_in_turn(question, owner, ttl, nodes);
  co_return co_await ask_at_once(question, owner, ttl, nodes);
}

Task<Redlock::Votes> Redlock::ask_in_turn(Ask question, Owner owner, Duration ttl,
                                          std::uint64_t nodes) {
  Votes votes;
  for (std::size_t i = 0; i < redis_.size(); ++i) {
    if ((nodes >> i & 1) == 0) continue;
    const Result<Reply> reply = co_await (this->*question)(redis_[i], owner, ttl);
    count(votes, i, reply);  // down counts as no
  }
  co_return votes;
}

Task<Redlock::Votes> Redlock::ask_at_once(Ask question, Owner owner, Duration ttl,
                                          std::uint64_t nodes) {
  Votes votes;
  CallGroup<Reply> calls(self());
  for (std::size_t i = 0; i < redis_.size(); ++i)
    if ((nodes >> i & 1) != 0) calls.start((this->*question)(redis_[i], owner, ttl));
  while (const Call<Reply>* call = co_await calls.next()) {
    for (std::size_t i = 0; i < redis_.size(); ++i)
      if (redis_[i].node() == call->to()) count(votes, i, call->result());
    // The other requests are on their way all the same; nobody waits for what they say.
    if (early_return_ && (votes.count() >= quorum_ || votes.against() >= quorum_)) co_return votes;
  }
  if (hangs_undecided_) {
    // Half said yes, half no: neither has a quorum, and the library's promise never settles.
    Signal never(self());
    co_await never.wait();
  }
  co_return votes;
}

void Redlock::count(Votes& votes, std::uint64_t node, const Result<Reply>& reply) {
  const std::uint64_t bit = std::uint64_t{1} << node;
  if (reply && reply->kind != redis::ReplyKind::error) {
    (*reply ? votes.yes : votes.no) |= bit;
    if (*reply) votes.token = std::max(votes.token, reply->token);
    return;
  }
  votes.failed |= bit;
  if (!reply && outcome_unknown(reply.error())) votes.unknown |= bit;
}

std::uint32_t Redlock::Votes::count() const {
  return static_cast<std::uint32_t>(std::popcount(yes));
}

std::uint32_t Redlock::Votes::against() const {
  return static_cast<std::uint32_t>(std::popcount(no | failed));
}

std::uint64_t Redlock::all_nodes() const { return (std::uint64_t{1} << redis_.size()) - 1; }

std::uint64_t Redlock::nodes_to_unlock(Unlock which, const Votes& votes) const {
  switch (which) {
    case Unlock::all:
      return all_nodes();
    case Unlock::acquired_only:
      return votes.yes;
    case Unlock::acquired_and_unknown:
      return votes.yes | votes.unknown;
    case Unlock::none:
      return 0;
  }
  return 0;
}

Call<Reply> Redlock::ask_acquire(const redis::Client& node, const Owner& owner,
                                 Duration ttl) const {
  switch (acquire_script_) {
    case AcquireScript::set_nx:
      break;
    case AcquireScript::acquire_all:
      return node.script(Command::acquire_all, key_, owner, ttl);
    case AcquireScript::lock_or_retake:
      return node.script(Command::lock_or_retake, key_, owner, ttl);
    case AcquireScript::set_nx_incr:
      return node.acquire_with_token(key_, owner, ttl, counter_key_);
  }
  return node.set(key_, owner, {.nx = true, .px = ttl});
}

Call<Reply> Redlock::ask_extend(const redis::Client& node, const Owner& owner, Duration ttl) const {
  switch (extend_missing_) {
    case ExtendMissing::refuse:
      if (acquire_script_ == AcquireScript::acquire_all)
        return node.script(Command::extend_all, key_, owner, ttl);
      break;
    case ExtendMissing::recreate:
      return node.script(Command::lock_or_retake, key_, owner, ttl);
    case ExtendMissing::retake_by_nx:
      return node.script(Command::extend_or_retake, key_, owner, ttl);
  }
  return node.compare_and_pexpire(key_, owner, ttl);
}

Call<Reply> Redlock::ask_expire(const redis::Client& node, const Owner& owner, Duration ttl) const {
  return node.compare_and_pexpire(key_, owner, ttl);
}

Call<Reply> Redlock::ask_release(const redis::Client& node, const Owner& owner, Duration) const {
  if (acquire_script_ == AcquireScript::acquire_all)
    return node.script(Command::release_all, key_, owner, ttl_);
  return node.compare_and_delete(key_, owner);
}

// ---- presets: what the libraries do -------------------------------------------------------------

namespace {

using Type = Parameter::Type;

constexpr std::array<std::string_view, 2> kSend{"sequential", "parallel"};
constexpr std::array<std::string_view, 2> kClock{"wall", "mono"};
constexpr std::array<std::string_view, 3> kAccept{"validity_positive", "validity_not_negative",
                                                  "quorum_only"};
constexpr std::array<std::string_view, 4> kUnlock{"all", "acquired_only", "acquired_and_unknown",
                                                  "none"};
constexpr std::array<std::string_view, 2> kPer{"acquisition", "each_try"};
constexpr std::array<std::string_view, 4> kScript{"set_nx", "acquire_all", "lock_or_retake",
                                                  "set_nx_incr"};
constexpr std::array<std::string_view, 4> kExtend{"unsupported", "quorum_in_validity", "quorum",
                                                  "any"};
constexpr std::array<std::string_view, 3> kMissing{"refuse", "recreate", "retake_by_nx"};

constexpr std::array kParameters{
    Parameter{"ttl", Type::duration, "10s", "time to live of the keys (PX)"},
    Parameter{"quorum", Type::integer, "0", "nodes that must say yes; 0: N/2 + 1"},
    Parameter{"send", Type::choice, "sequential", "one node after another, or all at once", kSend},
    Parameter{"early_return", Type::flag, "false",
              "sending in parallel: come back as soon as a quorum has said yes, or no"},
    Parameter{"hangs_undecided", Type::flag, "false",
              "node-redlock 5: never comes back when neither side has a quorum [corpus 44]"},
    Parameter{"node_timeout", Type::duration, "50ms",
              "longest wait for one node; 0: for ever (redis.io: 5-50 ms for a 10 s TTL)"},
    Parameter{"node_timeout_permille", Type::integer, "0",
              "the same in thousandths of the TTL, where that is how a library counts; 0: not so"},
    Parameter{"reconnect_on_timeout", Type::flag, "false",
              "a timed-out call takes its connection with it"},
    Parameter{"clock", Type::choice, "wall", "that measures the elapsed time", kClock},
    Parameter{"elapsed_since", Type::choice, "each_try", "where T1 is read", kPer},
    Parameter{"drift_permille", Type::integer, "2",
              "clock drift margin, in thousandths of the TTL"},
    Parameter{"drift_const", Type::duration, "2ms", "the constant part of the margin"},
    Parameter{"accept", Type::choice, "validity_positive",
              "what a quorum must be accompanied by to count", kAccept},
    Parameter{"raise_on_node_error", Type::flag, "false",
              "redlock-py: one node's error after a majority raises, without unlocking"},
    Parameter{"expire_after_acquire", Type::flag, "false",
              "Redisson: set the lease anew on all that said yes, results ignored"},
    Parameter{"between_tries", Type::choice, "all", "which nodes are unlocked before a retry",
              kUnlock},
    Parameter{"release_on_failure", Type::choice, "all",
              "which nodes are unlocked after the last failed try", kUnlock},
    Parameter{"shared_value", Type::flag, "false",
              "unlock compares with the object's last value (a field, in the document)"},
    Parameter{"value_scope", Type::choice, "acquisition", "one value for all tries, or one each",
              kPer},
    Parameter{"acquire_script", Type::choice, "set_nx",
              "what is sent to take a node's key; set_nx_incr counts on each node, and the largest "
              "count is the token [corpus 64]",
              kScript},
    Parameter{"retry_count", Type::integer, "0", "tries after the first; -1: for ever"},
    Parameter{"retry_delay", Type::duration, "200ms", "pause before a retry"},
    Parameter{"retry_jitter", Type::duration, "0ms", "random part of that pause"},
    Parameter{"jitter_both_ways", Type::flag, "false", "jitter may shorten the pause too"},
    Parameter{"extend_accept", Type::choice, "quorum_in_validity", "when an extension counts",
              kExtend},
    Parameter{"extend_missing", Type::choice, "refuse",
              "what an extension does on a node where the key is gone", kMissing},
    Parameter{"max_extensions", Type::integer, "-1", "-1: no limit"},
    Parameter{"extend_checks_deadline", Type::flag, "false",
              "refuse to extend once the lease's own deadline has passed"},
    Parameter{"retry_extension", Type::flag, "false",
              "node-redlock: an extension is retried as an acquisition is"},
    Parameter{"unlock_on_failed_extension", Type::flag, "false",
              "redlock-rb, node-redlock 4: a failed extension unlocks every node"},
    Parameter{"release_needs_quorum", Type::flag, "false",
              "node-redlock: a release is retried until a quorum removed the key [corpus 45]"},
};

// Each says all that sheet B says of it, defaults included, so that a preset reads as its row does.
constexpr std::array kSpec{
    PresetValue{"send", "parallel"},      PresetValue{"node_timeout", "50ms"},
    PresetValue{"clock", "mono"},         PresetValue{"drift_permille", "2"},
    PresetValue{"drift_const", "2ms"},    PresetValue{"accept", "validity_positive"},
    PresetValue{"between_tries", "all"},  PresetValue{"release_on_failure", "all"},
    PresetValue{"retry_count", "3"},      PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "200ms"}, PresetValue{"extend_accept", "quorum_in_validity"},
};
constexpr std::array kDocument{
    PresetValue{"send", "sequential"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "wall"},
    PresetValue{"drift_permille", "2"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"release_on_failure", "acquired_only"},
    PresetValue{"shared_value", "true"},
    PresetValue{"retry_count", "0"},
    PresetValue{"extend_accept", "unsupported"},
};
constexpr std::array kNodeRedlockV5{
    PresetValue{"send", "parallel"},
    PresetValue{"early_return", "true"},
    PresetValue{"hangs_undecided", "true"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "wall"},
    PresetValue{"elapsed_since", "acquisition"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "quorum_only"},
    PresetValue{"between_tries", "none"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "acquisition"},
    PresetValue{"acquire_script", "acquire_all"},
    PresetValue{"retry_count", "10"},
    PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "100ms"},
    PresetValue{"jitter_both_ways", "true"},
    PresetValue{"extend_accept", "quorum"},
    PresetValue{"extend_checks_deadline", "true"},
    PresetValue{"retry_extension", "true"},
    PresetValue{"release_needs_quorum", "true"},
};
// Its extension goes through the same function as its acquisition: deadline, retries, unlocking.
constexpr std::array kNodeRedlockV4{
    PresetValue{"send", "parallel"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "wall"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"retry_count", "10"},
    PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "100ms"},
    PresetValue{"jitter_both_ways", "true"},
    PresetValue{"extend_accept", "quorum_in_validity"},
    PresetValue{"extend_checks_deadline", "true"},
    PresetValue{"retry_extension", "true"},
    PresetValue{"unlock_on_failed_extension", "true"},
};
constexpr std::array kRedlockPy{
    PresetValue{"send", "sequential"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "wall"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"raise_on_node_error", "true"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "acquisition"},
    PresetValue{"retry_count", "2"},
    PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "0ms"},
    PresetValue{"extend_accept", "unsupported"},
};
constexpr std::array kRedlockRb{
    PresetValue{"send", "sequential"},
    PresetValue{"node_timeout", "100ms"},
    PresetValue{"clock", "mono"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_not_negative"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "each_try"},
    PresetValue{"acquire_script", "lock_or_retake"},
    PresetValue{"retry_count", "3"},
    PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "50ms"},
    PresetValue{"extend_accept", "quorum_in_validity"},
    PresetValue{"extend_missing", "recreate"},
    PresetValue{"unlock_on_failed_extension", "true"},
};
constexpr std::array kRedsync{
    PresetValue{"ttl", "8s"},
    PresetValue{"send", "parallel"},
    PresetValue{"node_timeout_permille", "50"},
    PresetValue{"clock", "mono"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "0ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "acquisition"},
    PresetValue{"retry_count", "31"},
    PresetValue{"retry_delay", "50ms"},
    PresetValue{"retry_jitter", "200ms"},
    PresetValue{"extend_accept", "quorum"},
};
constexpr std::array kRedsyncSetNx = [] {
  std::array<PresetValue, kRedsync.size() + 1> values{};
  for (std::size_t i = 0; i < kRedsync.size(); ++i) values[i] = kRedsync[i];
  values.back() = {"extend_missing", "retake_by_nx"};
  return values;
}();
constexpr std::array kPottery{
    PresetValue{"send", "parallel"},
    PresetValue{"early_return", "true"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "mono"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "each_try"},
    PresetValue{"retry_count", "-1"},
    PresetValue{"retry_delay", "0ms"},
    PresetValue{"retry_jitter", "200ms"},
    PresetValue{"extend_accept", "quorum"},
    PresetValue{"max_extensions", "3"},
};
// Model: waits for a node are call time-outs; Redisson also gives up as soon as too many nodes have
// refused, and takes a lease of twice the wait at first when it was given both.
constexpr std::array kRedisson{
    PresetValue{"send", "sequential"},
    PresetValue{"node_timeout", "1500ms"},
    PresetValue{"clock", "wall"},
    PresetValue{"drift_permille", "0"},
    PresetValue{"drift_const", "0ms"},
    PresetValue{"accept", "quorum_only"},
    PresetValue{"expire_after_acquire", "true"},
    PresetValue{"release_on_failure", "acquired_and_unknown"},
    PresetValue{"retry_count", "0"},
    PresetValue{"extend_accept", "any"},
};

constexpr std::array kMaxOfCounters{
    PresetValue{"send", "parallel"},      PresetValue{"node_timeout", "50ms"},
    PresetValue{"clock", "mono"},         PresetValue{"acquire_script", "set_nx_incr"},
    PresetValue{"retry_count", "3"},      PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "200ms"},
};

constexpr std::array kPresets{
    Preset{"spec", "as redis.io describes it: all nodes at once, all unlocked on failure", kSpec},
    Preset{"document", "the document's class: in turn, wall clock, unlocks only what it got",
           kDocument},
    Preset{"node-redlock-v4", "JavaScript, version 4: tests its deadline", kNodeRedlockV4},
    Preset{"node-redlock-v5", "JavaScript, version 5: a quorum is enough, however late",
           kNodeRedlockV5},
    Preset{"redlock-py", "Python: fixed delay, raises after a majority if one node errored",
           kRedlockPy},
    Preset{"redlock-rb", "Ruby: monotonic clock; an extension takes a lost key again", kRedlockRb},
    Preset{"redsync", "Go, version 4: 1 % margin, 32 tries", kRedsync},
    Preset{"redsync-setnx", "Go with SetNXOnExtend: an extension takes a lost key again",
           kRedsyncSetNx},
    Preset{"pottery", "Python: returns at a majority, up to three extensions", kPottery},
    Preset{"redisson-redlock", "Java (deprecated): no validity test at all", kRedisson},
    Preset{"max-of-counters",
           "as spec, with a counter on each node; the largest is the token, and no good one",
           kMaxOfCounters},
};

CallOptions call_options(const Settings& settings) {
  const std::int64_t permille = settings.integer("node_timeout_permille");
  const Duration timeout =
      permille > 0 ? settings.duration("ttl") * permille / 1000 : settings.duration("node_timeout");
  return {.timeout = timeout, .reconnect_on_timeout = settings.flag("reconnect_on_timeout")};
}

std::uint32_t quorum_of(const Environment& environment, const Settings& settings) {
  const std::int64_t quorum = settings.integer("quorum");
  return quorum > 0 ? static_cast<std::uint32_t>(quorum)
                    : static_cast<std::uint32_t>(environment.redis.size() / 2 + 1);
}

}  // namespace

const std::span<const Parameter> kRedlockParameters = kParameters;
const std::span<const Preset> kRedlockPresets = kPresets;

Redlock::Redlock(const Environment& environment, const Settings& settings, Symbol resource)
    : Lock(environment, resource,
           {.ttl = settings.duration("ttl"),
            .quorum = quorum_of(environment, settings),
            .of = static_cast<std::uint32_t>(environment.redis.size())}),
      key_(lock_key(environment.self, resource)),
      quorum_(quorum_of(environment, settings)),
      ttl_(settings.duration("ttl")),
      send_(settings.choice<Send>("send")),
      early_return_(settings.flag("early_return")),
      hangs_undecided_(settings.flag("hangs_undecided")),
      clock_(settings.choice<ClockKind>("clock")),
      elapsed_since_(settings.choice<Per>("elapsed_since")),
      drift_permille_(settings.integer("drift_permille")),
      drift_const_(settings.duration("drift_const")),
      accept_(settings.choice<Accept>("accept")),
      raise_on_node_error_(settings.flag("raise_on_node_error")),
      expire_after_(settings.flag("expire_after_acquire")),
      between_tries_(settings.choice<Unlock>("between_tries")),
      on_failure_(settings.choice<Unlock>("release_on_failure")),
      shared_value_(settings.flag("shared_value")),
      value_scope_(settings.choice<Per>("value_scope")),
      acquire_script_(settings.choice<AcquireScript>("acquire_script")),
      retry_count_(settings.integer("retry_count")),
      retry_delay_(settings.duration("retry_delay")),
      retry_jitter_(settings.duration("retry_jitter")),
      jitter_both_ways_(settings.flag("jitter_both_ways")),
      extend_accept_(settings.choice<ExtendAccept>("extend_accept")),
      extend_missing_(settings.choice<ExtendMissing>("extend_missing")),
      max_extensions_(settings.integer("max_extensions")),
      extend_checks_deadline_(settings.flag("extend_checks_deadline")),
      retry_extension_(settings.flag("retry_extension")),
      unlock_on_failed_extension_(settings.flag("unlock_on_failed_extension")),
      release_needs_quorum_(settings.flag("release_needs_quorum")) {
  if (acquire_script_ == AcquireScript::set_nx_incr)
    counter_key_ = token_key(environment.self, resource);
  LOCKLAB_ASSERT(!environment.redis.empty() && environment.redis.size() < 64);
  auto* clients = static_cast<redis::Client*>(
      environment.arena().take(environment.redis.size() * sizeof(redis::Client)));
  for (std::size_t i = 0; i < environment.redis.size(); ++i) {
    new (clients + i) redis::Client(environment.redis[i]);
    clients[i].set_options(call_options(settings));
  }
  redis_ = {clients, environment.redis.size()};
}

Lock* make_redlock(const Environment& environment, const Settings& settings, Symbol resource) {
  void* block = environment.arena().take(sizeof(Redlock));
  return new (block) Redlock(environment, settings, resource);
}

}  // namespace locklab
