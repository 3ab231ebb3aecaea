// The run as a person would tell it: the events that decide something, in order, with everything
// that belongs together said at once (the answers of five nodes, forty refusals, the links of a
// partition), and with what no event says because nobody saw it: a lock that expires unnoticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "reports/narrator.hpp"
#include "reports/timeline.hpp"
#include "sim/recording.hpp"

namespace locklab {

enum class Detail : std::uint8_t { brief, full };

struct StoryLine {
  /// What a line is about; drawn as a sign, and perhaps a colour.
  enum class Tone : std::uint8_t {
    plain,
    good,       // a grant, a write that was taken
    refused,    // no lock, a write that was refused
    fault,      // what the schedule does to the system
    wrong,      // belief and truth part
    violation,  // what an invariant found, or its proof
    left_out,   // "12 lines are left out"
  };

  Instant at{};
  std::size_t event = 0;  // index of the event that it tells, or before which it stands
  ProcessId who;          // none: the world
  Tone tone = Tone::plain;
  std::string text;  // harmless to a terminal
};

/// `brief` folds; `full` has a line for every event, and nothing else.
std::vector<StoryLine> tell_story(const Recording& recording, const Timeline& timeline,
                                  const Narrator& narrator, Detail detail);

/// At most about `most` lines (zero: all): of the uneventful ones in the middle, some are left out.
std::vector<StoryLine> shortened_story(std::vector<StoryLine> lines, std::size_t most);

}  // namespace locklab
