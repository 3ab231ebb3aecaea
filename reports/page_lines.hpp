// A line of a story as a page draws it: its sign, its class, the hue of whom it is about.
#pragma once

#include <string>
#include <string_view>

#include "reports/story.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// "✱" for a fault; empty for what is neither good nor bad.
std::string_view tone_sign(StoryLine::Tone tone);

/// "fault": the class of its element.
std::string_view tone_class(StoryLine::Tone tone);

/// "h0" for the first client, "h-none" for whoever is none.
std::string hue_class(const Recording& recording, ProcessId process);

/// A sentence begins with a capital, unless it begins with the name of a process.
std::string capital(std::string words, const Recording& recording);

}  // namespace locklab
