// Locks that are put together from others.
#pragma once

#include <string_view>

#include "algorithms/settings.hpp"

namespace locklab {

/// The settings of a lock within another: its own defaults, but for the parameters that the other
/// one has too. `algorithm` is a name of the registry.
Settings settings_for(std::string_view algorithm, const Settings& outer);

}  // namespace locklab
