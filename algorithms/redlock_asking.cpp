// How a Redlock asks its nodes: one after another or all at once, and what counts as a vote.
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

// ---- what a round is worth
// ------------------------------------------------------------------------

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

}  // namespace locklab
