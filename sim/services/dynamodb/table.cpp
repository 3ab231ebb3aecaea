#include "sim/services/dynamodb/table.hpp"

namespace locklab::dynamodb {

Table::Row& Table::row(Symbol key) {
  for (Row& row : rows_)
    if (row.item.key == key) return row;
  Row made;
  made.item.key = key;
  rows_.push_back(made);
  return rows_.back();
}

const Item* Table::find(Symbol key) const {
  for (const Row& row : rows_)
    if (row.item.key == key && row.there) return &row.item;
  return nullptr;
}

bool Table::holds(const Request& request, const Row& row) {
  switch (request.condition) {
    case Condition::none:
      return true;
    case Condition::not_exists:
      return !row.there;
    case Condition::released:
      return row.there && row.item.released;
    case Condition::same_version:
      return row.there && row.item.version == request.expected;
    case Condition::same_holder:
      return row.there && row.item.version == request.expected && row.item.owner == request.owner;
  }
  return false;
}

Reply Table::reply_of(const Item& item) {
  return {Status::ok,   item.released, item.owner,
          item.version, item.lease_ms, FencingToken{item.grants}};
}

// Model: a late read shows the state before the last write, whatever came before that.
Reply Table::execute(const Request& request, Instant now, Duration staleness, Effect& effect) {
  Row& at = row(request.key);
  if (request.operation == Operation::get) {
    const bool late = !request.consistent && now < at.changed + staleness;
    const bool there = late ? at.there_before : at.there;
    if (!there) return {.status = Status::not_found};
    return reply_of(late ? at.before : at.item);
  }
  if (!holds(request, at)) return {.status = Status::condition_failed};
  if (request.operation == Operation::update && !at.there)
    return {.status = Status::condition_failed};

  effect = {true, at.there, request.operation != Operation::erase, at.item, {}};
  at.before = at.item;
  at.there_before = at.there;
  at.changed = now;
  at.there = effect.there_after;
  switch (request.operation) {
    case Operation::put:
      ++at.grants;
      at.item = {request.key,      request.owner,   request.version, request.lease_ms,
                 request.released, request.attempt, at.grants};
      break;
    case Operation::update:
      if (request.version) at.item.version = request.version;
      at.item.released = request.released;
      if (request.lease_ms > 0) at.item.lease_ms = request.lease_ms;
      break;
    case Operation::erase:
    case Operation::get:
      break;
  }
  effect.after = at.item;
  return reply_of(at.item);
}

}  // namespace locklab::dynamodb
