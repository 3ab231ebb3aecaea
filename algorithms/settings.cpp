#include "algorithms/settings.hpp"

#include <fmt/format.h>

#include <charconv>

#include "sim/assert.hpp"

namespace locklab {

namespace {

Result<std::int64_t, std::string> parse(const Parameter& parameter, std::string_view text) {
  switch (parameter.type) {
    case Parameter::Type::duration:
      if (const auto duration = parse_duration(text)) return duration->count();
      return fmt::format("expected a time such as \"5ms\", got \"{}\"", text);
    case Parameter::Type::integer: {
      std::int64_t number = 0;
      const auto end = text.data() + text.size();
      const auto parsed = std::from_chars(text.data(), end, number);
      if (parsed.ec == std::errc{} && parsed.ptr == end) return number;
      return fmt::format("expected a whole number, got \"{}\"", text);
    }
    case Parameter::Type::flag:
      if (text == "true") return std::int64_t{1};
      if (text == "false") return std::int64_t{0};
      return fmt::format("expected true or false, got \"{}\"", text);
    case Parameter::Type::choice:
      for (std::size_t i = 0; i < parameter.choices.size(); ++i)
        if (parameter.choices[i] == text) return static_cast<std::int64_t>(i);
      return fmt::format("expected one of {}, got \"{}\"", fmt::join(parameter.choices, ", "),
                         text);
  }
  return std::string("of no known type");
}

}  // namespace

Settings::Settings(std::span<const Parameter> parameters) : parameters_(parameters) {
  values_.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    const auto value = parse(parameter, parameter.standard);
    LOCKLAB_ASSERT(value.has_value());
    values_.push_back(*value);
  }
}

const Parameter* Settings::find(std::string_view name) const {
  for (const Parameter& parameter : parameters_)
    if (parameter.name == name) return &parameter;
  return nullptr;
}

Result<void, std::string> Settings::set(std::string_view name, std::string_view text) {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) return fmt::format("no parameter is called \"{}\"", name);
  const auto value = parse(*parameter, text);
  if (!value) return value.error();
  values_[static_cast<std::size_t>(parameter - parameters_.data())] = *value;
  return {};
}

void Settings::apply(const Preset& preset) {
  for (const PresetValue& value : preset.values) {
    const auto done = set(value.parameter, value.value);
    LOCKLAB_ASSERT(done.has_value());
  }
}

std::int64_t Settings::value(std::string_view name, Parameter::Type type) const {
  const Parameter* parameter = find(name);
  LOCKLAB_ASSERT(parameter != nullptr && parameter->type == type);
  return values_[static_cast<std::size_t>(parameter - parameters_.data())];
}

Duration Settings::duration(std::string_view name) const {
  return Duration{value(name, Parameter::Type::duration)};
}

std::int64_t Settings::integer(std::string_view name) const {
  return value(name, Parameter::Type::integer);
}

bool Settings::flag(std::string_view name) const { return value(name, Parameter::Type::flag) != 0; }

std::size_t Settings::choice(std::string_view name) const {
  return static_cast<std::size_t>(value(name, Parameter::Type::choice));
}

std::string Settings::text(std::string_view name) const {
  const Parameter* parameter = find(name);
  LOCKLAB_ASSERT(parameter != nullptr);
  const std::int64_t held = values_[static_cast<std::size_t>(parameter - parameters_.data())];
  switch (parameter->type) {
    case Parameter::Type::duration:
      return to_string(Duration{held});
    case Parameter::Type::integer:
      return fmt::format("{}", held);
    case Parameter::Type::flag:
      return held != 0 ? "true" : "false";
    case Parameter::Type::choice:
      return std::string(parameter->choices[static_cast<std::size_t>(held)]);
  }
  return {};
}

}  // namespace locklab
