// The core inside a page: a scenario's text in, the run out. It is the program's own code, compiled
// to WebAssembly, and gives what the program gives, byte for byte; the page has no model of its
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reports/timeline.hpp"
#include "scenarios/runner.hpp"

namespace locklab {

class PageCore {
 public:
  enum class Wanted : std::uint8_t {
    verdict,  // {"verdict":"as expected","violated":["stale_write"],"digest":"..."}: the quickest
    parts,    // what of a page a run changes [page_parts_json]
    trace,    // JSON Lines [write_recording_json]
    sketch,   // verdict and bands, for as long as a hand moves something [page_sketch_json]
    window,   // the picture of a part of the run, as markup [page_window]
    reason,   // why it came to this, as markup [page_reason_markup]: hundreds of runs
  };

  /// What `window` shows.
  void look_at(Interval window) { window_ = window; }

  /// A scenario with mistakes gives {"error":"..."}, which names them.
  std::string run(std::string_view scenario, std::optional<std::uint64_t> seed, Wanted wanted);

 private:
  Runner runner_;
  RunResult result_;
  Interval window_{};
};

}  // namespace locklab
