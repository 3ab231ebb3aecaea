// What the lock client sends to a DynamoDB table and what it gets back [spec H;
// awslabs/amazon-dynamodb-lock-client 1.4.0]: single items, and writes that are carried out only
// under a condition. No time is ever stored.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/value.hpp"

namespace locklab::dynamodb {

enum class Operation : std::uint8_t { get, put, update, erase };

constexpr std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::get:
      return "GetItem";
    case Operation::put:
      return "PutItem";
    case Operation::update:
      return "UpdateItem";
    case Operation::erase:
      return "DeleteItem";
  }
  return {};
}

enum class Condition : std::uint8_t {
  none,
  not_exists,    // attribute_not_exists(key)
  released,      // the item is there, and isReleased
  same_version,  // recordVersionNumber = :expected
  same_holder,   // and ownerName = :owner
};

struct Request {
  Operation operation{};
  Condition condition{};
  bool consistent = true;  // of a read
  bool released = false;   // what an update sets isReleased to
  AttemptId attempt{};     // on whose behalf; for the trace
  Symbol key{};
  Value owner{};
  Value version{};   // the record version number to write
  Value expected{};  // and the one that has to be there
  std::int64_t lease_ms = 0;
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 128);

enum class Status : std::uint8_t {
  ok,
  not_found,
  condition_failed,  // ConditionalCheckFailedException
  unavailable,       // 503
};

/// Model: the count of grants is an attribute that the library does not have.
struct Reply {
  Status status = Status::ok;
  bool released = false;
  Value owner{};
  Value version{};
  std::int64_t lease_ms = 0;
  FencingToken grants{};  // how often the item was put
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 128);

}  // namespace locklab::dynamodb
