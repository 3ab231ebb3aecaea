// What the values of options mean, told from their text alone.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "sim/time.hpp"

namespace locklab {

/// Decimal, and nothing else in the text; from `least` to `most`.
template <class Number>
std::optional<Number> whole_number(std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < least || value > most) return std::nullopt;
  return value;
}

/// A duration as in a scenario, and "10m" as well: on a command line nobody means metres.
std::optional<Duration> read_time(const std::string& text);

/// The number of a shard and how many there are, from "2/4".
std::optional<std::pair<std::uint32_t, std::uint32_t>> read_shard(std::string_view text);

/// All that a search may use: "pause, suspend, ..."
std::string kinds_of_faults();

}  // namespace locklab
