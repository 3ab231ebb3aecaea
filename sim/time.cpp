#include "sim/time.hpp"

#include <array>

#include <fmt/format.h>

namespace locklab {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t ns;
};

constexpr std::uint64_t kNsPerUs = 1'000;
constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

constexpr std::array kUnits{
    Unit{"ns", 1},           Unit{"us", kNsPerUs},           Unit{"ms", kNsPerMs},
    Unit{"s", kNsPerSecond}, Unit{"min", 60 * kNsPerSecond}, Unit{"h", 3'600 * kNsPerSecond},
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Cuts the digits that `text` begins with off it.
std::string_view take_digits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  const std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

/// `thousandths` of a unit, without the zeros that say nothing: 1500 -> "1.5".
std::string decimal(bool negative, std::uint64_t thousandths, std::string_view unit) {
  std::string text =
      fmt::format("{}{}.{:03}", negative ? "-" : "", thousandths / 1'000, thousandths % 1'000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text.append(unit);
}

}  // namespace

std::string to_string(Duration duration) {
  const bool negative = duration < Duration::zero();
  // Of the most negative duration, too: unsigned arithmetic wraps to its magnitude.
  const std::uint64_t bits = static_cast<std::uint64_t>(duration.count());
  const std::uint64_t ns = negative ? 0 - bits : bits;

  if (ns >= 100 * kNsPerSecond && ns % kNsPerSecond == 0)
    return fmt::format("{}{}s", negative ? "-" : "", ns / kNsPerSecond);
  if (ns % kNsPerUs == 0) return decimal(negative, ns / kNsPerUs, "ms");
  if (ns >= kNsPerUs) return decimal(negative, ns, "us");
  return fmt::format("{}{}ns", negative ? "-" : "", ns);
}

std::string to_string(Instant at) { return to_string(at.time_since_epoch()); }

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);

  const std::string_view whole = take_digits(text);
  if (whole.empty()) return std::nullopt;
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
    if (fraction.empty()) return std::nullopt;
  }

  const Unit* unit = nullptr;
  for (const Unit& candidate : kUnits)
    if (text == candidate.name) unit = &candidate;
  if (unit == nullptr) return std::nullopt;

  // From its last digit to its first: .d1d2d3 of a unit is (d1 + (d2 + d3 / 10) / 10) / 10 of it,
  // and if the whole is an integer, so is each step on the way.
  std::uint64_t fraction_ns = 0;
  for (std::size_t place = fraction.size(); place-- > 0;) {
    const std::uint64_t tenfold =
        fraction_ns + static_cast<std::uint64_t>(fraction[place] - '0') * unit->ns;
    if (tenfold % 10 != 0) return std::nullopt;  // finer than a nanosecond
    fraction_ns = tenfold / 10;
  }

  // A duration reaches one nanosecond further down than up.
  const std::uint64_t limit =
      static_cast<std::uint64_t>(Duration::max().count()) + (negative ? 1 : 0);
  const std::uint64_t most = (limit - fraction_ns) / unit->ns;
  std::uint64_t count = 0;
  for (const char c : whole) {
    const std::uint64_t digit = static_cast<std::uint64_t>(c - '0');
    if (digit > most || count > (most - digit) / 10) return std::nullopt;  // does not fit
    count = count * 10 + digit;
  }

  const std::uint64_t ns = count * unit->ns + fraction_ns;
  return Duration{static_cast<std::int64_t>(negative ? 0 - ns : ns)};
}

}  // namespace locklab
