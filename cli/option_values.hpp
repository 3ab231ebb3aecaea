// What the values of options mean, told from their text alone.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

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

/// Types of values that stand for a choice: what a help page shows, and what `split_choices` takes.
inline constexpr const char* kShells = "bash|zsh|fish";
inline constexpr const char* kStrategy = "STRATEGY";
inline constexpr const char* kFormat = "FORMAT";
inline constexpr const char* kColors = "auto|always|never";

/// What may be chosen: "auto|always|never" as a list, or the names of a table; empty where the
/// value is no choice.
std::vector<std::string> split_choices(std::string_view value);

/// "auto, always or never"
std::string listed(const std::vector<std::string>& words);

/// " (did you mean \"auto\"?)", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// All that a search may use: "pause, suspend, ..."
std::string kinds_of_faults();

}  // namespace locklab
