// What the writer and the reader of a recording's JSON Lines must agree on: the format's name, how
// an enumerator is written, which fields say a unit.
#pragma once

#include <chrono>
#include <string_view>
#include <type_traits>

#include "sim/recording.hpp"
#include "sim/result.hpp"

namespace locklab::recording_json {

inline constexpr std::string_view kSchema = "locklab-trace/1";

template <class Enum>
std::string_view word(Enum value) {
  return to_string(value);
}

template <class T>
inline constexpr bool is_time_point = false;
template <class Clock>
inline constexpr bool is_time_point<std::chrono::time_point<Clock, Duration>> = true;

/// A bare number says its unit last.
template <class T>
constexpr std::string_view unit_of = std::is_same_v<T, Duration> || is_time_point<T> ? "_ns" : "";

}  // namespace locklab::recording_json
