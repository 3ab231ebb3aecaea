// A Lease object and what client-go's leader election sends to the API server about it [spec I;
// k8s.io/api/coordination/v1, client-go/tools/leaderelection]. A write names the resource version
// that it was made from, and conflicts if that is no longer the present one.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/value.hpp"

namespace locklab::kubernetes {

enum class Verb : std::uint8_t { get, create, update };

constexpr std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::get:
      return "GET lease";
    case Verb::create:
      return "POST lease";
    case Verb::update:
      return "PUT lease";
  }
  return {};
}

/// LeaderElectionRecord. The times in it are for people: nobody compares them with a clock.
struct Record {
  Value holder{};  // holderIdentity; none: released
  std::int64_t lease_seconds = 0;
  std::int64_t acquired_ms = 0;  // by the holder's wall clock
  std::int64_t renewed_ms = 0;
  std::int64_t transitions = 0;  // leaderTransitions
  constexpr bool operator==(const Record&) const = default;
};

struct Request {
  Verb verb{};
  AttemptId attempt{};  // on whose behalf; for the trace
  Symbol name{};
  std::uint64_t version = 0;  // resourceVersion, of an update
  Record record{};
};
static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 128);

enum class Status : std::uint8_t { ok, not_found, already_exists, conflict };

struct Reply {
  Status status = Status::ok;
  std::uint64_t version = 0;
  Record record{};
};
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= 128);

}  // namespace locklab::kubernetes
