// A run as a picture of a few hundred bytes, for a list of many: one row a client with what it
// believed, where that was wrong and when it stood still; a row for what was so; the moments at
// which something was found. No words: the list around it has them.
#pragma once

#include <string>

#include "reports/svg_timeline.hpp"

namespace locklab {

/// The `svg` element. It takes its colours and hatchings from the style sheet and the definitions
/// around it [miniature_definitions].
std::string svg_miniature(const PictureSource& source);

/// The hatchings of all miniatures of a page, once.
std::string miniature_definitions();

}  // namespace locklab
