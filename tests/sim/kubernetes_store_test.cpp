// The API server's Lease objects [sheet I "Kubernetes"].
#include "sim/services/kubernetes/store.hpp"

#include <doctest/doctest.h>

namespace locklab::kubernetes {
namespace {

constexpr Symbol kName{1};

Request write(Verb verb, std::int64_t holder, std::uint64_t version = 0) {
  Request request;
  request.verb = verb;
  request.name = kName;
  request.version = version;
  request.record.holder = Value::integer(holder);
  return request;
}

TEST_CASE("of two who create it, one does") {
  Store store;
  CHECK(store.execute(write(Verb::create, 1)).status == Status::ok);
  CHECK(store.execute(write(Verb::create, 2)).status == Status::already_exists);
}

TEST_CASE("of two who update the same version, the second conflicts") {
  Store store;
  const std::uint64_t seen = store.execute(write(Verb::create, 1)).version;
  CHECK(store.execute(write(Verb::update, 2, seen)).status == Status::ok);
  CHECK(store.execute(write(Verb::update, 3, seen)).status == Status::conflict);
  const Reply read = store.execute(write(Verb::get, 0));
  CHECK(read.record.holder == Value::integer(2));
  CHECK(read.version > seen);
}

TEST_CASE("what is not there can be neither read nor updated") {
  Store store;
  CHECK(store.execute(write(Verb::get, 0)).status == Status::not_found);
  CHECK(store.execute(write(Verb::update, 1, 1)).status == Status::not_found);
}

}  // namespace
}  // namespace locklab::kubernetes
