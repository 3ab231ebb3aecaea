// Why a run ended as it did, as a page shows it: the steps that led to the violation, each of which
// opens what led to it; which faults it took; until when it could have ended well; what would have
// helped. The steps come from the trace, the rest from whoever ran the scenario otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/narrator.hpp"
#include "reports/story.hpp"
#include "sim/recording.hpp"

namespace locklab {

struct PageReason {
  struct Fault {
    std::string what;  // "client-a pauses for 9000ms"
    std::string part;  // "needed; without it nothing is violated"
    bool needed = false;
  };

  std::string violation;         // that is explained; empty: nothing is violated
  std::vector<StoryLine> steps;  // how it came about [causal_story]
  std::vector<Fault> faults;
  std::vector<std::string> together;  // what is to be said of several faults at once
  std::string no_return;              // until when it could have ended well; empty: it never could
  std::optional<Instant> lost;        // from when on it could not; the picture has a line there
  std::vector<std::string> remedies;  // the same faults do not break it with one of these
  std::string closest;                // how near a run came that broke nothing
  std::uint64_t runs = 0;             // that this took
};

/// Markup. Each step opens its causes: the chain of events that led to it, the nearest first.
std::string reason_markup(const PageReason& reason, const Recording& recording,
                          const Narrator& narrator);

}  // namespace locklab
