// What a client sends to the protected resource and what it gets back [spec C]. Flat structs, so
// that a message is one copy.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace locklab::storage {

enum class Operation : std::uint8_t { read, write };

/// The name that a trace shows.
constexpr std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::read:
      return "read";
    case Operation::write:
      return "write";
  }
  return {};
}

struct Request {
  Operation operation = Operation::read;
  bool read_modify_write = false;  // the value was computed from version `based_on`
  bool compare_version = false;    // optimistic: refuse unless the datum still has that version
  bool once = false;               // `update_id` takes effect once: a repetition is only confirmed
  Symbol subject{};                // the register
  AttemptId attempt{};             // under which grant; for the trace, no rule looks at it
  FencingToken token{};            // none: the request carries no token
  std::uint64_t based_on = 0;      // version that the writer had read
  std::uint64_t update_id = 0;  // what the client wants done, repeated or not; 0: it says nothing
  Value owner{};                // who says it holds the token; rule owner_bound compares it
  Value value{};                // to be written
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 96);

enum class ReplyKind : std::uint8_t { value, accepted, rejected };

struct Reply {
  ReplyKind kind = ReplyKind::value;
  Rejection why = Rejection::stale_token;  // of a rejected write
  bool repeated = false;                   // accepted before: nothing was done now
  FencingToken highest{};                  // highest token seen before this request
  std::uint64_t version = 0;               // of the datum, after this request; 0: never written
  Value value{};                           // of a read
  constexpr bool operator==(const Reply&) const = default;
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 48);

}  // namespace locklab::storage
