#include "sim/services/consul/store.hpp"

#include <algorithm>

namespace locklab::consul {

void Store::clear() {
  keys_.clear();
  sessions_.clear();
}

const Session* Store::find_session(std::uint64_t id) const {
  for (const Session& session : sessions_)
    if (session.id == id) return &session;
  return nullptr;
}

Key* Store::find_key(Symbol name) {
  for (Key& key : keys_)
    if (key.name == name) return &key;
  return nullptr;
}

Reply Store::read(Symbol name) const {
  Reply reply;
  for (const Key& key : keys_) {
    if (key.name != name) continue;
    reply.yes = true;
    reply.session = key.session;
    reply.index = key.changed;
    reply.lock_index = key.lock_index;
  }
  return reply;
}

Reply Store::apply(const Request& request, std::uint64_t index, Changes& changes) {
  Reply reply;
  switch (request.operation) {
    case Operation::session_create: {
      reply.yes = true;
      reply.session = request.session;
      if (find_session(request.session) != nullptr) break;  // the request was doubled
      sessions_.push_back({request.session, request.client, request.behavior, request.health_check,
                           request.ttl, request.lock_delay});
      Change change;
      change.kind = Change::Kind::session_began;
      change.session = sessions_.back();
      changes.push_back(change);
      break;
    }
    case Operation::session_destroy:
      reply.yes = find_session(request.session) != nullptr;
      destroy(request, index, changes);
      break;
    case Operation::kv_acquire: {
      if (find_session(request.session) == nullptr) break;
      Key* key = find_key(request.key);
      if (key != nullptr && key->session != 0 && key->session != request.session) break;
      if (key == nullptr) {
        keys_.push_back({});
        key = &keys_.back();
        key->name = request.key;
      }
      if (key->session == 0) ++key->lock_index;
      key->session = request.session;
      key->changed = index;
      key->attempt = request.attempt;
      Change change;
      change.kind = Change::Kind::acquired;
      change.key = *key;
      changes.push_back(change);
      reply.yes = true;
      reply.lock_index = key->lock_index;
      break;
    }
    case Operation::kv_release: {
      Key* key = find_key(request.key);
      if (key == nullptr || key->session == 0 || key->session != request.session) break;
      free(*key, false, request.attempt, index, changes);
      reply.yes = true;
      break;
    }
    case Operation::session_renew:
    case Operation::kv_get:
      break;
  }
  return reply;
}

void Store::free(Key& key, bool by_session_end, AttemptId by, std::uint64_t index,
                 Changes& changes) {
  Change change;
  change.kind = Change::Kind::freed;
  change.by_session_end = by_session_end;
  change.by = by;
  change.key = key;
  changes.push_back(change);
  key.session = 0;
  key.changed = index;
}

void Store::destroy(const Request& request, std::uint64_t index, Changes& changes) {
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const Session& one) { return one.id == request.session; });
  if (found == sessions_.end()) return;
  const Session session = *found;
  sessions_.erase(found);
  for (Key& key : keys_)
    if (key.session == session.id) free(key, true, AttemptId{}, index, changes);
  // Whose keys are deleted takes their LockIndex with it: it begins again at one.
  if (session.behavior == Behavior::erase)
    for (const Change& change : changes)
      if (change.kind == Change::Kind::freed)
        std::erase_if(keys_, [&](const Key& key) { return key.name == change.key.name; });
  Change change;
  change.kind = Change::Kind::session_ended;
  change.ending = request.ending;
  change.session = session;
  changes.push_back(change);
}

}  // namespace locklab::consul
