#include "sim/services/hazelcast/locks.hpp"

#include <algorithm>

namespace locklab::hazelcast {

void Locks::clear() {
  locks_.clear();
  sessions_.clear();
}

const Session* Locks::find_session(std::uint64_t id) const {
  for (const Session& session : sessions_)
    if (session.id == id) return &session;
  return nullptr;
}

LockState& Locks::at(Symbol key) {
  for (LockState& lock : locks_)
    if (lock.key == key) return lock;
  locks_.emplace_back(memory_);
  locks_.back().key = key;
  return locks_.back();
}

Answer Locks::apply(const Request& request, std::uint64_t index, Changes& changes) {
  const auto session = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const Session& one) { return one.id == request.session; });
  Change change;
  if (request.operation == Operation::create_session) {
    if (session != sessions_.end()) return Reply{};  // it was sent twice
    sessions_.push_back({request.session, request.client, 0});
    change.kind = Change::Kind::session_began;
    change.session = sessions_.back();
    changes.push_back(change);
    return Reply{};
  }
  if (session == sessions_.end()) return Reply{.status = Status::session_expired};
  switch (request.operation) {
    case Operation::heartbeat:
      ++session->version;
      change.kind = Change::Kind::session_beat;
      change.session = *session;
      changes.push_back(change);
      return Reply{};
    case Operation::expire_session: {
      // A heartbeat that was committed before this one has made another version of it.
      if (session->version != request.version) return Reply{};
      const Session ended = *session;
      sessions_.erase(session);
      end_session(ended, index, changes);
      return Reply{};
    }
    case Operation::lock:
      return lock(request, index, changes);
    case Operation::unlock:
      return unlock(request, index, changes);
    case Operation::create_session:
      break;
  }
  return Reply{};
}

Answer Locks::lock(const Request& request, std::uint64_t index, Changes& changes) {
  LockState& lock = at(request.key);
  const Claim claim{request.session, request.thread, request.invocation, request.attempt};
  if (lock.owner.session != 0 && lock.owner.same_thread(claim)) {
    if (lock.owner.invocation != claim.invocation) {  // not merely sent again: a re-entry
      ++lock.holds;
      lock.owner.invocation = claim.invocation;
    }
    return Reply{.fence = lock.fence, .holds = lock.holds};
  }
  if (lock.owner.session == 0) {
    take(lock, claim, index, false, changes);
    return Reply{.fence = lock.fence, .holds = 1};
  }
  if (!request.wait) return Reply{.status = Status::taken};
  const auto same = std::find_if(lock.waiting.begin(), lock.waiting.end(),
                                 [&](const Claim& one) { return one.same_thread(claim); });
  if (same == lock.waiting.end())
    lock.waiting.push_back(claim);
  else
    *same = claim;
  return std::nullopt;
}

Reply Locks::unlock(const Request& request, std::uint64_t index, Changes& changes) {
  LockState& lock = at(request.key);
  if (lock.released_by == request.invocation) return Reply{};  // it was sent twice
  const Claim claim{request.session, request.thread, request.invocation, request.attempt};
  if (lock.owner.session == 0 || !lock.owner.same_thread(claim))
    return Reply{.status = Status::not_owner};
  lock.released_by = request.invocation;
  if (--lock.holds > 0) return Reply{.fence = lock.fence, .holds = lock.holds};
  free(lock, index, false, request.attempt, changes);
  return Reply{};
}

void Locks::take(LockState& lock, const Claim& claim, std::uint64_t index, bool was_waiting,
                 Changes& changes) {
  lock.owner = claim;
  lock.holds = 1;
  lock.fence = index;
  Change change;
  change.kind = Change::Kind::held;
  change.was_waiting = was_waiting;
  change.key = lock.key;
  change.claim = claim;
  change.fence = lock.fence;
  changes.push_back(change);
}

/// The next in line has it at once.
void Locks::free(LockState& lock, std::uint64_t index, bool by_session_end, AttemptId by,
                 Changes& changes) {
  Change change;
  change.kind = Change::Kind::freed;
  change.by_session_end = by_session_end;
  change.key = lock.key;
  change.by = by;
  change.claim = lock.owner;
  changes.push_back(change);
  lock.owner = Claim{};
  lock.holds = 0;
  if (lock.waiting.empty()) return;
  const Claim next = lock.waiting.front();
  lock.waiting.erase(lock.waiting.begin());
  take(lock, next, index, true, changes);
}

void Locks::end_session(const Session& session, std::uint64_t index, Changes& changes) {
  for (LockState& lock : locks_) {
    std::erase_if(lock.waiting, [&](const Claim& one) { return one.session == session.id; });
    if (lock.owner.session == session.id) free(lock, index, true, AttemptId{}, changes);
  }
  Change change;
  change.kind = Change::Kind::session_ended;
  change.session = session;
  changes.push_back(change);
}

}  // namespace locklab::hazelcast
