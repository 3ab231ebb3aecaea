// The core inside a page: a scenario's text in, the run out. It is the program's own code, compiled
// to WebAssembly, and gives what the program gives, byte for byte; the page has no model of its
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/runner.hpp"

namespace locklab {

class PageCore {
 public:
  enum class Wanted : std::uint8_t {
    verdict,  // {"verdict":"as expected","violated":["stale_write"],"digest":"..."}: the quickest
    parts,    // what of a page a run changes [page_parts_json]
    trace,    // JSON Lines [write_recording_json]
  };

  /// A scenario with mistakes gives {"error":"..."}, which names them.
  std::string run(std::string_view scenario, std::optional<std::uint64_t> seed, Wanted wanted);

 private:
  Runner runner_;
  RunResult result_;
};

}  // namespace locklab
