// Where a picture is crowded: hundreds of bands of one sort in a lane, each too narrow to be told
// from the next. Neighbours are then drawn as one, and of marks that would lie on one another the
// first; whoever looks at a window of the run looks more closely, and sees them apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "reports/time_axis.hpp"
#include "reports/timeline.hpp"

namespace locklab {

/// A band that is too narrow, and whose it is.
struct NarrowBand {
  Interval span;
  ProcessId who;
};

/// Neighbours as one.
struct MergedBand {
  Interval span;
  std::size_t count = 0;
  ProcessId who;  // none: of several
};

class Crowding {
 public:
  /// From this many bands of one sort in a lane on it is crowded.
  static constexpr std::size_t kMost = 300;

  /// No window: the whole axis is looked at. `axis` must outlive this.
  Crowding(const TimeAxis& axis, std::optional<Interval> window) : axis_(axis), window_(window) {}

  /// Does anything of it lie where one looks?
  bool shows(const Interval& span) const {
    return !window_ || (span.from <= window_->until && window_->from <= span.until);
  }

  /// Is the band to be merged with its neighbours? `of_its_sort`: how many there are.
  bool too_narrow(const Interval& span, std::size_t of_its_sort) const;

  /// Is there place for a mark at `x`? Takes it, then: `free_from` is where the next one may be.
  bool has_place(std::int64_t x, std::size_t of_its_sort, std::int64_t& free_from) const;
  static constexpr std::int64_t kAllFree = -1'000'000;

  std::vector<MergedBand> merged(std::vector<NarrowBand> bands) const;

 private:
  /// A length on the axis as it is seen: a window is looked at more closely than the whole.
  std::int64_t as_seen(std::int64_t length) const;

  const TimeAxis& axis_;
  std::optional<Interval> window_;
};

}  // namespace locklab
