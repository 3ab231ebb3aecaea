// Elements of an SVG picture, written one after another. Places along the time axis are hundredths
// of a pixel, places across it whole pixels; every text is made harmless here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace locklab {

/// About how wide a text is in the picture's letters, in hundredths of a pixel.
std::int64_t text_width(std::string_view text);

class SvgWriter {
 public:
  /// `element` with its attributes: "g class=\"time\"".
  SvgWriter& open(std::string_view element);
  SvgWriter& close(std::string_view name);
  /// Written as it is.
  SvgWriter& raw(std::string_view markup);

  /// `title` is what a pointer is told; may be empty. `attributes` are written as they are.
  void rect(std::string_view classes, std::int64_t x, std::int64_t y, std::int64_t width,
            std::int64_t height, std::string_view title = {}, std::string_view attributes = {});
  void line(std::string_view classes, std::int64_t x1, std::int64_t y1, std::int64_t x2,
            std::int64_t y2, std::string_view title = {}, std::string_view attributes = {});
  void text(std::string_view classes, std::int64_t x, std::int64_t y, std::string_view words,
            std::string_view title = {}, std::string_view anchor = {});
  /// A shape around (0, 0), at a place; `event` is the one that it stands for.
  void mark(std::string_view classes, std::int64_t x, std::int64_t y, std::string_view shape,
            std::string_view title, std::optional<std::size_t> event = std::nullopt);
  /// The first of `choices` that has room between `from` and `until`; none if none has.
  void fit(std::string_view classes, std::int64_t from, std::int64_t until, std::int64_t y,
           std::string_view anchor, const std::vector<std::string>& choices);

  /// From now on no element says more to a pointer: pictures that stand for a moment.
  void leave_titles_out() { titles_ = false; }

  std::string take() && { return std::move(out_); }

 private:
  void finish(std::string_view name, std::string_view title);

  std::string out_;
  bool titles_ = true;
};

}  // namespace locklab
