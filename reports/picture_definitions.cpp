#include "reports/picture_definitions.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace locklab {

std::string picture_definitions(std::size_t clients) {
  std::string out = "<defs>";
  for (std::size_t hue = 0; hue < std::min(kPictureHues, clients); ++hue)
    out += fmt::format(
        "<pattern id=\"wrong{0}\" class=\"h{0}\" width=\"9\" height=\"9\" "
        "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect class=\"soft\" "
        "width=\"9\" height=\"9\"/><rect class=\"hue\" width=\"3.5\" height=\"9\"/></pattern>",
        hue);
  out +=
      "<pattern id=\"still\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
      "patternTransform=\"rotate(-45)\"><rect class=\"stripe\" width=\"2\" "
      "height=\"6\"/></pattern>"
      "<pattern id=\"down\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><path "
      "class=\"cross\" d=\"M1 1l6 6m0-6l-6 6\"/></pattern>";
  for (const std::string_view kind : {"way", "no"})
    out += fmt::format(
        "<marker id=\"{0}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
        "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\" "
        "markerUnits=\"userSpaceOnUse\"><path class=\"{0}-head\" "
        "d=\"M0 .8L7.5 4 0 7.2z\"/></marker>",
        kind);
  return out + "</defs>";
}

}  // namespace locklab
