// An etcd server's state as a value [spec I "etcd"; etcd v3 API]: revisions, leases and what goes
// with them.
#include <doctest/doctest.h>

#include "sim/services/etcd/server.hpp"
#include "sim/services/etcd/store.hpp"

namespace locklab::etcd {
namespace {

constexpr Symbol kPrefix{1};

Request grant(std::uint64_t lease) {
  Request request;
  request.operation = Operation::lease_grant;
  request.lease = lease;
  request.ttl = 60s;
  return request;
}
Request put(Symbol key, std::uint64_t lease, std::uint32_t attempt = 1) {
  Request request;
  request.operation = Operation::put_if_absent;
  request.prefix = kPrefix;
  request.key = key;
  request.lease = lease;
  request.attempt = {attempt};
  return request;
}
Request of_key(Operation operation, Symbol key) {
  Request request;
  request.operation = operation;
  request.key = key;
  return request;
}

TEST_CASE(
    "every change of a key takes a revision, and a key keeps the one at which it was created") {
  Store store;
  Changes changes;
  store.apply(grant(7), changes);
  CHECK(store.revision() == 1);  // a lease is no key
  const Reply first = store.apply(put({10}, 7), changes);
  CHECK(first.created == 2);
  CHECK(first.first_created == 2);
  const Reply second = store.apply(put({11}, 7), changes);
  CHECK(second.created == 3);
  CHECK(second.first_created == 2);
  // It is there already: its revision stays, and nothing changes.
  CHECK(store.apply(put({11}, 7), changes).created == 3);
  CHECK(store.revision() == 3);

  store.apply(of_key(Operation::erase, {10}), changes);
  CHECK(store.revision() == 4);
  CHECK(store.apply(put({10}, 7), changes).created == 5);
  CHECK(store.apply(put({11}, 7), changes).first_created == 3);
}

TEST_CASE("a lease that is revoked takes its keys with it, in one revision") {
  Store store;
  Changes changes;
  store.apply(grant(7), changes);
  store.apply(grant(8), changes);
  store.apply(put({10}, 7), changes);
  store.apply(put({11}, 8), changes);
  store.apply(put({12}, 7), changes);
  changes.clear();
  Request revoke;
  revoke.operation = Operation::lease_revoke;
  revoke.lease = 7;
  CHECK(store.apply(revoke, changes).revision == 5);
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].with_lease);
  CHECK(changes[2].kind == Change::Kind::lease_ended);
  CHECK(store.find_key({10}) == nullptr);
  CHECK(store.find_key({11}) != nullptr);
  CHECK(store.apply(revoke, changes).status == Status::not_found);
  // Nothing can be bound to it any more.
  CHECK(store.apply(put({10}, 7), changes).status == Status::not_found);
}

TEST_CASE(
    "a waiter finds the key created last before its own, and learns of deletions that it missed") {
  Store store;
  Changes changes;
  store.apply(grant(7), changes);
  for (const std::uint32_t key : {10u, 11u, 12u}) store.apply(put({key}, 7), changes);
  Request before = of_key(Operation::last_before, {});
  before.prefix = kPrefix;
  before.revision = 3;  // the third key was created at 4
  CHECK(store.read(before).key == Symbol{11});
  const std::uint64_t asked = store.read(before).revision;
  CHECK_FALSE(store.deleted_since({11}, asked + 1));
  store.apply(of_key(Operation::erase, {11}), changes);
  CHECK(store.deleted_since({11}, asked + 1));
  CHECK(store.read(before).key == Symbol{10});
  store.apply(of_key(Operation::erase, {10}), changes);
  CHECK(store.read(before).status == Status::not_found);
}

TEST_CASE(
    "a lease is granted for no less than one and a half election time-outs, in whole seconds") {
  ServerOptions options;
  CHECK(options.min_ttl() == 2s);  // [sheet I: ceil(1.5 * 1000 ms)]
  options.log.election = 2s;
  CHECK(options.min_ttl() == 3s);
}

}  // namespace
}  // namespace locklab::etcd
