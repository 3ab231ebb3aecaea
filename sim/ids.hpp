// Strong ids: a message is not a grant, and neither is a number.
#pragma once

#include <compare>
#include <cstdint>

namespace locklab {

template <class Tag, class Number>
struct Id {
  Number number{};
  constexpr auto operator<=>(const Id&) const = default;
  /// Zero is "none" for every id; the world itself is process none.
  constexpr explicit operator bool() const { return number != 0; }
};

using ProcessId = Id<struct ProcessTag, std::uint32_t>;  // 1 is the first process of the scenario
using MachineId = Id<struct MachineTag, std::uint32_t>;  // 1 is the first machine
using EventSeq = Id<struct EventTag, std::uint64_t>;     // place of an event in the trace, from 1
using MessageId = Id<struct MessageTag, std::uint64_t>;
using CallId = Id<struct CallTag, std::uint64_t>;
using AttemptId =
    Id<struct AttemptTag, std::uint32_t>;  // one try to take a lock; if it succeeds, the grant
using FencingToken = Id<struct TokenTag, std::uint64_t>;  // none: the write carries no token

}  // namespace locklab
