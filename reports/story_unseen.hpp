// The part of the story that no event says, because nobody saw it happen: a lock that expires, a
// promise that is over, a belief that ends by the clock.
#pragma once

#include <vector>

#include "reports/narrator.hpp"
#include "reports/story.hpp"
#include "reports/timeline.hpp"
#include "sim/recording.hpp"

namespace locklab {

struct UnseenLine {
  StoryLine line;
  bool comes_first = false;  // before the events of its instant, whose reason it may be
};

std::vector<UnseenLine> tell_unseen(const Recording& recording, const Timeline& timeline,
                                    const Narrator& narrator);

}  // namespace locklab
