// From instants to places on a picture. A run of a lock is milliseconds of messages between seconds
// of waiting, so an even scale shows either nothing but bands or nothing but messages. Here time
// runs evenly while things happen; a gap that is much longer than a message's way is drawn shorter,
// the more so the longer it is, and says how long it was. Order is kept, and places are whole
// hundredths of a pixel, so that a picture is the same everywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/timeline.hpp"
#include "sim/recording.hpp"
#include "sim/time.hpp"

namespace locklab {

class TimeAxis {
 public:
  /// A stretch with one scale.
  struct Piece {
    Instant from{};
    Instant until{};
    std::int64_t x = 0;      // where it begins, hundredths
    std::int64_t width = 0;  // hundredths
    bool shortened = false;  // drawn clearly shorter than an even scale would
  };

  /// `width` in hundredths of a pixel. Of several recordings one axis serves all.
  TimeAxis(const std::vector<const Recording*>& recordings,
           const std::vector<const Timeline*>& timelines, std::int64_t width);

  /// Instants before the beginning are at 0, those after the end at `width`.
  std::int64_t x(Instant at) const;
  Instant first() const { return pieces_.front().from; }
  Instant last() const { return pieces_.back().until; }
  std::int64_t width() const { return width_; }
  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  std::int64_t width_;
  std::vector<Piece> pieces_;  // at least one; without gaps between them
};

}  // namespace locklab
