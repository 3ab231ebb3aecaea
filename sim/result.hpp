// An expected outcome is a value: no exception crosses our code.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "sim/assert.hpp"

namespace locklab {

/// Why an operation did not do what was asked. After `timeout` and `connection_lost` the outcome is
/// unknown: the request may have been carried out.
enum class Errc : std::uint8_t {
  none,
  timeout,             // no reply in time; the request may have been carried out
  connection_lost,     // the connection broke while the reply was awaited; outcome unknown
  connection_refused,  // nothing listens there; surely not carried out
  not_acquired,        // somebody else holds the lock
  no_validity,         // a quorum, but too late to be of use
  lost,                // the lease is no longer ours
  rejected,            // storage refused the token
  invalid,             // the service refused the request itself
  cancelled,           // the caller's task was told to stop
};

std::string_view to_string(Errc error);

/// Is it unknown whether the request was carried out?
constexpr bool outcome_unknown(Errc error) {
  return error == Errc::timeout || error == Errc::connection_lost;
}

template <class T, class E = Errc>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool has_value() const { return state_.index() == 0; }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T& value() & {
    LOCKLAB_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    LOCKLAB_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  const E& error() const {
    LOCKLAB_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

/// A Result that carries nothing but success or the reason why not.
template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(E error) : error_(error), failed_(true) {}

  explicit operator bool() const { return !failed_; }
  bool has_value() const { return !failed_; }
  const E& error() const {
    LOCKLAB_ASSERT(failed_);
    return error_;
  }

 private:
  E error_{};
  bool failed_ = false;
};

}  // namespace locklab
