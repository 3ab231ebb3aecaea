#include "reports/crowding.hpp"

#include <algorithm>
#include <utility>

namespace locklab {
namespace {

// Hundredths of a pixel.
constexpr std::int64_t kNarrow = 400;  // no words fit into it
constexpr std::int64_t kApart = 60;    // what two bands need between them
constexpr std::int64_t kMark = 300;    // what a mark needs for itself

}  // namespace

std::int64_t Crowding::as_seen(std::int64_t length) const {
  if (!window_) return length;
  const std::int64_t shown =
      std::max<std::int64_t>(1, axis_.x(window_->until) - axis_.x(window_->from));
  return length * axis_.width() / shown;
}

bool Crowding::too_narrow(const Interval& span, std::size_t of_its_sort) const {
  return of_its_sort > kMost && as_seen(axis_.x(span.until) - axis_.x(span.from)) < kNarrow;
}

bool Crowding::has_place(std::int64_t x, std::size_t of_its_sort, std::int64_t& free_from) const {
  if (of_its_sort <= kMost) return true;
  if (x < free_from) return false;
  free_from = x + std::max<std::int64_t>(1, kMark * 100 / as_seen(100));
  return true;
}

std::vector<MergedBand> Crowding::merged(std::vector<NarrowBand> bands) const {
  std::sort(bands.begin(), bands.end(), [](const NarrowBand& a, const NarrowBand& b) {
    return std::pair(a.span.from, a.span.until) < std::pair(b.span.from, b.span.until);
  });
  std::vector<MergedBand> out;
  for (const NarrowBand& band : bands) {
    const bool joins =
        !out.empty() && as_seen(axis_.x(band.span.from) - axis_.x(out.back().span.until)) < kApart;
    if (!joins) {
      out.push_back({band.span, 1, band.who});
      continue;
    }
    MergedBand& last = out.back();
    last.span.until = std::max(last.span.until, band.span.until);
    if (last.who != band.who) last.who = {};
    ++last.count;
  }
  return out;
}

}  // namespace locklab
