// Two runs beside one another as a page: both verdicts, both pictures on one axis of time with a
// line where they part, and what differs. It stands by itself and has no scripts.
#pragma once

#include <span>
#include <string>

#include "reports/difference.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// The messages are the findings' own words, one for each or fewer.
std::string difference_page(const Difference& difference, const Recording& first,
                            const Recording& second, std::span<const std::string> first_messages,
                            std::span<const std::string> second_messages);

}  // namespace locklab
