// The picture of a run as SVG: what each client believed beside what was so, on one axis of true
// time, with the faults that came between. A hue says which client, a texture says wrong or
// standing still, red says fault; words say all of it once more, so that it reads in grey and to
// the colour-blind.
//
// Where a lane has hundreds of bands that are too narrow to be told apart, neighbours are drawn as
// one, which says how many it stands for. A window draws them apart again.
//
// The page's scripts move what lies in time without knowing what it is, so the elements inside the
// group "time" keep to a few forms: rect with x and width, line with x1 and x2, text with x, a
// group with transform="translate(x y)", and a group of class "fit", whose texts say the same in
// fewer and fewer words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/narrator.hpp"
#include "reports/time_axis.hpp"
#include "reports/timeline.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// How much of a run is drawn.
struct PictureDetail {
  /// Bands, faults and what was found alone, neither messages nor refusals: drawn at once while a
  /// hand moves something.
  bool sketch = false;
  /// Only what lies here, as closely as it is looked at; none: everything, as closely as the whole
  /// axis shows it.
  std::optional<Interval> window{};
};

/// What a picture is drawn from; all must outlive the call.
struct PictureSource {
  const Recording& recording;
  const Timeline& timeline;
  const Narrator& narrator;
  const TimeAxis& axis;
  std::optional<Instant> parting{};  // where another run parts from this one; is marked
  PictureDetail detail{};
};

/// The `svg` element. It takes its colours from the style sheet around it.
/// `left_out` is filled with what has no place in it, in sentences; may be null.
std::string svg_picture(const PictureSource& source, std::vector<std::string>* left_out);

/// A file of its own, with its colours in it.
std::string svg_file(const Recording& recording);

/// An axis of the width that pictures have.
TimeAxis picture_axis(const Recording& recording, const Timeline& timeline);

/// In pixels: what stands left of the axis, and the axis itself.
inline constexpr std::int64_t kGutter = 148;
inline constexpr std::int64_t kAxisWidth = 1010;

}  // namespace locklab
