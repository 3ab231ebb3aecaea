// The states that Consul, Hazelcast and Chubby keep in their logs, as values [spec G and I]: who
// gets a lock, with which number, and what the end of a session does to it.
#include <doctest/doctest.h>

#include "sim/services/chubby/cell.hpp"
#include "sim/services/consul/store.hpp"
#include "sim/services/hazelcast/locks.hpp"

namespace locklab {
namespace {

constexpr Symbol kKey{7};

// ---- Consul -------------------------------------------------------------------------------------

consul::Request of_consul(consul::Operation operation, std::uint64_t session) {
  consul::Request request;
  request.operation = operation;
  request.session = session;
  request.key = kKey;
  return request;
}

TEST_CASE("Consul counts the acquisitions of a key, and not those of who has it already") {
  consul::Store store;
  consul::Changes changes;
  using consul::Operation;
  CHECK_FALSE(store.apply(of_consul(Operation::kv_acquire, 1), 2, changes).yes);  // no session
  store.apply(of_consul(Operation::session_create, 1), 3, changes);
  store.apply(of_consul(Operation::session_create, 2), 4, changes);
  CHECK(store.apply(of_consul(Operation::kv_acquire, 1), 5, changes).lock_index == 1);
  CHECK(store.apply(of_consul(Operation::kv_acquire, 1), 6, changes).lock_index == 1);
  CHECK_FALSE(store.apply(of_consul(Operation::kv_acquire, 2), 7, changes).yes);
  CHECK_FALSE(store.apply(of_consul(Operation::kv_release, 2), 8, changes).yes);
  CHECK(store.apply(of_consul(Operation::kv_release, 1), 9, changes).yes);
  CHECK(store.apply(of_consul(Operation::kv_acquire, 2), 10, changes).lock_index == 2);
}

TEST_CASE("a Consul session that ends frees its keys, or deletes them and their count with them") {
  for (const auto behavior : {consul::Behavior::release, consul::Behavior::erase}) {
    consul::Store store;
    consul::Changes changes;
    using consul::Operation;
    consul::Request create = of_consul(Operation::session_create, 1);
    create.behavior = behavior;
    store.apply(create, 2, changes);
    store.apply(of_consul(Operation::session_create, 2), 3, changes);
    store.apply(of_consul(Operation::kv_acquire, 1), 4, changes);
    changes.clear();
    store.apply(of_consul(Operation::session_destroy, 1), 5, changes);
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].by_session_end);
    CHECK(changes[1].kind == consul::Change::Kind::session_ended);
    CHECK(store.read(kKey).yes == (behavior == consul::Behavior::release));
    const std::uint64_t index =
        store.apply(of_consul(Operation::kv_acquire, 2), 6, changes).lock_index;
    CHECK(index == (behavior == consul::Behavior::release ? 2u : 1u));
  }
}

// ---- Hazelcast ----------------------------------------------------------------------------------

hazelcast::Request of_hazelcast(hazelcast::Operation operation, std::uint64_t session,
                                std::uint64_t invocation) {
  hazelcast::Request request;
  request.operation = operation;
  request.session = session;
  request.invocation = invocation;
  request.key = kKey;
  request.thread = 1;
  request.wait = true;
  return request;
}

