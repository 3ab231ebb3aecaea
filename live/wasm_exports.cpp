// What the WebAssembly module offers a page [reports/page/3-core.js]: a place for the scenario's
// text, a call that runs it, a place where the answer stands. Memory belongs to the module; an
// answer is good until the next call.
#ifdef __wasm__

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "live/core.hpp"

namespace {

struct Exchange {
  std::string input;
  std::string output;
  locklab::PageCore core;
};

Exchange& exchange() {
  static Exchange the_only;
  return the_only;
}

}  // namespace

/// Where `size` bytes of the scenario's text are to be written.
extern "C" __attribute__((export_name("locklab_input"))) char* locklab_input(std::size_t size) {
  exchange().input.resize(size);
  return exchange().input.data();
}

/// Runs it; `wanted` is a PageCore::Wanted. A seed counts if `seeded`. Returns the answer's size.
extern "C" __attribute__((export_name("locklab_run"))) std::size_t locklab_run(
    std::uint32_t wanted, std::uint32_t seeded, std::uint32_t seed_low, std::uint32_t seed_high) {
  Exchange& with = exchange();
  std::optional<std::uint64_t> seed;
  if (seeded != 0) seed = std::uint64_t{seed_high} << 32 | seed_low;
  with.output = with.core.run(with.input, seed, static_cast<locklab::PageCore::Wanted>(wanted));
  return with.output.size();
}

/// What the next picture of a window shows: two instants in nanoseconds, each in two halves.
extern "C" __attribute__((export_name("locklab_window"))) void locklab_window(
    std::uint32_t from_low, std::uint32_t from_high, std::uint32_t until_low,
    std::uint32_t until_high) {
  const auto instant = [](std::uint32_t low, std::uint32_t high) {
    return locklab::Instant{
        locklab::Duration{static_cast<std::int64_t>(std::uint64_t{high} << 32 | low)}};
  };
  exchange().core.look_at({instant(from_low, from_high), instant(until_low, until_high)});
}

extern "C" __attribute__((export_name("locklab_output"))) const char* locklab_output() {
  return exchange().output.data();
}

#endif
