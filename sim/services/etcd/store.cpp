#include "sim/services/etcd/store.hpp"

#include <algorithm>

namespace locklab::etcd {

void Store::clear() {
  keys_.clear();
  leases_.clear();
  deletions_.clear();
  revision_ = 1;
}

Reply Store::apply(const Request& request, Changes& changes) {
  switch (request.operation) {
    case Operation::lease_grant:
      return grant(request, changes);
    case Operation::lease_revoke:
      return revoke(request, changes);
    case Operation::put_if_absent:
      return put_if_absent(request, changes);
    case Operation::erase:
      return erase(request, changes);
    case Operation::lease_keep_alive:
    case Operation::get:
    case Operation::last_before:
    case Operation::watch_deletion:
      break;
  }
  return read(request);
}

const Lease* Store::find_lease(std::uint64_t id) const {
  for (const Lease& lease : leases_)
    if (lease.id == id) return &lease;
  return nullptr;
}

const Key* Store::find_key(Symbol name) const {
  for (const Key& key : keys_)
    if (key.name == name) return &key;
  return nullptr;
}

Reply Store::grant(const Request& request, Changes& changes) {
  Reply reply;
  reply.lease = request.lease;
  reply.ttl = request.ttl;
  reply.revision = revision_;
  if (find_lease(request.lease) != nullptr) return reply;  // the request was doubled
  leases_.push_back({request.lease, request.ttl, request.client});
  Change change;
  change.kind = Change::Kind::lease_began;
  change.lease = leases_.back();
  changes.push_back(change);
  return reply;
}

Reply Store::revoke(const Request& request, Changes& changes) {
  Reply reply;
  const auto lease = std::find_if(leases_.begin(), leases_.end(),
                                  [&](const Lease& one) { return one.id == request.lease; });
  if (lease == leases_.end()) {
    reply.status = Status::not_found;
    reply.revision = revision_;
    return reply;
  }
  const bool binds = std::any_of(keys_.begin(), keys_.end(),
                                 [&](const Key& key) { return key.lease == request.lease; });
  if (binds) ++revision_;  // all of them in one transaction
  for (std::size_t i = 0; i < keys_.size();) {
    if (keys_[i].lease == request.lease)
      remove(i, true, AttemptId{}, changes);
    else
      ++i;
  }
  Change change;
  change.kind = Change::Kind::lease_ended;
  change.expired = request.expired;
  change.lease = *lease;
  changes.push_back(change);
  leases_.erase(lease);
  reply.revision = revision_;
  return reply;
}

Reply Store::put_if_absent(const Request& request, Changes& changes) {
  Reply reply;
  const auto mine = std::find_if(keys_.begin(), keys_.end(),
                                 [&](const Key& key) { return key.name == request.key; });
  if (mine == keys_.end()) {
    if (find_lease(request.lease) == nullptr) {  // "requested lease not found"
      reply.status = Status::not_found;
      reply.revision = revision_;
      return reply;
    }
    Key key{request.prefix, request.key, request.lease, ++revision_, request.attempt};
    keys_.push_back(key);
    reply.created = key.created;
  } else {
    reply.created = mine->created;
    mine->attempt = request.attempt;  // an earlier try left it behind: it is this one's now
  }
  Change change;
  change.kind = Change::Kind::stored;
  change.key = *find_key(request.key);
  changes.push_back(change);
  for (const Key& key : keys_) {
    if (key.prefix != request.prefix) continue;
    reply.first_created = key.created;  // they stand in the order of their creation
    break;
  }
  reply.revision = revision_;
  return reply;
}

Reply Store::erase(const Request& request, Changes& changes) {
  Reply reply;
  reply.status = Status::not_found;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].name != request.key) continue;
    ++revision_;
    reply.created = keys_[i].created;
    remove(i, false, request.attempt, changes);
    reply.status = Status::ok;
    break;
  }
  reply.revision = revision_;
  return reply;
}

void Store::remove(std::size_t place, bool with_lease, AttemptId by, Changes& changes) {
  Change change;
  change.kind = Change::Kind::erased;
  change.with_lease = with_lease;
  change.by = by;
  change.key = keys_[place];
  changes.push_back(change);
  deletions_.push_back({keys_[place].name, revision_});
  keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(place));
}

Reply Store::read(const Request& request) const {
  Reply reply;
  reply.status = Status::not_found;
  reply.revision = revision_;
  if (request.operation == Operation::get) {
    if (const Key* key = find_key(request.key)) {
      reply.status = Status::ok;
      reply.key = key->name;
      reply.created = key->created;
    }
    return reply;
  }
  for (const Key& key : keys_) {
    if (key.prefix != request.prefix || key.created > request.revision) continue;
    reply.status = Status::ok;
    reply.key = key.name;
    reply.created = key.created;
  }
  return reply;
}

bool Store::deleted_since(Symbol key, std::uint64_t since) const {
  return std::any_of(deletions_.begin(), deletions_.end(), [&](const Deletion& deletion) {
    return deletion.key == key && deletion.revision >= since;
  });
}

}  // namespace locklab::etcd
