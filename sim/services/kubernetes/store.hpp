// The API server's Lease objects as a value: create, read, and update under optimistic concurrency
// [spec I]. What is written is in etcd before it is answered, so nothing is ever lost here.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/services/kubernetes/protocol.hpp"

namespace locklab::kubernetes {

class Store {
 public:
  explicit Store(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : leases_(memory) {}

  struct Stored {
    Symbol name{};
    std::uint64_t version = 0;
    Record record{};
    AttemptId attempt{};
  };

  Reply execute(const Request& request) {
    Stored* lease = find(request.name);
    switch (request.verb) {
      case Verb::get:
        if (lease == nullptr) return {.status = Status::not_found};
        break;
      case Verb::create:
        if (lease != nullptr) return {.status = Status::already_exists};
        leases_.push_back({request.name, ++version_, request.record, request.attempt});
        lease = &leases_.back();
        break;
      case Verb::update:
        if (lease == nullptr) return {.status = Status::not_found};
        if (lease->version != request.version) return {.status = Status::conflict};
        lease->version = ++version_;
        lease->record = request.record;
        lease->attempt = request.attempt;
        break;
    }
    return {Status::ok, lease->version, lease->record};
  }

  Stored* find(Symbol name) {
    for (Stored& lease : leases_)
      if (lease.name == name) return &lease;
    return nullptr;
  }

 private:
  std::pmr::vector<Stored> leases_;
  std::uint64_t version_ = 0;  // of the whole store, as etcd's revision
};

}  // namespace locklab::kubernetes
