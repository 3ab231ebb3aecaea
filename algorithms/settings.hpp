// The numbers and choices of an algorithm, as data: what it can be told, its real defaults, and the
// presets that stand for known libraries. A choice of a library is a preset, never a fork of the
// code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/result.hpp"
#include "sim/time.hpp"

namespace locklab {

struct Parameter {
  enum class Type : std::uint8_t { duration, integer, flag, choice };

  std::string_view name{};
  Type type{};
  std::string_view standard{};  // the default, as it would be written in a scenario
  std::string_view help{};      // one line; says unit and source
  std::span<const std::string_view> choices = {};
};

/// The parameters of an algorithm that builds on another.
template <std::size_t A, std::size_t B>
constexpr std::array<Parameter, A + B> joined(const std::array<Parameter, A>& first,
                                              const std::array<Parameter, B>& second) {
  std::array<Parameter, A + B> all{};
  for (std::size_t i = 0; i < A; ++i) all[i] = first[i];
  for (std::size_t i = 0; i < B; ++i) all[A + i] = second[i];
  return all;
}

/// The same parameters, but for the default of one.
template <std::size_t N>
constexpr std::array<Parameter, N> with_default(std::array<Parameter, N> parameters,
                                                std::string_view name, std::string_view standard) {
  for (Parameter& parameter : parameters)
    if (parameter.name == name) parameter.standard = standard;
  return parameters;
}

/// What a preset sets; all else keeps its default.
struct PresetValue {
  std::string_view parameter;
  std::string_view value;
};

struct Preset {
  std::string_view name;
  std::string_view help;
  std::span<const PresetValue> values;
};

/// One value for each parameter of an algorithm.
class Settings {
 public:
  Settings() = default;
  /// The defaults of `parameters`, which must outlive the settings (they are constants).
  explicit Settings(std::span<const Parameter> parameters);

  /// Reads `text` as a value of parameter `name`. The error is a sentence about the value.
  Result<void, std::string> set(std::string_view name, std::string_view text);
  void apply(const Preset& preset);
  const Parameter* find(std::string_view name) const;

  Duration duration(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  /// The place of the chosen word among the parameter's choices.
  std::size_t choice(std::string_view name) const;
  template <class Enum>
  Enum choice(std::string_view name) const {
    return static_cast<Enum>(choice(name));
  }

  std::span<const Parameter> parameters() const { return parameters_; }
  /// The value as it would be written in a scenario.
  std::string text(std::string_view name) const;
  bool operator==(const Settings& other) const { return values_ == other.values_; }

 private:
  std::int64_t value(std::string_view name, Parameter::Type type) const;

  std::span<const Parameter> parameters_;
  std::vector<std::int64_t> values_;  // by parameter: nanoseconds, the number, 0 or 1, the place
};

}  // namespace locklab
