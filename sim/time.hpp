// Three kinds of time that do not mix: true time (the simulator's), wall time and monotonic time
// (a machine's). A wall reading minus a true instant does not compile. All of it is whole
// nanoseconds; nothing here is a floating-point number.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace locklab {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;

struct TrueTime;  // tags only: nothing ever asks them for "now"
struct WallClock;
struct MonoClock;

using Instant = std::chrono::time_point<TrueTime, Duration>;       // no process sees it
using WallInstant = std::chrono::time_point<WallClock, Duration>;  // drifts, jumps, is slewed
using MonoInstant = std::chrono::time_point<MonoClock, Duration>;  // drifts; frozen by a VM suspend

inline constexpr Instant kEndOfTime = Instant::max();

/// Which of a machine's clocks a timer or a measurement reads. Always said, never assumed.
enum class ClockKind : std::uint8_t { wall, mono };

/// Whole milliseconds since the clock's zero, rounded towards minus infinity: what software that
/// keeps milliseconds (Redis, Java) reads off a clock.
template <class AnyInstant>
constexpr std::int64_t whole_ms(AnyInstant at) {
  return std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

/// "9973ms", "0.5ms", "-1.5ms", "0ms": milliseconds, with up to three decimals. Whole seconds from
/// 100 s up are "3600s". What is finer than a microsecond is "1234.567us", and below one "15ns".
/// Exact: parse_duration() gives the same value back.
std::string to_string(Duration duration);

/// A true instant as the time since the start of the run, in the manner of to_string(Duration).
std::string to_string(Instant at);

/// Reads "1150ms", "2.5s", "70us", "15ns", "3min", "1h", with an optional sign, exactly. Nothing
/// where the text is not one number and one unit (no spaces, digits on both sides of a point), is
/// finer than a nanosecond, or does not fit.
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace locklab
