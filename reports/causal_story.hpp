// How a violation came about, in a few sentences: the brief story of the run, cut to the lines that
// tell an event on which the violation depends [Causality::slice], and ended with it.
#pragma once

#include <cstddef>
#include <vector>

#include "reports/narrator.hpp"
#include "reports/story.hpp"
#include "reports/timeline.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// A dozen: what a person reads without scrolling.
inline constexpr std::size_t kMostSentences = 12;

/// Of the finding with that place in the recording. At most `most` lines, in the order of time: of
/// more, those stay that say most, and of those the last.
std::vector<StoryLine> causal_story(const Recording& recording, const Timeline& timeline,
                                    const Narrator& narrator, std::size_t finding,
                                    std::size_t most = kMostSentences);

}  // namespace locklab
