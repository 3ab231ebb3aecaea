// What a key or a register holds: a small value that compares in one step and is turned into text
// only when somebody reads it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/names.hpp"

namespace locklab {

/// Nothing, a whole number, a 128-bit unique id (shown as a UUID), or a name.
struct Value {
  enum class Kind : std::uint8_t { none, integer, unique, name };

  Kind kind = Kind::none;
  std::uint64_t high = 0;  // unique: upper half
  std::uint64_t low = 0;   // integer (two's complement), unique: lower half, name: symbol number

  static constexpr Value integer(std::int64_t number) {
    return {Kind::integer, 0, static_cast<std::uint64_t>(number)};
  }
  static constexpr Value unique(std::uint64_t high, std::uint64_t low) {
    return {Kind::unique, high, low};
  }
  static constexpr Value name(Symbol symbol) { return {Kind::name, 0, symbol.number}; }

  constexpr std::int64_t as_integer() const { return static_cast<std::int64_t>(low); }
  constexpr Symbol as_name() const { return {static_cast<std::uint32_t>(low)}; }
  constexpr explicit operator bool() const { return kind != Kind::none; }
  constexpr auto operator<=>(const Value&) const = default;
};

/// "", "42", "f81d4fae-7dec-41d0-a765-00a0c91e6bf6" or the name itself.
std::string to_string(const Value& value, const Names& names);

}  // namespace locklab
