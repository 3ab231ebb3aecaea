#include "sim/services/chubby/cell.hpp"

#include <algorithm>

namespace locklab::chubby {

void Cell::clear() {
  locks_.clear();
  sessions_.clear();
}

const LockFile* Cell::find(Symbol key) const {
  for (const LockFile& lock : locks_)
    if (lock.key == key) return &lock;
  return nullptr;
}

const Session* Cell::find_session(std::uint64_t id) const {
  for (const Session& session : sessions_)
    if (session.id == id) return &session;
  return nullptr;
}

LockFile& Cell::at(Symbol key) {
  for (LockFile& lock : locks_)
    if (lock.key == key) return lock;
  locks_.push_back({});
  locks_.back().key = key;
  return locks_.back();
}

void Cell::note(Change::Kind kind, const LockFile& lock, Changes& changes, bool failed,
                AttemptId by) {
  Change change;
  change.kind = kind;
  change.failed = failed;
  change.by = by;
  change.lock = lock;
  changes.push_back(change);
}

Reply Cell::acquire(const Request& request, Changes& changes) {
  Reply reply;
  if (find_session(request.session) == nullptr) {
    reply.status = Status::session_expired;
    return reply;
  }
  LockFile& lock = at(request.key);
  if (lock.holder != request.session) {
    if (lock.holder != 0 || lock.delayed) {
      reply.status = Status::taken;
      return reply;
    }
    ++lock.generation;
  }
  lock.holder = request.session;
  lock.lock_delay = request.lock_delay;
  lock.attempt = request.attempt;
  note(Change::Kind::held, lock, changes);
  reply.generation = lock.generation;
  return reply;
}

Reply Cell::apply(const Request& request, Changes& changes) {
  Reply reply;
  switch (request.operation) {
    case Operation::create_session: {
      if (find_session(request.session) != nullptr) break;  // it was sent twice
      sessions_.push_back({request.session, request.client});
      Change change;
      change.kind = Change::Kind::session_began;
      change.session = sessions_.back();
      changes.push_back(change);
      break;
    }
    case Operation::end_session: {
      const auto session = std::find_if(sessions_.begin(), sessions_.end(),
                                        [&](const Session& s) { return s.id == request.session; });
      if (session == sessions_.end()) break;
      Change change;
      change.kind = Change::Kind::session_ended;
      change.session = *session;
      sessions_.erase(session);
      for (LockFile& lock : locks_) {
        if (lock.holder != request.session) continue;
        lock.delayed = lock.lock_delay > Duration{0};
        note(Change::Kind::freed, lock, changes, true);
        lock.holder = 0;
      }
      changes.push_back(change);
      break;
    }
    case Operation::acquire:
      return acquire(request, changes);
    case Operation::release: {
      LockFile& lock = at(request.key);
      if (lock.holder == 0 || lock.holder != request.session) {
        reply.status = Status::not_held;
        break;
      }
      note(Change::Kind::freed, lock, changes, false, request.attempt);
      lock.holder = 0;  // free at once: it was given back
      break;
    }
    case Operation::end_delay: {
      LockFile& lock = at(request.key);
      if (!lock.delayed || lock.generation != request.generation) break;
      lock.delayed = false;
      note(Change::Kind::opened, lock, changes);
      break;
    }
    case Operation::keep_alive:
      break;
  }
  return reply;
}

}  // namespace locklab::chubby
