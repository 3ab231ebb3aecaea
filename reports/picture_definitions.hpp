// The hatchings and arrow heads that pictures refer to by name.
#pragma once

#include <cstddef>
#include <string>

namespace locklab {

/// How many hues the style sheet has for clients; then they begin again.
inline constexpr std::size_t kPictureHues = 6;

/// What a picture of so many clients uses, as a `defs` element.
std::string picture_definitions(std::size_t clients);

}  // namespace locklab
