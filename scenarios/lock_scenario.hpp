// The scenario of a lock that somebody names without more: two clients sell from one stock.
#pragma once

#include <string>
#include <string_view>

namespace locklab {

/// Text of a scenario file; `lock` is "redlock" or "redlock:spec". Empty if there is no such lock
/// or preset.
std::string lock_scenario_text(std::string_view lock);

}  // namespace locklab