TEST_CASE("Hazelcast's fence is the place in the log at which the lock went to its holder") {
  hazelcast::Locks locks;
  hazelcast::Changes changes;
  using hazelcast::Operation;
  for (const std::uint64_t session : {1u, 2u, 3u})
    locks.apply(of_hazelcast(Operation::create_session, session, 0), 1 + session, changes);
  CHECK(locks.apply(of_hazelcast(Operation::lock, 1, 10), 5, changes)->fence == 5);
  // Sent again: the same grant. Locked again: a re-entry, under the same fence.
  CHECK(locks.apply(of_hazelcast(Operation::lock, 1, 10), 6, changes)->holds == 1);
  CHECK(locks.apply(of_hazelcast(Operation::lock, 1, 11), 7, changes)->holds == 2);
  CHECK(locks.apply(of_hazelcast(Operation::lock, 1, 11), 8, changes)->fence == 5);

  CHECK_FALSE(locks.apply(of_hazelcast(Operation::lock, 2, 20), 9, changes).has_value());
  CHECK_FALSE(locks.apply(of_hazelcast(Operation::lock, 3, 30), 10, changes).has_value());
  locks.apply(of_hazelcast(Operation::unlock, 1, 12), 11, changes);
  changes.clear();
  locks.apply(of_hazelcast(Operation::unlock, 1, 13), 12, changes);
  REQUIRE(changes.size() == 2);  // freed, and given to the next in line
  CHECK(changes[1].claim.session == 2);
  CHECK(changes[1].fence == 12);
  // The unlock that is sent twice does not unlock the next holder's.
  CHECK(locks.apply(of_hazelcast(Operation::unlock, 1, 13), 13, changes)->status ==
        hazelcast::Status::ok);
  CHECK(locks.apply(of_hazelcast(Operation::unlock, 1, 14), 14, changes)->status ==
        hazelcast::Status::not_owner);
}

TEST_CASE("a heartbeat that came first saves a Hazelcast session whose end was proposed") {
  hazelcast::Locks locks;
  hazelcast::Changes changes;
  using hazelcast::Operation;
  locks.apply(of_hazelcast(Operation::create_session, 1, 0), 2, changes);
  locks.apply(of_hazelcast(Operation::lock, 1, 10), 3, changes);
  hazelcast::Request expire = of_hazelcast(Operation::expire_session, 1, 0);
  expire.version = locks.find_session(1)->version;
  locks.apply(of_hazelcast(Operation::heartbeat, 1, 0), 4, changes);
  locks.apply(expire, 5, changes);
  CHECK(locks.find_session(1) != nullptr);
  expire.version = locks.find_session(1)->version;
  locks.apply(expire, 6, changes);
  CHECK(locks.find_session(1) == nullptr);
  CHECK(locks.apply(of_hazelcast(Operation::lock, 1, 11), 7, changes)->status ==
        hazelcast::Status::session_expired);
}

// ---- Chubby -------------------------------------------------------------------------------------

chubby::Request of_chubby(chubby::Operation operation, std::uint64_t session) {
  chubby::Request request;
  request.operation = operation;
  request.session = session;
  request.key = kKey;
  request.lock_delay = 60s;
  return request;
}

TEST_CASE(
    "a Chubby lock is free at once when it is given back, and delayed when its holder fails") {
  chubby::Cell cell;
  chubby::Changes changes;
  using chubby::Operation;
  using chubby::Status;
  for (const std::uint64_t session : {1u, 2u})
    cell.apply(of_chubby(Operation::create_session, session), changes);
  CHECK(cell.apply(of_chubby(Operation::acquire, 1), changes).generation == 1);
  CHECK(cell.apply(of_chubby(Operation::acquire, 1), changes).generation == 1);  // asked again
  CHECK(cell.apply(of_chubby(Operation::acquire, 2), changes).status == Status::taken);
  CHECK(cell.apply(of_chubby(Operation::release, 2), changes).status == Status::not_held);
  cell.apply(of_chubby(Operation::release, 1), changes);
  CHECK(cell.apply(of_chubby(Operation::acquire, 2), changes).generation == 2);

  cell.apply(of_chubby(Operation::end_session, 2), changes);
  CHECK(cell.apply(of_chubby(Operation::acquire, 1), changes).status == Status::taken);
  chubby::Request end = of_chubby(Operation::end_delay, 0);
  end.generation = 1;  // of an earlier holder: too late to mean anything
  cell.apply(end, changes);
  CHECK(cell.apply(of_chubby(Operation::acquire, 1), changes).status == Status::taken);
  end.generation = 2;
  cell.apply(end, changes);
  CHECK(cell.apply(of_chubby(Operation::acquire, 1), changes).generation == 3);
}

}  // namespace
}  // namespace locklab
