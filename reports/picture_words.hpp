// What is written on a picture, where it takes more than a look at one thing.
#pragma once

#include <string>

#include "reports/timeline.hpp"

namespace locklab {

/// "two holders for 710ms": what is wrong about a part of a belief, with its length.
std::string why_wrong(const Timeline& timeline, const BeliefSpan& belief, const Interval& part);

/// "clock +5000ms": what was done to a clock.
std::string clock_words(const ClockMark& mark);

}  // namespace locklab
